import { may } from '#src/kernel/access.ts';
import { audit } from '#src/kernel/audit.ts';
import type { Ctx } from '#src/kernel/context.ts';
import { type ExportCell, type Table, writeCsv, writeXlsx } from '#src/kernel/export.ts';
import { type Handler, json, page, Routes, stream } from '#src/kernel/routes.ts';
import { withTenant } from '#src/kernel/tenant_db.ts';
import { EXPORT, readQuestion, reportsView, reportView } from './page.ts';
import type { Question, Report } from './report.ts';

const TYPES = {
  xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
  csv: 'text/csv; charset=utf-8',
};

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
  return { ...table, rows: rows() };
}

function fileName(report: Report, { period }: Question, format: string): string {
  const days = period.days ? `${period.days.from}-to-${period.days.to}` : 'all-time';
  return `${report.slug}-${days}.${format}`;
}

const download =
  (report: Report, format: keyof typeof TYPES): Handler =>
  async (ctx, input) => {
    const question = await readQuestion(ctx, report, input.query);
    await audit(ctx, 'exported', { entity: 'report', title: `${format} of ${input.url}` });
    const write = format === 'csv' ? writeCsv : writeXlsx;
    return stream(TYPES[format], fileName(report, question, format), (out) =>
      withTenant(
        input.platform.pools.app,
        ctx.tenant.id,
        async (db) => write(withCount(await report.table({ ...ctx, db }, question)), out),
        1,
      ),
    );
  };

/** Pages and downloads of every report. */
export function webRoutes(reports: readonly Report[]): Routes {
  const routes = new Routes();
  routes.get('/reports', may('report.read'), async (ctx) =>
    page('reports/index', reportsView(ctx, reports), 'Reports'),
  );
  for (const report of reports) {
    const path = `/reports/${report.slug}`;
    routes.get(path, may('report.read'), async (ctx: Ctx, input) => {
      const view = await reportView(ctx, report, await readQuestion(ctx, report, input.query));
      return page('reports/report', view, view.heading);
    });
    routes.get(`${path}.xlsx`, may(EXPORT), download(report, 'xlsx'));
    routes.get(`${path}.csv`, may(EXPORT), download(report, 'csv'));
  }
  return routes;
}

/** /api/v1/reports/<slug> for programs. */
export function apiReportRoutes(reports: readonly Report[]): Routes {
  const routes = new Routes('api');
  for (const report of reports) {
    routes.get(`/api/v1/reports/${report.slug}`, may('report.read'), async (ctx, input) => {
      const question = await readQuestion(ctx, report, input.query);
      const { days } = question.period;
      const period = { from: days?.from ?? null, to: days?.to ?? null, time_zone: ctx.tenant.time_zone };
      return json({ data: { ...(await report.json(ctx, question)), period } });
    });
  }
  return routes;
}
