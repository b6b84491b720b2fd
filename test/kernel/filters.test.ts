// What narrows a list: filters of every kind, and days of the company's zone.
import pg from 'pg';
import { type Agent, signIn, startApp, type TestApp } from '../helpers/app.ts';
import { makeTenant, PASSWORD, type TestTenant } from '../helpers/fixture.ts';
import { type Program, program } from '../helpers/program.ts';

let app: TestApp;
let acme: TestTenant;
let globex: TestTenant;
let admin: Program;
let agent: Agent;
let client: pg.Client;
const made: Record<string, string> = {};

beforeAll(async () => {
  app = await startApp();
  acme = await makeTenant(app.database.url, app.platform, 'acme');
  globex = await makeTenant(app.database.url, app.platform, 'globex');
  client = new pg.Client({ connectionString: app.database.url });
  await client.connect();
  admin = program(app, acme.users.admin);
  agent = app.agent();
  await signIn(agent, acme.users.admin.email, PASSWORD);
  await admin.remove(`/customers/${acme.records.customer}`);
  const make = async (name: string, values: object = {}) => {
    made[name] = (await admin.post('/customers', { name, ...values })).body.data.id;
  };
  const [me, manager] = [acme.users.admin.id, acme.users.manager.id];
  await make('Alpha', {
    status: 'active',
    industry: 'Software',
    owner_id: me,
    arr: '100',
    renewal_date: '2026-03-29',
    tags: ['VIP', 'North'],
  });
  await make('Beta', {
    status: 'inactive',
    segment: 'mid_market',
    owner_id: manager,
    csm_id: me,
    tags: ['vip', 'South'],
  });
  await make('Gamma', {
    status: 'active',
    segment: 'enterprise',
    industry: 'Software',
    arr: '1000',
    renewal_date: '2026-10-25',
    health: 'red',
  });
}, 60_000);
afterAll(async () => {
  await client?.end();
  await app?.stop();
});

const names = async (query: string, path = '/customers', who = admin): Promise<string> => {
  const { status, body } = await who.get(`${path}?limit=100&${query}`);
  if (status !== 200) return String(status);
  return body.items
    .map((row: { name?: string; subject?: string }) => row.name ?? row.subject)
    .sort()
    .join(' ');
};

test.each([
  ['', 'Alpha Beta Gamma'],
  ['status=active', 'Alpha Gamma'],
  ['status=active,inactive', 'Alpha Beta Gamma'],
  ['status=Active', 'Alpha Gamma'],
  ['status=', 'Alpha Beta Gamma'],
  ['segment=none', 'Alpha'],
  ['segment=none,enterprise', 'Alpha Gamma'],
  ['segment=Mid-market', 'Beta'],
  ['owner_id=me', 'Alpha'],
  ['owner_id=none', 'Gamma'],
  ['owner_id=me,none', 'Alpha Gamma'],
  ['csm_id=me&owner_id=me', ''],
  ['industry=Software', 'Alpha Gamma'],
  ['industry=none', 'Beta'],
  ['industry=%25', ''],
  ['tags=VIP', 'Alpha Beta'],
  ['tags=vip,north', 'Alpha'],
  ['tags=nobody', ''],
  ['arr__from=100', 'Alpha Gamma'],
  ['arr__from=1,000', 'Gamma'],
  ['arr__to=999.99', 'Alpha'],
  ['arr__from=100&arr__to=100', 'Alpha'],
  ['renewal_date__from=2026-03-29&renewal_date__to=2026-03-29', 'Alpha'],
  ['renewal_date__from=2026-03-30', 'Gamma'],
  ['renewal_date__to=29.03.2026', 'Alpha'],
  ['renewal_date=none', 'Beta'],
  ['arr=none&renewal_date__from=2026-01-01', ''],
  ['created_at__to=now', 'Alpha Beta Gamma'],
  ['created_at__from=now', ''],
  ['status=active&segment=none&tags=north&q=alp', 'Alpha'],
  ['q=alp&status=inactive', ''],
  ['owner_id=0191f000-0000-7000-8000-000000000000', ''],
  ['status=Converted', '400'],
  ['status=active;drop', '400'],
  ['status=active,', 'Alpha Gamma'],
  ['owner_id=somebody', '400'],
  ["owner_id=' or 1=1 --", '400'],
  ['arr__from=much', '400'],
  ['arr__from=1e9', '400'],
  ['renewal_date__from=2026-02-30', '400'],
  ['renewal_date__from=none', '400'],
  ['renewal_date__from=now', '400'],
  ['created_at__from=now()', '400'],
  ['created_at__from=2026-01-01&created_at__to=infinity', '400'],
])('customers where %j are %j', async (query, expected) => {
  expect(await names(query.replaceAll(' ', '%20'))).toBe(expected);
});

test('a person of another company is nobody here, and a link to a record narrows the list of what hangs on it', async () => {
  expect(await names(`owner_id=${globex.users.admin.id}`)).toBe('');
  await admin.post('/contacts', { name: 'Anna', customer_id: made.Alpha, is_primary: true });
  await admin.post('/contacts', { name: 'Bert', customer_id: made.Beta });
  await admin.post('/contacts', { name: 'Carl' });
  expect(await names(`customer_id=${made.Alpha}`, '/contacts')).toBe('Anna');
  expect(await names(`customer_id=none`, '/contacts')).toBe('Carl');
  expect(await names('is_primary=yes&q=ann', '/contacts')).toBe('Anna');
  expect(await names('is_primary=false', '/contacts')).toBe('Bert Carl');
  // What came with a link and has no control of its own is kept by the form.
  const { text } = await agent.get('/contacts?scope=all&customer_id=none').expect(200);
  expect(text).toContain('<input type="hidden" name="customer_id" value="none">');
  const empty = await agent.get('/customers?scope=all&renewal_date=none').expect(200);
  expect(empty.text).toContain('<input type="hidden" name="renewal_date" value="none">');
});

test('a list narrows by what the record says that a reference points to, as far as its reader may see that record', async () => {
  expect(await names('customer_id.status=active', '/contacts')).toBe('Anna');
  expect(await names('customer_id.status=active,inactive', '/contacts')).toBe('Anna Bert');
  expect(await names('customer_id.status=inactive&customer_id.owner_id=me', '/contacts')).toBe('');
  expect(
    await names('customer_id.renewal_date__from=2026-03-29&customer_id.renewal_date__to=2026-03-29', '/contacts'),
  ).toBe('Anna');
  expect(await names('customer_id.status=sold', '/contacts')).toBe('400');
  // What is not offered as a filter there cannot be asked here either.
  const all = await names('', '/contacts');
  expect(await names('customer_id.description=x', '/contacts')).toBe(all);
  expect(await names('owner_id.password_hash=x&customer_id.nothing=x&name.x=1&__proto__.x=1', '/contacts')).toBe(all);
  const { text } = await agent.get('/contacts?scope=all&customer_id.status=active&sort=-name').expect(200);
  expect(text).toContain('<input type="hidden" name="customer_id.status" value="active">');
  expect(text).toMatch(/Customer: Status/);
  expect(text).toContain('customer_id.status=active&amp;sort=name');
  // A contact that somebody may see through its own ownership, of a customer that they may not see.
  const sales = program(app, acme.users.sales);
  await sales.post('/contacts', { name: 'Dora' });
  await client.query('update contacts set customer_id = $2 where tenant_id = $1 and name = $3', [
    acme.id,
    made.Beta,
    'Dora',
  ]);
  expect(await names('q=dora', '/contacts', sales)).toBe('Dora');
  expect(await names('q=dora&customer_id.status=inactive', '/contacts', sales)).toBe('');
  expect(await names('q=dora&customer_id.status=inactive', '/contacts')).toBe('Dora');
});

test.each([
  [
    '2026-03-29',
    ['2026-03-28T23:00:00Z', '2026-03-29T21:59:59.999Z'],
    ['2026-03-28T22:59:59.999Z', '2026-03-29T22:00:00Z'],
  ],
  [
    '2026-10-25',
    ['2026-10-24T22:00:00Z', '2026-10-25T22:59:59.999Z'],
    ['2026-10-24T21:59:59.999Z', '2026-10-25T23:00:00Z'],
  ],
  [
    '2026-07-01',
    ['2026-06-30T22:00:00Z', '2026-07-01T21:59:59.999Z'],
    ['2026-06-30T21:59:59.999Z', '2026-07-01T22:00:00Z'],
  ],
])('the day %s begins and ends at midnight in Berlin, also when the clocks change', async (day, inside, outside) => {
  for (const at of [...inside, ...outside])
    await admin.post('/interactions', {
      subject: `boundary-${inside.includes(at) ? 'in' : 'out'}`,
      type: 'call',
      occurred_at: at,
      customer_id: made.Alpha,
    });
  const range = `occurred_at__from=${day}&occurred_at__to=${day}`;
  expect(await names(`${range}&q=boundary`, '/interactions')).toBe('boundary-in boundary-in');
  for (const [i, at] of [...inside, ...outside].entries())
    await client.query(`insert into tags (tenant_id, name, created_at) values ($1, $2, $3)`, [
      acme.id,
      `${i < 2 ? 'in' : 'out'} ${day} ${i}`,
      at,
    ]);
  expect(
    (await names(`created_at__from=${day}&created_at__to=${day}`, '/tags'))
      .split(' ')
      .filter((w) => w === 'in' || w === 'out'),
  ).toEqual(['in', 'in']);
  const { text } = await agent.get(`/interactions?scope=all&${range}`).expect(200);
  expect(text).toContain(`name="occurred_at__from" value="${day}"`);
});
