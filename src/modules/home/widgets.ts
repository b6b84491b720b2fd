import type { Role } from '#src/kernel/access.ts';
import { type Ctx, can } from '#src/kernel/context.ts';
import { mayRead, reportNamed } from '#src/modules/reports/widgets.service.ts';

/** Kinds of records whose changes a widget may show. */
export const COUNTED = ['customer', 'interaction', 'lead', 'project', 'task'] as const;
type Counted = (typeof COUNTED)[number];

export type Width = 'half' | 'full';

/** A part of the dashboard: figures or a chart of a report, or a list of my day. */
export interface Widget {
  id: string;
  label: string;
  icon: string;
  /** entities that it counts */
  counts: readonly Counted[];
  shows:
    | { what: 'tiles'; slug: string }
    | { what: 'chart'; slug: string; title: RegExp }
    | { what: 'tasks' }
    | { what: 'follow_ups' };
}

/** Every widget there is, in the order in which they are offered. Ids are kept for good: arrangements name them. */
export const WIDGETS: readonly Widget[] = [
  tiles('pipeline-figures', 'Sales pipeline', 'pipeline', ['lead', 'project']),
  tiles('forecast-figures', 'Revenue forecast', 'revenue-forecast', ['project']),
  tiles('conversion-figures', 'Conversion rate', 'conversion-rate', ['lead']),
  tiles('retention-figures', 'Client retention', 'client-retention', ['customer']),
  { id: 'my-tasks', label: 'My tasks', icon: 'list-check', counts: ['task'], shows: { what: 'tasks' } },
  {
    id: 'my-follow-ups',
    label: 'My follow-ups',
    icon: 'phone',
    counts: ['interaction'],
    shows: { what: 'follow_ups' },
  },
  chart('pipeline-funnel', 'Pipeline', 'pipeline', /^How far leads came/, ['lead']),
  chart('forecast-months', 'Forecast by month', 'revenue-forecast', /^Weighted forecast by month/, ['project']),
  chart('lead-sources', 'Leads by source', 'lead-source', /^Leads by source/, ['lead']),
  chart('retention-curve', 'Retention', 'client-retention', /./, ['customer']),
  chart('projects-by-status', 'Projects by status', 'project-performance', /^Projects by status/, ['project']),
  chart('interactions-by-person', 'Interactions by person', 'user-activity', /^Interactions/, ['interaction']),
];

function tiles(id: string, label: string, slug: string, counts: readonly Counted[]): Widget {
  return { id, label, icon: reportNamed(slug).icon, counts, shows: { what: 'tiles', slug } };
}

function chart(id: string, label: string, slug: string, title: RegExp, counts: readonly Counted[]): Widget {
  return { id, label, icon: reportNamed(slug).icon, counts, shows: { what: 'chart', slug, title } };
}

export const widgetNamed = (id: string): Widget | undefined => WIDGETS.find((widget) => widget.id === id);

/** Whether the reader may see what a widget shows. */
export function maySee(ctx: Ctx, { shows }: Widget): boolean {
  if (shows.what === 'tasks') return can(ctx, 'task.read');
  if (shows.what === 'follow_ups') return can(ctx, 'task.read') && can(ctx, 'interaction.read');
  return mayRead(ctx, reportNamed(shows.slug));
}

/** What somebody sees who arranged nothing, by what their work is about; `*` stands for the full width. */
const LEADING =
  'pipeline-figures forecast-figures my-tasks my-follow-ups pipeline-funnel forecast-months lead-sources interactions-by-person';
const LOOKING_AFTER = 'retention-figures* my-tasks my-follow-ups retention-curve projects-by-status';
const CUSTOMARY: Record<Role, string> = {
  admin: LEADING,
  manager: LEADING,
  sales: 'pipeline-figures conversion-figures my-tasks my-follow-ups pipeline-funnel forecast-months',
  csm: LOOKING_AFTER,
  support: LOOKING_AFTER,
  field_tech: 'my-tasks my-follow-ups',
  read_only: 'pipeline-figures retention-figures pipeline-funnel lead-sources projects-by-status retention-curve',
};

export const customaryFor = (role: Role): { id: string; width: Width }[] =>
  CUSTOMARY[role]
    .split(' ')
    .map((text) => ({ id: text.replace('*', ''), width: text.endsWith('*') ? 'full' : 'half' }));
