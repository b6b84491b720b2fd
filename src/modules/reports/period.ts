import { DateTime } from 'luxon';
import type { Ctx, Tenant } from '#src/kernel/context.ts';
import { badRequest } from '#src/kernel/errors.ts';
import { formatDate, isDate } from '#src/kernel/fields/dates.ts';
import { one, type RawQuery } from '#src/kernel/list_query.ts';

/** Whole days of the tenant's zone, both ends included, as ISO dates. */
export interface Days {
  from: string;
  to: string;
}

export interface Period {
  /** '' when the days were given one by one */
  preset: PresetName | '';
  /** null: all time */
  days: Days | null;
  /** what the figures are compared with */
  compare: Compare;
  /** the days they are compared with; null: nothing to compare with */
  before: Days | null;
}

const COMPARES = { preceding: 'The days before', year: 'A year earlier', none: 'Nothing' } as const;
export type Compare = keyof typeof COMPARES;
export const COMPARE_NAMES = Object.keys(COMPARES) as Compare[];
export const compareLabel = (name: Compare): string => COMPARES[name];

const PRESETS = {
  'this-month': 'This month',
  'last-month': 'Last month',
  'this-quarter': 'This quarter',
  'last-quarter': 'Last quarter',
  'this-year': 'This year',
  'last-year': 'Last year',
  'last-12-months': 'Last 12 months',
  'all-time': 'All time',
} as const;
export type PresetName = keyof typeof PRESETS;
export const PRESET_NAMES = Object.keys(PRESETS) as PresetName[];

/** 'This fiscal year' where the company's year does not begin in January. */
export const presetLabel = (name: PresetName, { fiscal_year_start }: Pick<Tenant, 'fiscal_year_start'>): string =>
  fiscal_year_start === 1 ? PRESETS[name] : PRESETS[name].replace(/(quarter|year)$/, 'fiscal $1');

const DEFAULT: PresetName = 'last-12-months';
/** The calendar of PostgreSQL and of ISO dates begins here, so nothing can be compared with what lies before. */
const FIRST_DAY = '0001-01-01';

const iso = (day: DateTime): string => day.toISODate() ?? FIRST_DAY;
const utc = (day: string): DateTime => DateTime.fromISO(day, { zone: 'utc' });

/** As many days again, ending the day before; null when the calendar does not reach back that far. */
export function precedingDays({ from, to }: Days): Days | null {
  const length = utc(to).diff(utc(from), 'days').days;
  const end = utc(from).minus({ days: 1 });
  const begin = end.minus({ days: length });
  return begin.year < 1 ? null : { from: iso(begin), to: iso(end) };
}

/** The same days a year earlier; 29 February becomes the 28th. */
export function yearEarlier({ from, to }: Days): Days | null {
  const begin = utc(from).minus({ years: 1 });
  return begin.year < 1 ? null : { from: iso(begin), to: iso(utc(to).minus({ years: 1 })) };
}

/** First day of the fiscal quarter or year that a day falls into. @param first month in which the year begins, from 1 */
export function fiscalStart(day: DateTime, unit: 'quarter' | 'year', first: number): DateTime {
  const months = (day.month - first + 12) % 12;
  return day.startOf('month').minus({ months: unit === 'year' ? months : months % 3 });
}

/** The days of a preset. Quarters and years are those of the fiscal calendar; what is not over yet ends today. */
function presetDays(name: PresetName, today: DateTime, first: number): Days | null {
  const last = today.minus({ months: 1 });
  const start = (unit: 'quarter' | 'year') => fiscalStart(today, unit, first);
  const gone = (unit: 'quarter' | 'year', months: number) => ({
    from: iso(start(unit).minus({ months })),
    to: iso(start(unit).minus({ days: 1 })),
  });
  switch (name) {
    case 'this-month':
      return { from: iso(today.startOf('month')), to: iso(today) };
    case 'last-month':
      return { from: iso(last.startOf('month')), to: iso(last.endOf('month')) };
    case 'this-quarter':
      return { from: iso(start('quarter')), to: iso(today) };
    case 'last-quarter':
      return gone('quarter', 3);
    case 'this-year':
      return { from: iso(start('year')), to: iso(today) };
    case 'last-year':
      return gone('year', 12);
    case 'last-12-months':
      return { from: iso(yearBefore(today)), to: iso(today) };
    case 'all-time':
      return null;
  }
}

/** The first of twelve months that end on this day: 21 Nov 2026 -> 22 Nov 2025. */
const yearBefore = (day: DateTime): DateTime => day.minus({ years: 1 }).plus({ days: 1 });

function day(query: RawQuery, name: string): string {
  const text = one(query, name);
  if (!text) return '';
  if (isDate(text)) return text;
  const typed = text.slice(0, 30);
  throw badRequest(
    /^\d{4}-\d{2}-\d{2}$/.test(typed)
      ? `"${name}": the date ${typed} does not exist. Choose another day.`
      : `"${name}": "${typed}" is not a date. Write it as 2026-04-03.`,
  );
}

/** What the figures of some days are compared with. */
export function comparedDays(days: Days | null, compare: Compare): Days | null {
  if (!days || compare === 'none') return null;
  return compare === 'year' ? yearEarlier(days) : precedingDays(days);
}

/** One of the words an address may say. @throws 400 */
function word<T extends string>(query: RawQuery, name: string, offered: readonly T[], fallback: T): T {
  const text = one(query, name) || fallback;
  if (offered.includes(text as T)) return text as T;
  throw badRequest(`There is no ${name} "${text.slice(0, 30)}". Use one of: ${offered.join(', ')}.`);
}

/**
 * The period an address asks for: `from` and `to`, or `period` with the name of a preset, else the last 12 months; and what
 * it is compared with. An end that is missing is today, a beginning that is missing lies 12 months before the end.
 * @param now the instant that decides which day is today in the tenant's zone
 * @throws 400
 */
export function readPeriod(ctx: Pick<Ctx, 'tenant'>, query: RawQuery, now: DateTime = DateTime.now()): Period {
  const today = now.setZone(ctx.tenant.time_zone);
  const [from, to] = [day(query, 'from'), day(query, 'to')];
  const compare = word(query, 'compare', COMPARE_NAMES, 'preceding');
  if (from || to) {
    const end = to || iso(today);
    const days = { from: from || iso(yearBefore(utc(end))), to: end };
    if (days.from > days.to) {
      const until = to ? `ends on ${days.to}` : `ends today, ${days.to}`;
      throw badRequest(`The period begins on ${days.from} but ${until}. Let "from" be the earlier day.`);
    }
    return { preset: '', days, compare, before: comparedDays(days, compare) };
  }
  const preset = word(query, 'period', PRESET_NAMES, DEFAULT);
  const days = presetDays(preset, today, ctx.tenant.fiscal_year_start);
  return { preset, days, compare, before: comparedDays(days, compare) };
}

/** '22 Nov 2025 – 21 Nov 2026' */
export const daysText = (days: Days | null, locale: { locale: string }): string => {
  if (!days) return 'All time';
  const [from, to] = [formatDate(days.from, locale), formatDate(days.to, locale)];
  return from === to ? from : `${from} – ${to}`;
};

/** What stands in an address for the period; the default needs no words. */
export function periodState({ preset, days, compare }: Period): Record<string, string> {
  const compared: Record<string, string> = compare === 'preceding' ? {} : { compare };
  if (!preset) return { ...days, ...compared };
  return preset === DEFAULT ? compared : { period: preset, ...compared };
}

/** 'The fiscal year begins in April.' */
export function calendarText({
  fiscal_year_start: first,
  locale,
}: Pick<Tenant, 'fiscal_year_start' | 'locale'>): string {
  if (first === 1) return 'Months, quarters and years are those of the calendar.';
  const month = DateTime.fromObject({ year: 2001, month: first }, { zone: 'utc' }).setLocale(locale).toFormat('LLLL');
  return `Quarters and years are those of the fiscal calendar, which begins in ${month}.`;
}

/** Every month that days touch, as '2026-11', with those of its days that lie inside. */
export function monthsOf({ from, to }: Days): { month: string; days: Days }[] {
  const found: { month: string; days: Days }[] = [];
  for (let first = utc(from).startOf('month'); iso(first) <= to; first = first.plus({ months: 1 })) {
    const last = iso(first.endOf('month'));
    const days = { from: iso(first) < from ? from : iso(first), to: last > to ? to : last };
    found.push({ month: iso(first).slice(0, 7), days });
  }
  return found;
}

/** '2026-11' -> 'Nov 2026' */
export const monthText = (month: string, { locale }: Pick<Tenant, 'locale'>): string =>
  utc(`${month}-01`).setLocale(locale).toFormat('LLL yyyy');
