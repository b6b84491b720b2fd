/** Dates as Excel counts them: days since an epoch, the time of day as fraction. */

export const MILLISECONDS_PER_DAY = 86_400_000;
/** 9999-12-31 */
const LAST_DAY = 2_958_465;
/** Days between the epochs of the 1900 and the 1904 system. */
const DAYS_1904 = 1462;

export interface Moment {
  /** Day number in the 1900 system. */
  day: number;
  year: number;
  /** 1..12 */
  month: number;
  /** 1..31; 0 for serial 0, which Excel calls 1900-01-00 */
  date: number;
  /** 0 is Sunday, with Excel's own calendar before March 1900. */
  weekday: number;
  /** Milliseconds since midnight. */
  time: number;
}

/**
 * The calendar date and time of a serial number, rounded to `resolution` milliseconds, or undefined when Excel shows
 * ##### for it (before 1900 or after 9999). Serial 60 of the 1900 system is 29 February 1900: Excel keeps the leap day
 * that Lotus 1-2-3 invented, so that the user sees the same date here as there.
 */
export function momentOf(serial: number, date1904: boolean, resolution = 1): Moment | undefined {
  const total = Math.round((serial * MILLISECONDS_PER_DAY) / resolution) * resolution;
  let day = Math.floor(total / MILLISECONDS_PER_DAY);
  const time = total - day * MILLISECONDS_PER_DAY;
  if (day < 0) return undefined;
  if (date1904) day += DAYS_1904;
  if (day > LAST_DAY) return undefined;
  const weekday = (day + 6) % 7;
  if (day === 60) return { day, year: 1900, month: 2, date: 29, weekday, time };
  if (day === 0) return { day, year: 1900, month: 1, date: 0, weekday, time };
  const calendar = new Date((day > 60 ? day - 25_569 : day - 25_568) * MILLISECONDS_PER_DAY);
  return {
    day,
    year: calendar.getUTCFullYear(),
    month: calendar.getUTCMonth() + 1,
    date: calendar.getUTCDate(),
    weekday,
    time,
  };
}

/** "2021-02-03" */
export function isoDate(moment: Moment): string {
  return `${pad(moment.year, 4)}-${pad(moment.month, 2)}-${pad(moment.date, 2)}`;
}

/** "04:05:06", with ".789" when there are milliseconds */
export function isoTime(milliseconds: number): string {
  const seconds = Math.floor(milliseconds / 1000);
  const rest = milliseconds - seconds * 1000;
  const clock = `${pad(Math.floor(seconds / 3600), 2)}:${pad(Math.floor(seconds / 60) % 60, 2)}:${pad(seconds % 60, 2)}`;
  return rest === 0 ? clock : `${clock}.${pad(rest, 3)}`;
}

/** ISO 8601 duration of a serial number: 1.5 -> "PT36H" */
export function isoDuration(serial: number): string {
  const total = Math.round(Math.abs(serial) * MILLISECONDS_PER_DAY);
  const hours = Math.floor(total / 3_600_000);
  const minutes = Math.floor(total / 60_000) % 60;
  const seconds = (total % 60_000) / 1000;
  const parts = `${hours ? `${hours}H` : ''}${minutes ? `${minutes}M` : ''}${seconds ? `${seconds}S` : ''}`;
  return `${serial < 0 && total > 0 ? '-' : ''}PT${parts === '' ? '0S' : parts}`;
}

const ISO_CELL =
  /^(?:(-?\d{4,5})-(\d\d)-(\d\d))?(?:[T ]?(\d\d):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?)?(?:Z|[+-]\d\d:?\d\d)?$/;

export interface IsoCell {
  serial: number;
  hasDate: boolean;
  hasTime: boolean;
}

/**
 * Reads the value of a `t="d"` cell (ECMA-376 part 1, 18.18.11): an ISO 8601 date, time or both. A zone is ignored, as
 * Excel does: the digits are the wall clock. Undefined when it is none.
 */
export function serialOfIso(text: string, date1904: boolean): IsoCell | undefined {
  const match = ISO_CELL.exec(text.trim());
  if (!match || (match[1] === undefined && match[4] === undefined)) return undefined;
  let serial = 0;
  if (match[1] !== undefined) {
    const [year, month, date] = [Number(match[1]), Number(match[2]), Number(match[3])];
    if (year === 1900 && month === 2 && date === 29) serial = 60;
    else {
      const calendar = new Date(0);
      calendar.setUTCFullYear(year, month - 1, date);
      if (calendar.getUTCMonth() !== month - 1 || calendar.getUTCDate() !== date) return undefined;
      const days = calendar.getTime() / MILLISECONDS_PER_DAY;
      serial = days + 25_569 > 60 ? days + 25_569 : days + 25_568;
    }
    if (date1904) serial -= DAYS_1904;
  }
  const hasTime = match[4] !== undefined;
  if (hasTime) {
    const fraction = Number(`0.${match[7] ?? '0'}`);
    const seconds = Number(match[4]) * 3600 + Number(match[5]) * 60 + Number(match[6] ?? 0) + fraction;
    serial += seconds / 86_400;
  }
  return { serial, hasDate: match[1] !== undefined, hasTime };
}

export function pad(value: number, width: number): string {
  return String(value).padStart(width, '0');
}
