// What every answer carries, how pages and fragments differ, and what people and programs are told when it goes wrong.

import type { Response } from 'supertest';
import { utf8 } from '../../src/kernel/render.ts';
import { safePath } from '../../src/kernel/routes.ts';
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

const HTMX = { 'HX-Request': 'true', 'HX-Request-Type': 'partial', 'HX-Target': 'section#list' };

/** The app pool refuses from the given connection on, for the length of `work`. */
async function withoutDatabase<T>(error: Error, work: () => Promise<T>, passing = 0): Promise<T> {
  const pool = app.platform.pools.app as unknown as { connect: () => Promise<unknown> };
  const connect = pool.connect;
  let left = passing;
  pool.connect = async () => {
    if (left <= 0) throw error;
    left -= 1;
    return connect.call(pool);
  };
  try {
    return await work();
  } finally {
    pool.connect = connect;
  }
}
const broken = () => new Error('canary at /home/secret/file.ts: select * from users');
const gone = () => Object.assign(new Error('connect ECONNREFUSED 10.0.0.7:5432'), { code: 'ECONNREFUSED' });

const KINDS: [string, number, () => PromiseLike<Response>][] = [
  ['a page', 200, () => agent.get('/customers')],
  ['a fragment', 200, () => agent.get('/customers').set(HTMX)],
  ['the form to sign in', 200, () => app.agent().get('/login')],
  ['a redirect', 303, () => app.agent().get('/customers').redirects(0)],
  ['a redirect inside a fragment', 200, () => app.agent().get('/customers').set(HTMX)],
  ['a download', 200, () => agent.get('/customers.csv')],
  ['an answer to a program', 200, () => app.agent().get('/api/v1/customers').set(bearer)],
  ['a program without a token', 401, () => app.agent().get('/api/v1/customers')],
  ['an unknown page', 404, () => agent.get('/nothing/here')],
  ['an unknown page for a stranger', 404, () => app.agent().get('/nothing/here')],
  ['an unknown record', 404, () => agent.get('/customers/1')],
  ['an unknown address of the API', 404, () => app.agent().get('/api/v1/nothing').set(bearer)],
  ['a wrong address', 400, () => agent.get('/customers?sort=x')],
  ['a form without its token', 403, () => agent.post('/customers').type('form').send({ name: 'x' })],
  ['a refused form', 422, () => agent.post('/customers').type('form').send({ _csrf: csrf })],
  [
    'a form too large',
    413,
    () =>
      agent
        .post('/customers')
        .type('form')
        .send({ name: 'x'.repeat(300_000) }),
  ],
  ['broken JSON', 400, () => app.agent().post('/api/v1/customers').set(bearer).type('json').send('{"name":')],
  ['a fault of ours', 500, () => withoutDatabase(broken(), async () => await agent.get('/customers'))],
  [
    'a fault of ours in the API',
    500,
    () => withoutDatabase(broken(), async () => await app.agent().get('/api/v1/customers').set(bearer)),
  ],
  ['no database', 503, () => withoutDatabase(gone(), async () => await agent.get('/customers'))],
  ['no database for a download', 503, () => withoutDatabase(gone(), async () => await agent.get('/customers.csv'), 1)],
];

test.each(KINDS)('%s carries every header of the policy', async (_name, status, ask) => {
  const { status: found, headers, text } = await ask();
  expect(found).toBe(status);
  const csp = String(headers['content-security-policy']);
  for (const part of [
    "default-src 'none'",
    "object-src 'none'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
    "form-action 'self'",
    "style-src 'self'",
  ])
    expect(csp).toContain(part);
  expect(csp).toMatch(/script-src 'self' 'nonce-[\w-]{36}';/);
  expect(csp).not.toMatch(/unsafe|\*|https?:/);
  expect(headers).toMatchObject({
    'cache-control': 'private, no-store',
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'same-origin',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'permissions-policy': expect.stringContaining('camera=()'),
    'x-request-id': expect.stringMatching(/^[\w-]{8,64}$/),
  });
  for (const name of ['HX-Request', 'HX-Request-Type', 'HX-Target', 'HX-History-Restore-Request', 'Cookie'])
    expect(headers.vary!.split(', ')).toContain(name);
  for (const name of ['etag', 'last-modified', 'x-powered-by', 'server', 'access-control-allow-origin'])
    expect(headers[name]).toBeUndefined();
  if (text) expect(headers['content-type']).toMatch(/charset=utf-8$/);
  if (status >= 400) {
    expect(headers['content-disposition']).toBeUndefined();
    expect(text).not.toMatch(/canary|\bat .*\.ts|select \*|ECONNREFUSED|node_modules|10\.0\.0\.7|<pre>/);
    if (status !== 422) expect(text).toContain(headers['x-request-id']);
  }
});

test('the nonce of a page is the one of its policy, and another one each time', async () => {
  const nonces = new Set<string>();
  for (let i = 0; i < 3; i += 1) {
    const { text, headers } = await agent.get('/customers').expect(200);
    const nonce = /'nonce-([^']+)'/.exec(String(headers['content-security-policy']))![1]!;
    nonces.add(nonce);
    for (const [tag] of text.matchAll(/<script\b[^>]*>/g))
      expect(tag.includes(' src="/') || tag.includes(`nonce="${nonce}"`)).toBe(true);
    expect(text).not.toMatch(/<style|\sstyle="|\son\w+="|href="javascript:|hx-on|"https?:\/\/(?!www\.w3\.org)/);
  }
  expect(nonces.size).toBe(3);
});

test('a request id is taken over when it is one, else made', async () => {
  const given = async (id: string) => (await app.agent().get('/login').set('X-Request-Id', id)).headers['x-request-id'];
  expect(await given('load-balancer_0001')).toBe('load-balancer_0001');
  for (const id of ['short', '<script>alert(1)</script>', 'a'.repeat(65), 'with space inside', 'quo"te-quote'])
    expect(await given(id)).toMatch(/^[0-9a-f-]{36}$/);
});

test.each([
  ['asked for the list', HTMX, 'fragment'],
  ['asked for something else on the page', { ...HTMX, 'HX-Target': 'div#other' }, 'page'],
  ['followed a link', { ...HTMX, 'HX-Request-Type': 'full' }, 'page'],
  ['went back in its history', { 'HX-History-Restore-Request': 'true' }, 'page'],
  ['went back, naming a target', { ...HTMX, 'HX-History-Restore-Request': 'true' }, 'page'],
  ['has no JavaScript', {}, 'page'],
  ['names the target alone', { 'HX-Target': 'section#list' }, 'page'],
  ['names an odd target', { ...HTMX, 'HX-Target': 'section#__proto__' }, 'page'],
  ['names another odd target', { ...HTMX, 'HX-Target': 'section#constructor' }, 'page'],
])('a browser that %s gets the right thing', async (_name, headers, expected) => {
  const { text } = await agent
    .get('/customers?scope=all')
    .set(headers as never)
    .expect(200);
  expect(text).toContain(`data-id="${acme.records.customer}"`);
  expect(text.includes('<html') ? 'page' : 'fragment').toBe(expected);
  if (expected === 'fragment') expect(text).not.toMatch(/<form class="filters"|<nav class="segments"|<script/);
});

test('a session that has ended leads to the form to sign in, also from inside a page, and back again', async () => {
  const stranger = app.agent();
  const page = await stranger.get('/customers?q=a&scope=all').redirects(0);
  expect([page.status, page.headers.location]).toEqual([303, '/login?next=%2Fcustomers%3Fq%3Da%26scope%3Dall']);
  const part = await stranger.get('/customers?q=a').set(HTMX);
  expect([part.status, part.headers['hx-redirect'], part.text]).toEqual([200, '/login?next=%2Fcustomers%3Fq%3Da', '']);
  const write = await stranger.post('/customers').set(HTMX).type('form').send({ name: 'x' });
  expect(write.headers['hx-redirect']).toBe('/login?next=%2F');
  const restored = await stranger
    .get('/customers')
    .set({ ...HTMX, 'HX-History-Restore-Request': 'true' })
    .redirects(0);
  expect(restored.status).toBe(303);
});

test.each([
  ['/customers?q=a#b', '/customers?q=a#b'],
  ['/', '/'],
  ['//evil.test', '/'],
  ['///evil.test', '/'],
  ['/\\evil.test', '/'],
  ['\\\\evil.test', '/'],
  ['/\t/evil.test', '/'],
  ['/\r\nSet-Cookie: a=b', '/'],
  ['https://evil.test', '/'],
  ['https:evil.test', '/'],
  ['javascript:alert(1)', '/'],
  ['evil.test', '/'],
  ['', '/'],
  ['/..//evil.test', '/'],
  ['/.//evil.test', '/'],
  ['/x/../..//evil.test', '/'],
  ['/%2f%2fevil.test', '/%2f%2fevil.test'],
  ['/%09/evil.test', '/%09/evil.test'],
  ['/@evil.test', '/@evil.test'],
  ['/∕∕evil.test', '/%E2%88%95%E2%88%95evil.test'],
  [' //evil.test', '/'],
])('of %j the way on is %j', (to, expected) => {
  expect(safePath(to)).toBe(expected);
  expect(new URL(safePath(to), 'https://crm.example').origin).toBe('https://crm.example');
});

test('a form that says where to go back goes nowhere else', async () => {
  for (const back of ['//evil.test', 'https://evil.test', '/\\evil.test']) {
    const { headers } = await agent
      .post('/customers')
      .type('form')
      .send({ _csrf: csrf, name: 'Back', _back: back })
      .redirects(0);
    expect(headers.location).toMatch(/^\/customers\/[0-9a-f-]{36}$/);
  }
});

test('a write is taken from our own pages only, with the token of its session', async () => {
  const other = app.agent();
  await signIn(other, acme.users.manager.email, PASSWORD);
  const theirs = csrfToken((await other.get('/customers')).text);
  const anonymous = csrfToken((await app.agent().get('/login')).text);
  const before = await fingerprint(app.database.url);
  const attacks: [string, Record<string, string>, string | object][] = [
    ['no token', {}, 'name=x'],
    ['an empty token', {}, '_csrf=&name=x'],
    ["another person's token", {}, { _csrf: theirs, name: 'x' }],
    ["a stranger's token", {}, { _csrf: anonymous, name: 'x' }],
    ['two tokens', {}, `_csrf=${csrf}&_csrf=${csrf}&name=x`],
    ['a token in brackets', {}, `_csrf[]=${csrf}&name=x`],
    ['an empty header before a good field', { 'X-CSRF-Token': 'x' }, { _csrf: csrf, name: 'x' }],
    ['another site', { 'Sec-Fetch-Site': 'cross-site' }, { _csrf: csrf, name: 'x' }],
    ['a sibling site', { 'Sec-Fetch-Site': 'same-site' }, { _csrf: csrf, name: 'x' }],
    ['another origin', { Origin: 'https://evil.test' }, { _csrf: csrf, name: 'x' }],
    ['the origin null', { Origin: 'null' }, { _csrf: csrf, name: 'x' }],
    ['an origin that begins like ours', { Origin: `${app.url}.evil.test` }, { _csrf: csrf, name: 'x' }],
    ['JSON as plain text', { 'Content-Type': 'text/plain' }, `{"_csrf":"${csrf}","name":"x"}`],
    ['JSON', { 'Content-Type': 'application/json' }, JSON.stringify({ _csrf: csrf, name: 'x' })],
  ];
  for (const [name, headers, body] of attacks) {
    const { status } = await agent
      .post('/customers')
      .set({ 'Content-Type': 'application/x-www-form-urlencoded', ...headers })
      .send(body as string);
    expect(`${name} ${status}`).toBe(`${name} 403`);
  }
  const cookieOnly = await agent.post('/api/v1/customers').send({ name: 'x' });
  const tokenOnPages = await app.agent().get('/customers').set(bearer).redirects(0);
  expect([cookieOnly.status, tokenOnPages.status]).toEqual([401, 303]);
  expect((await app.agent().get(`/api/v1/customers?access_token=${acme.users.admin.token}`)).status).toBe(401);
  expect(await fingerprint(app.database.url)).toEqual(before);
  const good = { 'Sec-Fetch-Site': 'same-origin', Origin: app.url, 'X-CSRF-Token': csrf };
  expect((await agent.post('/customers').set(good).type('form').send({ name: 'From our own page' })).status).toBe(303);
});

test('a page says any character as it was written, and half a character of a text that was cut is no fault', async () => {
  const name = `Łódź – Ωμέγα 漢字 😀${'x'.repeat(100)}😀 and more`;
  const made = await fetch(`${app.url}/api/v1/customers`, {
    method: 'POST',
    headers: { ...bearer, 'content-type': 'application/json' },
    body: JSON.stringify({ name, city: 'Ørsta 🐟' }),
  });
  const { data } = (await made.json()) as { data: { id: string } };
  const { headers, text } = await agent.get(`/customers/${data.id}`).expect(200);
  expect(headers['content-type']).toBe('text/html; charset=utf-8');
  expect(headers['content-length']).toBe(String(Buffer.byteLength(text)));
  expect(text).toContain('Łódź – Ωμέγα 漢字 😀xxx');
  expect(text).toContain('x…');
  expect(text).toContain('Ørsta 🐟');
  await agent.get(`/search?q=${encodeURIComponent(`${'x'.repeat(199)}😀`)}`).expect(200);
  expect(utf8('x–\ud83d')).toEqual(Buffer.from('x–\ufffd'));
});
