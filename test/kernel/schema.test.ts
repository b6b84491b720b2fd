// Locks 3, 4 and 5: what every table must be, read from PostgreSQL's own catalogue. A new table is checked without anyone asking.
import pg from 'pg';
import { allEntities, storedFields } from '../../src/kernel/entity.ts';
import { RECORD_COLUMNS } from '../../src/kernel/list_sql.ts';
import { ROLES } from '../../src/platform/roles.ts';
import '../../src/modules/index.ts';
import { createTestDatabase, type TestDatabase } from '../helpers/database.ts';

/** Tables that belong to no tenant, each with its reason. */
const SHARED: Record<string, string> = {
  tenants: 'is the list of tenants itself',
  http_sessions: 'a session is found by its cookie before the tenant is known',
  rate_limits: 'counts tries before anybody is known; keys are hashes',
  schema_migrations: 'belongs to the migrations',
  schema_migrations_lock: 'belongs to the migrations',
};
/** Unique indexes that span tenants, each with its reason. */
const GLOBAL_UNIQUE: Record<string, string> = {
  api_tokens_hash: 'a hash of 240 random bits; a token is found before its tenant is known',
};

let database: TestDatabase;
let client: pg.Client;

beforeAll(async () => {
  database = await createTestDatabase();
  client = new pg.Client({ connectionString: database.url });
  await client.connect();
});
afterAll(async () => {
  await client.end();
  await database.drop();
});

const names = async (sql: string, values: unknown[] = []): Promise<string[]> =>
  (await client.query(sql, values)).rows.map((row) => Object.values(row).join(' '));

const TENANT_TABLES = `select c.oid, c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where n.nspname = 'public' and c.relkind in ('r', 'p') and c.relname <> all ($1)`;

test('every table is tenant-scoped or stands on the list with a reason', async () => {
  const without = await names(
    `with t as (${TENANT_TABLES}) select relname from t where not exists (
       select from pg_attribute a where a.attrelid = t.oid and a.attname = 'tenant_id' and a.attnotnull and not a.atthasdef)`,
    [Object.keys(SHARED)],
  );
  expect(without).toEqual([]);
});

test('row-level security is on, forced, and every policy both reads and writes by tenant', async () => {
  const open = await names(
    `with t as (${TENANT_TABLES}) select t.relname from t join pg_class c on c.oid = t.oid
     where not (c.relrowsecurity and c.relforcerowsecurity) or not exists (
       select from pg_policies p where p.tablename = t.relname and p.policyname = 'tenant' and p.roles = '{rapport_app}'
         and p.qual like '%app.tenant_id%' and p.with_check like '%app.tenant_id%' and p.qual like '%NULLIF%')`,
    [Object.keys(SHARED)],
  );
  expect(open).toEqual([]);
  const wide = await names(
    `select tablename, policyname, roles::text from pg_policies
     where qual = 'true' and schemaname = 'public' and roles <> '{rapport_search}' and roles <> '{rapport_platform}'`,
  );
  expect(wide).toEqual([]);
});

test('primary keys and unique indexes begin with tenant_id', async () => {
  const wrong = await names(
    `with t as (${TENANT_TABLES}) select i.indexrelid::regclass::text from t join pg_index i on i.indrelid = t.oid
     where (i.indisprimary or i.indisunique) and i.indexrelid::regclass::text <> all ($2)
       and (select a.attname from pg_attribute a where a.attrelid = t.oid and a.attnum = i.indkey[0]) is distinct from 'tenant_id'`,
    [Object.keys(SHARED), Object.keys(GLOBAL_UNIQUE)],
  );
  expect(wrong).toEqual([]);
});

test('references between tenant tables are composite, so a row of another tenant cannot be named', async () => {
  const simple = await names(
    `select conname from pg_constraint k
     where k.contype = 'f' and k.connamespace = 'public'::regnamespace and k.confrelid <> 'tenants'::regclass
       and not exists (
         select from generate_subscripts(k.conkey, 1) s
         join pg_attribute a on a.attrelid = k.conrelid and a.attnum = k.conkey[s] and a.attname = 'tenant_id'
         join pg_attribute b on b.attrelid = k.confrelid and b.attnum = k.confkey[s] and b.attname = 'tenant_id')`,
  );
  expect(simple).toEqual([]);
  const nulling = await names(
    `select conname from pg_constraint where contype = 'f' and confdeltype = 'n' and confdelsetcols is null`,
  );
  expect(nulling).toEqual([]);
});

test('the serving roles own nothing, bypass nothing and may not change the schema', async () => {
  const { rows } = await client.query(
    `select rolname, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb from pg_roles where rolname in ($1, $2, $3, $4)`,
    [ROLES.app, ROLES.platform, ROLES.search, ROLES.owner],
  );
  expect(rows).toHaveLength(4);
  for (const role of rows)
    expect(role).toMatchObject({ rolsuper: false, rolbypassrls: false, rolcreaterole: false, rolcreatedb: false });
  const owned = await names(
    `select c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_roles r on r.oid = c.relowner
     where n.nspname = 'public' and r.rolname in ($1, $2, $3)`,
    [ROLES.app, ROLES.platform, ROLES.search],
  );
  expect(owned).toEqual([]);
  const above = await names(
    `select pg_has_role($1, $2, 'member')::text as owner, pg_has_role($1, 'rapport_platform', 'member')::text as platform`,
    [ROLES.app, ROLES.owner],
  );
  expect(above).toEqual(['false false']);
  await client.query(`set role ${ROLES.app}`);
  try {
    for (const sql of [
      'create table x (id int)',
      'truncate customers',
      'alter table customers disable row level security',
    ]) {
      await expect(client.query(sql)).rejects.toMatchObject({ code: '42501' });
    }
    await expect(client.query('update audit_log set verb = verb')).rejects.toMatchObject({ code: '42501' });
    await expect(client.query('delete from audit_log')).rejects.toMatchObject({ code: '42501' });
  } finally {
    await client.query('reset role');
  }
});

test('definer functions are the search functions, the job door and the refreshing of statistics, with a pinned search path; views are invokers', async () => {
  const definers = await names(
    `select p.proname from pg_proc p where p.prosecdef and p.pronamespace in ('public'::regnamespace, 'graphile_worker'::regnamespace)
     and not (p.proconfig::text like '%search_path%' and (p.proname ~ '^find_' or p.proname in ('rapport_enqueue', 'refresh_statistics')))`,
  );
  expect(definers).toEqual([]);
  const owners = await names(
    `select distinct r.rolname from pg_proc p join pg_roles r on r.oid = p.proowner where p.prosecdef and p.proname ~ '^find_'`,
  );
  expect(owners).toEqual([ROLES.search]);
  expect(
    await names(`select relname from pg_class where relkind in ('v', 'm') and relnamespace = 'public'::regnamespace
    and not coalesce(reloptions::text like '%security_invoker=true%', false)`),
  ).toEqual([]);
});

test('every instant has a zone', async () => {
  const naive = await names(
    `select table_name, column_name from information_schema.columns
     where table_schema = 'public' and data_type = 'timestamp without time zone'`,
  );
  expect(naive).toEqual([]);
});

test('fields match columns, and searches have their function', async () => {
  for (const entity of allEntities()) {
    const columns = await names(`select attname from pg_attribute where attrelid = $1::regclass and attnum > 0`, [
      entity.table,
    ]);
    expect(columns).toEqual(
      expect.arrayContaining([...RECORD_COLUMNS, ...storedFields(entity), 'custom', 'tenant_id']),
    );
    if (entity.tag_table)
      expect(await names('select to_regclass($1) is not null', [entity.tag_table])).toEqual(['true']);
    if (entity.search.length) {
      const [owners] = await names(`select prosrc from pg_proc where proname = $1`, [`find_${entity.table}`]);
      for (const owner of entity.owners) expect(owners).toContain(`x.${owner} = any ($1)`);
    }
  }
});

test('every sort offered stands on an index that begins with tenant_id and the sort', async () => {
  const { sortable } = await import('../../src/kernel/list_query.ts');
  for (const entity of allEntities()) {
    const indexes = await names(`select indexdef from pg_indexes where tablename = $1`, [entity.table]);
    for (const sort of sortable(entity)) {
      const fits = indexes.some((definition) =>
        new RegExp(`\\(tenant_id, (\\(\\s*CASE\\s+WHEN \\()?"?${sort}(_order)?"?\\b[^,]*, id\\)`, 'i').test(definition),
      );
      expect(`${entity.table} by ${sort}: ${fits}`).toBe(`${entity.table} by ${sort}: true`);
    }
  }
});

test('without a tenant there are no rows, and the setting of one transaction is gone in the next', async () => {
  const tenant = (await client.query(`insert into tenants (slug, name) values ('lonely', 'Lonely') returning id`))
    .rows[0].id;
  await client.query(`insert into tags (tenant_id, name) values ($1, 'x')`, [tenant]);
  await client.query(`set role ${ROLES.app}`);
  try {
    expect((await client.query('select * from tags')).rowCount).toBe(0);
    await client.query('begin');
    await client.query(`select set_config('app.tenant_id', $1, true)`, [tenant]);
    expect((await client.query('select * from tags')).rowCount).toBe(1);
    await client.query('commit');
    expect((await client.query('select * from tags')).rowCount).toBe(0);
    await expect(client.query(`insert into tags (tenant_id, name) values ($1, 'y')`, [tenant])).rejects.toMatchObject({
      code: '42501',
    });
    expect((await client.query('update tags set name = name')).rowCount).toBe(0);
    expect((await client.query('delete from tags')).rowCount).toBe(0);
  } finally {
    await client.query('reset role');
  }
});
