/** More data for scripts/preview.ts: the dashboard and its arrangement. */
import type { ChartData, ReportTile } from '#src/kernel/views_pages.ts';
import type { ArrangementView, DashboardView, WidgetView } from '#src/modules/home/views.ts';
import type { Sample } from './preview_samples.ts';

const tile = (label: string, figure: string, change = ''): ReportTile => ({
  label,
  figure,
  href: '/list',
  change,
  direction: change ? 'up' : 'flat',
  tone: change ? 'green' : 'neutral',
});

const plain: WidgetView = {
  id: '',
  label: '',
  icon: 'filter',
  href: '/report',
  width: 'half',
  tiles: [],
  chart: null,
  rows: [],
  more: '',
  message: '',
};

const bars: ChartData = {
  kind: 'bars',
  labels: ['Website', 'Friedrich-Wilhelm von und zu Großherzogsdorf-Hinterüberlingen & Partner', 'Trade show'],
  series: [{ label: 'Leads', values: [1204, 88, 3], texts: ['1,204', '88', '3'], hrefs: ['/list', '/list', ''] }],
};

const chart = (title: string): NonNullable<WidgetView['chart']> => ({
  title,
  text: 'Website 1,204; a partner with a long name 88; trade show 3.',
  json: JSON.stringify(bars),
  figures: {
    heads: ['Leads'],
    rows: bars.labels.map((label, i) => ({
      label,
      figures: [{ text: bars.series[0]!.texts[i]!, href: bars.series[0]!.hrefs![i]! }],
    })),
  },
});

const widgets: WidgetView[] = [
  {
    ...plain,
    id: 'pipeline-figures',
    label: 'Sales pipeline',
    tiles: [
      tile('Open leads', '1,295', '12.4 % more than in the 52 days before'),
      tile('Open value', 'CHF 128,450,999,120.50', '1,204.8 % more than in the 52 days before'),
      tile('Open value, EUR', '€0.00'),
    ],
  },
  { ...plain, id: 'forecast-figures', label: 'Revenue forecast', message: 'This took too long here.' },
  { ...plain, id: 'lead-sources', label: 'Leads by source', icon: 'target', chart: chart('') },
  { ...plain, id: 'pipeline-funnel', label: 'Pipeline', message: 'There is too little in this period to draw.' },
  { ...plain, id: 'retention-curve', label: 'Retention', icon: 'heart', width: 'full', chart: chart('By person') },
];

const dashboard: DashboardView = {
  presets: ['This month', 'This quarter', 'All time'].map((label, i) => ({
    label,
    href: '/dashboard',
    current: i === 1,
  })),
  events_href: '',
  arrange_href: '/arrangement',
  board: {
    href: '/dashboard',
    days: '1 Oct 2026 – 21 Nov 2026',
    updated: 'Updated 14:02',
    is_late: false,
    is_earlier: false,
    first_steps: [],
    widgets,
  },
};

const arrangement: ArrangementView = {
  hidden: [],
  widgets: widgets.map(({ id, label, icon, width }, i) => ({
    id,
    label,
    icon,
    text: 'Figures of a report',
    shown: i < 3,
    widths: ['half', 'full'].map((value) => ({ value, label: value, selected: value === width })),
    is_first: i === 0,
    is_last: i === widgets.length - 1,
  })),
  periods: [{ value: 'this-quarter', label: 'This quarter', selected: true }],
  reset: {
    label: 'Back to the default',
    action: '/arrangement',
    icon: 'refresh',
    tone: 'neutral',
    hidden: [{ name: '_csrf', value: 'preview' }],
  },
};

const FIRST = [
  { label: 'Add a customer', href: '/form', icon: 'plus' },
  { label: 'Import a list of customers', href: '/form', icon: 'database-import' },
];

export const homeSamples: Record<string, Sample> = {
  dashboard: { view: 'home/dashboard', title: 'Dashboard', data: dashboard },
  'dashboard-first': {
    view: 'home/dashboard',
    title: 'Dashboard',
    data: { ...dashboard, board: { ...dashboard.board, first_steps: FIRST, widgets: [] } },
  },
  arrangement: { view: 'home/arrangement', title: 'Arrange the dashboard', data: arrangement },
};
