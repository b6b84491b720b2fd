import { DateTime } from 'luxon';
import type { Ctx } from '#src/kernel/context.ts';
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
  /** as many days right before; null: nothing to compare with */
  before: Days | null;
}

const PRESETS = {
  'this-month': 'This month',
  'last-month': 'Last month',
  'this-quarter': 'This quarter',
  'this-year': 'This year',
  'last-12-months': 'Last 12 months',
  'all-time': 'All time',
} as const;
export type PresetName = keyof typeof PRESETS;
export const PRESET_NAMES = Object.keys(PRESETS) as PresetName[];
export const presetLabel = (name: PresetName): string => PRESETS[name];

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

/** The days of a preset. Months, quarters and years are those of the calendar and end today, except the last month. */
function presetDays(name: PresetName, today: DateTime): Days | null {
  const last = today.minus({ months: 1 });
  switch (name) {
    case 'this-month':
      return { from: iso(today.startOf('month')), to: iso(today) };
    case 'last-month':
      return { from: iso(last.startOf('month')), to: iso(last.endOf('month')) };
    case 'this-quarter':
      return { from: iso(today.startOf('quarter')), to: iso(today) };
    case 'this-year':
      return { from: iso(today.startOf('year')), to: iso(today) };
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

/**
 * The period an address asks for: `from` and `to`, or `period` with the name of a preset, else the last 12 months. An end
 * that is missing is today, a beginning that is missing lies 12 months before the end.
 * @param now the instant that decides which day is today in the tenant's zone
 * @throws 400
 */
export function readPeriod(ctx: Pick<Ctx, 'tenant'>, query: RawQuery, now: DateTime = DateTime.now()): Period {
  const today = now.setZone(ctx.tenant.time_zone);
  const [from, to] = [day(query, 'from'), day(query, 'to')];
  if (from || to) {
    const end = to || iso(today);
    const days = { from: from || iso(yearBefore(utc(end))), to: end };
    if (days.from > days.to) {
      const until = to ? `ends on ${days.to}` : `ends today, ${days.to}`;
      throw badRequest(`The period begins on ${days.from} but ${until}. Let "from" be the earlier day.`);
    }
    return { preset: '', days, before: precedingDays(days) };
  }
  const name = one(query, 'period') || DEFAULT;
  if (!Object.hasOwn(PRESETS, name)) {
    throw badRequest(`There is no period "${name.slice(0, 30)}". Use one of: ${PRESET_NAMES.join(', ')}.`);
  }
  const preset = name as PresetName;
  const days = presetDays(preset, today);
  return { preset, days, before: days && precedingDays(days) };
}

/** '22 Nov 2025 – 21 Nov 2026' */
export const daysText = (days: Days | null, locale: { locale: string }): string => {
  if (!days) return 'All time';
  const [from, to] = [formatDate(days.from, locale), formatDate(days.to, locale)];
  return from === to ? from : `${from} – ${to}`;
};

/** What stands in an address for the period; the default needs no words. */
export function periodState(period: Period): Record<string, string> {
  if (!period.preset) return { ...(period.days ?? {}) };
  return period.preset === DEFAULT ? {} : { period: period.preset };
}
