import { DateTime } from 'luxon';
import { type Ctx, can } from '#src/kernel/context.ts';
import { type Entity, entityNamed } from '#src/kernel/entity.ts';
import { formatDate } from '#src/kernel/fields/dates.ts';
import { newForm } from '#src/kernel/forms.ts';
import { fieldCell, recordTitle, type Titles } from '#src/kernel/presenters.ts';
import { titlesOfAll } from '#src/kernel/records.ts';
import { button } from '#src/kernel/routes.ts';
import type { Query, Row } from '#src/kernel/tenant_db.ts';
import type { Action, Link } from '#src/kernel/views.ts';
import { PENDING } from './completion.service.ts';
import { interaction } from './interaction.entity.ts';
import { task } from './task.entity.ts';
import type { DayGroup, DayRow, MyDayView } from './views.ts';

/** Rows of one group; the list shows the others. */
const MOST = 10;
/** A day may show this much of the week that follows it. */
const AHEAD = 7;
/** What was promised longer ago than this belongs to no day any more; the list still has it, and answers are looked for in few. */
const BEHIND = 90;

export const MY_DAY = '/my-day';

/** What the references of a line point to, in the order in which they are named. */
const ABOUT = ['customer_id', 'lead_id', 'project_id'];

interface Span {
  id: string;
  heading: string;
  is_late: boolean;
  rows: Row[];
  all_href: string;
}

/** Days around today in the company's zone, as ISO text. */
function days(ctx: Ctx, now: DateTime) {
  const today = now.setZone(ctx.tenant.time_zone).startOf('day');
  const day = (ahead: number) => today.plus({ days: ahead }).toISODate()!;
  return { today: day(0), yesterday: day(-1), tomorrow: day(1), last: day(AHEAD), first: day(-BEHIND) };
}

/** What the reader still has to do, most urgent of a day first. Being theirs, all of it is theirs to see. */
const pendingTasks = (ctx: Ctx): Query =>
  ctx.db
    .from('tasks', 'tasks', 'task.my_day')
    .select('id', 'version', 'title', 'status', 'priority', 'due_date', ...ABOUT)
    .where('assigned_to', ctx.actor.id)
    .whereNull('deleted_at')
    .whereRaw(`status in ('open', 'in_progress')`)
    .orderByRaw(`due_date nulls last, array_position(array['urgent', 'high', 'medium', 'low'], priority), id`)
    .limit(MOST + 1);

async function spansOfTasks(ctx: Ctx, { today, yesterday, tomorrow, last }: ReturnType<typeof days>): Promise<Span[]> {
  const list = (rest: string) => `/tasks?assigned_to=me&status=${PENDING.join(',')}${rest}`;
  return [
    {
      id: 'overdue',
      heading: 'Overdue',
      is_late: true,
      rows: await pendingTasks(ctx).where('due_date', '<', today),
      all_href: list(`&due_date__to=${yesterday}&sort=due_date`),
    },
    {
      id: 'today',
      heading: 'Today',
      is_late: false,
      rows: await pendingTasks(ctx).where('due_date', today),
      all_href: list(`&due_date__from=${today}&due_date__to=${today}`),
    },
    {
      id: 'soon',
      heading: `Next ${AHEAD} days`,
      is_late: false,
      rows: await pendingTasks(ctx).whereBetween('due_date', [tomorrow, last]),
      all_href: list(`&due_date__from=${tomorrow}&due_date__to=${last}&sort=due_date`),
    },
    {
      id: 'later',
      heading: 'Later or without a date',
      is_late: false,
      rows: await pendingTasks(ctx).where((any) => any.where('due_date', '>', last).orWhereNull('due_date')),
      // No list has both; the last of all that is to be done come first there.
      all_href: list('&sort=-due_date'),
    },
  ];
}

/** Follow-ups of the reader's that are due and that nobody has answered by talking to the customer or lead since. */
async function spanOfFollowUps(ctx: Ctx, { first, last }: ReturnType<typeof days>): Promise<Span> {
  const rows = (await ctx.db
    .from('interactions', 'interactions', 'interaction.my_day')
    .select('id', 'version', 'subject', 'type', 'next_follow_up', ...ABOUT)
    .where('owner_id', ctx.actor.id)
    .whereNull('deleted_at')
    .whereBetween('next_follow_up', [first, last])
    .whereNotExists(laterWith(ctx, 'customer_id') as never)
    .whereNotExists(laterWith(ctx, 'lead_id') as never)
    .orderBy('next_follow_up')
    .orderBy('id')
    .limit(MOST + 1)) as Row[];
  const all_href = `/interactions?owner_id=me&next_follow_up__to=${last}&sort=next_follow_up`;
  return { id: 'follow-ups', heading: 'Follow-ups', is_late: false, rows, all_href };
}

const laterWith = (ctx: Ctx, reference: 'customer_id' | 'lead_id'): Query =>
  ctx.db
    .from('interactions', 'later')
    .select(ctx.db.sql('1'))
    .whereRaw(`later.${reference} = interactions.${reference} and later.occurred_at > interactions.occurred_at`)
    .whereRaw('later.occurred_at <= now() and later.deleted_at is null');

const AWAY = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });

/** '3 days ago', 'tomorrow'; a day further off than a month is named. */
function dueOf(ctx: Ctx, day: unknown, today: string): DayRow['due'] {
  if (!day) return null;
  const iso = String(day);
  const exact = formatDate(iso, ctx.tenant);
  const away = Math.round((Date.parse(iso) - Date.parse(today)) / 86_400_000);
  return { text: Math.abs(away) > 31 ? exact : AWAY.format(away, 'day'), title: exact, is_late: away < 0 };
}

function aboutOf(entity: Entity, row: Row, titles: Titles): Link[] {
  return ABOUT.flatMap((name) => {
    const label = titles.get(String(row[name] ?? ''));
    const target = entityNamed(entity.fields[name]!.to);
    return label ? [{ label, href: `/${target.table}/${row[name]}`, icon: target.icon }] : [];
  });
}

/** The button that puts a line away, and brings the reader back to the day. */
function doneButton(ctx: Ctx, entity: Entity, row: Row, action: string): Action | null {
  if (!can(ctx, `${entity.name}.update`)) return null;
  return button(ctx, 'Done', `/${entity.table}/${row.id}/${action}`, 'check', [
    { name: 'version', value: String(row.version) },
    { name: '_back', value: MY_DAY },
  ]);
}

function groupView(span: Span, line: (row: Row) => DayRow): DayGroup {
  const { rows, all_href, ...rest } = span;
  const more = rows.length > MOST;
  return {
    ...rest,
    count: more ? `${MOST}+` : String(rows.length),
    rows: rows.slice(0, MOST).map(line),
    all_href: more ? all_href : '',
  };
}

function addForm(ctx: Ctx) {
  if (!can(ctx, 'task.create')) return null;
  const shown = { row: {}, titles: new Map(), people: [], typed: null, problems: {}, prefix: 'add' };
  const form = newForm(ctx, task, ['title', 'due_date'], shown, { heading: 'Add a task', hidden: { _back: MY_DAY } });
  return { ...form, inputs: form.inputs.map((one) => (one.name === 'title' ? { ...one, label: 'New task' } : one)) };
}

/** What the reader has to do: tasks by when they are due, and the follow-ups they promised. */
export async function myDayView(ctx: Ctx, now = DateTime.now()): Promise<MyDayView> {
  const around = days(ctx, now);
  const spans = await spansOfTasks(ctx, around);
  const promised = await spanOfFollowUps(ctx, around);
  const titles = await titlesOfAll(ctx, [
    ...spans.map(({ rows }) => ({ entity: task, rows, fields: ABOUT })),
    { entity: interaction, rows: promised.rows, fields: ABOUT },
  ]);
  const lineOf = (entity: Entity, due: string, badges: readonly string[], action: string) => (row: Row) => ({
    id: String(row.id),
    title: recordTitle(entity, row),
    href: `/${entity.table}/${row.id}`,
    about: aboutOf(entity, row, titles),
    badges: badges.filter((name) => row[name] !== 'open').map((name) => fieldCell(ctx, entity, name, row, titles)),
    due: dueOf(ctx, row[due], around.today),
    done: doneButton(ctx, entity, row, action),
  });
  return {
    today: now.setZone(ctx.tenant.time_zone).setLocale(ctx.tenant.locale).toFormat('cccc d LLLL yyyy'),
    add: addForm(ctx),
    groups: spans
      .filter(({ rows }) => rows.length)
      .map((span) => groupView(span, lineOf(task, 'due_date', ['status', 'priority'], 'completion'))),
    follow_ups: {
      ...groupView(promised, lineOf(interaction, 'next_follow_up', ['type'], 'follow-up/completion')),
      all_href: promised.all_href,
    },
    tasks_href: '/tasks?assigned_to=me',
  };
}
