import type { Ctx } from '#src/kernel/context.ts';
import { project } from '#src/modules/delivery/project.entity.ts';
import { lead } from '#src/modules/sales/lead.entity.ts';
import { type Answer, type AnswerTable, answered } from './answer.ts';
import { APART, choicesOf, createdBehind, dayTerms, labelOf, whose } from './behind.ts';
import { chartOf, tile } from './figures.ts';
import { amount, type Group, grouped, total, valuesOf } from './grouped.ts';
import type { Question } from './report.ts';
import { count, jsonFigure, money, name } from './value.ts';

type Leads = Group<'status'>[];
type Projects = Group<'status' | 'currency'>[];

/** What may still be won; the other statuses are decided. */
const OPEN_LEADS = ['new', 'contacted', 'qualified'] as const;
export const OPEN_PROJECTS = ['active', 'pending'] as const;
/** How far leads came at least; how far the lost ones came is not known. */
const STEPS: { label: string; statuses: readonly string[] }[] = [
  { label: 'Created', statuses: [] },
  { label: 'Contacted or further', statuses: ['contacted', 'qualified', 'converted'] },
  { label: 'Qualified or further', statuses: ['qualified', 'converted'] },
  { label: 'Converted', statuses: ['converted'] },
];

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

function charts(
  ctx: Ctx,
  question: Question,
  foundLeads: Leads,
  foundProjects: Projects,
  currencies: string[],
): Answer['charts'] {
  const shown: Answer['charts'] = [];
  if (total(foundLeads).count) {
    const labels = STEPS.map(({ label }) => label);
    const values = STEPS.map(({ statuses }) =>
      count(total(foundLeads, statuses.length ? { status: statuses } : {}).count, leads(question, statuses.join(','))),
    );
    shown.push(chartOf(ctx, 'How far leads came', 'funnel', labels, 'Leads', values));
  }
  for (const currency of currencies.slice(0, 3)) {
    const statuses = choicesOf(project, 'status');
    const sums = statuses.map((status) => total(foundProjects, { currency, status }));
    if (sums.every(({ value }) => value === 0n)) continue;
    const labels = statuses.map((status) => labelOf(project, 'status', status));
    const title = `Projects by value${currencies.length > 1 ? `, ${currency}` : ''}`;
    const values = sums.map((sum, i) => money(amount(sum), currency, projects(question, currency, statuses[i])));
    shown.push(chartOf(ctx, title, 'bars', labels, 'Value', values));
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
      charts: charts(ctx, question, foundLeads, foundProjects, currencies),
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
