/** The table of texts that cells refer to. */
import { formatBytes, ReadError } from './errors.ts';
import type { Limits } from './limits.ts';
import type { WarningSink } from './warnings.ts';
import { decodeEscapes } from './workbook.ts';
import { scanXml, type XmlHandler } from './xml.ts';
import { PLAIN_TEXT, plainText } from './xml_plain.ts';
import type { Zip } from './zip.ts';

/**
 * Texts by index, kept as UTF-8 in blocks outside the heap: a hundred thousand strings cost their bytes and eight more
 * each, nothing is copied when the table grows, and slices of XML chunks are not kept alive.
 */
export class SharedStrings {
  private readonly limit: number;
  private readonly blockBytes: number;
  private readonly blocks: Buffer[] = [];
  /** Bytes used of the last block. */
  private used = 0;
  private starts = new Uint32Array(1024);
  private lengths = new Uint32Array(1024);
  /** Texts decoded lately, by index modulo its length: lists repeat cities and states. */
  private readonly recent: { index: number; text: string }[] = [];
  count = 0;

  constructor(limits: Limits) {
    this.limit = limits.sharedStringBytes;
    this.blockBytes = Math.max(1024 * 1024, limits.cellCharacters * 3);
  }

  add(text: string): void {
    if (this.blocks.length === 0 || this.used + text.length * 3 > this.blockBytes) this.newBlock();
    const block = this.blocks.length - 1;
    const length = (this.blocks[block] as Buffer).write(text, this.used);
    if (this.count === this.starts.length) {
      this.starts = doubled(this.starts);
      this.lengths = doubled(this.lengths);
    }
    this.starts[this.count] = block * this.blockBytes + this.used;
    this.lengths[this.count] = length;
    this.used += length;
    this.count++;
    if (block * this.blockBytes + this.used + this.count * 8 > this.limit) {
      throw new ReadError('too_many_texts', { limit: formatBytes(this.limit) });
    }
  }

  /** Undefined when there is no such text. */
  get(index: number): string | undefined {
    if (!Number.isInteger(index) || index < 0 || index >= this.count) return undefined;
    const slot = index & (RECENT - 1);
    const known = this.recent[slot];
    if (known?.index === index) return known.text;
    const start = this.starts[index] as number;
    const block = this.blocks[Math.floor(start / this.blockBytes)] as Buffer;
    const at = start % this.blockBytes;
    const text = block.toString('utf8', at, at + (this.lengths[index] as number));
    this.recent[slot] = { index, text };
    return text;
  }

  private newBlock(): void {
    this.blocks.push(Buffer.allocUnsafeSlow(this.blockBytes));
    this.used = 0;
  }
}

function doubled(array: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(array.length * 2);
  larger.set(array);
  return larger;
}

const RECENT = 4096;

export async function readSharedStrings(
  zip: Zip,
  part: string | undefined,
  limits: Limits,
  warnings: WarningSink,
): Promise<SharedStrings> {
  const strings = new SharedStrings(limits);
  if (part !== undefined) await scanXml(zip.stream(part), part, textsInto(strings, limits, warnings), limits, warnings);
  return strings;
}

/** Handles the XML of the table of texts. */
export function textsInto(strings: SharedStrings, limits: Limits, warnings: WarningSink): XmlHandler {
  const item = new TextItem(limits);
  return {
    plain: {
      container: 'sst',
      item: 'si',
      take: (text, start) => {
        ITEM.lastIndex = start;
        const found = ITEM.exec(text);
        const decoded = found ? plainText(found[1] ?? '') : undefined;
        if (decoded === undefined) return -1;
        strings.add(cleanText(decodeEscapes(decoded), limits.cellCharacters, false, warnings));
        return ITEM.lastIndex;
      },
    },
    open: (name) => {
      if (name === 'si') item.begin();
      else item.open(name);
    },
    close: (name) => {
      if (name === 'si') strings.add(item.end(warnings));
      else item.close(name);
    },
    text: (text) => item.text(text),
  };
}

const ITEM = new RegExp(
  `<si(?:/>|><t(?: xml:space="preserve")?>(${PLAIN_TEXT})</t>` +
    '(?:<phoneticPr fontId="[0-9]+"(?: type="[a-zA-Z]+")?(?: alignment="[a-zA-Z]+")?/>)?</si>)',
  'y',
);

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

/** Takes out what no database text can hold (NUL, halves of characters) and cuts at the limit, both with a warning. */
export function cleanText(text: string, limit: number, cut: boolean, warnings: WarningSink, row?: number): string {
  let clean = text;
  if (cut || clean.length > limit) {
    clean = clean.slice(0, limit);
    warnings.add('cell_cut', `A cell has a text of more than ${limit} characters; the rest of it was left out.`, row);
  }
  const nul = clean.includes('\0');
  if (nul) clean = clean.replaceAll('\0', '');
  const lone = !clean.isWellFormed();
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
