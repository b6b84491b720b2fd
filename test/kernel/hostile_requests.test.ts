// Requests that no browser of ours sends: methods, hosts and paths that try something; and what the log says of them.
import net from 'node:net';
import { pino } from 'pino';
import { type Agent, csrfToken, signIn, startApp, type TestApp } from '../helpers/app.ts';
import { fingerprint, makeTenant, PASSWORD, type TestTenant } from '../helpers/fixture.ts';
import { findViolations } from '../helpers/invariants.ts';

let app: TestApp;
let acme: TestTenant;
let agent: Agent;
let csrf: string;
let cookie: string;
let bearer: Record<string, string>;
const log: string[] = [];

beforeAll(async () => {
  app = await startApp();
  acme = await makeTenant(app.database.url, app.platform, 'acme');
  // The product's own log with its own rules, written into memory.
  const logger = app.platform.log as unknown as { level: string; [key: symbol]: unknown };
  logger[pino.symbols.streamSym] = { write: (line: string) => log.push(line) };
  logger.level = 'debug';
  agent = app.agent();
  const signedIn = await signIn(agent, acme.users.admin.email, PASSWORD);
  cookie = [signedIn.headers['set-cookie'] ?? []]
    .flat()
    .map((c) => c.split(';')[0])
    .join('; ');
  csrf = csrfToken((await agent.get('/customers').expect(200)).text);
  bearer = { Authorization: `Bearer ${acme.users.admin.token}` };
}, 60_000);
afterAll(() => app?.stop());

/** Sends these bytes and gives the whole answer. */
function raw(text: string): Promise<string> {
  const { hostname, port } = new URL(app.url);
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    const socket = net.connect(Number(port), hostname, () => socket.write(text));
    socket.on('data', (part) => parts.push(part));
    socket.on('close', () => resolve(Buffer.concat(parts).toString('utf8')));
    socket.on('error', (error) => (parts.length ? undefined : reject(error)));
    socket.setTimeout(5_000, () => socket.destroy());
  });
}
const rawGet = (target: string, headers: string[] = ['Host: 127.0.0.1'], method = 'GET') =>
  raw(`${[`${method} ${target} HTTP/1.1`, ...headers, 'Connection: close'].join('\r\n')}\r\n\r\n`);
const statusOf = (answer: string) => Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1] ?? 0);

test('methods mean what they say: none is overridden, reading changes nothing', async () => {
  const at = `/customers/${acme.records.customer}`;
  const before = await fingerprint(app.database.url);
  for (const headers of [{ 'X-HTTP-Method-Override': 'DELETE' }, { 'X-Method-Override': 'DELETE' }]) {
    expect(
      (
        await app
          .agent()
          .post(`/api/v1${at}`)
          .set({ ...bearer, ...headers })
      ).status,
    ).toBe(404);
    expect(
      (
        await app
          .agent()
          .get(`/api/v1${at}?_method=DELETE`)
          .set({ ...bearer, ...headers })
      ).status,
    ).toBe(200);
  }
  const head = await agent.head('/customers').expect(200);
  expect(head.text ?? '').toBe('');
  expect((await app.agent().head('/customers').redirects(0)).status).toBe(303);
  for (const method of ['PUT', 'DELETE', 'PATCH', 'PROPFIND'])
    expect(`${method} ${statusOf(await rawGet(at, ['Host: x', `Cookie: ${cookie}`], method))}`).toBe(`${method} 404`);
  for (const method of ['TRACE', 'CONNECT', 'NONSENSE'])
    expect([0, 400, 404, 405, 501]).toContain(statusOf(await rawGet(at, ['Host: x', `Cookie: ${cookie}`], method)));
  const options = await agent
    .options('/customers')
    .set({ Origin: 'https://evil.test', 'Access-Control-Request-Method': 'POST' });
  expect(Object.keys(options.headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
  for (const path of [`${at}/trash`, `${at}/restoration`, '/logout'])
    expect(`${path} ${(await agent.get(path).redirects(0)).status}`).toMatch(/ (404|405)$/);
  expect(await fingerprint(app.database.url)).toEqual(before);
});

test('whatever the Host header says, no link and no redirect leads there', async () => {
  const evil = [
    ['Host: evil.test'],
    ['Host: 127.0.0.1', 'X-Forwarded-Host: evil.test', 'X-Forwarded-Proto: gopher'],
    ['Host: 127.0.0.1', 'Forwarded: host=evil.test'],
    ['Host: evil.test:99999'],
    ['Host: 127.0.0.1', 'Host: evil.test'],
    ['Host: 127.0.0.1@evil.test'],
    ['Host: 127.0.0.1', 'X-Original-URL: https://evil.test/', 'X-Rewrite-URL: //evil.test/'],
  ];
  for (const headers of evil)
    for (const target of ['/login', '/customers', '/', 'http://evil.test/customers', '/nothing']) {
      for (const who of [[], [`Cookie: ${cookie}`]]) {
        const answer = await rawGet(target, [...headers, ...who]);
        expect([200, 303, 400, 404, 421]).toContain(statusOf(answer));
        const place = /^location: (.*)$/im.exec(answer)?.[1]?.trim() ?? '/';
        expect([target, headers, place.startsWith('/') && !place.startsWith('//')]).toEqual([target, headers, true]);
        expect(answer).not.toMatch(/(href|action|src|content|hx-get)="[^"]*evil\.test/);
      }
    }
});

test('a path that plays tricks gets the same answer as an unknown one', async () => {
  const tricks = [
    '//customers',
    '/CUSTOMERS',
    '/customers%2f',
    '/customers;x',
    '/./customers',
    '/x/../customers',
    '/customers/%00',
    '/customers/..%2f..%2fetc%2fpasswd',
    '/%2e%2e/%2e%2e/etc/passwd',
    '/%2563ustomers',
    '/customers/x.css',
    `/customers/${acme.records.customer}/x.css`,
    '//evil.test',
    '//evil.test/%2f..',
    '/\\evil.test',
    '/.git/config',
    '/.env',
    '/package.json',
    '/src/main.ts',
    '/admin',
    '/debug',
    '/install',
    '/server-status',
    '/assets/../package.json',
  ];
  for (const target of tricks)
    for (const who of [[], [`Cookie: ${cookie}`]]) {
      const answer = await rawGet(target, ['Host: 127.0.0.1', ...who]);
      const place = /^location: (.*)$/im.exec(answer)?.[1]?.trim() ?? '';
      expect(`${target} ${statusOf(answer)} ${place}`).toMatch(/ (400 |404 |303 \/login\?next=[\w%.-]+)$/);
      expect(answer).not.toContain('rapport"');
    }
  for (const target of ['/customers/%E0%A4%A', '/customers/%ff', '/%'])
    expect([400, 404]).toContain(statusOf(await rawGet(target, ['Host: x', `Cookie: ${cookie}`])));
  expect([414, 431]).toContain(statusOf(await rawGet(`/customers?q=${'x'.repeat(64_000)}`)));
  expect(statusOf(await rawGet('/customers', ['Host: x', `Cookie: ${'x'.repeat(20_000)}`]))).toBe(431);
  expect(
    statusOf(await rawGet('/login', ['Host: x', ...Array.from({ length: 300 }, (_, i) => `X-${i}: 1`)])),
  ).toBeLessThan(500);
  expect((await agent.get('/customers').expect(200)).text).toContain('<html');
});

test('ids are ids: whatever looks like one to a lenient eye finds nothing', async () => {
  const own = acme.records.customer!;
  for (const id of [
    own.toUpperCase(),
    `{${own}}`,
    ` ${own}`,
    `${own}%20`,
    own.replaceAll('-', ''),
    `${own}'`,
    '1e3',
    '0x10',
    'true',
    '%D9%A1',
    '[1]',
    'new%00',
    'null',
  ])
    for (const path of [
      `/customers/${encodeURI(id).replaceAll('%25', '%')}`,
      `/api/v1/customers/${encodeURI(id).replaceAll('%25', '%')}`,
    ])
      expect(`${path} ${(await agent.get(path).set(path.startsWith('/api') ? bearer : {})).status}`).toBe(
        `${path} 404`,
      );
});

test('the log is one line of JSON an event, with an id to follow and without a secret', async () => {
  const canary = (what: string) => `canary-${what}-${'z'.repeat(12)}`;
  await app.agent().get(`/login?next=/${canary('query')}`);
  const stranger = app.agent();
  const token = csrfToken((await stranger.get('/login')).text);
  await stranger
    .post('/login')
    .type('form')
    .send({ _csrf: token, email: 'nobody@acme.example', password: canary('password') });
  await app
    .agent()
    .get('/api/v1/customers')
    .set('Authorization', `Bearer rpt_${canary('token')}`);
  await app
    .agent()
    .get('/customers')
    .set('Cookie', `rapport=${canary('cookie')}`);
  await app.agent().get(`/api/v1/customers?access_token=${canary('url')}`);
  await app
    .agent()
    .post('/api/v1/customers')
    .set({ ...bearer, 'Idempotency-Key': canary('key') })
    .send({ name: canary('name'), email: `${canary('mail')}@example.com` });
  await app.agent().get('/login').set('User-Agent', canary('agent').repeat(1_000));
  const pool = app.platform.pools.app as unknown as { connect: () => Promise<unknown> };
  const connect = pool.connect;
  pool.connect = async () => {
    throw Object.assign(new Error('first line\nsecond line \u001b[2J'), {
      password: canary('error'),
      parameters: [canary('parameter')],
    });
  };
  const failed = await agent.get('/customers').set('X-Request-Id', 'find-me-again-0001');
  pool.connect = connect;
  expect([failed.status, log.length > 50]).toEqual([500, true]);
  for (const line of log) {
    expect([...line.trimEnd()].filter((letter) => letter < ' ')).toEqual([]);
    expect(line.length).toBeLessThan(6_000);
    expect(JSON.parse(line)).toMatchObject({ level: expect.any(String), time: expect.stringMatching(/^20/) });
  }
  const all = log.join('');
  expect(all.match(/canary-\w+/g)).toBeNull();
  for (const secret of [
    PASSWORD,
    acme.users.admin.token,
    csrf,
    token,
    ...cookie.split('; ').map((c) => decodeURIComponent(c.split('=')[1] ?? '')),
  ])
    expect(all.includes(secret)).toBe(false);
  expect(
    log.map((line) => JSON.parse(line)).find((line) => line.err && line.request_id === 'find-me-again-0001'),
  ).toMatchObject({ level: 'error', route: '/customers' });
  expect(await findViolations(app.database.url)).toEqual([]);
});
