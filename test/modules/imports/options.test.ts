// What a program may say about its file, and what it is told when that cannot be.
import XLSX from '@e965/xlsx';
import { createRecord } from '../../../src/kernel/records.ts';
import { customer } from '../../../src/modules/customers/customer.entity.ts';
import { countsOf, csv, useGround } from './ground.ts';

const ground = useGround();

/** @param options as text, to be wrong in every way */
const send = (options: unknown, entity = 'customers', content = 'Name\nAny') =>
  ground.app
    .agent()
    .post('/api/v1/imports')
    .set('Authorization', `Bearer ${ground.acme.users.admin.token}`)
    .field('entity', entity)
    .field('options', typeof options === 'string' ? options : JSON.stringify(options))
    .attach('file', Buffer.from(content), 'list.csv');

const customerNamed = async (name: string) =>
  (await ground.sql('select * from customers where name = $1 and tenant_id = $2', [name, ground.acme.id]))[0];

test.each([
  ['{"a"', 'options', /^Send options as a JSON object\. /],
  [{ sheets: 1 }, 'options.sheets', /There is no such option. Options are sheet, header_row, mapping/],
  [{ mode: 'replace' }, 'options.mode', /create.*update.*both/],
  [{ match: ['phone'] }, 'options.match.0', /external_id.*email.*name/],
  [{ header_row: -1 }, 'options.header_row', /0/],
  [{ overwrite: { Name: 'sometimes' } }, 'options.overwrite.Name', /always.*empty.*never/],
  [{ mapping: { Name: 'nmae' } }, 'options.mapping.Name', /There is no field “nmae”\. Fields are name, /],
  [{ mapping: { Name: 'contact.salary' } }, 'options.mapping.Name', /Fields are contact\.name, /],
  [{ mapping: { Name: 'tenant_id' } }, 'options.mapping.Name', /written by Rapport itself/],
  [{ mapping: { Name: 'contact.customer_id' } }, 'options.mapping.Name', /There is no field|written by Rapport/],
  [{ mapping: { Name: 'health_score' } }, 'options.mapping.Name', /There is no field|written by Rapport itself/],
  [{ mapping: { A: 'name', B: 'name' } }, 'options.mapping.B', /“A” fills name already/],
  [{ mapping: { A: 'name' }, overwrite: { B: 'never' } }, 'options.overwrite.B', /not imported/],
  [{ defaults: { version: '2' } }, 'options.defaults.version', /written by Rapport itself/],
  [{ defaults: { status: 'Wichtig' } }, 'options.defaults.status', /Wichtig/],
  [{ defaults: { owner_id: 'nobody@acme.example' } }, 'options.defaults.owner_id', /no active colleague/],
  [{ defaults: { owner_id: 'admin@globex.example' } }, 'options.defaults.owner_id', /no active colleague/],
])('%j is refused before the file is kept', async (options, key, why) => {
  const { status, body } = await send(options);
  expect(status).toBe(422);
  expect(body.details).toEqual({ [key]: expect.stringMatching(why) });
});

test('a kind that files can only change cannot be added', async () => {
  const { status, body } = await send({ mode: 'create' }, 'notes');
  expect(status).toBe(422);
  expect(body.details['options.mode']).toMatch(/can be changed by a file, not added/);
  expect((await send({}, 'unicorns')).status).toBe(422);
});

test('what shows only in the file ends the import with words that say what to do', async () => {
  const list = csv(['Firm', 'Mail'], ['One AG', 'one@opt.example']);
  const missing = await ground.run(list, { mapping: { Company: 'name' } });
  expect(missing).toMatchObject({
    state: 'failed',
    error: 'The file has no column “Company”. The columns are “Firm”, “Mail”.',
  });
  const rule = await ground.run(list, { overwrite: { Phone: 'never' } });
  expect(rule.error).toBe('The file has no column “Phone”. The columns are “Firm”, “Mail”.');
  const nameless = await ground.run(list, { mapping: { Mail: 'email' } });
  expect(nameless.error).toBe('Choose the column that holds the name. The columns are “Firm”, “Mail”.');
  const book = XLSX.utils.book_new(XLSX.utils.aoa_to_sheet([['Name'], ['Sheet AG']]), 'Clients');
  XLSX.utils.book_append_sheet(book, XLSX.utils.aoa_to_sheet([['Title'], ['Name'], ['Row AG']]), 'Old');
  const file = XLSX.write(book, { type: 'buffer', bookType: 'xlsx' }) as Buffer;
  const sheet = await ground.run(file, { sheet: 'Kunden' }, 'customers', 'book.xlsx');
  expect(sheet.error).toBe('This file has no sheet “Kunden”. Its sheets are “Clients”, “Old”.');
  for (const wished of ['Old', 1]) {
    const found = await ground.run(file, { sheet: wished, header_row: 2 }, 'customers', 'book.xlsx');
    expect(found).toMatchObject({ state: 'planned', sheet: 1, header_row: 2, created: 1 });
  }
});

test('defaults fill new records, and each column overwrites what it may', async () => {
  await ground.as((ctx) =>
    createRecord(ctx, customer, { name: 'Rules AG', email: 'rules@opt.example', city: 'Bonn', phone: '+49 30 111111' }),
  );
  const list = csv(
    ['Name', 'E-mail', 'City', 'Phone', 'Industry'],
    ['Rules AG', 'rules@opt.example', 'Köln', '+49 30 222222', 'Food'],
    ['Fresh AG', 'fresh@opt.example', 'Ulm', '+49 30 333333', 'Food'],
  );
  const options = {
    overwrite: { City: 'always', Phone: 'never', industry: 'empty' },
    defaults: { owner_id: ground.acme.users.manager.email, status: 'Prospect' },
    match: ['email'],
    commit: true,
  };
  const found = await ground.run(list, options);
  expect(found.state).toBe('committed');
  expect(countsOf(found)).toMatchObject({ created: 1, updated: 1 });
  expect(await customerNamed('Rules AG')).toMatchObject({ city: 'Köln', phone: '+49 30 111111', industry: 'Food' });
  expect(await customerNamed('Fresh AG')).toMatchObject({
    phone: '+49 30 333333',
    status: 'prospect',
    owner_id: ground.acme.users.manager.id,
  });
});

test('a program downloads the rows that failed, and undoes and brings back what it imported', async () => {
  const api = (method: 'get' | 'post', path: string) =>
    ground.app
      .agent()
      [method](`/api/v1/imports/${path}`)
      .set('Authorization', `Bearer ${ground.acme.users.admin.token}`);
  const list = csv(['Name', 'E-mail'], ['Program AG', 'p@opt.example'], ['Bad AG', 'nonsense']);
  const { id } = await ground.run(list, { commit: true });
  expect((await api('get', `${id}/errors.xlsx`)).headers['content-type']).toMatch(/spreadsheetml/);
  for (const [verb, state] of [
    ['undo', 'undone'],
    ['redo', 'committed'],
  ] as const) {
    expect((await api('post', `${id}/${verb}`)).status).toBe(202);
    await ground.drive(id);
    expect((await api('get', id)).body.data).toMatchObject({ state, rows: 2, created: 1, failed: 1 });
  }
});
