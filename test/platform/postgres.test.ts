// The pools: slow statements are told by name, labelled ones are planned once, and no connection carries a tenant along.

import pg from 'pg';
import { newId } from '../../src/kernel/ids.ts';
import { withTenant } from '../../src/kernel/tenant_db.ts';
import { openPools, type Pools } from '../../src/platform/postgres.ts';
import { createTestDatabase, type TestDatabase } from '../helpers/database.ts';

let database: TestDatabase;
let pools: Pools;
const told: Record<string, unknown>[] = [];
const log = { warn: (entry: Record<string, unknown>) => told.push(entry), info: () => {}, error: () => {} };

beforeAll(async () => {
  database = await createTestDatabase();
  pools = openPools(database.runtimeUrl, log as never, 1);
});
afterAll(async () => {
  await pools.end();
  await database.drop();
});

test('a statement over 200 ms is logged by its name and without its values, however it was sent', async () => {
  await withTenant(pools.app, newId(), async (db) => {
    await db
      .from('tags', 'tags', 'tags.slowly')
      .select(db.sql('pg_sleep(?), ? as word', [0.25, 'canary']))
      .limit(1);
    await db.fromSql(db.sql('(select pg_sleep(?), ? as word) as x', [0.25, 'canary']), 'x.slowly').select('word');
    await db.run('/* y.slowly */ select pg_sleep(:seconds), :word as word', { seconds: 0.25, word: 'canary' });
  });
  const names = told.map((entry) => entry.statement);
  expect(names).toEqual(['x.slowly', 'y.slowly']);
  for (const entry of told) expect(entry.ms).toBeGreaterThanOrEqual(200);
  expect(JSON.stringify(told)).not.toContain('canary');
});

test('no statement is compiled: that pays for long ones, and what is estimated of a window is far more than it reads', async () => {
  for (const pool of [pools.app, pools.platform]) expect((await pool.query('show jit')).rows).toEqual([{ jit: 'off' }]);
});

test('an error says nothing of the values that were bound', async () => {
  const failed = withTenant(pools.app, newId(), (db) =>
    db.run('/* tags.cut */ select 1 / (length(:word) - 6)', { word: 'canary' }),
  );
  const error = await failed.catch((thrown: Error) => thrown);
  expect(error).toMatchObject({ code: '22012', message: 'division by zero' });
});

test('a labelled statement is prepared once a connection, values apart', async () => {
  for (const name of ['a', 'b', 'c']) {
    await withTenant(
      pools.app,
      newId(),
      (db) => db.from('tags', 'tags', 'tags.often').select('id').where('name', name) as never,
    );
  }
  const { rows } = await pools.app.query(
    `select statement from pg_prepared_statements where statement like '/* tags.often */%'`,
  );
  expect(rows).toHaveLength(1);
});

test('an insert that names what it returns is prepared too, and a new column breaks neither it nor one that does not', async () => {
  const owner = new pg.Client({ connectionString: database.url });
  await owner.connect();
  const [tenant] = (await owner.query(`insert into tenants (slug, name) values ('adds', 'Adds') returning id`)).rows;
  const add = (returning?: string[]) =>
    withTenant(pools.app, tenant.id, (db) => db.insert('tags', { name: `Tag ${newId()}` }, returning));
  const both = async () => [...(await add(['id', 'name'])), ...(await add())];
  for (let i = 0; i < 2; i += 1) await both();
  const { rows } = await pools.app.query(
    `select substring(statement from 'returning.*') as ends from pg_prepared_statements where statement like 'insert into "tags"%'`,
  );
  expect(rows).toEqual([{ ends: 'returning "id", "name"' }]);
  await owner.query('alter table tags add column added text');
  const [named, whole] = await both();
  expect(Object.keys(named!)).toEqual(['id', 'name']);
  expect(whole).toHaveProperty('added');
  await owner.end();
});

test('rows of a prepared statement are what pg itself makes of them, and what another connection answers is looked at', async () => {
  const columns = `1 as int, null::int as nothing, 9007199254740993 as big, 1.50::numeric as amount, true as flag,
    date '2026-02-03' as day, timestamptz '2026-02-03 04:05:06.789012Z' as at, '{"a": [1]}'::jsonb as json,
    '{x,"y z"}'::text[] as texts, 'Ünïcode ☃' as text, 'first' as twice, 'second' as twice, 3 as "__proto__", $1::text as given`;
  const select = `select ${columns} union all select ${columns}`;
  const ask = (text: string, values: string[]) => pools.app.query({ text, values });
  const plain = await ask(select, ['x']);
  for (const value of ['x', 'y']) {
    const { rows, rowCount, fields } = await ask(`/* rows.alike */ ${select}`, [value]);
    expect(rows).toEqual(plain.rows.map((row) => ({ ...row, given: value })));
    expect(rows.map((row) => Object.keys(row))).toEqual(plain.rows.map((row) => Object.keys(row)));
    expect(Object.getPrototypeOf(rows[0])).toBe(Object.prototype);
    expect([rowCount, fields.map(({ name }) => name)]).toEqual([2, plain.fields.map(({ name }) => name)]);
  }
  expect((await ask('/* rows.none */ select 1 as one where $1 = 0::text', ['1'])).rows).toEqual([]);

  await pools.platform.query('create temporary table changing (one int)');
  await pools.app.query('create temporary table changing (two text, one text)');
  for (const pool of [pools.platform, pools.app, pools.platform]) {
    await pool.query(`insert into changing (one) values (1)`);
    const { rows } = await pool.query({ text: '/* rows.changing */ select * from changing where $1', values: [true] });
    expect(rows[0]).toEqual(pool === pools.app ? { two: null, one: '1' } : { one: 1 });
  }
});

test('a connection released inside a transaction is thrown away with its tenant', async () => {
  const client = await pools.app.connect();
  const { rows: before } = await client.query('select pg_backend_pid() as pid');
  await client.query(`begin; select set_config('app.tenant_id', '${newId()}', true)`);
  client.release();
  const { rows: after } = await pools.app.query(
    `select pg_backend_pid() as pid, current_setting('app.tenant_id', true) as tenant`,
  );
  expect(after[0].pid).not.toBe(before[0].pid);
  expect(after[0].tenant ?? '').toBe('');
});
