// The workbook of the rows that failed: what stood in the file, what is wrong, and the way back in.
import XLSX from '@e965/xlsx';
import { type Agent, signIn } from '../../helpers/app.ts';
import { PASSWORD } from '../../helpers/fixture.ts';
import { sheetFile } from '../../helpers/workbooks.ts';
import { csv, reasons, signedIn, useGround } from './ground.ts';

const ground = useGround();
let agent: Agent;
beforeAll(async () => {
  agent = (await signedIn(ground)).agent;
});

async function download(id: string): Promise<{ body: Buffer; disposition: string }> {
  const answer = await agent
    .get(`/imports/${id}/errors.xlsx`)
    .buffer(true)
    .parse((res, done) => {
      const parts: Buffer[] = [];
      res.on('data', (part: Buffer) => parts.push(part));
      res.on('end', () => done(null, Buffer.concat(parts)));
    });
  expect(answer.status).toBe(200);
  return { body: answer.body as Buffer, disposition: answer.headers['content-disposition'] as string };
}

function sheetOf(body: Buffer): XLSX.WorkSheet {
  const book = XLSX.read(body, { cellFormula: true });
  return book.Sheets[book.SheetNames[0]!]!;
}
const rowsOf = (body: Buffer): unknown[][] =>
  XLSX.utils.sheet_to_json(sheetOf(body), { header: 1, raw: true, defval: null });

const LIST = csv(
  ['Name', 'E-mail', 'Renewal date', 'Remarks of ours', 'Postcode'],
  ['Good Ltd', 'good@errors.example', '2026-04-03', 'fine', '01234'],
  ['Bad Ltd', 'nonsense', '31/02/2026', '=HYPERLINK("http://evil.example")', '01234'],
  ['Worse Ltd', 'nowhere', '', '', ''],
);

test('the workbook holds the failed rows as they stood, where they stood and why; formulas stay text', async () => {
  const found = await ground.run(LIST, {}, 'customers', 'my list.final.csv');
  expect(found).toMatchObject({ state: 'planned', created: 1, failed: 2 });
  const { body, disposition } = await download(found.id);
  expect(disposition).toContain('filename="my list.final errors.xlsx"');
  const [head, first, second, ...more] = rowsOf(body);
  expect(head).toEqual([
    'Name',
    'E-mail',
    'Renewal date',
    'Remarks of ours',
    'Postcode',
    'Row',
    'Error',
    'Rapport import',
  ]);
  expect(first!.slice(0, 6)).toEqual([
    'Bad Ltd',
    'nonsense',
    '31/02/2026',
    '=HYPERLINK("http://evil.example")',
    '01234',
    3,
  ]);
  expect(first![6]).toMatch(/E-mail: .+ Renewal date: .*31\/02\/2026/);
  expect(second!.slice(0, 6)).toEqual(['Worse Ltd', 'nowhere', null, null, null, 4]);
  expect(more).toEqual([]);
  expect(sheetOf(body).D2).toMatchObject({ t: 's' });
  expect(sheetOf(body).D2).not.toHaveProperty('f');
  const trail = await ground.sql(
    `select actor_id, record_title from audit_log where verb = 'exported' and record_id = $1`,
    [found.id],
  );
  expect(trail).toEqual([
    { actor_id: ground.acme.users.admin.id, record_title: 'Rows with errors of my list.final.csv' },
  ]);
});

test('corrected in one cell and uploaded again, that row is planned as new and the other fails as before', async () => {
  const found = await ground.run(
    csv(['Name', 'E-mail', 'Remarks of ours'], ['Bad Ltd', 'nonsense', 'a'], ['Worse Ltd', 'nowhere', 'b']),
  );
  const { body } = await download(found.id);
  const book = XLSX.read(body);
  const sheet = book.Sheets[book.SheetNames[0]!]!;
  sheet.B3 = { t: 's', v: 'worse@errors.example' };
  const fixed = XLSX.write(book, { type: 'buffer', bookType: 'xlsx' }) as Buffer;
  const again = await ground.run(fixed, {}, 'customers', 'list errors.xlsx');
  expect(again).toMatchObject({ state: 'planned', rows: 2, created: 1, failed: 1 });
  const byHeader = Object.fromEntries(
    again.mapping!.map(({ column, field }) => [again.columns[column]!.header, field]),
  );
  expect(byHeader).toMatchObject({ Name: 'name', 'E-mail': 'email', Row: '', Error: '' });
  expect(await reasons(ground, again.id)).toEqual({ 2: (await reasons(ground, found.id))[2] });
});

test('numbers and dates of a workbook come back as the same values, and shown zeros are kept', async () => {
  const sheet = XLSX.utils.aoa_to_sheet([
    ['Name', 'E-mail', 'Renewal date', 'ARR', 'Postcode', 'Remarks of ours'],
    ['Exact Ltd', 'nonsense', null, null, null, 7],
  ]);
  sheet.C2 = { t: 'n', v: 46_085, z: 'm/d/yyyy' };
  sheet.D2 = { t: 'n', v: 1234.5, z: '#,##0.00' };
  sheet.E2 = { t: 'n', v: 1234, z: '00000' };
  const book = XLSX.utils.book_new(sheet, 'List');
  const found = await ground.run(XLSX.write(book, { type: 'buffer', bookType: 'xlsx' }), {}, 'customers', 'exact.xlsx');
  expect(found).toMatchObject({ state: 'planned', failed: 1 });
  const { body } = await download(found.id);
  expect(rowsOf(body)[1]!.slice(0, 7)).toEqual(['Exact Ltd', 'nonsense', '2026-03-04', 1234.5, '01234', 7, 2]);
});

test('more failed rows than are fetched at once are all there, in the order of the file', async () => {
  const list = Array.from({ length: 1_203 }, (_, i) => [`Many ${i}`, i % 2 ? 'nonsense' : `many${i}@errors.example`]);
  const found = await ground.run(csv(['Name', 'E-mail'], ...list));
  const rows = rowsOf((await download(found.id)).body).slice(1);
  expect(rows.map((row) => row[2])).toEqual(Array.from({ length: 601 }, (_, i) => 2 * i + 3));
});

test('rows that failed at the commit are in it, and an import without such rows has no workbook', async () => {
  const found = await ground.run(csv(['Name', 'E-mail'], ['Late A', 'nonsense'], ['Late B', 'b@late.example']));
  await ground.sql(`update import_plan set result = 'failed', problems = '[[-1, "It changed."]]'
    where import_id = '${found.id}' and plan = 'create'`);
  const rows = rowsOf((await download(found.id)).body).slice(1);
  expect(rows.map((row) => row.slice(2, 4))).toEqual([
    [2, expect.stringContaining('E-mail: ')],
    [3, 'It changed.'],
  ]);
  const good = await ground.run(csv(['Name', 'E-mail'], ['Link C', 'c@link.example']));
  expect((await agent.get(`/imports/${good.id}/errors.xlsx`)).status).toBe(404);
});

test('another company does not find it, and who may not import is refused', async () => {
  const { id } = await ground.run(LIST);
  const stranger = ground.app.agent();
  await signIn(stranger, ground.globex.users.admin.email, PASSWORD);
  expect((await stranger.get(`/imports/${id}/errors.xlsx`)).status).toBe(404);
  const { agent: sales } = await signedIn(ground, 'sales');
  expect((await sales.get(`/imports/${id}/errors.xlsx`)).status).toBe(403);
});

test('uploaded again it is read with the columns and choices of the first import, whatever its cells look like', async () => {
  const list = csv(['Firm', 'Mail', 'Until'], ['Again Ltd', 'x', '31/02/2026'], ['More Ltd', 'y', '30/02/2026']);
  const options = { mapping: { Firm: 'name', Mail: 'email', Until: 'renewal_date' }, mode: 'create' };
  const first = await ground.run(list, options);
  expect(first).toMatchObject({ state: 'planned', failed: 2 });
  const { body } = await download(first.id);
  const again = await ground.run(body, {}, 'customers', 'errors.xlsx');
  expect(again).toMatchObject({ state: 'planned', failed: 2, corrects: first.id, choices: { mode: 'create' } });
  expect((await reasons(ground, again.id))[2]).toContain('31/02/2026 does not exist');
  // Its kind is known too, whatever was chosen; what it could be corrected with is what it had.
  const other = await ground.run(body, {}, 'leads', 'errors.xlsx');
  expect(other).toMatchObject({ entity: 'customer', corrects: first.id });
  const third = await download(other.id);
  expect(rowsOf(third.body)[0]).toEqual(['Firm', 'Mail', 'Until', 'Row', 'Error', 'Rapport import']);
  expect(rowsOf(third.body)[1]!.at(-1)).toBe(other.id);
});

test('a person who uploads corrected rows comes straight to the plan; columns of ours may be gone, others not', async () => {
  const list = csv(['Firm', 'Mail', 'Remarks of ours'], ['Straight Ltd', 'x', 'a']);
  const first = await ground.run(list, { mapping: { Firm: 'name', Mail: 'email' } });
  const { body } = await download(first.id);
  const sheet = rowsOf(body).map((row) => row.map(String));
  const { agent: person, csrf } = await signedIn(ground);
  const upload = async (rows: string[][]) => {
    const answer = await person
      .post('/imports')
      .field({ _csrf: csrf, entity: 'customers' })
      .attach('file', Buffer.from(csv(...rows)), 'corrected.csv');
    expect(answer.status).toBe(303);
    const id = String(answer.headers.location).split('/').at(-1)!;
    await ground.drive(id);
    return ground.load(id);
  };
  const [firm, mail, remarks, row, error, mark] = [0, 1, 2, 3, 4, 5];
  const only = (...columns: number[]) => sheet.map((cells) => columns.map((column) => cells[column]!));
  expect(await upload(sheet)).toMatchObject({ state: 'planned', corrects: first.id, failed: 1 });
  expect(await upload(only(mail, firm, mark))).toMatchObject({ state: 'planned', corrects: first.id, failed: 1 });
  expect(await upload(only(firm, remarks, row, error, mark))).toMatchObject({ state: 'mapping', corrects: null });
  // The id of another company's import, or of none, says nothing.
  const stranger = await ground.sql<{ id: string }>(
    `insert into imports (tenant_id, entity, state, file_name, file_bytes, file_key, columns, mapping, created_by)
     select $1, entity, 'mapping', file_name, 1, repeat('a', 32), columns, mapping, $2 from imports where id = $3 returning id`,
    [ground.globex.id, ground.globex.users.admin.id, first.id],
  );
  for (const forged of [stranger[0]!.id, '00000000-0000-4000-8000-000000000000', 'x']) {
    const rows = sheet.map((cells, index) => (index ? [...cells.slice(0, -1), forged] : cells));
    expect(await upload(rows)).toMatchObject({ state: 'mapping', corrects: null });
  }
});

/** A workbook whose cells hold the errors that Excel leaves where a formula fails. */
function withErrors(): Buffer {
  const cells = (row: number, ...list: string[]) =>
    `<row r="${row}">${list.map((cell, i) => `<c r="${'ABCDEF'[i]}${row}"${cell}</c>`).join('')}</row>`;
  const text = (said: string) => ` t="inlineStr"><is><t>${said}</t></is>`;
  const error = (code: string) => ` t="e"><v>${code}</v>`;
  return sheetFile(
    cells(1, ...['Name', 'E-mail', 'City', 'Renewal date', 'ARR', 'Owner'].map(text)) +
      cells(2, text('Faulty Ltd'), error('#N/A'), error('#REF!'), error('#VALUE!'), error('#DIV/0!'), error('#NAME?')) +
      cells(3, error('#N/A'), text('a@faulty.example'), text('Ulm'), text(''), '><f>1+1</f>', text('')),
  );
}

test('what Excel shows for a failed formula is an error each time it is read, and never a value', async () => {
  const mapping = {
    Name: 'name',
    'E-mail': 'email',
    City: 'city',
    'Renewal date': 'renewal_date',
    ARR: 'arr',
    Owner: 'owner_id',
  };
  const first = await ground.run(withErrors(), { mapping }, 'customers', 'faulty.xlsx');
  expect(first).toMatchObject({ state: 'planned', created: 0, failed: 2 });
  const said = await reasons(ground, first.id);
  expect(said[2]).toBe(
    'error: the cell shows #N/A. the cell shows #REF!. the cell shows #VALUE!. the cell shows #DIV/0!. the cell shows #NAME?.',
  );
  expect(said[3]).toContain('the cell shows #N/A. a formula stands here without its result.');
  const { body } = await download(first.id);
  expect(rowsOf(body)[1]!.slice(0, 6)).toEqual(['Faulty Ltd', '#N/A', '#REF!', '#VALUE!', '#DIV/0!', '#NAME?']);
  // Uploaded as it is, as a workbook or as a text file, it says the same.
  const text = XLSX.utils.sheet_to_csv(sheetOf(body));
  for (const [file, name] of [
    [body, 'again.xlsx'],
    [text, 'again.csv'],
  ] as const) {
    const again = await ground.run(file, {}, 'customers', name);
    expect(again).toMatchObject({ corrects: first.id, created: 0, failed: 2 });
    expect(await reasons(ground, again.id)).toEqual(said);
  }
});

test('an error in a part of a name is said, instead of a name without it', async () => {
  const file = sheetFile(
    `<row r="1">${['First name', 'Last name', 'E-mail']
      .map((t, i) => `<c r="${'ABC'[i]}1" t="inlineStr"><is><t>${t}</t></is></c>`)
      .join('')}</row>` +
      '<row r="2"><c r="A2" t="e"><v>#N/A</v></c><c r="B2" t="inlineStr"><is><t>Novak</t></is></c></row>',
  );
  const found = await ground.run(file, {}, 'leads', 'people.xlsx');
  expect(found).toMatchObject({ state: 'planned', created: 0, failed: 1 });
  expect((await reasons(ground, found.id))[2]).toContain('the cell shows #N/A.');
});

test('however often it goes round, a workbook of errors has its own columns once, and keeps those of the file', async () => {
  const ROUND = ['Row', 'Firm', 'Mail', 'Error', 'Row', 'Error', 'Rapport import'];
  const list = csv(['Row', 'Firm', 'Mail', 'Error'], ['r1', 'Round Ltd', 'x', 'none'], ['r2', 'Trip Ltd', 'y', 'none']);
  const mapping = { Firm: 'name', Mail: 'email' };
  let found = await ground.run(list, { mapping });
  for (let round = 0; round < 3; round += 1) {
    const { body } = await download(found.id);
    const [head, row] = rowsOf(body);
    expect(head).toEqual(ROUND);
    expect(row!.slice(0, 5)).toEqual(['r1', 'Round Ltd', 'x', 'none', 2]);
    const next = await ground.run(body, {}, 'customers', 'round.xlsx');
    expect(next).toMatchObject({ state: 'planned', failed: 2, corrects: found.id });
    found = next;
  }
  // Somebody may have taken the hidden column away, or have put a column of their own behind ours.
  const sheet = rowsOf((await download(found.id)).body);
  const without = csv(...sheet.map((row) => row.slice(0, 6).map(String)));
  const bare = await ground.run(without, { mapping });
  expect(rowsOf((await download(bare.id)).body)[0]).toEqual(ROUND);
  const noted = csv(...sheet.map((row, i) => [...row.map(String), i ? 'seen' : 'Remarks of ours']));
  const more = await ground.run(noted, { mapping });
  expect(rowsOf((await download(more.id)).body)[0]).toEqual([
    ...ROUND.slice(0, 4),
    'Remarks of ours',
    ...ROUND.slice(4),
  ]);
});

test('a formula without its result is emptied by whoever leaves it empty where the row is corrected', async () => {
  const text = (said: string, at: string) => `<c r="${at}" t="inlineStr"><is><t>${said}</t></is></c>`;
  const file = sheetFile(
    `<row r="1">${text('Name', 'A1')}${text('ARR', 'B1')}</row>` +
      `<row r="2">${text('Formula Ltd', 'A2')}<c r="B2"><f>1+1</f></c></row>`,
  );
  const found = await ground.run(file, {}, 'customers', 'formula.xlsx');
  expect(found).toMatchObject({ state: 'planned', failed: 1 });
  const { agent: person, csrf } = await signedIn(ground);
  const fields = { _csrf: csrf, cell_0: 'Formula Ltd', cell_1: '' };
  const answer = await person.post(`/imports/${found.id}/rows/2`).type('form').send(fields);
  expect(answer.status).toBe(303);
  expect(await ground.load(found.id)).toMatchObject({ created: 1, failed: 0 });
  const [trail] = await ground.sql<{ changes: object }>(
    `select changes from audit_log where record_id = $1 and verb = 'updated'`,
    [found.id],
  );
  expect(trail!.changes).toEqual({ 'Row 2, ARR': { old: '#NOT_CALCULATED!', new: '' } });
});
