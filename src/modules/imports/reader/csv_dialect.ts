/**
 * Finds separator and quoting of a text file by reading its beginning in each plausible way and comparing how table-like
 * the result is. The measure follows van den Burg, Nazábal and Sutton, "Wrangling messy CSV files by detecting row and
 * type patterns" (2019): long, equal rows of cells that look like data.
 */
import type { CsvChoice } from './csv_options.ts';
import { RecordParser } from './csv_records.ts';
import { type Layout, NO_LAYOUT } from './csv_repair.ts';
import type { CsvDialect } from './model.ts';

const DELIMITERS = [',', ';', '\t', '|', ':', '^', '~', '\u001f', ' '];
/** Separators that also occur inside ordinary values have to be clearly better, and to divide nearly every line alike. */
const HANDICAP: Readonly<Record<string, number>> = { ':': 0.5, ' ': 0.4, '~': 0.9, '^': 0.9 };
const HANDICAPPED_SHARE = 0.8;
const MAX_RECORDS = 400;
/** How far a quoted field may run in a trial: wrong separators make endless ones. */
const TRIAL_REACH = 16 * 1024;
/** A file in which every quoted value is wrong is still read better with quotes than without a separator. */
const REPAIR_COST = 0.6;
/** Share of records with quotes inside unquoted values from which on they are no slips. */
const INCH_SHARE = 0.05;

export interface DialectFinding {
  delimiter: string;
  quote: string;
  escape: CsvDialect['escape'];
  layout: Layout;
  /** Whether the separator may be another one: it is missing from many rows, and the others do not agree either. */
  doubtful: boolean;
  /** Length of a `sep=;` line at the start, with its line end. */
  skip: number;
}

/** `sample` is the beginning of the text; `complete` that it is all of it. What the user chose is kept. */
export function detectDialect(sample: string, complete: boolean, choice: CsvChoice): DialectFinding {
  const sep = separatorLine(sample);
  const text = sep ? sample.slice(sep.length) : sample;
  const body = complete ? text : text.slice(0, Math.max(text.lastIndexOf('\n'), text.lastIndexOf('\r')) + 1) || text;
  const told = choice.delimiter || sep?.delimiter;
  let best: { rating: Rating; dialect: Dialect } | undefined;
  for (const delimiter of told ? [told] : candidates(body)) {
    for (const [quote, way] of quotings(body, delimiter, choice)) {
      const dialect = { delimiter, quote, escape: way };
      const rating = rate(body, dialect, told !== undefined);
      if (!best || rating.score > best.rating.score) best = { rating, dialect };
    }
  }
  const { rating, dialect } = best as { rating: Rating; dialect: Dialect };
  const { columns, quotedBy } = rating;
  const half = rating.records / 2;
  const quoted = Array.from(quotedBy, (count) => (count ?? 0) > half);
  const layout = { columns, quoted, inches: rating.inches > 1 && rating.inches > rating.records * INCH_SHARE };
  const share = (width: number) => (rating.widths.get(width) ?? 0) / rating.records;
  const doubtful = columns > 1 && share(columns) < 0.5 && share(1) > 0.1;
  const skip = sep?.length ?? 0;
  const delimiter = padded(body, dialect, rating);
  if (told) return { ...dialect, delimiter, layout, doubtful, skip };
  // a column of addresses under its heading, not two columns
  const prose = delimiter === ', ' && columns === 2 && rating.firstWidth === 1 && !body.includes('\t');
  if (prose) return { ...dialect, delimiter: '\t', layout: { ...layout, columns: 1 }, doubtful: false, skip };
  return { ...dialect, delimiter, layout, doubtful, skip };
}

/** Separators that occur; one that only ever occurs doubled is taken double. */
function candidates(body: string): string[] {
  const found = DELIMITERS.filter((one) => one === ',' || body.includes(one));
  const lines = body.split(/[\r\n]+/).filter((line) => line.trim() !== '');
  const times = lines.filter((line) => TIME.test(line.trim())).length;
  return found
    .filter((one) => one !== ':' || times < lines.length / 2)
    .map((one) =>
      one !== ' ' && body.includes(one + one) && !body.replaceAll(one + one, '').includes(one) ? one + one : one,
    );
}

/** The separator with the blanks around it, when they stand around every one of them. */
function padded(body: string, dialect: Dialect, { widths, columns, repairs }: Rating): string {
  const { delimiter } = dialect;
  if (columns === 1 || delimiter.trim() === '') return delimiter;
  for (const wider of [` ${delimiter} `, `${delimiter} `, ` ${delimiter}`]) {
    if (!body.includes(wider)) continue;
    const again = rate(body, { ...dialect, delimiter: wider });
    if (again.repairs > repairs || again.widths.size !== widths.size) continue;
    if ([...widths].every(([width, count]) => again.widths.get(width) === count)) return wider;
  }
  return delimiter;
}

/** Excel's own first line that names the separator; it is no data. */
function separatorLine(sample: string): { delimiter: string; length: number } | undefined {
  const match = /^"?sep=(\\t|[^\r\n"]|,)"?(?:\r\n|\r|\n|$)/i.exec(sample);
  if (!match) return undefined;
  return { delimiter: match[1] === '\\t' ? '\t' : (match[1] as string), length: match[0].length };
}

/** Quote characters that open fields in this text, each with the ways to write one inside a field. */
function quotings(text: string, delimiter: string, choice: CsvChoice): [quote: string, escape: CsvDialect['escape']][] {
  const escapes: CsvDialect['escape'][] = choice.escape ? [choice.escape] : ['doubled', 'backslash'];
  const ways = (quote: string): [string, CsvDialect['escape']][] =>
    escapes
      .filter((way) => way === 'doubled' || choice.escape || text.includes(`\\${quote}`))
      .map((way) => [quote, way]);
  if (choice.quote !== undefined) return choice.quote === '' ? [['', 'doubled']] : ways(choice.quote);
  const found = ways('"');
  const escaped = delimiter.replace(/[|^.*+?$()[\]{}\\]/g, '\\$&');
  // 'single' quotes must close where they open, or O'Brien and 'n would count
  const single = new RegExp(`(?:^|${escaped}|[\\r\\n]) {0,2}'(?:[^'\\\\]|''|\\\\.){0,500}'(?=${escaped}|[\\r\\n]|$)`);
  if (single.test(text)) found.push(...ways("'"));
  return found;
}

type Dialect = Omit<CsvDialect, 'encoding'>;

interface Rating {
  score: number;
  /** The usual number of fields, that of the first record, and how many records have how many. */
  columns: number;
  firstWidth: number;
  widths: Map<number, number>;
  repairs: number;
  records: number;
  /** How many fields of each column stand in quotes. */
  quotedBy: readonly number[];
  inches: number;
}

/** How much the text looks like a table when it is read this way. */
function rate(text: string, dialect: Dialect, told = false): Rating {
  const widths = new Map<number, number>();
  let records = 0;
  let repairs = 0;
  let cells = 0;
  let plausible = 0;
  let typed = 0;
  let firstWidth = 0;
  const parser = new RecordParser(
    { encoding: '', ...dialect },
    NO_LAYOUT,
    {
      record: (fields, repair) => {
        if (fields.length === 1 && fields[0]?.trim() === '') return;
        if (records++ === 0) firstWidth = fields.length;
        if (repair) repairs++;
        widths.set(fields.length, (widths.get(fields.length) ?? 0) + 1);
        for (const field of fields.slice(0, 200)) {
          cells++;
          const value = field.trim();
          plausible += plausibility(value, dialect.quote);
          if (value !== '' && isTyped(value)) typed++;
        }
        if (records >= MAX_RECORDS) parser.stop();
      },
    },
    TRIAL_REACH,
  );
  parser.write(text);
  parser.end();
  const { quotedBy, inches } = parser;
  if (records === 0) return { score: 0, columns: 1, firstWidth: 1, widths, repairs, records, quotedBy, inches };
  let pattern = 0;
  for (const [width, count] of widths) pattern += count * (Math.max(width - 1, 0.001) / width);
  pattern /= widths.size * records;
  const type = cells === 0 ? 0 : plausible / cells;
  const columns = usualWidth(widths);
  const quoteUse = dialect.quote === '"' && dialect.escape === 'doubled' ? 1 : 0.98;
  const repaired = 1 - (REPAIR_COST * repairs) / records;
  const score = pattern * Math.max(type, 1e-6) * repaired * quoteUse * handicap();
  return { score, columns, firstWidth, widths, repairs, records, quotedBy, inches };

  function handicap(): number {
    const factor = HANDICAP[dialect.delimiter];
    if (factor === undefined || told) return 1;
    if (columns < 2 || (widths.get(columns) ?? 0) < records * HANDICAPPED_SHARE) return 0;
    // blanks separate words far more often than columns
    const quoted = dialect.quote !== '' && text.includes(`${dialect.quote} ${dialect.quote}`);
    return dialect.delimiter === ' ' && !quoted && (columns < 3 || typed < cells / 3) ? 0 : factor;
  }
}

/** The most frequent number of fields; of two equally frequent ones the larger. */
function usualWidth(widths: Map<number, number>): number {
  let best = 1;
  for (const [width, count] of widths) {
    const most = widths.get(best) ?? 0;
    if (count > most || (count === most && width > best)) best = width;
  }
  return best;
}

/** Rarely part of a value, so a field with one is probably several. */
const SEPARATORS = [';', '|', '\t', '\u001f'];

const TIME = /^\d{1,2}:\d{2}(?::\d{2})?(?: ?[AP]M)?$/i;

const PLAIN = [
  /^$/,
  /^[+-]?[\d.,'\u00a0 ]+ ?(?:%|[€$£¥]|[A-Z]{3})?$/, // numbers and amounts
  /^[€$£¥] ?-?[\d.,]+$/,
  /^\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}(?:[T ]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z| ?[AP]M)?)?$/i,
  TIME,
  /^[^\s@,;]+@[^\s@,;]+\.[^\s@,;]+$/,
  /^(?:https?:\/\/|www\.)[^\s;|]+$/i,
  /^\+?[\d ()/-]{6,20}$/,
];

function isTyped(value: string): boolean {
  return PLAIN.some((pattern) => pattern.test(value));
}

/** 1 for a cell that looks like one value, less for one that looks like several or like a torn one. */
function plausibility(field: string, quote: string): number {
  if (isTyped(field)) return 1;
  if (quote !== '' && field.startsWith(quote) !== field.endsWith(quote)) return 0.1;
  if (quote === "'" && field.startsWith('"') !== field.endsWith('"')) return 0.1;
  // wrapped in the other quotation mark: read with the wrong one
  if (/^(['"]).*\1$/s.test(field) && field.length > 1) return 0.5;
  if (SEPARATORS.some((separator) => field.includes(separator))) return 0.4;
  if (/^[\p{L}\p{M}\p{N}\p{S}\p{P} ]*$/u.test(field)) return field.length > 200 ? 0.8 : 0.95;
  return 0.6;
}
