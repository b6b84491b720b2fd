import type { Writable } from 'node:stream';
import { DateTime } from 'luxon';
import type { Ctx } from '#src/kernel/context.ts';
import type { ExportCell, ExportColumn, Table } from '#src/kernel/export.ts';
import { formatDate } from '#src/kernel/fields/dates.ts';
import type { ReportTable, ReportView } from '#src/kernel/views_pages.ts';
import { rowsNote } from './figures.ts';
import { drawChart } from './pdf/chart.ts';
import { drawNotes, drawTiles, drawTitle } from './pdf/frame.ts';
import { Paper } from './pdf/paper.ts';
import type { Size } from './pdf/size.ts';
import { drawTable, type Printed, type PrintedTable, printedCell, wishedWidth } from './pdf/table.ts';
import { MOST_ROWS } from './report.ts';
import { decimal } from './value.ts';

/** What is printed, for whom. */
export interface Print {
  view: ReportView;
  /** every row, asked for when the page holds only the first ones */
  table: () => Table | Promise<Table>;
  size: Size;
  /** of our own pages, for the links behind the figures */
  origin: string;
}

/** Tables that are one list, of which the page may show the first rows only: those with the columns of the longest. */
function cutTables(tables: readonly ReportTable[]): ReportTable[] {
  const heads = (table: ReportTable) => table.columns.map(({ label }) => label).join('\n');
  const [longest] = [...tables].sort((a, b) => b.rows.length - a.rows.length);
  const list = tables.filter((table) => longest && heads(table) === heads(longest));
  return list.reduce((sum, { rows }) => sum + rows.length, 0) < MOST_ROWS ? [] : list;
}

/** A cell of a spreadsheet as people read it. */
function exportText(value: ExportCell, excel: ExportColumn['excel'], { tenant }: Pick<Ctx, 'tenant'>): string {
  if (value === null || value === '') return '';
  if (value instanceof Date) {
    if (excel === 'date') return formatDate(value.toISOString().slice(0, 10), tenant);
    return DateTime.fromJSDate(value, { zone: 'utc' }).setLocale(tenant.locale).toLocaleString(DateTime.DATETIME_MED);
  }
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value === 'string') return value;
  if (value === 0) return '–';
  return decimal(value, tenant, excel === 'money' ? 2 : 0);
}

const printedTable = ({ title, columns, rows, total, empty }: ReportTable, origin: string): PrintedTable => {
  const printed = rows.map((row) => row.map((cell) => printedCell(cell, origin)));
  return {
    title,
    columns,
    sample: printed,
    rows: [printed],
    total: total?.map((cell) => printedCell(cell, origin)) ?? null,
    empty,
  };
};

/** The sums of tables that are printed as one list further down. */
function totalsTable(cut: readonly ReportTable[], origin: string): PrintedTable[] {
  const rows = cut.flatMap(({ total }) => (total ? [total.map((cell) => printedCell(cell, origin))] : []));
  if (!rows.length) return [];
  return [{ title: 'Totals', columns: cut[0]!.columns, sample: rows, rows: [rows], total: null, empty: '' }];
}

/** Every row as it comes; the first batch decides how wide the columns are. */
async function streamedTable(ctx: Pick<Ctx, 'tenant'>, { title, columns, rows }: Table): Promise<PrintedTable> {
  const print = (batch: ExportCell[][]): Printed[][] =>
    batch.map((row) => row.map((value, i) => ({ text: exportText(value, columns[i]!.excel, ctx), link: '' })));
  const batches = rows[Symbol.asyncIterator]();
  const first = await batches.next();
  const sample = first.done ? [] : print(first.value);
  async function* all() {
    try {
      yield sample;
      for (let next = await batches.next(); !next.done; next = await batches.next()) yield print(next.value);
    } finally {
      await batches.return?.();
    }
  }
  const kinds = columns.map(({ label, excel }) => ({ label, numeric: excel === 'number' || excel === 'money' }));
  return { title: `${title}, all rows`, columns: kinds, sample, rows: all(), total: null, empty: '' };
}

/**
 * Writes a report as PDF and ends `out`: what the page shows, with every row. Pages are sent as they fill.
 * @throws what the rows throw, and Error when `out` is closed early
 */
export async function writePdf(
  ctx: Pick<Ctx, 'tenant'>,
  { view, table, size, origin }: Print,
  out: Writable,
): Promise<void> {
  const { tenant } = ctx;
  const cut = cutTables(view.tables);
  const tables = view.tables.filter((one) => !cut.includes(one)).map((one) => printedTable(one, origin));
  tables.push(...totalsTable(cut, origin));
  const list = cut.length ? await streamedTable(ctx, await table()) : null;
  if (list) tables.push(list);
  const period = view.title_block.find(({ label }) => label === 'Period')?.value;
  const paper = new Paper(
    {
      size,
      title: `${view.heading}, ${tenant.name}`,
      author: tenant.name,
      language: 'en',
      head: [tenant.name, [view.heading, period].filter(Boolean).join(' · ')],
      foot: view.title_block
        .slice(-2)
        .map(({ label, value }) => `${label} ${value}`)
        .join(' · '),
    },
    out,
  );
  try {
    paper.begin(Math.max(0, ...tables.map((one) => wishedWidth(paper, one))));
    drawTitle(paper, tenant.name, view);
    drawTiles(paper, view.tiles, origin);
    for (const { title, json } of view.charts) drawChart(paper, title, JSON.parse(json), tenant.locale, origin);
    let count = 0;
    for (const one of tables) count = await drawTable(paper, one);
    // The page's own sentence says that it shows the first rows only; here they all are.
    const shown = cut.reduce((sum, { rows }) => sum + rows.length, 0);
    const said = list ? view.note.replace(rowsNote(ctx, shown, count), '').trim() : view.note;
    drawNotes(paper, [list ? rowsNote(ctx, count, count) : '', said], view.computed);
    await paper.end();
  } catch (error) {
    await paper.fail(error as Error);
    throw error;
  }
}
