// A write that is sent again has one effect and one answer: keys of programs, keys of forms, a lead converted twice.
import pg from 'pg';
import { upkeep } from '../../src/upkeep.ts';
import { type Agent, csrfToken, signIn, startApp, type TestApp } from '../helpers/app.ts';
import { makeTenant, PASSWORD, type TestTenant } from '../helpers/fixture.ts';
import { findViolations } from '../helpers/invariants.ts';
import { type Program, program } from '../helpers/program.ts';

let app: TestApp;
let acme: TestTenant;
let globex: TestTenant;
let admin: Program;
let agent: Agent;
let client: pg.Client;

beforeAll(async () => {
  app = await startApp();
  acme = await makeTenant(app.database.url, app.platform, 'acme');
  globex = await makeTenant(app.database.url, app.platform, 'globex');
  admin = program(app, acme.users.admin);
  agent = app.agent();
  await signIn(agent, acme.users.admin.email, PASSWORD);
  client = new pg.Client({ connectionString: app.database.url });
  await client.connect();
}, 60_000);
afterAll(async () => {
  await client?.end();
  await app?.stop();
});

const howMany = async (name: string) =>
  Number((await client.query('select count(*) from customers where name = $1', [name])).rows[0].count);
const keyed = (key: string) => ({ 'Idempotency-Key': key });

test('the same key with the same content makes one record and gives the same answer', async () => {
  const body = { name: 'Sent twice', tags: ['x'] };
  const [first, second] = [
    await admin.post('/customers', body, keyed('key-00001')),
    await admin.post('/customers', body, keyed('key-00001')),
  ];
  expect([first.status, second.status, await howMany('Sent twice')]).toEqual([201, 201, 1]);
  expect(second.body).toEqual(first.body);
  await admin.post('/customers', body);
  await admin.post('/customers', body, keyed('key-00002'));
  expect(await howMany('Sent twice')).toBe(3);
});

test('twenty at once make one record', async () => {
  const answers = await Promise.all(
    Array.from({ length: 20 }, () => admin.post('/customers', { name: 'At once' }, keyed('key-parallel'))),
  );
  expect(new Set(answers.map((answer) => `${answer.status} ${answer.body.data?.id}`)).size).toBe(1);
  expect([answers[0]!.status, await howMany('At once')]).toEqual([201, 1]);
});

test('a key belongs to its content, its kind of record, its person and its company', async () => {
  const body = { name: 'Whose key' };
  expect((await admin.post('/customers', body, keyed('key-shared'))).status).toBe(201);
  const other = await admin.post('/customers', { name: 'Something else' }, keyed('key-shared'));
  expect([other.status, await howMany('Something else')]).toEqual([422, 0]);
  expect((await admin.post('/leads', body, keyed('key-shared'))).status).toBe(422);
  for (const who of [acme.users.manager, globex.users.admin])
    expect((await program(app, who).post('/customers', body, keyed('key-shared'))).status).toBe(201);
  expect(await howMany('Whose key')).toBe(3);
});

test('a refused write gives its key back, so that the corrected one goes through', async () => {
  expect((await admin.post('/customers', { name: 'Corrected', status: 'odd' }, keyed('key-again'))).status).toBe(422);
  expect((await admin.post('/customers', { name: 'Corrected' }, keyed('key-again'))).status).toBe(201);
  for (const key of ['short', 'has space in it', 'a'.repeat(201), 'semi;colon;key'])
    expect(`${key} ${(await admin.post('/customers', { name: 'Bad key' }, keyed(key))).status}`).toBe(`${key} 400`);
  expect(await howMany('Bad key')).toBe(0);
  const deep = `${'{"name":'.repeat(15_000)}1${'}'.repeat(15_000)}`;
  const sent = app
    .agent()
    .post('/api/v1/customers')
    .set({ Authorization: `Bearer ${acme.users.admin.token}`, ...keyed('key-deep1') });
  expect((await sent.type('json').send(deep)).status).toBe(422);
});

test('a form sent twice, by double click or reload, adds one record and leads to it both times', async () => {
  const form = (await agent.get('/customers/new').expect(200)).text;
  const fields = {
    _csrf: csrfToken(form),
    _once: /name="_once" value="([^"]+)"/.exec(form)![1]!,
    name: 'Double click',
  };
  const answers = await Promise.all(
    Array.from({ length: 4 }, () => agent.post('/customers').type('form').send(fields)),
  );
  expect(new Set(answers.map((answer) => `${answer.status} ${answer.headers.location}`)).size).toBe(1);
  expect([answers[0]!.status, await howMany('Double click')]).toEqual([303, 1]);
  const changed = await agent
    .post('/customers')
    .type('form')
    .send({ ...fields, name: 'Edited after going back' });
  expect([changed.status, await howMany('Edited after going back')]).toEqual([422, 0]);
  expect(changed.text).toContain('Edited after going back');
});

test('a lead that two people convert at once becomes one customer with one contact', async () => {
  const { id } = (
    await admin.post('/leads', { name: 'Lena Lead', company: 'Lead & Co', email: 'lena@lead.example', tags: ['Hot'] })
  ).body.data;
  const token = csrfToken((await agent.get(`/leads/${id}`).expect(200)).text);
  const answers = await Promise.all(
    [1, 2, 3].map(() => agent.post(`/leads/${id}/conversion`).type('form').send({ _csrf: token })),
  );
  expect(answers.map((answer) => answer.status).sort()).toEqual([303, 422, 422]);
  expect(await howMany('Lead & Co')).toBe(1);
  const lead = (await admin.get(`/leads/${id}`)).body.data;
  expect(lead).toMatchObject({ status: 'converted', version: 2, converted_at: expect.stringMatching(/^20.*Z$/) });
  expect((await admin.get(`/customers/${lead.customer_id}`)).body.data).toMatchObject({
    name: 'Lead & Co',
    type: 'company',
    tags: ['Hot'],
  });
  const contacts = (await admin.get(`/contacts?customer_id=${lead.customer_id}`)).body.items;
  expect(contacts.map((row: { name: string; is_primary: boolean }) => [row.name, row.is_primary])).toEqual([
    ['Lena Lead', true],
  ]);
  expect(await findViolations(app.database.url)).toEqual([]);
});

test('keys are forgotten after 30 days, so that they do not pile up', async () => {
  for (const key of ['key-old01', 'key-new01']) await admin.post('/customers', { name: key }, keyed(key));
  await client.query(`update request_keys set created_at = now() - interval '31 days' where key = 'key-old01'`);
  await upkeep(app.platform, new AbortController().signal);
  const { rows } = await client.query(`select key from request_keys where key in ('key-old01', 'key-new01')`);
  expect(rows).toEqual([{ key: 'key-new01' }]);
});
