import { declarePermission, may, type Role, signedIn } from '#src/kernel/access.ts';
import { type Ctx, can } from '#src/kernel/context.ts';
import { badRequest } from '#src/kernel/errors.ts';
import { one } from '#src/kernel/list_query.ts';
import { type Body, entry, events, type Input, page, type Reply, Routes, redirect } from '#src/kernel/routes.ts';
import { task } from '#src/modules/activity/task.entity.ts';
import { project } from '#src/modules/delivery/project.entity.ts';
import { periodDays } from '#src/modules/reports/widgets.service.ts';
import {
  type Arrangement,
  forgetArrangement,
  loadArrangement,
  type Placed,
  saveArrangement,
} from './arrangement.service.ts';
import { arrangementView, stateOf } from './arrangement.view.ts';
import { dashboardView, topicOf } from './dashboard.view.ts';
import { recordTopic } from './record_watch.service.ts';

/** Whoever may read reports or tasks has something to see. */
const DASHBOARD = declarePermission('dashboard.read', [
  ...new Set([...Object.keys(project.access.read), ...Object.keys(task.access.read)]),
] as Role[]);
const ARRANGEMENT = '/dashboard/arrangement';

async function dashboard(ctx: Ctx, { query, platform }: Input): Promise<Reply> {
  if (!can(ctx, DASHBOARD)) return redirect('/customers');
  const arrangement = await loadArrangement(ctx);
  const { name } = periodDays(ctx, one(query, 'period') || arrangement.period);
  const log = (error: unknown, widget: string) =>
    platform.log.error({ err: error, widget, request_id: ctx.request_id }, 'a widget failed');
  const view = await dashboardView(ctx, arrangement, name, log);
  return page('home/dashboard', view, 'Dashboard', {
    fragments: { board: { view: 'home/board', data: view.board } },
  });
}

/** Exchanges a widget with its neighbour. @param move 'up:pipeline-funnel' */
function moved(widgets: readonly Placed[], move: string): Placed[] {
  const [way, id] = move.split(':');
  const from = widgets.findIndex((one) => one.id === id);
  const to = way === 'up' ? from - 1 : from + 1;
  const [mine, other] = [widgets[from], widgets[to]];
  if (!mine || !other) return [...widgets];
  return widgets.map((one, i) => (i === from ? other : i === to ? mine : one));
}

/** What the form says: the order in one entry, and two entries for each widget. */
function readForm(body: Body): Pick<Arrangement, 'widgets'> & { period: string } {
  const widgets = entry(body, 'order')
    .split(',')
    .filter(Boolean)
    .map((id) => ({
      id,
      shown: entry(body, `shown-${id}`) === 'on',
      width: entry(body, `width-${id}`) as Placed['width'],
    }));
  return { widgets: moved(widgets, entry(body, 'move')), period: entry(body, 'period') };
}

/** What "Undo" brings back, from its address. @throws 400 */
function readState(text: string): { widgets: unknown; period: unknown } {
  try {
    const { widgets, period } = JSON.parse(text) as Record<string, unknown>;
    return { widgets, period };
  } catch {
    throw badRequest('This is no arrangement of a dashboard.');
  }
}

async function arrange(ctx: Ctx, { body, query }: Input): Promise<Reply> {
  const state = one(query, 'state');
  await saveArrangement(ctx, state ? readState(state) : readForm(body));
  if (state) return redirect(ARRANGEMENT, { text: 'Your own arrangement is back.', tone: 'green' });
  if (entry(body, 'move')) return redirect(ARRANGEMENT);
  return redirect('/', { text: 'Your dashboard is arranged.', tone: 'green' });
}

async function forget(ctx: Ctx): Promise<Reply> {
  const before = await loadArrangement(ctx);
  if (!before.version) return redirect(ARRANGEMENT);
  await forgetArrangement(ctx);
  const undo = { label: 'Undo', action: `${ARRANGEMENT}?${new URLSearchParams({ state: stateOf(before) })}` };
  return redirect(ARRANGEMENT, { text: 'Your dashboard looks as it did at first.', tone: 'green', undo });
}

/** The first page after signing in. */
export const dashboardRoutes = new Routes()
  .get('/', signedIn(), dashboard, { writes: true }) // answers of reports are kept
  .get('/dashboard/events', may(DASHBOARD), async (ctx) => {
    const topic = topicOf(await loadArrangement(ctx));
    return topic ? events(recordTopic(topic)) : events();
  })
  .get(ARRANGEMENT, may(DASHBOARD), async (ctx) =>
    page('home/arrangement', arrangementView(ctx, await loadArrangement(ctx)), 'Arrange the dashboard'),
  )
  .post(ARRANGEMENT, may(DASHBOARD), arrange)
  .post(`${ARRANGEMENT}/default`, may(DASHBOARD), forget);

export const dashboardNav = {
  section: 'Work',
  label: 'Dashboard',
  href: '/',
  icon: 'layout-dashboard',
  access: may(DASHBOARD),
} as const;
