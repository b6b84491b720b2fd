import { DateTime } from 'luxon';
import type { Ctx } from '#src/kernel/context.ts';
import type { ExportCell, Table } from '#src/kernel/export.ts';
import { formatDate } from '#src/kernel/fields/dates.ts';
import type { ReportView } from '#src/kernel/views_pages.ts';
import { PENDING } from '#src/modules/activity/completion.service.ts';
import { interaction } from '#src/modules/activity/interaction.entity.ts';
import { task } from '#src/modules/activity/task.entity.ts';
import { labelOf, whose } from './behind.ts';
import { listOf, rowsNote, seriesOf, stacksOf, tile } from './figures.ts';
import { NOBODY } from './people.ts';
import { type Days, daysText } from './period.ts';
import { MOST_JSON_ROWS, MOST_ROWS, type Question, type Report } from './report.ts';
import { cutTable, daysAfter } from './standing.ts';
import {
  type Ahead,
  ahead,
  allUpcoming,
  type Counts,
  KINDS,
  overdueTasks,
  type Upcoming,
  type UpcomingKind,
  upcoming,
} from './upcoming_tasks.sql.ts';
import { count, day, name, text, type Value } from './value.ts';

const LABELS: Record<UpcomingKind, string> = {
  task: 'Tasks',
  follow_up: 'Follow-ups',
  planned: 'Planned interactions',
};
/** More days than this stand in the chart by the week. */
const MOST_COLUMNS = 31;

const sum = (counts: Map<string, number>, { from, to }: Days): number =>
  [...counts].reduce((total, [date, number]) => total + (date >= from && date <= to ? number : 0), 0);

const tasksBehind = ({ user }: Question, { from, to }: Partial<Days>): string =>
  listOf('tasks', {
    status: PENDING.join(','),
    ...(user && { assigned_to: user.id }),
    ...(from && { due_date__from: from }),
    ...(to && { due_date__to: to }),
  });

/** The list of what is due on some days; of today's interactions only those are planned that are still to come. */
function behind(kind: UpcomingKind, question: Question, { today }: Ahead, { from, to }: Days): string {
  if (kind === 'task') return tasksBehind(question, { from, to });
  const owner = question.user && { owner_id: question.user.id };
  return kind === 'follow_up'
    ? listOf('interactions', { ...owner, next_follow_up__from: from, next_follow_up__to: to })
    : listOf('interactions', { ...owner, occurred_at__from: from === today ? 'now' : from, occurred_at__to: to });
}

function tiles(ctx: Ctx, question: Question, days: Ahead, counts: Counts, overdue: number): ReportView['tiles'] {
  const whole = { from: days.today, to: days.last };
  const today = { from: days.today, to: days.today };
  const shown = (label: string, kind: UpcomingKind, of: Days) =>
    tile(ctx, question, { label, now: count(sum(counts[kind], of), behind(kind, question, days, of)), before: null });
  return [
    shown('Tasks due today', 'task', today),
    ...KINDS.map((kind) => shown(`${LABELS[kind]} until ${formatDate(days.last, ctx.tenant)}`, kind, whole)),
    tile(ctx, question, {
      label: 'Overdue tasks',
      now: count(overdue, tasksBehind(question, { to: daysAfter(days.today, -1) })),
      before: null,
    }),
  ];
}

/** Every day that is looked at, or every week of them. */
function columnsOf({ today, last }: Ahead, length: number): Days[] {
  const size = length >= MOST_COLUMNS ? 7 : 1;
  const found: Days[] = [];
  for (let from = today; from <= last; from = daysAfter(from, size)) {
    const to = daysAfter(from, size - 1);
    found.push({ from, to: to > last ? last : to });
  }
  return found;
}

function charts(ctx: Ctx, question: Question, days: Ahead, counts: Counts): ReportView['charts'] {
  if (KINDS.every((kind) => !counts[kind].size)) return [];
  const columns = columnsOf(days, question.days);
  const labels = columns.map(({ from, to }) =>
    from === to
      ? DateTime.fromISO(from, { zone: 'utc' }).setLocale(ctx.tenant.locale).toFormat('ccc d LLL')
      : daysText({ from, to }, ctx.tenant),
  );
  const series = KINDS.map((kind) => {
    const values = columns.map((of) => count(sum(counts[kind], of), behind(kind, question, days, of)));
    return seriesOf(ctx, LABELS[kind], values);
  });
  const title = columns.some(({ from, to }) => from !== to) ? 'What is due, by the week' : 'What is due, by day';
  return [stacksOf(title, labels, series)];
}

const typeText = ({ kind, type }: Upcoming): string =>
  kind === 'task' ? 'Task' : kind === 'follow_up' ? 'Follow-up' : labelOf(interaction, 'type', type);
const priorityText = ({ priority }: Upcoming): string => (priority ? labelOf(task, 'priority', priority) : '');
const addressOf = ({ kind, id }: Upcoming): string => `/${kind === 'task' ? 'tasks' : 'interactions'}/${id}`;

const cells = (one: Upcoming): Value[] => [
  name(one.title, addressOf(one)),
  text(typeText(one)),
  day(one.day),
  text(one.client_name || null, one.client_href),
  text(one.person || NOBODY),
  text(priorityText(one) || null),
];

function computed(ctx: Ctx, question: Question, { today, last }: Ahead): ReportView['computed'] {
  const dates = daysText({ from: today, to: last }, ctx.tenant);
  return [
    {
      term: 'Tasks',
      text: `${whose(ctx, task, question, 'assigned to')} that are open or in progress and due on ${dates}. Overdue ones are due before ${formatDate(today, ctx.tenant)}; tasks without a day are left out.`,
    },
    {
      term: 'Follow-ups',
      text: `${whose(ctx, interaction, question, 'assigned to')} that are to be followed up on these days.`,
    },
    {
      term: 'Planned interactions',
      text: `${whose(ctx, interaction, question, 'assigned to')} whose time on these days is still to come. One that is also to be followed up stands here twice.`,
    },
    {
      term: 'Days',
      text: `Today and the ${question.days} days after it, the last one included. A day begins at midnight in the time zone ${ctx.tenant.time_zone}. What is in the trash is left out.`,
    },
    { term: 'Behind the figures', text: 'Every figure opens the list that adds up to it.' },
  ];
}

const jsonOf = (one: Upcoming) => ({
  interaction_type: one.type,
  contact_date: one.day,
  client_name: one.client_name || null,
  notes: one.notes || one.title,
  id: one.id,
  kind: one.kind,
  title: one.title,
  assigned_to: one.person || null,
  priority: one.priority || null,
  client_link: one.client_href || null,
  link: addressOf(one),
});

/** I9 upcoming tasks: tasks, follow-ups and planned interactions of today and the days after it. */
export const upcomingTasks: Report = {
  slug: 'upcoming-tasks',
  title: 'Upcoming tasks',
  says: 'Tasks, follow-ups and planned interactions of today and the days ahead.',
  icon: 'calendar-event',
  group: 'Activity',
  columns: [
    { name: 'title', label: 'What', kind: 'name' },
    { name: 'type', label: 'Kind', kind: 'text' },
    { name: 'day', label: 'Day', kind: 'day' },
    { name: 'client', label: 'Client or lead', kind: 'text' },
    { name: 'person', label: 'Assigned to', kind: 'text' },
    { name: 'priority', label: 'Priority', kind: 'text' },
  ],
  default_sort: 'day',
  user_label: 'Assigned to',
  standing: true,
  days: { name: 'days_ahead', label: 'Days ahead', initial: 7, most: 365 },

  async page(ctx, question) {
    const days = ahead(ctx, question, DateTime.now());
    const { rows, counts } = await upcoming(ctx, question, days, MOST_ROWS);
    const all = KINDS.reduce((total, kind) => total + sum(counts[kind], { from: days.today, to: days.last }), 0);
    return {
      tiles: tiles(ctx, question, days, counts, await overdueTasks(ctx, question, days)),
      charts: charts(ctx, question, days, counts),
      tables: [
        cutTable(ctx, upcomingTasks, question, {
          title: 'What is due',
          columns: upcomingTasks.columns.map((column) => column.name),
          rows: rows.map(cells),
          empty: 'Nothing is due on these days. Look further ahead.',
        }),
      ],
      computed: computed(ctx, question, days),
      note: rowsNote(ctx, rows.length, all),
    };
  },

  async table(ctx, question): Promise<Table> {
    const days = ahead(ctx, question, DateTime.now());
    async function* rows() {
      for await (const batch of allUpcoming(ctx, question, days))
        yield batch.map((one): ExportCell[] => [
          one.title,
          typeText(one),
          new Date(`${one.day}T00:00:00Z`),
          one.client_name || null,
          one.person || NOBODY,
          priorityText(one) || null,
          one.notes || null,
        ]);
    }
    const words = (label: string, width: number) => ({ label, excel: 'text' as const, width });
    return {
      title: 'Upcoming tasks',
      columns: [
        words('What', 40),
        words('Kind', 12),
        { label: 'Day', excel: 'date', width: 14 },
        words('Client or lead', 40),
        words('Assigned to', 24),
        words('Priority', 12),
        words('Notes', 60),
      ],
      rows: rows(),
    };
  },

  /** At most MOST_JSON_ROWS, the earliest first unless sorted otherwise. */
  async json(ctx, question) {
    const days = ahead(ctx, question, DateTime.now());
    const { rows, counts } = await upcoming(ctx, question, days, MOST_JSON_ROWS);
    const total = (kind: UpcomingKind) => sum(counts[kind], { from: days.today, to: days.last });
    const totals = { tasks: total('task'), follow_ups: total('follow_up'), planned: total('planned') };
    return {
      from: days.today,
      to: days.last,
      tasks: rows.map(jsonOf),
      totals: { ...totals, overdue_tasks: await overdueTasks(ctx, question, days) },
      truncated: totals.tasks + totals.follow_ups + totals.planned > rows.length,
    };
  },
};
