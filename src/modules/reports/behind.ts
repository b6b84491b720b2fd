import type { Ctx } from '#src/kernel/context.ts';
import type { Entity } from '#src/kernel/entity.ts';
import type { ReportView } from '#src/kernel/views_pages.ts';
import { widestRule } from '#src/kernel/visibility.ts';
import { listOf, periodOfList } from './figures.ts';
import { calendarText, daysText } from './period.ts';
import type { Question } from './report.ts';

/**
 * Address of the list behind a figure: records created in the period, narrowed by `state`, whose `person` the report was
 * asked about. '' values of the state are left out; 'none' stands for empty.
 */
export const createdBehind = (
  { table }: Entity,
  person: string,
  { period, user }: Question,
  state: Record<string, string> = {},
): string =>
  listOf(table, {
    ...Object.fromEntries(Object.entries(state).filter(([, value]) => value)),
    ...(user && !(person in state) ? { [person]: user.id } : {}),
    ...periodOfList(period, 'created_at'),
  });

/** The words of a choice's value. */
export const labelOf = ({ fields }: Entity, field: string, value: string): string =>
  fields[field]?.choices.find((choice) => choice.value === value)?.label ?? (value || 'Not given');

/** Values of a choice, in their order. */
export const choicesOf = ({ fields }: Entity, field: string): string[] =>
  (fields[field]?.choices ?? []).map(({ value }) => value);

type Terms = ReportView['computed'];

/** 'All leads of your company assigned to Anna Novak' */
export function whose(ctx: Ctx, entity: Entity, { user }: Question, of: string): string {
  const many = entity.label[1].toLowerCase();
  const all = widestRule(ctx, entity) === 'all' ? `All ${many} of your company` : `The ${many} that you may see`;
  return `${all}${user ? ` ${of} ${user.name}` : ''}`;
}

/** How the days of a report are meant, and that its figures lead somewhere. */
export const dayTerms = (ctx: Ctx, { period }: Question): Terms => [
  {
    term: 'Period',
    text: `${daysText(period.days, ctx.tenant)}${period.days ? ', both days included' : ''}. A day begins at midnight in the time zone ${ctx.tenant.time_zone}. ${calendarText(ctx.tenant)}`,
  },
  ...(period.before ? [{ term: 'Change', text: `Compared with ${daysText(period.before, ctx.tenant)}.` }] : []),
  { term: 'Behind the figures', text: 'Every figure opens the list that adds up to it.' },
];

/** Currencies that a report shows apart. */
export const APART: Terms[number] = {
  term: 'Currencies',
  text: 'Each currency stands apart; nothing is converted or added across currencies.',
};
