import { DateTime } from 'luxon';
import type { Ctx } from '#src/kernel/context.ts';
import type { ReportTable } from '#src/kernel/views_pages.ts';
import { tableHeads } from './figures.ts';
import type { Question, Report } from './report.ts';
import { type Value, valueCell } from './value.ts';

/** The day it is in the company's zone, as ISO text. */
export const dayOf = (ctx: Pick<Ctx, 'tenant'>, now: DateTime = DateTime.now()): string =>
  now.setZone(ctx.tenant.time_zone).toISODate() ?? '';

/** So many days after an ISO day; before it when they are negative. */
export const daysAfter = (day: string, days: number): string =>
  DateTime.fromISO(day, { zone: 'utc' }).plus({ days }).toISODate() ?? '';

/** A table of the page whose rows were sorted and cut by the database. @param columns names of columns of the report */
export function cutTable(
  ctx: Ctx,
  report: Pick<Report, 'slug' | 'default_sort' | 'columns'>,
  question: Question,
  table: { title: string; columns: readonly string[]; rows: Value[][]; empty: string },
): ReportTable {
  const heads = new Map(tableHeads(report, question).map((head) => [head.name, head]));
  return {
    ...table,
    columns: table.columns.map((name) => heads.get(name)!),
    rows: table.rows.map((row) => row.map((value) => valueCell(ctx, value))),
    total: null,
  };
}
