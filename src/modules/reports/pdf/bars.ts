import { LABEL, type Plot } from './plot.ts';

/** Bars that lie: a name, the bar (parts one after the other, or in the middle as in a funnel), and what it comes to. */
export function drawBars(plot: Plot, height: number): void {
  const { paper, data, ends } = plot;
  const funnel = data.kind === 'funnel';
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
    const first = funnel ? zero + (room - (data.series[0]?.values[i] ?? 0) * scale) / 2 : zero;
    let [plus, minus] = [first, first];
    for (const [index, { values }] of data.series.entries()) {
      const length = (values[i] ?? 0) * scale;
      if (length < 0) minus += length;
      plot.bar(index, i, length < 0 ? minus : plus, middle - thick / 2, Math.abs(length), thick);
      if (length > 0) plus += length;
    }
    paper.write(ends[i] ?? '', plus + 5, middle + size * 0.36, { size });
  }
  if (!funnel)
    paper.doc.addContent(`0.2 G 0.5 w ${zero.toFixed(2)} ${paper.y} m ${zero.toFixed(2)} ${paper.y + height} l S`);
  paper.y += height;
}
