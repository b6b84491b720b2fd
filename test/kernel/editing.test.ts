// Editing on pages: two people at once, references out of sight, people who left, facts in place, the timeline.
import pg from 'pg';
import type { Response } from 'supertest';
import { type Agent, csrfToken, signIn, startApp, type TestApp } from '../helpers/app.ts';
import { makeTenant, PASSWORD, type TestTenant } from '../helpers/fixture.ts';
import { formOf, plainText } from '../helpers/forms.ts';
import { findViolations } from '../helpers/invariants.ts';
import { type Program, program } from '../helpers/program.ts';

let app: TestApp;
let acme: TestTenant;
let admin: Program;
let client: pg.Client;
const people: Record<string, { agent: Agent; csrf: string }> = {};

beforeAll(async () => {
  app = await startApp();
  acme = await makeTenant(app.database.url, app.platform, 'acme');
  admin = program(app, acme.users.admin);
  for (const role of ['admin', 'sales', 'support'] as const) {
    const agent = app.agent();
    await signIn(agent, acme.users[role].email, PASSWORD);
    people[role] = { agent, csrf: csrfToken((await agent.get('/customers').expect(200)).text) };
  }
  client = new pg.Client({ connectionString: app.database.url });
  await client.connect();
}, 60_000);
afterAll(async () => {
  await client?.end();
  await app?.stop();
});

const make = async (path: string, values: object): Promise<string> => (await admin.post(path, values)).body.data.id;
const read = async (path: string) => (await admin.get(path)).body.data;
const post = (path: string, fields: object, role = 'admin', headers: Record<string, string> = {}): Promise<Response> =>
  people[role]!.agent.post(path)
    .set(headers)
    .type('form')
    .send({ _csrf: people[role]!.csrf, ...fields }) as never;
const page = async (path: string, role = 'admin', headers: Record<string, string> = {}) =>
  (await people[role]!.agent.get(path).set(headers).expect(200)).text;

test('a form that is sent back as it came changes nothing, for every kind of field', async () => {
  const customer = await make('/customers', {
    name: 'As it was',
    arr: '1234.50',
    renewal_date: '2026-03-29',
    tags: ['b', 'a'],
    products_owned: ['Two', 'One'],
    owner_id: acme.users.sales.id,
    health: 'red',
    website: 'https://example.com/a?b=c',
    description: 'two\n\nlines "quoted" <b>',
  });
  const contact = await make('/contacts', {
    name: 'P',
    customer_id: customer,
    is_primary: true,
    phone: '+49 30 123456',
  });
  const talk = await make('/interactions', {
    subject: 'S',
    type: 'call',
    occurred_at: '2026-10-25T00:30:42.5Z',
    customer_id: customer,
    contact_id: contact,
  });
  const project = await make('/projects', { name: 'P', customer_id: customer, completion: 40 });
  for (const path of [
    `/customers/${customer}`,
    `/contacts/${contact}`,
    `/interactions/${talk}`,
    `/projects/${project}`,
  ]) {
    const before = await read(path);
    const answer = await post(path, formOf(await page(`${path}/edit`), path));
    expect([path, answer.status, answer.headers.location]).toEqual([path, 303, path]);
    expect(await read(path)).toEqual(before);
    expect(await page(path)).toContain('Nothing was changed.');
  }
});

test('two people editing: three columns, one choice each, and nothing overwritten until one decides', async () => {
  const path = `/customers/${await make('/customers', { name: 'Old name', city: 'Old city', industry: 'Old trade', tags: ['one'] })}`;
  const mine = { ...formOf(await page(`${path}/edit`), path), name: 'My <name>', industry: 'My trade' };
  await admin.patch(path, { version: 1, name: 'Their name', city: 'Their city' });
  const conflict = await post(path, mine);
  expect(conflict.status).toBe(409);
  expect(await read(path)).toMatchObject({ name: 'Their name', version: 2 });
  const rows = [
    ...conflict.text.matchAll(/<fieldset class="conflict-row( is-clash)?">\s*<legend>(\w+)([\s\S]*?)<\/fieldset>/g),
  ];
  expect(rows.map((row) => `${row[2]}${row[1] ?? ''}`)).toEqual(['Name is-clash', 'Industry', 'City']);
  for (const words of ['Old name', 'Their name', 'My &lt;name&gt;']) expect(rows[0]![3]).toContain(words);
  const offered = formOf(conflict.text, path);
  // Where one side changed something, that side stands; where both did, theirs, until somebody says otherwise.
  expect(offered).toMatchObject({ version: '2', name: 'Their name', industry: 'My trade', city: 'Their city' });
  expect((await post(path, { ...offered, name: 'My <name>' })).status).toBe(303);
  expect(await read(path)).toMatchObject({
    name: 'My <name>',
    industry: 'My trade',
    city: 'Their city',
    tags: ['one'],
    version: 3,
  });
  expect((await post(path, offered)).status).toBe(409);
});

test('a conflict can be resolved for every kind of field, also towards no and nothing', async () => {
  const contact = await make('/contacts', {
    name: 'Anna',
    is_primary: false,
    customer_id: acme.records.customer,
    tags: ['x'],
  });
  const path = `/contacts/${contact}`;
  const mine = { ...formOf(await page(`${path}/edit`), path), is_primary: 'true', customer_id: '', tags: 'y, z' };
  await admin.patch(path, { version: 1, name: 'Anne' });
  const conflict = await post(path, mine);
  const offered = formOf(conflict.text, path);
  expect(offered).toMatchObject({ is_primary: 'true', customer_id: '', tags: 'y, z', name: 'Anne' });
  const settled = await post(path, {
    ...offered,
    is_primary: /name="is_primary" value="([^"]*)"/.exec(conflict.text)![1]!,
  });
  expect(settled.status).toBe(303);
  expect(await read(path)).toMatchObject({ is_primary: false, customer_id: null, tags: ['y', 'z'], version: 3 });
});

test('what the editor may not see, what is in the trash and who has left stay when something else is edited', async () => {
  const hidden = await make('/customers', { name: 'Hidden customer' });
  const trashed = await make('/leads', { name: 'Trashed lead' });
  const contact = await make('/contacts', { name: 'Shared', customer_id: hidden, owner_id: acme.users.sales.id });
  const talk = await make('/interactions', {
    subject: 'About it',
    type: 'call',
    lead_id: trashed,
    owner_id: acme.users.field_tech.id,
  });
  await admin.remove(`/leads/${trashed}`);
  await client.query('update users set deactivated_at = now() where id = $1', [acme.users.field_tech.id]);
  const form = await page(`/contacts/${contact}/edit`, 'sales');
  expect(form).not.toContain('Hidden customer');
  const sent = { ...formOf(form, `/contacts/${contact}`), job_title: 'Boss' };
  expect((await post(`/contacts/${contact}`, sent, 'sales')).status).toBe(303);
  expect(await read(`/contacts/${contact}`)).toMatchObject({ customer_id: hidden, job_title: 'Boss', version: 2 });
  const other = await make('/customers', { name: 'Also hidden' });
  const forged = await post(`/contacts/${contact}`, { ...sent, version: '2', customer_id__id: other }, 'sales');
  expect([forged.status, (await read(`/contacts/${contact}`)).customer_id]).toEqual([422, hidden]);
  const about = `/interactions/${talk}`;
  expect((await post(about, { ...formOf(await page(`${about}/edit`), about), outcome: 'positive' })).status).toBe(303);
  expect(await read(about)).toMatchObject({
    lead_id: trashed,
    owner_id: acme.users.field_tech.id,
    outcome: 'positive',
  });
});

test('a form with mistakes comes back with what was typed and says what is wrong', async () => {
  const answer = await post('/customers', {
    name: '',
    email: 'nobody',
    arr: 'much "money"',
    renewal_date: '31/02/2026',
    city: '<b>Town</b>',
    owner_id: 'x',
  });
  expect(answer.status).toBe(422);
  for (const words of [
    'This is not an e-mail address',
    'The date 31/02/2026 does not exist',
    'value="much &quot;money&quot;"',
    '&lt;b&gt;Town&lt;/b&gt;',
    'href="#field-email"',
  ])
    expect(answer.text).toContain(words);
  expect(answer.text.match(/autofocus/g)).toHaveLength(1);
});

test('a fact is edited in place; another change meanwhile is said there', async () => {
  const path = `/customers/${await make('/customers', { name: 'Facts', city: 'A' })}`;
  const htmx = { 'HX-Request': 'true', 'HX-Request-Type': 'partial', 'HX-Target': 'div#fact-city' };
  const sent = formOf(await page(`${path}/facts/city`, 'admin', htmx), `${path}/facts/city`);
  expect(sent).toMatchObject({ city: 'A', version: '1' });
  const saved = await post(`${path}/facts/city`, { ...sent, city: 'B <i>' }, 'admin', htmx);
  expect([saved.status, saved.text.includes('B &lt;i&gt;'), saved.text.includes('<html')]).toEqual([200, true, false]);
  const late = await post(`${path}/facts/city`, { ...sent, city: 'C' }, 'admin', htmx);
  expect([late.status, late.text.includes('Changed meanwhile')]).toEqual([409, true]);
  expect((await read(path)).city).toBe('B <i>');
  const wrong = await post(`${path}/facts/email`, { version: '2', email: 'nobody' }, 'admin', htmx);
  expect([wrong.status, wrong.text.includes('not an e-mail address')]).toEqual([422, true]);
  for (const field of ['tenant_id', 'id', 'created_by', '__proto__', 'search_text'])
    expect(`${field} ${(await post(`${path}/facts/${field}`, { version: '2', [field]: 'x' })).status}`).toBe(
      `${field} 404`,
    );
  // Giving the record away takes it out of sight: said, not refused.
  const given = await make('/customers', { name: 'Given', owner_id: acme.users.sales.id });
  const handed = await post(`/customers/${given}`, { version: '1', owner_id: acme.users.admin.id }, 'sales');
  expect([handed.status, handed.headers.location]).toEqual([303, '/customers']);
  expect((await read(`/customers/${given}`)).owner_id).toBe(acme.users.admin.id);
});

test('the timeline loads to its end with every moment once, also those of one instant', async () => {
  const id = await make('/customers', { name: 'Long story' });
  await client.query(
    `insert into notes (tenant_id, body, customer_id, created_at) select $1, 'note-' || i || '.', $2, '2026-01-01 10:00+00' from generate_series(1, 47) i`,
    [acme.id, id],
  );
  const seen: string[] = [];
  let at = `/customers/${id}`;
  for (let i = 0; at && i < 10; i += 1) {
    const html = await page(at);
    seen.push(...[...html.matchAll(/note-\d+\./g)].map(([note]) => note));
    at = plainText(new RegExp(`"(/customers/${id}/timeline\\?before=[^"]+)"`).exec(html)?.[1] ?? '');
  }
  expect([seen.length, new Set(seen).size]).toEqual([47, 47]);
  for (const before of [
    '2026-13-45 99:99:99',
    'now',
    "' or 1=1",
    Buffer.from('["2026-99-99 10:00:00+00","0191f000-0000-7000-8000-000000000000"]').toString('base64url'),
  ])
    expect(
      (await people.admin!.agent.get(`/customers/${id}/timeline?before=${encodeURIComponent(before)}`)).status,
    ).toBe(400);
  await admin.remove(`/customers/${id}`);
  for (const tail of ['', '/timeline', '/edit', '/facts/name'])
    expect(`${tail} ${(await people.support!.agent.get(`/customers/${id}${tail}`)).status}`).toMatch(/ (403|404)$/);
  expect(await findViolations(app.database.url)).toEqual([]);
});

test('a form says everything that is wrong with it at once', async () => {
  const answer = await post('/customers', { name: ' ', email: 'nowhere', website: 'javascript:alert(1)' });
  expect(answer.status).toBe(422);
  const text = plainText(answer.text);
  for (const word of ['Name is required', 'not an e-mail address', 'not a web address']) expect(text).toContain(word);
});
