// What becomes of a record: made, changed, changed by two at once, sent twice, thrown away and brought back.
import pg from 'pg';
import { allEntities } from '../../src/kernel/entity.ts';
import { newId } from '../../src/kernel/ids.ts';
import { startApp, type TestApp } from '../helpers/app.ts';
import { fingerprint, makeTenant, sampleValues, type TestTenant } from '../helpers/fixture.ts';
import { findViolations } from '../helpers/invariants.ts';
import { type Program, program } from '../helpers/program.ts';

let app: TestApp;
let acme: TestTenant;
let globex: TestTenant;
let admin: Program;
let client: pg.Client;

beforeAll(async () => {
  app = await startApp();
  acme = await makeTenant(app.database.url, app.platform, 'acme');
  globex = await makeTenant(app.database.url, app.platform, 'globex');
  admin = program(app, acme.users.admin);
  client = new pg.Client({ connectionString: app.database.url });
  await client.connect();
}, 60_000);
afterAll(async () => {
  await client?.end();
  await app?.stop();
});

const make = async (path: string, values: object) => {
  const { status, body } = await admin.post(path, values);
  if (status !== 201) throw new Error(`${path} ${status} ${JSON.stringify(body)}`);
  return body.data;
};
const trail = async (id: string) =>
  (
    await client.query(
      'select verb, version, changes, via, actor_name, request_id from audit_log where record_id = $1 order by id',
      [id],
    )
  ).rows;

test('every entity is made, read, changed, thrown away and brought back without losing a value', async () => {
  for (const entity of allEntities()) {
    const base = `/${entity.table}`;
    const unique = {
      ...(entity.fields.external_id ? { external_id: newId() } : {}),
      ...(entity.name === 'tag' ? { name: newId() } : {}),
      // One that names nobody belongs to whoever adds it.
      ...(entity.name === 'task' ? { assigned_to: acme.users.sales.id } : {}),
    };
    const sent = sampleValues(entity, acme.records, unique);
    const made = await make(base, sent);
    const times = (row: Record<string, string>) => ({
      ...row,
      ...(row.occurred_at ? { occurred_at: new Date(row.occurred_at).toISOString() } : {}),
    });
    expect(times(made)).toMatchObject(times(sent as never));
    expect((await admin.get(`${base}/${made.id}`)).body.data).toEqual(made);
    const trashed = (await admin.remove(`${base}/${made.id}`)).body.data;
    expect(trashed).toEqual({ ...made, version: 2, deleted_at: expect.any(String), updated_at: expect.any(String) });
    expect((await admin.get(`${base}/${made.id}`)).status).toBe(404);
    expect((await admin.patch(`${base}/${made.id}`, { version: 2, [entity.title]: 'X' })).status).toBe(404);
    const back = (await admin.post(`${base}/${made.id}/restoration`)).body.data;
    expect(back).toEqual({ ...made, version: 3, updated_at: expect.any(String) });
    expect((await trail(made.id)).map((line) => `${line.verb} ${line.version}`)).toEqual([
      'created 1',
      'trashed 2',
      'restored 3',
    ]);
    // The same values again are no change, whatever order tags come in and however a time is written.
    const again = await admin.patch(`${base}/${made.id}`, { ...sent, version: 1 });
    expect([again.status, again.body.data?.version]).toEqual([200, 3]);
  }
});

test('a change on an old version is a conflict, the same change twice is none', async () => {
  const { id } = await make('/customers', { name: 'Conflict', tags: ['b', 'A'], arr: '10' });
  expect((await admin.patch(`/customers/${id}`, { version: 1, name: 'First' })).body.data).toMatchObject({
    name: 'First',
    version: 2,
  });
  const stale = await admin.patch(`/customers/${id}`, { version: 1, name: 'Second' });
  expect([stale.status, stale.body.error]).toEqual([
    409,
    'Somebody else changed this record while you were editing it.',
  ]);
  expect((await admin.patch(`/customers/${id}`, { version: 1, name: 'First' })).body.data.version).toBe(2);
  expect(
    (await admin.patch(`/customers/${id}`, { version: 1, tags: ['a', 'B', 'b'], arr: 10.0 })).body.data.version,
  ).toBe(2);
  expect((await admin.patch(`/customers/${id}`, { version: 9, name: 'Third' })).status).toBe(409);
  for (const version of [0, -1, 1.5, '2', null, undefined])
    expect((await admin.patch(`/customers/${id}`, { version, name: 'X' })).status).toBe(422);
  const lines = await trail(id);
  expect(lines.map((line) => line.verb)).toEqual(['created', 'updated']);
  expect(lines[1]).toMatchObject({ version: 2, via: 'api', changes: { name: { old: 'Conflict', new: 'First' } } });
});

test('of twenty changes of one version at once exactly one wins, and the others are told', async () => {
  const { id } = await make('/customers', { name: 'Parallel' });
  for (const round of [1, 2]) {
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        admin.patch(`/customers/${id}`, { version: round, name: `Round ${round} of ${i}` }),
      ),
    );
    expect(answers.map((answer) => answer.status).sort()).toEqual([200, ...Array(19).fill(409)]);
    const won = answers.find((answer) => answer.status === 200)!;
    expect((await admin.get(`/customers/${id}`)).body.data).toMatchObject({
      version: round + 1,
      name: won.body.data.name,
    });
  }
  const mixed = await Promise.all(
    [...Array(5)].flatMap(() => [admin.remove(`/customers/${id}`), admin.post(`/customers/${id}/restoration`)]),
  );
  expect(mixed.filter((answer) => answer.status !== 200)).toEqual([]);
}, 60_000);

test('what is required, taken or does not fit together is said beside its field', async () => {
  const taken = newId();
  const { id } = await make('/customers', { name: 'Owner of the id', external_id: taken });
  await make('/accounts', { name: 'A', account_number: 'N-1', customer_id: id });
  await make('/tags', { name: 'Strategic' });
  const contact = await make('/contacts', { name: 'P', customer_id: id });
  const talk = await make('/interactions', { subject: 'S', type: 'call' });
  await admin.remove(`/customers/${id}`);
  const project = { name: 'P', customer_id: acme.records.customer, start_date: '2026-05-01' };
  const scenarios: [string, object, string][] = [
    ['/customers', {}, 'name'],
    ['/customers', { name: '   ' }, 'name'],
    ['/customers', { name: 'x'.repeat(201) }, 'name'],
    ['/customers', { name: 'X', external_id: taken.toUpperCase() }, 'external_id'],
    ['/accounts', { name: 'A', account_number: 'n-1', customer_id: acme.records.customer }, 'account_number'],
    ['/tags', { name: 'STRATEGIC' }, 'name'],
    ['/projects', { ...project, end_date: '2026-04-30' }, 'end_date'],
    ['/projects', { ...project, completion: 101 }, 'completion'],
    ['/contacts', { name: 'X', customer_id: id }, 'customer_id'],
    ['/contacts', { name: 'X', owner_id: globex.users.admin.id }, 'owner_id'],
    ['/customers', { name: 'X', status: 'Converted' }, 'status'],
    ['/customers', { name: 'X', arr: '-1' }, 'arr'],
    ['/customers', { name: 'X', currency: 'eur' }, 'currency'],
    ['/customers', { name: 'X', nickname: 'Y' }, 'nickname'],
    ['/interactions', { subject: 'X', occurred_at: '0000-01-01T00:00:00Z' }, 'occurred_at'],
  ];
  const before = await fingerprint(app.database.url);
  for (const [path, body, field] of scenarios) {
    const answer = await admin.post(path, body);
    expect([path, body, answer.status, Object.keys(answer.body.details)]).toEqual([path, body, 422, [field]]);
    expect(answer.body.details[field]).toMatch(/^.{5,200}$/);
  }
  for (const [path, row, field] of [
    ['/contacts', contact, 'is_primary'],
    ['/interactions', talk, 'occurred_at'],
    ['/contacts', contact, 'name'],
  ] as const) {
    const answer = await admin.patch(`${path}/${row.id}`, { version: 1, [field]: null });
    expect([field, answer.status, Object.keys(answer.body.details)]).toEqual([field, 422, [field]]);
  }
  expect(await fingerprint(app.database.url)).toEqual(before);
});

test('what is left empty takes its initial value, and amounts stay exact', async () => {
  const row = await make('/customers', {
    name: 'Bare',
    status: null,
    currency: null,
    arr: 0.1 + 0.2,
    lifetime_value: '1.005',
  });
  expect(row).toMatchObject({
    status: 'new',
    type: 'company',
    currency: 'EUR',
    arr: '0.30',
    lifetime_value: '1.01',
    products_owned: [],
    tags: [],
    owner_id: null,
  });
  const talk = await make('/interactions', { subject: 'Now', occurred_at: null });
  expect(Math.abs(Date.now() - Date.parse(talk.occurred_at))).toBeLessThan(60_000);
  const changed = (
    await admin.patch(`/customers/${row.id}`, { version: 1, arr: null, tags: null, products_owned: null })
  ).body.data;
  expect(changed).toMatchObject({ arr: null, tags: [], products_owned: [], version: 2 });
});

test('tags are made once, whatever their case, and found again', async () => {
  const first = await make('/customers', { name: 'T1', tags: ['Ünique', 'ünique', 'Other'] });
  expect(first.tags).toEqual(['Other', 'Ünique']);
  const parallel = await Promise.all(
    Array.from({ length: 8 }, (_, i) => make('/leads', { name: `L${i}`, tags: [i % 2 ? 'Raced' : 'RACED'] })),
  );
  expect(new Set(parallel.map((lead) => lead.tags.join().toLowerCase()))).toEqual(new Set(['raced']));
  const { rows } = await client.query(
    `select lower(name) as name, count(*)::int as n from tags where tenant_id = $1 and lower(name) in ('ünique', 'raced') group by 1 order by 1`,
    [acme.id],
  );
  expect(rows).toEqual([
    { name: 'raced', n: 1 },
    { name: 'ünique', n: 1 },
  ]);
});

test('hostile texts are stored as letters or refused, never an error of ours', async () => {
  const texts = [
    'a\u0000b',
    '\ud800',
    '\u202eevil',
    "'; drop table customers; --",
    '<script>alert(1)</script>',
    '<%= 7*7 %>',
    '$' + '{7*7}',
    '=1+1',
    '𝒜𝓫𝓬',
    'e\u0301',
    '\u200b',
    'x'.repeat(150_000),
    '\r\nBcc: x',
  ];
  for (const text of texts) {
    const { status, body } = await admin.post('/customers', {
      name: text,
      industry: text,
      city: text,
      description: text,
    });
    expect(`${JSON.stringify(text.slice(0, 20))} ${status}`).toMatch(/ (201|413|422)$/);
    if (status === 201) {
      const name = text.replaceAll('\u0000', '').toWellFormed().normalize('NFC').trim();
      expect(body.data.name).toBe(name.replace(/\s+/g, ' '));
      expect(body.data.description).toBe(name);
    }
  }
});

test('whoever gives a record away is told that it was done, although it is out of sight now', async () => {
  const { id } = await make('/customers', { name: 'Handed over', owner_id: acme.users.sales.id });
  const sales = program(app, acme.users.sales);
  const given = await sales.patch(`/customers/${id}`, { version: 1, owner_id: acme.users.manager.id });
  expect([given.status, given.body.data?.owner_id, given.body.data?.version]).toEqual([200, acme.users.manager.id, 2]);
  expect((await sales.get(`/customers/${id}`)).status).toBe(404);
});

test('the trail holds who, what and how, and nothing that must not be in it', async () => {
  const { rows } = await client.query(
    `select text from audit_log, lateral (select audit_log::text as text) t where text ~ 'rpt_|password|argon2|secret'`,
  );
  expect(rows).toEqual([]);
  const { rows: nameless } = await client.query(
    `select id from audit_log where actor_id is null or actor_name = '' or request_id is null`,
  );
  expect(nameless).toEqual([]);
  expect(await findViolations(app.database.url)).toEqual([]);
});
