import type { ChartData } from '#src/kernel/views_pages.ts';
import { drawBars } from './bars.ts';
import { doughnutHeight, drawDoughnut } from './doughnut.ts';
import type { Paper } from './paper.ts';
import { LABEL, Plot } from './plot.ts';
import { drawUpright } from './upright.ts';

const TITLE = 16;
const LEGEND = 16;
const BAR = 17;
const UPRIGHT = 170;

/** Which ink, or which kind of line, is which series. */
function drawLegend(plot: Plot): void {
  const { paper, data } = plot;
  let { left: x } = paper;
  const y = paper.y + 5;
  for (const [i, { label }] of data.series.entries()) {
    if (data.kind === 'lines')
      plot.line(i, [
        [x, y],
        [x + 14, y],
      ]);
    else plot.key(i, x + 4, y - 4, 8, 8);
    paper.write(label, x + 18, y + 3, { size: LABEL });
    x += 32 + paper.face().width(label, LABEL);
  }
  paper.y += LEGEND;
}

/** How high a chart is without its title and its legend. */
function heightOf({ kind, labels }: ChartData, most: number): number {
  if (kind === 'doughnut') return doughnutHeight(labels.length);
  if (kind === 'columns' || kind === 'stacks' || kind === 'lines') return UPRIGHT;
  return Math.min(most, labels.length * BAR + 4);
}

/**
 * Draws a chart from `paper.y` on, whole on one page. @param language for the numbers of the axis
 * @param origin of the lists behind bars, points and shares
 */
export function drawChart(paper: Paper, title: string, data: ChartData, language: string, origin: string): void {
  const plot = new Plot(paper, data, origin);
  const legend = data.series.length > 1;
  const height = heightOf(data, paper.page_height - TITLE - LEGEND - 20);
  paper.need(TITLE + (legend ? LEGEND : 0) + height + 12);
  paper.write(title, paper.left, paper.y + 10, { size: 10, weight: 'bold' });
  paper.y += TITLE;
  if (legend) drawLegend(plot);
  if (data.kind === 'doughnut') drawDoughnut(plot);
  else if (data.kind === 'columns' || data.kind === 'stacks' || data.kind === 'lines')
    drawUpright(plot, height, language);
  else drawBars(plot, height);
  paper.y += 14;
}
