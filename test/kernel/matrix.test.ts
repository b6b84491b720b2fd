// Lock 6: every route x every role x both tenants, generated from the router's own table and the registry of entities.
// A new route is covered without anyone asking: a GET must answer or refuse as its access says; a write with no
// sense in its body may be refused for that, never for the wrong reason, and must leave every table as it was.
import type { IncomingMessage } from 'node:http';
import pg from 'pg';
import type { Response } from 'supertest';
import { ROLES, type Role, roleMay } from '../../src/kernel/access.ts';
import { allEntities } from '../../src/kernel/entity.ts';
import { newId } from '../../src/kernel/ids.ts';
import type { Route } from '../../src/kernel/routes.ts';
import { allRoutes } from '../../src/modules/index.ts';
import { type Agent, csrfToken, signIn, startApp, type TestApp } from '../helpers/app.ts';
import { fingerprint, makeTenant, PASSWORD, sampleValues, type TestTenant } from '../helpers/fixture.ts';

let app: TestApp;
let acme: TestTenant;
let globex: TestTenant;
let routes: Route[];
const agents = new Map<Role, { agent: Agent; csrf: string }>();

beforeAll(async () => {
  app = await startApp();
  acme = await makeTenant(app.database.url, app.platform, 'acme');
  globex = await makeTenant(app.database.url, app.platform, 'globex');
  routes = allRoutes(app.platform);
  for (const role of ROLES) {
    const agent = app.agent();
    await signIn(agent, acme.users[role].email, PASSWORD);
    const { text } = await agent.get('/customers').expect(200);
    agents.set(role, { agent, csrf: csrfToken(text) });
  }
}, 120_000);
afterAll(() => app?.stop());

/** The route's address with ids of a tenant's records; parameters that are no ids get a word. */
function address(route: Route, tenant: TestTenant, id?: string): string {
  const entity = allEntities().find((e) => e.name === route.entity);
  return route.path.replace(/:(\w+)/g, (_all, name: string) => {
    if (name === 'field') return entity?.title ?? 'name';
    return id ?? tenant.records[route.entity ?? 'customer'] ?? newId();
  });
}

interface Answer {
  status: number;
  text: string;
  headers: Record<string, string>;
}

/** The answer's text; of events, which never end, how they begin. */
const whole = (res: Response, done: (error: Error | null, body: null) => void): void => {
  const stream = res as unknown as IncomingMessage;
  res.text = '';
  stream.on('data', (chunk: Buffer) => {
    res.text += chunk;
    if (stream.headers['content-type']?.startsWith('text/event-stream')) stream.destroy();
  });
  for (const event of ['end', 'close']) stream.on(event, () => done(null, null));
};

async function send(
  route: Route,
  path: string,
  role: Role | null,
  body: Record<string, unknown> = {},
): Promise<Answer> {
  const method = route.method;
  if (route.surface === 'api') {
    const request = app.agent()[method](path);
    if (role) request.set('Authorization', `Bearer ${acme.users[role].token}`);
    return (method === 'get' ? await request : await request.send(body)) as never;
  }
  const who = role ? agents.get(role)! : { agent: app.agent(), csrf: 'none' };
  const request = who.agent[method](path).redirects(0);
  if (method === 'get') return (await request.buffer(true).parse(whole)) as never;
  return (await request
    .set('x-csrf-token', who.csrf)
    .type('form')
    .send(body as object)) as never;
}

const allowed = (route: Route, role: Role): boolean =>
  route.access.kind !== 'permission' || roleMay(role, route.access.permission);

const label = (route: Route) => `${route.method.toUpperCase()} ${route.path}`;

/** Routes that change the caller's own session would sign the test's users out; test/modules/session covers them. */
const endsOwnSession = (route: Route) => /^\/(logout|login|me)\b/.test(route.path);

test('there are routes to check, each names its access, and none is declared twice', () => {
  expect(routes.length).toBeGreaterThan(100);
  for (const route of routes) expect(['public', 'signed_in', 'permission']).toContain(route.access.kind);
  expect(new Set(routes.map(label)).size).toBe(routes.length);
});

test('a stranger is sent to sign in, and a program without a token is refused', async () => {
  const before = await fingerprint(app.database.url);
  for (const route of routes.filter((r) => r.access.kind !== 'public')) {
    const answer = await send(route, address(route, acme), null);
    const seen = `${label(route)} -> ${answer.status} ${answer.headers.location ?? ''}`;
    if (route.surface === 'api') expect(seen).toBe(`${label(route)} -> 401 `);
    else expect(seen).toContain(`${label(route)} -> 303 /login?next=`);
  }
  expect(await fingerprint(app.database.url)).toEqual(before);
});

test('a role without the permission gets 403 on every verb and nothing is written', async () => {
  const before = await fingerprint(app.database.url);
  let refused = 0;
  for (const route of routes) {
    for (const role of ROLES.filter((r) => !allowed(route, r))) {
      const answer = await send(route, address(route, acme), role);
      expect(`${role}: ${label(route)} -> ${answer.status}`).toBe(`${role}: ${label(route)} -> 403`);
      refused += 1;
    }
  }
  expect(refused).toBeGreaterThan(50);
  expect(await fingerprint(app.database.url)).toEqual(before);
}, 120_000);

test('pages open for whoever may open them: the positive control', async () => {
  for (const route of routes.filter((r) => r.method === 'get' && !endsOwnSession(r))) {
    if (route.path.includes(':') && !route.entity) continue;
    for (const role of ROLES.filter((r) => allowed(route, r))) {
      const answer = await send(route, address(route, acme), role);
      // own-scope roles do not see the admin's record
      const fits =
        answer.status === 200 ||
        answer.status === 303 ||
        (route.entity !== null && answer.status === 404 && role !== 'admin');
      expect(`${role}: ${label(route)} -> ${fits ? 'fine' : `${answer.status} ${answer.text.slice(0, 200)}`}`).toBe(
        `${role}: ${label(route)} -> fine`,
      );
    }
  }
}, 120_000);

test("another tenant's id is as unknown as a made-up one, on every verb, and changes nothing", async () => {
  const before = await fingerprint(app.database.url);
  let tried = 0;
  for (const route of routes.filter((r) => r.path.includes(':id') && !endsOwnSession(r))) {
    const role = ROLES.find((r) => allowed(route, r))!;
    const ids = [globex.records[route.entity ?? 'customer']!, newId(), 'not-an-id', '1'];
    const body = { version: 1, name: 'Taken over', tenant_id: globex.id };
    const answers = [];
    for (const id of ids) answers.push(await send(route, address(route, acme, id), role, body));
    for (const answer of answers) expect(`${label(route)} -> ${answer.status}`).toBe(`${label(route)} -> 404`);
    const words = (answer: Answer) => answer.text.replace(/[\w-]{36}|nonce="[^"]*"/g, '');
    expect(words(answers[0]!)).toBe(words(answers[1]!));
    tried += 1;
  }
  expect(tried).toBeGreaterThan(60);
  expect(await fingerprint(app.database.url)).toEqual(before);
}, 120_000);

test('a reference to a record of another tenant is refused like a made-up one', async () => {
  const before = await fingerprint(app.database.url);
  for (const entity of allEntities()) {
    const refs = Object.entries(entity.fields).filter(([, f]) => f.kind === 'ref' && f.options.writtenBy !== 'service');
    for (const [name, field] of refs) {
      const foreign = field.to === 'user' ? globex.users.admin.id : globex.records[field.to]!;
      const route = routes.find(
        (r) => r.surface === 'api' && r.method === 'post' && r.path === `/api/v1/${entity.table}`,
      )!;
      const values = (id: string) => sampleValues(entity, acme.records, { [name]: id });
      const [theirs, nobody] = [
        await send(route, route.path, 'admin', values(foreign)),
        await send(route, route.path, 'admin', values(newId())),
      ];
      expect(`${entity.name}.${name} ${theirs.status}`).toBe(`${entity.name}.${name} 422`);
      expect(JSON.parse(theirs.text).details).toEqual(JSON.parse(nobody.text).details);
    }
  }
  expect(await fingerprint(app.database.url)).toEqual(before);
});

test('every write of every entity leaves one line in the trail, and a repeated one leaves none', async () => {
  const client = new pg.Client({ connectionString: app.database.url });
  await client.connect();
  const lines = async () => Number((await client.query('select count(*) from audit_log')).rows[0].count);
  try {
    for (const entity of allEntities()) {
      const at = (method: string, path: string) =>
        routes.find((r) => r.surface === 'api' && r.method === method && r.path === path)!;
      const base = `/api/v1/${entity.table}`;
      const write = async (route: Route, path: string, body: object, status: number, expected: number) => {
        const count = await lines();
        const answer = await send(route, path, 'admin', body as Record<string, unknown>);
        expect(`${label(route)} ${answer.status} ${answer.status === status ? '' : answer.text}`).toBe(
          `${label(route)} ${status} `,
        );
        expect(`${label(route)} +${(await lines()) - count}`).toBe(`${label(route)} +${expected}`);
        return JSON.parse(answer.text).data;
      };
      const unique = {
        ...(entity.fields.external_id ? { external_id: newId() } : {}),
        ...(entity.name === 'tag' ? { name: newId() } : {}),
      };
      const made = await write(at('post', base), base, sampleValues(entity, acme.records, unique), 201, 1);
      const title = { [entity.title]: 'Another name' };
      const changed = await write(at('patch', `${base}/:id`), `${base}/${made.id}`, { version: 1, ...title }, 200, 1);
      expect(changed.version).toBe(2);
      await write(at('patch', `${base}/:id`), `${base}/${made.id}`, { version: 1, ...title }, 200, 0);
      await write(at('delete', `${base}/:id`), `${base}/${made.id}`, {}, 200, 1);
      await write(at('delete', `${base}/:id`), `${base}/${made.id}`, {}, 200, 0);
      await write(at('post', `${base}/:id/restoration`), `${base}/${made.id}/restoration`, {}, 200, 1);
    }
  } finally {
    await client.end();
  }
}, 60_000);

test('fields nobody may write are refused by the API and ignored by forms', async () => {
  const before = await fingerprint(app.database.url);
  for (const name of [
    'id',
    'tenant_id',
    'created_by',
    'created_at',
    'deleted_at',
    'version',
    'custom',
    '__proto__',
    'constructor',
    'is_admin',
  ]) {
    const body = JSON.stringify({ name: 'X', [name]: name === 'version' ? 9 : globex.id }).replace(
      '"name":"X"',
      `"name":"X"${name === '__proto__' ? ',"__proto__":{"admin":true}' : ''}`,
    );
    const answer = await app
      .agent()
      .post('/api/v1/customers')
      .set('Authorization', `Bearer ${acme.users.admin.token}`)
      .set('Content-Type', 'application/json')
      .send(body);
    expect(`${name} ${answer.status}`).toBe(`${name} 422`);
  }
  expect(({} as { admin?: boolean }).admin).toBeUndefined();
  expect(await fingerprint(app.database.url)).toEqual(before);
  const { agent, csrf } = agents.get('admin')!;
  const made = await agent.post('/customers').type('form').send({
    _csrf: csrf,
    name: 'Formed',
    tenant_id: globex.id,
    id: globex.records.customer,
    version: '7',
    created_by: globex.users.admin.id,
  });
  expect(made.status).toBe(303);
  const id = made.headers.location!.split('/').pop()!;
  const { body } = await app
    .agent()
    .get(`/api/v1/customers/${id}`)
    .set('Authorization', `Bearer ${acme.users.admin.token}`);
  expect(body.data).toMatchObject({ name: 'Formed', version: 1, created_by: acme.users.admin.id });
});
