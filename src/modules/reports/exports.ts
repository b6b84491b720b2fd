import type { Writable } from 'node:stream';
import { DateTime } from 'luxon';
import { audit } from '#src/kernel/audit.ts';
import type { Ctx } from '#src/kernel/context.ts';
import { badRequest } from '#src/kernel/errors.ts';
import { type ExportCell, type Table, writeCsv, writeXlsx } from '#src/kernel/export.ts';
import { one } from '#src/kernel/list_query.ts';
import { type Handler, type Input, stream } from '#src/kernel/routes.ts';
import { withTenant } from '#src/kernel/tenant_db.ts';
import { askNow, PATIENCE, roomy } from './kept.service.ts';
import { reportView } from './page.ts';
import { customaryPaper, SIZES, type Size } from './pdf/size.ts';
import { readQuestion } from './question.ts';
import type { Question, Report } from './report.ts';
import { aboutTable, chartTables } from './workbook.ts';

const TYPES = {
  pdf: 'application/pdf',
  xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
  csv: 'text/csv; charset=utf-8',
};
type Format = keyof typeof TYPES;
/** What a report can be taken along as: the endings of its address. */
export const FORMATS = Object.keys(TYPES) as Format[];

/** The table with a last line that says how many rows there are, so that a cut file is noticed. */
function withCount(table: Table): Table {
  async function* rows() {
    let count = 0;
    for await (const batch of table.rows) {
      count += batch.length;
      yield batch;
    }
    const last: ExportCell[] = table.columns.map(() => null);
    last[0] = count === 1 ? '1 row' : `${count} rows`;
    yield [last];
  }
  return { ...table, rows: rows(), filter: 'above the last row' };
}

function fileName(ctx: Ctx, report: Report, { period }: Question, format: Format): string {
  const today = () => DateTime.now().setZone(ctx.tenant.time_zone).toISODate();
  const days = period.days ? `${period.days.from}-to-${period.days.to}` : report.standing ? today() : 'all-time';
  return `${report.slug}-${days}.${format}`;
}

/** `paper` of an address, else what is customary where the company is. @throws 400 */
function readPaper({ tenant }: Ctx, { query }: Input): Size {
  const name = one(query, 'paper').toLowerCase();
  if (!name) return customaryPaper(tenant.locale);
  if (Object.hasOwn(SIZES, name)) return name as Size;
  throw badRequest(`There is no paper "${name.slice(0, 20)}". Use one of: ${Object.keys(SIZES).join(', ')}.`);
}

async function write(ctx: Ctx, input: Input, report: Report, question: Question, format: Format, out: Writable) {
  if (format === 'csv') {
    await roomy(ctx, PATIENCE.asked);
    return writeCsv(withCount(await report.table(ctx, question)), out);
  }
  // Of now, as its rows are: a file must add up.
  const view = await reportView(ctx, report, question, await askNow(ctx, report, question, 'page'));
  if (format === 'xlsx') {
    const data = withCount(await report.table(ctx, question));
    return writeXlsx([data, ...chartTables(view), aboutTable(view)], out);
  }
  const print = { view, size: readPaper(ctx, input), origin: input.platform.origin() };
  // What draws it is large and seldom needed.
  const { writePdf } = await import('./pdf.ts');
  return writePdf(ctx, { ...print, table: () => report.table(ctx, question) }, out);
}

/** Answers with a report as a file: every row, by the same statement as the page, and noted in the audit trail. */
export const download =
  (report: Report, format: Format): Handler =>
  async (ctx, input) => {
    const question = await readQuestion(ctx, report, input.query);
    if (format === 'pdf') readPaper(ctx, input);
    await audit(ctx, 'exported', { entity: 'report', title: `${format} of ${input.url}` });
    return stream(TYPES[format], fileName(ctx, report, question, format), (out) =>
      withTenant(
        input.platform.pools.app,
        ctx.tenant.id,
        (db) => write({ ...ctx, db }, input, report, question, format, out),
        1,
      ),
    );
  };
