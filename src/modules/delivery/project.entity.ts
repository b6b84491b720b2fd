import { defineEntity } from '#src/kernel/entity.ts';
import { f } from '#src/kernel/fields/index.ts';
import { CUSTOMER_READERS } from '#src/modules/customers/customer.entity.ts';

/** Work that is done for a customer, with its value and its cost. */
export const project = defineEntity({
  name: 'project',
  table: 'projects',
  label: ['Project', 'Projects'],
  title: 'name',
  fields: {
    name: f.text({ max: 200, required: true }),
    customer_id: f.ref('customer', { required: true }),
    status: f.choice(
      {
        active: { tone: 'accent' },
        pending: { tone: 'amber' },
        completed: { tone: 'green' },
        cancelled: { tone: 'neutral' },
      },
      { initial: 'pending', required: true },
    ),
    type: f.text({ max: 100 }),
    value: f.money(),
    budget: f.money(),
    actual_cost: f.money(),
    currency: f.currency({ required: true }),
    start_date: f.date(),
    end_date: f.date(),
    completion: f.number({ min: 0, max: 100, suffix: ' %', initial: 0, required: true, help: 'Percent done.' }),
    owner_id: f.ref('user'),
    description: f.long_text(),
    tags: f.tags({ help: 'Separate several with commas.' }),
  },
  columns: ['customer_id', 'status', 'owner_id', 'value', 'completion', 'end_date'],
  sorts: ['name', 'value', 'end_date'],
  filters: ['status', 'type', 'owner_id', 'currency', 'value', 'end_date', 'tags'],
  search: ['name', 'type'],
  owners: ['owner_id'],
  through: ['customer_id'],
  happened: null,
  section: 'Work',
  icon: 'briefcase',
  access: {
    read: CUSTOMER_READERS,
    create: ['admin', 'manager', 'sales', 'csm'],
    update: ['admin', 'manager', 'sales', 'csm'],
    remove: ['admin', 'manager'],
    export: ['admin', 'manager', 'sales', 'csm'],
  },
});
