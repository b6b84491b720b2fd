import type { ReportTile, ReportView } from '#src/kernel/views_pages.ts';
import { printable } from './face.ts';
import { DARK, GREY, type Paper } from './paper.ts';

/** Pairs of a small label over its value, in columns. */
function grid(paper: Paper, pairs: { label: string; value: string }[]): void {
  const across = paper.width > 600 ? 5 : 3;
  const width = paper.width / across;
  for (let i = 0; i < pairs.length; i += across) {
    const row = pairs.slice(i, i + across).map(({ label, value }) => ({
      label,
      lines: paper.face().lines(printable(value), 8.5, width - 10, 2),
    }));
    for (const [at, { label, lines }] of row.entries()) {
      const x = paper.left + at * width;
      paper.write(label, x, paper.y + 7, { size: 7, grey: GREY, width: width - 10 });
      for (const [line, text] of lines.entries()) paper.write(text, x, paper.y + 18 + line * 11.5, { size: 8.5 });
    }
    paper.y += 15 + 11.5 * Math.max(...row.map(({ lines }) => lines.length));
  }
}

/** What stands on top of the first page: whose report it is, what it says, and for which days and filters. */
export function drawTitle(paper: Paper, company: string, { heading, text, title_block }: ReportView): void {
  paper.write(company, paper.left, paper.y + 9, { size: 9.5, weight: 'bold', width: paper.width });
  paper.y += 20;
  paper.write(heading, paper.left, paper.y + 18, { size: 19, weight: 'bold', width: paper.width });
  paper.y += 28;
  paper.paragraph(text, { size: 9, grey: DARK });
  paper.y += 8;
  paper.rule(paper.y, { weight: 0.75 });
  paper.y += 7;
  grid(
    paper,
    title_block.filter(({ label }) => label !== 'Company'),
  );
  paper.rule(paper.y, { weight: 0.75 });
  paper.y += 14;
}

const ARROWS: Record<ReportTile['direction'], string> = { up: '↑', down: '↓', flat: '' };

/** The figures in boxes of one size, three or four in a row. */
export function drawTiles(paper: Paper, tiles: readonly ReportTile[], origin: string): void {
  if (!tiles.length) return;
  const across = tiles.length % 4 && tiles.length % 3 === 0 ? 3 : Math.min(4, Math.max(2, tiles.length));
  const gap = 8;
  const width = (paper.width - gap * (across - 1)) / across;
  const inner = width - 16;
  for (let i = 0; i < tiles.length; i += across) {
    const row = tiles.slice(i, i + across).map((tile) => {
      const change = tile.change ? `${ARROWS[tile.direction]} ${tile.change}`.trim() : '';
      return { tile, change: paper.face().lines(printable(change), 7, inner, 3).filter(Boolean) };
    });
    const height = 40 + 9.5 * Math.max(...row.map(({ change }) => change.length));
    paper.need(height);
    for (const [at, { tile, change }] of row.entries()) {
      const x = paper.left + at * (width + gap);
      paper.doc.lineWidth(0.5).roundedRect(x, paper.y, width, height, 3).stroke('#bbb');
      paper.write(tile.label, x + 8, paper.y + 13, { size: 7.5, grey: GREY, width: inner });
      const figure = printable(tile.figure);
      const size = Math.min(14, (14 * inner) / Math.max(inner, paper.face('bold').width(figure, 14)));
      paper.write(figure, x + 8, paper.y + 30, { size, weight: 'bold' });
      for (const [line, text] of change.entries())
        paper.write(text, x + 8, paper.y + 43 + line * 9.5, { size: 7, grey: DARK });
      if (tile.href) paper.doc.link(x, paper.y, width, height, new URL(tile.href, origin).href);
    }
    paper.y += height + gap;
  }
  paper.y += 8;
}

const MISSING = 'Letters that the font of this file does not have are printed as □; the page, Excel and CSV show them.';

/** How many rows there are, and how the figures come about. */
export function drawNotes(paper: Paper, notes: readonly string[], computed: ReportView['computed']): void {
  const said = [...notes, paper.incomplete ? MISSING : ''].filter(Boolean).join(' ');
  if (said) paper.paragraph(said, { grey: DARK });
  if (!computed.length) return;
  paper.y += 12;
  paper.need(60);
  paper.write('How is this computed?', paper.left, paper.y + 10, { size: 10, weight: 'bold' });
  paper.y += 18;
  const column = Math.min(130, paper.width * 0.24);
  for (const { term, text } of computed) {
    const terms = paper.face('bold').lines(printable(term), 8, column - 10, 3);
    const lines = paper.face().lines(printable(text), 8, paper.width - column, 40);
    paper.need(Math.min(lines.length, 6) * 11.5 + 4);
    for (const [i, line] of terms.entries())
      paper.write(line, paper.left, paper.y + 8 + i * 11.5, { size: 8, weight: 'bold' });
    for (const line of lines) {
      paper.need(11.5);
      paper.write(line, paper.left + column, paper.y + 8, { size: 8 });
      paper.y += 11.5;
    }
    paper.y += 4 + Math.max(0, terms.length - lines.length) * 11.5;
  }
}
