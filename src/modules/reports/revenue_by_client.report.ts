import type { Ctx } from '#src/kernel/context.ts';
import type { Table } from '#src/kernel/export.ts';
import { cell } from '#src/kernel/fields/field.ts';
import { formatMoney } from '#src/kernel/fields/numbers.ts';
import type { Cell } from '#src/kernel/views.ts';
import type { ReportTable, ReportTile, ReportView } from '#src/kernel/views_pages.ts';
import { project } from '#src/modules/delivery/project.entity.ts';
import { formatCount, fromHundredths, hundredths, jsonAmount } from './amounts.ts';
import { APART, createdBehind, dayTerms, whose } from './behind.ts';
import { chart, countCell, moneyCell, rowsNote, tableHeads, tile } from './figures.ts';
import { MOST_JSON_ROWS, MOST_ROWS, type Question, type Report } from './report.ts';
import {
  allRevenueByClient,
  type ClientSums,
  type CurrencyTotals,
  LARGEST,
  type RevenueByClient,
  revenueByClient,
  type Sums,
} from './revenue_by_client.sql.ts';
import { count, money } from './value.ts';

/** Figure -> label and the statuses of the projects behind it; '' stands for every status. */
const AMOUNTS = {
  total_value: { label: 'Total', status: '' },
  won_value: { label: 'Won', status: 'completed' },
  pending_value: { label: 'Open', status: 'active,pending' },
  lost_value: { label: 'Lost', status: 'cancelled' },
} as const;
type Amount = keyof typeof AMOUNTS;
const NAMES = Object.keys(AMOUNTS) as Amount[];
/** The parts of the whole, as the chart stacks them. */
const PARTS: readonly Amount[] = ['won_value', 'pending_value', 'lost_value'];

/** How many currencies get tiles and a chart of their own; each has its table however many there are. */
const PICTURED = 3;
/** Customers an address may name, so that it stays short enough for every proxy. */
const MOST_IDS = 100;

const HIDDEN = 'Not visible to you';

/** The list of projects behind a figure. */
const projects = (question: Question, currency: string, customers: string, status: string): string =>
  createdBehind(project, 'owner_id', question, { customer_id: customers, currency, status });

/**
 * Customers that the list behind a total has to name: none as a rule. Where the list would also show projects whose
 * customer is in the trash, it names the ones that count; null when they are too many for an address.
 */
function customersBehind({ rows }: RevenueByClient, totals: CurrencyTotals): string | null {
  if (!totals.left_out) return '';
  const ids = rows.filter((row) => row.currency === totals.currency).map((row) => row.customer_id);
  return ids.length === totals.clients && ids.length <= MOST_IDS ? ids.join(',') : null;
}

function totalLink(question: Question, found: RevenueByClient, totals: CurrencyTotals, status: string): string {
  const customers = customersBehind(found, totals);
  // No client at all, but projects of trashed ones: a list that names nobody would show those.
  if (customers === null || (totals.left_out && !customers)) return '';
  return projects(question, totals.currency, customers, status);
}

/** The sums of a row, each linked by `link`. */
const sumCells = (ctx: Ctx, sums: Sums, link: (status: string) => string): Cell[] => [
  countCell(ctx, sums.total_projects, link('')),
  ...NAMES.map((name) => moneyCell(ctx, sums[name], sums.currency, link(AMOUNTS[name].status))),
];

const clientCells = (ctx: Ctx, question: Question, row: ClientSums): Cell[] => [
  row.client_name
    ? cell('link', row.client_name, { href: `/customers/${row.customer_id}`, title: row.client_name })
    : cell('text', HIDDEN),
  ...sumCells(ctx, row, (status) => projects(question, row.currency, row.customer_id, status)),
];

function tables(ctx: Ctx, question: Question, found: RevenueByClient): ReportTable[] {
  const columns = tableHeads(revenue, question);
  const empty = question.period.days
    ? 'There are no projects with a client in this period. Choose a longer one, or all time.'
    : 'There are no projects with a client yet.';
  const filled = found.totals.filter((totals) => totals.clients > 0);
  if (!filled.length) return [{ title: 'Clients', columns, rows: [], total: null, empty }];
  return filled.map((totals) => ({
    title: filled.length > 1 ? `Clients, ${totals.currency}` : 'Clients',
    columns,
    rows: found.rows.filter((row) => row.currency === totals.currency).map((row) => clientCells(ctx, question, row)),
    total: [
      cell('text', filled.length > 1 ? `All clients, ${totals.currency}` : 'All clients'),
      ...sumCells(ctx, totals, (status) => totalLink(question, found, totals, status)),
    ],
    empty,
  }));
}

function tiles(ctx: Ctx, question: Question, found: RevenueByClient): ReportTile[] {
  const shown = found.totals.slice(0, PICTURED);
  const suffix = (currency: string) => (shown.length > 1 ? `, ${currency}` : '');
  const all = shown.length ? shown : [nothing(ctx)];
  return all.flatMap((totals) => [
    ...(['total_value', 'won_value', 'pending_value'] as const).map((name) =>
      tile(ctx, question, {
        label: AMOUNTS[name].label + suffix(totals.currency),
        now: money(totals[name], totals.currency, totalLink(question, found, totals, AMOUNTS[name].status)),
        before: money(totals.before[name], totals.currency),
        ...(name !== 'pending_value' && { wanted: 'more' }),
      }),
    ),
    tile(ctx, question, {
      label: `Clients${suffix(totals.currency)}`,
      now: count(totals.clients),
      before: count(totals.clients_before),
    }),
  ]);
}

/** Totals of a period in which nothing happened, in the company's currency. */
function nothing(ctx: Ctx): CurrencyTotals {
  const none = { currency: ctx.tenant.currency, total_projects: 0, total_value: '0.00', lost_value: '0.00' };
  const sums: Sums = { ...none, won_value: '0.00', pending_value: '0.00' };
  return { ...sums, clients: 0, clients_before: 0, before: sums, left_out: 0 };
}

/** The largest clients of a currency and all others together, parts stacked; nothing where there is nothing to compare. */
function charts(ctx: Ctx, found: RevenueByClient): ReportView['charts'] {
  return found.totals.slice(0, PICTURED).flatMap((totals) => {
    const largest = found.largest
      .filter((row) => row.currency === totals.currency && hundredths(row.total_value) !== 0n)
      .sort((a, b) => a.rank - b.rank);
    if (largest.length < 2) return [];
    const rest = (name: Amount) =>
      largest.reduce((left, row) => left - hundredths(row[name]), hundredths(totals[name]));
    const others = rest('total_value') > 0n;
    const values = (name: Amount) => [
      ...largest.map((row) => row[name]),
      ...(others ? [fromHundredths(rest(name))] : []),
    ];
    const money = (amount: string) => formatMoney(amount, totals.currency, ctx.tenant);
    const names = [...largest.map((row) => row.client_name || HIDDEN), ...(others ? ['Others'] : [])];
    const several = found.totals.length > 1 ? `, ${totals.currency}` : '';
    const title = totals.clients > LARGEST ? `The ${LARGEST} largest clients and all others` : 'Clients by value';
    return [
      chart(
        title + several,
        `${title}${several}: ${names.map((name, i) => `${name} ${money(values('total_value')[i] ?? '0')}`).join('; ')}.`,
        {
          kind: 'bars',
          labels: names,
          series: PARTS.map((name) => ({
            label: AMOUNTS[name].label,
            values: values(name).map(Number),
            texts: values(name).map(money),
          })),
          ends: values('total_value').map(money),
        },
      ),
    ];
  });
}

const computed = (ctx: Ctx, question: Question): ReportView['computed'] => [
  {
    term: 'Which projects',
    text: `${whose(ctx, project, question, 'owned by')}, created in the period. Projects in the trash are left out, and so are those whose customer is in the trash.`,
  },
  {
    term: 'Total',
    text: 'The value of all these projects: won, open and lost together. One without a value counts as a project with 0.',
  },
  { term: 'Won', text: 'The value of completed projects.' },
  { term: 'Open', text: 'The value of active and pending projects.' },
  { term: 'Lost', text: 'The value of cancelled projects.' },
  APART,
  ...dayTerms(ctx, question),
];

function note(ctx: Ctx, found: RevenueByClient): string {
  const leftOut = found.totals.reduce((sum, totals) => sum + totals.left_out, 0);
  const count = formatCount(leftOut, ctx.tenant);
  const left =
    leftOut === 0
      ? ''
      : leftOut === 1
        ? 'One project is left out because its customer is in the trash.'
        : `${count} projects are left out because their customers are in the trash.`;
  return [rowsNote(ctx, found.rows.length, found.count), left].filter(Boolean).join(' ');
}

const jsonSums = (sums: Sums) => ({
  total_projects: sums.total_projects,
  ...Object.fromEntries(NAMES.map((name) => [name, jsonAmount(sums[name])])),
});

/**
 * I4 revenue by client: value of the projects created in a period, per client and currency.
 * total = won (completed) + open (active, pending) + lost (cancelled); all sums are PostgreSQL numerics.
 */
export const revenue: Report = {
  slug: 'revenue-by-client',
  title: 'Revenue by client',
  says: 'What each client’s projects are worth: won, still open, and lost.',
  icon: 'cash',
  group: 'Sales',
  columns: [
    { name: 'client_name', label: 'Client', kind: 'name' },
    { name: 'total_projects', label: 'Projects', kind: 'count' },
    ...NAMES.map((name) => ({ name, label: AMOUNTS[name].label, kind: 'money' as const })),
  ],
  default_sort: '-total_value',
  user_label: 'Project owner',

  async page(ctx, question) {
    const found = await revenueByClient(ctx, question, MOST_ROWS);
    return {
      tiles: tiles(ctx, question, found),
      charts: charts(ctx, found),
      tables: tables(ctx, question, found),
      computed: computed(ctx, question),
      note: note(ctx, found),
    };
  },

  async table(ctx, question): Promise<Table> {
    async function* rows() {
      for await (const batch of allRevenueByClient(ctx, question)) {
        yield batch.map((row) => [
          row.client_name || HIDDEN,
          row.currency,
          row.total_projects,
          ...NAMES.map((name) => Number(row[name])),
        ]);
      }
    }
    return {
      title: 'Revenue by client',
      columns: [
        { label: 'Client', excel: 'text', width: 40 },
        { label: 'Currency', excel: 'text', width: 10 },
        { label: 'Projects', excel: 'number', width: 10 },
        ...NAMES.map((name) => ({ label: AMOUNTS[name].label, excel: 'money' as const, width: 16 })),
      ],
      rows: rows(),
    };
  },

  /** Amounts are JSON numbers while those hold them exactly, else decimal text (`jsonAmount`). */
  async json(ctx, question) {
    const found = await revenueByClient(ctx, question, MOST_JSON_ROWS);
    return {
      clients: found.rows.map((row) => ({
        client_name: row.client_name || null,
        customer_id: row.customer_id,
        currency: row.currency,
        ...jsonSums(row),
        link: projects(question, row.currency, row.customer_id, ''),
      })),
      totals: found.totals.map((totals) => ({
        currency: totals.currency,
        clients: totals.clients,
        ...jsonSums(totals),
        link: totalLink(question, found, totals, '') || null,
      })),
      rows: found.count,
      truncated: found.count > found.rows.length,
    };
  },
};
