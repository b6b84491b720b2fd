/** The table of texts that cells refer to. */
import { formatBytes, ReadError } from './errors.ts';
import type { Limits } from './limits.ts';
import type { WarningSink } from './warnings.ts';
import { decodeEscapes } from './workbook.ts';
import { scanXml, type XmlHandler } from './xml.ts';
import type { Zip } from './zip.ts';

/**
 * Texts by index, kept as UTF-8 in one growing buffer outside the heap: a hundred thousand strings cost their bytes and
 * four more each, and slices of XML chunks are not kept alive by them.
 */
export class SharedStrings {
  private bytes = Buffer.allocUnsafe(64 * 1024);
  private ends = new Uint32Array(1024);
  private used = 0;
  /** Texts decoded lately, by index modulo its length: lists repeat cities and states. */
  private readonly recent: { index: number; text: string }[] = [];
  count = 0;

  add(text: string, limit: number): void {
    const most = this.used + text.length * 3;
    if (most > this.bytes.length) this.grow(most, limit);
    this.used += this.bytes.write(text, this.used);
    if (this.used > limit) throw tooManyTexts(limit);
    if (this.count === this.ends.length) {
      // an empty text costs no bytes, so the number of texts is bounded too
      if (this.count * 4 > limit) throw tooManyTexts(limit);
      const ends = new Uint32Array(this.ends.length * 2);
      ends.set(this.ends);
      this.ends = ends;
    }
    this.ends[this.count++] = this.used;
  }

  /** Undefined when there is no such text. */
  get(index: number): string | undefined {
    if (!Number.isInteger(index) || index < 0 || index >= this.count) return undefined;
    const slot = index & (RECENT - 1);
    const known = this.recent[slot];
    if (known?.index === index) return known.text;
    const start = index === 0 ? 0 : (this.ends[index - 1] as number);
    const text = this.bytes.toString('utf8', start, this.ends[index]);
    this.recent[slot] = { index, text };
    return text;
  }

  private grow(needed: number, limit: number): void {
    const size = Math.max(needed, Math.min(this.bytes.length * 2, limit + 64 * 1024));
    const bytes = Buffer.allocUnsafe(size);
    this.bytes.copy(bytes, 0, 0, this.used);
    this.bytes = bytes;
  }
}

const RECENT = 4096;

function tooManyTexts(limit: number): ReadError {
  return new ReadError('too_many_texts', { limit: formatBytes(limit) });
}

export async function readSharedStrings(
  zip: Zip,
  part: string | undefined,
  limits: Limits,
  warnings: WarningSink,
): Promise<SharedStrings> {
  const strings = new SharedStrings();
  if (part === undefined) return strings;
  const item = new TextItem(limits);
  const handler: XmlHandler = {
    open: (name) => {
      if (name === 'si') item.begin();
      else item.open(name);
    },
    close: (name) => {
      if (name === 'si') strings.add(item.end(warnings), limits.sharedStringBytes);
      else item.close(name);
    },
    text: (text) => item.text(text),
  };
  await scanXml(zip.stream(part), part, handler, limits, warnings);
  return strings;
}

/**
 * Gathers the text of a `si` or `is` element: its `t` elements joined, with or without runs; the reading aid of Japanese
 * texts (`rPh`) is left out.
 */
export class TextItem {
  private readonly limit: number;
  private parts = '';
  private inText = false;
  private phonetic = 0;
  private cut = false;

  constructor(limits: Limits) {
    this.limit = limits.cellCharacters;
  }

  begin(): void {
    this.parts = '';
    this.inText = false;
    this.phonetic = 0;
    this.cut = false;
  }

  open(name: string): void {
    if (name === 't') this.inText = this.phonetic === 0;
    else if (name === 'rPh') this.phonetic++;
  }

  close(name: string): void {
    if (name === 't') this.inText = false;
    else if (name === 'rPh') this.phonetic--;
  }

  text(text: string): void {
    if (!this.inText) return;
    if (this.parts.length <= this.limit) this.parts += text;
    else this.cut = true;
  }

  end(warnings: WarningSink, row?: number): string {
    return cleanText(decodeEscapes(this.parts), this.limit, this.cut, warnings, row);
  }
}

const LONE_SURROGATE = /\p{Surrogate}/u;

/** Takes out what no database text can hold (NUL, halves of characters) and cuts at the limit, both with a warning. */
export function cleanText(text: string, limit: number, cut: boolean, warnings: WarningSink, row?: number): string {
  let clean = text;
  if (cut || clean.length > limit) {
    clean = clean.slice(0, limit);
    warnings.add('cell_cut', `A cell has a text of more than ${limit} characters; the rest of it was left out.`, row);
  }
  const nul = clean.includes('\0');
  if (nul) clean = clean.replaceAll('\0', '');
  const lone = LONE_SURROGATE.test(clean);
  if (lone) clean = clean.toWellFormed();
  if (nul || lone) {
    warnings.add(
      'characters_removed',
      'A cell contains characters that do not exist in any script; they were removed.',
      row,
    );
  }
  return clean;
}
