// What must be true of any database whatever was done to it: `npm run cli -- check`, and the end of larger test files.
import { existsSync } from 'node:fs';
import pg from 'pg';
import { allEntities } from '../src/kernel/entity.ts';
import { filePath } from '../src/platform/files.ts';
import '../src/modules/index.ts';

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

/** How long a connection may stand in a transaction while the product is at work, in seconds. */
const LONGEST_IDLE = 60;

export interface Manner {
  /** The product is at work meanwhile: what it is in the middle of is no violation. */
  live?: boolean;
  /** Where uploaded files lie, to see that those of imports are there. */
  data_dir?: string;
}

/**
 * Sentences about what is wrong in this database; none when all is well. Changes nothing.
 * @param url of a superuser or of a login that may act as rapport_backup, so that no row hides
 * @throws Error for a login from which rows hide
 */
export async function findViolations(url: string, manner: Manner = {}): Promise<string[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const found: string[] = [];
  const check: Check = async (sentence, sql, values = []) => {
    const { rows } = await client.query<{ n: string }>(`select count(*) as n from ${sql}`, values);
    if (rows[0]!.n !== '0') found.push(`${rows[0]!.n} × ${sentence}`);
  };
  try {
    await seeEverything(client);
    await client.query('begin isolation level repeatable read read only'); // one moment, however long it takes
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
    await check('a key of a request that was used up without an answer', 'request_keys where reply is null');
    await checkImports(check);
    await checkJobs(check);
    if (manner.data_dir) await checkFiles(client, manner.data_dir, found);
    await check(
      'a connection left inside a transaction',
      `pg_stat_activity where datname = current_database() and state like 'idle in transaction%'
         and state_change < now() - make_interval(secs => $1)`,
      [manner.live ? LONGEST_IDLE : 0],
    );
    return found;
  } finally {
    await client.end();
  }
}

/** Takes the role that reads all rows, unless the login does so anyway. */
async function seeEverything(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ all: boolean; may: boolean }>(
    `select (select rolsuper or rolbypassrls from pg_roles where rolname = current_user) as all,
       coalesce((select pg_has_role(current_user, oid, 'member') from pg_roles where rolname = 'rapport_backup'), false) as may`,
  );
  if (rows[0]!.all) return;
  if (!rows[0]!.may)
    throw new Error('This login does not see every row: use a superuser, or one that is a member of rapport_backup.');
  await client.query('set role rapport_backup');
}

async function checkImports(check: Check): Promise<void> {
  await check(
    'an import that does not account for every row',
    `imports where state in ('planned', 'committing', 'committed', 'undoing', 'undone')
       and rows <> created + updated + unchanged + skipped + failed`,
  );
  for (const { name, table } of allEntities())
    await check(
      `an import made a ${name} that is not there`,
      `import_plan p join imports i on i.tenant_id = p.tenant_id and i.id = p.import_id
       where i.state = 'committed' and p.result = 'created' and coalesce(p.entity, i.entity) = $1
         and not exists (select from ${table} r where r.tenant_id = p.tenant_id and r.id = p.record_id)`,
      [name],
    );
}

/** The queue holds what is to be done, and nothing that nobody will do. */
async function checkJobs(check: Check): Promise<void> {
  const jobs = 'graphile_worker._private_jobs';
  await check('a job that was given up', `${jobs} where attempts >= max_attempts and locked_by is null`);
  await check(
    'a job that nobody has begun for an hour: does a worker run?',
    `${jobs} where run_at < now() - interval '1 hour' and locked_by is null and attempts < max_attempts`,
  );
}

async function checkFiles(client: pg.Client, dataDir: string, found: string[]): Promise<void> {
  const { rows } = await client.query<{ file_key: string }>('select file_key from imports where purged_at is null');
  const lost = rows.filter(({ file_key }) => !existsSync(filePath(dataDir, file_key)));
  if (lost.length) found.push(`${lost.length} × an import whose file is not in ${dataDir}`);
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
