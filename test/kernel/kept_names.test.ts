// Names of colleagues and tags, which every list and form offers, are kept by the process and asked for again when one of them is
// another. Whoever changes one, another process included, is seen by the next page.
import { channel } from 'node:diagnostics_channel';
import pg from 'pg';
import { entityNamed } from '../../src/kernel/entity.ts';
import { listNames } from '../../src/kernel/forms.ts';
import { type Agent, signIn, startApp, type TestApp } from '../helpers/app.ts';
import { inTenant, makeTenant, PASSWORD, type TestTenant } from '../helpers/fixture.ts';

let app: TestApp;
let acme: TestTenant;
let globex: TestTenant;
let agent: Agent;
let other: pg.Client;

beforeAll(async () => {
  app = await startApp();
  acme = await makeTenant(app.database.url, app.platform, 'acme');
  globex = await makeTenant(app.database.url, app.platform, 'globex');
  other = new pg.Client({ connectionString: app.database.url });
  await other.connect();
  agent = app.agent();
  await signIn(agent, acme.users.admin.email, PASSWORD);
});
afterAll(async () => {
  await other?.end();
  await app?.stop();
});

const SENT = channel('rapport.statement');

/** Which names a page asked the database for. */
async function asked(path: string): Promise<string[]> {
  const found: string[] = [];
  const hear = (text: unknown) => found.push(...(/(?<=^\/\* )(?:users|tags)\.options/.exec(String(text)) ?? []));
  SENT.subscribe(hear);
  await agent.get(path).expect(200);
  SENT.unsubscribe(hear);
  return found.sort();
}

const choices = async (by: Agent, path = '/customers') => {
  const { text } = await by.get(path).expect(200);
  return [...text.matchAll(/<option value="[^"]*"[^>]*>([^<]*)<\/option>/g)].map(([, label]) => label);
};
const addTag = (tenant: TestTenant, name: string) =>
  other.query('insert into tags (tenant_id, name, created_by, updated_by) values ($1, $2, $3, $3)', [
    tenant.id,
    name,
    tenant.users.admin.id,
  ]);

test('names are asked for once and not again while they are the same', async () => {
  await addTag(acme, 'Rail');
  expect(await asked('/customers')).toEqual(['tags.options', 'users.options']);
  expect(await asked('/customers')).toEqual([]);
  expect(await asked('/leads')).toEqual([]);
  expect(await asked('/customers/new')).toEqual([]);
});

test.each([
  ['a tag that is added', () => addTag(acme, 'Sea'), { with: 'Sea' }],
  [
    'a tag with another name',
    () => other.query(`update tags set name = 'Ocean' where name = 'Sea'`),
    { with: 'Ocean' },
  ],
  [
    'a tag in the trash',
    () => other.query(`update tags set deleted_at = now() where name = 'Ocean'`),
    { without: 'Ocean' },
  ],
  ['a tag that is gone', () => other.query(`delete from tags where name = 'Rail'`), { without: 'Rail' }],
  [
    'a colleague with another name',
    () => other.query(`update users set name = 'Zoë Zander' where id = $1`, [acme.users.sales.id]),
    { with: 'Zoë Zander' },
  ],
  [
    'a colleague whose account is closed',
    () => other.query('update users set deactivated_at = now() where id = $1', [acme.users.sales.id]),
    { without: 'Zoë Zander' },
  ],
] as [string, () => Promise<unknown>, { with?: string; without?: string }][])(
  '%s is seen by the next page, whoever did it',
  async (_what, change, expected) => {
    await agent.get('/customers').expect(200);
    await change();
    const shown = await choices(agent);
    if (expected.with) expect(shown).toContain(expected.with);
    else expect(shown).not.toContain(expected.without);
  },
);

test('what touches no name keeps them', async () => {
  await agent.get('/customers');
  await other.query('update users set last_sign_in_at = now() where id = $1', [acme.users.admin.id]);
  expect(await asked('/customers')).toEqual([]);
});

test('what is not committed is neither seen nor kept', async () => {
  const customer = entityNamed('customer');
  const rolledBack = inTenant(app.platform, acme, 'admin', async (ctx) => {
    await ctx.db.insert('tags', { name: 'Ghost', created_by: ctx.actor.id, updated_by: ctx.actor.id });
    expect((await listNames(ctx, customer)).tags).toContain('Ghost');
    expect(await choices(agent)).not.toContain('Ghost');
    throw new Error('nothing of it');
  });
  await expect(rolledBack).rejects.toThrow('nothing of it');
  expect(await choices(agent)).not.toContain('Ghost');
});

test("a company's names are its own", async () => {
  await addTag(globex, 'Secret');
  const stranger = app.agent();
  await signIn(stranger, globex.users.admin.email, PASSWORD);
  expect(await choices(stranger)).toContain('Secret');
  expect(await choices(agent)).not.toContain('Secret');
  expect(await choices(stranger)).toContain('Secret');
});

test('two who make tags at the same time do not wait for each other', async () => {
  const second = new pg.Client({ connectionString: app.database.url });
  await second.connect();
  try {
    await other.query('begin');
    await addTag(acme, 'One');
    await second.query(`set lock_timeout = '2s'`);
    await second.query('insert into tags (tenant_id, name, created_by, updated_by) values ($1, $2, $3, $3)', [
      acme.id,
      'Two',
      acme.users.admin.id,
    ]);
    expect(await choices(agent)).toEqual(expect.arrayContaining(['Two']));
    await other.query('commit');
    expect(await choices(agent)).toEqual(expect.arrayContaining(['One', 'Two']));
  } finally {
    await second.end();
  }
});
