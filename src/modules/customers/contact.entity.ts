import { defineEntity } from '#src/kernel/entity.ts';
import { f } from '#src/kernel/fields/index.ts';
import { CUSTOMER_READERS } from '#src/modules/customers/customer.entity.ts';

/** A person at a customer. */
export const contact = defineEntity({
  name: 'contact',
  table: 'contacts',
  label: ['Contact', 'Contacts'],
  title: 'name',
  fields: {
    name: f.text({ max: 200, required: true }),
    customer_id: f.ref('customer'),
    job_title: f.text({ max: 100 }),
    email: f.email({ label: 'E-mail' }),
    phone: f.phone(),
    mobile: f.phone(),
    is_primary: f.boolean({ label: 'Primary contact', initial: false }),
    owner_id: f.ref('user'),
    external_id: f.text({ max: 200, label: 'External id' }),
    description: f.long_text(),
    tags: f.tags({ help: 'Separate several with commas.' }),
  },
  columns: ['job_title', 'customer_id', 'email', 'phone', 'owner_id'],
  sorts: ['name'],
  filters: ['owner_id', 'is_primary', 'tags'],
  search: ['name', 'email', 'phone', 'mobile', 'job_title'],
  owners: ['owner_id'],
  through: ['customer_id'],
  happened: null,
  section: 'Work',
  icon: 'user',
  access: {
    read: CUSTOMER_READERS,
    create: ['admin', 'manager', 'sales', 'csm', 'support'],
    update: ['admin', 'manager', 'sales', 'csm', 'support'],
    remove: ['admin', 'manager', 'sales', 'csm'],
    export: ['admin', 'manager', 'sales', 'csm'],
  },
});
