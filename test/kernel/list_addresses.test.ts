// What somebody may write into the address of a list by hand: sizes, cursors, sorts, and things said twice.
import pg from 'pg';
import { newId } from '../../src/kernel/ids.ts';
import { encodeCursor } from '../../src/kernel/list_query.ts';
import { customer } from '../../src/modules/customers/customer.entity.ts';
import { startApp, type TestApp } from '../helpers/app.ts';
import { inTenant, makeRecord, makeTenant, type TestTenant } from '../helpers/fixture.ts';
import { type Program, program } from '../helpers/program.ts';

let app: TestApp;
let acme: TestTenant;
let admin: Program;
let client: pg.Client;

beforeAll(async () => {
  app = await startApp();
  acme = await makeTenant(app.database.url, app.platform, 'acme');
  admin = program(app, acme.users.admin);
  client = new pg.Client({ connectionString: app.database.url });
  await client.connect();
  await inTenant(app.platform, acme, 'admin', async (ctx) => {
    for (let i = 0; i < 30; i += 1) await makeRecord(ctx, customer, acme.records, { external_id: newId() });
  });
}, 60_000);
afterAll(async () => {
  await client?.end();
  await app?.stop();
});

test('pages hold 1 to 100 rows, 25 unless asked; other sizes are clamped or said', async () => {
  await client.query(
    `insert into tags (tenant_id, name, created_by) select $1, 'size ' || i, $2 from generate_series(1, 105) i`,
    [acme.id, acme.users.admin.id],
  );
  const scenarios: Record<string, number | string> = {
    '': 25,
    'limit=100': 100,
    'limit=101': 100,
    'limit=999999999': 100,
    'limit=1': 1,
    'limit=0': 1,
    'limit=': 25,
    'limit=100&offset=100': 5,
    'offset=105': 0,
    'offset=999999999': 0,
    'limit=-1': '400',
    'limit=1e9': '400',
    'limit=NaN': '400',
    'limit=9223372036854775808': '400',
    'limit=1;drop': '400',
    'limit=0x10': '400',
    'limit=%D9%A1': '400',
    'offset=-1': '400',
    'offset=1.5': '400',
  };
  for (const [query, expected] of Object.entries(scenarios)) {
    const { status, body } = await admin.get(`/tags?q=size&${query}`);
    expect(`${query}: ${status === 200 ? body.items.length : status}`).toBe(`${query}: ${expected}`);
  }
  const all = (await admin.get('/tags?q=size&sort=name&limit=100')).body.items;
  const skipped = (await admin.get('/tags?q=size&sort=name&limit=10&offset=30')).body.items;
  expect(skipped).toEqual(all.slice(30, 40));
});

const good = encodeCursor({ value: 'abc', id: newId() });
const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

test.each([
  ['not base64', '???'],
  ['cut off', good.slice(0, -6)],
  ['no list', encoded({ value: 'a', id: newId() })],
  ['a number for a text', encoded([1, newId()])],
  ['null for a value', encoded([null, newId()])],
  ['no id', encoded(['abc'])],
  ['an id that is none', encoded(['abc', "' or 1=1 --"])],
  ['an id in capitals', encoded(['abc', newId().toUpperCase()])],
  ['a value too long', encoded(['a'.repeat(501), newId()])],
  ['NUL inside', encoded(['a\u0000b', newId()])],
  ['an object', encoded([{ toString: 'x' }, newId()])],
  ['repeated', `${good}&after=${good}`],
  ['both ways at once', `${good}&before=${good}`],
])('a cursor that was tampered with is said, never guessed: %s', async (_name, cursor) => {
  const { status, body } = await admin.get(`/customers?sort=name&after=${cursor}`);
  expect([status, typeof body.error]).toEqual([400, 'string']);
});

test('a cursor of another sort order, list or company finds no foreign rows and breaks nothing', async () => {
  for (const sort of ['arr', 'renewal_date', '-created_at'])
    expect((await admin.get(`/customers?sort=${sort}&after=${good}`)).status).toBe(400);
  const foreign = encodeCursor({ value: '', id: '00000000-0000-7000-8000-000000000000' });
  const { body } = await admin.get(`/customers?sort=name&limit=100&after=${foreign}`);
  expect(body.items.length).toBeGreaterThan(25);
  for (const value of ['NaN', 'infinity', '-Infinity', '1e308', "1'; select pg_sleep(5); --"])
    expect([200, 400]).toContain(
      (await admin.get(`/customers?sort=arr&after=${encodeCursor({ value, id: newId() })}`)).status,
    );
});

const INJECTIONS = [
  'name;select pg_sleep(5)',
  'name desc',
  'name,id',
  '(case when (select 1)=1 then name else id end)',
  '1',
  '--name',
  '-',
  'password_hash',
  'tenant_id',
  'custom',
  'search_text',
  'description',
  'name"--',
  'customers.name',
  '*',
  'count(*)',
  'password_hash as name',
  '__proto__',
  'constructor',
  'NAME',
  'name nulls first',
];
test('a list is sorted by its own sorts and nothing else', async () => {
  for (const sort of INJECTIONS) {
    const started = performance.now();
    const { status, body } = await admin.get(`/customers?sort=${encodeURIComponent(sort)}`);
    expect(`${sort} ${status} ${performance.now() - started < 2000}`).toBe(`${sort} 400 true`);
    expect(body.error).toContain('cannot be sorted');
  }
});

test('what is said twice or as a list is refused; what is unknown is passed over', async () => {
  const twice = [
    'sort=name&sort=arr',
    'limit=1&limit=2',
    'q=a&q=b',
    'status=new&status=active',
    'after=&after=x',
    'scope=own&scope=all',
    'count=exact&count=1',
  ];
  for (const query of twice) {
    const { status, body } = await admin.get(`/customers?${query}`);
    expect(`${query} ${status} ${body.error}`).toMatch(/ 400 The address says "\w+" more than once/);
  }
  const all = (await admin.get('/customers?limit=100')).body.items;
  const passedOver = [
    'utm_source=mail',
    'sort[]=name',
    'sort[nulls]=last',
    'nulls=last;select 42',
    'order=asc;drop',
    'email=x@y.z',
    'id=1',
    'tenant_id=1',
    'password_hash=x',
    '__proto__=1',
    'constructor=1',
    'toString=1',
    'status__from=new',
    'arr=5',
    'name=x',
  ];
  for (const query of passedOver) {
    const { status, body } = await admin.get(`/customers?limit=100&${query}`);
    expect(`${query} ${status} ${body.items?.length}`).toBe(`${query} 200 ${all.length}`);
  }
});
