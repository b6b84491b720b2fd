// The one optional migration that spreads the tables over several machines. Citus itself is not here: what is held to is that
// the plan covers every table, in an order in which Citus takes it, and that nothing is done without it.
import pg from 'pg';
import { type Distribution, planDistribution } from '../../scripts/distribution.ts';
import { createTestDatabase, type TestDatabase } from '../helpers/database.ts';
import { cli } from './ground.ts';

let database: TestDatabase;
let client: pg.Client;
let plan: Distribution;

beforeAll(async () => {
  database = await createTestDatabase();
  client = new pg.Client({ connectionString: database.url });
  await client.connect();
  plan = await planDistribution(client);
});
afterAll(async () => {
  await client.end();
  await database.drop();
});

const at = (statement: RegExp): number => plan.statements.findIndex((one) => statement.test(one));
const placeOf = (table: string): number => at(new RegExp(`create_(reference|distributed)_table\\('${table}'`));

test('every table has its place, once', async () => {
  const { rows } = await client.query<{ name: string }>(
    `select relname as name from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') order by 1`,
  );
  expect([...plan.distributed, ...plan.copied, ...plan.local].sort()).toEqual(rows.map(({ name }) => name).sort());
  for (const table of plan.distributed)
    expect(
      plan.statements.filter((one) => one.includes(`create_distributed_table('${table}', 'tenant_id'`)),
    ).toHaveLength(1);
  expect(plan.copied).toEqual(['tenants']);
  expect(plan.local).toEqual(['http_sessions', 'rate_limits', 'schema_migrations', 'schema_migrations_lock']);
});

test('what is pointed to is there before what points to it, in the same place', async () => {
  const { rows: keys } = await client.query<{ child: string; parent: string }>(
    `select conrelid::regclass::text as child, confrelid::regclass::text as parent from pg_constraint
     where contype = 'f' and connamespace = 'public'::regnamespace and conrelid <> confrelid`,
  );
  expect(keys.length).toBeGreaterThan(50);
  for (const { child, parent } of keys) {
    expect(`${child} ${placeOf(parent) >= 0 && placeOf(parent) < placeOf(child)}`).toBe(`${child} true`);
  }
  const [first, ...others] = plan.statements.filter((one) => one.includes('create_distributed_table'));
  expect(first).toContain(`colocate_with => 'none'`);
  for (const other of others) expect(other).toContain(`colocate_with => '${plan.distributed[0]}'`);
});

test('no unique key spans companies any more, nor does a reference set one to nothing, when the tables are distributed', async () => {
  await client.query('begin');
  try {
    for (const statement of plan.statements.filter((one) => /^(drop|create) index/i.test(one)))
      await client.query(statement);
    const { rows } = await client.query(
      `select i.indexrelid::regclass::text as name from pg_index i
         join pg_attribute t on t.attrelid = i.indrelid and t.attname = 'tenant_id'
       where (i.indisunique or i.indisexclusion) and t.attnum <> all (i.indkey)`,
    );
    expect(rows).toEqual([]);
    // The look-up by hash still has its index.
    const { rows: kept } = await client.query(`select indexdef from pg_indexes where indexname = 'api_tokens_hash'`);
    expect(kept[0].indexdef).toContain('(token_hash)');
    expect(Math.max(...[at(/^drop index/), at(/^create index/)])).toBeLessThan(placeOf('api_tokens'));
    const { rows: setting } = await client.query(
      `select conname from pg_constraint where contype = 'f' and confdeltype in ('n', 'd') and connamespace = 'public'::regnamespace`,
    );
    expect(setting).toEqual([]);
  } finally {
    await client.query('rollback');
  }
});

test('what fires on the machines is named, because Citus wants to be told that it keeps to its company', async () => {
  const { rows } = await client.query<{ name: string }>(
    `select tgrelid::regclass::text || '.' || tgname as name from pg_trigger where not tgisinternal order by tgrelid::regclass::text, tgname`,
  );
  expect(plan.triggers).toEqual(rows.map(({ name }) => name));
  expect(at(/enable_unsafe_triggers/)).toBeLessThan(at(/create_distributed_table/));
});

test('the command prints the plan and changes nothing; with --run it refuses where there is no Citus', async () => {
  const env = { DATABASE_URL: database.url };
  const shown = await cli(['distribute'], env);
  expect(shown).toMatchObject({
    code: 0,
    out: ['begin;', ...plan.statements.map((one) => `${one};`), 'commit;'].join('\n'),
  });
  expect(shown.err).toContain('Nothing changed.');
  expect(await cli(['distribute', '--run'], env)).toMatchObject({
    code: 1,
    out: '',
    err: expect.stringMatching(/^Nothing changed: this database has no Citus\./),
  });
});
