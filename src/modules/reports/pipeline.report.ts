import type { Ctx } from '#src/kernel/context.ts';
import { project } from '#src/modules/delivery/project.entity.ts';
import { lead } from '#src/modules/sales/lead.entity.ts';
import { type Answer, type AnswerTable, answered } from './answer.ts';
import { APART, choicesOf, createdBehind, dayTerms, labelOf, whose } from './behind.ts';
import { chartOf, tile } from './figures.ts';
import { amount, type Group, grouped, total, valuesOf } from './grouped.ts';
import { daysText } from './period.ts';
import type { Question } from './report.ts';
import { keptText, type Standing, standingAt, yesterday } from './snapshots.service.ts';
import { count, jsonFigure, money, name, type Value } from './value.ts';

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

interface Stood {
  leads: Standing;
  projects: Standing;
}

/** How everything stood at the end of a period that is over; null where nothing was kept, or the reader sees a part only. */
async function stoodAt(ctx: Ctx, question: Question): Promise<Stood | null> {
  const to = question.period.days?.to;
  if (!to || to > yesterday(ctx)) return null;
  const leadsThen = (await standingAt(ctx, lead, question, [to])).get(to);
  const projectsThen = (await standingAt(ctx, project, question, [to])).get(to);
  return leadsThen && projectsThen ? { leads: leadsThen, projects: projectsThen } : null;
}

/** What stood then leads to no list: its records have moved on. */
const withoutLinks = (table: AnswerTable, title: string): AnswerTable => {
  const plain = (row: Value[]) => row.map((value) => ({ ...value, href: '' }));
  return { ...table, title, rows: table.rows.map(plain), total: table.total && plain(table.total) };
};

function stoodTables(ctx: Ctx, question: Question, stood: Stood | null): AnswerTable[] {
  if (!stood) return [];
  const { day } = stood.leads;
  const then = `at the end of ${daysText({ from: day, to: day }, ctx.tenant)}`;
  const currencies = valuesOf(stood.projects.groups, 'currency', ctx.tenant.currency);
  return [
    withoutLinks(leadTable(question, stood.leads.groups), `All leads ${then}`),
    ...currencies.map((currency) => {
      const several = currencies.length > 1 ? `, ${currency}` : '';
      return withoutLinks(
        projectTable(question, stood.projects.groups, currency, false),
        `All projects ${then}${several}`,
      );
    }),
  ];
}

const jsonStood = (ctx: Ctx, { leads: then, projects: and }: Stood) => ({
  day: then.day,
  taken_at: then.taken_at,
  leads: jsonLeads(then.groups),
  projects: jsonProjects(and.groups, valuesOf(and.groups, 'currency', ctx.tenant.currency), ''),
});

const jsonLeads = (found: Leads) =>
  choicesOf(lead, 'status').map((status) => ({ status, count: total(found, { status }).count }));

/** A line a status and currency; of the currency `whole` those too of which there is nothing. */
const jsonProjects = (found: Projects, currencies: readonly string[], whole: string) =>
  currencies.flatMap((currency) =>
    choicesOf(project, 'status')
      .map((status) => {
        const sum = total(found, { currency, status });
        return { status, count: sum.count, total_value: jsonFigure({ value: amount(sum) }), currency };
      })
      .filter(({ count: number }) => number || currency === whole),
  );

const computed = (ctx: Ctx, question: Question): Answer['computed'] => [
  {
    term: 'Which records',
    text: `${whose(ctx, lead, question, 'assigned to')} and ${whose(ctx, project, question, 'owned by').toLowerCase()}, created in the period, by the status they have now. What is in the trash is left out.`,
  },
  {
    term: 'As it stood',
    text: 'For a period that is over: all leads and projects, whenever they were created, by the status they had at its end, from what is counted and kept every night. For readers who see all of them.',
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
    const stood = await stoodAt(ctx, question);
    return {
      tiles: tiles(ctx, question, foundLeads, foundProjects, currencies),
      charts: charts(ctx, question, foundLeads, foundProjects, currencies),
      tables: [
        leadTable(question, foundLeads),
        ...currencies.map((currency) => projectTable(question, foundProjects, currency, currencies.length > 1)),
        ...stoodTables(ctx, question, stood),
      ],
      note: stood ? `What stood then was counted once. ${keptText(stood.leads, ctx)}.` : '',
      computed: computed(ctx, question),
      json: {
        leads: jsonLeads(foundLeads),
        projects: jsonProjects(foundProjects, currencies, own),
        as_it_stood: stood && jsonStood(ctx, stood),
      },
    };
  },
});
