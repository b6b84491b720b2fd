import type { Ctx } from '#src/kernel/context.ts';

/** How far back a planned interaction is looked for whose time has come: upkeep may stand still for as long. */
const WINDOW = '7 days';

/** Table -> the column by which an interaction refers to it. */
const PARENTS = { customers: 'customer_id', leads: 'lead_id' } as const;

/** One record after the other by its key: there are few, and the table may be long. */
const BY_KEY = 'offset 0';

/**
 * Counts planned interactions as contacts once their time has come. Everything else the database counts when it is written,
 * see migrations/0011_last_contact.ts. Safe to repeat.
 * @returns how many customers and leads have a later last contact now
 */
export async function countPlannedContacts({ db }: Ctx): Promise<number> {
  let counted = 0;
  for (const [table, column] of Object.entries(PARENTS)) {
    const [row] = await db.run(
      `/* ${table}.planned_contacts */
      select count_contacts_of_${table}(array_agg(tenant_id), array_agg(id)) as n from (
        select distinct p.tenant_id, p.id from interactions i
        cross join lateral (select x.tenant_id, x.id from ${table} x where x.tenant_id = i.tenant_id and x.id = i.${column}
          and (x.last_contact_at is null or x.last_contact_at < i.occurred_at) ${BY_KEY}) p
        where i.tenant_id = :tenant and i.deleted_at is null and i.occurred_at > now() - interval '${WINDOW}'
          and i.occurred_at <= now()) due
      having count(*) > 0`,
    );
    counted += Number(row?.n ?? 0);
  }
  return counted;
}
