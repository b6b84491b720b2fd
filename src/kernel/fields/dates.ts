import { DateTime } from 'luxon';
import { z } from 'zod';
import {
  brief,
  cached,
  cell,
  clean,
  control,
  type Field,
  type FieldOptions,
  type Locale,
  value,
  written,
  wrong,
} from './field.ts';
import { text } from './text.ts';

const ISO_DATE = /^(\d{4})-(\d{2})-(\d{2})$/;
/** A day with its month in letters. luxon takes 75 µs to say of an address that it is none, and lists are full of them. */
const WITH_MONTH = /^(\d{1,2}[ -][a-z]{3,9}[ -]\d{4}|[a-z]{3,9} \d{1,2}, \d{4})$/i;

/** Does the calendar have this day? Years 1 to 9999. */
export function isDate(iso: string): boolean {
  const found = ISO_DATE.exec(iso);
  return !!found && Number(found[1]) > 0 && DateTime.fromISO(iso, { zone: 'utc' }).isValid;
}

/** 'dmy' or 'mdy', as a locale writes 03/04/2026. */
const dayOrder = (locale: string): 'dmy' | 'mdy' | 'ymd' => {
  const order = cached(`order:${locale}`, () => new Intl.DateTimeFormat(locale))
    .formatToParts(0)
    .map((part) => part.type[0])
    .join('');
  return order.indexOf('m') < order.indexOf('d') ? (order.indexOf('y') < order.indexOf('m') ? 'ymd' : 'mdy') : 'dmy';
};

/** Reads 2026-04-03, 3.4.2026, 03/04/2026 (day first or month first as the locale writes), 3 Apr 2026. @returns ISO, or null */
export function readDate(raw: string, locale: string): string | null {
  const typed = clean(raw).replace(/[T ]00:00(:00(\.0+)?)?Z?$/, '');
  const ymd = /^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})$/.exec(typed);
  const short = /^(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})$/.exec(typed);
  let parts: (string | undefined)[] | null = null;
  if (ymd) parts = [ymd[1], ymd[2], ymd[3]];
  else if (short) {
    const monthFirst = dayOrder(locale) === 'mdy' && !typed.includes('.');
    parts = monthFirst ? [short[3], short[1], short[2]] : [short[3], short[2], short[1]];
  } else if (WITH_MONTH.test(typed)) {
    for (const pattern of ['d LLL yyyy', 'd LLLL yyyy', 'LLL d, yyyy', 'LLLL d, yyyy', 'd-LLL-yyyy']) {
      const date = DateTime.fromFormat(typed, pattern, { locale: 'en', zone: 'utc' });
      if (date.isValid && date.year > 0) return date.toISODate();
    }
  }
  if (!parts) return null;
  const iso = `${parts[0]}-${parts[1]?.padStart(2, '0')}-${parts[2]?.padStart(2, '0')}`;
  return isDate(iso) ? iso : null;
}

/** '2026-04-03' as '3 Apr 2026'. */
export function formatDate(iso: string, { locale }: Pick<Locale, 'locale'>): string {
  const format = () => new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeZone: 'UTC' });
  return written(iso + locale, () => cached(`date:${locale}`, format).format(new Date(`${iso}T00:00:00Z`)));
}

export function date(options: FieldOptions = {}): Field {
  return {
    ...text(options),
    kind: 'date',
    options,
    schema: z.string().refine(isDate, 'Enter a date that exists, as 2026-04-03.') as z.ZodType<string>,
    fromText(raw, { locale }) {
      const iso = readDate(raw, locale);
      const typed = brief(clean(raw), 30);
      if (iso) return value(iso);
      return wrong(
        /^\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}$/.test(typed)
          ? `The date ${typed} does not exist.`
          : `"${typed}" is not a date. Write it as 2026-04-03.`,
      );
    },
    toCell: (stored, locale) =>
      stored ? cell('date', formatDate(String(stored), locale), { title: String(stored) }) : cell('empty', ''),
    input: control('date'),
    filter: 'range',
    sql: { type: 'date', empty: `'-infinity'::date` },
    excel: 'date',
  };
}

/** PostgreSQL's text of an instant as ISO 8601 has it. */
const isoText = (stored: string): string => stored.replace(' ', 'T').replace(/([+-]\d\d)$/, '$1:00');

/** PostgreSQL's or ISO text of an instant -> luxon in the tenant's zone. */
export const instant = (stored: string, zone: string): DateTime =>
  DateTime.fromISO(isoText(stored), { zone: 'utc' }).setZone(zone);

/** An instant as people read it: relative when near, else the day; the exact time goes into `title`. */
export function formatInstant(stored: string, { locale, time_zone }: Locale, now = DateTime.now()): [string, string] {
  // Intl directly: luxon makes a formatter per call to name the zone, which cost a record page a fifth of its time.
  const at = Date.parse(isoText(stored));
  const zoned = (key: string, options: Intl.DateTimeFormatOptions) =>
    cached(`${key}:${locale}:${time_zone}`, () => new Intl.DateTimeFormat(locale, { ...options, timeZone: time_zone }));
  const exact = [
    zoned('instant', { dateStyle: 'medium', timeStyle: 'short' }).format(at),
    zoneName(at, locale, time_zone),
  ];
  const title = exact.join(' ').trim();
  const minutes = (now.toMillis() - at) / 60_000;
  if (Math.abs(minutes) < 1) return ['just now', title];
  if (Math.abs(minutes) < 7 * 24 * 60) return [relative(minutes), title];
  return [zoned('day', { dateStyle: 'medium' }).format(at), title];
}

/** 'CET' */
const zoneName = (at: number, locale: string, zone: string): string =>
  cached(`zone:${locale}:${zone}`, () => new Intl.DateTimeFormat(locale, { timeZone: zone, timeZoneName: 'short' }))
    .formatToParts(at)
    .find((part) => part.type === 'timeZoneName')?.value ?? '';

const AGO = new Intl.RelativeTimeFormat('en');

/** '2 hours ago', 'in 3 days', from minutes past. */
function relative(minutes: number): string {
  const [size, unit] =
    Math.abs(minutes) < 60 ? [1, 'minute'] : Math.abs(minutes) < 24 * 60 ? [60, 'hour'] : [1440, 'day'];
  return AGO.format(-Math.trunc(minutes / (size as number)), unit as 'minute');
}

/** The years that dates have here, so that what is stored can be shown again. */
const inRange = (at: DateTime): boolean => at.isValid && at.toUTC().year >= 1 && at.toUTC().year <= 9999;

/** A time of the wall clock; the first of two where the clocks go back, whatever the season of the server. */
function wallTime(iso: string, zone: string): DateTime {
  const at = DateTime.fromISO(iso, { zone });
  return (at.isValid && DateTime.min(...at.getPossibleOffsets())) || at;
}

/** An instant; typed in the tenant's zone, stored as timestamptz. */
export function timestamp(options: FieldOptions = {}): Field {
  return {
    ...text(options),
    kind: 'timestamp',
    options,
    schema: z.iso
      .datetime({ offset: true, message: 'Enter a time as 2026-04-03T10:30:00Z.' })
      .refine((text) => inRange(DateTime.fromISO(text)), 'Enter a time of the years 1 to 9999.') as z.ZodType<string>,
    fromText(raw, { locale, time_zone }) {
      const typed = clean(raw);
      const [day = '', time = '00:00'] = typed.split(/[T ]+/, 2);
      const iso = readDate(day, locale) ?? readDate(typed, locale);
      const at = iso ? wallTime(`${iso}T${readDate(typed, locale) ? '00:00' : time}`, time_zone) : null;
      return at && inRange(at)
        ? value(at.toUTC().toISO())
        : wrong(`"${brief(typed, 40)}" is not a time. Write it as 2026-04-03 10:30.`);
    },
    toText: (stored, { time_zone }) =>
      stored ? instant(String(stored), time_zone).toFormat("yyyy-MM-dd'T'HH:mm") : '',
    toCell(stored, locale) {
      if (!stored) return cell('empty', '');
      const [shown, exact] = formatInstant(String(stored), locale);
      return cell('date', shown, { title: exact });
    },
    input: control('datetime-local'),
    filter: 'range',
    sql: { type: 'timestamptz', empty: `'-infinity'::timestamptz` },
    excel: 'timestamp',
  };
}
