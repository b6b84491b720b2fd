// Single sign-on with a real provider: who gets in, as whom, and who is refused. OI-02..OI-04, OI-06, OI-08..OI-13, OI-16, OI-17.
import { csrfToken, signIn } from '../../helpers/app.ts';
import { resigned } from '../../helpers/idp.ts';
import { cookiesOf, isSignedIn, PASSWORD, post, sql, tryPassword } from './ground.ts';
import { backFrom, leaveFor, type SsoGround, ssoGround, viaProvider } from './sso_ground.ts';

let ground: SsoGround;
beforeAll(async () => {
  ground = await ssoGround();
}, 60_000);
afterAll(() => ground?.stop());
afterEach(() => {
  ground.idp.tamper = null;
  ground.idp.override.clear();
});

const usersNamed = (email: string) =>
  sql(ground.app, 'select id, tenant_id, role, name, password_hash from users where email = $1', [email]);

test('the way to the provider carries PKCE, state and nonce, and our own address whatever the Host says', async () => {
  const { app, idp } = ground;
  const answer = await app
    .agent()
    .get('/login/sso/acme')
    .set('Host', 'evil.example')
    .set('X-Forwarded-Host', 'evil.example');
  const url = new URL(answer.headers.location!);
  expect(url.origin).toBe(idp.issuer);
  const sent = Object.fromEntries(url.searchParams);
  expect(sent).toMatchObject({
    response_type: 'code',
    client_id: 'rapport-acme',
    code_challenge_method: 'S256',
    redirect_uri: `${app.url}/login/sso/acme/callback`,
  });
  expect(sent.scope!.split(' ')).toEqual(expect.arrayContaining(['openid', 'email', 'profile']));
  for (const name of ['state', 'nonce', 'code_challenge']) expect(sent[name]!.length).toBeGreaterThanOrEqual(20);
  // Nothing is stored for a stranger: what must come back waits in a sealed cookie.
  expect(await sql(app, 'select * from http_sessions')).toHaveLength(0);
  const cookies = [...cookiesOf(answer)].filter(([name]) => name.startsWith('rapport-sso-'));
  expect(cookies).toHaveLength(1);
  expect(cookies[0]![1]).toMatch(/HttpOnly; SameSite=Lax/);
});

test('a new person of the company is added in the default role, whatever the provider claims about roles', async () => {
  const { app, idp, acme } = ground;
  idp.users['sub-new'] = {
    email: 'New.Person@ACME.example',
    email_verified: true,
    name: 'New Person',
    role: 'admin',
    groups: ['owner'],
    tenant_id: ground.globex.id,
    is_admin: true,
  };
  const agent = app.agent();
  const answer = await viaProvider(agent, 'acme', 'sub-new', '?next=%2Fcustomers');
  expect(answer.status).toBe(303);
  expect(answer.headers.location).toBe('/customers');
  expect(await isSignedIn(agent)).toBe(true);
  const [user] = await usersNamed('new.person@acme.example');
  expect(user).toMatchObject({ tenant_id: acme.id, role: 'sales', name: 'New Person', password_hash: null });
  const trail = await sql(app, 'select verb from audit_log where record_id = $1 order by id', [user!.id]);
  expect(trail.map((row) => row.verb)).toEqual(['created', 'signed_in']);
});

test('who is known comes in by issuer and subject, even under another e-mail address; another subject does not', async () => {
  const { app, idp } = ground;
  idp.users['sub-moves'] = { email: 'moves@acme.example', email_verified: true, name: 'Moves' };
  await viaProvider(app.agent(), 'acme', 'sub-moves');
  const [user] = await usersNamed('moves@acme.example');
  idp.users['sub-moves'] = { email: 'elsewhere@other.example', email_verified: false, name: 'Moves' };
  const agent = app.agent();
  expect((await viaProvider(agent, 'acme', 'sub-moves')).status).toBe(303);
  const [seen] = await sql(app, 'select count(*)::int as n from user_sessions where user_id = $1', [user!.id]);
  expect(seen!.n).toBe(2);
  idp.users['sub-heir'] = { email: 'moves@acme.example', email_verified: true, name: 'Heir' };
  const heir = await viaProvider(app.agent(), 'acme', 'sub-heir');
  expect(heir.status).toBe(403);
  expect(heir.text).toContain('There is an account with your e-mail address already');
});

test('two companies on one provider stay apart', async () => {
  const { app, idp, acme, globex } = ground;
  idp.users['sub-two'] = { email: 'two@acme.example', email_verified: true, name: 'Two' };
  const first = app.agent();
  await viaProvider(first, 'acme', 'sub-two');
  const refused = await viaProvider(app.agent(), 'globex', 'sub-two');
  expect(refused.status).toBe(403);
  idp.users['sub-two'] = { email: 'two@globex.example', email_verified: true, name: 'Two' };
  expect((await viaProvider(app.agent(), 'globex', 'sub-two')).status).toBe(303);
  const rows = await sql(app, `select tenant_id, user_id from identities where subject = 'sub-two' order by tenant_id`);
  expect(new Set(rows.map((row) => row.tenant_id))).toEqual(new Set([acme.id, globex.id]));
  expect(new Set(rows.map((row) => row.user_id)).size).toBe(2);
});

test('twenty at once all get in, each as themselves', async () => {
  const { app, idp } = ground;
  const subjects = Array.from({ length: 20 }, (_, i) => `sub-many-${i}`);
  for (const sub of subjects) idp.users[sub] = { email: `${sub}@acme.example`, email_verified: true, name: sub };
  const seen = await Promise.all(
    subjects.map(async (sub, i) => {
      const agent = app.agent();
      agent.set('x-forwarded-for', `198.51.100.${i + 1}`);
      const answer = await viaProvider(agent, 'acme', sub);
      const page = await agent.get('/me/sessions');
      return `${answer.status} ${page.text.includes(`${sub}@acme.example`)}`;
    }),
  );
  expect(seen).toEqual(subjects.map(() => '303 true'));
}, 60_000);

test('the same new person in twenty tabs is added once', async () => {
  const { app, idp } = ground;
  idp.users['sub-tabs'] = { email: 'tabs@acme.example', email_verified: true, name: 'Tabs' };
  const answers = await Promise.all(Array.from({ length: 8 }, () => viaProvider(app.agent(), 'acme', 'sub-tabs')));
  expect(answers.map((a) => a.status)).toEqual(answers.map(() => 303));
  expect(await usersNamed('tabs@acme.example')).toHaveLength(1);
}, 60_000);

test.each([
  ['not verified', { email_verified: false }],
  ['without a word about it', { email_verified: undefined }],
  ['verified as a text', { email_verified: 'true' }],
  ['of another domain', { email: 'sneaky@evil.example' }],
  ['of a look-alike domain', { email: 'sneaky@notacme.example' }],
  ['of a subdomain', { email: 'sneaky@sub.acme.example' }],
  ['with two ats', { email: 'sneaky@evil.example@acme.example' }],
  ['missing', { email: undefined }],
])('a new person whose address is %s is not added', async (what, claims) => {
  const { app, idp } = ground;
  const sub = `sub-${what.replaceAll(' ', '-')}`;
  idp.users[sub] = { email: 'sneaky@acme.example', email_verified: true, name: 'Sneaky', ...claims };
  const before = await sql(app, 'select count(*)::int as n from users');
  const answer = await viaProvider(app.agent(), 'acme', sub);
  expect(answer.status).toBe(403);
  expect(answer.text).toContain('Acme admits new people only with a confirmed e-mail address at acme.example');
  expect(await sql(app, 'select count(*)::int as n from users')).toEqual(before);
});

test.each(['sales@acme.example', 'SALES@acme.example', ' sales@acme.example '])(
  'an account with a password is never taken over by its e-mail address (%j)',
  async (email) => {
    const { app, idp, acme } = ground;
    idp.users['sub-thief'] = { email, email_verified: true, name: 'Thief' };
    const agent = app.agent();
    const answer = await viaProvider(agent, 'acme', 'sub-thief');
    expect(answer.status).toBe(403);
    expect(await isSignedIn(agent)).toBe(false);
    const linked = await sql(app, 'select 1 from identities where user_id = $1', [acme.users.sales.id]);
    expect(linked).toHaveLength(0);
  },
);

test('without just-in-time nobody is added', async () => {
  const { app, idp, acme } = ground;
  await sql(app, 'update sso_providers set just_in_time = false where tenant_id = $1', [acme.id]);
  try {
    idp.users['sub-jit'] = { email: 'jit@acme.example', email_verified: true, name: 'Jit' };
    const answer = await viaProvider(app.agent(), 'acme', 'sub-jit');
    expect(answer.status).toBe(403);
    expect(answer.text).toContain('is not linked to an account yet');
    expect(await usersNamed('jit@acme.example')).toHaveLength(0);
  } finally {
    await sql(app, 'update sso_providers set just_in_time = true where tenant_id = $1', [acme.id]);
  }
});

test('a signed-in person links their account, signs in with it, and unlinks; others cannot take the link', async () => {
  const { app, idp, acme } = ground;
  idp.users['sub-linker'] = { email: 'whatever@elsewhere.example', name: 'Linker' };
  const agent = app.agent();
  await signIn(agent, acme.users.manager.email, PASSWORD);
  const leaving = await post(agent, '/me/identity', {}, { from: '/me/identity' });
  expect(leaving.status).toBe(200);
  const start = /href="(\/login\/sso\/acme\?ticket=[^"]+)"/.exec(leaving.text)![1]!;
  const query = start.slice(start.indexOf('?'));

  // The ticket is worth nothing to another session, or to nobody.
  const other = app.agent();
  await signIn(other, acme.users.csm.email, PASSWORD);
  for (const thief of [other, app.agent()]) expect((await thief.get(`/login/sso/acme${query}`)).status).toBe(403);

  const done = await viaProvider(agent, 'acme', 'sub-linker', query);
  expect(done.headers.location).toBe('/me/identity');
  expect((await agent.get('/me/identity')).text).toContain('Linked just now');
  const fresh = app.agent();
  expect((await viaProvider(fresh, 'acme', 'sub-linker')).status).toBe(303);
  expect((await fresh.get('/me/sessions')).text).toContain(acme.users.manager.email);

  const again = await post(other, '/me/identity', {}, { from: '/me/identity' });
  const otherStart = /\?ticket=[^"]+/.exec(again.text)![0];
  const taken = await viaProvider(other, 'acme', 'sub-linker', otherStart);
  expect(taken.status).toBe(403);
  expect(taken.text).toContain('linked to somebody else');

  const page = await agent.get('/me/identity');
  const removal = /\/me\/identity\/[\w-]{36}\/removal/.exec(page.text)![0];
  expect((await post(other, removal, {}, { from: '/me/identity' })).status).toBe(404);
  expect((await post(agent, removal, {}, { from: '/me/identity' })).status).toBe(303);
  expect((await viaProvider(app.agent(), 'acme', 'sub-linker')).status).toBe(403);
});

test('a link that was begun does not end in a session of somebody else', async () => {
  const { app, acme } = ground;
  const agent = app.agent();
  await signIn(agent, acme.users.support.email, PASSWORD);
  const leaving = await post(agent, '/me/identity', {}, { from: '/me/identity' });
  const away = await leaveFor(agent, 'acme', 'sub-anna', /\?ticket=[^"]+/.exec(leaving.text)![0]);
  await tryPassword(agent, acme.users.field_tech.email, PASSWORD).catch(() => null);
  await post(agent, '/logout', {}, { from: '/me/sessions' });
  const answer = await agent.get(await backFrom(away));
  expect(answer.status).toBe(403);
  expect(await sql(app, 'select 1 from identities where user_id = $1', [acme.users.support.id])).toHaveLength(0);
});

test('a closed account stays closed', async () => {
  const { app, idp } = ground;
  idp.users['sub-closed'] = { email: 'closed@acme.example', email_verified: true, name: 'Closed' };
  await viaProvider(app.agent(), 'acme', 'sub-closed');
  await sql(app, `update users set deactivated_at = now() where email = 'closed@acme.example'`);
  const agent = app.agent();
  const answer = await viaProvider(agent, 'acme', 'sub-closed');
  expect(answer.status).toBe(403);
  expect(answer.text).toContain('is closed');
  expect(await isSignedIn(agent)).toBe(false);
});

test('signing in ends the session the browser had, under its old id', async () => {
  const { app, acme } = ground;
  const agent = app.agent();
  const before = cookiesOf(await signIn(agent, acme.users.admin.email, PASSWORD))
    .get('rapport')!
    .split(';')[0]!;
  const answer = await viaProvider(agent, 'acme', 'sub-anna');
  expect(cookiesOf(answer).get('rapport')!.split(';')[0]).not.toBe(before);
  const replay = await app.agent().get('/me/sessions').set('Cookie', `rapport=${before}`);
  expect(replay.status).toBe(303);
});

test('an answer fits only the browser, the company and the one time it was meant for', async () => {
  const { app } = ground;
  const agent = app.agent();
  const back = await backFrom(await leaveFor(agent, 'acme', 'sub-anna'));
  const stranger = app.agent();
  expect((await stranger.get(back)).status).toBe(403); // another browser
  expect((await agent.get(back.replace('/acme/', '/globex/'))).status).toBe(403); // another company
  const wrong = back.replace(/state=[^&]+/, `state=${'x'.repeat(32)}`);
  expect((await agent.get(wrong)).status).toBe(403);
  expect((await agent.get(back.replace(/state=[^&]+&?/, ''))).status).toBe(403);
  expect((await agent.get(back)).status).toBe(303); // the right one
  expect((await agent.get(back)).status).toBe(403); // again
});

test('two tabs at once both finish', async () => {
  const { app } = ground;
  const agent = app.agent();
  const [one, two] = [await leaveFor(agent, 'acme', 'sub-anna'), await leaveFor(agent, 'acme', 'sub-anna')];
  expect((await agent.get(await backFrom(two))).status).toBe(303);
  expect((await agent.get(await backFrom(one))).status).toBe(303);
});

test('many sign-ins begun and never finished do not fill the browser', async () => {
  const { app } = ground;
  const agent = app.agent();
  agent.set('x-forwarded-for', '198.51.100.200');
  for (let i = 0; i < 12; i += 1) await agent.get('/login/sso/acme').expect(303);
  const answer = await agent.get('/login/sso/acme');
  expect(answer.status).toBe(303);
  const sent = (answer.request as unknown as { cookies: string }).cookies ?? '';
  expect(sent.split('rapport-sso-').length - 1).toBeLessThanOrEqual(4);
  expect((await viaProvider(agent, 'acme', 'sub-anna')).status).toBe(303);
});

test.each([
  ['wrong', 'https://evil.example'],
  ['missing', null],
])('an answer whose iss is %s is refused', async (_what, iss) => {
  const { app } = ground;
  const agent = app.agent();
  const back = new URL(await backFrom(await leaveFor(agent, 'acme', 'sub-anna')), 'http://x.example');
  if (iss) back.searchParams.set('iss', iss);
  else back.searchParams.delete('iss');
  const answer = await agent.get(back.pathname + back.search);
  expect(answer.status).toBe(403);
  expect(await isSignedIn(agent)).toBe(false);
});

test('a code cannot be used twice, nor with the verifier of another sign-in', async () => {
  const { app } = ground;
  const [victim, thief] = [app.agent(), app.agent()];
  const stolen = new URL(await backFrom(await leaveFor(victim, 'acme', 'sub-anna')), 'http://x.example');
  const own = await leaveFor(thief, 'acme', 'sub-anna');
  const path = `${stolen.pathname}?code=${stolen.searchParams.get('code')}&state=${own.searchParams.get('state')}&iss=${encodeURIComponent(stolen.searchParams.get('iss')!)}`;
  expect((await thief.get(path)).status).toBe(403);
  expect(await isSignedIn(thief)).toBe(false);
});

test.each([
  'error=access_denied',
  'error=%3Cscript%3Ealert(1)%3C/script%3E&error_description=%3Cscript%3Ealert(2)%3C/script%3E',
  'code=a&code=b&state=c',
  'code=a&state=b&state=c',
  'state=abcdefghijklmnopqrstuvwxyz',
  '',
])('an answer like %j is refused in plain words', async (query) => {
  const answer = await ground.app.agent().get(`/login/sso/acme/callback?${query}`);
  expect(answer.status).toBe(403);
  expect(answer.text).toContain('You were not signed in');
  expect(answer.text).not.toMatch(/<script>alert|alert\(/);
});

test('an unknown company and one without a provider are the same to a stranger', async () => {
  const { app, globex } = ground;
  await sql(app, 'update sso_providers set enabled = false where tenant_id = $1', [globex.id]);
  try {
    const words = async (slug: string) => {
      const answer = await app.agent().get(`/login/sso/${slug}`);
      return `${answer.status} ${/<h1[^>]*>.*?<\/p>/s.exec(answer.text)?.[0]}`;
    };
    expect(await words('globex')).toBe(await words('nobody'));
    expect(await words('globex')).toMatch(/^404/);
  } finally {
    await sql(app, 'update sso_providers set enabled = true where tenant_id = $1', [globex.id]);
  }
});

test('the e-mail alone decides: its company’s sign-in, or a password', async () => {
  const { app } = ground;
  const agent = app.agent();
  const page = await post(agent, '/login', { email: 'anna@acme.example' });
  expect(page.status).toBe(200);
  const href = /href="(\/login\/sso\/acme\?[^"]+)"/.exec(page.text)![1]!.replaceAll('&amp;', '&');
  expect(href).not.toContain('anna');
  const away = await agent.get(href);
  expect(new URL(away.headers.location!).searchParams.get('login_hint')).toBe('anna@acme.example');
  const other = await post(app.agent(), '/login/sso', { email: 'anna@unknown.example', password: 'not looked at' });
  expect(other.status).toBe(200);
  expect(other.text).toContain('no company sign-in for this e-mail');
  expect(other.text).toContain('value="anna@unknown.example"');
});

test('a domain of two companies lets one choose', async () => {
  const { app, globex } = ground;
  await sql(app, `update sso_providers set email_domains = '{globex.example,acme.example}' where tenant_id = $1`, [
    globex.id,
  ]);
  try {
    const agent = app.agent();
    const page = await post(agent, '/login', { email: 'anna@acme.example', next: '/customers' });
    expect(page.text).toContain(globex.id);
    const sent = { email: 'anna@acme.example', next: '/customers', tenant_id: globex.id, _csrf: csrfToken(page.text) };
    const chosen = await agent.post('/login/sso').type('form').send(sent);
    expect(chosen.text).toContain('/login/sso/globex?next=%2Fcustomers');
  } finally {
    await sql(app, `update sso_providers set email_domains = '{globex.example}' where tenant_id = $1`, [globex.id]);
  }
});

test('name and e-mail may come from the provider’s other address, if it speaks of the same person', async () => {
  const { app, idp } = ground;
  idp.users['sub-info'] = { email: 'info@acme.example', email_verified: true, name: 'Info' };
  const without = ({ email: _e, email_verified: _v, name: _n, ...rest }: Record<string, unknown>) => rest;
  idp.tamper = resigned(without);
  expect((await viaProvider(app.agent(), 'acme', 'sub-info')).status).toBe(303);
  expect((await usersNamed('info@acme.example'))[0]).toMatchObject({ name: 'Info' });
  idp.users['sub-info-2'] = { email: 'info2@acme.example', email_verified: true, name: 'Info' };
  idp.override.set('/me', (_req, res) =>
    res
      .writeHead(200, { 'content-type': 'application/json' })
      .end(JSON.stringify({ sub: 'somebody-else', email: 'boss@acme.example', email_verified: true })),
  );
  expect((await viaProvider(app.agent(), 'acme', 'sub-info-2')).status).toBe(403);
  expect(await usersNamed('boss@acme.example')).toHaveLength(0);
});

test('no token of the provider is kept anywhere', async () => {
  const { app } = ground;
  await viaProvider(app.agent(), 'acme', 'sub-anna');
  const stored = JSON.stringify(await sql(app, 'select sess from http_sessions'));
  expect(stored).not.toMatch(/eyJ|access_token|id_token/);
});

test('while the provider is away, it is said so and passwords still work', async () => {
  const { app, idp, acme } = ground;
  await sql(app, 'update sso_providers set version = version + 1 where tenant_id = $1', [acme.id]);
  idp.override.set('/.well-known/openid-configuration', (_req, res) => res.writeHead(500).end());
  const answer = await app.agent().get('/login/sso/acme');
  expect(answer.status).toBe(503);
  expect(answer.text).toContain('or sign in with your password');
  await signIn(app.agent(), acme.users.admin.email, PASSWORD);
  idp.override.clear();
  expect((await viaProvider(app.agent(), 'acme', 'sub-anna')).status).toBe(303); // and comes back without a restart
});
