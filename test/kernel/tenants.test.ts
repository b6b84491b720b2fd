// Two companies on two connections: whoever asks, in whatever order, and whatever breaks, nobody gets the other's rows.
import pg from 'pg';
import { alongside, type TenantDb, withTenant } from '../../src/kernel/tenant_db.ts';
import { startApp, type TestApp } from '../helpers/app.ts';
import { makeTenant, type TestTenant } from '../helpers/fixture.ts';
import { findViolations } from '../helpers/invariants.ts';
import { program } from '../helpers/program.ts';

let app: TestApp;
const tenants: TestTenant[] = [];
let client: pg.Client;

beforeAll(async () => {
  app = await startApp({ env: { DATABASE_POOL: '2' } });
  client = new pg.Client({ connectionString: app.database.url });
  await client.connect();
  for (const slug of ['acme', 'globex']) {
    const tenant = await makeTenant(app.database.url, app.platform, slug);
    tenants.push(tenant);
    await program(app, tenant.users.admin).post('/customers', {
      name: `marker-of-${slug}`,
      external_id: 'SAME-1',
      tags: ['Same'],
    });
  }
}, 60_000);
afterAll(async () => {
  await client?.end();
  await app?.stop();
});

const other = (tenant: TestTenant) => tenants.find((t) => t !== tenant)!;

test('three hundred interleaved requests each get the rows of their own company', async () => {
  const ask = async (i: number) => {
    const tenant = tenants[i % 2]!;
    const paths = [
      '/customers?q=marker',
      '/customers?tags=same',
      '/customers?count=exact',
      '/nothing',
      `/customers/${other(tenant).records.customer}`,
    ];
    const { text } = await program(app, tenant.users.admin).get(paths[i % paths.length]!);
    return `${text.includes(`marker-of-${other(tenant).slug}`) || text.includes(other(tenant).id) ? 'foreign' : 'own'} ${text.includes(`marker-of-${tenant.slug}`)}`;
  };
  const answers: string[] = [];
  for (let round = 0; round < 30; round += 1)
    answers.push(...(await Promise.all(Array.from({ length: 10 }, (_, i) => ask(round * 10 + i)))));
  expect(answers.filter((answer) => answer.startsWith('foreign'))).toEqual([]);
  expect(answers.filter((answer) => answer === 'own true')).toHaveLength(180);
}, 60_000);

test('the same external id, e-mail and tag may exist in both companies', async () => {
  const { rows } = await client.query(`select count(*)::int as n from customers where external_id = 'SAME-1'`);
  expect(rows).toEqual([{ n: 2 }]);
});

test('what is read alongside takes an idle connection, and none is waited for', async () => {
  const { app: pool } = app.platform.pools;
  const [acme] = tenants as [TestTenant];
  const read = async (db: TenantDb) => {
    const [row] = await db.run('select pg_backend_pid() as pid, current_setting(:name) as tenant', {
      name: 'app.tenant_id',
    });
    await db.run('select pg_sleep(0.05)');
    return row as { pid: number; tenant: string };
  };
  await Promise.all([0, 1].map(() => withTenant(pool, acme.id, read)));
  const seen = await withTenant(pool, acme.id, async (db) => [
    await read(db),
    ...(await Promise.all([0, 1, 2].map(() => alongside(pool, db, read)))),
  ]);
  const [here, beside, ...others] = seen.map(({ pid }) => pid);
  expect(beside).not.toBe(here);
  expect(others).toEqual([here, here]);
  expect(new Set(seen.map(({ tenant }) => tenant))).toEqual(new Set([acme.id]));
});

test('a connection that is killed inside one company’s transaction never runs in the other’s', async () => {
  const [acme, globex] = tenants as [TestTenant, TestTenant];
  const outcome = await withTenant(app.platform.pools.app, acme.id, async (db) => {
    const [{ pid }] = (await db.run('select pg_backend_pid() as pid')) as [{ pid: number }];
    await client.query('select pg_terminate_backend($1)', [pid]);
    const theirs = await Promise.all(
      Array.from({ length: 5 }, () => program(app, globex.users.admin).get('/customers?q=marker')),
    );
    expect(theirs.map((answer) => [answer.status, answer.body.items?.[0]?.name])).toEqual(
      Array(5).fill([200, 'marker-of-globex']),
    );
    return await db.from('customers').select('name');
  }).catch((error: Error) => error);
  expect(outcome).toBeInstanceOf(Error);
  const after = await program(app, acme.users.admin).get('/customers?q=marker');
  expect([after.status, after.body.items.length]).toEqual([200, 1]);
});

test('a door without a company does not open, and a condition that matches everything is refused', async () => {
  const pool = app.platform.pools.app;
  for (const id of ['', 'x', `${tenants[0]!.id}'; drop table customers; --`, tenants[0]!.id.toUpperCase()])
    await expect(withTenant(pool, id, async () => 1)).rejects.toThrow('a tenant id is required');
  await withTenant(pool, tenants[0]!.id, async (db) => {
    for (const where of [{}, { id: undefined }, { id: null }]) {
      await expect(db.update('customers', where as never, { name: 'x' })).rejects.toThrow();
      await expect(db.remove('customers', where as never)).rejects.toThrow();
    }
    for (const table of ['customers; drop table tags', 'Customers', 'customers as c', '"customers"'])
      expect(() => db.from(table)).toThrow('not a table or column name');
    const foreign = tenants[1]!.records.customer!;
    expect(await db.update('customers', { id: foreign }, { name: 'Taken' })).toEqual([]);
    expect(await db.remove('customers', { id: foreign })).toBe(0);
    // Neither an "or" nor a join of a service widens what stands inside FROM.
    const rows = await db.from('customers').where({ name: 'nobody' }).orWhereRaw('true').select('tenant_id');
    expect(new Set(rows.map((row: { tenant_id: string }) => row.tenant_id))).toEqual(new Set([tenants[0]!.id]));
    const [made] = await db.insert('tags', { name: 'Smuggled', tenant_id: tenants[1]!.id });
    expect(made!.tenant_id).toBe(tenants[0]!.id);
    const [moved] = await db.update(
      'tags',
      { id: made!.id as string },
      { tenant_id: tenants[1]!.id, name: 'Still here' },
    );
    expect(moved!.tenant_id).toBe(tenants[0]!.id);
  });
  expect(await findViolations(app.database.url)).toEqual([]);
});

test('an error that a service swallows does not end as "saved"', async () => {
  const work = withTenant(app.platform.pools.app, tenants[0]!.id, async (db) => {
    await db.insert('tags', { name: 'Half' });
    await db.run('select 1/0').catch(() => null);
    return 'saved';
  });
  await expect(work).rejects.toThrow('rolled back');
  expect((await client.query(`select 1 from tags where name = 'Half'`)).rowCount).toBe(0);
});

test('the check of invariants finds what it looks for', async () => {
  const [acme] = tenants as [TestTenant];
  await client.query('update customers set version = 5 where id = $1', [acme.records.customer]);
  await client.query(
    `insert into audit_log (tenant_id, actor_name, via, verb, entity, record_id, version) values ($1, 'x', 'web', 'updated', 'tag', $2, 9)`,
    [acme.id, acme.records.tag],
  );
  const open = new pg.Client({ connectionString: app.database.url });
  await open.connect();
  await open.query('begin');
  const found = await findViolations(app.database.url);
  await open.end();
  expect(found.sort()).toEqual([
    '1 × a connection left inside a transaction',
    '1 × customers: a version that the trail does not tell of',
    '1 × tags: the trail knows a later version than the record has',
  ]);
});
