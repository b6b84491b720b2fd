// What GET asks for begins as whoever asked the last time, in a transaction that cannot write (decision 0012).
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Pool } from 'pg';
import { READ_ONLY, readTenant, withTenant } from '../../src/kernel/tenant_db.ts';
import { modules } from '../../src/modules/index.ts';
import { signIn, startApp, type TestApp } from '../helpers/app.ts';
import { makeTenant, PASSWORD, type TestTenant } from '../helpers/fixture.ts';
import { program } from '../helpers/program.ts';
import { sql } from '../modules/session/ground.ts';

let app: TestApp;
let acme: TestTenant;
let globex: TestTenant;
let pool: Pool;
beforeAll(async () => {
  app = await startApp();
  acme = await makeTenant(app.database.url, app.platform, 'acme');
  globex = await makeTenant(app.database.url, app.platform, 'globex');
  pool = app.platform.pools.app;
  for (const tenant of [acme, globex])
    await program(app, tenant.users.admin).post('/customers', { name: `marker-of-${tenant.slug}` });
}, 60_000);
afterAll(() => app?.stop());

const as = async ({ email }: { email: string }) => {
  const agent = app.agent();
  await signIn(agent, email, PASSWORD);
  return agent;
};

/** The statements that are sent meanwhile. */
async function sentDuring(work: () => Promise<unknown>): Promise<string[]> {
  const sent: string[] = [];
  const hear = (text: unknown) => sent.push(String(text));
  subscribe('rapport.statement', hear);
  try {
    await work();
  } finally {
    unsubscribe('rapport.statement', hear);
  }
  return sent;
}

const isRead = (text: string) => text.startsWith('begin read only');

test('the first page of a session asks who it is, the next begins at once', async () => {
  const agent = await as(acme.users.admin);
  const first = await sentDuring(() => agent.get('/contacts?scope=all').expect(200));
  expect(first.filter(isRead)).toHaveLength(0);
  const next = await sentDuring(() => agent.get('/contacts?scope=all').expect(200));
  expect(next.find((text) => text.startsWith('begin'))).toMatch(
    /^begin read only; set local app\.tenant_id = '[\w-]{36}'; select \* from actor_of_session/,
  );
  expect(next.at(-1)).toBe('commit');
});

test.each([
  ['a role', `role = 'field_tech'`, `role = 'sales'`, '/leads?scope=all', 403],
  ['a closed account', 'deactivated_at = now()', 'deactivated_at = null', '/leads?scope=own', 303],
])(
  '%s that changed meanwhile is seen by the very next page, of which nothing else is shown',
  async (_what, now, before, path, status) => {
    const person = acme.users.sales;
    const agent = await as(person);
    for (let i = 0; i < 2; i += 1) await agent.get(path).expect(200);
    await sql(app, `update users set ${now} where id = $1`, [person.id]);
    const sent = await sentDuring(async () => {
      const answer = await agent.get(path);
      expect(answer.status).toBe(status);
      expect(answer.text).not.toContain('marker-of-acme');
    });
    expect(sent.filter((text) => text.startsWith('begin')).map(isRead)).toEqual([true, false]);
    await sql(app, `update users set ${before} where id = $1`, [person.id]);
  },
);

test('a name is that of now', async () => {
  const agent = await as(acme.users.manager);
  await agent.get('/contacts').expect(200);
  await sql(app, `update users set name = 'Renamed Person' where id = $1`, [acme.users.manager.id]);
  expect((await agent.get('/contacts').expect(200)).text).toContain('Renamed Person');
});

test('a token is looked up once, and one that was revoked is refused by the very next request', async () => {
  const client = program(app, acme.users.csm);
  for (let i = 0; i < 2; i += 1) expect((await client.get('/customers')).status).toBe(200);
  const sent = await sentDuring(() => client.get('/customers'));
  expect(sent.filter((text) => text.includes('token.find'))).toHaveLength(0);
  const set = (change: string) =>
    sql(app, `update api_tokens set ${change} where tenant_id = $1 and user_id = $2 returning id`, [
      acme.id,
      acme.users.csm.id,
    ]);
  expect(await set('revoked_at = now()')).toHaveLength(1);
  expect((await client.get('/customers')).status).toBe(401);
  await set('revoked_at = null');
  expect((await client.get('/customers')).status).toBe(200);
});

test('when somebody was last seen is written down though nothing else is', async () => {
  const agent = await as(acme.users.admin);
  for (let i = 0; i < 2; i += 1) await agent.get('/tags').expect(200);
  await sql(app, `update user_sessions set last_seen_at = now() - interval '1 hour' where user_id = $1`, [
    acme.users.admin.id,
  ]);
  await agent.get('/tags').expect(200);
  const seen = `select 1 from user_sessions where user_id = $1 and last_seen_at > now() - interval '1 minute'`;
  expect(await sql(app, seen, [acme.users.admin.id])).not.toHaveLength(0);
});

test('what writes without having said so is begun again and written once', async () => {
  const route = modules
    .flatMap(({ routes }) => routes.flatMap(({ list }) => list))
    .find(({ path }) => path === '/reports/pipeline.csv')!;
  expect(route.writes).toBe(true);
  route.writes = false;
  try {
    const agent = await as(acme.users.admin);
    await agent.get('/contacts').expect(200);
    const sent = await sentDuring(() => agent.get(route.path).expect(200));
    expect(
      sent
        .filter((text) => text.startsWith('begin'))
        .map(isRead)
        .slice(0, 2),
    ).toEqual([true, false]);
    expect(
      await sql(app, `select 1 from audit_log where tenant_id = $1 and verb = 'exported'`, [acme.id]),
    ).toHaveLength(1);
  } finally {
    route.writes = true;
  }
});

test('a transaction that reads refuses to write', async () => {
  const work = readTenant(pool, acme.id, (db) => db.insert('tags', { name: 'Written' }));
  await expect(work).rejects.toMatchObject({ code: READ_ONLY });
  expect(await sql(app, `select 1 from tags where name = 'Written'`, [])).toHaveLength(0);
  await expect(readTenant(pool, 'x', async () => 1)).rejects.toThrow('a tenant id is required');
});

test('a connection is free before its transaction has ended, and the next one on it is its own company’s', async () => {
  const idle = () => pool.idleCount;
  const names = (tenant: TestTenant) =>
    readTenant(pool, tenant.id, async (db) => {
      const rows = await db.from('customers').select('name');
      const [{ pid }] = (await db.run('select pg_backend_pid() as pid')) as [{ pid: number }];
      return { names: rows.map((row: { name: string }) => row.name).join(), pid };
    });
  const before = idle();
  const seen = [];
  for (let i = 0; i < 20; i += 1) {
    for (const tenant of [acme, globex]) seen.push({ slug: tenant.slug, ...(await names(tenant)) });
    expect(idle()).toBeGreaterThanOrEqual(Math.min(before, 1));
  }
  for (const one of seen) {
    expect(one.names).toContain(`marker-of-${one.slug}`);
    expect(one.names).not.toContain(`marker-of-${one.slug === 'acme' ? 'globex' : 'acme'}`);
  }
  expect(new Set(seen.map(({ pid }) => pid)).size).toBeLessThan(seen.length); // connections are used again
  // What writes right behind what read is stored.
  await readTenant(pool, acme.id, (db) => db.run('select 1'));
  await withTenant(pool, acme.id, (db) => db.insert('tags', { name: 'Behind' }));
  expect(await sql(app, `select 1 from tags where name = 'Behind'`, [])).toHaveLength(1);
});
