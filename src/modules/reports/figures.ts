import type { Ctx } from '#src/kernel/context.ts';
import { cell } from '#src/kernel/fields/field.ts';
import { formatMoney } from '#src/kernel/fields/numbers.ts';
import type { Cell, ListColumn, Tone } from '#src/kernel/views.ts';
import type { ChartData, ReportTile, ReportView } from '#src/kernel/views_pages.ts';
import { type Change, change, changeText, formatCount, hundredths } from './amounts.ts';
import { type Days, type Period, periodState } from './period.ts';
import type { Column, Question, Report } from './report.ts';

/** Address of a report in a state. `more` overrides; null drops. */
export function reportAddress(
  report: Pick<Report, 'slug' | 'default_sort'>,
  question: Question,
  more: Record<string, string | null> = {},
  ending = '',
): string {
  const sort = `${question.descending ? '-' : ''}${question.sort}`;
  const state: Record<string, string | null> = {
    ...periodState(question.period),
    user: question.user?.id ?? null,
    sort: sort === report.default_sort ? null : sort,
    ...more,
  };
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(state)) if (value) query.set(name, value);
  const text = query.toString();
  return `/reports/${report.slug}${ending}${text ? `?${text}` : ''}`;
}

/** What the period is called in the address of a list, which narrows by the day of an instant. */
export const periodOfList = ({ days }: Period, field: string): Record<string, string> =>
  days ? { [`${field}__from`]: days.from, [`${field}__to`]: days.to } : {};

/** A list of records in a state; the widest scope, because a report sums over all that its reader may see. */
export const listOf = (table: string, state: Record<string, string>): string =>
  `/${table}?${new URLSearchParams({ ...state, scope: 'all' })}`.replaceAll('%2C', ',');

/** Heads of a report's table; a first click on a figure puts the largest on top. */
export function tableHeads(
  report: Pick<Report, 'slug' | 'default_sort' | 'columns'>,
  question: Question,
): ListColumn[] {
  return report.columns.map(({ name, label, kind }: Column) => {
    const sorted = question.sort === name;
    const descending = sorted ? !question.descending : kind !== 'name';
    const sort = `${descending ? '-' : ''}${name}`;
    return {
      name,
      label,
      numeric: kind !== 'name',
      sort_href: reportAddress(report, question, { sort: sort === report.default_sort ? null : sort }),
      sorted: sorted ? (question.descending ? 'descending' : 'ascending') : '',
    };
  });
}

/** What stands where there is nothing: no list is behind it, and the eye passes over it. */
const NIL = '–';

/** An amount with the list behind it; `href` is '' where there is none. */
export const moneyCell = (ctx: Ctx, amount: string, currency: string, href: string): Cell =>
  hundredths(amount) === 0n
    ? cell('number', NIL, { title: `0.00 ${currency}` })
    : cell('number', formatMoney(amount, currency, ctx.tenant), { href, title: `${amount} ${currency}` });

/** A number of records with the list behind it. */
export const countCell = (ctx: Ctx, count: number, href: string): Cell =>
  count === 0
    ? cell('number', NIL, { title: '0' })
    : cell('number', formatCount(count, ctx.tenant), { href, title: String(count) });

/** 'the 365 days before' */
function spanBefore({ from, to }: Days): string {
  const length = Math.round((Date.parse(to) - Date.parse(from)) / 86_400_000) + 1;
  return length === 1 ? 'the day before' : `the ${length} days before`;
}

interface Figure {
  label: string;
  /** decimal text of the amount, or of the number */
  now: string;
  before: string;
  text: string;
  href: string;
  /** more of it is good news: then the change has a colour */
  wanted: boolean;
}

const TONES: Record<Change['direction'], Tone> = { up: 'green', down: 'red', flat: 'neutral' };

/** A tile with the change against the period before. */
export function tile(ctx: Ctx, { period }: Question, figure: Figure): ReportTile {
  const changed = change(hundredths(figure.now), hundredths(figure.before));
  return {
    label: figure.label,
    figure: figure.text,
    href: hundredths(figure.now) === 0n ? '' : figure.href,
    change: period.before && period.days ? changeText(changed, spanBefore(period.days), ctx.tenant) : '',
    direction: changed.direction,
    // From nothing to something is neither good nor bad news.
    tone: figure.wanted && changed.per_mille !== null ? TONES[changed.direction] : 'neutral',
  };
}

/** A chart for the page; drawn from JSON, described in words for whoever does not see it. */
export const chart = (title: string, text: string, data: ChartData): ReportView['charts'][number] => ({
  title,
  text,
  json: JSON.stringify(data),
});

/** '14 rows, all of them.' */
export function rowsNote(ctx: Ctx, shown: number, all: number): string {
  if (all === 0) return '';
  if (shown < all) {
    const [some, every] = [formatCount(shown, ctx.tenant), formatCount(all, ctx.tenant)];
    return `The first ${some} of ${every} rows; the totals are of all of them. Excel and CSV hold every row.`;
  }
  return all === 1 ? 'One row.' : `${formatCount(all, ctx.tenant)} rows, all of them.`;
}
