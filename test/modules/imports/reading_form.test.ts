// How a file is read is seen before it is chosen: characters and separators of a text file, sheet and header row of any.

import { fingerprint } from '../../helpers/fixture.ts';
import { formOf, plainText } from '../../helpers/forms.ts';
import { workbookFile } from '../../helpers/workbooks.ts';
import { csv, useGround } from './ground.ts';
import { fieldsOf, openPerson, type Person, words } from './person.ts';

const ground = useGround();
let admin: Person;
beforeAll(async () => {
  admin = await openPerson(ground);
});

async function read(content: string | Buffer, name = 'list.csv'): Promise<string> {
  const id = await admin.send(content, name);
  await ground.drive(id);
  return id;
}

const preview = (id: string, query: Record<string, string>, person = admin) =>
  person.agent.get(`/imports/${id}/preview`).query(query);
const readAgain = (id: string, body: Record<string, string>, person = admin) =>
  person.agent
    .post(`/imports/${id}/source`)
    .type('form')
    .send({ _csrf: person.csrf, ...body });

/** The first rows as a page shows them, a row an array: its number with what is said of it, then its cells. */
const shownRows = (html: string): string[][] =>
  [...html.slice(html.indexOf('id="preview"')).matchAll(/<tr class="is-\w+">(.*?)<\/tr>/gs)].map(([, row]) =>
    row!
      .split(/<\/t[hd]>/)
      .slice(0, -1)
      .map((cell) => plainText(cell.replace(/<[^>]+>/g, '')).trim()),
  );

// Written on an old German PC: in Windows' characters, with semicolons and with apostrophes around texts.
const GERMAN = Buffer.from("Firma;Ort\r\n'Müller; Söhne';Köln\r\n'Groß';Ulm\r\n", 'latin1');

test('the form says what was detected, and shows the first rows with the one that names the columns', async () => {
  const id = await read(csv(['Firma', 'Ort'], ['Müller', 'Köln']));
  const { text } = await admin.agent.get(`/imports/${id}`);
  const form = words(text);
  expect(form).toContain('Character set As detected: Unicode (UTF-8)');
  expect(form).toContain('Columns are separated by As detected: Comma ,');
  expect(form).toContain('Texts stand in As detected: Double quotation mark "');
  expect(form).toContain('The columns are named in Found by itself: row 1');
  expect(shownRows(text)).toEqual([
    ['1 (names the columns)', 'Firma', 'Ort'],
    ['2', 'Müller', 'Köln'],
  ]);
});

test('a preview shows other characters, separators and quotation marks as they come out, and keeps nothing', async () => {
  const id = await read(GERMAN);
  const before = await fingerprint(ground.app.database.url);
  const files = (await ground.load(id)).file_key;
  const plain = { sheet: '0', header_row: '', encoding: '', delimiter: '', quote: '' };

  const greek = await preview(id, { ...plain, encoding: 'windows-1253' });
  expect([greek.status, shownRows(greek.text)[1]!.join(' ')]).toEqual([200, expect.stringContaining('Mόller')]);
  const wrong = await preview(id, { ...plain, delimiter: 'comma' });
  expect(shownRows(wrong.text)[0]).toEqual(['1 (names the columns)', 'Firma;Ort']);
  const quoted = await preview(id, { ...plain, quote: 'single' });
  expect(shownRows(quoted.text)).toEqual([
    ['1 (names the columns)', 'Firma', 'Ort'],
    ['2', 'Müller; Söhne', 'Köln'],
    ['3', 'Groß', 'Ulm'],
  ]);
  const bare = await preview(id, { ...plain, quote: 'none' });
  expect(shownRows(bare.text)[2]).toEqual(['3', "'Groß'", 'Ulm']);
  expect(words(bare.text)).toContain('This row uses another quotation mark than the others');
  // What was considered stands in the form, ready to be taken; without JavaScript it is a page of its own.
  expect(formOf(quoted.text, `/imports/${id}/preview`)).toMatchObject({ quote: 'single', encoding: '', sheet: '0' });
  expect(words(quoted.text)).toContain('Back without reading again');
  expect(quoted.text).toContain(`formaction="/imports/${id}/source"`);
  expect(await fingerprint(ground.app.database.url)).toEqual(before);
  expect((await ground.load(id)).file_key).toBe(files);
});

test('htmx gets the first rows alone', async () => {
  const id = await read(GERMAN);
  const answer = await preview(id, { sheet: '0', delimiter: 'comma' })
    .set('HX-Request', 'true')
    .set('HX-Request-Type', 'partial')
    .set('HX-Target', 'div#preview');
  expect(answer.status).toBe(200);
  expect(answer.text).toMatch(/^\s*<div class="first-rows" id="preview">/);
  expect(answer.text).not.toContain('<main');
});

test('read again, the file has the columns that were previewed, and the form says what was chosen', async () => {
  const id = await read(GERMAN);
  const answer = await readAgain(id, { sheet: '0', quote: 'single', encoding: 'windows-1252', delimiter: 'semicolon' });
  expect([answer.status, answer.headers.location]).toEqual([303, `/imports/${id}`]);
  await ground.drive(id);
  const found = await ground.load(id);
  expect(found).toMatchObject({ state: 'mapping', rows: 2 });
  expect(fieldsOf(found)).toEqual({ Firma: 'name', Ort: 'city' });
  expect(found.columns[0]!.samples).toEqual(['Müller; Söhne', 'Groß']);
  const { text } = await admin.agent.get(`/imports/${id}`);
  expect(formOf(text, `/imports/${id}/preview`)).toMatchObject({
    quote: 'single',
    encoding: 'windows-1252',
    delimiter: 'semicolon',
  });
  // What was detected at first stays on offer.
  expect(text).toContain('As detected: Semicolon  ;');
  await readAgain(id, { sheet: '0', quote: '', encoding: '', delimiter: '' });
  await ground.drive(id);
  expect((await ground.load(id)).dialect).toEqual({ found: expect.anything() });
});

test('another row may name the columns, or none; what was said about columns that stay the same is kept', async () => {
  const list = csv(['Unsere Kunden', ''], ['Firma', 'Ort'], ['Müller', 'Köln'], ['Groß', 'Ulm']);
  const id = await read(list);
  expect(await ground.load(id)).toMatchObject({ header_row: 2, rows: 2 });
  const third = await preview(id, { sheet: '0', header_row: '3' });
  expect(shownRows(third.text).map(([number]) => number)).toEqual([
    '1 (left out)',
    '2 (left out)',
    '3 (names the columns)',
    '4',
  ]);
  const none = await preview(id, { sheet: '0', header_row: '0' });
  expect(shownRows(none.text).map(([number]) => number)).toEqual(['1', '2', '3', '4']);
  expect((await ground.load(id)).header_row).toBe(2);

  await readAgain(id, { sheet: '0', header_row: '0' });
  await ground.drive(id);
  expect(Object.keys(fieldsOf(await ground.load(id)))).toEqual(['Column A', 'Column B']);
  expect((await ground.load(id)).rows).toBe(4);

  await readAgain(id, { sheet: '0', header_row: '2' });
  await ground.drive(id);
  await admin.submit(id, 'mapping', { column_0: 'name', column_1: 'country', blank: 'clear' });
  await ground.drive(id);
  expect((await ground.load(id)).state).toBe('planned');
  await readAgain(id, { sheet: '0', header_row: '2', encoding: 'utf-8' });
  await ground.drive(id);
  const again = await ground.load(id);
  expect(again).toMatchObject({ state: 'mapping', choices: { blank: 'clear' } });
  expect(fieldsOf(again)).toEqual({ Firma: 'name', Ort: 'country' });
});

test('of a workbook, sheet and header row are previewed without reading it again; it has no separators to choose', async () => {
  const cells = (row: number, ...texts: string[]) =>
    `<row r="${row}">${texts.map((t, i) => `<c r="${'ABC'[i]}${row}" t="inlineStr"><is><t>${t}</t></is></c>`).join('')}</row>`;
  const book = workbookFile({
    sheets: [
      { name: 'Cover', rows: cells(1, 'Our list') },
      { name: 'Clients', rows: cells(1, 'Name', 'City') + cells(2, 'Sheet AG', 'Ulm') },
    ],
  });
  const id = await read(book, 'book.xlsx');
  expect(await admin.look(`/imports/${id}`)).toContain('Which sheet holds the list?');
  const second = await preview(id, { sheet: '1' });
  expect(shownRows(second.text)).toEqual([
    ['1 (names the columns)', 'Name', 'City'],
    ['2', 'Sheet AG', 'Ulm'],
  ]);
  expect(words(second.text)).not.toContain('Columns are separated by');
  expect((await readAgain(id, { sheet: '1' })).status).toBe(303);
  await ground.drive(id);
  expect(fieldsOf(await ground.load(id))).toEqual({ Name: 'name', City: 'city' });
});

test('a file that could not be read can be read in another way', async () => {
  const id = await read('Müller;Köln\r\n', 'one row.csv');
  const page = await admin.agent.get(`/imports/${id}`);
  expect(words(page.text)).toContain('There are no rows below the row that names the columns.');
  expect(words(page.text)).toContain('Read it in another way');
  const form = formOf(page.text, `/imports/${id}/preview`);
  expect((await readAgain(id, { ...form, header_row: '0' })).status).toBe(303);
  await ground.drive(id);
  expect(await ground.load(id)).toMatchObject({ state: 'mapping', rows: 1, error: null });
});

test('what no reading helps says so in the preview too, in the place of the rows', async () => {
  const id = await read(Buffer.from('\x01\x02\x03\x04\x05\x06\x07\x08'.repeat(50)), 'no list.csv');
  const page = await admin.agent.get(`/imports/${id}`);
  expect(words(page.text)).toContain('This is not a spreadsheet.');
  const form = formOf(page.text, `/imports/${id}/preview`);
  const answer = await preview(id, { ...form, encoding: 'windows-1252' });
  expect(answer.status).toBe(422);
  expect(answer.text.slice(answer.text.indexOf('id="preview"'))).toContain('This is not a spreadsheet.');
  expect((await readAgain(id, { ...form, encoding: 'windows-1252' })).status).toBe(303);
  await ground.drive(id);
  expect((await ground.load(id)).error).toContain('This is not a spreadsheet.');
});

test('what cannot be is refused in words, and changes nothing', async () => {
  const id = await read(GERMAN);
  const before = await ground.load(id);
  const refusals: [Record<string, string>, number, string][] = [
    [{ sheet: '7' }, 422, 'Choose one of the sheets of the file.'],
    [{ sheet: '0', encoding: 'klingon' }, 422, 'Choose character set and separators from the lists.'],
    [{ sheet: '0', delimiter: ';;' }, 422, 'Choose character set and separators from the lists.'],
    [{ sheet: '0', header_row: 'second' }, 400, 'the header row'],
    [{ sheet: '-1' }, 400, 'the sheet'],
  ];
  for (const [said, status, message] of refusals) {
    for (const answer of [await preview(id, said), await readAgain(id, said)]) {
      expect([said, answer.status]).toEqual([said, status]);
      expect(words(answer.text)).toContain(message);
    }
  }
  expect(await ground.load(id)).toEqual(before);
});

test('another company does not find it, who may not import is refused, and a committed import stays as it was read', async () => {
  const id = await read(GERMAN);
  const stranger = await openPerson(ground, ground.globex);
  const sales = await openPerson(ground, ground.acme, 'sales');
  for (const [person, status] of [
    [stranger, 404],
    [sales, 403],
  ] as const) {
    expect((await preview(id, { sheet: '0' }, person)).status).toBe(status);
    expect((await readAgain(id, { sheet: '0', header_row: '0' }, person)).status).toBe(status);
  }
  await admin.submit(id, 'mapping');
  await ground.drive(id);
  const { run } = await ground.load(id);
  await admin.agent
    .post(`/imports/${id}/commit`)
    .type('form')
    .send({ _csrf: admin.csrf, run: String(run) });
  await ground.drive(id);
  for (const answer of [await preview(id, { sheet: '0' }), await readAgain(id, { sheet: '0' })]) {
    expect(answer.status).toBe(409);
    expect(words(answer.text)).toContain('its columns cannot be changed any more');
  }
  expect((await ground.load(id)).state).toBe('committed');
});
