// Sessions on both stores: made, moved, ended, expired. SE-01..SE-10, SE-13 of the catalogue.

import { storeKey } from '../../../src/platform/sessions.ts';
import type { Agent } from '../../helpers/app.ts';
import { csrfToken, signIn, startApp, type TestApp } from '../../helpers/app.ts';
import { makeTenant, type TestTenant } from '../../helpers/fixture.ts';
import { cookiesOf, isSignedIn, PASSWORD, post, sql, tryPassword } from './ground.ts';

const BOTH = 'both@people.example';

/** Session id inside the cookie's value `s:<id>.<signature>`. */
const sidOf = (value: string): string => decodeURIComponent(value.split(';')[0]!).slice(2).split('.')[0]!;

describe.each([
  ['PostgreSQL', false],
  ['Redis', true],
])('sessions in %s', (_name, redis) => {
  let app: TestApp;
  let acme: TestTenant;
  let globex: TestTenant;

  beforeAll(async () => {
    app = await startApp({ redis });
    acme = await makeTenant(app.database.url, app.platform, 'acme');
    globex = await makeTenant(app.database.url, app.platform, 'globex');
    for (const tenant of [acme, globex])
      await sql(
        app,
        `insert into users (tenant_id, email, name, role, password_hash)
         select tenant_id, $2, 'Both', 'sales', password_hash from users where id = $1`,
        [tenant.users.admin.id, BOTH],
      );
  }, 60_000);
  afterAll(() => app?.stop());

  const signedIn = async (email = acme.users.sales.email): Promise<Agent> => {
    const agent = app.agent();
    await signIn(agent, email, PASSWORD);
    return agent;
  };

  test('a stranger gets no session, only the seed of the form', async () => {
    const answer = await app.agent().get('/login').expect(200);
    expect([...cookiesOf(answer).keys()]).toEqual(['rapport-form']);
    expect(await sql(app, 'select * from http_sessions')).toHaveLength(0);
  });

  test('signing in gives a new id, and the cookie planted before is worth nothing', async () => {
    const agent = app.agent();
    const page = await agent.get('/login').set('Cookie', 'rapport=s%3Aplanted-by-an-attacker.sig');
    const answer = await agent
      .post('/login')
      .set('Cookie', 'rapport=s%3Aplanted-by-an-attacker.sig')
      .type('form')
      .send({ email: acme.users.sales.email, password: PASSWORD, _csrf: csrfToken(page.text) })
      .expect(303);
    const value = cookiesOf(answer).get('rapport')!;
    expect(value).not.toContain('planted');
    expect(value).toMatch(/HttpOnly/);
    expect(value).toMatch(/SameSite=Lax/);
    expect(sidOf(value)).toMatch(/^[\w-]{32}$/);
  });

  test('signing in again over a session ends the old id in store and list', async () => {
    const agent = app.agent();
    const first = sidOf(cookiesOf(await signIn(agent, acme.users.sales.email, PASSWORD)).get('rapport')!);
    const page = await agent.get('/me/sessions').expect(200);
    const again = await agent
      .post('/login')
      .type('form')
      .send({ email: acme.users.admin.email, password: PASSWORD, _csrf: csrfToken(page.text) })
      .expect(303);
    expect(sidOf(cookiesOf(again).get('rapport')!)).not.toBe(first);
    const [row] = await sql(app, 'select ended_at from user_sessions where store_key = $1', [storeKey(first)]);
    expect(row!.ended_at).not.toBeNull();
  });

  test('the store holds no id that works as a cookie', async () => {
    const agent = app.agent();
    const sid = sidOf(cookiesOf(await signIn(agent, acme.users.sales.email, PASSWORD)).get('rapport')!);
    const [row] = await sql(app, 'select * from user_sessions where store_key = $1', [storeKey(sid)]);
    expect(row).toBeDefined();
    const stored = await sql(app, 'select sid from http_sessions');
    expect(stored.map((s) => s.sid)).not.toContain(sid);
    if (!redis) expect(stored.map((s) => s.sid)).toContain(storeKey(sid));
  });

  test('the session is there before the answer: 20 at once are never sent back to sign in', async () => {
    const agents = await Promise.all(Array.from({ length: 20 }, () => signedIn(acme.users.manager.email)));
    const seen = await Promise.all(agents.map(isSignedIn));
    expect(seen).toEqual(seen.map(() => true));
  }, 60_000);

  test('the page first asked for comes after signing in', async () => {
    const agent = app.agent();
    const away = await agent.get('/customers?q=x').expect(303);
    expect(away.headers.location).toBe('/login?next=%2Fcustomers%3Fq%3Dx');
    const page = await agent.get(away.headers.location!);
    expect(page.text).toContain('name="next" value="/customers?q=x"');
    const answer = await tryPassword(agent, acme.users.sales.email, PASSWORD, '203.0.113.9', '/customers?q=x');
    expect(answer.headers.location).toBe('/customers?q=x');
  });

  test.each([
    'https://evil.example',
    '//evil.example',
    '/\\evil.example',
    '/\t/evil.example',
    'https:evil.example',
    '\\\\evil.example',
    '///evil.example',
    'javascript:alert(1)',
    '/..//evil.example',
    '/./\\evil.example',
    'evil.example',
    '/%09/evil.example',
    '/\u2215/evil.example',
    '%2f%2fevil.example',
  ])('after signing in, %j does not lead away', async (next) => {
    const answer = await tryPassword(app.agent(), acme.users.sales.email, PASSWORD, '203.0.113.10', next);
    expect(answer.status).toBe(303);
    const to = new URL(answer.headers.location!, 'http://own.example');
    expect(to.origin).toBe('http://own.example');
    expect(answer.headers.location).toMatch(/^\/(?![\\/])/);
  });

  test('signing out ends it in the store, clears the browser, and the cookie is dead', async () => {
    const agent = app.agent();
    const value = cookiesOf(await signIn(agent, acme.users.sales.email, PASSWORD))
      .get('rapport')!
      .split(';')[0]!;
    const answer = await post(agent, '/logout', {}, { from: '/me/sessions' });
    expect(answer.status).toBe(303);
    expect(answer.headers.location).toBe('/login');
    expect(answer.headers['clear-site-data']).toBe('"cache", "storage"');
    expect(cookiesOf(answer).get('rapport')).toMatch(/Expires=Thu, 01 Jan 1970/);
    const replay = await app.agent().get('/me/sessions').set('Cookie', `rapport=${value}`);
    expect(replay.status).toBe(303);
    const [audit] = await sql(
      app,
      `select count(*)::int as n from audit_log where verb = 'signed_out' and actor_id = $1`,
      [acme.users.sales.id],
    );
    expect(audit!.n).toBeGreaterThan(0);
  });

  test('signing out by a link or without token does nothing', async () => {
    const agent = await signedIn();
    expect((await agent.get('/logout')).status).toBe(404);
    expect((await agent.post('/logout').type('form').send({})).status).toBe(403);
    expect(await isSignedIn(agent)).toBe(true);
  });

  test.each([
    ['missing', {}],
    ['empty', { _csrf: '' }],
    ['wrong', { _csrf: 'a'.repeat(43) }],
  ])('a form whose token is %s changes nothing', async (_what, fields) => {
    const agent = await signedIn();
    const answer = await agent
      .post('/me/appearance')
      .type('form')
      .send({ theme: 'dark', ...fields });
    expect(answer.status).toBe(403);
    const [user] = await sql(app, 'select theme from users where id = $1', [acme.users.sales.id]);
    expect(user!.theme).toBe('');
  });

  test('a token of another session, or from before signing in, does not fit; twice the same name is refused', async () => {
    const [one, other] = [await signedIn(), await signedIn()];
    const stranger = app.agent();
    const before = csrfToken((await stranger.get('/login')).text);
    const foreign = csrfToken((await other.get('/me/sessions')).text);
    const own = csrfToken((await one.get('/me/sessions')).text);
    for (const sent of [foreign, before])
      expect((await one.post('/me/appearance').type('form').send({ theme: 'dark', _csrf: sent })).status).toBe(403);
    const twice = await one.post('/me/appearance').type('form').send(`theme=dark&_csrf=${own}&_csrf=${own}`);
    expect([400, 403]).toContain(twice.status);
    const right = await one.post('/me/appearance').set('x-csrf-token', own).type('form').send({ theme: '' });
    expect(right.status).toBe(303);
  });

  test.each([
    ['cross-site', undefined],
    ['same-site', undefined],
    [undefined, 'https://evil.example'],
    [undefined, 'null'],
  ])('a foreign page cannot sign its reader in (Sec-Fetch-Site %s, Origin %s)', async (site, origin) => {
    const headers: Record<string, string> = {};
    if (site) headers['sec-fetch-site'] = site;
    if (origin) headers.origin = origin;
    const agent = app.agent();
    const answer = await post(agent, '/login', { email: acme.users.sales.email, password: PASSWORD }, { headers });
    expect(answer.status).toBe(403);
    expect(await isSignedIn(agent)).toBe(false);
  });

  test('signing in without the form’s token is refused', async () => {
    const body = { email: acme.users.sales.email, password: PASSWORD };
    expect((await app.agent().post('/login').type('form').send(body)).status).toBe(403);
    expect((await app.agent().post('/login').send(body)).status).toBe(403);
  });

  test('the list shows where one is signed in; one can be ended, then all others', async () => {
    const people = [await signedIn(acme.users.csm.email), await signedIn(acme.users.csm.email)];
    people.push(await signedIn(acme.users.csm.email));
    const [here, there] = people as [Agent, Agent, Agent];
    const list = await here.get('/me/sessions').expect(200);
    expect(list.text.match(/This one/g)).toHaveLength(1);
    const ids = [...list.text.matchAll(/\/me\/sessions\/([\w-]{36})\/end/g)].map((m) => m[1]!);
    expect(ids).toHaveLength(3);
    const foreign = await signedIn(acme.users.sales.email);
    expect((await post(foreign, `/me/sessions/${ids[0]}/end`, {}, { from: '/me/sessions' })).status).toBe(404);
    expect((await post(foreign, '/me/sessions/no-id/end', {}, { from: '/me/sessions' })).status).toBe(404);
    const answer = await post(here, '/me/sessions/end-others', {}, { from: '/me/sessions' });
    expect(answer.status).toBe(303);
    expect((await here.get('/me/sessions')).text).toContain('Signed out in 2 other places.');
    expect(await Promise.all(people.map(isSignedIn))).toEqual([true, false, false]);
    expect(await isSignedIn(there)).toBe(false);
  });

  test('ending the session in use signs out', async () => {
    const agent = await signedIn(acme.users.support.email);
    const list = await agent.get('/me/sessions');
    const id = /\/me\/sessions\/([\w-]{36})\/end/.exec(list.text)![1]!;
    const answer = await post(agent, `/me/sessions/${id}/end`, {}, { from: '/me/sessions' });
    expect(answer.headers.location).toBe('/login');
    expect(await isSignedIn(agent)).toBe(false);
  });

  test('deactivated, suspended or past its absolute end: the next request is refused', async () => {
    const agent = await signedIn(acme.users.read_only.email);
    const id = acme.users.read_only.id;
    expect(await isSignedIn(agent)).toBe(true);
    await sql(app, 'update users set deactivated_at = now() where id = $1', [id]);
    const refused = await agent.get('/me/sessions');
    expect(refused.headers.location).toBe('/login?next=%2Fme%2Fsessions');
    await sql(app, 'update users set deactivated_at = null where id = $1', [id]);
    expect(await isSignedIn(agent)).toBe(false); // the refusal ended it for good

    const second = await signedIn(acme.users.read_only.email);
    await sql(app, 'update user_sessions set expires_at = now() where user_id = $1', [id]);
    expect(await isSignedIn(second)).toBe(false);

    const third = await signedIn(globex.users.read_only.email);
    await sql(app, 'update tenants set suspended_at = now() where id = $1', [globex.id]);
    try {
      expect(await isSignedIn(third)).toBe(false);
    } finally {
      await sql(app, 'update tenants set suspended_at = null where id = $1', [globex.id]);
    }
  });

  test('the absolute end is written when the session begins and does not move', async () => {
    await signedIn(acme.users.field_tech.email);
    const [row] = await sql(
      app,
      `select extract(epoch from expires_at - created_at) * 1000 as ms from user_sessions where user_id = $1`,
      [acme.users.field_tech.id],
    );
    expect(Math.abs(Number(row!.ms) - app.platform.config.session_absolute_ms)).toBeLessThan(5_000);
  });

  test('somebody of two companies chooses one, then switches; each switch has a new id', async () => {
    const agent = app.agent();
    const answer = await tryPassword(agent, BOTH, PASSWORD, '203.0.113.20', '/customers');
    expect(answer.headers.location).toBe('/login/tenant');
    expect(await isSignedIn(agent)).toBe(false);
    const choice = await agent.get('/login/tenant').expect(200);
    expect(choice.text).toContain('Acme');
    expect(choice.text).toContain('Globex');
    const chosen = await post(agent, '/login/tenant', { tenant_id: acme.id }, { from: '/login/tenant' });
    expect(chosen.headers.location).toBe('/customers');
    const before = sidOf(cookiesOf(chosen).get('rapport')!);
    expect((await agent.get('/customers')).text).toContain('Acme');

    const switched = await post(agent, '/me/tenant', { tenant_id: globex.id }, { from: '/me/tenant' });
    expect(switched.status).toBe(303);
    expect(sidOf(cookiesOf(switched).get('rapport')!)).not.toBe(before);
    const page = await agent.get('/customers').expect(200);
    expect(page.text).toContain('Globex');
    const [old] = await sql(app, 'select ended_at, tenant_id from user_sessions where store_key = $1', [
      storeKey(before),
    ]);
    expect(old!.ended_at).not.toBeNull();
    expect(old!.tenant_id).toBe(acme.id);
  });

  test('one cannot choose or switch to a company one has not proven', async () => {
    const single = await signedIn(acme.users.sales.email);
    expect((await post(single, '/me/tenant', { tenant_id: globex.id }, { from: '/me/tenant' })).status).toBe(403);
    const chooser = app.agent();
    await tryPassword(chooser, BOTH, PASSWORD, '203.0.113.21');
    const foreign = await post(
      chooser,
      '/login/tenant',
      { tenant_id: '00000000-0000-7000-8000-000000000000' },
      { from: '/login/tenant' },
    );
    expect(foreign.headers.location).toBe('/login');
    expect(await isSignedIn(chooser)).toBe(false);
    const stranger = app.agent();
    expect((await stranger.get('/login/tenant')).headers.location).toBe('/login');
  });

  test('a company that was left meanwhile cannot be switched to', async () => {
    const agent = app.agent();
    await tryPassword(agent, BOTH, PASSWORD, '203.0.113.22');
    await post(agent, '/login/tenant', { tenant_id: acme.id }, { from: '/login/tenant' });
    const away = `update users set deactivated_at = $2 where tenant_id = $1 and email = '${BOTH}'`;
    await sql(app, away, [globex.id, new Date()]);
    const answer = await post(agent, '/me/tenant', { tenant_id: globex.id }, { from: '/me/tenant' });
    expect(answer.status).toBe(403);
    expect((await agent.get('/customers')).text).toContain('Acme');
    await sql(app, away, [globex.id, null]);
  });

  test('appearance is kept per person', async () => {
    const agent = await signedIn(acme.users.manager.email);
    const answer = await post(agent, '/me/appearance', { theme: 'dark' }, { from: '/me/appearance' });
    expect(answer.status).toBe(303);
    expect((await agent.get('/me/appearance')).text).toContain('data-bs-theme="dark"');
    expect((await post(agent, '/me/appearance', { theme: 'pink' }, { from: '/me/appearance' })).status).toBe(400);
  });
});
