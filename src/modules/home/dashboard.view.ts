import { DateTime } from 'luxon';
import { type Ctx, can } from '#src/kernel/context.ts';
import { readable } from '#src/kernel/errors.ts';
import type { Link } from '#src/kernel/views.ts';
import type { ChartData } from '#src/kernel/views_pages.ts';
import { type DayRow, MY_DAY, myDayView } from '#src/modules/activity/my_day.service.ts';
import { task } from '#src/modules/activity/task.entity.ts';
import { customer } from '#src/modules/customers/customer.entity.ts';
import { project } from '#src/modules/delivery/project.entity.ts';
import {
  askReport,
  askReportLater,
  PRESET_NAMES,
  type PresetName,
  periodDays,
  periodLabel,
  type ReportAnswer,
  reportNamed,
} from '#src/modules/reports/widgets.service.ts';
import { lead } from '#src/modules/sales/lead.entity.ts';
import type { Arrangement } from './arrangement.service.ts';
import type { BoardView, ChartFigures, DashboardView, WidgetView } from './views.ts';
import { type Widget, widgetNamed } from './widgets.ts';

/** Lines of a list; my day has the others. */
const MOST_ROWS = 5;
/** How long a statement may take here, and how long all of them are waited for, in ms: a page of many waits for none. */
const PATIENCE = { one: 1_500, all: 3_000, least: 200 };
/** What took too long is not tried again for so long, in ms: a worker is at it. */
const LATELY = 60_000;
/** Who asked for what that took too long -> when. */
const late = new Map<string, number>();

/** What widgets show: the answer of a report, or my day; null when it could not be had. */
type Source = ReportAnswer | Awaited<ReturnType<typeof myDayView>> | null;
type Fail = (error: unknown, what: string) => void;

const sourceOf = ({ shows }: Widget): string => ('slug' in shows ? shows.slug : MY_DAY);

/** Asks within a savepoint, so that what fails takes nothing else of the page along. @param patience ms a statement may take */
async function apart<T>(
  ctx: Ctx,
  patience: number,
  work: () => Promise<T>,
  fail: (error: unknown) => void,
): Promise<T | null> {
  await ctx.db.run('/* dashboard.apart */ savepoint apart');
  try {
    await ctx.db.run(`/* dashboard.patience */ select set_config('statement_timeout', :patience::text, true)`, {
      patience,
    });
    const found = await work();
    await ctx.db.run('/* dashboard.apart_done */ release savepoint apart');
    return found;
  } catch (error) {
    await ctx.db.run('/* dashboard.apart_undone */ rollback to savepoint apart');
    fail(error);
    return null;
  }
}

/** Every report and my day once, however many widgets show a part of it. */
async function sources(
  ctx: Ctx,
  widgets: readonly Widget[],
  period: PresetName,
  fail: Fail,
): Promise<Map<string, Source>> {
  const found = new Map<string, Source>();
  const until = Date.now() + PATIENCE.all;
  for (const [key, at] of late) if (Date.now() - at > LATELY) late.delete(key);
  for (const name of new Set(widgets.map(sourceOf))) {
    const ask = (): Promise<Source> => (name === MY_DAY ? myDayView(ctx) : askReport(ctx, reportNamed(name), period));
    const key = [ctx.tenant.id, ctx.actor.id, name, period].join();
    const patience = late.has(key) ? 0 : Math.min(PATIENCE.one, until - Date.now());
    let isNews = false;
    const source = await apart(ctx, Math.max(PATIENCE.least, patience), ask, (error) => {
      isNews = isLate(error) && !late.has(key);
      fail(error, name);
    });
    found.set(name, source);
    if (source) late.delete(key);
    if (!isNews) continue;
    late.set(key, Date.now());
    // A worker has the patience that somebody who looks on has not.
    if (name !== MY_DAY) await askReportLater(ctx, reportNamed(name), period);
  }
  return found;
}

/** The figures that a chart draws, each with the list behind it. */
function figuresOf(json: string): ChartFigures {
  const { labels, series } = JSON.parse(json) as ChartData;
  return {
    heads: series.map(({ label }) => label),
    rows: labels.map((label, i) => ({
      label,
      figures: series.map(({ texts, hrefs }) => ({ text: texts[i] ?? '', href: hrefs?.[i] ?? '' })),
    })),
  };
}

/** A button of a line brings the reader back to the dashboard as it is. */
const backTo =
  (here: string) =>
  (row: DayRow): DayRow => ({
    ...row,
    done: row.done && {
      ...row.done,
      hidden: row.done.hidden.map((field) => (field.name === '_back' ? { name: '_back', value: here } : field)),
    },
  });

const LATE = 'Among so many records this takes a while. It is being computed and will stand here in a moment.';
/** PostgreSQL ended a statement that took too long. */
const isLate = (error: unknown): boolean => (error as { code?: string }).code === '57014';
const FAILED = 'This could not be worked out just now. Reload the page to try again.';

/** What is the same however a widget turns out; `asked` is its report asked about the period, where that could be had. */
function empty(widget: Widget, { width }: { width: WidgetView['width'] }, href: string): WidgetView {
  const { id, label, icon } = widget;
  return { id, label, icon, href, width, tiles: [], chart: null, rows: [], more: '', message: '' };
}

function listView(
  view: WidgetView,
  widget: Widget,
  day: Awaited<ReturnType<typeof myDayView>>,
  here: string,
): WidgetView {
  const groups = widget.shows.what === 'tasks' ? day.groups : [day.follow_ups];
  const rows = groups.flatMap((group) => group.rows);
  const all = rows.length > MOST_ROWS || groups.some(({ count }) => count.endsWith('+'));
  const message = widget.shows.what === 'tasks' ? 'Nothing to do.' : 'Nobody to come back to this week.';
  return {
    ...view,
    rows: rows.slice(0, MOST_ROWS).map(backTo(here)),
    more: all ? 'Show all' : '',
    message: rows.length ? '' : message,
  };
}

function reportWidget(view: WidgetView, { shows }: Widget, { tiles, charts }: ReportAnswer): WidgetView {
  if (shows.what === 'tiles') return { ...view, tiles };
  const chart = shows.what === 'chart' ? charts.find(({ title }) => shows.title.test(title)) : undefined;
  if (!chart) return { ...view, message: 'There is too little in this period to draw.' };
  const title = chart.title === view.label ? '' : chart.title;
  return { ...view, chart: { ...chart, title, figures: figuresOf(chart.json) } };
}

/** How to begin, while the company has no record that could be counted. */
async function firstSteps(ctx: Ctx): Promise<Link[]> {
  for (const { table } of [customer, lead, project, task]) {
    const records = ctx.db.from(table, table, 'dashboard.first_record').whereNull('deleted_at');
    if ((await records.select('id').limit(1)).length) return [];
  }
  const steps = [
    { label: 'Add a customer', href: '/customers/new', icon: 'plus', permission: 'customer.create' },
    { label: 'Import a list of customers', href: '/imports/new', icon: 'database-import', permission: 'import.run' },
    { label: 'Add a task', href: '/tasks/new', icon: 'list-check', permission: 'task.create' },
  ];
  return steps.filter(({ permission }) => can(ctx, permission)).map(({ permission: _, ...link }) => link);
}

/** The part of the dashboard that follows what colleagues do. */
async function boardView(ctx: Ctx, { widgets }: Arrangement, period: PresetName, log: Fail): Promise<BoardView> {
  const first_steps = await firstSteps(ctx);
  const wanted = first_steps.length ? [] : widgets.filter((one) => one.shown);
  const shown = wanted.map((placed) => ({ placed, widget: widgetNamed(placed.id)! }));
  const failures = new Map<string, string>();
  const fail: Fail = (error, name) => {
    failures.set(name, isLate(error) ? LATE : FAILED);
    if (!readable(error)) log(error, name);
  };
  const found = await sources(
    ctx,
    shown.map(({ widget }) => widget),
    period,
    fail,
  );
  const { days } = periodDays(ctx, period);
  const href = `/?period=${period}`;
  const answers = [...found.values()].flatMap((source) => (source && 'computed_at' in source ? [source] : []));
  const oldest = Math.min(Date.now(), ...answers.map(({ computed_at }) => computed_at.getTime()));
  const at = DateTime.fromMillis(oldest, { zone: ctx.tenant.time_zone }).setLocale(ctx.tenant.locale);
  return {
    href,
    days,
    updated: `Updated ${at.toLocaleString(DateTime.TIME_SIMPLE)}`,
    is_late: [...failures.values()].includes(LATE),
    is_earlier: answers.some(({ earlier }) => earlier),
    first_steps,
    widgets: shown.map(({ placed, widget }) => {
      const name = sourceOf(widget);
      const source = found.get(name) ?? null;
      const plain = name === MY_DAY ? MY_DAY : `/reports/${name}?period=${period}`;
      const view = empty(widget, placed, source && 'href' in source ? source.href : plain);
      if (!source) return { ...view, message: failures.get(name) ?? FAILED };
      return 'tiles' in source ? reportWidget(view, widget, source) : listView(view, widget, source, href);
    }),
  };
}

/** What is listened for: the kinds of records that the shown widgets count; '' for none. */
export function topicOf({ widgets }: Arrangement): string {
  const counted = widgets.filter(({ shown }) => shown).flatMap(({ id }) => widgetNamed(id)?.counts ?? []);
  return [...new Set(counted)].sort().join(',');
}

export async function dashboardView(
  ctx: Ctx,
  arrangement: Arrangement,
  period: PresetName,
  log: Fail,
): Promise<DashboardView> {
  return {
    presets: PRESET_NAMES.map((name) => ({
      label: periodLabel(ctx, name),
      href: `/?period=${name}`,
      current: name === period,
    })),
    events_href: topicOf(arrangement) ? '/dashboard/events' : '',
    arrange_href: '/dashboard/arrangement',
    board: await boardView(ctx, arrangement, period, log),
  };
}
