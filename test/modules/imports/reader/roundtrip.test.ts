/** Any table written by another program comes back as it was. */

import * as XLSX from '@e965/xlsx';
import { jest } from '@jest/globals';
import ExcelJS from 'exceljs';
import fc from 'fast-check';
import type { CsvChoice } from '#src/modules/imports/reader/csv_options.ts';
import { readHere, testFolder, texts } from '../../../helpers/workbooks.ts';

const put = testFolder();
jest.setTimeout(60_000);

/** Text that a file can hold: no halves of characters, no NUL; XML turns CR into LF. */
const text = fc
  .string({ unit: 'grapheme', maxLength: 30 })
  .map((value) => value.replaceAll('\0', '').replaceAll('\r', ' ').toWellFormed());
const number = fc.oneof(
  fc.integer({ min: -1e12, max: 1e12 }),
  fc.double({ min: -1e9, max: 1e9, noNaN: true }).map((value) => Number(value.toPrecision(9))),
);

/** Rows without the blanks at their end, and without blank rows at the end of the table. */
function trimmed(rows: string[][]): string[][] {
  const cut = rows.map((row) => row.slice(0, row.findLastIndex((cell) => cell !== '') + 1));
  return cut.slice(0, cut.findLastIndex((row) => row.length > 0) + 1);
}

/** Rows at their places, blank ones included. */
function placed(file: Awaited<ReturnType<typeof readHere>>): string[][] {
  const rows: string[][] = [];
  for (const row of file.sheets[0]?.rows ?? []) {
    while (rows.length < row.number - 1) rows.push([]);
    rows.push(row.cells.map((cell) => cell.text));
  }
  return trimmed(rows);
}

test('texts through a workbook', async () => {
  const table = fc.array(fc.array(text, { maxLength: 6 }), { maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(table, fc.boolean(), async (rows, shared) => {
      const book = XLSX.utils.book_new();
      XLSX.utils.book_append_sheet(book, XLSX.utils.aoa_to_sheet(rows), 'S');
      const content = XLSX.write(book, { type: 'buffer', bookType: 'xlsx', bookSST: shared }) as Buffer;
      expect(placed(await readHere(await put('a.xlsx', content), 'a.xlsx'))).toEqual(trimmed(rows));
    }),
    { numRuns: 150 },
  );
});

test('numbers, dates and truths through a workbook', async () => {
  const day = fc.integer({ min: 61, max: 70_000 });
  await fc.assert(
    fc.asyncProperty(number, day, fc.boolean(), async (value, serial, truth) => {
      const book = new ExcelJS.Workbook();
      const date = new Date((serial - 25_569) * 86_400_000);
      const row = book.addWorksheet('S').addRow([value, date, truth]);
      row.getCell(2).numFmt = 'yyyy-mm-dd';
      const content = Buffer.from(await book.xlsx.writeBuffer());
      const file = await readHere(await put('a.xlsx', content), 'a.xlsx');
      const [first, second, third] = file.sheets[0]?.rows[0]?.cells ?? [];
      expect(Number(first?.value)).toBe(value === 0 ? 0 : value);
      expect(first?.value).not.toContain('e');
      expect(second).toEqual({
        kind: 'date',
        text: date.toISOString().slice(0, 10),
        value: date.toISOString().slice(0, 10),
      });
      expect(third?.value).toBe(String(truth));
    }),
    { numRuns: 40 },
  );
});

test('texts through a text file whose dialect is told', async () => {
  const dialect = fc.record({
    delimiter: fc.constantFrom(',', ';', '\t', '|'),
    quote: fc.constantFrom('"', "'"),
    encoding: fc.constantFrom<BufferEncoding>('utf8', 'utf16le'),
    end: fc.constantFrom('\n', '\r\n'),
  });
  // in a row that is too short, two touching quotes are taken for a forgotten separator, and that is told
  const table = fc
    .integer({ min: 2, max: 5 })
    .chain((width) => fc.array(fc.array(text, { minLength: width, maxLength: width }), { minLength: 1, maxLength: 8 }));
  await fc.assert(
    fc.asyncProperty(table, dialect, async (rows, { delimiter, quote, encoding, end }) => {
      const cell = (value: string) => quote + value.replaceAll(quote, quote + quote) + quote;
      const lines = rows.map((row) => row.map(cell).join(delimiter));
      const content = Buffer.from(`\ufeff${lines.join(end)}${end}`, encoding);
      const csv: CsvChoice = { delimiter, quote, escape: 'doubled' };
      // a mark at the very start of a text belongs to the text
      const file = await readHere(await put('a.csv', content), 'a.csv', { csv });
      expect(placed(file)).toEqual(trimmed(rows));
    }),
    { numRuns: 150 },
  );
});

test('lists of customers through a text file whose dialect is found', async () => {
  const name = fc.constantFrom('Ann Lee', "O'Brien, Pat", 'Müller "Max"', 'Zoë', 'Ltd; Co', 'a|b', 'two\nlines');
  const amount = fc.constantFrom('1,5', '1.000,00', '12', '', '-3.5');
  const day = fc.constantFrom('2021-02-03', '03.02.2021', '2/3/21', '10:30');
  const record = fc.tuple(name, amount, day, fc.emailAddress());
  await fc.assert(
    fc.asyncProperty(
      fc.array(record, { minLength: 4, maxLength: 20 }),
      fc.constantFrom(',', ';', '\t', '|'),
      async (records, delimiter) => {
        const rows = [['Name', 'Amount', 'Day', 'E-mail'], ...records];
        const cell = (value: string) =>
          value.includes(delimiter) || /["\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
        const content = rows.map((row) => row.map(cell).join(delimiter)).join('\r\n');
        const file = await readHere(await put('a.csv', content), 'a.csv');
        expect([file.dialect?.delimiter, texts(file)]).toEqual([delimiter, rows]);
      },
    ),
    { numRuns: 150 },
  );
});

test('anything at all is read or refused, never a fault', async () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 400 }),
    fc
      .string({
        unit: fc.constantFrom('a', '1', ',', ';', '"', "'", '\\', '\n', '\r', ' ', '\t', 'ü', '\0'),
        maxLength: 60,
      })
      .map((value) => Buffer.from(value)),
  );
  await fc.assert(
    fc.asyncProperty(bytes, async (content) => {
      const reading = readHere(await put('a.csv', Buffer.from(content)), 'a.csv');
      await reading.catch((error: Error) => expect(error.name).toBe('ReadError'));
    }),
    { numRuns: 250 },
  );
});
