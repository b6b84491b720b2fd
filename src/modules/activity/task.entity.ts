import { defineEntity } from '#src/kernel/entity.ts';
import { f } from '#src/kernel/fields/index.ts';
import { CUSTOMER_READERS } from '#src/modules/customers/customer.entity.ts';

/** Something to be done by somebody, by itself or for a customer, a lead or a project. */
export const task = defineEntity({
  name: 'task',
  table: 'tasks',
  label: ['Task', 'Tasks'],
  title: 'title',
  fields: {
    title: f.text({ max: 200, required: true }),
    status: f.choice(
      {
        open: { tone: 'accent' },
        in_progress: { tone: 'amber' },
        done: { tone: 'green' },
        cancelled: { tone: 'neutral' },
      },
      { initial: 'open', required: true },
    ),
    priority: f.choice(
      { low: { tone: 'neutral' }, medium: { tone: 'neutral' }, high: { tone: 'amber' }, urgent: { tone: 'red' } },
      { initial: 'medium', required: true },
    ),
    due_date: f.date({ label: 'Due' }),
    // The table gives it to whoever adds it, see migrations/0010_tasks.ts.
    assigned_to: f.ref('user', { label: 'Assigned to', help: 'A new task without anybody is yours.' }),
    customer_id: f.ref('customer'),
    lead_id: f.ref('lead'),
    project_id: f.ref('project'),
    // Follows the status, whoever changes it; the table sees to that.
    completed_at: f.timestamp({ writtenBy: 'service' }),
    description: f.long_text(),
    tags: f.tags({ help: 'Separate several with commas.' }),
  },
  columns: ['status', 'priority', 'due_date', 'customer_id', 'assigned_to'],
  sorts: ['-created_at', 'due_date', 'title'],
  filters: ['status', 'priority', 'assigned_to', 'due_date', 'tags', 'completed_at'],
  search: ['title', 'description'],
  owners: ['assigned_to'],
  through: ['customer_id', 'lead_id'],
  happened: null,
  section: 'Work',
  icon: 'checkbox',
  access: {
    read: CUSTOMER_READERS,
    create: ['admin', 'manager', 'sales', 'csm', 'support', 'field_tech'],
    update: ['admin', 'manager', 'sales', 'csm', 'support', 'field_tech'],
    remove: ['admin', 'manager', 'sales', 'csm'],
    export: ['admin', 'manager', 'sales', 'csm'],
  },
});
