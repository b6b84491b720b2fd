import { DateTime } from 'luxon';
import type { Random } from './random.ts';

/** Days counted from today in the tenant's zone, so that the story is always about now. */
export interface Calendar {
  /** Nothing has happened after this. */
  now: number;
  /** A working hour of the working day that lies about so many days back. @param hour else by chance */
  ago(days: number, hour?: number): number;
  /** A full working hour of the next working day that lies at least so many days ahead. */
  ahead(days: number): number;
  /** The day so many days from today (negative: back), as ISO text. */
  day(days: number): string;
  /** How many days ago an instant was. */
  since(at: number): number;
}

const DAY = 86_400_000;
const HOUR = 3_600_000;
const MINUTE = 60_000;
const SECOND = 1_000;
const SATURDAY = 6;

export function openCalendar(now: number, zone: string, random: Random): Calendar {
  const today = DateTime.fromMillis(now, { zone }).startOf('day');
  // Zones are slow to work out and thousands of dates are asked for, so each day is worked out once.
  const known = new Map<number, { start: number; weekday: number; iso: string }>();
  const dayAt = (days: number) => {
    const found = known.get(days);
    if (found) return found;
    const date = today.plus({ days });
    const made = { start: date.toMillis(), weekday: date.weekday, iso: date.toISODate()! };
    known.set(days, made);
    return made;
  };
  return {
    now,
    ago(days, hour = random.between(8, 16)) {
      const weekend = Math.max(0, dayAt(-days).weekday - SATURDAY + 1);
      const at = dayAt(-days - weekend).start + hour * HOUR + random.between(0, 3_599) * SECOND;
      return at < now - MINUTE ? at : now - random.between(2, 40) * MINUTE;
    },
    ahead(days) {
      const { weekday } = dayAt(days);
      const weekend = weekday >= SATURDAY ? 8 - weekday : 0;
      return dayAt(days + weekend).start + random.between(9, 15) * HOUR;
    },
    day: (days) => dayAt(days).iso,
    since: (at) => Math.floor((now - at) / DAY),
  };
}
