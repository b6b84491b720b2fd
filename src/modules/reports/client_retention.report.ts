import type { Ctx } from '#src/kernel/context.ts';
import { visible } from '#src/kernel/visibility.ts';
import { interaction } from '#src/modules/activity/interaction.entity.ts';
import { customer } from '#src/modules/customers/customer.entity.ts';
import { type Answer, answered } from './answer.ts';
import { choicesOf, dayTerms, labelOf, whose } from './behind.ts';
import { chartOf, listOf, periodOfList, tile } from './figures.ts';
import { type Group, total } from './grouped.ts';
import { daysText } from './period.ts';
import { during, range } from './range.ts';
import type { Question } from './report.ts';
import { keptText, maySeeDays, type Standing, sampledDays, standingAt, yesterday } from './snapshots.service.ts';
import { count, jsonFigure, name, rate, type Value } from './value.ts';

type Customers = Group<'status' | 'currency'>[];

/** Points of the curve over the days that were kept. */
const POINTS = 60;

/** Customers by the status they have now. */
async function standingNow(ctx: Ctx, { user }: Question): Promise<Customers> {
  const customers = visible(ctx, customer);
  if (user) customers.where('customers.owner_id', user.id);
  const rows = await ctx.db.run(
    `/* report.client_retention */ select status, count(*) as records from :customers as c group by status`,
    { customers },
  );
  return rows.map((row) => ({
    key: { status: row.status as string, currency: '' },
    now: { count: Number(row.records), value: 0n },
    before: { count: 0, value: 0n },
  }));
}

/** Status of the customer, as it is now -> interactions in the period. */
async function talks(ctx: Ctx, question: Question): Promise<Map<string, number>> {
  const customers = visible(ctx, customer).select('customers.id', 'customers.status');
  if (question.user) customers.where('customers.owner_id', question.user.id);
  const rows = await ctx.db.run(
    `/* report.client_retention.interactions */
    select c.status, count(*) as records from :interactions as i join :customers as c on c.id = i.customer_id
    where ${during('i.occurred_at')} group by c.status`,
    { interactions: visible(ctx, interaction), customers, ...range(ctx, question) },
  );
  return new Map(rows.map((row) => [row.status as string, Number(row.records)]));
}

const customersBehind = ({ user }: Question, status: string): string =>
  listOf('customers', { ...(status && { status }), ...(user && { owner_id: user.id }) });

const talksBehind = ({ user, period }: Question, status: string): string =>
  listOf('interactions', {
    'customer_id.status': status || choicesOf(customer, 'status').join(','),
    ...(user && { 'customer_id.owner_id': user.id }),
    ...periodOfList(period, 'occurred_at'),
  });

/** Of those who became clients, active and inactive ones, the part that stayed. */
function ratesOf(groups: Customers, link: (status: string) => string) {
  const [active, inactive] = ['active', 'inactive'].map((status) => total(groups, { status }).count) as [
    number,
    number,
  ];
  return {
    retention_rate: rate(active, active + inactive, link('active')),
    churn_rate: rate(inactive, active + inactive, link('inactive')),
  };
}

/** The curve of the rate over the days that were kept; a doughnut of the statuses where there is no curve yet. */
function charts(ctx: Ctx, kept: Standing[], groups: Customers, link: (status: string) => string): Answer['charts'] {
  if (kept.length > 1) {
    const labels = kept.map(({ day }) => daysText({ from: day, to: day }, ctx.tenant));
    const rates = kept.map((standing) => ratesOf(standing.groups, () => '').retention_rate);
    return [chartOf(ctx, 'Retention rate at the end of the day', 'lines', labels, 'Retention rate, %', rates)];
  }
  const statuses = choicesOf(customer, 'status').filter((status) => total(groups, { status }).count);
  if (statuses.length < 2) return [];
  const values = statuses.map((status) => count(total(groups, { status }).count, link(status)));
  return [
    chartOf(
      ctx,
      'Clients by status',
      'doughnut',
      statuses.map((s) => labelOf(customer, 'status', s)),
      'Clients',
      values,
    ),
  ];
}

/** What stands below the table about the day that the figures are of. */
function noteOf(ctx: Ctx, wanted: string | null, standing: Standing | undefined): string {
  if (!wanted) return '';
  const day = daysText({ from: wanted, to: wanted }, ctx.tenant);
  if (standing) return `Clients as they stood at the end of ${day}. ${keptText(standing, ctx)}.`;
  const why = maySeeDays(ctx, customer) ? `Nothing was kept for ${day}` : 'What was kept of each day is of all clients';
  return `${why}, so clients are counted as they stand now.`;
}

const computed = (ctx: Ctx, question: Question): Answer['computed'] => [
  {
    term: 'Which clients',
    text: `${whose(ctx, customer, question, 'owned by')}, whenever they were created. What is in the trash is left out.`,
  },
  {
    term: 'As of',
    text: 'The end of the period, from what is counted and kept every night; as they stand now where the period ends today.',
  },
  {
    term: 'Retention rate',
    text: 'Active clients divided by active and inactive ones, in per cent. New ones and prospects are not clients yet.',
  },
  { term: 'Churn rate', text: 'Inactive clients divided by active and inactive ones, in per cent.' },
  {
    term: 'Interactions',
    text: 'Those that took place in the period with clients that have this status now.',
  },
  ...dayTerms(ctx, question),
];

/** I7 client retention: how many clients stayed, and how much is spoken with whom. */
export const clientRetention = answered({
  slug: 'client-retention',
  title: 'Client retention',
  says: 'How many clients stayed, and how much was spoken with them.',
  icon: 'heart',
  group: 'Success',
  columns: [
    { name: 'status', label: 'Status', kind: 'name' },
    { name: 'count', label: 'Clients', kind: 'count' },
    { name: 'share', label: 'Share', kind: 'rate' },
    { name: 'recent_interactions', label: 'Interactions', kind: 'count' },
  ],
  default_sort: '',
  user_label: 'Owner',

  async answer(ctx, question) {
    const { days, before } = question.period;
    const last = yesterday(ctx);
    const wanted = days && days.to <= last ? days.to : null;
    const sampled = days ? sampledDays({ from: days.from, to: days.to <= last ? days.to : last }, POINTS) : [];
    const kept = await standingAt(ctx, customer, question, [
      ...sampled,
      ...(wanted ? [wanted] : []),
      ...(before ? [before.to] : []),
    ]);
    const standing = wanted ? kept.get(wanted) : undefined;
    const groups = standing?.groups ?? (await standingNow(ctx, question));
    const earlier = before && kept.get(before.to);
    const recent = await talks(ctx, question);
    // What is over cannot be listed any more.
    const link = (status: string) => (standing ? '' : customersBehind(question, status));
    const all = total(groups).count;
    const rates = ratesOf(groups, link);
    const ratesBefore = earlier && ratesOf(earlier.groups, () => '');
    const span = before ? `at the end of ${daysText({ from: before.to, to: before.to }, ctx.tenant)}` : '';
    const statuses = choicesOf(customer, 'status');
    const line = (head: Value, of: number, href: string, talked: number, status: string): Value[] => [
      head,
      count(of, href),
      rate(of, all, href),
      count(talked, talksBehind(question, status)),
    ];
    const talked = [...recent.values()].reduce((sum, one) => sum + one, 0);
    return {
      tiles: [
        tile(ctx, question, {
          label: 'Retention rate',
          now: rates.retention_rate,
          before: ratesBefore?.retention_rate ?? null,
          wanted: 'more',
          span,
        }),
        tile(ctx, question, {
          label: 'Churn rate',
          now: rates.churn_rate,
          before: ratesBefore?.churn_rate ?? null,
          wanted: 'less',
          span,
        }),
        tile(ctx, question, {
          label: 'Active clients',
          now: count(total(groups, { status: 'active' }).count, link('active')),
          before: earlier ? count(total(earlier.groups, { status: 'active' }).count) : null,
          wanted: 'more',
          span,
        }),
      ],
      charts: charts(
        ctx,
        sampled.flatMap((day) => kept.get(day) ?? []),
        groups,
        link,
      ),
      tables: [
        {
          title: 'Clients by status',
          columns: ['status', 'count', 'share', 'recent_interactions'],
          rows: statuses.map((status) =>
            line(
              name(labelOf(customer, 'status', status)),
              total(groups, { status }).count,
              link(status),
              recent.get(status) ?? 0,
              status,
            ),
          ),
          total: line(name('All clients'), all, link(''), talked, ''),
          empty: '',
        },
      ],
      computed: computed(ctx, question),
      note: noteOf(ctx, wanted, standing),
      json: {
        retention_rate: jsonFigure(rates.retention_rate),
        churn_rate: jsonFigure(rates.churn_rate),
        status_breakdown: statuses.map((status) => ({
          status,
          count: total(groups, { status }).count,
          recent_interactions: recent.get(status) ?? 0,
        })),
        as_of: standing ? { day: standing.day, taken_at: standing.taken_at } : null,
      },
    };
  },
});
