/** What one cell of a workbook becomes. */
import { cellAt, readHere, sheetFile, testFolder, texts, warningCodes } from '../../../helpers/workbooks.ts';

const put = testFolder();

async function read(rows: string, book: Parameters<typeof sheetFile>[1] = {}) {
  return readHere(await put('a.xlsx', sheetFile(rows, book)), 'a.xlsx');
}

/** Reads a single cell. */
async function one(cell: string, book: Parameters<typeof sheetFile>[1] = {}) {
  const file = await read(`<row r="1">${cell}</row>`, book);
  return { cell: cellAt(file, 0, 0), warnings: warningCodes(file) };
}

const formats = ['yyyy-mm-dd', '00000', '0%', '[h]:mm', 'm/d/yy h:mm', '0;-0;0;"Mr. "@'];
const [DATE, ZEROS, PERCENT, HOURS, MOMENT, MISTER] = [1, 2, 3, 4, 5, 6];

test.each([
  ['a shared text', '<c r="A1" t="s"><v>1</v></c>', { text: 'two', kind: 'text', value: 'two' }],
  ['an inline text', '<c r="A1" t="inlineStr"><is><t>x</t></is></c>', { text: 'x', kind: 'text' }],
  ['an inline text of a formula', '<c r="A1" t="str"><is><t>x</t></is></c>', { text: 'x', kind: 'text' }],
  ['an inline text in the place of a value', '<c r="A1" t="inlineStr"><v>x</v></c>', { text: 'x', kind: 'text' }],
  ['an inline text without its type', '<c r="A1"><is><t>x</t></is></c>', { text: 'x', kind: 'text' }],
  [
    'inline runs',
    '<c r="A1" t="inlineStr"><is><r><t>a</t></r><r><rPr><b/></rPr><t> b</t></r></is></c>',
    { text: 'a b' },
  ],
  ['runs without reading aid', '<c r="A1" t="s"><v>2</v></c>', { text: '東京タワー' }],
  ['escapes', '<c r="A1" t="s"><v>3</v></c>', { text: 'a\r\nb _x000D_ A' }],
  ['a CDATA section', '<c r="A1" t="inlineStr"><is><t><![CDATA[a < b & c]]></t></is></c>', { text: 'a < b & c' }],
  ['a formula text', '<c r="A1" t="str"><f>1&amp;2</f><v>12</v></c>', { text: '12', kind: 'text' }],
  ['a formula number', '<c r="A1"><f>1+1</f><v>2</v></c>', { text: '2', kind: 'number' }],
  [
    'spaces and line breaks kept',
    '<c r="A1" t="inlineStr"><is><t xml:space="preserve"> a\n b </t></is></c>',
    { text: ' a\n b ' },
  ],
  ['true', '<c r="A1" t="b"><v>1</v></c>', { text: 'TRUE', kind: 'boolean', value: 'true' }],
  ['false', '<c r="A1" t="b"><v>0</v></c>', { text: 'FALSE', kind: 'boolean', value: 'false' }],
  ['an error', '<c r="A1" t="e"><v>#N/A</v></c>', { text: '#N/A', kind: 'error', value: '#N/A' }],
  ['a number', '<c r="A1"><v>1234.5</v></c>', { text: '1234.5', kind: 'number', value: '1234.5' }],
  ['a number with an exponent', '<c r="A1"><v>4.9151123456E+10</v></c>', { text: '49151123456', value: '49151123456' }],
  ['blanks around a number', '<c r="A1"><v> 5 </v></c>', { text: '5', kind: 'number' }],
  ['a postal code', `<c r="A1" s="${ZEROS}"><v>6083</v></c>`, { text: '06083', kind: 'number', value: '6083' }],
  ['a share', `<c r="A1" s="${PERCENT}"><v>0.05</v></c>`, { text: '5%', kind: 'number', value: '0.05' }],
  ['a date', `<c r="A1" s="${DATE}"><v>44230</v></c>`, { text: '2021-02-03', kind: 'date', value: '2021-02-03' }],
  ['the day that never was', `<c r="A1" s="${DATE}"><v>60</v></c>`, { value: '1900-02-29', kind: 'date' }],
  ['a duration', `<c r="A1" s="${HOURS}"><v>1.25</v></c>`, { text: '30:00', kind: 'duration', value: 'PT30H' }],
  ['an ISO date', '<c r="A1" t="d"><v>2021-02-03</v></c>', { text: '2021-02-03', kind: 'date', value: '2021-02-03' }],
  [
    'an ISO date with a format',
    `<c r="A1" t="d" s="${MOMENT}"><v>2021-02-03T04:05:06</v></c>`,
    { text: '2/3/21 4:05', kind: 'datetime', value: '2021-02-03T04:05:06' },
  ],
  [
    'an ISO moment with zone',
    '<c r="A1" t="d"><v>2021-02-03T04:05:06Z</v></c>',
    { text: '2021-02-03 04:05:06', value: '2021-02-03T04:05:06' },
  ],
  ['an ISO time', '<c r="A1" t="d"><v>04:05:06</v></c>', { text: '04:05:06', kind: 'time' }],
  ['a decorated text', `<c r="A1" t="s" s="${MISTER}"><v>0</v></c>`, { text: 'Mr. one', kind: 'text', value: 'one' }],
  ['a style that does not exist', '<c r="A1" s="999"><v>5</v></c>', { text: '5' }],
  ['a style that is no number', '<c r="A1" s="x"><v>5</v></c>', { text: '5' }],
  [
    'a long number of another program',
    '<c r="A1"><v>12345678901234567890</v></c>',
    { text: '12345678901234567890', value: '12345678901234567890' },
  ],
])('%s', async (_name, xml, expected) => {
  const strings = [
    'one',
    'two',
    '<r><t>東京</t></r><rPh sb="0" eb="2"><t>トウキョウ</t></rPh><r><t>タワー</t></r><phoneticPr fontId="1"/>',
    'a_x000D_\nb _x005F_x000D_ _x0041_',
  ];
  const { cell, warnings } = await one(xml, { strings, formats });
  expect(cell).toMatchObject(expected);
  expect(warnings).toEqual([]);
});

test.each([
  [
    'an index beyond the table',
    '<c r="A1" t="s"><v>99999999</v></c>',
    { kind: 'error', text: '#MISSING!' },
    'shared_string_missing',
  ],
  ['a negative index', '<c r="A1" t="s"><v>-1</v></c>', { kind: 'error' }, 'shared_string_missing'],
  [
    'a formula without result',
    '<c r="A1"><f>SUM(B1)</f></c>',
    { kind: 'error', text: '', value: '#NOT_CALCULATED!' },
    'formula_without_value',
  ],
  ['a number that is none', '<c r="A1"><v>1,5</v></c>', { kind: 'text', text: '1,5' }, 'number_unreadable'],
  ['a truth that is none', '<c r="A1" t="b"><v>no</v></c>', { kind: 'text', text: 'no' }, 'number_unreadable'],
  ['hexadecimal', '<c r="A1"><v>0x1F</v></c>', { kind: 'text', text: '0x1F' }, 'number_unreadable'],
  [
    'a date far away',
    `<c r="A1" s="${DATE}"><v>9999999</v></c>`,
    { kind: 'number', text: '9999999' },
    'date_out_of_range',
  ],
  [
    'a card number that Excel rounded',
    '<c r="A1"><v>4111111111111110</v></c>',
    { text: '4111111111111110' },
    'digits_lost',
  ],
  [
    'NUL and half characters',
    '<c r="A1" t="inlineStr"><is><t>a_x0000_b_xD83D_</t></is></c>',
    { text: 'ab\ufffd' },
    'characters_removed',
  ],
])('%s is said aloud', async (_name, xml, expected, code) => {
  const { cell, warnings } = await one(xml, { strings: ['one'], formats });
  expect(cell).toMatchObject(expected);
  expect(warnings).toEqual([code]);
});

test.each([
  ['no value', '<c r="A1"/>'],
  ['an empty value', '<c r="A1"><v></v></c>'],
  ['an empty shared text', '<c r="A1" t="s"><v>0</v></c>'],
  ['a shared text without index', '<c r="A1" t="s"/>'],
  ['a style only', '<c r="A1" s="1"/>'],
])('%s is blank', async (_name, xml) => {
  const file = await read(`<row r="1">${xml}<c r="B1"><v>1</v></c></row>`, { strings: [''], formats });
  expect(texts(file)).toEqual([['', '1']]);
  expect(cellAt(file, 0, 0)?.kind).toBe('empty');
  expect(file.warnings).toEqual([]);
});

test('the 1904 system, written either way', async () => {
  for (const date1904 of ['1', 'true']) {
    const { cell } = await one(`<c r="A1" s="${DATE}"><v>42768</v></c>`, { formats, date1904 });
    expect(cell).toMatchObject({ kind: 'date', value: '2021-02-03' });
  }
});

test('a self-closed shared text keeps its place', async () => {
  const { cell } = await one('<c r="A1" t="s"><v>1</v></c>', {
    parts: {
      'xl/sharedStrings.xml':
        '<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si/><si><t>b</t></si></sst>',
    },
  });
  expect(cell?.text).toBe('b');
});

test.each([0, 164])('a number whose format %i has an empty code is shown as it is', async (id) => {
  const styles = `<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><numFmts><numFmt numFmtId="${id}" formatCode=""/></numFmts>
    <cellXfs><xf/><xf numFmtId="${id}"/></cellXfs></styleSheet>`;
  const { cell } = await one('<c r="A1" s="1"><v>7</v></c>', { parts: { 'xl/styles.xml': styles } });
  expect(cell).toMatchObject({ kind: 'number', text: '7', value: '7' });
});

test('number formats of conditional formatting do not replace those of cells', async () => {
  const styles = `<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><numFmts><numFmt numFmtId="164" formatCode="00000"/></numFmts>
    <cellXfs><xf/><xf numFmtId="164"/></cellXfs><dxfs><dxf><numFmt numFmtId="164" formatCode="yyyy"/></dxf></dxfs></styleSheet>`;
  const { cell } = await one('<c r="A1" s="1"><v>6083</v></c>', { parts: { 'xl/styles.xml': styles } });
  expect(cell?.text).toBe('06083');
});

test('repeated warnings are counted, not repeated for ever', async () => {
  const rows = Array.from({ length: 50 }, (_, i) => `<row r="${i + 1}"><c r="A${i + 1}" t="s"><v>7</v></c></row>`);
  const file = await read(rows.join(''));
  expect(file.warnings).toHaveLength(21);
  expect(file.warnings[0]).toMatchObject({ sheet: 'Customers', row: 1 });
  expect(file.warnings.at(-1)).toMatchObject({ code: 'shared_string_missing', count: 50 });
});
