import { readFileSync } from 'node:fs';
import path from 'node:path';

const FOLDER = path.join(import.meta.dirname, '../../../../node_modules/@expo-google-fonts/inter');
const FILES = { regular: '400Regular/Inter_400Regular.ttf', bold: '600SemiBold/Inter_600SemiBold.ttf' } as const;
export type Weight = keyof typeof FILES;

const files = new Map<Weight, Buffer>();

function fileOf(weight: Weight): Buffer {
  const file = files.get(weight) ?? readFileSync(path.join(FOLDER, FILES[weight]));
  files.set(weight, file);
  return file;
}

/** What pdfkit keeps about a font it embeds, and its types do not tell. */
interface Embedded {
  id: string;
  ref(): PDFKit.PDFKitReference;
  font: { hasGlyphForCodePoint(code: number): boolean };
  /** codes of the glyphs in the embedded subset, and their widths in thousandths of the size */
  encode(text: string, features: string[]): [codes: string[], positions: { advanceWidth: number }[]];
}

/** Stands for a letter that Inter does not have, as in Arabic or Chinese. */
const UNKNOWN = '□';
// What has no shape of its own: joiners, marks of direction, variants, and what controls a terminal.
const SHAPELESS = /[\p{Cc}\p{Cf}\p{Variation_Selector}]/gu;

/** Text as it is printed: one line, composed letters, nothing invisible. */
export const printable = (text: string): string =>
  text
    .toWellFormed()
    .normalize('NFC')
    .replace(/[\s\u2028\u2029]+/g, ' ')
    .replace(SHAPELESS, '');

/**
 * Inter in one weight: Latin, Greek and Cyrillic. Letters are set one by one, without kerning, with figures of equal width:
 * shaping by fontkit takes 80 µs a cell, which a report of 100,000 rows pays 700,000 times; this takes about one.
 */
export class Face {
  readonly #font: Embedded;
  readonly #glyphs = new Map<string, { code: string; width: number }>();
  /** Whether a letter was asked for that Inter does not have. */
  incomplete = false;

  constructor(doc: PDFKit.PDFDocument, weight: Weight) {
    doc.registerFont(weight, fileOf(weight));
    this.#font = (doc.font(weight) as unknown as { _font: Embedded })._font;
  }

  #glyph(letter: string) {
    const known = this.#glyphs.get(letter);
    if (known) return known;
    const here = this.#font.font.hasGlyphForCodePoint(letter.codePointAt(0)!);
    if (!here) this.incomplete = true;
    const [codes, positions] = this.#font.encode(here ? letter : UNKNOWN, /\d/.test(letter) ? ['tnum'] : []);
    const glyph = { code: codes[0] ?? '0000', width: positions[0]?.advanceWidth ?? 0 };
    this.#glyphs.set(letter, glyph);
    return glyph;
  }

  /** Width in points. */
  width(text: string, size: number): number {
    let width = 0;
    for (const letter of text) width += this.#glyph(letter).width;
    return (width * size) / 1000;
  }

  /** Operators that show printable text with its baseline at a point. @param flipped whether y grows downwards there */
  show(text: string, size: number, x: number, y: number, flipped = true): string {
    let codes = '';
    for (const letter of text) codes += this.#glyph(letter).code;
    return `BT /${this.#font.id} ${size} Tf 1 0 0 ${flipped ? -1 : 1} ${x.toFixed(2)} ${y.toFixed(2)} Tm <${codes}> Tj ET`;
  }

  /** Entry for the resources of what shows text in this face. */
  resources(): Record<string, PDFKit.PDFKitReference> {
    return { [this.#font.id]: this.#font.ref() };
  }

  /** As much of the text as fits, with … where it was cut. */
  fit(text: string, size: number, width: number): string {
    if (this.width(text, size) <= width) return text;
    return `${this.#beginning(text, size, width - this.width('…', size)).trimEnd()}…`;
  }

  #beginning(text: string, size: number, width: number): string {
    let taken = '';
    let left = (width * 1000) / size;
    for (const letter of text) {
      left -= this.#glyph(letter).width;
      if (left < 0) break;
      taken += letter;
    }
    return taken;
  }

  /** Text in at most so many lines of a width, broken between words, or within one that is too long; the last may be cut. */
  lines(text: string, size: number, width: number, most: number): string[] {
    const lines: string[] = [];
    let rest = text;
    while (lines.length < most - 1 && this.width(rest, size) > width) {
      const cut = this.#beginning(rest, size, width) || [...rest][0]!;
      const blank = rest[cut.length] === ' ' ? cut.length : cut.lastIndexOf(' ');
      const line = blank > 0 ? cut.slice(0, blank) : cut;
      lines.push(line);
      rest = rest.slice(line.length).trimStart();
    }
    return [...lines, this.fit(rest, size, width)];
  }
}
