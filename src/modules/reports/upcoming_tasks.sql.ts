import type { DateTime } from 'luxon';
import type { Ctx } from '#src/kernel/context.ts';
import type { Row } from '#src/kernel/tenant_db.ts';
import { visible } from '#src/kernel/visibility.ts';
import { PENDING } from '#src/modules/activity/completion.service.ts';
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

const OPEN = `status in (${PENDING.map((status) => `'${status}'`).join(', ')})`;
const NOTES = 300;

/** Everything that is due, in columns alike; each part on the index of its day. */
const DUE = `
  select 'task' as kind, id, 'task' as type, due_date as day, null::timestamptz as at, title,
    left(description, ${NOTES}) as notes, customer_id, lead_id, assigned_to as person, priority
  from :tasks as t where ${OPEN} and due_date between :today::date and :last::date
  union all
  select 'follow_up', id, type, next_follow_up, null, subject, left(body, ${NOTES}), customer_id, lead_id, owner_id, null
  from :interactions as f where next_follow_up between :today::date and :last::date
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

const COLUMNS = ['kind', 'id', 'type', 'day', 'title', 'notes', 'priority', 'person', 'client_name', 'client_href'];

/** Names are looked up one by one by their keys: few rows are shown, and there may be a million customers. */
const named = (from: string) => `
  select x.*, coalesce(c.name, l.name) as client_name,
    case when c.name is not null then '/customers/' || x.customer_id
      when l.name is not null then '/leads/' || x.lead_id end as client_href
  from ${from} x
  left join lateral (select name from :customers as r where r.id = x.customer_id offset 0) c on true
  left join lateral (select name from :leads as r where r.id = x.lead_id offset 0) l on true`;

/**
 * What is due with its place in the order asked for. Found once, however often it is looked at: what somebody may see
 * through customers takes longest. @param cut condition on the place
 */
function ordered({ sort, descending }: Question, cut: string): { due: string; rows: string } {
  const by = (SORTS[sort] ?? 'day').split(', ').map((column) => `${column} ${descending ? 'desc' : 'asc'} nulls last`);
  const byName = sort === 'client';
  const due = `with due as materialized (${DUE}),
  placed as (
    select *, row_number() over (order by ${by.join(', ')}, ${WITHIN}) as place from (
      select d.kind, d.id, d.type, d.day, d.at, d.title, d.notes, d.customer_id, d.lead_id, d.priority, u.name as person,
        array_position(array['task', 'follow_up', 'planned'], d.kind) as kind_order,
        array_position(array['urgent', 'high', 'medium', 'low'], d.priority) as urgency
        ${byName ? ', d.client_name, d.client_href' : ''}
      from (${byName ? named('due') : 'select * from due'}) d left join :people as u on u.id = d.person) known
  )`;
  const shown = `(select * from placed ${cut})`;
  return { due, rows: `(${byName ? `select * from ${shown} x` : named(shown)}) shown` };
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

/** Kind -> day -> how many. */
export type Counts = Record<UpcomingKind, Map<string, number>>;

/** The first `most` in the order asked for, and how many there are of each day. One statement, of one instant. */
export async function upcoming(
  ctx: Ctx,
  question: Question,
  days: Ahead,
  most: number,
): Promise<{ rows: Upcoming[]; counts: Counts }> {
  const { due, rows } = ordered(question, 'where place <= :most');
  const found = await ctx.db.run(
    `/* report.upcoming_tasks */ ${due}
    select ${COLUMNS.join(', ')}, place, null::bigint as n from ${rows}
    union all
    select ${COLUMNS.map((name) => (name === 'kind' || name === 'day' ? name : 'null')).join(', ')}, 0, count(*)
    from due group by kind, day
    order by place`,
    { ...withNames(ctx, question, days), most },
  );
  const counts: Counts = { task: new Map(), follow_up: new Map(), planned: new Map() };
  for (const { kind, day, n } of found) if (n !== null) counts[kind as UpcomingKind].set(day as string, Number(n));
  return { rows: found.filter(({ n }) => n === null).map(upcomingOf), counts };
}

/** All of them, however many, in batches. */
export async function* allUpcoming(ctx: Ctx, question: Question, days: Ahead): AsyncGenerator<Upcoming[]> {
  const { due, rows } = ordered(question, '');
  const text = `${due} select * from ${rows} order by place`;
  for await (const batch of inBatches(ctx, text, withNames(ctx, question, days))) yield batch.map(upcomingOf);
}
