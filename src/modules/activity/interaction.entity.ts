import { defineEntity } from '#src/kernel/entity.ts';
import { f } from '#src/kernel/fields/index.ts';
import { CUSTOMER_READERS } from '#src/modules/customers/customer.entity.ts';

/** A meeting, call, e-mail or visit with a customer or a lead. */
export const interaction = defineEntity({
  name: 'interaction',
  table: 'interactions',
  label: ['Interaction', 'Interactions'],
  title: 'subject',
  fields: {
    subject: f.text({ max: 200, required: true }),
    type: f.choice(
      { meeting: {}, call: {}, email: { label: 'E-mail' }, visit: {} },
      { initial: 'call', required: true },
    ),
    channel: f.choice({ in_person: {}, phone: {}, video: {}, email: { label: 'E-mail' }, chat: {}, letter: {} }),
    direction: f.choice(['inbound', 'outbound', 'internal']),
    occurred_at: f.timestamp({ label: 'When', help: 'Empty means now.' }),
    customer_id: f.ref('customer'),
    contact_id: f.ref('contact'),
    lead_id: f.ref('lead'),
    project_id: f.ref('project'),
    outcome: f.choice({
      positive: { tone: 'green' },
      neutral: { tone: 'neutral' },
      negative: { tone: 'red' },
      no_answer: { tone: 'amber' },
    }),
    body: f.long_text({ label: 'What was said' }),
    next_follow_up: f.date(),
    owner_id: f.ref('user', { label: 'Assigned to' }),
  },
  columns: ['type', 'customer_id', 'occurred_at', 'outcome', 'next_follow_up', 'owner_id'],
  sorts: ['-occurred_at', 'next_follow_up'],
  filters: ['type', 'outcome', 'direction', 'owner_id', 'occurred_at', 'next_follow_up'],
  search: ['subject', 'body'],
  owners: ['owner_id'],
  through: ['customer_id', 'lead_id'],
  happened: 'occurred_at',
  section: 'Work',
  icon: 'messages',
  access: {
    read: CUSTOMER_READERS,
    create: ['admin', 'manager', 'sales', 'csm', 'support', 'field_tech'],
    update: ['admin', 'manager', 'sales', 'csm', 'support', 'field_tech'],
    remove: ['admin', 'manager', 'sales', 'csm'],
    export: ['admin', 'manager', 'sales', 'csm'],
  },
});
