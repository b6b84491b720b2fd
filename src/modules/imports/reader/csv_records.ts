/** Splits text into records and fields: strict where a file is clean, resourceful where it is not. */
import { formatCount, ReadError } from './errors.ts';
import type { CsvDialect } from './model.ts';

/** How a record with quotes in odd places is read. */
type Mode =
  /** A quote inside a quoted field that no separator follows is a character of the field: "the "best" shop" */
  | 'literal'
  /** It closes the field, the rest up to the separator is added: "abc"def -> abcdef (as Excel does) */
  | 'closing'
  /** A quoted field ends at the latest with its line: the closing quote of the last field was forgotten. */
  | 'line'
  /** The quote of a field that is not closed properly in its line is a character like others. */
  | 'field';

/** In the order of preference among those that give the usual number of fields. */
const STRAY_REPAIRS: readonly Mode[] = ['closing', 'line', 'field'];
/** When the odd quote stands where one opens a field, the one before it was left open: the field cannot go on behind it. */
const OPEN_REPAIRS: readonly Mode[] = ['line', 'field'];

export type Repair = 'stray' | 'unclosed';

export interface RecordHandler {
  /** Blank lines come as one empty field. `repair` says that quotes stood in odd places. */
  record(fields: string[], repair: Repair | undefined): void;
}

/** A quoted field that runs further than this is taken for one whose closing quote was forgotten. */
const MAX_QUOTED = 256 * 1024;
/** So many quotes in odd places of one field: its closing quote was forgotten, and we met those of the next lines. */
const MAX_STRAY = 50;
/** No line end within so many characters: not a list. */
const MAX_RECORD = 8 * 1024 * 1024;
const NEED_MORE = -1;
const NOT_QUOTED = -2;

/** Where a character comes next, as found by a search that began at `from`: -1 nowhere, -2 not searched. */
interface Lookup {
  from: number;
  at: number;
}

interface Parsed {
  fields: string[];
  /** Position behind the record and its line end, or NEED_MORE. */
  next: number;
  stray: boolean;
  /** The first stray quote of a field stands where one opens a field: the one before it was probably never closed. */
  opening: boolean;
  unclosed: boolean;
}

/**
 * Push parser. Feed it text with `write` and finish with `end`. `expected` is the usual number of fields, 0 when not
 * known: it decides between the readings of a record with misplaced quotes.
 */
export class RecordParser {
  private readonly dialect: CsvDialect;
  private readonly handler: RecordHandler;
  private readonly expected: number;
  private buffer = '';
  private position = 0;
  private nextQuote = -2;
  private readonly nextFeed: Lookup = { from: 0, at: -2 };
  private readonly nextReturn: Lookup = { from: 0, at: -2 };
  private stopped = false;

  constructor(dialect: CsvDialect, expected: number, handler: RecordHandler) {
    this.dialect = dialect;
    this.expected = expected;
    this.handler = handler;
  }

  write(text: string): void {
    this.buffer = this.position === 0 ? this.buffer + text : this.buffer.slice(this.position) + text;
    this.position = 0;
    this.nextQuote = this.nextFeed.at = this.nextReturn.at = -2;
    this.run(false);
    if (this.buffer.length - this.position > MAX_RECORD) {
      throw new ReadError('text_too_long', { limit: formatCount(MAX_RECORD) });
    }
  }

  end(): void {
    this.run(true);
    this.buffer = '';
    this.position = 0;
  }

  /** No further records are handed out. */
  stop(): void {
    this.stopped = true;
  }

  private run(final: boolean): void {
    while (this.position < this.buffer.length && !this.stopped) {
      const next = this.readRecord(final);
      if (next === NEED_MORE) return;
      this.position = next;
    }
  }

  private readRecord(final: boolean): number {
    const start = this.position;
    const end = this.lineEnd(start);
    if (end < 0 && !final) return NEED_MORE;
    const lineEnd = end < 0 ? this.buffer.length : end;
    if (!this.quoteBefore(start, lineEnd)) {
      const next = this.afterLineEnd(lineEnd, final);
      if (next === NEED_MORE) return NEED_MORE;
      this.handler.record(this.buffer.slice(start, lineEnd).split(this.dialect.delimiter), undefined);
      return next;
    }
    return this.readQuoted(start, lineEnd, final);
  }

  private readQuoted(start: number, lineEnd: number, final: boolean): number {
    const literal = this.parse(start, 'literal', final);
    if (literal.next === NEED_MORE) return NEED_MORE;
    if (!literal.stray && !literal.unclosed) {
      this.handler.record(literal.fields, undefined);
      return literal.next;
    }
    const spansLines = literal.next > lineEnd + 2;
    const swallowed = literal.unclosed || (literal.opening && spansLines);
    let chosen = literal;
    if (swallowed || (this.expected > 0 && literal.fields.length !== this.expected)) {
      const modes = swallowed || literal.opening ? OPEN_REPAIRS : STRAY_REPAIRS;
      const others = modes
        .map((mode) => this.parse(start, mode, final))
        .filter((one) => !one.unclosed && one.next !== NEED_MORE);
      const fallback = swallowed ? (others.at(-1) ?? literal) : literal;
      chosen = others.find((one) => one.fields.length === this.expected) ?? fallback;
    }
    this.handler.record(chosen.fields, swallowed && chosen !== literal ? 'unclosed' : 'stray');
    return chosen.next;
  }

  private parse(start: number, mode: Mode, final: boolean): Parsed {
    const { buffer } = this;
    const { delimiter, quote } = this.dialect;
    const result: Parsed = { fields: [], next: NEED_MORE, stray: false, opening: false, unclosed: false };
    let at = start;
    while (true) {
      const opening = this.openingQuote(at);
      const quotedEnd = opening < 0 ? NOT_QUOTED : this.quotedField(opening + quote.length, mode, final, result);
      if (quotedEnd === NEED_MORE) return result;
      if (quotedEnd !== NOT_QUOTED) at = quotedEnd;
      else {
        const end = this.fieldEnd(at);
        if (end < 0) {
          if (!final) return result;
          result.fields.push(opening < 0 ? buffer.slice(at) : this.withoutQuote(buffer.slice(opening)));
          result.next = buffer.length;
          return result;
        }
        result.fields.push(opening < 0 ? buffer.slice(at, end) : this.withoutQuote(buffer.slice(opening, end)));
        at = end;
      }
      if (at >= buffer.length) {
        if (final) result.next = buffer.length;
        return result;
      }
      if (!buffer.startsWith(delimiter, at)) {
        result.next = this.afterLineEnd(at, final);
        return result;
      }
      at += delimiter.length;
      if (at >= buffer.length && !final) return result;
      if (at >= buffer.length) {
        result.fields.push('');
        result.next = at;
        return result;
      }
    }
  }

  /**
   * Reads from behind the opening quote; pushes the field and gives the position of the separator or line end behind it,
   * or NOT_QUOTED when this mode takes the quote for a character.
   */
  private quotedField(from: number, mode: Mode, final: boolean, result: Parsed): number {
    const { buffer } = this;
    const { quote } = this.dialect;
    const backslashes = this.dialect.escape === 'backslash';
    let text = '';
    let at = from;
    let strays = 0;
    const inLine = mode === 'line' || mode === 'field';
    const lineEnd = inLine ? this.lineEnd(from) : -1;
    const stop = lineEnd < 0 ? buffer.length : lineEnd;
    while (true) {
      const mark = backslashes ? this.quoteOrBackslash(at) : buffer.indexOf(quote, at);
      if (inLine && (mark < 0 || mark > stop)) {
        if (mode === 'field') return NOT_QUOTED;
        result.fields.push(text + buffer.slice(at, stop));
        return stop;
      }
      if (mark < 0 || mark - from > MAX_QUOTED || strays > MAX_STRAY) {
        if (!final && strays <= MAX_STRAY && buffer.length - from <= MAX_QUOTED) return NEED_MORE;
        result.unclosed = true;
        result.fields.push(text + buffer.slice(at));
        return buffer.length;
      }
      const follower = buffer[mark + 1];
      if (follower === undefined && !final) return NEED_MORE;
      if (backslashes && buffer[mark] === '\\') {
        // only a quote or another backslash is escaped; C:\new keeps its backslash
        const escaped = follower === quote || follower === '\\';
        text += buffer.slice(at, escaped ? mark : mark + 1) + (escaped ? follower : '');
        at = mark + (escaped ? 2 : 1);
        continue;
      }
      if (follower === quote) {
        text += buffer.slice(at, mark + 1);
        at = mark + 2;
        continue;
      }
      const behind = this.isSeparator(mark + 1) ? mark + 1 : this.skipBlanks(mark + 1);
      if (behind >= buffer.length && !final) return NEED_MORE;
      if (behind >= buffer.length || this.isSeparator(behind)) {
        result.fields.push(text + buffer.slice(at, mark));
        return behind;
      }
      if (mode === 'field') return NOT_QUOTED;
      result.stray = true;
      if (strays === 0 && (buffer.endsWith(this.dialect.delimiter, mark) || buffer[mark - 1] === '\n'))
        result.opening = true;
      strays++;
      if (mode === 'closing') {
        const found = this.fieldEnd(mark + 1);
        if (found < 0 && !final) return NEED_MORE;
        const end = found < 0 ? buffer.length : found;
        result.fields.push(text + buffer.slice(at, mark) + buffer.slice(mark + 1, end));
        return end;
      }
      text += buffer.slice(at, mark + 1);
      at = mark + 1;
    }
  }

  /** A field that begins with a quote which is not closed: the quote goes when it is the only one. */
  private withoutQuote(field: string): string {
    const { quote } = this.dialect;
    return field.includes(quote, quote.length) ? field : field.slice(quote.length);
  }

  /** Position of a quote that opens a field at `at`; blanks may stand before it. */
  private openingQuote(at: number): number {
    const { quote } = this.dialect;
    if (quote === '') return -1;
    if (this.buffer.startsWith(quote, at)) return at;
    if (this.buffer[at] !== ' ') return -1;
    const behind = this.skipBlanks(at);
    return this.buffer.startsWith(quote, behind) ? behind : -1;
  }

  private skipBlanks(at: number): number {
    let behind = at;
    while (this.buffer[behind] === ' ' && this.dialect.delimiter !== ' ') behind++;
    return behind;
  }

  private isSeparator(at: number): boolean {
    const code = this.buffer.charCodeAt(at);
    return code === 10 || code === 13 || this.buffer.startsWith(this.dialect.delimiter, at);
  }

  private fieldEnd(at: number): number {
    const delimiter = this.buffer.indexOf(this.dialect.delimiter, at);
    const line = this.lineEnd(at);
    if (delimiter < 0) return line;
    return line < 0 || delimiter < line ? delimiter : line;
  }

  private quoteOrBackslash(at: number): number {
    const quote = this.buffer.indexOf(this.dialect.quote, at);
    const backslash = this.buffer.indexOf('\\', at);
    if (quote < 0) return backslash;
    return backslash < 0 || quote < backslash ? quote : backslash;
  }

  private quoteBefore(start: number, end: number): boolean {
    if (this.dialect.quote === '' || this.nextQuote === -1) return false;
    if (this.nextQuote < start) this.nextQuote = this.buffer.indexOf(this.dialect.quote, start);
    return this.nextQuote >= 0 && this.nextQuote < end;
  }

  /** Position of the next CR or LF, -1 when there is none yet. */
  private lineEnd(start: number): number {
    const feed = this.lookUp(this.nextFeed, '\n', start);
    const back = this.lookUp(this.nextReturn, '\r', start);
    if (back < 0) return feed;
    return feed < 0 || back < feed ? back : feed;
  }

  /** indexOf that remembers its last answer, since one of the two line ends is often missing from the whole file. */
  private lookUp(last: Lookup, character: string, start: number): number {
    const valid = last.at !== -2 && start >= last.from && (last.at === -1 || start <= last.at);
    if (!valid) {
      last.from = start;
      last.at = this.buffer.indexOf(character, start);
    }
    return last.at;
  }

  /** Behind CR, LF, CR LF or CR CR LF (left by programs that translate line ends twice). */
  private afterLineEnd(at: number, final: boolean): number {
    const { buffer } = this;
    if (buffer[at] !== '\r') return at + 1;
    if (at + 2 >= buffer.length && !final) return NEED_MORE;
    if (buffer[at + 1] === '\n') return at + 2;
    return buffer[at + 1] === '\r' && buffer[at + 2] === '\n' ? at + 3 : at + 1;
  }
}
