/** Splits text into records and fields: strict where a file is clean, resourceful where it is not. */

import { type Layout, otherMarks, type Repair, repairQuotes, wearsOtherQuotes } from './csv_repair.ts';
import { formatCount, ReadError } from './errors.ts';
import type { CsvDialect } from './model.ts';

export interface RecordHandler {
  /** Blank lines come as one empty field. `repair` says that the line was not as the rest of the file is. */
  record(fields: string[], repair: Repair | undefined): void;
}

/**
 * A quoted field that ends further from the start of its record is taken for one whose closing quote was forgotten. Each one that does
 * halves the distance, so that a file full of them is not searched to its end from every line.
 */
const MAX_QUOTED = 256 * 1024;
const MIN_QUOTED = 4096;
/** So many quotes in odd places of one field: its closing quote was forgotten, and we met those of the next lines. */
const MAX_STRAY = 50;
/** No line end within so many characters: not a list. */
const MAX_RECORD = 8 * 1024 * 1024;
const NEED_MORE = -1;

/** Where a character comes next, as found by a search that began at `from`: -1 nowhere, -2 not searched. */
interface Lookup {
  from: number;
  at: number;
}

interface Parsed {
  start: number;
  /** Where its first line ends. */
  lineEnd: number;
  fields: string[];
  /** Position behind the record and its line end, or NEED_MORE. */
  next: number;
  stray: boolean;
  /** The first stray quote of a field stands where one opens a field: the one before it was probably never closed. */
  opening: boolean;
  unclosed: boolean;
  /** A quote stands inside a value that is not quoted. */
  inside: boolean;
}

/**
 * Push parser. Feed it text with `write` and finish with `end`. The layout decides between the readings of a record with
 * misplaced quotes or separators.
 */
export class RecordParser {
  private readonly dialect: CsvDialect;
  private readonly handler: RecordHandler;
  private readonly layout: Layout;
  /** How many fields of each column stood in quotes. */
  readonly quotedBy: number[] = [];
  /** How many records have quotes inside values that are not quoted. */
  inches = 0;
  private buffer = '';
  private position = 0;
  private nextQuote = -2;
  private reach: number;
  private readonly nextFeed: Lookup = { from: 0, at: -2 };
  private readonly nextReturn: Lookup = { from: 0, at: -2 };
  private readonly nextDelimiter: Lookup = { from: 0, at: -2 };
  private readonly nextBackslash: Lookup = { from: 0, at: -2 };
  private stopped = false;

  constructor(dialect: CsvDialect, layout: Layout, handler: RecordHandler, reach = MAX_QUOTED) {
    this.dialect = dialect;
    this.layout = layout;
    this.reach = reach;
    this.handler = handler;
  }

  write(text: string): void {
    this.buffer = this.position === 0 ? this.buffer + text : this.buffer.slice(this.position) + text;
    this.position = 0;
    this.nextQuote = -2;
    for (const next of [this.nextFeed, this.nextReturn, this.nextDelimiter, this.nextBackslash]) next.at = -2;
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
      const line = this.buffer.slice(start, lineEnd);
      const fields = line.split(this.dialect.delimiter);
      const other = this.isOdd(fields) ? otherMarks(line, this.dialect, this.layout, fields.length) : undefined;
      this.handler.record(other?.fields ?? fields, other?.repair);
      return next;
    }
    return this.readQuoted(start, lineEnd, final);
  }

  private readQuoted(start: number, lineEnd: number, final: boolean): number {
    const parsed = this.parse(start, lineEnd, final);
    if (parsed.next === NEED_MORE) return NEED_MORE;
    const { fields, unclosed } = parsed;
    if (parsed.inside) this.inches++;
    const unusual = parsed.inside && !this.layout.inches;
    const stray = parsed.stray || unusual;
    const spansLines = parsed.next > lineEnd + 3;
    const swallowed = unclosed || (parsed.opening && spansLines);
    if (swallowed) this.reach = Math.max(MIN_QUOTED, this.reach / 2);
    if (!swallowed && ((spansLines && !stray) || !(unusual || this.isOdd(fields)))) {
      this.handler.record(fields, stray ? 'stray' : undefined);
      return parsed.next;
    }
    const next = this.afterLineEnd(lineEnd, final);
    if (next === NEED_MORE) return NEED_MORE;
    const line = this.buffer.slice(start, lineEnd);
    const repaired = repairQuotes(line, this.dialect, this.layout, { opening: parsed.opening, swallowed });
    if (repaired) this.handler.record(repaired.fields, repaired.repair);
    else this.handler.record(fields, stray ? 'stray' : undefined);
    return repaired ? next : parsed.next;
  }

  /** Whether a row is not like the others of this file. */
  private isOdd(fields: string[]): boolean {
    if (this.layout.columns < 2) return false;
    return fields.length !== this.layout.columns || wearsOtherQuotes(fields, this.dialect, this.layout);
  }

  private parse(start: number, lineEnd: number, final: boolean): Parsed {
    const { buffer } = this;
    const { delimiter, quote } = this.dialect;
    const result: Parsed = {
      start,
      lineEnd,
      fields: [],
      next: NEED_MORE,
      stray: false,
      opening: false,
      unclosed: false,
      inside: false,
    };
    let at = start;
    while (true) {
      const opening = this.openingQuote(at);
      if (opening >= 0) {
        at = this.quotedField(opening + quote.length, final, result);
        if (at === NEED_MORE) return result;
      } else {
        const end = this.fieldEnd(at);
        if (end < 0 && !final) return result;
        const from = at;
        at = end < 0 ? buffer.length : end;
        result.fields.push(buffer.slice(from, at));
        result.inside ||= buffer.slice(from, at).includes(quote) && quote !== '';
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
   * Reads from behind the opening quote; pushes the field and gives the position of the separator or line end behind it.
   * A quote that no separator follows is a character of the field: "the "best" shop".
   */
  private quotedField(from: number, final: boolean, result: Parsed): number {
    const { buffer } = this;
    const { quote } = this.dialect;
    const backslashes = this.dialect.escape === 'backslash';
    let text = '';
    let at = from;
    let strays = 0;
    while (true) {
      const mark = backslashes ? this.quoteOrBackslash(at) : buffer.indexOf(quote, at);
      const tooFar = mark < 0 || mark - result.start > this.reach;
      if (tooFar && !final && buffer.length - result.start <= this.reach) return NEED_MORE;
      // left open in its line: what follows belongs to others
      const leftOpen = result.opening && mark > result.lineEnd;
      if (tooFar || leftOpen || strays > MAX_STRAY) {
        result.unclosed = true;
        result.next = buffer.length;
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
        const column = result.fields.length;
        this.quotedBy[column] = (this.quotedBy[column] ?? 0) + 1;
        result.fields.push(text + buffer.slice(at, mark));
        return behind;
      }
      result.stray = true;
      if (strays++ === 0 && (buffer.endsWith(this.dialect.delimiter, mark) || buffer[mark - 1] === '\n'))
        result.opening = true;
      // escaped in another way than the rest of the file
      const escaped = buffer[mark - 1] === '\\' && mark > at;
      text += buffer.slice(at, escaped ? mark - 1 : mark) + quote;
      at = mark + 1;
    }
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
    const delimiter = this.lookUp(this.nextDelimiter, this.dialect.delimiter, at);
    const line = this.lineEnd(at);
    if (delimiter < 0) return line;
    return line < 0 || delimiter < line ? delimiter : line;
  }

  private quoteOrBackslash(at: number): number {
    const quote = this.buffer.indexOf(this.dialect.quote, at);
    const backslash = this.lookUp(this.nextBackslash, '\\', at);
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

  /** indexOf that remembers its last answer, since a line end or an escape is often missing from the whole file. */
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
