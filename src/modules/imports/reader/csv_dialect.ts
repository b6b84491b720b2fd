/**
 * Finds separator and quoting of a text file by reading its beginning in each plausible way and comparing how table-like
 * the result is. The measure follows van den Burg, Nazábal and Sutton, "Wrangling messy CSV files by detecting row and
 * type patterns" (2019): long, equal rows of cells that look like data.
 */
import { RecordParser } from './csv_records.ts';
import type { CsvDialect } from './model.ts';

const DELIMITERS = [',', ';', '\t', '|', ':', '^', '~', '\u001f', ' '];
/** Separators that also occur inside ordinary values have to be clearly better, and to divide nearly every line alike. */
const HANDICAP: Readonly<Record<string, number>> = { ':': 0.5, ' ': 0.4, '~': 0.9, '^': 0.9 };
const HANDICAPPED_SHARE = 0.8;
const MAX_RECORDS = 400;

export interface DialectChoice {
  delimiter?: string | undefined;
  quote?: string | undefined;
  escape?: CsvDialect['escape'] | undefined;
}

export interface DialectFinding {
  delimiter: string;
  quote: string;
  escape: CsvDialect['escape'];
  /** The usual number of fields of a record. */
  columns: number;
  /** Length of a `sep=;` line at the start, with its line end. */
  skip: number;
}

/** `sample` is the beginning of the text; `complete` that it is all of it. What the user chose is kept. */
export function detectDialect(sample: string, complete: boolean, choice: DialectChoice): DialectFinding {
  const sep = separatorLine(sample);
  const text = sep ? sample.slice(sep.length) : sample;
  const body = complete ? text : text.slice(0, Math.max(text.lastIndexOf('\n'), text.lastIndexOf('\r')) + 1) || text;
  const delimiters = choice.delimiter
    ? [choice.delimiter]
    : sep
      ? [sep.delimiter]
      : DELIMITERS.filter((one) => one === ',' || body.includes(one));
  let best: { score: number; finding: DialectFinding } | undefined;
  for (const delimiter of delimiters) {
    for (const [quote, way] of quotings(body, delimiter, choice)) {
      const dialect = { delimiter, quote, escape: way };
      const { score, columns } = rate(body, dialect);
      if (best && score <= best.score) continue;
      best = { score, finding: { ...dialect, columns, skip: sep?.length ?? 0 } };
    }
  }
  return (best as { finding: DialectFinding }).finding;
}

/** Excel's own first line that names the separator; it is no data. */
function separatorLine(sample: string): { delimiter: string; length: number } | undefined {
  const match = /^"?sep=(\\t|[^\r\n"]|,)"?(?:\r\n|\r|\n|$)/i.exec(sample);
  if (!match) return undefined;
  return { delimiter: match[1] === '\\t' ? '\t' : (match[1] as string), length: match[0].length };
}

/** Quote characters that open fields in this text, each with the ways to write one inside a field. */
function quotings(
  text: string,
  delimiter: string,
  choice: DialectChoice,
): [quote: string, escape: CsvDialect['escape']][] {
  const escapes: CsvDialect['escape'][] = choice.escape ? [choice.escape] : ['doubled', 'backslash'];
  const ways = (quote: string): [string, CsvDialect['escape']][] =>
    escapes
      .filter((way) => way === 'doubled' || choice.escape || text.includes(`\\${quote}`))
      .map((way) => [quote, way]);
  if (choice.quote !== undefined) return choice.quote === '' ? [['', 'doubled']] : ways(choice.quote);
  const found = ways('"');
  const escaped = delimiter.replace(/[|^.*+?$()[\]{}\\]/g, '\\$&');
  // 'single' quotes must close where they open, or O'Brien and 'n would count
  const single = new RegExp(`(?:^|${escaped}|[\\r\\n]) *'(?:[^'\\r\\n]|'')*'(?=${escaped}|[\\r\\n]|$)`);
  if (single.test(text)) found.push(...ways("'"));
  return found;
}

/** How much the text looks like a table when it is read this way. */
function rate(text: string, dialect: CsvDialect | Omit<CsvDialect, 'encoding'>): { score: number; columns: number } {
  const widths = new Map<number, number>();
  let records = 0;
  let repairs = 0;
  let cells = 0;
  let plausible = 0;
  const parser = new RecordParser({ encoding: '', ...dialect }, 0, {
    record: (fields, repair) => {
      if (fields.length === 1 && fields[0]?.trim() === '') return;
      records++;
      if (repair) repairs++;
      widths.set(fields.length, (widths.get(fields.length) ?? 0) + 1);
      for (const field of fields.slice(0, 200)) {
        cells++;
        plausible += plausibility(field.trim(), dialect.quote);
      }
      if (records >= MAX_RECORDS) parser.stop();
    },
  });
  parser.write(text);
  parser.end();
  if (records === 0) return { score: 0, columns: 1 };
  let pattern = 0;
  for (const [width, count] of widths) pattern += count * (Math.max(width - 1, 0.001) / width);
  pattern /= widths.size * records;
  const type = cells === 0 ? 0 : plausible / cells;
  const columns = usualWidth(widths);
  const alike = columns > 1 && (widths.get(columns) ?? 0) >= records * HANDICAPPED_SHARE;
  const handicap = HANDICAP[dialect.delimiter] === undefined ? 1 : alike ? HANDICAP[dialect.delimiter]! : 0;
  const quoteUse = dialect.quote === '"' && dialect.escape === 'doubled' ? 1 : 0.98;
  const score = pattern * Math.max(type, 1e-6) * (1 - repairs / records) ** 2 * handicap * quoteUse;
  return { score, columns };
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

const PLAIN = [
  /^$/,
  /^[+-]?[\d.,'\u00a0 ]+ ?(?:%|[€$£¥]|[A-Z]{3})?$/, // numbers and amounts
  /^[€$£¥] ?-?[\d.,]+$/,
  /^\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}(?:[T ]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z| ?[AP]M)?)?$/i,
  /^\d{1,2}:\d{2}(?::\d{2})?(?: ?[AP]M)?$/i,
  /^[^\s@,;]+@[^\s@,;]+\.[^\s@,;]+$/,
  /^(?:https?:\/\/|www\.)[^\s;|]+$/i,
  /^\+?[\d ()/-]{6,20}$/,
];

/** 1 for a cell that looks like one value, less for one that looks like several or like a torn one. */
function plausibility(field: string, quote: string): number {
  if (PLAIN.some((pattern) => pattern.test(field))) return 1;
  if (quote !== '' && field.startsWith(quote) !== field.endsWith(quote)) return 0.1;
  if (SEPARATORS.some((separator) => field.includes(separator))) return 0.4;
  if (/^[\p{L}\p{M}\p{N}\p{S}\p{P} ]*$/u.test(field)) return field.length > 200 ? 0.8 : 0.95;
  return 0.6;
}
