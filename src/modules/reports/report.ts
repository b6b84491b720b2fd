import type { Ctx } from '#src/kernel/context.ts';
import type { Table } from '#src/kernel/export.ts';
import type { ReportView } from '#src/kernel/views_pages.ts';
import type { Period } from './period.ts';
import type { ValueKind } from './value.ts';

/** What is asked of a report, as its address says it. */
export interface Question {
  period: Period;
  /** whose records alone; null: everybody's the reader may see */
  user: { id: string; name: string } | null;
  /** what the report's `days` asks for; 0 where it asks for none */
  days: number;
  /** name of a column */
  sort: string;
  descending: boolean;
}

export interface Column {
  /** also what `sort` calls it */
  name: string;
  label: string;
  /** words stand left and begin with A; figures stand right, largest first */
  kind: ValueKind;
}

/** What a report puts on its page; the frame around it (period, filters, exports, print) is the same for all. */
export type Parts = Pick<ReportView, 'tiles' | 'charts' | 'tables' | 'computed' | 'note'>;

/**
 * A report: one question answered in three ways (page, spreadsheet, JSON) by one statement. Adding one is a file with
 * this object and its line in all.ts; routes, period, filters, exports, audit and print come from the module.
 */
export interface Report {
  /** /reports/<slug> and /api/v1/reports/<slug> */
  slug: string;
  title: string;
  /** what it says, in one sentence */
  says: string;
  icon: string;
  /** heading on /reports under which it stands */
  group: string;
  columns: readonly Column[];
  /** as in the address: a column's name, with - for descending; '': the order in which the report tells them */
  default_sort: string;
  /** what the `user` filter means here, e.g. 'Project owner'; '' when there is none */
  user_label: string;
  /** it is about how things stand, and has no period to choose */
  standing?: boolean;
  /** a number of days that its address may say, such as `days_ahead` */
  days?: { name: string; label: string; initial: number; most: number };
  /** permission to see it, where not everybody who may see reports may; whoever has it may export */
  needs?: string;
  page(ctx: Ctx, question: Question): Promise<Parts>;
  /** un-capped; runs inside the transaction of `ctx` */
  table(ctx: Ctx, question: Question): Promise<Table>;
  /** what stands in `data` of the API's answer */
  json(ctx: Ctx, question: Question): Promise<object>;
}

/** Rows a page shows at most; the exports have all of them. */
export const MOST_ROWS = 500;
/** Rows the API gives at most; `truncated` says so. */
export const MOST_JSON_ROWS = 10_000;
