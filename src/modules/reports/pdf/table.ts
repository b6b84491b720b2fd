import type { Cell } from '#src/kernel/views.ts';
import { printable } from './face.ts';
import { GREY, LIGHT, type Paper } from './paper.ts';

/** A cell as printed: one text, and the page behind it. */
export interface Printed {
  text: string;
  /** absolute; '' for none */
  link: string;
}

export interface PrintedColumn {
  label: string;
  numeric: boolean;
}

export interface PrintedTable {
  title: string;
  columns: PrintedColumn[];
  /** rows from which the widths of the columns are taken */
  sample: Printed[][];
  rows: AsyncIterable<Printed[][]> | Iterable<Printed[][]>;
  total: Printed[] | null;
  /** stands there instead of a table without rows */
  empty: string;
}

const SIZE = 8.5;
const SMALLEST = 5;
/** Beside the letters of a cell, in their size. */
const PAD = 0.58;
/** Air above and below a row, together. */
const GAP = 6;
/** Names longer than this many lines are cut; nobody reads on. */
const MOST_LINES = 4;
/** A column of words gets at least this much before figures are squeezed. */
const LEAST_WORDS = 90;
/** No column of words needs more. */
const MOST_WORDS = 260;

/** @param origin what relative addresses begin with */
export const printedCell = ({ kind, text, items, href }: Cell, origin: string): Printed => ({
  text: kind === 'list' ? items.join(', ') : text,
  link: href ? new URL(href, origin).href : '',
});

interface Layout {
  size: number;
  widths: number[];
}

/** Widths the columns would like to have, and the least they can do with, at a size. */
function wishes(paper: Paper, { columns, sample, total }: PrintedTable, size: number) {
  const lines = total ? [...sample, total] : sample;
  return columns.map(({ label, numeric }, i) => {
    const head = Math.max(
      ...printable(label)
        .split(' ')
        .map((word) => paper.face('bold').width(word, size)),
    );
    const body = lines.map((row) =>
      paper.face(row === total ? 'bold' : 'regular').width(printable(row[i]?.text ?? '').slice(0, 200), size),
    );
    const widest = Math.max(head, ...body) + 2 * PAD * size;
    const wish = numeric ? widest : Math.min(widest, MOST_WORDS);
    return { wish, least: numeric ? wish : Math.min(wish, (LEAST_WORDS * size) / SIZE), numeric };
  });
}

const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0);

/** How wide a table should at least be: figures whole, words with room for a name in two lines. */
export const wishedWidth = (paper: Paper, table: PrintedTable): number =>
  sum(wishes(paper, table, SIZE).map(({ wish, numeric }) => (numeric ? wish : Math.min(wish, 120))));

/** Columns that fill the width: words give way first, then the letters get smaller, then everything is squeezed. */
function layOut(paper: Paper, table: PrintedTable): Layout {
  for (let size = SIZE; ; size -= 0.5) {
    const columns = wishes(paper, table, size);
    const over = sum(columns.map(({ wish }) => wish)) - paper.width;
    if (over <= 0) return { size, widths: spread(columns, -over) };
    const give = sum(columns.map(({ wish, least }) => wish - least));
    if (give >= over) return { size, widths: columns.map(({ wish, least }) => wish - ((wish - least) * over) / give) };
    if (size <= SMALLEST) {
      const least = sum(columns.map((column) => column.least));
      return { size, widths: columns.map((column) => (column.least * paper.width) / least) };
    }
  }
}

/** Hands out what is left over: to the first column so that it holds whole names, and some to the figures, to breathe. */
function spread(columns: { wish: number; numeric: boolean }[], rest: number): number[] {
  const figures = columns.filter(({ numeric }) => numeric).length;
  const each = figures ? Math.min((rest * 0.6) / figures, 36) : 0;
  return columns.map(({ wish, numeric }, i) => wish + (numeric ? each : 0) + (i === 0 ? rest - each * figures : 0));
}

/** Draws a table from `paper.y` on: heads on every page, no row in two, the total below the last row. */
export async function drawTable(paper: Paper, table: PrintedTable): Promise<number> {
  const { columns, total } = table;
  const layout = layOut(paper, table);
  const { size, widths } = layout;
  const step = size * 1.4;
  const pad = size * PAD;
  const edges = widths.map((_, i) => paper.left + sum(widths.slice(0, i)));

  const cellLines = (row: readonly string[], bold: boolean, most: number) =>
    row.map((text, i) =>
      paper.face(bold ? 'bold' : 'regular').lines(printable(text), size, widths[i]! - 2 * pad + 0.1, most),
    );
  const heightOf = (lines: string[][]) => Math.max(...lines.map(({ length }) => length)) * step + GAP;
  const draw = (lines: string[][], bold: boolean, bottom: boolean) => {
    const height = heightOf(lines);
    const rows = Math.max(...lines.map(({ length }) => length));
    for (const [i, texts] of lines.entries()) {
      const { numeric } = columns[i]!;
      const x = numeric
        ? edges[i]! + widths[i]! - (i === columns.length - 1 ? 0 : pad)
        : edges[i]! + (i === 0 ? 0 : pad);
      for (const [at, text] of texts.entries()) {
        const line = bottom ? at + rows - texts.length : at;
        const style = { size, align: numeric ? 'right' : 'left', weight: bold ? 'bold' : 'regular' } as const;
        paper.write(text, x, paper.y + GAP * 0.45 + step * line + size, style);
      }
    }
    paper.y += height;
  };

  const heads = cellLines(
    columns.map(({ label }) => label),
    true,
    3,
  );
  const foot = total
    ? heightOf(
        cellLines(
          total.map(({ text }) => text),
          true,
          MOST_LINES,
        ),
      )
    : 0;
  const head = () => {
    draw(heads, true, true);
    paper.rule(paper.y, { weight: 0.75 });
  };
  const printRow = (row: Printed[], bold: boolean) => {
    const lines = cellLines(
      row.map(({ text }) => text),
      bold,
      MOST_LINES,
    );
    const height = heightOf(lines);
    // The total stands below the last row, never alone on a page.
    if (paper.need(bold ? height : height + foot)) head();
    const top = paper.y;
    draw(lines, bold, false);
    for (const [i, { link }] of row.entries()) {
      if (link) paper.doc.link(edges[i]!, top, widths[i]!, height, link);
    }
  };

  if (table.title) {
    paper.need(14 + heightOf(heads) + 3 * (step + GAP));
    paper.write(table.title, paper.left, paper.y + 10, { size: 10, weight: 'bold' });
    paper.y += 16;
  }
  let count = 0;
  for await (const batch of table.rows) {
    for (const row of batch) {
      if (count === 0) head();
      count += 1;
      printRow(row, false);
      paper.rule(paper.y, { grey: LIGHT, weight: 0.25 });
      if (count % 100 === 0) await paper.sent();
    }
  }
  if (count === 0 && table.empty) paper.paragraph(table.empty, { grey: GREY });
  if (total) {
    if (count === 0) head();
    paper.rule(paper.y, { weight: 0.75 });
    printRow(total, true);
  }
  paper.y += 12;
  return count;
}
