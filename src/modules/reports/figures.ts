import type { Ctx } from '#src/kernel/context.ts';
import type { Cell, ListColumn, Tone } from '#src/kernel/views.ts';
import type { ChartData, ReportTile, ReportView } from '#src/kernel/views_pages.ts';
import { type Change, change, changeText, formatCount, fromHundredths, hundredths } from './amounts.ts';
import { type Period, periodState } from './period.ts';
import type { Column, Question, Report } from './report.ts';
import { count, money, numeric, type Value, valueCell, valueText } from './value.ts';

/** Address of a report in a state. `more` overrides; null drops. */
export function reportAddress(
  report: Pick<Report, 'slug' | 'default_sort' | 'days' | 'standing'>,
  question: Question,
  more: Record<string, string | null> = {},
  ending = '',
): string {
  const sort = `${question.descending ? '-' : ''}${question.sort}`;
  const state: Record<string, string | null> = {
    ...(report.standing ? {} : periodState(question.period)),
    user: question.user?.id ?? null,
    ...(report.days && { [report.days.name]: question.days === report.days.initial ? null : String(question.days) }),
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
    const descending = sorted ? !question.descending : numeric(kind);
    const sort = `${descending ? '-' : ''}${name}`;
    return {
      name,
      label,
      numeric: numeric(kind),
      sort_href: reportAddress(report, question, { sort: sort === report.default_sort ? null : sort }),
      sorted: sorted ? (question.descending ? 'descending' : 'ascending') : '',
    };
  });
}

/** An amount with the list behind it; `href` is '' where there is none. */
export const moneyCell = (ctx: Ctx, amount: string, currency: string, href: string): Cell =>
  valueCell(ctx, money(amount, currency, href));

/** A number of records with the list behind it. */
export const countCell = (ctx: Ctx, number: number, href: string): Cell => valueCell(ctx, count(number, href));

/** 'in the 365 days before', 'in the same days a year earlier' */
function spanBefore({ days, compare }: Period): string {
  if (compare === 'year') return 'in the same days a year earlier';
  const { from, to } = days ?? { from: '', to: '' };
  const length = Math.round((Date.parse(to) - Date.parse(from)) / 86_400_000) + 1;
  return length === 1 ? 'on the day before' : `in the ${length} days before`;
}

interface Figure {
  label: string;
  now: Value;
  /** null: there is nothing it could be compared with */
  before: Value | null;
  /** more of it is good news, or bad news: then the change has a colour */
  wanted?: 'more' | 'less';
  /** 'at the end of 31 Oct 2026', where it is not of the days the period is compared with */
  span?: string;
  /** what stands there instead of the value in words */
  text?: string;
}

const TONES: Record<Change['direction'], Record<'more' | 'less', Tone>> = {
  up: { more: 'green', less: 'red' },
  down: { more: 'red', less: 'green' },
  flat: { more: 'neutral', less: 'neutral' },
};

/** How a figure changed, in words: rates by points, days by days, everything else by per cent. */
function changed(ctx: Ctx, { now, before }: Figure, span: string): { change: Change; text: string } {
  const [a, b] = [hundredths(now.value ?? '0'), hundredths(before?.value ?? '0')];
  const relative = change(a, b);
  if (now.value === null || !before || before.value === null) return { change: relative, text: '' };
  if (now.kind !== 'rate' && now.kind !== 'days')
    return { change: relative, text: changeText(relative, span, ctx.tenant) };
  if (a === b) return { change: relative, text: `as much as ${span}` };
  const size = fromHundredths(a > b ? a - b : b - a);
  const unit = now.kind === 'rate' ? 'points' : 'days';
  const number = valueText(ctx, { ...now, kind: 'days', value: size });
  return { change: relative, text: `${number} ${unit} ${a > b ? 'more' : 'less'} than ${span}` };
}

/** A tile with the change against the days it is compared with. */
export function tile(ctx: Ctx, { period }: Pick<Question, 'period'>, figure: Figure): ReportTile {
  const { change, text } = changed(ctx, figure, figure.span ?? (period.before ? spanBefore(period) : ''));
  return {
    label: figure.label,
    figure: figure.text ?? valueText(ctx, figure.now),
    href: figure.now.href,
    change: period.before ? text : '',
    direction: change.direction,
    // From nothing to something is neither good nor bad news.
    tone: figure.wanted && change.per_mille !== null && text ? TONES[change.direction][figure.wanted] : 'neutral',
  };
}

/** Tiles of some figures of a period. @param shown figure -> what it is called, and whether more or less of it is good */
export const tilesOf = <K extends string>(
  ctx: Ctx,
  question: Pick<Question, 'period'>,
  now: Record<K, Value>,
  before: Record<K, Value>,
  shown: Partial<Record<K, readonly [label: string, wanted?: 'more' | 'less']>>,
): ReportTile[] =>
  (Object.entries(shown) as [K, readonly [string, ('more' | 'less')?]][]).map(([key, [label, wanted]]) =>
    tile(ctx, question, { label, now: now[key], before: before[key], ...(wanted && { wanted }) }),
  );

/** A chart for the page; drawn from JSON, described in words for whoever does not see it. */
export const chart = (title: string, text: string, data: ChartData): ReportView['charts'][number] => ({
  title,
  text,
  json: JSON.stringify(data),
});

/** Figures as a chart draws them: what they say, and what lies behind each. */
export const seriesOf = (ctx: Ctx, label: string, values: readonly Value[]): ChartData['series'][number] => ({
  label,
  values: values.map(({ value }) => Number(value ?? 0)),
  texts: values.map((value) => valueText(ctx, value)),
  hrefs: values.map(({ href }) => href),
});

/** A chart of one series whose bars, points or shares lead to the lists behind them; `ends`: whether each says its value. */
export const chartOf = (
  ctx: Ctx,
  title: string,
  kind: ChartData['kind'],
  labels: string[],
  label: string,
  values: Value[],
  ends = true,
): ReportView['charts'][number] => {
  const series = seriesOf(ctx, label, values);
  return chart(title, `${title}: ${labels.map((one, i) => `${one} ${series.texts[i]}`).join('; ')}.`, {
    kind,
    labels,
    series: [series],
    ...(!ends && { ends: [] }),
  });
};

/** Several series on top of each other, each with the lists behind its parts. */
export function stacksOf(title: string, labels: string[], series: ChartData['series']): ReportView['charts'][number] {
  const said = labels.map(
    (label, i) => `${label}: ${series.map((one) => `${one.texts[i]} ${one.label.toLowerCase()}`).join(', ')}`,
  );
  return chart(title, `${title}. ${said.join('; ')}.`, { kind: 'stacks', labels, series });
}

/** '14 rows, all of them.' */
export function rowsNote(ctx: Pick<Ctx, 'tenant'>, shown: number, all: number): string {
  if (all === 0) return '';
  if (shown < all) {
    const [some, every] = [formatCount(shown, ctx.tenant), formatCount(all, ctx.tenant)];
    return `The first ${some} of ${every} rows; the totals are of all of them. Excel and CSV hold every row.`;
  }
  return all === 1 ? 'One row.' : `${formatCount(all, ctx.tenant)} rows, all of them.`;
}
