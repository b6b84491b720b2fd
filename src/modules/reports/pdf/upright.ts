import { GREY } from './paper.ts';
import { LABEL, type Plot, signed } from './plot.ts';

/** Round steps of an axis that holds both values: two to six. @param whole no fractions, as of things that are counted */
export function ticks(least: number, most: number, whole: boolean): number[] {
  const span = most - least || 1;
  const raw = 10 ** Math.floor(Math.log10(span / 4));
  const fitting = [1, 2, 2.5, 5, 10].map((factor) => factor * raw).find((size) => span / size <= 5) ?? raw * 10;
  const step = whole ? Math.max(1, Math.ceil(fitting)) : fitting;
  const first = Math.floor(least / step);
  const last = Math.max(first + 1, Math.ceil(most / step));
  return Array.from({ length: last - first + 1 }, (_, i) => (first + i) * step);
}

/** Where a column of a label stands, and where a value lies. */
interface Axes {
  slot: number;
  middle: (label: number) => number;
  at: (value: number) => number;
}

/** Columns that stand beside or on top of each other, or lines, over an axis of time. */
export function drawUpright(plot: Plot, height: number, language: string): void {
  const { paper, data } = plot;
  const short = new Intl.NumberFormat(language, { notation: 'compact', maximumFractionDigits: 2 });
  const steps = ticks(
    plot.least,
    plot.most,
    data.series.every(({ values }) => values.every(Number.isInteger)),
  );
  const axis = Math.max(...steps.map((value) => paper.face().width(short.format(value), LABEL))) + 6;
  const [from, top, bottom] = [paper.left + axis, paper.y + 10, paper.y + height - 16];
  const [low, high] = [steps[0]!, steps.at(-1)!];
  const slot = (paper.right - from) / Math.max(1, data.labels.length);
  const axes: Axes = {
    slot,
    middle: (label) => from + slot * (label + 0.5),
    at: (value) => bottom - ((value - low) / (high - low)) * (bottom - top),
  };
  for (const value of steps) {
    paper.rule(axes.at(value), { ...(value === 0 ? { grey: GREY } : { grey: 0.87, weight: 0.25 }), from });
    paper.write(short.format(value), from - 4, axes.at(value) + 2.5, { size: LABEL, grey: GREY, align: 'right' });
  }
  const longest = Math.max(1, ...data.labels.map((label) => paper.face().width(label, LABEL) + 6));
  const every = Math.max(1, Math.ceil(Math.min(longest, 90) / slot));
  for (const [i, label] of data.labels.entries()) {
    if (i % every) continue;
    const style = { size: LABEL, grey: GREY, align: 'centre', width: slot * every - 3 } as const;
    paper.write(label, axes.middle(i), bottom + 11, style);
  }
  if (data.kind === 'lines') lines(plot, axes);
  else columns(plot, axes);
  paper.y += height;
}

function lines(plot: Plot, { middle, at }: Axes): void {
  for (const [index, { values }] of plot.data.series.entries()) {
    const points = values.map((value, i): [number, number] => [middle(i), at(value)]);
    plot.line(index, points);
    for (const [i, [x, y]] of points.entries()) {
      plot.paper.doc.circle(x, y, 1.6).fill('#333');
      plot.link(index, i, x - 5, y - 5, 10, 10);
    }
  }
}

function columns(plot: Plot, { slot, middle, at }: Axes): void {
  const { paper, data, stacked, ends } = plot;
  const beside = stacked ? 1 : data.series.length;
  const wide = Math.min((slot * 0.7) / beside, 26);
  const written = Math.max(0, ...ends.map((text) => paper.face().width(text, LABEL))) < slot;
  for (const i of data.labels.keys()) {
    let [plus, minus] = [0, 0];
    for (const [index, { values }] of data.series.entries()) {
      const value = values[i] ?? 0;
      const base = stacked ? (value < 0 ? minus : plus) : 0;
      const [a, b] = [at(base), at(base + value)];
      const x = middle(i) - (wide * beside) / 2 + (stacked ? 0 : index * wide);
      plot.bar(index, i, x, Math.min(a, b), wide, Math.abs(a - b));
      plus += signed(value, 1);
      minus += signed(value, -1);
    }
    if (written && ends[i]) paper.write(ends[i], middle(i), at(plus) - 3, { size: LABEL, align: 'centre' });
  }
}
