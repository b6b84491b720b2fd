// Bodies that no browser or program of good will sends: broken, deep, packed, huge, or named after what objects inherit.
import { gzipSync } from 'node:zlib';
import { type Agent, csrfToken, signIn, startApp, type TestApp } from '../helpers/app.ts';
import { fingerprint, makeTenant, PASSWORD, type TestTenant } from '../helpers/fixture.ts';

let app: TestApp;
let acme: TestTenant;
let agent: Agent;
let csrf: string;
let bearer: Record<string, string>;

beforeAll(async () => {
  app = await startApp();
  acme = await makeTenant(app.database.url, app.platform, 'acme');
  agent = app.agent();
  await signIn(agent, acme.users.admin.email, PASSWORD);
  csrf = csrfToken((await agent.get('/customers').expect(200)).text);
  bearer = { Authorization: `Bearer ${acme.users.admin.token}` };
}, 60_000);
afterAll(() => app?.stop());

const nested = (open: string, close: string, times: number) => open.repeat(times) + close.repeat(times);
const BODIES: [string, string, string | Buffer, Record<string, string>, number[]][] = [
  ['nothing', 'application/json', '', {}, [422]],
  ['broken JSON', 'application/json', '{"name":', {}, [400]],
  ['a bare text', 'application/json', '"x"', {}, [400]],
  ['null', 'application/json', 'null', {}, [400]],
  ['a list', 'application/json', '[{"name":"x"}]', {}, [422]],
  ['101 levels', 'application/json', `{"name":${nested('[', ']', 101)}}`, {}, [422]],
  ['ninety thousand levels', 'application/json', nested('[', ']', 90_000), {}, [400, 422]],
  ['300 KB', 'application/json', `{"name":"${'x'.repeat(300_000)}"}`, {}, [413]],
  ['plain text', 'text/plain', '{"name":"x"}', {}, [415, 422]],
  ['XML', 'application/xml', '<name>x</name>', {}, [415, 422]],
  ['a form', 'application/x-www-form-urlencoded', 'name=x', {}, [415, 422]],
  ['another alphabet', 'application/json; charset=iso-8859-1', '{"name":"x"}', {}, [415]],
  ['broken UTF-8', 'application/json', Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d]), {}, [400, 422]],
  [
    'a bomb',
    'application/json',
    gzipSync(`{"name":"${'x'.repeat(20_000_000)}"}`),
    { 'Content-Encoding': 'gzip' },
    [413],
  ],
  ['no gzip although it says so', 'application/json', '{"name":"x"}', { 'Content-Encoding': 'gzip' }, [400]],
  ['an unknown packing', 'application/json', '{"name":"x"}', { 'Content-Encoding': 'zip' }, [415]],
  [
    'ten thousand fields',
    'application/json',
    JSON.stringify(Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`f${i}`, 1]))),
    {},
    [422],
  ],
  ['a prototype', 'application/json', '{"name":{"__proto__":{"x":1}},"constructor":{"prototype":{"x":1}}}', {}, [422]],
  ['a text that is an object', 'application/json', '{"name":{"toString":"x"}}', {}, [422]],
  ['huge numbers', 'application/json', '{"name":"n","arr":1e400}', {}, [422]],
  ['numbers floats cannot hold', 'application/json', '{"name":"n","arr":9007199254740993}', {}, [422]],
];

test.each(BODIES)(
  'a body of %s is refused in the one shape of errors',
  async (_name, type, body, headers, statuses) => {
    const before = await fingerprint(app.database.url);
    const sent = app
      .agent()
      .post('/api/v1/customers')
      .set({ ...bearer, ...headers, 'Content-Type': type });
    const started = performance.now();
    const answer = await sent.serialize((x) => x as string).send(body as string);
    expect(statuses).toContain(answer.status);
    expect(performance.now() - started).toBeLessThan(2_000);
    expect(Object.keys(JSON.parse(answer.text)).sort()).toEqual(['details', 'error', 'request_id']);
    expect(await fingerprint(app.database.url)).toEqual(before);
  },
);

test('a form of strange names changes nobody', async () => {
  const strange = [
    '__proto__[x]=1',
    '__proto__=1',
    'constructor[prototype][x]=1',
    'constructor=1',
    'toString=1',
    'hasOwnProperty=1',
    'name[x]=1',
    'tags[__proto__]=1',
  ];
  for (const field of strange) {
    const { status } = await agent.post('/customers').type('form').send(`_csrf=${csrf}&name=Strange&${field}`);
    expect(`${field} ${status}`).toBe(`${field} 303`);
    expect((await agent.get(`/customers?${field}`)).status).toBe(200);
  }
  expect([({} as { x?: string }).x, Object.keys(Object.prototype)]).toEqual([undefined, []]);
  for (const [body, expected] of [
    [`_csrf=${csrf}&${Array.from({ length: 2_100 }, (_, i) => `f${i}=1`).join('&')}`, 413],
    [`_csrf=${csrf}&name=a&name=b`, 400],
    [`_csrf=${csrf}&name=${'x'.repeat(210_000)}`, 413],
    [`_csrf=${csrf}&name=%ff%fe%00`, 303],
  ] as const)
    expect([body.slice(44, 60), (await agent.post('/customers').type('form').send(body)).status]).toEqual([
      body.slice(44, 60),
      expected,
    ]);
});
