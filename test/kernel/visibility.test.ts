// Who sees which rows: own, team and all, in lists, counts, searches, look-ups, exports, timelines, names and the API.
import pg from 'pg';
import type { Role } from '../../src/kernel/access.ts';
import { type Agent, signIn, startApp, type TestApp } from '../helpers/app.ts';
import { makeTenant, PASSWORD, type TestTenant } from '../helpers/fixture.ts';
import { findViolations } from '../helpers/invariants.ts';
import { program } from '../helpers/program.ts';

let app: TestApp;
let acme: TestTenant;
let client: pg.Client;
const agents: Partial<Record<Role, Agent>> = {};
const id: Record<string, string> = {};

/** As whom to ask the API. */
const as = (role: Role) => program(app, acme.users[role]);

async function make(role: Role, name: string, path: string, values: Record<string, unknown>): Promise<void> {
  const titled = path === '/interactions' ? 'subject' : path === '/notes' ? 'body' : 'name';
  const { status, body } = await as(role).post(path, { [titled]: name, ...values });
  if (status !== 201) throw new Error(`${name} ${status} ${JSON.stringify(body)}`);
  id[name] = body.data.id;
}

beforeAll(async () => {
  app = await startApp();
  acme = await makeTenant(app.database.url, app.platform, 'acme');
  client = new pg.Client({ connectionString: app.database.url });
  await client.connect();
  // csm and manager share a team; the sample records of the fixture are taken out of the picture.
  const team = (await client.query(`insert into teams (tenant_id, name) values ($1, 'North') returning id`, [acme.id]))
    .rows[0].id;
  for (const role of ['csm', 'manager'] as const)
    await client.query('insert into team_members values ($1, $2, $3)', [acme.id, team, acme.users[role].id]);
  const user = (role: Role) => acme.users[role].id;
  await make('sales', 'Kappa made by sales', '/customers', {});
  await make('admin', 'Kappa given to sales', '/customers', { owner_id: user('sales') });
  await make('admin', 'Kappa of the manager', '/customers', { owner_id: user('manager') });
  await make('admin', 'Kappa with csm', '/customers', { csm_id: user('csm') });
  await make('admin', 'Kappa of nobody', '/customers', {});
  for (const customer of ['Kappa given to sales', 'Kappa of the manager', 'Kappa of nobody']) {
    const customer_id = id[customer];
    await make('admin', `Person at ${customer}`, '/contacts', { customer_id });
    await make('admin', `Account at ${customer}`, '/accounts', { customer_id, account_number: customer });
    await make('admin', `Project at ${customer}`, '/projects', { customer_id });
    await make('admin', `Talk at ${customer}`, '/interactions', { customer_id, type: 'call' });
    await make('admin', `Note at ${customer}`, '/notes', { customer_id });
  }
  await make('admin', 'Lead of sales', '/leads', { assigned_to: user('sales'), name: 'Kappa lead of sales' });
  await make('admin', 'Lead of nobody', '/leads', { name: 'Kappa lead of nobody' });
  await make('admin', 'Kappa crossing', '/interactions', {
    type: 'call',
    customer_id: id['Kappa of nobody'],
    contact_id: id['Person at Kappa of nobody'],
    owner_id: user('sales'),
  });
  for (const role of ['admin', 'sales', 'csm', 'support'] as const) {
    agents[role] = app.agent();
    await signIn(agents[role], acme.users[role].email, PASSWORD);
  }
}, 60_000);
afterAll(async () => {
  await client?.end();
  await app?.stop();
});

const short = (names: string[]) => names.map((name) => name.replace(/^Kappa /, '')).sort();
const titles = (items: Record<string, string>[]) =>
  short(items.map((row) => row.name ?? row.subject ?? row.body ?? ''));

const OWN = ['given to sales', 'made by sales'];
const TEAM = ['of the manager', 'with csm'];
const ALL = [...OWN, 'of nobody', ...TEAM].sort();
const CUSTOMERS: [Role, string, string[]][] = [
  ['sales', '', OWN],
  ['sales', 'scope=team', OWN],
  ['sales', 'scope=all', OWN],
  ['field_tech', 'scope=all', []],
  ['csm', '', TEAM],
  ['csm', 'scope=own', ['with csm']],
  ['csm', 'scope=all', TEAM],
  ['manager', '', ALL],
  ['manager', 'scope=team', TEAM],
  ['manager', 'scope=own', ['of the manager']],
  ['support', '', ALL],
  ['read_only', 'scope=own', []],
  ['admin', '', ALL],
  ['admin', 'scope=own', ALL.filter((name) => name !== 'made by sales')],
  ['sales', 'scope=everything', OWN],
  ['sales', 'scope[]=all', OWN],
];
test.each(CUSTOMERS)('%s sees among customers %j exactly these', async (role, scope, expected) => {
  const { body } = await as(role).get(`/customers?q=kappa&count=exact&limit=100&${scope}`);
  expect([titles(body.items), body.total]).toEqual([expected, expected.length]);
  const unsearched = (await as(role).get(`/customers?limit=100&${scope}`)).body.items.filter((row: { name: string }) =>
    row.name.startsWith('Kappa'),
  );
  expect(titles(unsearched)).toEqual(expected);
});

const HANGING = ['/contacts', '/accounts', '/projects', '/interactions', '/notes'];
test.each(HANGING)(
  '%s: what hangs on a customer is seen by whoever sees that customer, and by nobody else',
  async (path) => {
    const at = (role: Role) => as(role).get(`${path}?limit=100&q=at%20kappa&count=exact`);
    const customers = (found: Record<string, string>[]) =>
      titles(found).map((name) => name.replace(/^.* at Kappa /, ''));
    const seen = async (role: Role) => {
      const { body } = await at(role);
      expect(body.total).toBe(body.items.length);
      return customers(body.items);
    };
    expect(await seen('sales')).toEqual(['given to sales']);
    expect(await seen('csm')).toEqual(['of the manager']);
    expect(await seen('field_tech')).toEqual([]);
    expect(await seen('read_only')).toEqual(['given to sales', 'of nobody', 'of the manager']);
    const kind = {
      '/contacts': 'Person',
      '/accounts': 'Account',
      '/projects': 'Project',
      '/interactions': 'Talk',
      '/notes': 'Note',
    }[path];
    const statuses = async (role: Role) => [
      (await as(role).get(`${path}/${id[`${kind} at Kappa given to sales`]}`)).status,
      (await as(role).get(`${path}/${id[`${kind} at Kappa of nobody`]}`)).status,
    ];
    expect([await statuses('sales'), await statuses('csm'), await statuses('support')]).toEqual([
      [200, 404],
      [404, 404],
      [200, 200],
    ]);
  },
);

test('leads are seen by whoever they are assigned to; some roles have none at all', async () => {
  const seen = async (role: Role) => {
    const { status, body } = await as(role).get('/leads?q=kappa&scope=all');
    return status === 200 ? titles(body.items) : status;
  };
  expect([
    await seen('sales'),
    await seen('csm'),
    await seen('support'),
    await seen('field_tech'),
    await seen('manager'),
  ]).toEqual([['lead of sales'], [], 403, 403, ['lead of nobody', 'lead of sales']]);
});

test('neither the row nor the name of an invisible record comes out anywhere', async () => {
  const hidden = id['Kappa of nobody']!;
  const crossing = id['Kappa crossing']!;
  const secrets = ['Kappa of nobody', 'Person at', 'Account at Kappa of nobody', hidden.slice(-12)];
  const addresses = [
    '/customers?scope=all&limit=100',
    '/customers?scope=all&q=nobody&count=capped',
    '/customers/lookup?q=kappa',
    '/contacts/lookup?q=person%20nobody',
    '/search?q=nobody',
    '/search?q=nobody&in=rest',
    '/customers.csv?scope=all',
    '/contacts.csv?scope=all',
    '/interactions.csv?scope=all',
    `/customers/${hidden}`,
    `/customers/${hidden}/timeline`,
    `/customers?scope=all&list=x`,
    '/customers/trash?scope=all',
    `/api/v1/customers?scope=all`,
  ];
  let shown = 0;
  for (const address of addresses) {
    if ((await agents.admin!.get(address)).text.includes('of nobody')) shown += 1; // the positive control
    const { text } = await agents.sales!.get(address);
    for (const secret of secrets.slice(0, address.includes(hidden) ? 3 : 4))
      if (!address.includes('contacts') || secret !== 'Person at')
        expect(`${address} tells ${text.includes(secret) ? secret : 'nothing'}`).toBe(`${address} tells nothing`);
  }
  expect(shown).toBeGreaterThan(8);
  // What sales may see refers to what it may not: the reference is there, its name is not.
  const { text } = await agents.sales!.get(`/interactions/${crossing}`).expect(200);
  expect(text).toContain('Not visible to you');
  for (const secret of ['Kappa of nobody', 'Person at']) expect(text).not.toContain(secret);
  const csv = (await agents.sales!.get('/interactions.csv?q=crossing')).text;
  expect([csv.includes('Kappa crossing'), csv.includes('nobody'), csv.includes('Person')]).toEqual([
    true,
    false,
    false,
  ]);
  expect((await agents.admin!.get(`/interactions/${crossing}`)).text).toContain('Kappa of nobody');
  // A filter by what one cannot see does not say whether it exists.
  const filtered = await agents.sales!.get(`/interactions?scope=all&customer_id=${hidden}`).expect(200);
  expect(filtered.text).not.toContain('Kappa of nobody');
});

test('nothing can be hung on, taken from or given to what one cannot see', async () => {
  const hidden = id['Kappa of nobody'];
  for (const path of ['/contacts', '/projects', '/interactions', '/notes'])
    expect(
      (await as('sales').post(path, { name: 'x', subject: 'x', body: 'x', type: 'call', customer_id: hidden })).status,
    ).toBe(422);
  const refused = await as('sales').post('/contacts', { name: 'x', customer_id: hidden });
  expect(refused.body.details).toEqual({ customer_id: 'Customer: there is no such customer that you can see.' });
  expect((await as('sales').patch(`/customers/${hidden}`, { version: 1, name: 'Mine now' })).status).toBe(404);
  expect((await as('sales').remove(`/customers/${hidden}`)).status).toBe(404);
  await as('admin').remove(`/customers/${hidden}`);
  expect((await as('sales').post(`/customers/${hidden}/restoration`)).status).toBe(404);
  expect((await as('admin').post(`/customers/${hidden}/restoration`)).status).toBe(200);
});

test('an administrator sees the own rows first and everything when asked', async () => {
  const page = async (query: string) => (await agents.admin!.get(`/customers?q=kappa&limit=100&${query}`)).text;
  const [own, all] = [await page(''), await page('scope=all')];
  expect([own.includes('Kappa made by sales'), all.includes('Kappa made by sales')]).toEqual([false, true]);
  expect(own).toMatch(/aria-current="true">Mine</);
  expect((await agents.sales!.get('/customers?scope=all')).text).not.toContain('>Everyone<');
});

test('a role, a team and a place in the company count from the next request on', async () => {
  const seen = async (role: Role) =>
    titles((await as(role).get('/customers?q=kappa&scope=all&limit=100')).body.items ?? []);
  const set = (role: Role, what: string) =>
    client.query(`update users set ${what} where id = $1`, [acme.users[role].id]);
  await set('sales', `role = 'support'`);
  expect(await seen('sales')).toEqual(ALL);
  expect((await agents.sales!.get(`/customers/${id['Kappa of nobody']}`)).status).toBe(200);
  await set('sales', `role = 'sales'`);
  expect((await agents.sales!.get(`/customers/${id['Kappa of nobody']}`)).status).toBe(404);
  await client.query('delete from team_members where user_id = $1', [acme.users.csm.id]);
  expect(await seen('csm')).toEqual(['with csm']);
  await set('support', 'deactivated_at = now()');
  expect((await as('support').get('/customers')).status).toBe(401);
  expect((await agents.support!.get('/customers')).headers.location).toBe('/login?next=%2Fcustomers');
  await set('support', 'deactivated_at = null');
  expect((await as('support').get('/customers')).status).toBe(200);
  await client.query(`update tenants set suspended_at = now() where id = $1`, [acme.id]);
  expect([(await as('admin').get('/customers')).status, (await agents.admin!.get('/customers')).status]).toEqual([
    401, 303,
  ]);
  await client.query(`update tenants set suspended_at = null where id = $1`, [acme.id]);
  expect(await findViolations(app.database.url)).toEqual([]);
});

test('a token that may only read reads, and a revoked or expired one does nothing from the next request on', async () => {
  const token = (set: string) => client.query(`update api_tokens set ${set} where user_id = $1`, [acme.users.admin.id]);
  await token(`scopes = '{read}'`);
  expect([
    (await as('admin').get('/customers')).status,
    (await as('admin').post('/customers', { name: 'x' })).status,
    (await as('admin').remove(`/customers/${id['Kappa of nobody']}`)).status,
  ]).toEqual([200, 403, 403]);
  await token(`scopes = '{read,write}', revoked_at = now()`);
  expect((await as('admin').get('/customers')).status).toBe(401);
  await token(`revoked_at = null, expires_at = now() - interval '1 second'`);
  expect((await as('admin').get('/customers')).status).toBe(401);
  await token('expires_at = null');
  expect((await as('admin').post('/customers', { name: 'x' })).status).toBe(201);
});
