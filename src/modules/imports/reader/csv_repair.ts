/**
 * Second readings of a line whose quotation marks or separators are not where they belong. A reading counts only when it
 * gives the number of fields that the rest of the file has, and it is always told: none of them is certain.
 */
import type { CsvDialect } from './model.ts';

/** The usual row of a file, as its beginning shows it. */
export interface Layout {
  /** Number of fields, 0 when not known. */
  columns: number;
  /** Columns in which most values stand in quotes: there a lone quote is a broken pair, elsewhere part of the value. */
  quoted: readonly boolean[];
  /** Whether quotation marks also stand inside values without quotes, as inch marks do. */
  inches: boolean;
}

export const NO_LAYOUT: Layout = { columns: 0, quoted: [], inches: true };

export type Repair = 'stray' | 'unclosed' | 'separator_missing' | 'other_separator' | 'other_quote';

export interface Reading {
  fields: string[];
  repair: Repair;
}

/** A longer line is no row of a list that someone typed. */
const MAX_LINE = 64 * 1024;

type Marks = Pick<CsvDialect, 'delimiter' | 'quote' | 'escape'>;

interface Token {
  text: string;
  quoted: boolean;
}

/** What text behind a closing quote is: part of the value ("abc"def -> abcdef, as Excel does), or the next field. */
type Behind = 'unquoted' | 'appended' | 'next';

/**
 * The best reading of a line with quotes in odd places. `opening` says that the first odd one stands where one opens a
 * field, so the one before it was left open; `swallowed` that the ordinary reading ran on into the next lines.
 */
export function repairQuotes(
  line: string,
  marks: Marks,
  layout: Layout,
  { opening, swallowed }: { opening: boolean; swallowed: boolean },
): Reading | undefined {
  const repair: Repair = swallowed ? 'unclosed' : 'stray';
  const { columns } = layout;
  const plain = tokens(line, marks, 'unquoted', layout);
  if (columns > 0 && line.length <= MAX_LINE) {
    const appended = opening || swallowed ? undefined : tokens(line, marks, 'appended', layout);
    if (appended?.length === columns && quotedOf(appended) > quotedOf(plain))
      return { fields: textsOf(appended), repair };
    const touching = tokens(line, marks, 'next', layout);
    const explainsMore = touching.length === columns && quotedOf(touching) > quotedOf(plain);
    const merged = explainsMore ? undefined : mergedAtLoneQuote(plain, marks, layout);
    if (merged) return { fields: merged, repair };
    if (explainsMore) return { fields: textsOf(touching), repair: 'separator_missing' };
    const other = otherMarks(line, marks, layout, plain.length);
    if (other) return other;
  }
  return swallowed ? { fields: textsOf(plain), repair } : undefined;
}

/** A line that someone wrote with another separator or another quotation mark than the rest of the file. */
export function otherMarks(line: string, marks: Marks, layout: Layout, found: number): Reading | undefined {
  const { columns } = layout;
  if (line.length > MAX_LINE) return undefined;
  const fits = (list: Token[]) => list.length === columns && list.some(({ quoted }) => quoted);
  const quote = marks.quote === "'" ? '"' : "'";
  if (line.includes(quote)) {
    const read = tokens(line, { ...marks, quote, escape: 'doubled' }, 'unquoted', layout);
    if (fits(read)) return { fields: textsOf(read), repair: 'other_quote' };
  }
  if (columns < 2 || found >= columns) return undefined;
  for (const delimiter of [';', '\t', '|', ',', ' ']) {
    // a separator with a blank behind it is punctuation
    if (delimiter === marks.delimiter || !line.includes(delimiter) || line.includes(`${delimiter} `)) continue;
    const read = tokens(line, { ...marks, delimiter }, 'unquoted', layout);
    if (read.length !== columns) continue;
    // words of a sentence are no fields
    const isProse = !fits(read) && read.filter(({ text }) => /\d/.test(text)).length * 2 < columns;
    if (delimiter === ' ' && (columns < 3 || isProse)) continue;
    return { fields: textsOf(read), repair: 'other_separator' };
  }
  return undefined;
}

/** Whether a line without the usual quotes has values in the other ones, in a column that is usually quoted. */
export function wearsOtherQuotes(fields: readonly string[], { quote }: Marks, layout: Layout): boolean {
  const other = quote === "'" ? '"' : "'";
  const column = layout.quoted.indexOf(true);
  const field = column < 0 ? undefined : fields[column];
  return field !== undefined && field.length > 1 && field.startsWith(other) && field.endsWith(other);
}

function textsOf(list: Token[]): string[] {
  return list.map(({ text }) => text);
}

function quotedOf(list: Token[]): number {
  return list.filter(({ quoted }) => quoted).length;
}

/**
 * One quote of a pair is missing. With as many fields as usual it is a character or a slip of its own field; with more,
 * it protected the separators of the fields behind it, or in front of it.
 */
function mergedAtLoneQuote(list: Token[], { delimiter, quote }: Marks, layout: Layout): string[] | undefined {
  const excess = list.length - layout.columns;
  /** The text without its lone quote, and what else is doubled made single. */
  const without = (text: string) =>
    text
      .replaceAll(quote + quote, '\0')
      .replace(quote, '')
      .replaceAll('\0', quote)
      .trim();
  const side = ({ text, quoted }: Token): 'opens' | 'closes' | undefined => {
    const [before, behind, ...more] = quoted
      ? []
      : text
          .replaceAll(quote + quote, '\0')
          .trim()
          .split(quote);
    if (behind === undefined || more.length > 0) return undefined;
    return before === '' ? 'opens' : behind === '' ? 'closes' : undefined;
  };
  if (excess < 0 || quote === '') return undefined;
  if (excess === 0)
    return list.map((token, column) => (layout.quoted[column] && side(token) ? without(token.text) : token.text));
  const found = [...list.keys()].filter((at) => side(list[at] as Token));
  const [at] = found;
  if (at === undefined || found.length > 1) return undefined;
  const first = side(list[at] as Token) === 'opens' ? at : at - excess;
  const last = first + excess;
  if (first < 0 || last >= list.length) return undefined;
  const parts = list.slice(first, last + 1);
  if (parts.some(({ quoted }) => quoted)) return undefined;
  const merged = without(textsOf(parts).join(delimiter));
  return [...textsOf(list.slice(0, first)), merged, ...textsOf(list.slice(last + 1))];
}

/** Splits a single line. Quotes that do not enclose a field are characters of it. */
function tokens(line: string, marks: Marks, behind: Behind, layout: Layout): Token[] {
  const { delimiter, quote } = marks;
  const found: Token[] = [];
  let nextQuote = -1;
  const isEnd = (at: number) => at >= line.length || line.startsWith(delimiter, at);
  const fieldEnd = (at: number) => {
    const end = line.indexOf(delimiter, at);
    return end < 0 ? line.length : end;
  };
  let at = 0;
  while (true) {
    const start = delimiter.startsWith(' ') ? at : skipBlanks(line, at);
    let end = fieldEnd(at);
    const close = quote !== '' && line.startsWith(quote, start) ? closingQuote(line, start + 1, marks) : undefined;
    const after = close && (isEnd(close.at + 1) ? close.at + 1 : skipBlanks(line, close.at + 1));
    if (close && after !== undefined && isEnd(after)) {
      const parts =
        behind === 'next' ? touchingQuotes(line, start, close.at, found.length, marks, layout) : [close.text];
      found.push(...parts.map((text) => ({ text, quoted: true })));
      end = after;
    } else if (close && after !== undefined && behind === 'appended') {
      end = fieldEnd(close.at);
      found.push({ text: close.text + line.slice(close.at + 1, end), quoted: true });
    } else if (close && after !== undefined && behind === 'next' && !line.slice(start, close.at).endsWith(delimiter)) {
      found.push({ text: close.text, quoted: true });
      at = close.at + 1;
      continue;
    } else {
      if (behind === 'next' && quote !== '' && nextQuote <= start) {
        nextQuote = line.indexOf(quote, start + 1);
        if (nextQuote < 0) nextQuote = line.length;
      }
      const inner = nextQuote;
      const innerClose = inner > start && inner < end ? closingQuote(line, inner + 1, marks) : undefined;
      if (innerClose && isEnd(innerClose.at + 1) && !/^[ ]?$/.test(line[inner + 1] ?? '') && !isEnd(inner + 1)) {
        found.push({ text: line.slice(at, inner), quoted: false });
        at = inner;
        continue;
      }
      found.push({ text: line.slice(at, end), quoted: false });
    }
    if (end >= line.length) return found;
    at = end + delimiter.length;
  }
}

/** The quote that closes, doubled and escaped ones passed over, and the value up to it. */
function closingQuote(line: string, from: number, marks: Marks): { at: number; text: string } | undefined {
  const { quote } = marks;
  const escapes = marks.escape === 'backslash';
  let text = '';
  let begin = from;
  for (let at = from; at < line.length; at++) {
    const character = line[at];
    if (character !== quote && !(escapes && character === '\\')) continue;
    const next = line[at + 1];
    const isEscape = next === quote || (character === '\\' && next === '\\');
    if (character === quote && next !== quote) return { at, text: text + line.slice(begin, at) };
    if (!isEscape) continue;
    text += line.slice(begin, at);
    begin = at + 1;
    at++;
  }
  return undefined;
}

/** A quoted text, or two when the separator between two columns of quoted values is missing: "a""b". */
function touchingQuotes(
  line: string,
  open: number,
  close: number,
  column: number,
  marks: Marks,
  layout: Layout,
): string[] {
  const { quote } = marks;
  const whole = line.slice(open + 1, close);
  const parts = whole.split(quote + quote);
  const [one = '', two = ''] = parts;
  const touches = parts.length === 2 && /\S$/.test(one) && /^\S/.test(two);
  if (touches && layout.quoted[column] && layout.quoted[column + 1]) return [one, two];
  return [closingQuote(line, open + 1, marks)?.text ?? whole];
}

function skipBlanks(line: string, at: number): number {
  let behind = at;
  while (line[behind] === ' ') behind++;
  return behind;
}
