import { LABEL, type Plot, signed } from './plot.ts';

const RADIUS = 62;
const HOLE = 0.6;
const LINE = 13;

/** Height of a ring with its legend beside it. */
export const doughnutHeight = (labels: number): number => Math.max(2 * RADIUS, labels * LINE) + 6;

/** Shares of a whole as a ring, from the top and to the right; beside it each with its name and its value. */
export function drawDoughnut(plot: Plot): void {
  const { paper, data } = plot;
  const { values = [], texts = [] } = data.series[0] ?? {};
  const height = doughnutHeight(data.labels.length);
  const whole = values.reduce((sum, value) => sum + signed(value, 1), 0);
  const [x, y] = [paper.left + RADIUS + 4, paper.y + height / 2];
  const point = (share: number, radius: number) => {
    const angle = 2 * Math.PI * share;
    return `${(x + radius * Math.sin(angle)).toFixed(2)} ${(y - radius * Math.cos(angle)).toFixed(2)}`;
  };
  let from = 0;
  for (const [i, value] of values.entries()) {
    const share = whole ? signed(value, 1) / whole : 0;
    if (share === 0) continue;
    // A whole ring begins where it ends, which is no arc at all.
    const to = from + Math.min(share, 0.9999);
    const large = to - from > 0.5 ? 1 : 0;
    const inner = RADIUS * HOLE;
    const path = `M ${point(from, RADIUS)} A ${RADIUS} ${RADIUS} 0 ${large} 1 ${point(to, RADIUS)} L ${point(to, inner)} A ${inner} ${inner} 0 ${large} 0 ${point(from, inner)} Z`;
    plot.fill(i, () => paper.doc.path(path));
    from += share;
  }
  const left = x + RADIUS + 28;
  let top = y - (data.labels.length * LINE) / 2;
  for (const [i, label] of data.labels.entries()) {
    plot.key(i, left, top + 1.5, 8, 8);
    const text = `${label}: ${texts[i] ?? ''}`;
    paper.write(text, left + 14, top + 8.5, { size: LABEL, width: paper.right - left - 14 });
    plot.link(0, i, left, top, 14 + paper.face().width(text, LABEL), LINE);
    top += LINE;
  }
  paper.y += height;
}
