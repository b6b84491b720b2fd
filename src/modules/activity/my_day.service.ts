/** What other modules may show of somebody's day. */
export { MY_DAY, myDayView } from './my_day.ts';
export type { DayRow } from './views.ts';
