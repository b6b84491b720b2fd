// Workbooks as other programs read them: ours, SheetJS and ExcelJS must all see what was put in, and nothing that runs.
import { PassThrough, Writable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import XLSX from '@e965/xlsx';
import ExcelJS from 'exceljs';
import fc from 'fast-check';
import { type ExportCell, type ExportColumn, type Table, writeXlsx } from '../../src/platform/xlsx_writer.ts';
import { readHere, testFolder } from '../helpers/workbooks.ts';

const put = testFolder();

const COLUMNS: ExportColumn[] = [
  { label: 'Name', excel: 'text', width: 32 },
  { label: 'Pieces', excel: 'number', width: 10 },
  { label: 'Amount', excel: 'money', width: 16 },
  { label: 'Day', excel: 'date', width: 12 },
  { label: 'When & why', excel: 'timestamp', width: 18 },
  { label: 'Yes?', excel: 'boolean', width: 8 },
  { label: '=secret', excel: 'text', width: 20, hidden: true },
];

async function* batchesOf(batches: readonly ExportCell[][][]) {
  for (const batch of batches) yield [...batch];
}

const table = (rows: ExportCell[][], more: Partial<Table> = {}): Table => ({
  title: 'List',
  columns: COLUMNS,
  rows: batchesOf([rows]),
  ...more,
});

async function written(made: Table, mostRows?: number): Promise<Buffer> {
  const out = new PassThrough();
  const [content] = await Promise.all([buffer(out), writeXlsx(made, out, mostRows)]);
  return content;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: those that XML cannot hold
const ILLEGAL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g;
const kept = (typed: string) => typed.toWellFormed().replace(ILLEGAL, '');

const ROW: ExportCell[] = [
  'Ann Lee',
  7,
  1234.5,
  new Date('2026-03-29'),
  new Date('2026-10-25T02:30:15Z'),
  true,
  '00123',
];

test('our own reader sees the exact values', async () => {
  const content = await written(table([ROW, [null, null, 0, null, null, false, null]]));
  const { sheets, warnings } = await readHere(await put('a.xlsx', content), 'a.xlsx');
  expect(warnings).toEqual([]);
  expect(sheets.map(({ name }) => name)).toEqual(['List']);
  const [head, first, second] = sheets[0]!.rows.map((row) => row.cells.map(({ kind, value }) => [kind, value]));
  expect(head!.map(([, value]) => value)).toEqual(COLUMNS.map(({ label }) => label));
  expect(first).toEqual([
    ['text', 'Ann Lee'],
    ['number', '7'],
    ['number', '1234.5'],
    ['date', '2026-03-29'],
    ['datetime', '2026-10-25T02:30:15'],
    ['boolean', 'true'],
    ['text', '00123'],
  ]);
  expect([second![2], second![5]]).toEqual([
    ['number', '0'],
    ['boolean', 'false'],
  ]);
});

test('SheetJS sees numbers, days and texts with their formats, and no formula', async () => {
  const sheet = XLSX.read(await written(table([ROW])), { cellNF: true, cellFormula: true }).Sheets.List!;
  expect([sheet.A2, sheet.B2, sheet.C2]).toMatchObject([
    { t: 's', v: 'Ann Lee' },
    { t: 'n', v: 7, z: 'General' },
    { t: 'n', v: 1234.5, z: '#,##0.00' },
  ]);
  expect(['D2', 'E2'].map((at) => XLSX.SSF.format('yyyy-mm-dd hh:mm:ss', sheet[at].v))).toEqual([
    '2026-03-29 00:00:00',
    '2026-10-25 02:30:15',
  ]);
  expect([sheet.F2, sheet.G2, sheet.G1]).toMatchObject([
    { t: 'b', v: true },
    { t: 's', v: '00123' },
    { t: 's', v: '=secret' },
  ]);
  expect(Object.values(sheet).filter((cell) => cell?.f)).toEqual([]);
});

test('ExcelJS sees the frozen bold head, widths, hidden columns, filters, and texts that stay texts when edited', async () => {
  const book = new ExcelJS.Workbook();
  await book.xlsx.load((await written(table([ROW], { filter: true, title: "Tom's [1/2]" }))) as never);
  const sheet = book.worksheets[0]!;
  expect(sheet.name).toBe("Tom's  1 2");
  expect(sheet.views[0]).toMatchObject({ state: 'frozen', ySplit: 1 });
  expect([sheet.getCell('A1').font.bold, sheet.getCell('A2').font.bold]).toEqual([true, undefined]);
  expect(COLUMNS.map((_, i) => [sheet.getColumn(i + 1).width, sheet.getColumn(i + 1).hidden])).toEqual(
    COLUMNS.map(({ width, hidden }) => [width, hidden ?? false]),
  );
  expect(sheet.autoFilter).toBe('A1:G2');
  expect([sheet.getCell('A2').numFmt, sheet.getColumn(1).numFmt, sheet.getCell('G9').numFmt]).toEqual(['@', '@', '@']);
  expect(sheet.getCell('E2').value).toEqual(new Date('2026-10-25T02:30:15Z'));
});

test('any text comes back letter by letter, but for characters that no workbook can hold', async () => {
  const text = fc.string({
    unit: fc.oneof(
      fc.constantFrom('=', '+', '-', '@', '\t', '\r', '\n', ' ', "'", '"', '&', '<', '>', ']]>', '_x000D_', '_X0041_'),
      fc.constantFrom('\u0000', '\u0001', '\u001f', '\ud800', '\uffff', '＝', '\u00a0', '\u200b', '😀', '_x', '_'),
      fc.string({ unit: 'binary', minLength: 1, maxLength: 3 }),
    ),
    maxLength: 12,
  });
  await fc.assert(
    fc.asyncProperty(fc.array(text, { minLength: 1, maxLength: 20 }), async (texts) => {
      const columns = COLUMNS.slice(0, 2);
      const content = await written({ ...table(texts.map((typed, i) => [typed, i])), columns });
      const { sheets } = await readHere(await put('a.xlsx', content), 'a.xlsx');
      const ours = sheets[0]!.rows.slice(1).map((row) => row.cells[0]?.value);
      expect(ours).toEqual(texts.map(kept));
      const { List } = XLSX.read(content, { cellFormula: true }).Sheets;
      for (const [i, typed] of texts.entries()) {
        const cell = List![`A${i + 2}`];
        expect(cell?.f).toBeUndefined();
        // SheetJS makes one line break of two on purpose.
        if (kept(typed)) expect([cell.t, cell.v]).toEqual(['s', kept(typed).replaceAll('\r\n', '\n')]);
      }
    }),
    { numRuns: 200 },
  );
});

test('days that Excel cannot count are written in words', async () => {
  const days = ['0001-01-01', '1899-12-31', '1900-02-28', '1900-03-01', '9999-12-31'];
  const content = await written(table(days.map((day) => [day, 1, 1, new Date(day), new Date(`${day}T10:30:00Z`)])));
  const { sheets } = await readHere(await put('a.xlsx', content), 'a.xlsx');
  expect(sheets[0]!.rows.slice(1).map(({ cells }) => [cells[3]!.value, cells[4]!.value.replace('T', ' ')])).toEqual(
    days.map((day) => [day, `${day} 10:30:00`]),
  );
});

test('what Excel would call damage is left out: endless texts are cut, numbers without a value are blank', async () => {
  const content = await written(table([['x'.repeat(40_000), Number.NaN, Number.POSITIVE_INFINITY]]));
  const sheet = XLSX.read(content).Sheets.List!;
  expect([String(sheet.A2.v).length, sheet.B2, sheet.C2]).toEqual([32_767, undefined, undefined]);
});

test('a table longer than a sheet goes on in the next, each with the head; none is empty', async () => {
  const rows = Array.from({ length: 9 }, (_, i): ExportCell[] => [`row ${i + 1}`]);
  for (const [count, sizes] of [
    [8, [4, 4]],
    [9, [4, 4, 1]],
    [0, [0]],
  ] as const) {
    const made = { ...table([]), filter: true, rows: batchesOf([rows.slice(0, 3), [], rows.slice(3, count)]) };
    if (count === 0) made.rows = batchesOf([]);
    const book = XLSX.read(await written(made, 5));
    expect(book.SheetNames).toEqual(sizes.map((_, i) => (i ? `List ${i + 1}` : 'List')));
    const names = book.SheetNames.map((name) => XLSX.utils.sheet_to_json<{ Name: string }>(book.Sheets[name]!));
    expect(names.map((sheet) => sheet.length)).toEqual(sizes);
    expect(names.flat().map(({ Name }) => Name)).toEqual(rows.slice(0, count).map(([name]) => name));
  }
});

test.each([
  ['', 'Export'],
  ['history', 'Export'],
  ["''", 'Export'],
  ['Revenue by client: 1/2026', 'Revenue by client  1 2026'],
  ['A very long title of a report that nobody reads', 'A very long title of a report t'],
])('the title %j names a sheet %j', async (title, name) => {
  expect(XLSX.read(await written(table([ROW], { title }))).SheetNames).toEqual([name]);
});

test('rows that cannot be read leave the answer untouched; later ones break it off', async () => {
  const fails = async function* (batches: number) {
    for (let i = 0; i < batches; i += 1) yield [ROW];
    throw new Error('no rows');
  };
  const out = new PassThrough();
  await expect(writeXlsx({ ...table([]), rows: fails(0) }, out)).rejects.toThrow('no rows');
  expect([out.destroyed, out.readableLength]).toEqual([false, 0]);
  out.resume().on('error', () => {});
  await expect(writeXlsx({ ...table([]), rows: fails(2) }, out)).rejects.toThrow('no rows');
  expect(out.destroyed).toBe(true);
});

test('a reader who is slow is waited for, and one who leaves ends the rows', async () => {
  let [given, ended] = [0, false];
  async function* endless() {
    try {
      for (;;) {
        given += 1;
        yield Array.from({ length: 500 }, (): ExportCell[] => [`${given} ${Math.random()} ${Math.random()}`]);
        await sleep(0);
      }
    } finally {
      ended = true;
    }
  }
  const out = new Writable({ write: () => {} }); // takes one piece and never asks for another
  const writing = writeXlsx({ ...table([]), rows: endless() }, out);
  // What fits between the rows and the reader is taken, sooner or later; then nothing more is asked for.
  for (let before = -1; before !== given; await sleep(500)) before = given;
  expect(given).toBeLessThan(200);
  expect(ended).toBe(false);
  out.destroy();
  await expect(writing).rejects.toThrow();
  expect(ended).toBe(true);
});
