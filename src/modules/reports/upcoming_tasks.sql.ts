import type { DateTime } from 'luxon';
import type { Ctx } from '#src/kernel/context.ts';
import type { Row } from '#src/kernel/tenant_db.ts';
import { visible } from '#src/kernel/visibility.ts';
import { TO_DO } from '#src/modules/activity/completion.service.ts';
import { interaction } from '#src/modules/activity/interaction.entity.ts';
import { task } from '#src/modules/activity/task.entity.ts';
import { customer } from '#src/modules/customers/customer.entity.ts';
import { lead } from '#src/modules/sales/lead.entity.ts';
import { inBatches } from './batches.ts';
import type { Question } from './report.ts';
import { dayOf, daysAfter } from './standing.ts';

/** task: to be done by a day; follow_up: somebody wants to come back on a day; planned: an interaction still to come */
export type UpcomingKind = 'task' | 'follow_up' | 'planned';
export const KINDS: readonly UpcomingKind[] = ['task', 'follow_up', 'planned'];

export interface Upcoming {
  kind: UpcomingKind;
  /** of the task or the interaction */
  id: string;
  /** of the interaction; 'task' for a task */
  type: string;
  /** ISO day of the company's zone */
  day: string;
  title: string;
  /** what was written about it, '' for nothing; its beginning where it is long */
  notes: string;
  /** '' without one that the reader may see */
  client_name: string;
  client_href: string;
  /** '' for nobody */
  person: string;
  /** of a task, else '' */
  priority: string;
}

/** Days that are looked at, both included. */
export interface Ahead {
  /** the instant at which today is today */
  now: DateTime;
  today: string;
  last: string;
}

/** Today and so many days after it. */
export function ahead(ctx: Ctx, { days }: Question, now: DateTime): Ahead {
  const today = dayOf(ctx, now);
  return { now, today, last: daysAfter(today, days) };
}

const OPEN = `status in (${TO_DO.map((status) => `'${status}'`).join(', ')})`;
const NOTES = 300;

/** Everything that is due, in columns alike; each part on the index of its day. */
const DUE = `
  select 'task' as kind, id, 'task' as type, due_date as day, null::timestamptz as at, title,
    left(description, ${NOTES}) as notes, customer_id, lead_id, assigned_to as person, priority
  from :tasks as t where ${OPEN} and due_date between :today::date and :last::date
  union all
  select 'follow_up', id, type, next_follow_up, null, subject, left(body, ${NOTES}), customer_id, lead_id, owner_id, null
  from :interactions as f where coalesce(next_follow_up, '-infinity'::date) between :today::date and :last::date
  union all
  select 'planned', id, type, (occurred_at at time zone :zone)::date, occurred_at, subject, left(body, ${NOTES}), customer_id,
    lead_id, owner_id, null
  from :interactions as p
  where occurred_at >= :now::timestamptz and occurred_at < (:last::date + 1)::timestamp at time zone :zone`;

function bindings(ctx: Ctx, { user }: Question, { now, today, last }: Ahead) {
  const [tasks, interactions] = [visible(ctx, task), visible(ctx, interaction)];
  if (user) {
    tasks.where('tasks.assigned_to', user.id);
    interactions.where('interactions.owner_id', user.id);
  }
  return { tasks, interactions, now: now.toUTC().toISO(), today, last, zone: ctx.tenant.time_zone };
}

/** Kind -> day -> how many. */
export async function countsByDay(
  ctx: Ctx,
  question: Question,
  days: Ahead,
): Promise<Record<UpcomingKind, Map<string, number>>> {
  const rows = await ctx.db.run(
    `/* report.upcoming_tasks */ select kind, day, count(*) as n from (${DUE}) due group by kind, day`,
    bindings(ctx, question, days),
  );
  const found = { task: new Map(), follow_up: new Map(), planned: new Map() };
  for (const row of rows) found[row.kind as UpcomingKind].set(row.day as string, Number(row.n));
  return found;
}

/** Tasks whose day has gone by while they are still to be done. */
export async function overdueTasks(ctx: Ctx, question: Question, days: Ahead): Promise<number> {
  const { tasks, today } = bindings(ctx, question, days);
  const [row] = await ctx.db.run(
    `/* report.upcoming_tasks.overdue */ select count(*) as n from :tasks as t where ${OPEN} and due_date < :today::date`,
    { tasks, today },
  );
  return Number(row!.n);
}

/** What the table may be sorted by; within a day the urgent ones come first, and meetings in their order. */
const SORTS: Record<string, string> = {
  title: 'title',
  type: 'kind_order, type',
  day: 'day',
  client: 'client_name',
  person: 'person',
  priority: 'urgency',
};
const WITHIN = 'day, urgency nulls last, at nulls last, kind, id';

function statement({ sort, descending }: Question): string {
  const way = descending ? 'desc' : 'asc';
  const by = (SORTS[sort] ?? 'day')
    .split(', ')
    .map((column) => `${column} ${way} nulls last`)
    .join(', ');
  return `select * from (
    select due.kind, due.id, due.type, due.day, due.at, due.title, due.notes, due.priority, u.name as person,
      array_position(array['task', 'follow_up', 'planned'], due.kind) as kind_order,
      array_position(array['urgent', 'high', 'medium', 'low'], due.priority) as urgency,
      coalesce(c.name, l.name) as client_name,
      case when c.id is not null then '/customers/' || c.id when l.id is not null then '/leads/' || l.id end as client_href
    from (${DUE}) due
    left join :people as u on u.id = due.person
    left join :customers as c on c.id = due.customer_id
    left join :leads as l on l.id = due.lead_id
  ) named order by ${by}, ${WITHIN}`;
}

const withNames = (ctx: Ctx, question: Question, days: Ahead) => ({
  ...bindings(ctx, question, days),
  people: ctx.db.from('users').select('id', 'name'),
  customers: visible(ctx, customer).select('customers.id', 'customers.name'),
  leads: visible(ctx, lead).select('leads.id', 'leads.name'),
});

const text = (value: unknown): string => (value as string | null) ?? '';

const upcomingOf = (row: Row): Upcoming => ({
  kind: row.kind as UpcomingKind,
  id: row.id as string,
  type: row.type as string,
  day: row.day as string,
  title: row.title as string,
  notes: text(row.notes),
  client_name: text(row.client_name),
  client_href: text(row.client_href),
  person: text(row.person),
  priority: text(row.priority),
});

/** The first `most` in the order asked for. */
export async function upcoming(ctx: Ctx, question: Question, days: Ahead, most: number): Promise<Upcoming[]> {
  const rows = await ctx.db.run(`/* report.upcoming_tasks.rows */ ${statement(question)} limit :most`, {
    ...withNames(ctx, question, days),
    most,
  });
  return rows.map(upcomingOf);
}

/** All of them, however many, in batches. */
export async function* allUpcoming(ctx: Ctx, question: Question, days: Ahead): AsyncGenerator<Upcoming[]> {
  for await (const rows of inBatches(ctx, statement(question), withNames(ctx, question, days)))
    yield rows.map(upcomingOf);
}
