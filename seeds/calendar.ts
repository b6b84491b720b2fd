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
const MINUTE = 60_000;
const SATURDAY = 6;

export function openCalendar(now: number, zone: string, random: Random): Calendar {
  const today = DateTime.fromMillis(now, { zone }).startOf('day');
  return {
    now,
    ago(days, hour = random.between(8, 16)) {
      const date = today.minus({ days });
      const workday = date.minus({ days: Math.max(0, date.weekday - SATURDAY + 1) });
      const at = workday.set({ hour, minute: random.between(0, 59), second: random.between(0, 59) }).toMillis();
      return at < now - MINUTE ? at : now - random.between(2, 40) * MINUTE;
    },
    ahead(days) {
      const date = today.plus({ days });
      const weekend = date.weekday >= SATURDAY ? 8 - date.weekday : 0;
      return date
        .plus({ days: weekend })
        .set({ hour: random.between(9, 15) })
        .toMillis();
    },
    day: (days) => today.plus({ days }).toISODate()!,
    since: (at) => Math.floor((now - at) / DAY),
  };
}
