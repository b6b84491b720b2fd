// Who may see which figures, and what never leaves through them.
import type { Role } from '../../../src/kernel/access.ts';
import { signIn, startApp, type TestApp } from '../../helpers/app.ts';
import { makeTenant, PASSWORD, type TestTenant } from '../../helpers/fixture.ts';
import { askJson, type Ground, openGround } from './ground.ts';

const PERIOD = '?from=2015-06-01&to=2015-06-30';
const created_at = '2015-06-15 12:00Z';

let app: TestApp;
let acme: TestTenant;
let globex: TestTenant;
let ground: Ground;

beforeAll(async () => {
  app = await startApp();
  acme = await makeTenant(app.database.url, app.platform, 'acme');
  globex = await makeTenant(app.database.url, app.platform, 'globex');
  ground = await openGround(app, acme);
  const other = await openGround(app, globex);
  const ours = await ground.customer('Ours', { owner: 'sales' });
  const theirs = await ground.customer('Theirs', { owner: 'manager' });
  await ground.project({ customer: ours, value: '10', created_at, owner: 'manager' });
  await ground.project({ customer: ours, value: '20', created_at, owner: 'sales' });
  await ground.project({ customer: theirs, value: '400', created_at, owner: 'manager' });
  await ground.project({ customer: theirs, value: '8000', created_at, owner: 'sales' });
  await other.project({ customer: await other.customer('Foreign'), value: '160000', created_at });
  await other.end();
}, 60_000);
afterAll(async () => {
  await ground?.end();
  await app?.stop();
});

const clients = async (role: Role, query = '', tenant = acme) => {
  const { status, body } = await askJson(app, tenant, role, PERIOD + query);
  expect(status).toBe(200);
  return body.data.clients.map((c: Record<string, unknown>) => [c.client_name, c.total_value]);
};

const agentOf = async (role: Role) => {
  const agent = app.agent();
  await signIn(agent, acme.users[role].email, PASSWORD);
  return agent;
};

test('administrators, managers and those who read everything see the whole company and no other', async () => {
  for (const role of ['admin', 'manager', 'support', 'read_only'] as const)
    expect(await clients(role)).toEqual([
      ['Theirs', 8400],
      ['Ours', 30],
    ]);
  expect(await clients('admin', '', globex)).toEqual([['Foreign', 160000]]);
});

test('sales sees what is theirs; a customer they may not see lends its figures but not its name', async () => {
  expect(await clients('sales')).toEqual([
    [null, 8000],
    ['Ours', 30],
  ]);
  const { text } = await (await agentOf('sales')).get(`/reports/revenue-by-client${PERIOD}`).expect(200);
  expect(text).toContain('Not visible to you');
  expect(text).not.toContain('Theirs');
  expect(await clients('field_tech')).toEqual([]);
});

test('administrators and managers may ask for one owner; another company’s person owns nothing here', async () => {
  for (const role of ['admin', 'manager'] as const) {
    expect(await clients(role, `&user=${acme.users.sales.id}`)).toEqual([
      ['Theirs', 8000],
      ['Ours', 20],
    ]);
    expect(await clients(role, `&user=${globex.users.sales.id}`)).toEqual([]);
  }
});

test.each(['sales', 'csm', 'support', 'field_tech', 'read_only'] as const)(
  'a "user" from %s is a 403 everywhere',
  async (role) => {
    const query = `${PERIOD}&user=${acme.users.admin.id}`;
    expect((await askJson(app, acme, role, query)).status).toBe(403);
    const agent = await agentOf(role);
    await agent.get(`/reports/revenue-by-client${query}`).expect(403);
    await agent.get(`/reports/revenue-by-client.csv${query}`).expect(403);
    const { text } = await agent.get(`/reports/revenue-by-client${PERIOD}`).expect(200);
    expect(text).not.toContain('name="user"');
  },
);

test('a token that may only read gets the report, also for one owner', async () => {
  await ground.query(`update api_tokens set scopes = '{read}' where user_id = $1`, [acme.users.manager.id]);
  expect(await clients('manager', `&user=${acme.users.sales.id}`)).toHaveLength(2);
});

test('spreadsheets are for those who may take data along, the links to them too', async () => {
  for (const [role, status] of [
    ['admin', 200],
    ['sales', 200],
    ['support', 403],
    ['read_only', 403],
  ] as const) {
    const agent = await agentOf(role);
    await agent.get(`/reports/revenue-by-client.xlsx${PERIOD}`).expect(status);
    await agent.get(`/reports/revenue-by-client.csv${PERIOD}`).expect(status);
    const { text } = await agent.get(`/reports/revenue-by-client${PERIOD}`).expect(200);
    expect(text.includes('revenue-by-client.xlsx')).toBe(status === 200);
  }
});

test('strangers are sent to sign in', async () => {
  const answer = await app.agent().get('/reports/revenue-by-client');
  expect(answer.status).toBe(303);
  expect(answer.headers.location).toContain('/login?next=');
});

test('/reports shows what exists, and the sidebar leads there', async () => {
  const agent = await agentOf('read_only');
  const { text } = await agent.get('/reports').expect(200);
  const listed = [...text.matchAll(/href="(\/reports\/[^"]+)"/g)].map(([, href]) => href!);
  expect(listed).toContain('/reports/revenue-by-client');
  for (const href of listed) await agent.get(href).expect(200);
  expect((await agent.get('/customers')).text).toContain('href="/reports"');
});

test('a wrong address is a page that says what is wrong', async () => {
  const agent = await agentOf('admin');
  const { text } = await agent.get('/reports/revenue-by-client?from=2026-03-02&to=2026-03-01').expect(400);
  expect(text).toContain('The period begins on 2026-03-02 but ends on 2026-03-01');
  expect(text).toContain('<aside');
});
