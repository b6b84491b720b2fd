import type { Ctx } from '#src/kernel/context.ts';
import { button } from '#src/kernel/routes.ts';
import { PRESET_NAMES, periodLabel, reportNamed } from '#src/modules/reports/widgets.service.ts';
import type { Arrangement, Placed } from './arrangement.service.ts';
import type { ArrangementView } from './views.ts';
import { type Widget, widgetNamed } from './widgets.ts';

const WIDTHS = [
  { value: 'half', label: 'Half' },
  { value: 'full', label: 'Full' },
] as const;

/** What a widget shows, in a few words. */
function textOf({ shows }: Widget): string {
  if (shows.what === 'tasks') return 'What is given to you, by when it is due';
  if (shows.what === 'follow_ups') return 'Whom you said you would come back to';
  return `${shows.what === 'tiles' ? 'Figures' : 'Chart'} of the report ${reportNamed(shows.slug).title}`;
}

function lineOf(placed: Placed, i: number, all: readonly Placed[]): ArrangementView['widgets'][number] {
  const widget = widgetNamed(placed.id)!;
  return {
    id: widget.id,
    label: widget.label,
    icon: widget.icon,
    text: textOf(widget),
    shown: placed.shown,
    widths: WIDTHS.map((width) => ({ ...width, selected: width.value === placed.width })),
    is_first: i === 0,
    is_last: i === all.length - 1,
  };
}

export function arrangementView(ctx: Ctx, { widgets, period, version }: Arrangement): ArrangementView {
  return {
    hidden: [
      { name: '_csrf', value: ctx.csrf },
      { name: 'order', value: widgets.map(({ id }) => id).join(',') },
    ],
    widgets: widgets.map(lineOf),
    periods: PRESET_NAMES.map((name) => ({ value: name, label: periodLabel(ctx, name), selected: name === period })),
    reset: version ? button(ctx, 'Back to the default', '/dashboard/arrangement/default', 'refresh') : null,
  };
}

/** An arrangement as an address carries it. */
export const stateOf = ({ widgets, period }: Arrangement): string => JSON.stringify({ widgets, period });
