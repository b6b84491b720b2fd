// Texts are cut to what a page shows, and a cut may fall into the middle of a character, of which half is nothing that
// PostgreSQL's documents or an address would take. IM-20.
import { sheetFile } from '../../helpers/workbooks.ts';
import { useGround } from './ground.ts';

const ground = useGround();
const FISH = '🐟';
/** A text whose unit number `at` is the first half of a fish. */
const cutAt = (at: number, before = 'x') => `${before.padEnd(at - 1, 'x')}${FISH} and more`;

test.each([
  ['a name of a column', 100, (text: string) => `Name,${text}\nAda,1\n`],
  ['a first value of a column', 120, (text: string) => `Name,Remarks\nAda,${text}\n`],
  ['a value that is counted', 200, (text: string) => `Name,Remarks\nAda,${text}\nBob,${text}\n`],
  ['a value of the preview', 100, (text: string) => `Name,Remarks\nAda,${text}\n`],
  ['a choice that nobody knows', 40, (text: string) => `Name,Status\nAda,${text}\n`],
  ['what is no day', 30, (text: string) => `Name,Renewal date\nBob,2027-01-02\nCy,2027-01-03\nAda,${text}\n`],
  ['what is no number', 30, (text: string) => `Name,ARR\nAda,${text}\n`],
  ['a colleague that nobody knows', 57, (text: string) => `Name,Owner\nAda,${text}\n`],
  ['a very long colleague', 300, (text: string) => `Name,Owner\nAda,${text}\n`],
  ['one of several', 30, (text: string) => `Name,Products owned\nBob,sea\nCy,rail\nAda,${text.padEnd(120, 'y')}\n`],
])('%s that is cut in the middle of a character is planned like any other', async (_what, at, list) => {
  const { run, sql, app, acme } = ground;
  const done = await run(list(cutAt(at)));
  expect(done).toMatchObject({ state: 'planned', error: null });
  const [kept] = await sql<{ text: string }>(
    `select (select string_agg(i::text, '') from imports i where id = $1) || (select string_agg(p::text, '') from import_plan p where import_id = $1) as text`,
    [done.id],
  );
  expect(kept!.text.isWellFormed()).toBe(true);
  const page = await app
    .agent()
    .get(`/api/v1/imports/${done.id}`)
    .set('Authorization', `Bearer ${acme.users.admin.token}`);
  expect(page.status).toBe(200);
});

test('a file whose name is cut in the middle of a character is taken and given back', async () => {
  const { upload, load, drive } = ground;
  const id = await upload('Name\nAda\n', {}, 'customers', `${cutAt(200)}.csv`);
  await drive(id);
  const { file_name, state } = await load(id);
  expect(state).toBe('planned');
  expect(file_name).toBe('x'.repeat(199));
});

test('a note about a cell that is cut in the middle of a character is kept with the others', async () => {
  const text = (column: string, said: string) => `<c r="${column}" t="inlineStr"><is><t>${said}</t></is></c>`;
  const rows = `<row r="1">${text('A1', 'Name')}${text('B1', 'ARR')}</row>
    <row r="2">${text('A2', 'Ada')}<c r="B2"><v>${cutAt(40)}</v></c></row>`;
  const { state, error, notes } = (await ground.run(
    sheetFile(rows),
    {},
    'customers',
    'list.xlsx',
  )) as unknown as Record<string, string[]>;
  expect({ state, error }).toEqual({ state: 'planned', error: null });
  expect(notes!.join()).toContain('A cell should hold a number');
});

test.each([
  ['a value for new records', { defaults: { city: 'Ulm \ud83d' } }],
  ['a name of a column', { mapping: { '\ud83d': 'name' } }],
  ['a name of a sheet', { sheet: '\ud83d' }],
  ['a character of no text', { defaults: { city: 'Ulm \u0000' } }],
])('%s that a program says and no document takes is refused before the file is kept', async (_what, options) => {
  const kept = 'select count(*) from imports';
  const before = await ground.sql(kept);
  const answer = await ground.app
    .agent()
    .post('/api/v1/imports')
    .set('Authorization', `Bearer ${ground.acme.users.admin.token}`)
    .field('entity', 'customers')
    .field('options', JSON.stringify(options))
    .attach('file', Buffer.from('Name\nAda\n'), 'list.csv');
  expect([answer.status, answer.text]).toEqual([422, expect.stringContaining('holds half a character or NUL')]);
  expect(await ground.sql(kept)).toEqual(before);
});

test('what a message cuts short says that it does', async () => {
  const column = 'Remarks that somebody wrote down in the spring of last year';
  const { error } = await ground.run(`Name,${column}\nAda,1\n`, {
    mapping: { [`${column} and later`]: 'description' },
  });
  expect(error).toBe(
    'The file has no column “Remarks that somebody wrote down in the spring of last year…”. The columns are “Name”, “Remarks that somebody wrote down in the…”.',
  );
});
