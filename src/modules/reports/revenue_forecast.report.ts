import type { Ctx } from '#src/kernel/context.ts';
import { project } from '#src/modules/delivery/project.entity.ts';
import { type Answer, type AnswerTable, answered } from './answer.ts';
import { APART, choicesOf, createdBehind, dayTerms, labelOf, whose } from './behind.ts';
import { chartOf, tilesOf } from './figures.ts';
import { amount, type Group, grouped, type Sum, total, valuesOf } from './grouped.ts';
import { monthsOf, monthText } from './period.ts';
import { OPEN_PROJECTS } from './pipeline.report.ts';
import type { Question } from './report.ts';
import { count, jsonFigure, money, name, text, type Value } from './value.ts';

type Projects = Group<'status' | 'currency' | 'month'>[];

/** How likely a project of each status becomes revenue, in per cent. */
const WEIGHTS: Record<string, bigint> = { pending: 30n, active: 60n, completed: 100n, cancelled: 0n };
/** What may become or has become revenue. */
const ALIVE = ['pending', 'active', 'completed'] as const;

/** Each status by its weight; rounded half up to hundredths once, at the end. */
function weighted(found: Projects, of: { currency: string; month?: string }, when: 'now' | 'before' = 'now'): Sum {
  const parts = ALIVE.map((status) => ({ ...total(found, { ...of, status }, when), weight: WEIGHTS[status] ?? 0n }));
  return {
    count: parts.reduce((sum, part) => sum + part.count, 0),
    value: (parts.reduce((sum, part) => sum + part.value * part.weight, 0n) + 50n) / 100n,
  };
}

/** The days of an end month, as the list of projects narrows by them. */
function monthDays(month: string): Record<string, string> {
  const last = new Date(Date.UTC(Number(month.slice(0, 4)), Number(month.slice(5)), 0)).getUTCDate();
  return { end_date__from: `${month}-01`, end_date__to: `${month}-${last}` };
}

const behind = (question: Question, state: Record<string, string>) =>
  createdBehind(project, 'owner_id', question, state);

function summaryOf(question: Question, found: Projects, currency: string, when: 'now' | 'before' = 'now') {
  const of = (statuses: readonly string[]): Value => {
    const sum = total(found, { currency, status: statuses }, when);
    return money(
      amount(sum),
      currency,
      when === 'now' ? behind(question, { currency, status: statuses.join(',') }) : '',
    );
  };
  return {
    total_pipeline_value: of(ALIVE),
    weighted_forecast: money(amount(weighted(found, { currency }, when)), currency),
    won_value: of(['completed']),
    pending_value: of(OPEN_PROJECTS),
  };
}

/** Months of the end date in their order; projects without one last. */
const monthsFound = (found: Projects, currency: string): string[] =>
  valuesOf(
    found.filter(({ key }) => key.currency === currency && key.status !== 'cancelled'),
    'month',
  ).sort((a, b) => Number(!a) - Number(!b) || (a < b ? -1 : 1));

function monthTable(ctx: Ctx, question: Question, found: Projects, currency: string, several: boolean): AnswerTable {
  const line = (head: Value, month: string | null): Value[] => {
    const of = { currency, ...(month === null ? {} : { month }) };
    const sum = total(found, { ...of, status: ALIVE });
    const days = month === null ? {} : month ? monthDays(month) : { end_date: 'none' };
    const link = behind(question, { currency, status: ALIVE.join(','), ...days });
    return [
      head,
      count(sum.count, link),
      money(amount(sum), currency, link),
      money(amount(weighted(found, of)), currency, link),
    ];
  };
  const months = monthsFound(found, currency);
  return {
    title: several ? `By month of the end date, ${currency}` : 'By month of the end date',
    columns: ['month', 'projects', 'value', 'weighted_forecast'],
    rows: months.map((month) => line(month ? name(monthText(month, ctx.tenant)) : name('No end date'), month)),
    total: months.length ? line(name('All months'), null) : null,
    empty: 'No projects that may become revenue were created in this period. Choose a longer one, or all time.',
  };
}

/** How the weighted sum of a currency comes about. */
function weightTable(question: Question, found: Projects, currency: string, several: boolean): AnswerTable {
  return {
    title: several ? `By status, ${currency}` : 'By status',
    columns: ['status', 'weight', 'projects', 'value', 'weighted_forecast'],
    rows: choicesOf(project, 'status').map((status) => {
      const sum = total(found, { currency, status });
      const link = behind(question, { currency, status });
      const part: Sum = { count: sum.count, value: (sum.value * (WEIGHTS[status] ?? 0n) + 50n) / 100n };
      return [
        name(labelOf(project, 'status', status)),
        text(`${WEIGHTS[status] ?? 0n} %`),
        count(sum.count, link),
        money(amount(sum), currency, link),
        money(amount(part), currency, link),
      ];
    }),
    total: null,
    empty: '',
  };
}

function charts(ctx: Ctx, question: Question, found: Projects, currencies: string[]): Answer['charts'] {
  return currencies.slice(0, 3).flatMap((currency) => {
    const filled = monthsFound(found, currency).filter(Boolean);
    const [first, last] = [filled[0], filled.at(-1)];
    if (!first || !last || first === last) return [];
    const months = monthsOf({ from: `${first}-01`, to: `${last}-01` })
      .slice(-36)
      .map(({ month }) => month);
    const values = months.map((month) =>
      money(
        amount(weighted(found, { currency, month })),
        currency,
        behind(question, { currency, status: ALIVE.join(','), ...monthDays(month) }),
      ),
    );
    const labels = months.map((month) => monthText(month, ctx.tenant));
    const title = `Weighted forecast by month${currencies.length > 1 ? `, ${currency}` : ''}`;
    return [chartOf(ctx, title, 'columns', labels, 'Weighted forecast', values, false)];
  });
}

const computed = (ctx: Ctx, question: Question): Answer['computed'] => [
  {
    term: 'Which projects',
    text: `${whose(ctx, project, question, 'owned by')}, created in the period, by the status they have now. What is in the trash is left out.`,
  },
  { term: 'Pipeline', text: 'The value of all of them that are not cancelled: won and open together.' },
  {
    term: 'Weighted forecast',
    text: 'Each project’s value times how likely it becomes revenue by its status: pending 30 %, active 60 %, completed 100 %, cancelled 0 %.',
  },
  { term: 'Won and open', text: 'Completed projects; pending and active projects.' },
  { term: 'Months', text: 'By the end date of a project; those without one stand apart.' },
  APART,
  ...dayTerms(ctx, question),
];

/** I10 revenue forecast: what the projects may bring, weighted by how likely that is, month by month. */
export const revenueForecast = answered({
  slug: 'revenue-forecast',
  title: 'Revenue forecast',
  says: 'What projects may bring, weighted by how likely that is, month by month.',
  icon: 'trending-up',
  group: 'Sales',
  columns: [
    { name: 'month', label: 'Month', kind: 'name' },
    { name: 'status', label: 'Status', kind: 'name' },
    { name: 'weight', label: 'Weight', kind: 'text' },
    { name: 'projects', label: 'Projects', kind: 'count' },
    { name: 'value', label: 'Value', kind: 'money' },
    { name: 'weighted_forecast', label: 'Weighted', kind: 'money' },
  ],
  default_sort: '',
  user_label: 'Project owner',

  async answer(ctx, question) {
    const found = await grouped(ctx, question, {
      entity: project,
      label: 'revenue_forecast',
      by: { status: 'status', currency: 'currency', month: `to_char(end_date, 'YYYY-MM')` },
      person: 'owner_id',
      value: 'value',
    });
    const own = ctx.tenant.currency;
    const present = valuesOf(found, 'currency', own);
    const currencies = present.length ? present : [own];
    const several = currencies.length > 1;
    const json = (currency: string) =>
      Object.fromEntries(
        Object.entries(summaryOf(question, found, currency)).map(([key, value]) => [key, jsonFigure(value)]),
      );
    return {
      tiles: currencies.slice(0, 3).flatMap((currency) => {
        const of = several ? `, ${currency}` : '';
        const [now, before] = [summaryOf(question, found, currency), summaryOf(question, found, currency, 'before')];
        return tilesOf(ctx, question, now, before, {
          total_pipeline_value: [`Pipeline${of}`, 'more'],
          weighted_forecast: [`Weighted forecast${of}`, 'more'],
          won_value: [`Won${of}`, 'more'],
          pending_value: [`Open${of}`],
        });
      }),
      charts: charts(ctx, question, found, currencies),
      tables: currencies.flatMap((currency) => [
        monthTable(ctx, question, found, currency, several),
        weightTable(question, found, currency, several),
      ]),
      computed: computed(ctx, question),
      json: {
        forecast: { ...json(own), currency: own },
        by_month: currencies.flatMap((currency) =>
          monthsFound(found, currency).map((month) => ({
            month: month || null,
            weighted_forecast: jsonFigure({ value: amount(weighted(found, { currency, month })) }),
            currency,
          })),
        ),
        other_currencies: currencies
          .filter((currency) => currency !== own)
          .map((currency) => ({ currency, ...json(currency) })),
      },
    };
  },
});
