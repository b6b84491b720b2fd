// The large data set that speed is measured on: as much as was asked for, and nothing of the schema is different because of it.
import pg from 'pg';
import { fillDataset } from '../../bench/dataset_fill.ts';
import { emailOf, LARGE, READERS } from '../../bench/dataset_rows.ts';
import { createTestDatabase, type TestDatabase } from '../helpers/database.ts';

const SIZE = { customers: 300, tenants: 3 };
const SCHEMA = {
  indexes: `select schemaname, tablename, indexname, indexdef from pg_indexes order by 1, 2, 3`,
  valid: `select count(*)::integer as count from pg_index where not indisvalid or not indisready`,
  constraints: `select conrelid::regclass::text as table, conname, pg_get_constraintdef(oid), convalidated, conenforced
    from pg_constraint where connamespace = 'public'::regnamespace order by 1, 2`,
  triggers: `select tgrelid::regclass::text as table, tgtype, tgenabled, tgfoid::regproc::text as runs, tgdeferrable, tgisinternal
    from pg_trigger order by 1, 2, 3, 4`,
  policies: `select * from pg_policies order by tablename, policyname`,
  security: `select relname, relrowsecurity, relforcerowsecurity, relacl::text, relowner from pg_class
    where relnamespace = 'public'::regnamespace order by 1`,
  schemas: `select nspname from pg_namespace where nspname not like 'pg_%' order by 1`,
};

let database: TestDatabase;
let client: pg.Client;
const rows = async (text: string, values: unknown[] = []) => (await client.query(text, values)).rows;
const schema = async () => {
  const found: Record<string, unknown[]> = {};
  for (const [name, text] of Object.entries(SCHEMA)) found[name] = await rows(text);
  return found;
};
let before: Record<string, unknown[]>;

beforeAll(async () => {
  database = await createTestDatabase();
  client = new pg.Client({ connectionString: database.url });
  await client.connect();
  before = await schema();
  await fillDataset((text, values) => rows(text, values) as never, SIZE, 'a hash');
}, 120_000);

afterAll(async () => {
  await client?.end();
  await database?.drop();
});

test('indexes, constraints, triggers, policies and rights are those that the migrations made', async () => {
  const after = await schema();
  for (const name of Object.keys(SCHEMA)) expect([name, after[name]]).toEqual([name, before[name]]);
});

test('every table that grows with the customers has rows of every tenant, and the first tenant has most', async () => {
  for (const table of LARGE) {
    const found = await rows(
      `select t.slug, count(r.tenant_id)::integer as count from tenants t left join ${table} r on r.tenant_id = t.id
       group by 1 order by 1`,
    );
    expect([table, found.length, found.every(({ count }) => count > 0)]).toEqual([table, SIZE.tenants, true]);
    expect(found[0].count).toBeGreaterThan(5 * found[1].count);
  }
  const [large] = await rows(
    `select (select count(*) from customers where tenant_id = t.id)::integer as customers,
       (select count(*) from interactions where tenant_id = t.id)::integer as interactions,
       (select count(*) from leads where tenant_id = t.id)::integer as leads,
       (select count(*) from projects where tenant_id = t.id)::integer as projects
     from tenants t where slug = 'bench-01'`,
  );
  expect(large).toEqual({ customers: 300, interactions: 600, leads: 150, projects: 150 });
});

test('one salesperson owns fifty customers, one about half of the others, and both can be asked for by e-mail', async () => {
  const owned = async (person: number) => {
    const [found] = await rows(
      `select u.role, count(*)::integer as count from users u join customers c on c.tenant_id = u.tenant_id and c.owner_id = u.id
       where u.email = $1 group by 1`,
      [emailOf('bench-01', person)],
    );
    return found;
  };
  expect(await owned(READERS.few)).toEqual({ role: 'sales', count: 50 });
  const [leads] = await rows(
    `select count(*)::integer as count from users u join leads l on l.tenant_id = u.tenant_id and l.assigned_to = u.id
     where u.email = $1`,
    [emailOf('bench-01', READERS.few)],
  );
  expect(leads.count).toBe(50);
  const half = await owned(READERS.half);
  expect(half.role).toBe('sales');
  expect(half.count / 250).toBeGreaterThan(0.35);
  expect(half.count / 250).toBeLessThan(0.65);
});

test('nothing is older than what it belongs to, and nothing came after the set was made', async () => {
  for (const table of ['contacts', 'projects', 'interactions', 'tasks']) {
    const [found] = await rows(
      `select count(*) > 0 as some, count(*) filter (where r.created_at < c.created_at)::integer as older,
         count(*) filter (where r.created_at > now())::integer as later
       from ${table} r join customers c on c.tenant_id = r.tenant_id and c.id = r.customer_id`,
    );
    expect([table, found]).toEqual([table, { some: true, older: 0, later: 0 }]);
  }
});
