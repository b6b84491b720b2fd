// Administrators and the people of their company: roles, teams, closed accounts, and what they cannot do.
import { csrfToken, signIn, startApp, type TestApp } from '../../helpers/app.ts';
import { makeTenant, type TestTenant } from '../../helpers/fixture.ts';
import { isSignedIn, PASSWORD, post, sql } from '../session/ground.ts';

let app: TestApp;
let acme: TestTenant;
let globex: TestTenant;
beforeAll(async () => {
  app = await startApp();
  acme = await makeTenant(app.database.url, app.platform, 'acme');
  globex = await makeTenant(app.database.url, app.platform, 'globex');
}, 60_000);
afterAll(() => app?.stop());

const as = async (user: { email: string }) => {
  const agent = app.agent();
  await signIn(agent, user.email, PASSWORD);
  return agent;
};

const userRow = async (id: string) => (await sql(app, 'select * from users where id = $1', [id]))[0]!;
const trail = (id: string) =>
  sql(
    app,
    `select verb, changes from audit_log where entity = 'user' and record_id = $1 and verb = 'updated' order by id`,
    [id],
  );

type Agent = Awaited<ReturnType<typeof as>>;

/** Opens the form of a person and answers how to send it as it stands, with changes. */
async function form(agent: Agent, id: string, change: Record<string, string>) {
  const page = await agent.get(`/admin/users/${id}`);
  const version = /name="version" value="(\d+)"/.exec(page.text)![1]!;
  const user = await userRow(id);
  const body = { role: String(user.role), teams: '', version, _csrf: csrfToken(page.text), ...change };
  return async () => agent.post(`/admin/users/${id}`).type('form').send(body);
}

/** Saves the form of a person as it stands, with changes. */
const save = async (agent: Agent, id: string, change: Record<string, string>) => (await form(agent, id, change))();

test('the list shows everybody of the own company and nobody else', async () => {
  const page = await (await as(acme.users.admin)).get('/admin/users').expect(200);
  for (const user of Object.values(acme.users)) expect(page.text).toContain(user.email);
  expect(page.text).not.toContain('globex');
  expect(page.text).not.toMatch(/argon2/);
});

test('a new role holds from the next request on and is on the record', async () => {
  const [admin, person] = [await as(acme.users.admin), await as(acme.users.csm)];
  expect((await person.get('/admin/users')).status).toBe(403);
  expect((await save(admin, acme.users.csm.id, { role: 'admin' })).status).toBe(303);
  expect((await person.get('/admin/users')).status).toBe(200);
  expect((await save(admin, acme.users.csm.id, { role: 'csm' })).status).toBe(303);
  expect((await person.get('/admin/users')).status).toBe(403);
  expect((await trail(acme.users.csm.id)).map((row) => row.changes.role)).toEqual([
    { old: 'csm', new: 'admin' },
    { old: 'admin', new: 'csm' },
  ]);
});

test('teams are made by naming them, once whatever the letters', async () => {
  const admin = await as(acme.users.admin);
  await save(admin, acme.users.sales.id, { teams: 'North,  South ,north' });
  await save(admin, acme.users.manager.id, { teams: 'NORTH' });
  const teams = await sql(app, 'select name from teams where tenant_id = $1 order by name', [acme.id]);
  expect(teams.map((team) => team.name)).toEqual(['North', 'South']);
  const page = await admin.get('/admin/users');
  expect(page.text).toContain('Sales · North, South');
  await save(admin, acme.users.sales.id, { teams: '' });
  expect((await admin.get(`/admin/users/${acme.users.sales.id}`)).text).toContain('name="teams" value=""');
});

test('two administrators editing the same person do not overwrite each other', async () => {
  const admin = await as(acme.users.admin);
  const answer = await save(admin, acme.users.read_only.id, { role: 'support', version: '99' });
  expect(answer.status).toBe(409);
  expect(answer.text).toContain('Somebody else changed this person');
  expect((await userRow(acme.users.read_only.id)).role).toBe('read_only');
});

test.each([
  ['a role that does not exist', { role: 'owner' }, 422],
  ['no version', { version: '' }, 400],
  ['a team of 101 letters', { teams: 'x'.repeat(101) }, 422],
])('%s is refused', async (_what, change, status) => {
  const admin = await as(acme.users.admin);
  expect((await save(admin, acme.users.support.id, change as unknown as Record<string, string>)).status).toBe(status);
  expect((await userRow(acme.users.support.id)).role).toBe('support');
});

test('nothing but role and teams can be written, least of all a password', async () => {
  const admin = await as(acme.users.admin);
  const before = await userRow(acme.users.support.id);
  const more = {
    password: 'new password here',
    password_hash: 'x',
    email: 'x@y.example',
    tenant_id: globex.id,
    name: 'X',
  };
  await save(admin, acme.users.support.id, { role: 'support', ...more });
  const after = await userRow(acme.users.support.id);
  for (const column of ['password_hash', 'email', 'tenant_id', 'name']) expect(after[column]).toBe(before[column]);
});

test('a closed account is out at once: sessions, tokens, sign-in; opened again, old sessions stay dead', async () => {
  const admin = await as(acme.users.admin);
  const { id, token } = acme.users.field_tech;
  const person = await as(acme.users.field_tech);
  const api = () => app.agent().get('/api/v1/customers').set('Authorization', `Bearer ${token}`);
  expect((await api()).status).toBe(200);
  const answer = await post(admin, `/admin/users/${id}/deactivate`, {}, { from: '/admin/users' });
  expect(answer.status).toBe(303);
  expect(await isSignedIn(person)).toBe(false);
  expect((await api()).status).toBe(401);
  const stored = 'select 1 from http_sessions h join user_sessions s on s.store_key = h.sid where s.user_id = $1';
  expect(await sql(app, stored, [id])).toHaveLength(0);
  await expect(signIn(app.agent(), acme.users.field_tech.email, PASSWORD)).rejects.toThrow('401');
  expect((await admin.get('/admin/users')).text).toContain('Closed');

  expect((await post(admin, `/admin/users/${id}/reactivate`, {}, { from: '/admin/users' })).status).toBe(303);
  expect(await isSignedIn(person)).toBe(false);
  expect((await api()).status).toBe(401);
  await signIn(app.agent(), acme.users.field_tech.email, PASSWORD);
  expect((await trail(id)).map((row) => row.changes)).toEqual([
    { active: { old: true, new: false } },
    { active: { old: false, new: true } },
  ]);
});

test('the last administrator stays one, also when two are closed at the same moment', async () => {
  const admin = await as(acme.users.admin);
  expect((await save(admin, acme.users.admin.id, { role: 'sales' })).text).toContain('the only administrator');
  expect(
    (await post(admin, `/admin/users/${acme.users.admin.id}/deactivate`, {}, { from: '/admin/users' })).status,
  ).toBe(422);

  await save(admin, acme.users.manager.id, { role: 'admin' });
  const second = await as(acme.users.manager);
  const own = await post(admin, `/admin/users/${acme.users.admin.id}/deactivate`, {}, { from: '/admin/users' });
  expect(own.text).toContain('Ask another administrator');
  // Both have their form open before either sends it: whoever lost the role could not open it any more.
  const forms = [
    await form(admin, acme.users.manager.id, { role: 'manager' }),
    await form(second, acme.users.admin.id, { role: 'manager' }),
  ];
  const both = await Promise.all(forms.map((send) => send()));
  expect(both.map((answer) => answer.status).sort()).not.toEqual([303, 303]);
  const left = await sql(app, `select id from users where tenant_id = $1 and role = 'admin'`, [acme.id]);
  expect(left).toHaveLength(1);
  await sql(app, `update users set role = 'admin', version = version + 1 where id = $1`, [acme.users.admin.id]);
  await sql(app, `update users set role = 'manager', version = version + 1 where id = $1`, [acme.users.manager.id]);
});

test('people of another company are as unknown as made-up ones', async () => {
  const admin = await as(acme.users.admin);
  const before = await userRow(globex.users.sales.id);
  const token = csrfToken((await admin.get('/admin/users')).text);
  for (const id of [globex.users.sales.id, '00000000-0000-7000-8000-000000000000', 'x']) {
    expect((await admin.get(`/admin/users/${id}`)).status).toBe(404);
    for (const path of ['', '/deactivate', '/reactivate']) {
      const body = { _csrf: token, role: 'admin', version: '1' };
      expect((await admin.post(`/admin/users/${id}${path}`).type('form').send(body)).status).toBe(404);
    }
  }
  expect(await userRow(globex.users.sales.id)).toEqual(before);
});
