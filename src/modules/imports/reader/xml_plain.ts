/**
 * A quick way through the rows of a sheet and the texts of the table of texts. They are nearly all of a workbook, and
 * nearly all of them are plain: elements without prefix in the usual order, attributes in double quotes, text with at
 * most the five named entities. Whatever is not is left to the full parser, one item at a time, so that an item is read
 * in one way or the other, and only here when both ways say the same.
 */
import type { Attributes } from './xml.ts';

/** The items of a container that may be read the quick way. */
export interface PlainItems {
  container: string;
  item: string;
  /** Reads the item that begins there and says where it ends; -1, having done nothing, when it is not plain or complete. */
  take(text: string, start: number): number;
}

/** Patterns of what is plain. A text or value of an attribute has no character that XML forbids or changes. */
export const PLAIN_TEXT = '[^<>\\x00-\\x08\\x0b-\\x1f]*';
export const PLAIN_ATTRIBUTES = '(?: [a-zA-Z][a-zA-Z0-9:]*="[^"<&\\x00-\\x1f]*")*';

/** Nesting of a plain item, at most. */
export const PLAIN_DEPTH = 4;
const ATTRIBUTE = /([^ =]+)="([^"]*)"/g;
const ENTITY = /&(?:(amp|lt|gt|quot|apos);)?/g;
const CHARACTERS: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** Elements say the same about themselves row after row. */
const known = new Map<string, Attributes>();
const MOST_KNOWN = 1000;
const LONGEST_KNOWN = 200;

/** What a match of `PLAIN_ATTRIBUTES` says; undefined when it has one twice or declares a namespace. */
export function plainAttributes(text: string): Attributes | undefined {
  const told = known.get(text);
  if (told) return told;
  const attributes = parsedAttributes(text);
  if (known.size >= MOST_KNOWN) known.clear();
  if (attributes && text.length <= LONGEST_KNOWN) known.set(text, attributes);
  return attributes;
}

function parsedAttributes(text: string): Attributes | undefined {
  const attributes: Record<string, string> = Object.create(null);
  for (const [, name, value] of text.matchAll(ATTRIBUTE)) {
    if (attributes[name as string] !== undefined || name?.startsWith('xmlns')) return undefined;
    attributes[name as string] = value as string;
  }
  return attributes;
}

/** What a match of `PLAIN_TEXT` says; undefined when it has an entity that is not one of the five. */
export function plainText(text: string): string | undefined {
  if (!text.includes('&')) return text;
  let isKnown = true;
  const decoded = text.replace(ENTITY, (_all, name: string | undefined) => {
    isKnown &&= name !== undefined;
    return CHARACTERS[name ?? ''] ?? '';
  });
  return isKnown ? decoded : undefined;
}

/** What the full parser has to tell about itself. */
export interface FullParser {
  write(text: string): void;
  /** Whether it stands directly inside the container, between two of its items. */
  isBetween(container: string, item: string): boolean;
}

/** Gives the items of a container to the quick way first and everything else to the full parser, in order. */
export class PlainFeed {
  private readonly plain: PlainItems;
  private readonly opening: string;
  private readonly closing: string;
  private readonly longest: number;
  private readonly full: FullParser;
  private held = '';
  private state: 'before' | 'within' | 'over' = 'before';

  /** @param longest characters of an item; a longer one is left to the full parser and its limits */
  constructor(plain: PlainItems, longest: number, full: FullParser) {
    this.plain = plain;
    this.opening = `<${plain.item}`;
    this.closing = `</${plain.item}>`;
    this.longest = longest;
    this.full = full;
  }

  write(piece: string): void {
    if (this.state === 'over') {
      this.full.write(piece);
      return;
    }
    const text = this.held + piece;
    // characters that XML does not have: the full parser knows what to say
    if (piece.includes('\ufffe') || piece.includes('\uffff')) this.state = 'over';
    if (this.state === 'within' && this.isIncomplete(text)) {
      this.held = text;
      return;
    }
    this.held = '';
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

  /** Whether an item goes on: only the new piece is searched, so that an endless item costs no more than its length. */
  private isIncomplete(text: string): boolean {
    const before = this.held.length;
    return before > 0 && text.length <= this.longest && text.indexOf(this.closing, before) < 0;
  }

  /** Up to the container's opening tag everything is for the full parser. */
  private enter(text: string): number {
    const { container, item } = this.plain;
    const found = text.indexOf(`<${container}`);
    const tagEnd = found < 0 ? -1 : text.indexOf('>', found);
    if (tagEnd < 0) {
      const known = found < 0 ? Math.max(0, text.length - container.length) : found;
      this.full.write(text.slice(0, known));
      if (text.length - known > this.longest) this.state = 'over';
      return known;
    }
    this.full.write(text.slice(0, tagEnd + 1));
    this.state = this.full.isBetween(container, item) ? 'within' : 'over';
    return tagEnd + 1;
  }

  private takeItems(text: string, from: number): number {
    const { container, item } = this.plain;
    let at = from;
    while (true) {
      while (isBlank(text.charCodeAt(at))) at++;
      // a piece may end anywhere
      if (text.length - at <= this.opening.length) return at;
      if (!text.startsWith(this.opening, at)) break;
      const taken = this.plain.take(text.length - at > this.longest ? text.slice(0, at + this.longest) : text, at);
      if (taken >= 0) {
        at = taken;
        continue;
      }
      const end = this.itemEnd(text, at);
      if (end < 0 && text.length - at <= this.longest) return at;
      if (end < 0 || end - at > this.longest) break;
      this.full.write(text.slice(at, end));
      at = end;
      if (!this.full.isBetween(container, item)) break;
    }
    this.state = 'over';
    return at;
  }

  private itemEnd(text: string, start: number): number {
    const tagEnd = text.indexOf('>', start);
    if (tagEnd < 0) return -1;
    if (text[tagEnd - 1] === '/') return tagEnd + 1;
    const closing = text.indexOf(this.closing, tagEnd);
    return closing < 0 ? -1 : closing + this.closing.length;
  }
}

/** Space, tab, line feed, carriage return: what may stand between elements. */
function isBlank(code: number): boolean {
  return code === 32 || code === 10 || code === 13 || code === 9;
}
