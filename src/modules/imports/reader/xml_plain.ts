/**
 * A quick scanner for the rows of a sheet and the texts of the table of texts. They are nearly all of a workbook, and
 * nearly all of them are plain: elements without prefix, attributes in double quotes, text with at most the five named
 * entities. Whatever is not is left to the full parser, one row at a time, so that a row is read in one way or the other.
 */
import type { Attributes } from './xml.ts';

export interface PlainHandler {
  open(name: string, attributes: Attributes): void;
  close(name: string): void;
  text(text: string): void;
}

const TAB = 9;
const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;
const SPACE = 32;
const QUOTE = 34;
const AMPERSAND = 38;
const SLASH = 47;
const COLON = 58;
const LESS = 60;
const EQUALS = 61;
const GREATER = 62;
const SMALL_X = 120;

const OPEN = 1;
const CLOSE = 2;
const TEXT = 3;
const ENCODED_TEXT = 4;

/** Nesting of an item; a deeper one is left to the full parser. */
export const MAX_DEPTH = 16;
/** Attributes of a tag: each is compared with those before it. */
const MAX_ATTRIBUTES = 32;
const ENTITY = /&(amp|lt|gt|quot|apos);/g;
const CHARACTERS: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
const NONE: Attributes = Object.freeze({});

/** What stands where in one item, used again for the next; an item with more parts is left to the full parser. */
const steps = new Int32Array(256 * 1024);
/** Room for the largest single step. */
const MOST_STEPS = steps.length - 8;
let used = 0;
/** Where the names of the open elements stand. */
const openAt = new Int32Array(MAX_DEPTH);
let depth = 0;

/** Reads the element from `start` to `end` when it is plain. Says false, and has told the handler nothing, when not. */
export function scanPlain(text: string, start: number, end: number, handler: PlainHandler): boolean {
  used = 0;
  depth = 0;
  for (let at = start; at < end; ) {
    if (text.charCodeAt(at) !== LESS) at = takeText(text, at, end);
    else if (text.charCodeAt(at + 1) === SLASH) at = takeClose(text, at, end);
    else at = takeOpen(text, at, end);
    if (at < 0 || used > MOST_STEPS || (depth === 0 && at < end)) return false;
  }
  if (depth > 0) return false;
  tell(text, handler);
  return true;
}

function takeText(text: string, start: number, end: number): number {
  let encoded = false;
  for (let at = start; at < end; at++) {
    const code = text.charCodeAt(at);
    if (code === LESS) {
      step(encoded ? ENCODED_TEXT : TEXT, start, at);
      return at;
    }
    if (code === AMPERSAND) {
      if (!isEntity(text, at)) return -1;
      encoded = true;
    } else if (code === GREATER || (code < SPACE && code !== TAB && code !== LINE_FEED)) return -1;
  }
  return -1;
}

function isEntity(text: string, at: number): boolean {
  const semicolon = text.slice(at, at + 6).indexOf(';');
  return semicolon > 0 && Object.hasOwn(CHARACTERS, text.slice(at + 1, at + semicolon));
}

function takeClose(text: string, start: number, end: number): number {
  if (depth === 0) return -1;
  const opened = openAt[--depth] as number;
  let at = start + 2;
  for (let open = opened; isNameCode(text.charCodeAt(open)); open++, at++) {
    if (text.charCodeAt(at) !== text.charCodeAt(open)) return -1;
  }
  if (text.charCodeAt(at) !== GREATER || at >= end) return -1;
  step(CLOSE, start + 2, at);
  return at + 1;
}

/** An opening tag: pushes its name, then start and end of each attribute's name and value. */
function takeOpen(text: string, start: number, end: number): number {
  let at = start + 1;
  while (isLetter(text.charCodeAt(at))) at++;
  if (at === start + 1 || depth >= MAX_DEPTH) return -1;
  const nameEnd = at;
  step(OPEN, start + 1, nameEnd);
  const count = used;
  steps[used++] = 0;
  let code = text.charCodeAt(at);
  while (code === SPACE) {
    while (text.charCodeAt(at) === SPACE) at++;
    code = text.charCodeAt(at);
    if (code === SLASH || code === GREATER) break;
    at = takeAttribute(text, at, end, count);
    if (at < 0 || used > MOST_STEPS) return -1;
    code = text.charCodeAt(at);
  }
  if (code === SLASH && text.charCodeAt(at + 1) === GREATER) {
    step(CLOSE, start + 1, nameEnd);
    return at + 2;
  }
  if (code !== GREATER) return -1;
  openAt[depth++] = start + 1;
  return at + 1;
}

function takeAttribute(text: string, start: number, end: number, count: number): number {
  let at = start;
  if (!isLetter(text.charCodeAt(at)) || (steps[count] as number) === MAX_ATTRIBUTES) return -1;
  while (isNameCode(text.charCodeAt(at)) || text.charCodeAt(at) === COLON) at++;
  if (text.charCodeAt(at) !== EQUALS || text.charCodeAt(at + 1) !== QUOTE) return -1;
  const declares = text.charCodeAt(start) === SMALL_X && text.startsWith('xmlns', start);
  if (declares || isRepeated(text, start, at, count)) return -1;
  const nameEnd = at;
  at += 2;
  for (let code = text.charCodeAt(at); code !== QUOTE; code = text.charCodeAt(++at)) {
    if (at >= end || code === LESS || code === AMPERSAND || code < SPACE) return -1;
  }
  step(start, nameEnd, nameEnd + 2);
  steps[used++] = at;
  steps[count] = (steps[count] as number) + 1;
  return at + 1;
}

function isRepeated(text: string, start: number, end: number, count: number): boolean {
  for (let known = count + 1; known < used; known += 4) {
    const other = steps[known] as number;
    if ((steps[known + 1] as number) - other !== end - start) continue;
    let at = 0;
    while (at < end - start && text.charCodeAt(start + at) === text.charCodeAt(other + at)) at++;
    if (at === end - start) return true;
  }
  return false;
}

function isLetter(code: number): boolean {
  const lower = code | 32;
  return lower >= 97 && lower <= 122;
}

function isBlank(code: number): boolean {
  return code === SPACE || code === LINE_FEED || code === CARRIAGE_RETURN || code === TAB;
}

/** ASCII only: other names are no part of the vocabulary. */
function isNameCode(code: number): boolean {
  return isLetter(code) || (code >= 48 && code <= 57);
}

function step(first: number, second: number, third: number): void {
  steps[used] = first;
  steps[used + 1] = second;
  steps[used + 2] = third;
  used += 3;
}

function tell(text: string, handler: PlainHandler): void {
  for (let at = 0; at < used; ) {
    const kind = steps[at];
    const part = text.slice(steps[at + 1], steps[at + 2]);
    at += 3;
    if (kind === TEXT) handler.text(part);
    else if (kind === CLOSE) handler.close(part);
    else if (kind === ENCODED_TEXT)
      handler.text(part.replace(ENTITY, (_all, name: string) => CHARACTERS[name] as string));
    else {
      let attributes = NONE;
      const count = steps[at++] as number;
      if (count > 0) {
        const named: Record<string, string> = {};
        for (const last = at + count * 4; at < last; at += 4)
          named[text.slice(steps[at], steps[at + 1])] = text.slice(steps[at + 2], steps[at + 3]);
        attributes = named;
      }
      handler.open(part, attributes);
    }
  }
}

/** What the full parser has to tell about itself. */
export interface FullParser {
  write(text: string): void;
  /** Whether it stands directly inside the container, between two of its elements. */
  isBetween(container: string, item: string): boolean;
}

/** Gives the plain items of a container to the quick scanner and everything else to the full parser, in order. */
export class PlainFeed {
  private readonly container: string;
  private readonly item: string;
  private readonly opening: string;
  private readonly closing: string;
  private readonly longest: number;
  private readonly handler: PlainHandler;
  private readonly full: FullParser;
  private held = '';
  private state: 'before' | 'within' | 'over' = 'before';

  /** @param longest characters of an item; a longer one is left to the full parser and its limits */
  constructor([container, item]: readonly [string, string], longest: number, handler: PlainHandler, full: FullParser) {
    this.container = container;
    this.item = item;
    this.opening = `<${item}`;
    this.closing = `</${item}>`;
    this.longest = longest;
    this.handler = handler;
    this.full = full;
  }

  write(piece: string): void {
    if (this.state === 'over') {
      this.full.write(piece);
      return;
    }
    const text = this.held + piece;
    this.held = '';
    // characters that XML does not have: the full parser knows what to say
    if (piece.includes('\ufffe') || piece.includes('\uffff')) this.state = 'over';
    let at = this.state === 'before' ? this.enter(text) : 0;
    if (this.state === 'within') at = this.takeItems(text, at);
    if (this.state === 'over') this.full.write(text.slice(at));
    else this.held = text.slice(at);
  }

  end(): void {
    this.full.write(this.held);
    this.held = '';
    this.state = 'over';
  }

  /** Up to the container's opening tag everything is for the full parser. */
  private enter(text: string): number {
    const found = text.indexOf(`<${this.container}`);
    const tagEnd = found < 0 ? -1 : text.indexOf('>', found);
    if (tagEnd < 0) {
      const known = found < 0 ? Math.max(0, text.length - this.container.length) : found;
      this.full.write(text.slice(0, known));
      if (text.length - known > this.longest) this.state = 'over';
      return known;
    }
    this.full.write(text.slice(0, tagEnd + 1));
    this.state = this.full.isBetween(this.container, this.item) ? 'within' : 'over';
    return tagEnd + 1;
  }

  private takeItems(text: string, from: number): number {
    let at = from;
    while (true) {
      while (isBlank(text.charCodeAt(at))) at++;
      // a piece may end anywhere
      if (text.length - at <= this.opening.length) return at;
      if (!text.startsWith(this.opening, at)) break;
      const end = this.itemEnd(text, at);
      if (end < 0 && text.length - at <= this.longest) return at;
      if (end < 0 || end - at > this.longest) break;
      if (!scanPlain(text, at, end, this.handler)) {
        this.full.write(text.slice(at, end));
        if (!this.full.isBetween(this.container, this.item)) {
          this.state = 'over';
          return end;
        }
      }
      at = end;
    }
    this.state = 'over';
    return at;
  }

  private itemEnd(text: string, start: number): number {
    const tagEnd = text.indexOf('>', start);
    if (tagEnd < 0) return -1;
    if (text.charCodeAt(tagEnd - 1) === SLASH) return tagEnd + 1;
    const closing = text.indexOf(this.closing, tagEnd);
    return closing < 0 ? -1 : closing + this.closing.length;
  }
}
