// What must be true of any database whatever was done to it; called at the end of larger test files.
import pg from 'pg';

interface Key {
  child: string;
  parent: string;
  name: string;
  /** columns of the child and of the parent, in the key's order */
  columns: string[];
  referred: string[];
}

/** Foreign keys between tables that both carry tenant_id. */
const KEYS = `
  select k.conname as name, k.conrelid::regclass::text as child, k.confrelid::regclass::text as parent,
    (select array_agg(a.attname::text order by s) from generate_subscripts(k.conkey, 1) s
      join pg_attribute a on a.attrelid = k.conrelid and a.attnum = k.conkey[s]) as columns,
    (select array_agg(a.attname::text order by s) from generate_subscripts(k.confkey, 1) s
      join pg_attribute a on a.attrelid = k.confrelid and a.attnum = k.confkey[s]) as referred
  from pg_constraint k
  where k.contype = 'f' and k.connamespace = 'public'::regnamespace and k.confrelid <> 'tenants'::regclass`;

/** Tables whose rows belong to a company. */
const OF_COMPANIES = `
  select table_name as name from information_schema.columns join information_schema.tables using (table_schema, table_name)
  where table_schema = 'public' and column_name = 'tenant_id' and table_type = 'BASE TABLE'`;

/** Tables of records: they have a version and can be trashed. */
const RECORDS = `
  select table_name as name from information_schema.columns
  where table_schema = 'public' and column_name in ('version', 'deleted_at', 'custom')
  group by 1 having count(*) = 3`;

/**
 * Sentences about what is wrong in this database; none when all is well.
 * @param url superuser's, so that no row hides
 */
export async function findViolations(url: string): Promise<string[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const found: string[] = [];
  const count = async (sql: string, values: unknown[] = []) =>
    Number((await client.query<{ n: string }>(`select count(*) as n from ${sql}`, values)).rows[0]!.n);
  const check = async (sentence: string, sql: string, values: unknown[] = []) => {
    const n = await count(sql, values);
    if (n) found.push(`${n} × ${sentence}`);
  };
  try {
    for (const key of (await client.query<Key>(KEYS)).rows) await checkTenants(check, key);
    for (const { name } of (await client.query<{ name: string }>(RECORDS)).rows) await checkTrail(check, name);
    for (const { name } of (await client.query<{ name: string }>(OF_COMPANIES)).rows)
      await check(
        `${name}: rows of no company`,
        `${name} r where not exists (select from tenants t where t.id = r.tenant_id)`,
      );
    await check(
      'a line of the trail about a record of another company',
      `audit_log a join customers c on c.id = a.record_id where c.tenant_id <> a.tenant_id`,
    );
    if (await count(`pg_class where oid = to_regclass('imports')`)) {
      await check(
        'an import that does not account for every row',
        `imports where state in ('planned', 'committing', 'committed', 'undoing', 'undone')
           and rows <> created + updated + unchanged + skipped + failed`,
      );
    }
    await check(
      'a connection left inside a transaction',
      `pg_stat_activity where datname = current_database() and state like 'idle in transaction%'`,
    );
    return found;
  } finally {
    await client.end();
  }
}

type Check = (sentence: string, sql: string, values?: unknown[]) => Promise<void>;

/** A row and what it refers to belong to the same company: joined by id alone, so that a wrong key cannot hide it. */
async function checkTenants(check: Check, { child, parent, name, columns, referred }: Key): Promise<void> {
  const ids = columns.flatMap((column, i) => (column === 'tenant_id' ? [] : [[column, referred[i]]]));
  const join = ids.map(([own, theirs]) => `p.${theirs} = c.${own}`).join(' and ');
  // A day or a name is the same in every company; only an id says whose it is.
  if (ids.some(([, theirs]) => theirs!.endsWith('id')))
    await check(
      `${child} points into another company (${name})`,
      `${child} c join ${parent} p on ${join} where p.tenant_id <> c.tenant_id`,
    );
  await check(
    `${child} points to nothing (${name})`,
    `${child} c left join ${parent} p on p.tenant_id = c.tenant_id and ${join}
     where ${ids.map(([own]) => `c.${own} is not null`).join(' and ')} and p.tenant_id is null`,
  );
}

/** A record that the product made has a line in the trail for its version, and none from the future. */
async function checkTrail(check: Check, table: string): Promise<void> {
  await check(`${table}: a version below 1`, `${table} where version < 1`);
  await check(
    `${table}: the trail knows a later version than the record has`,
    `${table} r where exists (select from audit_log a where a.tenant_id = r.tenant_id and a.record_id = r.id
       and a.version > r.version)`,
  );
  await check(
    `${table}: a version that the trail does not tell of`,
    `${table} r where r.version > 1 and not exists (select from audit_log a where a.tenant_id = r.tenant_id
       and a.record_id = r.id and a.version = r.version)`,
  );
  await check(
    `${table}: two lines of the trail for one version`,
    `(select tenant_id, record_id, version from audit_log a where exists (select from ${table} r
        where r.tenant_id = a.tenant_id and r.id = a.record_id)
      group by 1, 2, 3 having count(*) > 1) twice`,
  );
}
