/** Reads a text file (.csv, .tsv, .txt) as one sheet. */
import { chosenEncoding, decodeFile, detectEncoding, type EncodingFinding } from './csv_decode.ts';
import { detectDialect } from './csv_dialect.ts';
import type { CsvChoice } from './csv_options.ts';
import { RecordParser } from './csv_records.ts';
import type { Repair } from './csv_repair.ts';
import { formatCount, ReadError } from './errors.ts';
import type { Limits } from './limits.ts';
import type { WireRow } from './model.ts';
import { type Output, RowBatches, type Selection } from './output.ts';
import { cleanText } from './shared_strings.ts';
import { type WarningCode, Warnings } from './warnings.ts';

const SAMPLE_CHARACTERS = 256 * 1024;
const SCIENTIFIC = /^[+-]?\d(?:[.,]\d+)?E\+\d{2,}$/;

/** Emits `file`, `sheet`, `rows` …, `sheet_end` and warnings. Throws ReadError. */
export async function readCsv(
  path: string,
  sheetName: string,
  output: Output,
  limits: Limits,
  choice: CsvChoice = {},
  selection: Selection = {},
): Promise<void> {
  const warnings = new Warnings((warning) => output.emit({ type: 'warning', warning }));
  const wanted = selection.sheets;
  if (wanted && !wanted.includes(0) && !wanted.includes(sheetName)) {
    throw new ReadError('no_such_sheet', { detail: `"${wanted[0]}"` });
  }
  const finding = await (choice.encoding === undefined ? detectEncoding(path) : chosenEncoding(path, choice.encoding));
  sayEncoding(finding, warnings);
  const isProven = choice.encoding === undefined && finding.encoding === 'utf-8';
  const seen: Seen = { zeros: 0, unreadable: false, isProven };
  const text = watched(decodeFile(path, finding), seen, warnings);
  const { sample, complete } = await readSample(text);
  if (looksBinary(sample, seen.zeros)) throw new ReadError('not_a_list');
  const sheet = { index: 0, name: sheetName, hidden: false };
  const { layout, doubtful, skip, ...found } = detectDialect(sample, complete, choice);
  const dialect = { encoding: finding.encoding, ...found };
  output.emit({
    type: 'file',
    format: 'csv',
    sheets: [sheet],
    dialect,
  });
  output.emit({ type: 'sheet', sheet, hiddenColumns: [] });
  if (doubtful) {
    warnings.add(
      'separator_doubtful',
      'It is not certain which character separates the columns of this file. Check the first rows, and choose another one if they look wrong.',
    );
  }
  const rows = new CsvRows(output, limits, warnings, seen, layout.columns, selection.rowsPerSheet);
  const parser = new RecordParser(dialect, layout, rows);
  rows.whenFull = () => parser.stop();
  parser.write(sample.slice(skip));
  if (!complete) {
    for await (const piece of text) {
      if (rows.full) break;
      parser.write(piece);
      const drained = output.drained();
      if (drained) await drained;
    }
  }
  parser.end();
  rows.finish();
  warnings.close();
}

function sayEncoding({ encoding, guessed, strayBytes, contradicts }: EncodingFinding, warnings: Warnings): void {
  if (contradicts) {
    warnings.add(
      'encoding_doubtful',
      `The file was read as ${encoding} because you chose it, but its bytes say ${contradicts}. Check the first rows.`,
    );
  } else if (strayBytes) {
    warnings.add(
      'bytes_unreadable',
      'Some characters of this file are not in the character set of the rest (UTF-8); they were read as Windows-1252. Check names with accents.',
    );
  } else if (guessed) {
    warnings.add(
      'encoding_guessed',
      `The file does not say which character set it uses; it was read as ${encoding}. Check names with accents, and choose another one if they look wrong.`,
    );
  }
}

interface Seen {
  /** NUL characters so far. */
  zeros: number;
  /** Whether the decoder met bytes that are nothing in this character set; it puts U+FFFD for them. */
  unreadable: boolean;
  /** The bytes fit the character set; a U+FFFD then stands in the file. */
  isProven: boolean;
}

/** Leaves out NUL and a final Ctrl-Z (end of file in DOS programs), which stand in no list on purpose. */
async function* watched(text: AsyncGenerator<string>, seen: Seen, warnings: Warnings): AsyncGenerator<string> {
  let held = '';
  for await (const piece of text) {
    let clean = held + piece;
    held = '';
    if (clean.includes('\0')) {
      if (seen.zeros === 0) warnings.add('characters_removed', 'The file contains zero bytes; they were left out.');
      const length = clean.length;
      clean = clean.replaceAll('\0', '');
      seen.zeros += length - clean.length;
    }
    seen.unreadable ||= clean.includes('\ufffd');
    if (clean.endsWith('\x1a')) {
      held = '\x1a';
      clean = clean.slice(0, -1);
    }
    yield clean;
  }
}

/** Whether the text has more control characters than a list that was merely damaged (separators of ASCII are none). */
function looksBinary(sample: string, zeros: number): boolean {
  let controls = 0;
  for (let at = 0; at < sample.length; at++) {
    const code = sample.charCodeAt(at);
    if (code < 32 && code !== 9 && code !== 10 && code !== 13 && code !== 12 && code < 26) controls++;
  }
  return (controls > 3 && controls > sample.length * 0.03) || zeros > 16 + sample.length / 4;
}

/** The beginning of the text; the generator goes on behind it. */
async function readSample(text: AsyncGenerator<string>): Promise<{ sample: string; complete: boolean }> {
  let sample = '';
  while (sample.length < SAMPLE_CHARACTERS) {
    const { value, done } = await text.next();
    if (done) return { sample, complete: true };
    sample += value;
  }
  return { sample, complete: false };
}

const REPAIRS: Readonly<Record<Repair, [code: WarningCode, message: string]>> = {
  unclosed: ['quote_unclosed', 'A quotation mark is opened and not closed; the line was read as it stands.'],
  stray: ['quote_stray', 'A quotation mark stands in the middle of a value; check this row.'],
  separator_missing: ['separator_missing', 'A separator between two values is missing; check this row.'],
  other_separator: ['other_separator', 'This row uses another separator than the others; it was read with that.'],
  other_quote: ['other_quote', 'This row uses another quotation mark than the others; it was read with that.'],
};

/** Makes rows of records: numbers them, checks limits, says what is odd. */
class CsvRows {
  private readonly output: Output;
  private readonly limits: Limits;
  private readonly warnings: Warnings;
  private readonly seen: Seen;
  private readonly usual: number;
  private readonly maxRows: number;
  private readonly batches: RowBatches;
  private number = 0;
  private lastRow = 0;
  private cells = 0;
  /** Whether a row of the usual width came already; what stands before it is a title. */
  private begun = false;
  full = false;
  whenFull: () => void = () => {};

  constructor(
    output: Output,
    limits: Limits,
    warnings: Warnings,
    seen: Seen,
    usual: number,
    maxRows = Number.POSITIVE_INFINITY,
  ) {
    this.output = output;
    this.limits = limits;
    this.warnings = warnings;
    this.seen = seen;
    this.usual = usual;
    this.maxRows = maxRows;
    this.batches = new RowBatches(output, 0);
  }

  record(fields: string[], repair: Repair | undefined): void {
    const number = ++this.number;
    const { limits } = this;
    if (fields.length > limits.columns) {
      throw new ReadError('too_many_columns', { limit: formatCount(limits.columns), row: number });
    }
    const row: WireRow = [number, 0];
    let characters = 0;
    let blank = 0;
    for (const field of fields) {
      if (field === '') {
        blank++;
        continue;
      }
      if (blank > 0) row.push(blank);
      blank = 0;
      row.push(this.cell(field, number));
      characters += field.length;
    }
    if (row.length === 2) return;
    if (blank > 0) row.push(blank);
    if (number > limits.rows) throw new ReadError('too_many_rows', { limit: formatCount(limits.rows) });
    this.cells += fields.length;
    if (this.cells > limits.cells) throw new ReadError('too_many_cells', { limit: formatCount(limits.cells) });
    this.say(fields, repair, number);
    this.lastRow = number;
    this.batches.add(row, fields.length, characters);
    if (this.batches.sent >= this.maxRows) {
      this.full = true;
      this.whenFull();
    }
  }

  finish(): void {
    this.batches.flush();
    this.output.emit({
      type: 'sheet_end',
      sheet: 0,
      rows: this.batches.sent,
      lastRow: this.lastRow,
      merges: [],
      mergeCount: 0,
    });
  }

  private cell(field: string, row: number): string {
    if (field.length < 16 && SCIENTIFIC.test(field)) {
      this.warnings.add(
        'scientific_number',
        `"${field}" is a number that a spreadsheet program has shortened; its last digits are lost. Format the column as a number without decimals or as text and save the file again.`,
        row,
      );
    }
    return cleanText(field, this.limits.cellCharacters, false, this.warnings, row);
  }

  private say(fields: string[], repair: Repair | undefined, row: number): void {
    if (this.seen.unreadable && fields.some((field) => field.includes('\ufffd'))) {
      this.warnings.add(
        'bytes_unreadable',
        this.seen.isProven
          ? 'The program that wrote this file lost characters of this row and put \ufffd for them. Correct them there, or in Rapport later.'
          : 'Some characters of this row cannot be read in this character set; they are shown as \ufffd. Choose another character set.',
        row,
      );
    }
    if (repair !== undefined) this.warnings.add(...REPAIRS[repair], row);
    const values = fields.length;
    this.begun ||= values >= this.usual;
    const isTitle = values === 1 && !this.begun;
    if (this.usual > 1 && values !== this.usual && !isTitle) {
      this.warnings.add(
        'ragged_rows',
        values > this.usual
          ? `This row has ${values} values, most rows have ${this.usual}; a separator inside a value may not be quoted.`
          : `This row has ${values === 1 ? '1 value' : `${values} values`}, most rows have ${this.usual}; a separator may be missing, check its columns.`,
        row,
      );
    }
  }
}
