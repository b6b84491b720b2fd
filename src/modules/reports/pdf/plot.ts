import type { ChartData } from '#src/kernel/views_pages.ts';
import type { Paper } from './paper.ts';

/** Size of the letters in a chart. */
export const LABEL = 7.5;

/** Tones that differ on paper, also by pattern: solid, stripes, light, dots, middle, cross-hatched. */
const INKS = [
  { fill: '#333', pattern: '' },
  { fill: '#333', pattern: '0.8 w 0 0 m 4 4 l S -1 3 m 1 5 l S 3 -1 m 5 1 l S' },
  { fill: '#d5d5d5', pattern: '' },
  { fill: '#333', pattern: '0.5 0.5 1.2 1.2 re f 2.5 2.5 1.2 1.2 re f' },
  { fill: '#8c8c8c', pattern: '' },
  { fill: '#333', pattern: '0.5 w 0 2 m 4 2 l S 2 0 m 2 4 l S' },
];
/** Length of a side of what is repeated in a pattern. */
const CELL = 4;
const DASHES = [[], [4, 2], [1, 2], [6, 2, 1, 2]];

/** value where its sign is the one asked for, else 0 */
export const signed = (value: number | undefined, sign: 1 | -1): number =>
  value !== undefined && Number.isFinite(value) && value * sign > 0 ? value : 0;

/** The data of a chart with the paper it is drawn on, and the shapes all charts are made of. */
export class Plot {
  readonly paper: Paper;
  readonly data: ChartData;
  readonly #origin: string;
  /** largest and smallest value a bar or a point reaches, 0 among them */
  readonly most: number;
  readonly least: number;
  /** Series follow each other in one bar. */
  readonly stacked: boolean;

  constructor(paper: Paper, data: ChartData, origin: string) {
    this.paper = paper;
    this.data = data;
    this.#origin = origin;
    const { kind, series, labels } = data;
    this.stacked = series.length > 1 && kind !== 'columns' && kind !== 'lines';
    const ends = this.stacked
      ? labels.flatMap((_, i) =>
          ([1, -1] as const).map((sign) => series.reduce((sum, { values }) => sum + signed(values[i], sign), 0)),
        )
      : series.flatMap(({ values }) => values.map((value) => (Number.isFinite(value) ? value : 0)));
    this.most = Math.max(0, ...ends);
    this.least = Math.min(0, ...ends);
  }

  /** What is written at the ends of the bars. */
  get ends(): string[] {
    const { ends, series } = this.data;
    return ends ?? (series.length === 1 ? (series[0]?.texts ?? []) : []);
  }

  /** A filled shape with an edge; a pattern lies on white. */
  fill(index: number, shape: () => PDFKit.PDFDocument): void {
    const { fill, pattern } = INKS[index % INKS.length]!;
    this.paper.doc.lineWidth(0.5);
    if (!pattern) {
      shape().fillAndStroke(fill, '#333');
      return;
    }
    shape().fill('#fff');
    shape().fill([this.paper.pattern(pattern, CELL), fill]);
    shape().stroke('#333');
  }

  /** A bar, or a part of one, in the ink of its series; leads to the list behind the label's value. */
  bar(index: number, label: number, x: number, y: number, width: number, height: number): void {
    if (width <= 0.01 || height <= 0.01) return;
    this.key(index, x, y, width, height);
    this.link(index, label, x, y, width, height);
  }

  /** A box in an ink, as a legend shows it. */
  key(index: number, x: number, y: number, width: number, height: number): void {
    this.fill(index, () => this.paper.doc.rect(x, y, width, height));
  }

  link(index: number, label: number, x: number, y: number, width: number, height: number): void {
    const href = this.data.series[index]?.hrefs?.[label];
    if (href) this.paper.doc.link(x, y, width, height, new URL(href, this.#origin).href);
  }

  line(index: number, points: [number, number][]): void {
    const { doc } = this.paper;
    const [dash, space] = DASHES[index % DASHES.length]!;
    doc.lineWidth(1.25).lineJoin('round');
    if (dash) doc.dash(dash, { space: space! });
    for (const [i, [x, y]] of points.entries()) i ? doc.lineTo(x, y) : doc.moveTo(x, y);
    doc.stroke(index % 2 ? '#666' : '#000').undash();
  }
}
