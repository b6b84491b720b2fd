import { z } from 'zod';
import { audit, changed } from '#src/kernel/audit.ts';
import type { Ctx } from '#src/kernel/context.ts';
import { badRequest } from '#src/kernel/errors.ts';
import { PRESET_NAMES, type PresetName } from '#src/modules/reports/widgets.service.ts';
import { customaryFor, maySee, WIDGETS, widgetNamed } from './widgets.ts';

const PLACED = z.object({ id: z.string().min(1).max(60), shown: z.boolean(), width: z.enum(['half', 'full']) });
/** More than there will ever be widgets; so that nobody stores a book. */
const WIDGETS_STORED = z.array(PLACED).max(100);
const PERIOD = z.enum(PRESET_NAMES);

/** A widget in its place, shown or put away. */
export type Placed = z.infer<typeof PLACED>;

/** How somebody's dashboard looks. */
export interface Arrangement {
  /** every widget they may see, in their order; those put away too */
  widgets: Placed[];
  /** the period it opens with */
  period: PresetName;
  /** 0: nothing is stored, it is what is customary for their role */
  version: number;
}

export const DEFAULT_PERIOD: PresetName = 'this-quarter';

/** In the order given, then whatever else the reader may see; widgets that no longer exist are passed over, like repeats. */
function complete(ctx: Ctx, placed: readonly Placed[]): Placed[] {
  const seen = placed.filter(({ id }, i) => placed.findIndex((other) => other.id === id) === i);
  const others = WIDGETS.filter(({ id }) => !seen.some((one) => one.id === id));
  return [...seen, ...others.map(({ id }) => ({ id, shown: false, width: 'half' as const }))].filter(({ id }) => {
    const widget = widgetNamed(id);
    return widget !== undefined && maySee(ctx, widget);
  });
}

const customary = (ctx: Ctx): Arrangement => ({
  widgets: complete(
    ctx,
    customaryFor(ctx.actor.role).map((placed) => ({ ...placed, shown: true })),
  ),
  period: DEFAULT_PERIOD,
  version: 0,
});

interface Stored {
  widgets: unknown;
  period: string;
  version: number;
}

async function stored(ctx: Ctx): Promise<Stored | null> {
  const [row] = await ctx.db
    .from('dashboards', 'dashboards', 'dashboard.arrangement')
    .select('widgets', 'period', 'version')
    .where('user_id', ctx.actor.id);
  return (row as Stored | undefined) ?? null;
}

/** The reader's own arrangement; what an older or newer version stored and this one cannot read counts as none. */
export async function loadArrangement(ctx: Ctx): Promise<Arrangement> {
  const row = await stored(ctx);
  const widgets = WIDGETS_STORED.safeParse(row?.widgets);
  if (!row || !widgets.success) return { ...customary(ctx), version: row?.version ?? 0 };
  const period = PERIOD.safeParse(row.period);
  return {
    widgets: complete(ctx, widgets.data),
    period: period.success ? period.data : DEFAULT_PERIOD,
    version: row.version,
  };
}

const subject = (ctx: Ctx, version: number) => ({
  entity: 'dashboard',
  id: ctx.actor.id,
  title: ctx.actor.name,
  version,
});

/**
 * Keeps the reader's arrangement. The same again changes nothing and leaves no line in the trail.
 * @throws 400 for what is no arrangement
 */
export async function saveArrangement(ctx: Ctx, asked: { widgets: unknown; period: unknown }): Promise<void> {
  const [widgets, period] = [WIDGETS_STORED.safeParse(asked.widgets), PERIOD.safeParse(asked.period)];
  if (!widgets.success || !period.success)
    throw badRequest('This is no arrangement of a dashboard. Reload the page and try again.');
  const before = await stored(ctx);
  const after = { widgets: complete(ctx, widgets.data), period: period.data };
  const was = { widgets: WIDGETS_STORED.safeParse(before?.widgets).data, period: before?.period };
  const changes = changed(was, after, ['widgets', 'period']);
  if (!Object.keys(changes).length) return;
  const [row] = await ctx.db.run(
    `/* dashboard.arrange */ insert into dashboards (tenant_id, user_id, widgets, period)
     values (:tenant, :user, :widgets, :period)
     on conflict (tenant_id, user_id) do update set widgets = excluded.widgets, period = excluded.period,
       version = dashboards.version + 1, updated_at = now() returning version`,
    { user: ctx.actor.id, widgets: JSON.stringify(after.widgets), period: after.period },
  );
  await audit(ctx, 'configured', subject(ctx, Number(row!.version)), changes);
}

/** Back to what is customary for the reader's role; where nothing was arranged nothing happens. */
export async function forgetArrangement(ctx: Ctx): Promise<void> {
  const before = await stored(ctx);
  if (!before || !(await ctx.db.remove('dashboards', { user_id: ctx.actor.id }))) return;
  const { widgets, period } = before;
  await audit(ctx, 'configured', subject(ctx, before.version), {
    widgets: { old: widgets, new: null },
    period: { old: period, new: null },
  });
}
