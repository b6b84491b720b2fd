import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setImmediate } from 'node:timers/promises';
import PDFDocument from 'pdfkit';
import { Face, printable, type Weight } from './face.ts';
import { SIZES, type Size } from './size.ts';

const MARGIN = { side: 42, top: 40, bottom: 50 };
/** From the top of later pages to what they hold, below the running head. */
const HEAD = 24;
const SMALL = 7.5;

/** Greys of text and rules: 0 is black, 1 is white. */
export const DARK = 0.2;
export const GREY = 0.33;
export const LIGHT = 0.73;

export interface Style {
  size?: number;
  weight?: Weight;
  grey?: number;
  align?: 'left' | 'right' | 'centre';
  /** cut to this width */
  width?: number;
}

export interface PaperOptions {
  size: Size;
  title: string;
  author: string;
  /** BCP 47 */
  language: string;
  /** at the top of later pages, left and right */
  head: [string, string];
  /** at the bottom of every page, left of the page number */
  foot: string;
}

/**
 * Pages that are sent as they are filled, so that memory does not grow with their number. Only the page numbers are kept
 * back, because "of 12" is known at the end: each is an object of its own, which its page refers to.
 */
export class Paper {
  readonly doc: PDFKit.PDFDocument;
  /** between the margins */
  width = 0;
  readonly left = MARGIN.side;
  /** where the next thing begins, from the top of the page */
  y = 0;
  #landscape = false;
  #bottom = 0;
  readonly #options: PaperOptions;
  readonly #faces: Record<Weight, Face>;
  readonly #numbers: PDFKit.PDFKitReference[] = [];
  readonly #patterns = new Map<string, PDFKit.PDFTilingPattern>();
  readonly #out: Writable;
  readonly #sent: Promise<void>;

  constructor(options: PaperOptions, out: Writable) {
    this.#options = options;
    this.doc = new PDFDocument({
      autoFirstPage: false,
      pdfVersion: '1.7',
      lang: options.language,
      displayTitle: true,
      info: {
        Title: printable(options.title),
        Author: printable(options.author),
        Creator: 'Rapport',
        Producer: 'Rapport',
      },
    });
    this.#faces = { regular: new Face(this.doc, 'regular'), bold: new Face(this.doc, 'bold') };
    this.#out = out;
    this.#sent = pipeline(this.doc, out);
    // Whoever draws learns of it from `sent` or `end`.
    this.#sent.catch(() => {});
  }

  /** Opens the first page; upright, unless something is wider than that. */
  begin(widest: number): void {
    const [short, long] = SIZES[this.#options.size];
    this.#landscape = widest > short - 2 * MARGIN.side;
    this.width = (this.#landscape ? long : short) - 2 * MARGIN.side;
    this.#bottom = (this.#landscape ? short : long) - MARGIN.bottom;
    this.page();
  }

  get right(): number {
    return this.left + this.width;
  }

  /** Whether letters were asked for that the font does not have. */
  get incomplete(): boolean {
    return Object.values(this.#faces).some((face) => face.incomplete);
  }

  face(weight: Weight = 'regular'): Face {
    return this.#faces[weight];
  }

  /** Height that is left on this page. */
  get left_over(): number {
    return this.#bottom - this.y;
  }

  /** Height of a page below its running head. */
  get page_height(): number {
    return this.#bottom - MARGIN.top - HEAD;
  }

  /** Begins a page when less than this height is left. @returns whether it did */
  need(height: number): boolean {
    if (this.left_over >= Math.min(height, this.page_height)) return false;
    this.page();
    return true;
  }

  page(): void {
    const [width, height] = SIZES[this.#options.size];
    this.doc.addPage({ size: [width, height], layout: this.#landscape ? 'landscape' : 'portrait', margin: 0 });
    const fonts = (this.doc.page as unknown as { fonts: Record<string, PDFKit.PDFKitReference> }).fonts;
    for (const face of Object.values(this.#faces)) Object.assign(fonts, face.resources());
    this.y = MARGIN.top;
    const { head, foot } = this.#options;
    if (this.#numbers.length) {
      const half = this.width / 2 - 8;
      this.write(head[0], this.left, this.y + 6, { size: SMALL, weight: 'bold', width: half });
      this.write(head[1], this.right, this.y + 6, { size: SMALL, grey: GREY, align: 'right', width: half });
      this.rule(this.y + 12, { grey: LIGHT });
      this.y += HEAD;
    }
    const line = this.#bottom + 22;
    this.write(foot, this.left, line, { size: SMALL, grey: GREY, width: this.width - 100 });
    const number = this.doc.ref({ Type: 'XObject', Subtype: 'Form', BBox: [-100, -4, 0, 10] });
    const name = `N${this.#numbers.push(number)}`;
    this.doc.page.xobjects[name] = number;
    this.doc.addContent(`q 1 0 0 -1 ${this.right.toFixed(2)} ${line.toFixed(2)} cm /${name} Do Q`);
  }

  /** One line of text. @param y of its baseline */
  write(text: string, x: number, y: number, style: Style = {}): void {
    const { size = 8.5, weight = 'regular', grey = 0, align = 'left', width } = style;
    const face = this.#faces[weight];
    const clean = printable(text);
    const shown = width === undefined ? clean : face.fit(clean, size, width);
    if (!shown) return;
    const shift = align === 'left' ? 0 : face.width(shown, size) / (align === 'right' ? 1 : 2);
    this.doc.addContent(`${grey} g ${face.show(shown, size, x - shift, y)}`);
  }

  /** A paragraph from `y` on, which moves down; pages break between its lines. */
  paragraph(
    text: string,
    { size = 8.5, weight = 'regular', grey = 0, width = this.width }: Style = {},
    x = this.left,
  ): void {
    const lines = this.#faces[weight].lines(printable(text), size, width, 200);
    for (const line of lines) {
      this.need(size * 1.45);
      this.write(line, x, this.y + size, { size, weight, grey });
      this.y += size * 1.45;
    }
  }

  /** A horizontal line, all across unless told otherwise. */
  rule(
    y: number,
    { grey = 0, weight = 0.5, from = this.left }: { grey?: number; weight?: number; from?: number } = {},
  ): void {
    this.doc.addContent(
      `${grey} G ${weight} w ${from.toFixed(2)} ${y.toFixed(2)} m ${this.right.toFixed(2)} ${y.toFixed(2)} l S`,
    );
  }

  /** A tile that fills a shape. @param operators of one square cell, in the page's own coordinates */
  pattern(operators: string, cell: number): PDFKit.PDFTilingPattern {
    const known = this.#patterns.get(operators) ?? this.doc.pattern([0, 0, cell, cell], cell, cell, operators);
    this.#patterns.set(operators, known);
    return known;
  }

  /** Lets others work, and waits while the reader is slow. @throws when the reader is gone */
  async sent(): Promise<void> {
    await setImmediate();
    if (this.#out.writableNeedDrain) await Promise.race([once(this.#out, 'drain'), this.#sent]);
    if (this.#out.destroyed) await this.#sent;
  }

  /** Writes what was kept back, and waits until all is sent. */
  async end(): Promise<void> {
    const { doc } = this;
    const face = this.#faces.regular;
    for (const [i, number] of this.#numbers.entries()) {
      const text = `Page ${i + 1} of ${this.#numbers.length}`;
      Object.assign(number.data, { Resources: { Font: face.resources() } });
      number.end(`0.33 g ${face.show(text, SMALL, -face.width(text, SMALL), 0, false)}`);
    }
    doc.end();
    await this.#sent;
  }

  /** Gives up; the reader sees a broken download. */
  async fail(error: Error): Promise<void> {
    (this.doc as unknown as { destroy(error: Error): void }).destroy(error);
    await this.#sent.catch(() => {});
  }
}
