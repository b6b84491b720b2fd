import { DateTime } from 'luxon';
import { type Ctx, can, demand } from '#src/kernel/context.ts';
import { badRequest, forbidden } from '#src/kernel/errors.ts';
import { UUID } from '#src/kernel/fields/links.ts';
import { activePeople, input } from '#src/kernel/forms.ts';
import { one, type RawQuery } from '#src/kernel/list_query.ts';
import type { Hidden, InputView } from '#src/kernel/views.ts';
import type { ReportsView, ReportView } from '#src/kernel/views_pages.ts';
import { reportAddress } from './figures.ts';
import { COMPARE_NAMES, compareLabel, daysText, PRESET_NAMES, presetLabel, readPeriod } from './period.ts';
import { BY_USER, EXPORT } from './permissions.ts';
import type { Question, Report } from './report.ts';

/** Reads a report's address. @throws 400, and 403 for a `user` from somebody who may not ask for one */
export async function readQuestion(ctx: Ctx, report: Report, query: RawQuery): Promise<Question> {
  if (report.needs) demand(ctx, report.needs);
  const period = report.standing ? STANDING : readPeriod(ctx, query);
  const text = one(query, 'sort') || report.default_sort;
  const sort = text.replace(/^-/, '');
  const names = report.columns.map((column) => column.name);
  if (sort && !names.includes(sort)) {
    throw badRequest(`This report cannot be sorted by "${sort.slice(0, 40)}". Use one of: ${names.join(', ')}.`);
  }
  const user = await readUser(ctx, report, one(query, 'user'));
  return { period, user, days: readDays(report, query), sort, descending: text.startsWith('-') };
}

/** The period of a report that is about how things stand. */
const STANDING: Question['period'] = { preset: 'all-time', days: null, compare: 'none', before: null };

function readDays({ days }: Report, query: RawQuery): number {
  if (!days) return 0;
  const text = one(query, days.name) || String(days.initial);
  if (/^\d{1,4}$/.test(text) && Number(text) >= 1 && Number(text) <= days.most) return Number(text);
  throw badRequest(`"${days.name}" takes a whole number of days from 1 to ${days.most}.`);
}

async function readUser(ctx: Ctx, report: Report, id: string): Promise<Question['user']> {
  if (!id || !report.user_label) return null;
  if (!can(ctx, BY_USER)) {
    throw forbidden(
      'Only administrators and managers may look at one person’s figures. Remove "user" from the address.',
    );
  }
  if (!UUID.test(id)) throw badRequest(`"user" takes the id of a person, and "${id.slice(0, 40)}" is none.`);
  const [person] = (await ctx.db.from('users', 'users', 'report.user').select('name').where({ id })) as {
    name: string;
  }[];
  // Nobody here has this id: an answer with nothing in it, as for anybody who owns nothing.
  return { id, name: person?.name ?? 'nobody known here' };
}

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
  const people = await activePeople(ctx);
  if (user && !people.some(({ id }) => id === user.id)) people.push({ id: user.id, title: user.name });
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

/** What a printed page needs to be understood away from the screen. */
function titleBlock(ctx: Ctx, report: Report, { period, user, days }: Question): ReportView['title_block'] {
  const now = DateTime.now().setZone(ctx.tenant.time_zone).setLocale(ctx.tenant.locale);
  return [
    { label: 'Company', value: ctx.tenant.name },
    ...(report.standing ? [] : [{ label: 'Period', value: daysText(period.days, ctx.tenant) }]),
    ...(period.before ? [{ label: 'Compared with', value: daysText(period.before, ctx.tenant) }] : []),
    ...(report.days ? [{ label: report.days.label, value: String(days) }] : []),
    ...(report.user_label && can(ctx, BY_USER) ? [{ label: report.user_label, value: user?.name ?? 'Everyone' }] : []),
    { label: 'Time zone', value: ctx.tenant.time_zone },
    { label: 'As of', value: `${now.toLocaleString(DateTime.DATETIME_MED)} ${now.offsetNameShort ?? ''}`.trim() },
    { label: 'Printed by', value: ctx.actor.name },
  ];
}

/** A report's whole page. */
export async function reportView(ctx: Ctx, report: Report, question: Question): Promise<ReportView> {
  const plain = { from: null, to: null };
  const parts = await report.page(ctx, question);
  const address = (ending: string) => reportAddress(report, question, {}, ending);
  return {
    heading: report.title,
    text: report.says,
    back_href: '/reports',
    title_block: titleBlock(ctx, report, question),
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
  };
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
