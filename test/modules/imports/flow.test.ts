// From a file to records: what is planned, what is written, and that every row is accounted for. IM-12, IM-17..IM-19.
import { createRecord, trashRecord, updateRecord } from '../../../src/kernel/records.ts';
import { contact } from '../../../src/modules/customers/contact.entity.ts';
import { customer } from '../../../src/modules/customers/customer.entity.ts';
import { commitImport, saveMapping } from '../../../src/modules/imports/imports.service.ts';
import { PLAIN_CHOICES } from '../../../src/modules/imports/model.ts';
import { countsOf, csv, reasons, staysSound, useGround } from './ground.ts';

const ground = useGround({}, staysSound);

const customersNamed = (like: string) =>
  ground.sql(
    `select c.*, (select array_agg(t.name order by t.name) from customer_tags ct join tags t on t.id = ct.tag_id
       where ct.customer_id = c.id) as tags from customers c where c.tenant_id = $1 and c.name like $2 order by c.name`,
    [ground.acme.id, like],
  );

const LIST = csv(
  ['Kunden-Nr.', 'Firma', 'E-Mail', 'Ort', 'Status', 'ARR', 'Renewal date', 'Owner', 'Tags', 'Website'],
  [
    'F1',
    'Flow Nord',
    'Info@Flow-Nord.example',
    'Berlin',
    'Kunde',
    '1.234,50',
    '2026-03-31',
    'manager@acme.example',
    'VIP, North',
    'flow.example',
  ],
  ['F2', 'Flow Süd', 'info@flow-sued.example', 'München', 'Interessent', '99', '', 'manager of Acme', '', ''],
  ['F3', 'Flow West', 'no mail', 'Köln', 'neu', '5', '31/02/2026', '', '', ''],
  ['F4', '', 'x@flow.example', 'Köln', 'active', '5', '', '', '', ''],
  ['f1', 'Flow Nord again', '', 'Bonn', 'active', '5', '', '', '', ''],
  ['F6', 'Flow Ost', '', 'Dresden', 'Wichtig', '', '', 'Nobody Here', '', ''],
);

test('a list becomes customers, with a reason for every row that does not', async () => {
  const found = await ground.run(LIST);
  expect(found.state).toBe('planned');
  expect(countsOf(found)).toEqual({ rows: 6, created: 2, updated: 0, unchanged: 0, skipped: 1, failed: 3 });
  expect(await customersNamed('Flow%')).toHaveLength(0);
  expect(await reasons(ground, found.id)).toEqual({
    4: expect.stringMatching(/^error: .*not an e-mail address.*the date 31\/02\/2026 does not exist\.$/),
    5: 'error: Name is missing.',
    6: 'skip: Same external id as row 2, which is used.',
    7: expect.stringMatching(/"Wichtig" is not known here.*no active colleague “Nobody Here”/),
  });
  await ground.as((ctx) => commitImport(ctx, found.id, null));
  await ground.drive(found.id);
  const done = await ground.load(found.id);
  expect(done.state).toBe('committed');
  expect(countsOf(done)).toEqual({ rows: 6, created: 2, updated: 0, unchanged: 0, skipped: 1, failed: 3 });
  const [north, south] = await customersNamed('Flow%');
  expect(north).toMatchObject({
    external_id: 'F1',
    email: 'info@flow-nord.example',
    status: 'active',
    arr: '1234.50',
    owner_id: ground.acme.users.manager.id,
    tags: ['North', 'VIP'],
    website: 'https://flow.example',
    currency: 'EUR',
    created_by: ground.acme.users.admin.id,
    version: 1,
  });
  expect(south).toMatchObject({ status: 'prospect', owner_id: ground.acme.users.manager.id, tags: null });
  const trail = await ground.sql(`select verb, via, version from audit_log where record_id = $1`, [north!.id]);
  expect(trail).toEqual([{ verb: 'imported', via: 'import', version: 1 }]);
});

test('the same file again changes nothing, and an edited one changes exactly the edited cells', async () => {
  const again = await ground.run(LIST, { commit: true });
  expect(again.state).toBe('planned');
  expect(countsOf(again)).toEqual({ rows: 6, created: 0, updated: 0, unchanged: 2, skipped: 1, failed: 3 });

  const edited = LIST.replace('"Berlin"', '"Potsdam"').replace('"VIP, North"', '"VIP, East"');
  const changed = await ground.run(edited, { commit: true });
  expect(changed.state).toBe('committed');
  expect(countsOf(changed)).toEqual({ rows: 6, created: 0, updated: 1, unchanged: 1, skipped: 1, failed: 3 });
  const [north] = await customersNamed('Flow Nord');
  expect(north).toMatchObject({ city: 'Potsdam', tags: ['East', 'VIP'], version: 2, arr: '1234.50' });
  const [line] = await ground.sql<{ changes: object }>(
    `select changes from audit_log where record_id = $1 and version = 2`,
    [north!.id],
  );
  expect(line!.changes).toEqual({
    city: { old: 'Berlin', new: 'Potsdam' },
    tags: { old: ['North', 'VIP'], new: ['VIP', 'East'] },
  });
});

test('the mode decides what is added and what is updated; blank cells keep or clear', async () => {
  const file = csv(
    ['Name', 'E-mail', 'City', 'Notes'],
    ['Mode A', 'a@mode.example', 'Rome', ''],
    ['Mode B', 'b@mode.example', 'Rome', 'New'],
  );
  await ground.run(csv(['Name', 'E-mail', 'City', 'Notes'], ['Mode A', 'a@mode.example', 'Oslo', 'Keep me']), {
    commit: true,
  });
  expect(countsOf(await ground.run(file, { mode: 'create' }))).toMatchObject({ created: 1, updated: 0, skipped: 1 });
  expect(countsOf(await ground.run(file, { mode: 'update' }))).toMatchObject({ created: 0, updated: 1, skipped: 1 });
  await ground.run(file, { commit: true });
  expect((await customersNamed('Mode A'))[0]).toMatchObject({ city: 'Rome', description: 'Keep me' });
  await ground.run(file, { commit: true, blank: 'clear' });
  expect((await customersNamed('Mode A'))[0]).toMatchObject({ city: 'Rome', description: null });
});

test('names match with what stands beside them; ambiguity is an error, the trash is said', async () => {
  await ground.as(async (ctx) => {
    await createRecord(ctx, customer, { name: 'Twin', city: 'Bern' });
    await createRecord(ctx, customer, { name: 'Twin', city: 'Basel' });
    const gone = await createRecord(ctx, customer, { name: 'Gone', external_id: 'GONE-1' });
    await trashRecord(ctx, customer, String(gone.id));
  });
  const found = await ground.run(
    csv(
      ['Name', 'City', 'External id', 'Industry'],
      ['TWIN', 'bern', '', 'Banks'],
      ['Twin', 'Chur', '', 'Rail'],
      ['Twin', '', '', 'Unclear'],
      ['Anything', '', 'gone-1', ''],
    ),
  );
  expect(countsOf(found)).toEqual({ rows: 4, created: 1, updated: 1, unchanged: 0, skipped: 1, failed: 1 });
  expect(await reasons(ground, found.id)).toEqual({
    4: 'error: 2 customers have this name and city. Add an external id or match by something else.',
    5: 'skip: This customer is in the trash (same external id). Restore it there if it should be used.',
  });
});

test('contacts find their customer by name, and names come together from their parts', async () => {
  const file = csv(
    ['First name', 'Last name', 'Company', 'E-mail', 'Job title'],
    ['Ada', 'Lovelace', 'flow nord', 'ada@flow.example', 'CEO'],
    ['Grace', 'Hopper', 'Nobody Ltd', 'grace@flow.example', 'CTO'],
    ['Alan', 'Turing', 'Twin', 'alan@flow.example', ''],
  );
  const found = await ground.run(file, { commit: true }, 'contacts');
  expect(countsOf(found)).toEqual({ rows: 3, created: 1, updated: 0, unchanged: 0, skipped: 0, failed: 2 });
  expect(await reasons(ground, found.id)).toEqual({
    3: 'error: there is no customer “Nobody Ltd” that you can see.',
    4: 'error: 2 customers are called “Twin”. Write the e-mail address instead.',
  });
  const [ada] = await ground.sql(`select name, customer_id, job_title from contacts where email = 'ada@flow.example'`);
  const [north] = await customersNamed('Flow Nord');
  expect(ada).toEqual({ name: 'Ada Lovelace', customer_id: north!.id, job_title: 'CEO' });
});

test('leads come with their source', async () => {
  const found = await ground.run(
    csv(['Lead', 'Company', 'Lead source', 'Amount'], ['Lena', 'Leadco', 'Messe', '$1,000.00']),
    { commit: true },
    'leads',
  );
  expect(countsOf(found)).toMatchObject({ rows: 1, created: 1 });
  const [lena] = await ground.sql(`select source, estimated_value, status from leads where name = 'Lena'`);
  expect(lena).toEqual({ source: 'Trade Show', estimated_value: '1000.00', status: 'new' });
});

test('a record that somebody edited since the plan is left as it is, and that is said', async () => {
  const made = await ground.as((ctx) => createRecord(ctx, customer, { name: 'Edited meanwhile', city: 'Graz' }));
  const found = await ground.run(csv(['Name', 'Notes', 'Phone'], ['Edited meanwhile', 'From the file', '+43 1 234']));
  expect(found.updated).toBe(1);
  await ground.as((ctx) => updateRecord(ctx, customer, String(made.id), 1, { city: 'Linz' }));
  const late = await ground.as((ctx) => createRecord(ctx, customer, { name: 'Irrelevant' }));
  expect(late).toBeTruthy();
  await ground.as((ctx) => commitImport(ctx, found.id, null));
  await ground.drive(found.id);
  expect(countsOf(await ground.load(found.id))).toMatchObject({ rows: 1, updated: 0, failed: 1 });
  expect(await reasons(ground, found.id)).toEqual({ 2: expect.stringContaining('was edited after the plan was made') });
  expect((await customersNamed('Edited meanwhile'))[0]).toMatchObject({ city: 'Linz', description: null, version: 2 });
});

test('two imports of one file at once make every record once', async () => {
  const file = csv(['Name', 'External id'], ...Array.from({ length: 40 }, (_, i) => [`Twice ${i}`, `TW-${i}`]));
  const ids = [await ground.upload(file), await ground.upload(file)];
  for (const id of ids) await ground.drive(id);
  for (const id of ids) await ground.as((ctx) => commitImport(ctx, id, null));
  await Promise.all(ids.map((id) => ground.drive(id)));
  expect(await customersNamed('Twice%')).toHaveLength(40);
  const [a, b] = await Promise.all(ids.map((id) => ground.load(id)));
  expect(a!.created + b!.created).toBe(40);
  expect(a!.failed + b!.failed + a!.unchanged + b!.unchanged).toBe(40);
});

test('committing twice, also at the same time, writes once', async () => {
  const found = await ground.run(csv(['Name', 'City'], ['Once only', 'Gera']));
  await Promise.all([1, 2, 3].map(() => ground.as((ctx) => commitImport(ctx, found.id, null))));
  await Promise.all([ground.drive(found.id), ground.drive(found.id)]);
  await ground.as((ctx) => commitImport(ctx, found.id, null));
  await ground.drive(found.id);
  expect(await customersNamed('Once only')).toHaveLength(1);
});

test('a mapping reaches only fields that forms may write', async () => {
  const found = await ground.run(csv(['Name', 'X', 'Y'], ['Tampered', ground.globex.id, '7']));
  for (const field of [
    'tenant_id',
    'id',
    'version',
    'created_by',
    'deleted_at',
    'custom',
    '__proto__',
    'constructor',
    'search_text',
  ]) {
    const mapping = [
      { column: 0, field: 'name' },
      { column: 1, field },
    ];
    await expect(ground.as((ctx) => saveMapping(ctx, found.id, mapping, PLAIN_CHOICES))).rejects.toMatchObject({
      status: 422,
      details: { column_1: 'This is not a field that an import may fill.' },
    });
    const choices = { ...PLAIN_CHOICES, defaults: { [field === '__proto__' ? 'prototype' : field]: ground.globex.id } };
    await expect(
      ground.as((ctx) => saveMapping(ctx, found.id, [{ column: 0, field: 'name' }], choices)),
    ).rejects.toMatchObject({ status: 422 });
  }
  for (const field of ['customer_id', 'converted_at']) {
    const lead = await ground.run(csv(['Name', 'Z'], ['Tampered lead', ground.acme.records.customer!]), {}, 'leads');
    const mapping = [
      { column: 0, field: 'name' },
      { column: 1, field },
    ];
    await expect(ground.as((ctx) => saveMapping(ctx, lead.id, mapping, PLAIN_CHOICES))).rejects.toMatchObject({
      status: 422,
    });
  }
});

test('a reference to a record of another company is as unknown as a made-up one', async () => {
  const file = csv(['Name', 'Customer', 'E-mail'], ['Spy', ground.globex.records.customer!, 'spy@x.example']);
  const found = await ground.run(
    file,
    { mapping: { Name: 'name', Customer: 'customer_id', 'E-mail': 'email' } },
    'contacts',
  );
  expect(countsOf(found)).toMatchObject({ rows: 1, failed: 1 });
  expect(await ground.sql(`select 1 from contacts where name = 'Spy'`)).toEqual([]);
  const owner = csv(['Name', 'Owner'], ['Spy customer', ground.globex.users.admin.email]);
  expect(countsOf(await ground.run(owner))).toMatchObject({ rows: 1, failed: 1 });
});

test('formulas and markup are text, odd headers are told apart', async () => {
  const file = csv(
    ['Name', 'Notes', 'Notes', '', '__proto__', 'constructor'],
    ['=HYPERLINK("http://x")', '<script>alert(1)</script>', 'second', 'third', 'p', 'c'],
  );
  const found = await ground.run(file, { commit: true });
  expect(found.columns.map((c) => c.header)).toEqual([
    'Name',
    'Notes',
    'Notes (2)',
    'Column D',
    '__proto__',
    'constructor',
  ]);
  expect(await customersNamed('=HYPER%')).toMatchObject([
    { name: '=HYPERLINK("http://x")', description: '<script>alert(1)</script>' },
  ]);
});

test('a title above the list, blank rows and repeated headers are seen for what they are', async () => {
  const file = [
    'Customers of 2026,,',
    ',,',
    'Name,City,Phone',
    'Above A,Ulm,1234567',
    ',,',
    'Name,City,Phone',
    'Above B,Ulm,7654321',
    '',
  ].join('\n');
  const found = await ground.run(file, { commit: true });
  expect(found.header_row).toBe(3);
  expect(countsOf(found)).toEqual({ rows: 3, created: 2, updated: 0, unchanged: 0, skipped: 1, failed: 0 });
  expect(await reasons(ground, found.id)).toEqual({ 6: 'skip: This row repeats the header.' });
});

test('what cannot be read says why and keeps nothing', async () => {
  const xls = await ground.run(Buffer.from('d0cf11e0a1b11ae1', 'hex'), {}, 'customers', 'old.xls');
  expect(xls).toMatchObject({ state: 'failed', rows: 0 });
  expect(xls.error).toMatch(/Save As/);
  const empty = await ground.run('', {}, 'customers', 'empty.csv');
  expect(empty.error).toMatch(/empty/);
  const headed = await ground.run('Name,City\n', {}, 'customers');
  expect(headed.error).toMatch(/no rows below the row that names the columns. Choose another row for that/);
  const column = await ground.run('Name,City\nA,B\n', { mapping: { Nom: 'name' } });
  expect(column).toMatchObject({
    state: 'failed',
    error: 'The file has no column “Nom”. The columns are “Name”, “City”.',
  });
  const sheet = await ground.run('Name,City\nA,B\n', { sheet: 'Other' });
  expect(sheet.error).toBe('This file has no sheet “Other”. Its sheets are “list”.');
  expect(
    await ground.sql('select 1 from import_rows r join imports i on i.id = r.import_id where i.state = $1', ['failed']),
  ).toEqual([]);
});

test('an address of one person at two companies is not forced together', async () => {
  const file = csv(['Name', 'Company', 'Phone'], ['Jo Doe', 'Flow Nord', '1234567'], ['Jo Doe', 'Flow Süd', '2345678']);
  const found = await ground.run(file, { commit: true }, 'contacts');
  expect(countsOf(found)).toMatchObject({ rows: 2, created: 2 });
  const rows = await ground.as((ctx) => ctx.db.from(contact.table).where('name', 'Jo Doe'));
  expect(rows).toHaveLength(2);
});
