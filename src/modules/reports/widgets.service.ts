import { type Ctx, can } from '#src/kernel/context.ts';
import type { ReportView } from '#src/kernel/views_pages.ts';
import { reports } from './all.ts';
import { reportAddress } from './figures.ts';
import { ask, computeBehind } from './kept.service.ts';
import { daysText, PRESET_NAMES, type PresetName, presetLabel, readPeriod } from './period.ts';
import { readQuestion } from './question.ts';
import type { Report } from './report.ts';

export { PRESET_NAMES, type PresetName };

/** What a report says about a period, without what its own page puts around it. */
export interface ReportAnswer {
  /** the report itself, asked the same */
  href: string;
  tiles: ReportView['tiles'];
  charts: ReportView['charts'];
  /** the instant its figures are of */
  computed_at: Date;
  /** computed before it was asked for, as among very many records */
  earlier: boolean;
}

/** @throws Error for a name that no report has: a mistake of ours */
export function reportNamed(slug: string): Report {
  const found = reports.find((report) => report.slug === slug);
  if (!found) throw new Error(`there is no report ${slug}`);
  return found;
}

/** Whether the reader may see a report. */
export const mayRead = (ctx: Ctx, { needs }: Report): boolean => can(ctx, 'report.read') && (!needs || can(ctx, needs));

/** Asks a report about a period by the same code as its page. @throws 403 */
export async function askReport(ctx: Ctx, report: Report, period: PresetName): Promise<ReportAnswer> {
  const question = await readQuestion(ctx, report, { period });
  const { answer, computed_at, earlier } = await ask(ctx, report, question, 'page', 0);
  return { href: reportAddress(report, question), tiles: answer.tiles, charts: answer.charts, computed_at, earlier };
}

/** Has a report that took too long computed by a worker, so that it is there when it is asked for again. */
export async function askReportLater(ctx: Ctx, report: Report, period: PresetName): Promise<void> {
  await computeBehind(ctx, report, await readQuestion(ctx, report, { period }), 'page');
}

/** 'This quarter', as the company's calendar has it. */
export const periodLabel = (ctx: Ctx, name: PresetName): string => presetLabel(name, ctx.tenant);

/** '1 Oct 2026 – 21 Nov 2026'. @throws 400 for a name that is none */
export const periodDays = (ctx: Ctx, name: string): { name: PresetName; days: string } => {
  const { preset, days } = readPeriod(ctx, { period: name });
  return { name: preset as PresetName, days: daysText(days, ctx.tenant) };
};
