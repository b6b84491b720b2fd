// Fills an empty, migrated database with the large data set. Everything it switches off while it loads is as before at the end.
import { randomUUID } from 'node:crypto';
import { HELPERS, LARGE, type TenantSize, tenantStatements } from './dataset_rows.ts';
import { seconds } from './result.ts';

export interface Size {
  /** of the largest tenant; the others have 1 to 5 % of that */
  customers: number;
  tenants: number;
}

type Sql = <T = Record<string, unknown>>(text: string, values?: unknown[]) => Promise<T[]>;

const CURRENCIES = ['EUR', 'EUR', 'GBP', 'USD', 'CHF'];
/** A fifth of a typical machine's memory while indexes are built; the server's own default would sort on disk. */
const BUILD_MEMORY = '768MB';

export const slugOf = (number: number): string => `bench-${String(number).padStart(2, '0')}`;

function tenantsOf({ customers, tenants }: Size): TenantSize[] {
  return Array.from({ length: tenants }, (_, at) => ({
    number: at + 1,
    id: randomUUID(),
    slug: slugOf(at + 1),
    currency: CURRENCIES[at % CURRENCIES.length]!,
    customers: at === 0 ? customers : Math.max(5, Math.round(customers * (0.01 + (0.04 * at) / tenants))),
  }));
}

/** What the triggers of interactions keep, for all at once; the rows that were rewritten leave no holes. */
async function countContacts(sql: Sql): Promise<void> {
  await sql('alter table interactions enable trigger user');
  for (const [table, column] of [
    ['customers', 'customer_id'],
    ['leads', 'lead_id'],
  ]) {
    await sql(
      `update ${table} p set last_contact_at = f.at from (
         select tenant_id, ${column} as id, max(occurred_at) as at from interactions
         where ${column} is not null and deleted_at is null and occurred_at <= now() group by 1, 2) f
       where p.tenant_id = f.tenant_id and p.id = f.id`,
    );
    await sql(`vacuum full ${table}`);
  }
}

/**
 * Loads the rows. References are checked by one join each, and indexes built by sorting, once the tables are full; both are
 * then exactly what the migrations made, which test/bench/dataset.test.ts compares.
 * @param sql as superuser, on one connection @param passwordHash of everybody @param say hears how far it is
 */
export async function fillDataset(sql: Sql, size: Size, passwordHash: string, say = (_: string) => {}): Promise<void> {
  const timed = async (what: string, work: () => Promise<unknown>) => {
    const begin = performance.now();
    await work();
    say(`${what} ${seconds((performance.now() - begin) / 1000)}`);
  };
  const tables = [...LARGE];
  await sql(`set maintenance_work_mem = '${BUILD_MEMORY}'`);
  await sql(HELPERS);
  const indexes = await sql<{ name: string; text: string }>(
    `select indexrelid::regclass::text as name, pg_get_indexdef(indexrelid) as text from pg_index
     where indrelid = any ($1::regclass[]) and not exists (select from pg_constraint c where c.conindid = indexrelid)
     order by indrelid::regclass::text, indexrelid`,
    [tables],
  );
  const references = await sql<{ table: string; name: string }>(
    `select conrelid::regclass::text as table, quote_ident(conname) as name from pg_constraint
     where contype = 'f' and conrelid = any ($1::regclass[])`,
    [tables],
  );
  const enforce = async (how: 'enforced' | 'not enforced') => {
    for (const { table, name } of references) await sql(`alter table ${table} alter constraint ${name} ${how}`);
  };
  await sql(`drop index ${indexes.map(({ name }) => name).join(', ')}`);
  await enforce('not enforced');
  await sql('alter table interactions disable trigger user');
  const until = new Date().toISOString();
  for (const tenant of tenantsOf(size)) {
    await timed(`${tenant.slug}: ${tenant.customers} customers and what hangs on them`, async () => {
      for (const text of tenantStatements(tenant, until, passwordHash)) await sql(text);
    });
  }
  await sql('drop schema bench cascade');
  await timed('last contacts', () => countContacts(sql));
  await timed('references checked', () => enforce('enforced'));
  await timed(`${indexes.length} indexes`, async () => {
    for (const { text } of indexes) await sql(text);
  });
  await timed('vacuum (analyze)', () => sql('vacuum (analyze)'));
  await sql('reset maintenance_work_mem');
}
