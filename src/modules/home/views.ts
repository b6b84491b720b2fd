/** What the pages of this module are given. As in src/kernel/views.ts, all is final text. */

import type { Action, Hidden, Link, Option } from '#src/kernel/views.ts';
import type { ReportTile } from '#src/kernel/views_pages.ts';
import type { DayRow } from '#src/modules/activity/my_day.service.ts';
import type { Width } from './widgets.ts';

/** The figures of a chart, for whoever does not see or point at it. */
export interface ChartFigures {
  /** heads of its columns after the first */
  heads: string[];
  rows: { label: string; figures: { text: string; href: string }[] }[];
}

/** home/widget.ejs */
export interface WidgetView {
  id: string;
  label: string;
  icon: string;
  /** the whole of it: a report about the same period, or my day */
  href: string;
  width: Width;
  tiles: ReportTile[];
  /** its title is '' where the widget's own says it */
  chart: { title: string; text: string; json: string; figures: ChartFigures } | null;
  rows: DayRow[];
  /** 'All 14', '' when all of them are here */
  more: string;
  /** what stands there instead: nothing to show, or that it could not be shown; '' */
  message: string;
}

/** home/board.ejs: what is brought up to date while somebody looks on */
export interface BoardView {
  /** where it is asked for again */
  href: string;
  /** '1 Oct 2026 – 21 Nov 2026' */
  days: string;
  /** 'Updated 14:02', the time of the oldest figure */
  updated: string;
  /** something is still being computed, and is asked for until it is there */
  is_late: boolean;
  /** something was computed before it was asked for, so news may be missing in it for a moment */
  is_earlier: boolean;
  /** instead of widgets: how to begin, while the company has no record */
  first_steps: Link[];
  widgets: WidgetView[];
}

/** home/dashboard.ejs */
export interface DashboardView {
  presets: { label: string; href: string; current: boolean }[];
  /** server-sent events about changes that it shows; '' when nothing is shown */
  events_href: string;
  arrange_href: string;
  board: BoardView;
}

/** home/arrangement.ejs */
export interface ArrangementView {
  hidden: Hidden[];
  widgets: {
    id: string;
    label: string;
    icon: string;
    text: string;
    shown: boolean;
    widths: Option[];
    is_first: boolean;
    is_last: boolean;
  }[];
  periods: Option[];
  /** null: it is the default already */
  reset: Action | null;
}

export interface SearchView {
  q: string;
  groups: { label: string; all_href: string; rows: { href: string; title: string; subtitle: string }[] }[];
  empty: string;
  /** where the other kinds are looked through, '' when they were or there are none */
  more_href: string;
  more_label: string;
  /** from the other kinds alone back to the first ones */
  back_href: string;
}

declare module '#src/kernel/views.ts' {
  interface Views {
    'home/dashboard': DashboardView;
    'home/board': BoardView;
    'home/widget': WidgetView;
    'home/arrangement': ArrangementView;
    'home/search': SearchView;
    'home/hits': SearchView;
  }
}
