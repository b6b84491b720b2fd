import type { Ctx } from '#src/kernel/context.ts';
import type { Question } from './report.ts';

const begin = (name: string) => `coalesce(:${name}_from::date::timestamp at time zone :zone, '-infinity')`;
const end = (name: string) => `coalesce((:${name}_to::date + 1)::timestamp at time zone :zone, 'infinity')`;

/** Whether an instant lies in the period: SQL with the bindings of `range`. @param column of type timestamptz */
export const during = (column: string): string => `(${column} >= ${begin('now')} and ${column} < ${end('now')})`;

/** Whether it lies in the days the period is compared with; never where there are none. */
export const earlier = (column: string): string => `(${column} >= ${begin('before')} and ${column} < ${end('before')})`;

/** Whether it lies in or between both, as an index of the column can serve it. */
export const around = (column: string): string =>
  `${column} >= least(${begin('now')}, ${begin('before')}) and ${column} < ${end('now')}`;

/** Bindings of the above; days begin at midnight in the tenant's zone. */
export const range = (ctx: Ctx, { period: { days, before } }: Pick<Question, 'period'>) => ({
  now_from: days?.from ?? null,
  now_to: days?.to ?? null,
  // No instant is at or after the end of time, so nothing counts as earlier.
  before_from: before?.from ?? 'infinity',
  before_to: before?.to ?? '-infinity',
  zone: ctx.tenant.time_zone,
});
