import { may } from '#src/kernel/access.ts';
import type { Ctx } from '#src/kernel/context.ts';
import { one } from '#src/kernel/list_query.ts';
import { json, page, Routes } from '#src/kernel/routes.ts';
import { download, FORMATS } from './exports.ts';
import { ask, askSoon } from './kept.service.ts';
import { reportsView, reportView, WAITING } from './page.ts';
import { EXPORT } from './permissions.ts';
import { readQuestion } from './question.ts';
import type { Report } from './report.ts';

/** An answer that was long to compute is kept, and a download stands in the trail. */
const KEEPS = { writes: true };

/** Pages and downloads of every report. */
export function webRoutes(reports: readonly Report[]): Routes {
  const routes = new Routes();
  routes.get('/reports', may('report.read'), async (ctx) =>
    page('reports/index', reportsView(ctx, reports), 'Reports'),
  );
  for (const report of reports) {
    const path = `/reports/${report.slug}`;
    routes.get(
      path,
      may(report.needs ?? 'report.read'),
      async (ctx: Ctx, input) => {
        const question = await readQuestion(ctx, report, input.query);
        const asked = await askSoon(ctx, report, question, one(input.query, WAITING) !== '');
        const view = await reportView(ctx, report, question, asked);
        return page('reports/report', view, view.heading);
      },
      KEEPS,
    );
    for (const format of FORMATS)
      routes.get(`${path}.${format}`, may(report.needs ?? EXPORT), download(report, format), KEEPS);
  }
  return routes;
}

/** /api/v1/reports/<slug> for programs. */
export function apiReportRoutes(reports: readonly Report[]): Routes {
  const routes = new Routes('api');
  for (const report of reports) {
    routes.get(
      `/api/v1/reports/${report.slug}`,
      may(report.needs ?? 'report.read'),
      async (ctx, input) => {
        const question = await readQuestion(ctx, report, input.query);
        const { days } = question.period;
        const period = { from: days?.from ?? null, to: days?.to ?? null, time_zone: ctx.tenant.time_zone };
        const { answer, computed_at } = await ask(ctx, report, question, 'json');
        return json({ data: { ...answer, period, computed_at: computed_at.toISOString() } });
      },
      KEEPS,
    );
  }
  return routes;
}
