// What the pages of an import say: what each row does, what came of it, and how it is taken back.
import { createRecord, updateRecord } from '../../../src/kernel/records.ts';
import type { Row } from '../../../src/kernel/tenant_db.ts';
import { customer } from '../../../src/modules/customers/customer.entity.ts';
import type { Agent } from '../../helpers/app.ts';
import { countsOf, csv, signedIn, useGround } from './ground.ts';
import { openPerson, words } from './person.ts';

const ground = useGround();
let agent: Agent;
let csrf: string;
beforeAll(async () => {
  ({ agent, csrf } = await signedIn(ground));
});

const look = async (address: string): Promise<string> => {
  const answer = await agent.get(address);
  expect(answer.status).toBe(200);
  return words(answer.text);
};
const press = (id: string, what: string, more = {}) =>
  agent
    .post(`/imports/${id}/${what}`)
    .type('form')
    .send({ _csrf: csrf, ...more });
const known = (values: Record<string, string>): Promise<Row> =>
  ground.as((ctx) => createRecord(ctx, customer, values as never));
const edit = (row: Row, values: Record<string, string>) =>
  ground.as((ctx) => updateRecord(ctx, customer, String(row.id), Number(row.version), values));

async function committed(content: string, options = {}): Promise<string> {
  const found = await ground.run(content, options);
  await press(found.id, 'commit', { run: String(found.run) });
  await ground.drive(found.id);
  expect((await ground.load(found.id)).state).toBe('committed');
  return found.id;
}

test('the plan shows every value a row will write: its own, changed ones with the old, its contact and account', async () => {
  await known({ name: 'Shown old', external_id: 'S1', city: 'Oslo' });
  const head = ['No', 'Company', 'City', 'Contact', 'Mail', 'Account'];
  const mapping = {
    No: 'external_id',
    Company: 'name',
    City: 'city',
    Contact: 'contact.name',
    Mail: 'contact.email',
    Account: 'account.account_number',
  };
  const list = csv(
    head,
    ['S1', 'Shown new', 'Bergen', '', '', ''],
    ['S2', 'Fresh', ' Bodø ', 'Anna Berg', 'ANNA@shown.example', 'A-7'],
  );
  const { id } = await ground.run(list, { mapping });
  const { text } = await agent.get(`/imports/${id}`);
  // The name stands in no column of its own; what it was is said all the same.
  expect(words(text)).toContain('Name: was Shown old becomes Shown new');
  expect(words(text)).toContain('was Oslo becomes Bergen');
  expect(words(text)).toContain('Contact: Anna Berg, anna@shown.example');
  expect(words(text)).toContain('Account: A-7');
  expect(text).toMatch(/<td [^>]*data-label="Contact: e-mail"[^>]*>anna@shown\.example<\/td>/);
  expect(text).toMatch(/<td [^>]*data-label="City"[^>]*>Bodø<\/td>/);
  // What is not there yet cannot be looked at.
  expect(text).not.toMatch(/<a href="[^"]+">Fresh/);
});

test('a cell that somebody else edited too shows what stands there now and what the file says', async () => {
  const row = await known({ name: 'Conflict AG', city: 'Bonn' });
  await edit(row, { city: 'Essen' });
  const { id } = await ground.run(
    csv(['Name', 'City', 'Rapport id', 'Rapport version'], ['Conflict AG', 'Köln', String(row.id), 1]),
  );
  const said = await look(`/imports/${id}?rows=error`);
  expect(said).toContain('was Essen becomes Köln');
  expect(said).toContain('somebody edited city in Rapport after this file was exported');
});

test('the result accounts for every row, says what undo will do and until when; undone, it says what stayed', async () => {
  const old = await known({ name: 'Back old', external_id: 'B1', city: 'Oslo', phone: '+47 21 00 00 01' });
  const list = csv(
    ['External id', 'Name', 'City', 'Phone'],
    ['B1', 'Back old', 'Bergen', '+47 21 00 00 02'],
    ['B2', 'Back new', 'Bodø', ''],
    ['B3', '', '', ''],
  );
  const id = await committed(list);
  const result = await look(`/imports/${id}`);
  expect(result).toContain('3 rows in the file = 1 created + 1 updated + 0 unchanged + 0 skipped + 1 failed');
  expect(result).toMatch(
    /Undo this import Possible until \d+ \w+\. Moves 1 customer to the trash and gives 1 customer the old values back/,
  );
  expect(result).toContain('External id External id');
  expect((await agent.get(`/imports/${id}`)).text).toContain(`/imports/${id}/errors.xlsx`);

  const [now] = await ground.sql<Row>('select * from customers where id = $1', [old.id]);
  await edit(now!, { city: 'Narvik' });
  expect((await press(id, 'undo')).status).toBe(303);
  expect((await press(id, 'undo')).status).toBe(303);
  expect(await look(`/imports/${id}/progress`)).toContain('0 of 2 rows taken back');
  await ground.drive(id);
  const undone = await look(`/imports/${id}`);
  expect(undone).toContain('This import was undone by admin of Acme.');
  expect(undone).toMatch(
    /Not as it was before the import: 1 record .* 2 Back old City stays as it is\. Edited since by admin of Acme\./,
  );
  expect(undone).toContain('Bring it back');
  expect(await look(`/imports/${id}?rows=kept`)).toContain('City stays as it is.');
  expect(await look(`/imports/${id}?rows=create`)).toMatch(/Back new\s+Undone/);
  expect(await look('/imports')).toContain('Undone by admin of Acme');

  expect((await press(id, 'redo')).status).toBe(303);
  expect((await press(id, 'redo')).status).toBe(303);
  expect(await look(`/imports/${id}/progress`)).toContain('0 of 2 rows brought back');
  await ground.drive(id);
  const again = await look(`/imports/${id}`);
  expect(again).toContain('Undo this import');
  expect(again).not.toContain('was undone by');
  const rows = await ground.sql(
    `select name, city, phone, deleted_at from customers where external_id like 'B_' order by external_id`,
  );
  expect(rows).toMatchObject([
    { city: 'Narvik', phone: '+47 21 00 00 02', deleted_at: null },
    { city: 'Bodø', deleted_at: null },
  ]);
});

test('what cannot be undone or brought back is refused in words, and no button promises it', async () => {
  const { id } = await ground.run(csv(['Name'], ['Not yet AG']));
  const early = await press(id, 'undo');
  expect(early.status).toBe(409);
  expect(words(early.text)).toContain('Only a finished import can be undone.');
  expect((await press(id, 'redo')).status).toBe(409);

  const late = await committed(csv(['Name'], ['Late AG']));
  expect((await press(late, 'redo')).status).toBe(303); // it stands as it would after that
  await ground.sql(`update imports set committed_at = now() - interval '31 days' where id = $1`, [late]);
  expect(await look(`/imports/${late}`)).not.toContain('Undo this import');
  expect((await press(late, 'undo')).status).toBe(409);
  const anna = await signedIn(ground, 'sales');
  const refused = await anna.agent.post(`/imports/${late}/undo`).type('form').send({ _csrf: anna.csrf });
  expect(refused.status).toBe(403);
});

test('rows that wait for a second look are shown with the fresh difference and imported from there', async () => {
  const row = await known({ name: 'Look twice', external_id: 'L1', city: 'Oslo' });
  const found = await ground.run(
    csv(['External id', 'Name', 'City'], ['L1', 'Look twice', 'Bergen'], ['L2', 'Other', 'Rome']),
  );
  await edit(row, { city: 'Narvik' });
  await press(found.id, 'commit', { run: String(found.run) });
  await ground.drive(found.id);
  expect(await look(`/imports/${found.id}`)).toContain('1 row waits for a second look');
  const page = await agent.get(`/imports/${found.id}?rows=review`);
  expect(words(page.text)).toContain('was Narvik becomes Bergen');
  expect(words(page.text)).toContain('Import 1 customer');
  expect(words(page.text)).not.toContain('Other');
  const run = /name="run" value="(\d+)"/.exec(page.text)![1]!;
  for (const _ of [1, 2]) expect((await press(found.id, 'commit', { run })).status).toBe(303);
  await ground.drive(found.id);
  expect(countsOf(await ground.load(found.id))).toMatchObject({ created: 1, updated: 1, failed: 0 });
  expect(await look(`/imports/${found.id}`)).not.toContain('second look');
});

test('a file may be chosen for every kind; the page says which come from any list, and what it takes', async () => {
  const { text } = await agent.get('/imports/new?entity=notes');
  const groups = [...text.matchAll(/<optgroup label="([^"]+)">(.*?)<\/optgroup>/gs)].map(([, label, options]) => [
    label,
    [...options!.matchAll(/value="(\w+)"/g)].map(([, value]) => value).sort(),
  ]);
  expect(groups).toEqual([
    ['From any list', ['contacts', 'customers', 'leads']],
    ['An edited export only', ['accounts', 'interactions', 'notes', 'projects', 'tags', 'tasks']],
  ]);
  expect(text).toMatch(/<option value="notes" selected>/);
  expect(words(text)).toContain('Any list can bring customers, contacts and leads.');
  expect(words(text)).toMatch(/To change accounts, projects, .* export their list, edit it and upload it here/);
  expect(words(text)).toMatch(/up to 50 MB, 200,000 rows and 300 columns/);
});

test('an edited export is read as what it is an export of, whatever was chosen for it', async () => {
  const person = await openPerson(ground);
  const account = ground.acme.records.account!;
  const [row] = await ground.sql<Row>('select account_number, version from accounts where id = $1', [account]);
  const number = String(row!.account_number);
  const file = csv(
    ['Account number', 'Description', 'Rapport id', 'Rapport version'],
    [number, 'Edited outside', account, Number(row!.version)],
  );
  const id = await person.send(file, 'accounts.csv', 'customers');
  await ground.drive(id);
  const page = await person.look(`/imports/${id}`);
  expect(page).toContain('Import accounts');
  expect(page).toContain('This is an edited export of accounts, so its rows are read as accounts.');
  await person.submit(id, 'mapping');
  await ground.drive(id);
  const found = await ground.load(id);
  expect([found.entity, found.error, countsOf(found)]).toMatchObject(['account', null, { rows: 1, failed: 0 }]);

  // Ids of another company say nothing.
  const foreign = csv(['Name', 'Rapport id', 'Rapport version'], ['X', ground.globex.records.account!, '1']);
  const other = await person.send(foreign, 'foreign.csv', 'customers');
  await ground.drive(other);
  expect(await ground.load(other)).toMatchObject({ entity: 'customer', state: 'mapping' });
});

test('a list of a kind that is only changed by exports says at once what to do', async () => {
  const person = await openPerson(ground);
  const id = await person.send(csv(['Name', 'Status'], ['New project', 'active']), 'projects.csv', 'projects');
  await ground.drive(id);
  const said = 'Projects can be changed by a file, not added: export their list, edit that file and upload it here.';
  expect(await person.look(`/imports/${id}`)).toContain(said);
  const refused = await person.submit(id, 'mapping');
  expect(refused.status).toBe(422);
  expect(words(refused.text)).toContain(said);
});
