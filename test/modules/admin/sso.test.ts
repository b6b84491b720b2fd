// Setting up the company's own sign-in so that nobody can lock the company out. FLOWS.md, 6.
import { type Agent, csrfToken, signIn } from '../../helpers/app.ts';
import { resigned } from '../../helpers/idp.ts';
import { isSignedIn, PASSWORD, post, sql, tryPassword } from '../session/ground.ts';
import { type SsoGround, ssoGround, viaProvider } from '../session/sso_ground.ts';

let ground: SsoGround;
let admin: Agent;
beforeAll(async () => {
  ground = await ssoGround();
  admin = ground.app.agent();
  await signIn(admin, ground.acme.users.admin.email, PASSWORD);
}, 60_000);
afterAll(() => ground?.stop());
afterEach(() => {
  ground.idp.tamper = null;
  ground.idp.override.clear();
});

const stored = async () =>
  (await sql(ground.app, 'select * from sso_providers where tenant_id = $1', [ground.acme.id]))[0]!;
const passwords = async () =>
  (await sql(ground.app, 'select password_sign_in from tenants where id = $1', [ground.acme.id]))[0]!.password_sign_in;

/** Saves the form with changes; an absent checkbox is off, as in a browser. */
async function save(change: Record<string, string | undefined>) {
  const page = await admin.get('/admin/sso');
  const now = await stored();
  const fields: Record<string, string | undefined> = {
    _csrf: csrfToken(page.text),
    version: String(now.version),
    name: now.name,
    issuer: now.issuer,
    client_id: now.client_id,
    client_secret: '',
    token_auth: now.token_auth,
    email_domains: now.email_domains.join(', '),
    just_in_time: 'true',
    default_role: now.default_role,
    enabled: 'true',
    password_sign_in: 'true',
    ...change,
  };
  const sent = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
  return admin.post('/admin/sso').type('form').send(sent);
}

test('the page shows the address to copy and never the secret', async () => {
  const page = await admin.get('/admin/sso').expect(200);
  expect(page.text).toContain(`${ground.app.url}/login/sso/acme/callback`);
  expect(page.text).not.toContain('secret:with');
  expect(page.text).not.toContain((await stored()).client_secret);
  const others = ground.app.agent();
  await signIn(others, ground.acme.users.manager.email, PASSWORD);
  expect((await others.get('/admin/sso')).status).toBe(403);
});

test('saving keeps the secret when none is typed, seals a new one, and tells the trail without showing it', async () => {
  const before = await stored();
  expect((await save({ name: 'Acme account' })).status).toBe(303);
  expect((await stored()).client_secret).toBe(before.client_secret);
  expect((await save({ client_secret: 'secret:with%odd+characters&=/?' })).status).toBe(303);
  const after = await stored();
  expect(after.client_secret).not.toBe(before.client_secret);
  expect(after.client_secret).not.toContain('odd');
  expect((await viaProvider(ground.app.agent(), 'acme', 'sub-anna')).status).toBe(303);
  const rows = await sql(
    ground.app,
    `select changes from audit_log where verb = 'configured' order by id desc limit 1`,
  );
  expect(rows[0]!.changes.client_secret).toEqual({ old: '•••', new: '•••' });
});

test('a stored secret does not travel to another provider', async () => {
  const answer = await save({ issuer: 'https://evil.example', enabled: undefined });
  expect(answer.status).toBe(422);
  expect(answer.text).toContain('asked again whenever issuer or client id change');
});

test.each([
  ['an issuer that is no address', { issuer: 'acme' }, 'Enter the issuer'],
  ['an issuer with a query', { issuer: 'https://a.example/?x=1' }, 'Enter the issuer'],
  ['no name', { name: '' }, 'Name it as people know it'],
  ['a domain of everybody', { email_domains: 'acme.example, gmail.com' }, 'gmail.com belongs to everybody'],
  ['a domain that is none', { email_domains: 'acme' }, 'is not a domain'],
  ['new people from nowhere', { email_domains: '' }, 'say from which domains'],
])('%s is refused with words', async (_what, change, words) => {
  const before = await stored();
  const answer = await save(change);
  expect(answer.status).toBe(422);
  expect(answer.text.replaceAll('&quot;', '"')).toContain(words);
  expect(await stored()).toEqual(before);
});

test('an administrator’s role is never given to new people', async () => {
  await save({ default_role: 'admin' });
  expect((await stored()).default_role).toBe('read_only');
  await save({ default_role: 'sales' });
});

test('it cannot be switched on while the provider does not answer as it should', async () => {
  const { idp } = ground;
  const secret = { client_secret: 'secret:with%odd+characters&=/?' };
  const slash = await save({ issuer: `${idp.issuer}/`, ...secret });
  expect(slash.status).toBe(422);
  expect(slash.text).toContain('to the last slash');
  const document = (change: object) =>
    idp.override.set('/.well-known/openid-configuration', (_req, res) =>
      res.end(
        JSON.stringify({
          issuer: idp.issuer,
          authorization_endpoint: `${idp.issuer}/auth`,
          token_endpoint: `${idp.issuer}/token`,
          jwks_uri: `${idp.issuer}/jwks`,
          id_token_signing_alg_values_supported: ['RS256'],
          ...change,
        }),
      ),
    );
  for (const [change, words] of [
    [{ issuer: idp.issuer.toUpperCase() }, 'Enter exactly that as issuer'],
    [{ id_token_signing_alg_values_supported: ['HS256', 'none'] }, 'signs in no way that can be trusted'],
    [{ jwks_uri: 'file:///etc/passwd' }, 'is not an https address'],
    [{ authorization_endpoint: 'javascript:alert(1)' }, 'is not an https address'],
    [{ token_endpoint: undefined }, 'lacks or garbles: token_endpoint'],
    [{ response_types_supported: ['id_token'] }, 'authorisation code'],
    [{ code_challenge_methods_supported: ['plain'] }, 'PKCE'],
  ] as const) {
    document(change);
    const answer = await save({});
    expect(`${answer.status} ${answer.text.includes(words) ? words : answer.text}`).toBe(`422 ${words}`);
  }
  idp.override.set('/.well-known/openid-configuration', (_req, res) => res.end('<html>no provider</html>'));
  expect((await save({})).text).toContain('no JSON');
  idp.override.set('/.well-known/openid-configuration', (_req, res) => res.writeHead(302, { location: '/x' }).end());
  expect((await save({})).text).toContain('redirects elsewhere');
  idp.override.clear();
  expect((await save({})).status).toBe(303);
});

test('a check says line by line what the provider is like', async () => {
  const good = await post(admin, '/admin/sso/check', {}, { from: '/admin/sso' });
  expect(good.status).toBe(200);
  expect(good.text).toContain('calls itself exactly as entered');
  expect(good.text).toContain('Next: a test sign-in.');
  ground.idp.override.set('/.well-known/openid-configuration', (_req, res) => res.writeHead(404).end());
  const bad = await post(admin, '/admin/sso/check', {}, { from: '/admin/sso' });
  expect(bad.text).toContain('answers with status 404');
});

test('a test sign-in shows what would happen and writes nothing, even while it is off', async () => {
  const { app, idp, acme } = ground;
  await save({ enabled: undefined });
  const count = async () =>
    (
      await sql(
        app,
        `select (select count(*) from users) || '/' || (select count(*) from identities) || '/' ||
      (select count(*) from user_sessions) as n`,
      )
    )[0]!.n;
  const before = await count();
  const walk = async (who: string) => {
    const leaving = await post(admin, '/admin/sso/test', {}, { from: '/admin/sso' });
    const query = /\?ticket=[^"]+/.exec(leaving.text)![0];
    const back = await viaProvider(admin, 'acme', who, query);
    expect(back.headers.location).toBe('/admin/sso');
    return (await admin.get('/admin/sso')).text;
  };
  idp.users['sub-fresh'] = { email: 'fresh@acme.example', email_verified: true, name: 'Fresh', groups: ['a', 'b'] };
  const fresh = await walk('sub-fresh');
  expect(fresh).toContain('A new person would be added: fresh@acme.example, Sales.');
  expect(fresh).toContain('<dt>sub</dt><dd>sub-fresh</dd>');
  expect(await walk('sub-anna')).toContain('Signs in as Anna Novak');
  idp.users['sub-far'] = { email: 'far@elsewhere.example', email_verified: false, name: 'Far' };
  expect(await walk('sub-far')).toContain('would be refused');
  idp.tamper = resigned((claims) => ({ ...claims, aud: 'somebody-else' }));
  const broken = await walk('sub-anna');
  expect(broken).toContain('Nobody could sign in like this.');
  expect(broken).toContain('ID token refused: unexpected &quot;aud&quot; claim value');
  expect(await count()).toBe(before);
  expect(await isSignedIn(admin)).toBe(true);
  expect((await app.agent().get('/login/sso/acme')).status).toBe(404);
  idp.tamper = null;
  expect(acme.id).toBe((await stored()).tenant_id);
  await save({});
});

test('passwords go off only when an administrator is linked; administrators keep theirs; others’ sessions end', async () => {
  const { app, acme } = ground;
  const refused = await save({ password_sign_in: undefined });
  expect(refused.status).toBe(422);
  expect(refused.text).toContain('Link your own account first');
  expect((await save({ password_sign_in: undefined, enabled: undefined })).text).toContain(
    'only be switched off while',
  );
  expect(await passwords()).toBe(true);

  const leaving = await post(admin, '/me/identity', {}, { from: '/me/identity' });
  ground.idp.users['sub-admin'] = { email: 'admin@acme.example', email_verified: true, name: 'Admin' };
  await viaProvider(admin, 'acme', 'sub-admin', /\?ticket=[^"]+/.exec(leaving.text)![0]);
  const [person, single] = [app.agent(), app.agent()];
  await signIn(person, acme.users.support.email, PASSWORD);
  await viaProvider(single, 'acme', 'sub-anna');
  expect((await save({ password_sign_in: undefined })).status).toBe(303);
  expect(await passwords()).toBe(false);
  expect(await isSignedIn(person)).toBe(false);
  expect(await isSignedIn(single)).toBe(true);
  expect(await isSignedIn(admin)).toBe(true);
  expect((await tryPassword(app.agent(), acme.users.support.email, PASSWORD)).status).toBe(401);
  expect((await tryPassword(app.agent(), acme.users.admin.email, PASSWORD)).status).toBe(303);
  expect((await admin.get('/admin/sso')).text).toContain('On, required');
  expect((await save({})).status).toBe(303);
  expect((await tryPassword(app.agent(), acme.users.support.email, PASSWORD)).status).toBe(303);
});

test('two administrators at once do not overwrite each other', async () => {
  const answer = await save({ version: '1' });
  expect(answer.status).toBe(409);
  expect(answer.text).toContain('Somebody else changed these settings');
});

test('a company without a provider sets one up from an empty page', async () => {
  const { app, idp, globex } = ground;
  await sql(app, 'delete from sso_providers where tenant_id = $1', [globex.id]);
  const agent = app.agent();
  await signIn(agent, globex.users.admin.email, PASSWORD);
  expect((await agent.get('/admin/sso')).text).toContain('Not set up');
  const fields = {
    name: 'Globex account',
    issuer: idp.issuer,
    client_id: 'rapport-globex',
    client_secret: 'plain',
    token_auth: 'post',
    email_domains: '@globex.example',
    default_role: 'support',
    password_sign_in: 'true',
    version: '0',
  };
  expect((await post(agent, '/admin/sso', { ...fields, client_secret: '' }, { from: '/admin/sso' })).status).toBe(422);
  expect((await post(agent, '/admin/sso', fields, { from: '/admin/sso' })).status).toBe(303);
  const [row] = await sql(app, 'select * from sso_providers where tenant_id = $1', [globex.id]);
  expect(row).toMatchObject({ enabled: false, email_domains: ['globex.example'], default_role: 'support', version: 1 });
});
