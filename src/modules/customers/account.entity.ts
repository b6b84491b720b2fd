import { defineEntity } from '#src/kernel/entity.ts';
import { f } from '#src/kernel/fields/index.ts';
import { CUSTOMER_READERS } from '#src/modules/customers/customer.entity.ts';

/** A numbered account that a customer holds. */
export const account = defineEntity({
  name: 'account',
  table: 'accounts',
  label: ['Account', 'Accounts'],
  title: 'name',
  fields: {
    name: f.text({ max: 200, required: true }),
    account_number: f.text({ max: 100, required: true }),
    customer_id: f.ref('customer', { required: true }),
    type: f.choice(['service', 'subscription', 'credit', 'project'], { initial: 'service', required: true }),
    status: f.choice(
      { active: { tone: 'green' }, suspended: { tone: 'amber' }, closed: { tone: 'neutral' } },
      { initial: 'active', required: true },
    ),
    opened_on: f.date(),
    closed_on: f.date(),
    balance: f.money({ min: -9_999_999_999_999 }),
    currency: f.currency({ required: true }),
    owner_id: f.ref('user'),
  },
  columns: ['account_number', 'customer_id', 'status', 'type', 'balance'],
  sorts: ['name', 'account_number'],
  filters: ['status', 'type', 'owner_id'],
  search: ['name', 'account_number'],
  owners: ['owner_id'],
  through: ['customer_id'],
  happened: null,
  section: 'Work',
  icon: 'id-badge-2',
  access: {
    read: CUSTOMER_READERS,
    create: ['admin', 'manager', 'sales', 'csm'],
    update: ['admin', 'manager', 'sales', 'csm'],
    remove: ['admin', 'manager'],
    export: ['admin', 'manager'],
  },
});
