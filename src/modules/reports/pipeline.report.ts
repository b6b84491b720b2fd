import type { Ctx } from '#src/kernel/context.ts';
import { project } from '#src/modules/delivery/project.entity.ts';
import { lead } from '#src/modules/sales/lead.entity.ts';
import { fromHundredths } from './amounts.ts';
import { type Answer, type AnswerTable, answered } from './answer.ts';
import { APART, choicesOf, createdBehind, dayTerms, labelOf, whose } from './behind.ts';
import { chart, tile } from './figures.ts';
import { amount, type Group, grouped, total, valuesOf } from './grouped.ts';
import type { Question } from './report.ts';
import { count, jsonFigure, money, name, valueText } from './value.ts';

type Leads = Group<'status'>[];
type Projects = Group<'status' | 'currency'>[];

/** What may still be won; the other statuses are decided. */
const OPEN_LEADS = ['new', 'contacted', 'qualified'] as const;
export const OPEN_PROJECTS = ['active', 'pending'] as const;
/** A lead's way; lost ones leave it. */
const WAY = ['new', 'contacted', 'qualified', 'converted'] as const;

const leads = (question: Question, status = '') => createdBehind(lead, 'assigned_to', question, { status });
const projects = (question: Question, currency: string, status = '') =>
  createdBehind(project, 'owner_id', question, { currency, status });

function leadTable(question: Question, found: Leads): AnswerTable {
  const all = total(found).count;
  return {
    title: 'Leads by status',
    columns: ['status', 'count'],
    rows: choicesOf(lead, 'status').map((status) => [
      name(labelOf(lead, 'status', status)),
      count(total(found, { status }).count, leads(question, status)),
    ]),
    total: [name('All leads'), count(all, leads(question))],
    empty: '',
  };
}

function projectTable(question: Question, found: Projects, currency: string, several: boolean): AnswerTable {
  const cells = (head: string, status: string) => {
    const sum = total(found, status ? { currency, status } : { currency });
    const link = projects(question, currency, status);
    return [name(head), count(sum.count, link), money(amount(sum), currency, link)];
  };
  return {
    title: several ? `Projects by status, ${currency}` : 'Projects by status',
    columns: ['status', 'count', 'total_value'],
    rows: choicesOf(project, 'status').map((status) => cells(labelOf(project, 'status', status), status)),
    total: cells('All projects', ''),
    empty: '',
  };
}

function tiles(ctx: Ctx, question: Question, openLeads: Leads, all: Projects, currencies: string[]): Answer['tiles'] {
  const suffix = (currency: string) => (currencies.length > 1 ? `, ${currency}` : '');
  return [
    tile(ctx, question, {
      label: 'Open leads',
      now: count(total(openLeads, { status: OPEN_LEADS }).count, leads(question, OPEN_LEADS.join(','))),
      before: count(total(openLeads, { status: OPEN_LEADS }, 'before').count),
    }),
    tile(ctx, question, {
      label: 'Open projects',
      now: count(
        total(all, { status: OPEN_PROJECTS }).count,
        createdBehind(project, 'owner_id', question, { status: OPEN_PROJECTS.join(',') }),
      ),
      before: count(total(all, { status: OPEN_PROJECTS }, 'before').count),
    }),
    ...currencies.slice(0, 3).map((currency) =>
      tile(ctx, question, {
        label: `Open value${suffix(currency)}`,
        now: money(
          amount(total(all, { currency, status: OPEN_PROJECTS })),
          currency,
          projects(question, currency, OPEN_PROJECTS.join(',')),
        ),
        before: money(amount(total(all, { currency, status: OPEN_PROJECTS }, 'before')), currency),
        wanted: 'more',
      }),
    ),
  ];
}

function charts(ctx: Ctx, foundLeads: Leads, foundProjects: Projects, currencies: string[]): Answer['charts'] {
  const shown: Answer['charts'] = [];
  if (total(foundLeads).count) {
    const steps = WAY.map((status) => ({
      label: labelOf(lead, 'status', status),
      value: count(total(foundLeads, { status }).count),
    }));
    const texts = steps.map(({ value }) => valueText(ctx, value));
    shown.push(
      chart('Leads on their way', `Leads: ${steps.map(({ label }, i) => `${label} ${texts[i]}`).join('; ')}.`, {
        kind: 'funnel',
        labels: steps.map(({ label }) => label),
        series: [{ label: 'Leads', values: steps.map(({ value }) => Number(value.value)), texts }],
      }),
    );
  }
  for (const currency of currencies.slice(0, 3)) {
    const statuses = choicesOf(project, 'status');
    const sums = statuses.map((status) => total(foundProjects, { currency, status }));
    if (sums.every(({ value }) => value === 0n)) continue;
    const texts = sums.map((sum) => valueText(ctx, money(amount(sum), currency)));
    const labels = statuses.map((status) => labelOf(project, 'status', status));
    const title = `Projects by value${currencies.length > 1 ? `, ${currency}` : ''}`;
    shown.push(
      chart(title, `${title}: ${labels.map((label, i) => `${label} ${texts[i]}`).join('; ')}.`, {
        kind: 'bars',
        labels,
        series: [{ label: 'Value', values: sums.map(({ value }) => Number(fromHundredths(value))), texts }],
      }),
    );
  }
  return shown;
}

const computed = (ctx: Ctx, question: Question): Answer['computed'] => [
  {
    term: 'Which records',
    text: `${whose(ctx, lead, question, 'assigned to')} and ${whose(ctx, project, question, 'owned by').toLowerCase()}, created in the period, by the status they have now. What is in the trash is left out.`,
  },
  { term: 'Open leads', text: 'New, contacted and qualified ones; lost and converted ones are decided.' },
  { term: 'Open projects', text: 'Active and pending ones. One without a value counts as a project with 0.' },
  APART,
  ...dayTerms(ctx, question),
];

/** I1 sales pipeline: where the leads and projects created in a period stand now. */
export const pipeline = answered({
  slug: 'pipeline',
  title: 'Sales pipeline',
  says: 'Where leads and projects stand, and what the projects are worth.',
  icon: 'filter',
  group: 'Sales',
  columns: [
    { name: 'status', label: 'Status', kind: 'name' },
    { name: 'count', label: 'Records', kind: 'count' },
    { name: 'total_value', label: 'Value', kind: 'money' },
  ],
  default_sort: '',
  user_label: 'Person',

  async answer(ctx, question) {
    const foundLeads = await grouped(ctx, question, {
      entity: lead,
      label: 'pipeline.leads',
      by: { status: 'status' },
      person: 'assigned_to',
    });
    const foundProjects = await grouped(ctx, question, {
      entity: project,
      label: 'pipeline.projects',
      by: { status: 'status', currency: 'currency' },
      person: 'owner_id',
      value: 'value',
    });
    const own = ctx.tenant.currency;
    const found = valuesOf(foundProjects, 'currency', own);
    const currencies = found.length ? found : [own];
    const line = (currency: string, status: string) => {
      const sum = total(foundProjects, { currency, status });
      return { status, count: sum.count, total_value: jsonFigure({ value: amount(sum) }), currency };
    };
    return {
      tiles: tiles(ctx, question, foundLeads, foundProjects, currencies),
      charts: charts(ctx, foundLeads, foundProjects, currencies),
      tables: [
        leadTable(question, foundLeads),
        ...currencies.map((currency) => projectTable(question, foundProjects, currency, currencies.length > 1)),
      ],
      computed: computed(ctx, question),
      json: {
        leads: choicesOf(lead, 'status').map((status) => ({
          status,
          count: total(foundLeads, { status }).count,
        })),
        projects: currencies.flatMap((currency) =>
          choicesOf(project, 'status')
            .map((status) => line(currency, status))
            .filter((one) => one.count || currency === own),
        ),
      },
    };
  },
});
