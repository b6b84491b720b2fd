import { audit, changed, subject } from '#src/kernel/audit.ts';
import { type Ctx, demand } from '#src/kernel/context.ts';
import { AppError } from '#src/kernel/errors.ts';
import { createRecord, loadRecord, type Values } from '#src/kernel/records.ts';
import type { Row } from '#src/kernel/tenant_db.ts';
import { contact } from '#src/modules/customers/contact.entity.ts';
import { customer } from '#src/modules/customers/customer.entity.ts';
import { lead } from './lead.entity.ts';

/**
 * Turns a lead into a customer with a contact. The lead stays, marked converted and pointing to what it became; the row
 * is locked, so that two people converting at once make one customer.
 * @returns the customer
 * @throws 403 without the right to change leads and add customers; 404; 422 when it is converted already
 */
export async function convertLead(ctx: Ctx, id: string): Promise<Row> {
  for (const permission of ['lead.update', 'customer.create', 'contact.create']) demand(ctx, permission);
  const before = await loadRecord(ctx, lead, id, 'live', true);
  if (before.converted_at) throw new AppError(422, 'This lead was converted before. Open the customer it became.');
  const company = String(before.company ?? '').trim();
  const value = (name: string) => (before[name] ?? null) as Values[string];
  const made = await createRecord(ctx, customer, {
    name: company || value('name'),
    type: company ? 'company' : 'person',
    status: 'prospect',
    owner_id: value('assigned_to'),
    email: value('email'),
    phone: value('phone'),
    description: value('description'),
    currency: value('currency'),
    tags: value('tags'),
  });
  await createRecord(ctx, contact, {
    name: value('name'),
    customer_id: String(made.id),
    email: value('email'),
    phone: value('phone'),
    owner_id: value('assigned_to'),
    is_primary: true,
  });
  const now = new Date().toISOString();
  const patch = { status: 'converted', customer_id: made.id, converted_at: now };
  const [after] = await ctx.db.update(
    'leads',
    { id, version: before.version as number },
    { ...patch, version: (before.version as number) + 1, updated_at: now, updated_by: ctx.actor.id },
  );
  await audit(ctx, 'converted', subject(lead, after!), changed(before, after!, Object.keys(patch)));
  return made;
}
