/**
 * Files made to hurt. Each is read or refused by the child within five seconds and 256 MB. The seconds are of processor
 * time: the clock on the wall also counts what the other tests do.
 */
import { ReadError, type ReadErrorCode } from '#src/modules/imports/reader/errors.ts';
import { readFile } from '#src/modules/imports/reader/run.ts';
import {
  MAIN,
  repeatedEntry,
  sheetFile,
  testFolder,
  workbookFile,
  workbookParts,
  type ZipEntry,
  zipOf,
} from '../../../helpers/workbooks.ts';

const put = testFolder();
const MB = 1024 * 1024;
const SHEET = `<worksheet xmlns="${MAIN}"><sheetData>`;
const END = '</sheetData></worksheet>';

function entries(): ZipEntry[] {
  return [...workbookParts({ sheets: [{ name: 'S' }], strings: ['a'] })].map(([name, data]) => ({ name, data }));
}

/** A workbook in which one part is replaced. */
function replaced(entry: ZipEntry): Buffer {
  return zipOf([...entries().filter((one) => one.name !== entry.name), entry]);
}

const sheet1 = (start: string, piece: string, times: number, end: string) =>
  repeatedEntry('xl/worksheets/sheet1.xml', SHEET + start, piece, times, end + END);

/** An element of so many characters that means nothing. */
const filled = (length: number) => `<x>${'abcdefghij'.repeat(length / 10).slice(7)}</x>`;

/** As `sheet1`, not packed: nothing but its size tells that it is odd. */
const storedSheet = (start: string, piece: string, times: number) =>
  replaced({ name: 'xl/worksheets/sheet1.xml', data: SHEET + start + piece.repeat(times) + END, method: 0 });

async function outcome(
  path: string,
): Promise<{ code: ReadErrorCode | 'read'; rows: number; seconds: number; megabytes: number }> {
  let seconds = 0;
  let rows = 0;
  let peak = 0;
  let code: ReadErrorCode | 'read' = 'read';
  try {
    for await (const event of readFile(path)) {
      if (event.type === 'rows') rows += event.rows.length;
      if (event.type === 'end') [peak, seconds] = [event.stats.peakBytes, event.stats.cpuSeconds];
    }
  } catch (error) {
    if (!(error instanceof ReadError)) throw error;
    code = error.code;
    peak = error.details.peakBytes ?? 0;
    seconds = error.details.cpuSeconds ?? 0;
  }
  return { code, rows, seconds, megabytes: peak / MB };
}

const one = '<row r="1"><c r="A1"><v>1</v></c></row>';
const laughs = '<!DOCTYPE w [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>';

test.each<[string, ReadErrorCode | 'read', () => Buffer | Promise<Buffer>]>([
  [
    'entities that multiply',
    'document_type',
    () => workbookFile({ sheets: [{ name: 'S', xml: `${laughs}${SHEET}${one}${END}` }] }),
  ],
  [
    'a file from outside',
    'document_type',
    () => sheetFile(one, { parts: { 'xl/workbook.xml': `<!DOCTYPE w SYSTEM "file:///etc/passwd"><workbook/>` } }),
  ],
  [
    'a merge of all cells',
    'read',
    () =>
      workbookFile({
        sheets: [{ name: 'S', rows: one, after: '<mergeCells><mergeCell ref="A1:XFD1048576"/></mergeCells>' }],
      }),
  ],
  [
    'a validation of all cells',
    'read',
    () =>
      workbookFile({
        sheets: [
          { name: 'S', rows: one, after: '<dataValidations><dataValidation sqref="A1:XFD1048576"/></dataValidations>' },
        ],
      }),
  ],
  [
    'two thousand million columns',
    'read',
    () =>
      workbookFile({
        sheets: [{ name: 'S', rows: one, before: '<cols><col min="1" max="2000000000" hidden="1"/></cols>' }],
      }),
  ],
  [
    'a dimension of all cells',
    'read',
    () => workbookFile({ sheets: [{ name: 'S', rows: one, before: '<dimension ref="A1:XFD1048576"/>' }] }),
  ],
  ['a row far below', 'too_many_rows', () => sheetFile('<row r="2000000000"><c r="A2000000000"><v>1</v></c></row>')],
  ['a row that is no number', 'read', () => sheetFile('<row r="1e9x"><c r="A1"><v>1</v></c></row>')],
  [
    'a column far to the right',
    'too_many_columns',
    () => sheetFile('<row r="1"><c r="ZZZZZZZZZZ1"><v>1</v></c></row>'),
  ],
  [
    'a name that is a path',
    'read',
    () => zipOf([...entries(), { name: '../../../../etc/evil', data: 'x' }, { name: 'C:\\evil', data: 'x' }]),
  ],
  [
    'headers with the names of methods',
    'read',
    () => sheetFile('<row r="1"><c r="A1" t="inlineStr"><is><t>__proto__</t></is></c></row>'),
  ],
  [
    'an entity named like a method',
    'read',
    () => sheetFile('<row r="1"><c r="A1" t="inlineStr"><is><t>&constructor;</t></is></c></row>'),
  ],
  [
    '20,000 entries',
    'too_many_parts',
    () => zipOf(Array.from({ length: 20_000 }, (_, i) => ({ name: `p${i}`, data: '', method: 0 }))),
  ],
  ['elements 200,000 deep', 'nested_too_deep', async () => replaced(await sheet1('', '<a>', 200_000, ''))],
  [
    'a text of 300 MB',
    'text_too_long',
    async () =>
      replaced(
        await sheet1('<row r="1"><c r="A1" t="inlineStr"><is><t>', 'abcdefghij', 30_000_000, '</t></is></c></row>'),
      ),
  ],
  [
    'an attribute of 100 MB',
    'text_too_long',
    async () => replaced(await sheet1('<row r="1" spans="', 'abcdefghij', 10_000_000, '"></row>')),
  ],
  ['a comment of 100 MB', 'text_too_long', async () => replaced(await sheet1('<!--', 'abcdefghij', 10_000_000, '-->'))],
  [
    'a tag of a million attributes',
    'text_too_long',
    async () => replaced(await sheet1('<row ', 'abcdefg="1" ', 1_000_000, '/>')),
  ],
  [
    'ten thousand million bytes of nothing',
    'inflates_too_much',
    async () => replaced(await sheet1('', '<x/>'.repeat(1000), 40_000, '')),
  ],
  [
    'a shared text of 300 MB',
    'text_too_long',
    async () =>
      replaced(
        await repeatedEntry(
          'xl/sharedStrings.xml',
          `<sst xmlns="${MAIN}"><si><t>`,
          'abcdefghij',
          30_000_000,
          '</t></si></sst>',
        ),
      ),
  ],
  [
    'thirty million shared texts',
    'inflates_too_much',
    async () =>
      replaced(await repeatedEntry('xl/sharedStrings.xml', `<sst xmlns="${MAIN}">`, '<si/>', 30_000_000, '</sst>')),
  ],
  [
    'four million styles',
    'too_many_styles',
    async () =>
      replaced(
        await repeatedEntry(
          'xl/styles.xml',
          `<styleSheet xmlns="${MAIN}"><cellXfs>`,
          '<xf/>',
          1_500_000,
          '</cellXfs></styleSheet>',
        ),
      ),
  ],
  ['a row of 90 MB that never ends', 'damaged_workbook', () => storedSheet('<row r="1">', filled(1000), 90_000)],
  ['rows of nearly a megabyte', 'read', () => storedSheet('', `<row r="1">${filled(1000).repeat(990)}</row>`, 90)],
  [
    'rows of thousands of cells in one place',
    'read',
    () => storedSheet('', `<row r="1">${'<c r="A1"/>'.repeat(80_000)}</row>`, 20),
  ],
  [
    'rows of 60,000 attributes',
    'read',
    () => storedSheet('', `<row r="1" ${Array.from({ length: 60_000 }, (_, i) => `a${i}=""`).join(' ')}/>`, 10),
  ],
  [
    'a million control characters',
    'damaged_workbook',
    async () => replaced(await sheet1('<row r="1" spans="', '\u0001', 900_000, '"></row>')),
  ],
  [
    'a far cell in each row',
    'too_many_cells',
    async () => replaced(await sheet1('', '<row><c r="XFD1"><v>1</v></c></row>', 100_000, '')),
  ],
  [
    'a header that lies about the size',
    'inflates_too_much',
    async () => replaced({ ...(await sheet1('', '<x/>'.repeat(1000), 40_000, '')), claimedSize: 10 }),
  ],
  ['html', 'html', () => Buffer.from('<html>')],
])(
  '%s',
  async (_name, code, make) => {
    const result = await outcome(await put('bomb.xlsx', await make()));
    expect(result.code).toBe(code);
    expect(result.seconds).toBeLessThan(5);
    expect(result.megabytes).toBeGreaterThan(0);
    expect(result.megabytes).toBeLessThan(256);
  },
  30_000,
);

test.each<[string, ReadErrorCode | 'read', () => Buffer]>([
  ['one line of 40 MB', 'text_too_long', () => Buffer.alloc(40 * MB, 'x')],
  ['40 MB of commas', 'text_too_long', () => Buffer.alloc(40 * MB, ',')],
  ['40 MB of quotes', 'text_too_long', () => Buffer.alloc(40 * MB, '"')],
  ['40 MB of line ends', 'empty_file', () => Buffer.alloc(40 * MB, '\n')],
  ['opening quotes in every line', 'read', () => Buffer.from('a,"b\n'.repeat(200_000))],
  ['a wide line', 'too_many_columns', () => Buffer.from(`a,b\n${','.repeat(100_000)}\n`)],
])(
  'text: %s',
  async (_name, code, make) => {
    const result = await outcome(await put('bomb.csv', make()));
    expect(result.code).toBe(code);
    expect(result.seconds).toBeLessThan(5);
    expect(result.megabytes).toBeLessThan(256);
  },
  30_000,
);
