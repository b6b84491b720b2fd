import { defineEntity } from '#src/kernel/entity.ts';
import { f } from '#src/kernel/fields/index.ts';

/** CAPABILITIES.md D1: these are the only ones. */
export const LEAD_STATUSES = {
  new: { tone: 'accent' },
  contacted: { tone: 'amber' },
  qualified: { tone: 'green' },
  lost: { tone: 'red' },
  // Only the conversion knows what the lead became.
  converted: { tone: 'green', instead: 'Open the lead and use “Convert to customer”.' },
} as const;

export const LEAD_SOURCES = {
  Website: { label: 'Website' },
  Referral: { label: 'Referral' },
  'Cold Call': { label: 'Cold Call' },
  'Email Campaign': { label: 'Email Campaign' },
  'Social Media': { label: 'Social Media' },
  'Trade Show': { label: 'Trade Show' },
  Advertisement: { label: 'Advertisement' },
  Partner: { label: 'Partner' },
  Other: { label: 'Other' },
} as const;

/** Somebody who may become a customer. */
export const lead = defineEntity({
  name: 'lead',
  table: 'leads',
  label: ['Lead', 'Leads'],
  title: 'name',
  fields: {
    name: f.text({ max: 200, required: true }),
    company: f.text({ max: 200 }),
    email: f.email({ label: 'E-mail' }),
    phone: f.phone(),
    status: f.choice(LEAD_STATUSES, { initial: 'new', required: true }),
    source: f.choice(LEAD_SOURCES),
    priority: f.choice(
      { low: { tone: 'neutral' }, medium: { tone: 'neutral' }, high: { tone: 'amber' }, urgent: { tone: 'red' } },
      { initial: 'medium', required: true },
    ),
    estimated_value: f.money(),
    currency: f.currency({ required: true }),
    assigned_to: f.ref('user', { label: 'Assigned to' }),
    customer_id: f.ref('customer', { writtenBy: 'service', help: 'What this lead became.' }),
    converted_at: f.timestamp({ writtenBy: 'service' }),
    last_contact_at: f.timestamp({ label: 'Last contact', writtenBy: 'service' }),
    external_id: f.text({ max: 200, label: 'External id' }),
    description: f.long_text(),
    tags: f.tags({ help: 'Separate several with commas.' }),
  },
  columns: ['status', 'company', 'source', 'assigned_to', 'estimated_value'],
  sorts: ['name', 'estimated_value', 'last_contact_at'],
  filters: ['status', 'source', 'priority', 'assigned_to', 'estimated_value', 'last_contact_at', 'tags'],
  search: ['name', 'company', 'email', 'phone'],
  owners: ['assigned_to'],
  through: [],
  happened: null,
  section: 'Sales',
  icon: 'target',
  access: {
    read: { admin: 'all', manager: 'all', sales: 'own', csm: 'own', read_only: 'all' },
    create: ['admin', 'manager', 'sales', 'csm'],
    update: ['admin', 'manager', 'sales', 'csm'],
    remove: ['admin', 'manager', 'sales'],
    export: ['admin', 'manager', 'sales'],
  },
});
