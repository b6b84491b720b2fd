import type { ChartData } from '#src/kernel/views_pages.ts';
import { GREY, type Paper } from './paper.ts';

/** Tones that differ on paper, also by pattern: solid, stripes, light, dots, middle, cross-hatched. */
const INKS = [
  { fill: '#333', pattern: '' },
  { fill: '#333', pattern: '0.8 w 0 0 m 4 4 l S -1 3 m 1 5 l S 3 -1 m 5 1 l S' },
  { fill: '#d5d5d5', pattern: '' },
  { fill: '#333', pattern: '0.5 0.5 1.2 1.2 re f 2.5 2.5 1.2 1.2 re f' },
  { fill: '#8c8c8c', pattern: '' },
  { fill: '#333', pattern: '0.5 w 0 2 m 4 2 l S 2 0 m 2 4 l S' },
];
const CELL = 4;
const DASHES = [[], [4, 2], [1, 2], [6, 2, 1, 2]];
const TITLE = 16;
const LEGEND = 16;
const LABEL = 7.5;

/** Draws shapes; `y` grows downwards, as everywhere. */
class Plot {
  readonly paper: Paper;
  readonly data: ChartData;
  /** largest and smallest value a bar or a point reaches, 0 among them */
  readonly most: number;
  readonly least: number;

  constructor(paper: Paper, data: ChartData) {
    this.paper = paper;
    this.data = data;
    const { series, labels } = data;
    const ends = this.stacked
      ? labels.flatMap((_, i) =>
          [1, -1].map((sign) => series.reduce((sum, { values }) => sum + positive(values[i], sign), 0)),
        )
      : series.flatMap(({ values }) => values.map((value) => positive(value, 1) + positive(value, -1)));
    this.most = Math.max(0, ...ends);
    this.least = Math.min(0, ...ends);
  }

  get lying(): boolean {
    return !['columns', 'stacks', 'lines'].includes(this.data.kind);
  }

  get stacked(): boolean {
    return this.data.series.length > 1 && (this.data.kind === 'stacks' || this.lying);
  }

  /** What is written at the ends of the bars. */
  get ends(): string[] {
    const { ends, series } = this.data;
    return ends ?? (series.length === 1 ? (series[0]?.texts ?? []) : []);
  }

  /** A filled shape; a pattern lies on white. */
  ink(index: number, shape: () => PDFKit.PDFDocument): void {
    const { doc } = this.paper;
    const { fill, pattern } = INKS[index % INKS.length]!;
    doc.lineWidth(0.5);
    if (!pattern) {
      shape().fillAndStroke(fill, '#333');
      return;
    }
    shape().fill('#fff');
    shape().fill([this.paper.pattern(pattern, CELL), fill]);
    shape().stroke('#333');
  }

  box(index: number, x: number, y: number, width: number, height: number): void {
    if (width > 0.01 && height > 0.01) this.ink(index, () => this.paper.doc.rect(x, y, width, height));
  }

  legend(): void {
    const { paper } = this;
    let { left: x } = paper;
    for (const [i, { label }] of this.data.series.entries()) {
      if (this.data.kind === 'lines')
        this.stroke(i, [
          [x, paper.y + 5],
          [x + 14, paper.y + 5],
        ]);
      else this.box(i, x + 4, paper.y + 1, 8, 8);
      paper.write(label, x + 18, paper.y + 8, { size: LABEL });
      x += 18 + paper.face().width(label, LABEL) + 14;
    }
    paper.y += LEGEND;
  }

  stroke(index: number, points: [number, number][]): void {
    const { doc } = this.paper;
    const dash = DASHES[index % DASHES.length]!;
    doc.lineWidth(1.25).lineJoin('round');
    if (dash.length) doc.dash(dash[0]!, { space: dash[1]! });
    for (const [i, [x, y]] of points.entries()) i ? doc.lineTo(x, y) : doc.moveTo(x, y);
    doc.stroke(index % 2 ? '#666' : '#000').undash();
  }
}

const positive = (value: number | undefined, sign: number): number =>
  value !== undefined && Number.isFinite(value) && value * sign > 0 ? value : 0;

/** Bars that lie: a name, the bar (parts one after the other), and what it comes to. */
function bars(plot: Plot, height: number): void {
  const { paper, data, ends } = plot;
  const step = height / Math.max(1, data.labels.length);
  const thick = Math.min(step * 0.66, 12);
  const size = Math.min(LABEL, step * 0.8);
  const wide = (texts: readonly string[], most: number) =>
    Math.min(most, Math.max(0, ...texts.map((text) => paper.face().width(text, size))) + 2);
  const names = wide(data.labels, paper.width * 0.34);
  const from = paper.left + names + 8;
  const room = paper.right - wide(ends, 130) - 6 - from;
  const scale = room / (plot.most - plot.least || 1);
  const zero = from - plot.least * scale;
  for (const [i, label] of data.labels.entries()) {
    const middle = paper.y + step * (i + 0.5);
    paper.write(label, from - 8, middle + size * 0.36, { size, align: 'right', width: names });
    let [plus, minus] = [zero, zero];
    for (const [at, { values }] of data.series.entries()) {
      const length = (values[i] ?? 0) * scale;
      if (length >= 0) plot.box(at, plus, middle - thick / 2, length, thick);
      else plot.box(at, minus + length, middle - thick / 2, -length, thick);
      if (length >= 0) plus += length;
      else minus += length;
    }
    paper.write(ends[i] ?? '', plus + 5, middle + size * 0.36, { size });
  }
  paper.doc
    .lineWidth(0.5)
    .moveTo(zero, paper.y)
    .lineTo(zero, paper.y + height)
    .stroke('#333');
  paper.y += height;
}

/** Round steps of an axis, four or five of them. */
export function ticks(least: number, most: number): number[] {
  const span = most - least || 1;
  const raw = 10 ** Math.floor(Math.log10(span / 4));
  const step = [1, 2, 2.5, 5, 10].map((factor) => factor * raw).find((size) => span / size <= 5) ?? raw * 10;
  const first = Math.floor(least / step);
  const last = Math.ceil(most / step);
  return Array.from({ length: last - first + 1 }, (_, i) => (first + i) * step);
}

/** Columns that stand beside or on top of each other, or lines, over an axis of time. */
function upright(plot: Plot, height: number, language: string): void {
  const { paper, data, ends } = plot;
  const short = new Intl.NumberFormat(language, { notation: 'compact' });
  const steps = ticks(plot.least, plot.most);
  const axis = Math.max(...steps.map((value) => paper.face().width(short.format(value), LABEL))) + 6;
  const [from, top, bottom] = [paper.left + axis, paper.y + 10, paper.y + height - 16];
  const [low, high] = [steps[0]!, steps.at(-1)!];
  const at = (value: number) => bottom - ((value - low) / (high - low)) * (bottom - top);
  for (const value of steps) {
    paper.rule(at(value), { ...(value === 0 ? { grey: GREY, weight: 0.5 } : { grey: 0.87, weight: 0.25 }), from });
    paper.write(short.format(value), from - 4, at(value) + 2.5, { size: LABEL, grey: GREY, align: 'right' });
  }
  const slot = (paper.right - from) / Math.max(1, data.labels.length);
  const middle = (i: number) => from + slot * (i + 0.5);
  const longest = Math.max(1, ...data.labels.map((label) => paper.face().width(label, LABEL) + 6));
  const every = Math.max(1, Math.ceil(Math.min(longest, 90) / slot));
  for (const [i, label] of data.labels.entries()) {
    if (i % every) continue;
    const style = { size: LABEL, grey: GREY, align: 'centre', width: slot * every - 3 } as const;
    paper.write(label, middle(i), bottom + 11, style);
  }
  if (data.kind === 'lines') {
    for (const [index, { values }] of data.series.entries()) {
      plot.stroke(
        index,
        values.map((value, i) => [middle(i), at(value)]),
      );
      for (const [i, value] of values.entries()) paper.doc.circle(middle(i), at(value), 1.6).fill('#333');
    }
  } else {
    columns(plot, slot, middle, at);
    const fits = Math.max(0, ...ends.map((text) => paper.face().width(text, LABEL))) < slot;
    for (const [i, text] of fits ? ends.entries() : []) {
      const sum = data.series.reduce((all, { values }) => all + positive(values[i], 1), 0);
      paper.write(text, middle(i), at(sum) - 3, { size: LABEL, align: 'centre' });
    }
  }
  paper.y += height;
}

function columns(plot: Plot, slot: number, middle: (i: number) => number, at: (value: number) => number): void {
  const { data, stacked } = plot;
  const side = stacked ? 1 : data.series.length;
  const wide = Math.min((slot * 0.7) / side, 26);
  for (const i of data.labels.keys()) {
    let [plus, minus] = [0, 0];
    for (const [index, { values }] of data.series.entries()) {
      const value = values[i] ?? 0;
      const base = stacked ? (value >= 0 ? plus : minus) : 0;
      const x = middle(i) - (wide * side) / 2 + (stacked ? 0 : index * wide);
      const [a, b] = [at(base), at(base + value)];
      plot.box(index, x, Math.min(a, b), wide, Math.abs(a - b));
      if (value >= 0) plus = base + value;
      else minus = base + value;
    }
  }
}

/** Draws a chart from `paper.y` on, whole on one page. */
export function drawChart(paper: Paper, title: string, data: ChartData, language: string): void {
  const plot = new Plot(paper, data);
  const legend = data.series.length > 1;
  const most = paper.page_height - TITLE - LEGEND - 20;
  const height = Math.min(most, plot.lying ? data.labels.length * 17 + 4 : 170);
  paper.need(TITLE + (legend ? LEGEND : 0) + height + 12);
  paper.write(title, paper.left, paper.y + 10, { size: 10, weight: 'bold' });
  paper.y += TITLE;
  if (legend) plot.legend();
  if (plot.lying) bars(plot, height);
  else upright(plot, height, language);
  paper.y += 14;
}
