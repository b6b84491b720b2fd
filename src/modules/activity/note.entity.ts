import { defineEntity } from '#src/kernel/entity.ts';
import { f } from '#src/kernel/fields/index.ts';
import { CUSTOMER_READERS } from '#src/modules/customers/customer.entity.ts';

/** A few words worth keeping about a customer, a lead or a project. */
export const note = defineEntity({
  name: 'note',
  table: 'notes',
  label: ['Note', 'Notes'],
  title: 'body',
  fields: {
    body: f.long_text({ label: 'Note', required: true, max: 20_000 }),
    customer_id: f.ref('customer'),
    lead_id: f.ref('lead'),
    project_id: f.ref('project'),
  },
  columns: ['customer_id', 'lead_id', 'project_id'],
  sorts: ['-created_at'],
  filters: [],
  search: ['body'],
  owners: [],
  through: ['customer_id', 'lead_id'],
  happened: 'created_at',
  section: 'Work',
  icon: 'note',
  access: {
    read: CUSTOMER_READERS,
    create: ['admin', 'manager', 'sales', 'csm', 'support', 'field_tech'],
    update: ['admin', 'manager', 'sales', 'csm', 'support', 'field_tech'],
    remove: ['admin', 'manager', 'sales', 'csm', 'support', 'field_tech'],
    export: ['admin', 'manager'],
  },
});
