/** What the pages of this module are given. As in src/kernel/views.ts, all is final text. */

import type { Action, Cell, FormView, Link } from '#src/kernel/views.ts';

/** A line of a day: a task, or a follow-up somebody promised. */
export interface DayRow {
  id: string;
  title: string;
  href: string;
  /** what it is for: customer, lead or project */
  about: Link[];
  /** priority, and what else is worth a badge */
  badges: Cell[];
  /** 'in 3 days', with the day on hover; `is_late` when it lies behind */
  due: { text: string; title: string; is_late: boolean } | null;
  /** null for whoever may only look */
  done: Action | null;
}

export interface DayGroup {
  id: string;
  heading: string;
  is_late: boolean;
  /** '3', '10+' */
  count: string;
  rows: DayRow[];
  /** the list with all of them; '' when all are here */
  all_href: string;
}

/** activity/my_day.ejs */
export interface MyDayView {
  /** 'Saturday 21 November 2026' */
  today: string;
  /** a new task; null for whoever may add none */
  add: FormView | null;
  /** only those with something in them */
  groups: DayGroup[];
  follow_ups: DayGroup;
  /** every task of the reader's that is still to be done */
  tasks_href: string;
}

declare module '#src/kernel/views.ts' {
  interface Views {
    'activity/my_day': MyDayView;
    'activity/day_group': DayGroup;
    'activity/day_row': DayRow;
  }
}
