import type { Ctx } from '#src/kernel/context.ts';
import type { Entity } from '#src/kernel/entity.ts';
import type { Row } from '#src/kernel/tenant_db.ts';
import { visible } from '#src/kernel/visibility.ts';
import { interaction } from '#src/modules/activity/interaction.entity.ts';
import { customer } from '#src/modules/customers/customer.entity.ts';
import { lead } from '#src/modules/sales/lead.entity.ts';
import { inBatches } from './batches.ts';
import type { Question } from './report.ts';

/** Who ought to be talked to: records of an entity in some statuses. */
export interface Kind {
  entity: Entity;
  /** column of whoever looks after them */
  person: string;
  /** constants of the code */
  statuses: readonly string[];
  /** the column of the report that names them */
  column: string;
}

export const CLIENTS: Kind = {
  entity: customer,
  person: 'owner_id',
  statuses: ['new', 'prospect', 'active'],
  column: 'client_name',
};
export const LEADS: Kind = {
  entity: lead,
  person: 'assigned_to',
  statuses: ['new', 'contacted', 'qualified'],
  column: 'lead_name',
};

/** A record that nobody has talked to for too long. */
export interface Silent {
  id: string;
  name: string;
  status: string;
  /** '' for nobody */
  owner: string;
  /** ISO day of the company's zone; null: never */
  last_contact: string | null;
  /** since then; null: never */
  days_since_contact: number | null;
  /** since the last contact or, where there was none, since the record was made */
  days: number;
}

/** How long nobody has talked to them, in multiples of the days asked for; the last is open. */
export const STEPS = [1, 2, 3, 6, 12] as const;
/** Place of those in `Silences` to whom nobody ever talked. */
export const NEVER = STEPS.length;
/** How many records lie in each step, and last those that nobody ever talked to. */
export type Silences = number[];

/** More than so many times the days before today. */
const before = (times: number) => `((:today::date - :days::integer * ${times})::timestamp at time zone :zone)`;

const due = ({ statuses }: Kind) => `status in (${statuses.map((status) => `'${status}'`).join(', ')})`;
/**
 * On columns as they are: row-level security lets no condition on an expression be a way into an index, and no statistics of
 * one count.
 */
const CONTACTED = `last_contact_at < ${before(1)}`;
const NEVER_CONTACTED = `last_contact_at is null and created_at < ${before(1)}`;

function bindings(ctx: Ctx, question: Question, { entity, person }: Kind, today: string) {
  const records = visible(ctx, entity);
  if (question.user) records.where(`${entity.table}.${person}`, question.user.id);
  return { records, today, days: question.days, zone: ctx.tenant.time_zone };
}

/** @param today ISO day in the company's zone */
export async function silences(ctx: Ctx, question: Question, kind: Kind, today: string): Promise<Silences> {
  const cuts = [...STEPS].reverse().slice(0, -1).map(before);
  const rows = await ctx.db.run(
    `/* report.follow_ups.${kind.entity.table} */
    select case when last_contact_at is null then ${NEVER}
        else ${NEVER - 1} - width_bucket(last_contact_at, array[${cuts.join(', ')}]) end as step, count(*) as records
    from :records as r
    where ${due(kind)} and (${CONTACTED} or ${NEVER_CONTACTED})
    group by 1`,
    bindings(ctx, question, kind, today),
  );
  const found: Silences = Array(NEVER + 1).fill(0);
  for (const row of rows) found[Number(row.step)] = Number(row.records);
  return found;
}

/** Follow-ups whose day has gone by. */
export async function overdueFollowUps(ctx: Ctx, question: Question, today: string): Promise<number> {
  const interactions = visible(ctx, interaction);
  if (question.user) interactions.where('interactions.owner_id', question.user.id);
  const [row] = await ctx.db.run(
    `/* report.follow_ups.overdue */ select count(*) as n from :interactions as i where next_follow_up < :today::date`,
    { interactions, today },
  );
  return Number(row!.n);
}

interface Order {
  contacted: string;
  never: string;
  /** of both together */
  all: string;
}

/** The longest silence first, unless the table is sorted by another column of its own. */
function orderOf(kind: Kind, { sort, descending }: Question): Order {
  const by = (up: boolean, contacted: string, never: string, all: string, last = ''): Order => {
    const way = up ? 'asc' : 'desc';
    return {
      contacted: `${contacted} ${way}, r.id ${way}`,
      never: `${never} ${way}, r.id ${way}`,
      all: `${all} ${way}${last}, id ${way}`,
    };
  };
  const since = 'coalesce(last_contact_at, created_at)';
  switch (sort) {
    case kind.column:
      return by(!descending, 'r.name', 'r.name', 'name');
    case 'status':
      return by(!descending, 'r.status', 'r.status', 'status');
    case 'owner':
      return by(!descending, 'u.name', 'u.name', 'owner', ' nulls last');
    case 'last_contact':
      return by(!descending, 'last_contact_at', 'created_at', 'last_contact_at', ' nulls last');
    case 'days':
      return by(descending, 'last_contact_at', 'created_at', since);
    default:
      return by(true, 'last_contact_at', 'created_at', since);
  }
}

/** Both parts stand on an index in the order that is asked for as a rule, so that the first rows cost as much among many. */
function statement(kind: Kind, question: Question, most: string): string {
  const order = orderOf(kind, question);
  const part = (which: string, by: string) => `
    (select r.id, r.name, r.status, r.last_contact_at, r.created_at, u.name as owner
     from :records as r left join :people as u on u.id = r.${kind.person}
     where ${due(kind)} and ${which}
     order by ${by} ${most})`;
  return `
    select id, name, status, owner, (last_contact_at at time zone :zone)::date as last_contact,
      :today::date - (last_contact_at at time zone :zone)::date as days_since_contact,
      :today::date - (coalesce(last_contact_at, created_at) at time zone :zone)::date as days
    from (${part(CONTACTED, order.contacted)} union all ${part(NEVER_CONTACTED, order.never)}) found
    order by ${order.all} ${most}`;
}

const silentOf = (row: Row): Silent => ({
  id: row.id as string,
  name: row.name as string,
  status: row.status as string,
  owner: (row.owner as string | null) ?? '',
  last_contact: row.last_contact as string | null,
  days_since_contact: row.days_since_contact === null ? null : Number(row.days_since_contact),
  days: Number(row.days),
});

const withPeople = (ctx: Ctx, question: Question, kind: Kind, today: string) => ({
  ...bindings(ctx, question, kind, today),
  people: ctx.db.from('users').select('id', 'name'),
});

/** The first `most` records of a kind in the order asked for. */
export async function silentRecords(
  ctx: Ctx,
  question: Question,
  kind: Kind,
  today: string,
  most: number,
): Promise<Silent[]> {
  const rows = await ctx.db.run(
    `/* report.follow_ups.${kind.entity.table}.rows */ ${statement(kind, question, 'limit :most')}`,
    { ...withPeople(ctx, question, kind, today), most },
  );
  return rows.map(silentOf);
}

/** All of them, however many, in batches. */
export async function* allSilentRecords(
  ctx: Ctx,
  question: Question,
  kind: Kind,
  today: string,
): AsyncGenerator<Silent[]> {
  for await (const rows of inBatches(ctx, statement(kind, question, ''), withPeople(ctx, question, kind, today)))
    yield rows.map(silentOf);
}
