// Words, counts, and the address that says all of a list: what is searched, how many there are, and the same list again.
import pg from 'pg';
import { entityNamed } from '../../src/kernel/entity.ts';
import { newId } from '../../src/kernel/ids.ts';
import { listPage } from '../../src/kernel/list_page.ts';
import { COUNT_CAP, readListQuery } from '../../src/kernel/list_query.ts';
import { listAddress } from '../../src/kernel/list_view.ts';
import { type Agent, signIn, startApp, type TestApp } from '../helpers/app.ts';
import { inTenant, makeTenant, PASSWORD, type TestTenant } from '../helpers/fixture.ts';
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
  await client.query(`update tenants set locale = 'de-DE' where id = $1`, [globex.id]);
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

test('a search finds letters as they are typed, whatever their case and accents', async () => {
  const odd = [
    '100% sure',
    '100_sure',
    'back\\slash',
    "O'Neil & Sons",
    'Zażółć Gęślą',
    'Straße',
    'x"y',
    '<b>bold</b>',
    'İstanbul',
    'a.b*c',
    '＿wide＿',
  ];
  for (const name of odd) await admin.post('/leads', { name });
  const scenarios: Record<string, string[]> = {
    '%': ['100% sure'],
    '％': ['100% sure'],
    _: ['100_sure', '＿wide＿'],
    '0_s': ['100_sure'],
    '\\': ['back\\slash'],
    "'": ["O'Neil & Sons"],
    "o'NEIL sons": ["O'Neil & Sons"],
    'zazolc gesla': ['Zażółć Gęślą'],
    ZAŻÓŁĆ: ['Zażółć Gęślą'],
    'zaz\u0307o\u0301': ['Zażółć Gęślą'],
    strasse: ['Straße'],
    'x"y': ['x"y'],
    '<b>': ['<b>bold</b>'],
    istanbul: ['İstanbul'],
    '.b*': ['a.b*c'],
    '(a+)+$': [],
    "' & | ! ( ) : * <->": [],
    "'; select pg_sleep(5) --": [],
    'sure\u0000': ['100% sure', '100_sure'],
    ['x'.repeat(10_000)]: [],
  };
  for (const [q, expected] of Object.entries(scenarios)) {
    const { status, body } = await admin.get(`/leads?sort=name&q=${encodeURIComponent(q)}`);
    const found = body.items?.map((row: { name: string }) => row.name).filter((name: string) => odd.includes(name));
    expect([q.slice(0, 30), status, found?.sort()]).toEqual([q.slice(0, 30), 200, [...expected].sort()]);
  }
  for (const q of ['%00', '%ED%A0%80', '%25%25', ' ', Array(200).fill('sure').join('+')])
    for (const path of ['/leads', '/leads/lookup', '/search'])
      expect(`${q.slice(0, 20)} ${(await agent.get(`${path}?q=${q}`)).status}`).toBe(`${q.slice(0, 20)} 200`);
});

test('a count is made only when asked, stops at ten thousand, and goes on when exact is asked for', async () => {
  await client.query(`insert into tags (tenant_id, name) select $1, 'many ' || i from generate_series(1, $2::int) i`, [
    globex.id,
    COUNT_CAP + 49,
  ]);
  const theirs = program(app, globex.users.admin);
  expect((await theirs.get('/tags')).body).not.toHaveProperty('total');
  expect((await theirs.get('/tags?count=capped')).body).not.toHaveProperty('total');
  expect((await theirs.get('/tags?count=exact')).body.total).toBe(COUNT_CAP + 51); // with the sample's tag and its VIP
  expect((await theirs.get('/tags?count=exact&q=many%2010')).body.total).toBe(
    Array.from({ length: COUNT_CAP + 49 }, (_, i) => String(i + 1)).filter((n) => n.includes('10')).length,
  );
  const visitor = app.agent();
  await signIn(visitor, globex.users.admin.email, PASSWORD);
  const total = async (query: string) =>
    /data-total="([^"]*)"/.exec((await visitor.get(`/tags?scope=all&${query}`)).text)?.[1];
  expect([await total(''), await total('count=capped'), await total('count=exact')]).toEqual(['', '10.000+', '10.051']);
  await client.query(`update tags set deleted_at = now() where tenant_id = $1 and name > 'many 5'`, [globex.id]);
  expect(await total('count=capped')).not.toContain('+');
});

const STATES = [
  '',
  'q=100%25+%26+a%3Db&status=active',
  'status=Active,inactive&segment=none,Mid-market',
  'owner_id=me,none&tags=VIP,north',
  'arr__from=1000&arr__to=2000,50',
  'arr__from=1.234,5',
  'arr__from=1,234.50',
  'renewal_date__from=29.3.2026&renewal_date__to=2026-12-31',
  'created_at__from=2026-03-29&updated_at__to=2026-10-25',
  'sort=-renewal_date&limit=100&scope=team',
  'sort=arr&limit=999&offset=5&utm_source=x',
  'industry=Software&scope=own',
];
test.each(STATES)('the address of the list %j leads to the same list again, for whoever opens it', async (query) => {
  for (const tenant of [acme, globex]) {
    await inTenant(app.platform, tenant, 'admin', async (ctx) => {
      const entity = entityNamed('customer');
      const read = (address: string) =>
        readListQuery(ctx, entity, Object.fromEntries(new URL(address, 'http://x').searchParams));
      const list = read(`/customers?scope=all&${query}`.replace(/scope=all&(.*scope=)/, '$1'));
      const address = listAddress(entity, list);
      const again = read(address);
      expect(listAddress(entity, again)).toBe(address);
      const rows = async (state: typeof list) => (await listPage(ctx, entity, { ...state, offset: 0 })).rows;
      expect(await rows(again)).toEqual(await rows(list));
      const other = await inTenant(
        app.platform,
        tenant,
        'manager',
        async (theirs) =>
          (
            await listPage(
              theirs,
              entity,
              readListQuery(theirs, entity, Object.fromEntries(new URL(address, 'http://x').searchParams)),
            )
          ).rows,
      );
      if (list.scope === 'all') expect(other).toEqual(await rows(list));
    });
  }
});

test('occurred_at and other times of an address survive being read again', async () => {
  await inTenant(app.platform, acme, 'admin', async (ctx) => {
    const entity = entityNamed('interaction');
    const list = readListQuery(ctx, entity, { occurred_at__from: '2026-03-29', type: 'call', customer_id: newId() });
    expect(list.filters.map((filter) => filter.values)).toEqual([
      ['2026-03-29'],
      ['call'],
      [list.filters[2]!.values[0]],
    ]);
    expect(listAddress(entity, list)).toContain('occurred_at__from=2026-03-29&type=call');
  });
});

test('what begins with what was typed is found first, whatever else it stands in', async () => {
  const found = async (q: string) => {
    const { text } = await agent.get(`/customers/lookup?q=${encodeURIComponent(q)}`).expect(200);
    return (JSON.parse(text) as { items: { title: string }[] }).items.map(({ title }) => title);
  };
  const names = ['Zeta Ärzte', 'zéta-bau', 'Anna Zeta', 'Bau ZETA', 'Zetan', 'Zet', 'Zu Zeta', '%zeta'];
  for (const name of names) await admin.post('/customers', { name });
  const [zetan, zeta, bau] = ['Zetan', 'Zeta Ärzte', 'zéta-bau'];
  expect((await found('zeta')).slice(0, 3).sort()).toEqual([zeta, zetan, bau].sort());
  expect((await found('ZÉTA')).slice(3)).toEqual(['%zeta', 'Anna Zeta', 'Bau ZETA', 'Zu Zeta']);
  expect((await found('zeta ä'))[0]).toBe(zeta);
  expect(await found('bau zeta')).toEqual(['Bau ZETA', bau]);
  expect(await found('%')).toEqual(['%zeta']);
  expect(await found('_')).toEqual([]);
  await admin.remove(`/customers/${made.Alpha}`);
  expect(await found('alpha')).toEqual([]);
});
