import { DateTime } from 'luxon';
import { type Ctx, can } from '#src/kernel/context.ts';
import { activePeople, input } from '#src/kernel/forms.ts';
import type { Hidden, InputView } from '#src/kernel/views.ts';
import type { ReportsView, ReportView } from '#src/kernel/views_pages.ts';
import { reportAddress } from './figures.ts';
import type { Kept } from './kept.service.ts';
import { COMPARE_NAMES, compareLabel, daysText, PRESET_NAMES, presetLabel } from './period.ts';
import { BY_USER, EXPORT } from './permissions.ts';
import type { Parts, Question, Report } from './report.ts';

/** Says in an address that whoever asks was told to wait. */
export const WAITING = 'waiting';

/** A control beside others on a page whose fields may have the same names. */
const filter: typeof input = (control, name, label, more) =>
  input(control, name, label, { id: `filter-${name}`, ...more });

/** The controls of a report's form, as it asks for days, a number of days, a comparison, a person. */
async function controls(ctx: Ctx, report: Report, question: Question): Promise<InputView[]> {
  const { period, user } = question;
  const shown: InputView[] = [];
  if (!report.standing) {
    const compared = COMPARE_NAMES.map((name) => ({
      value: name,
      label: compareLabel(name),
      selected: name === period.compare,
    }));
    shown.push(
      filter('date', 'from', 'From', { value: period.days?.from ?? '' }),
      filter('date', 'to', 'To', { value: period.days?.to ?? '' }),
      filter('select', 'compare', 'Compare with', { value: period.compare, options: compared }),
    );
  }
  if (report.days) {
    const { name, label } = report.days;
    shown.push(filter('number', name, label, { step: '1', value: String(question.days) }));
  }
  if (!report.user_label || !can(ctx, BY_USER)) return shown;
  const active = await activePeople(ctx);
  const gone = user && !active.some(({ id }) => id === user.id) ? [{ id: user.id, title: user.name }] : [];
  const people = [...active, ...gone];
  const options = people.map(({ id, title }) => ({ value: id, label: title, selected: id === user?.id }));
  shown.push(
    filter('select', 'user', report.user_label, {
      value: user?.id ?? '',
      options: [{ value: '', label: 'Everyone', selected: !user }, ...options],
    }),
  );
  return shown;
}

/** What the form's own controls do not say, so that changing them does not lose it. */
function kept(report: Report, { period, sort, descending }: Question): Hidden[] {
  const text = `${descending ? '-' : ''}${sort}`;
  return [
    // A period with days stands in the controls; all time has none.
    ...(period.days || report.standing ? [] : [{ name: 'period', value: period.preset }]),
    ...(text === report.default_sort ? [] : [{ name: 'sort', value: text }]),
  ];
}

/** An instant as the clocks of the company show it. */
const localTime = ({ tenant }: Ctx, at: Date): DateTime =>
  DateTime.fromJSDate(at).setZone(tenant.time_zone).setLocale(tenant.locale);

/** What a printed page needs to be understood away from the screen. */
function titleBlock(
  ctx: Ctx,
  report: Report,
  { period, user, days }: Question,
  asked: Kept<unknown> | null,
): ReportView['title_block'] {
  const at = asked && localTime(ctx, asked.computed_at);
  return [
    { label: 'Company', value: ctx.tenant.name },
    ...(report.standing ? [] : [{ label: 'Period', value: daysText(period.days, ctx.tenant) }]),
    ...(period.before ? [{ label: 'Compared with', value: daysText(period.before, ctx.tenant) }] : []),
    ...(report.days ? [{ label: report.days.label, value: String(days) }] : []),
    ...(report.user_label && can(ctx, BY_USER) ? [{ label: report.user_label, value: user?.name ?? 'Everyone' }] : []),
    { label: 'Time zone', value: ctx.tenant.time_zone },
    ...(at
      ? [{ label: 'As of', value: `${at.toLocaleString(DateTime.DATETIME_MED)} ${at.offsetNameShort ?? ''}`.trim() }]
      : []),
    { label: 'Printed by', value: ctx.actor.name },
  ];
}

const NOTHING: Parts = { tiles: [], charts: [], tables: [], computed: [], note: '' };

/** A report's whole page. @param asked what it says, null while that is being computed */
export async function reportView(
  ctx: Ctx,
  report: Report,
  question: Question,
  asked: Kept<Parts> | null,
): Promise<ReportView> {
  const plain = { from: null, to: null };
  const parts = asked?.answer ?? NOTHING;
  const here = reportAddress(report, question);
  const address = (ending: string) => reportAddress(report, question, {}, ending);
  return {
    heading: report.title,
    text: report.says,
    back_href: '/reports',
    title_block: titleBlock(ctx, report, question, asked),
    action: `/reports/${report.slug}`,
    presets: (report.standing ? [] : PRESET_NAMES).map((name) => ({
      label: presetLabel(name, ctx.tenant),
      href: reportAddress(report, { ...question, period: { ...question.period, preset: name, days: null } }, plain),
      current: question.period.preset === name,
    })),
    controls: await controls(ctx, report, question),
    keep: kept(report, question),
    exports: can(ctx, EXPORT)
      ? [
          { label: 'PDF', href: address('.pdf'), icon: 'file-type-pdf' },
          { label: 'Excel', href: address('.xlsx'), icon: 'file-spreadsheet' },
          { label: 'CSV', href: address('.csv'), icon: 'download' },
        ]
      : [],
    ...parts,
    note: asked?.earlier ? `${parts.note} ${earlierText(ctx, asked)}`.trim() : parts.note,
    waiting_href: asked ? '' : `${here}${here.includes('?') ? '&' : '?'}${WAITING}=1`,
  };
}

/** Why the figures are not of this very moment. */
function earlierText(ctx: Ctx, { computed_at }: Kept<unknown>): string {
  return `Computed at ${localTime(ctx, computed_at).toLocaleString(DateTime.TIME_WITH_SECONDS)}: among this many records a report is computed at most once a minute.`;
}

/** /reports: what there is, by group. */
export function reportsView(ctx: Ctx, all: readonly Report[]): ReportsView {
  const reports = all.filter(({ needs }) => !needs || can(ctx, needs));
  const groups = [...new Set(reports.map((report) => report.group))];
  return {
    groups: groups.map((label) => ({
      label,
      reports: reports
        .filter((report) => report.group === label)
        .map(({ slug, title, says, icon }) => ({ href: `/reports/${slug}`, title, text: says, icon })),
    })),
  };
}
