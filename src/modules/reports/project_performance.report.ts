import type { Ctx } from '#src/kernel/context.ts';
import { project } from '#src/modules/delivery/project.entity.ts';
import { type Answer, type AnswerTable, answered } from './answer.ts';
import { APART, choicesOf, createdBehind, dayTerms, labelOf, whose } from './behind.ts';
import { chartOf, tilesOf } from './figures.ts';
import { amount, average, type Group, grouped, total, valuesOf } from './grouped.ts';
import { colleagues, NOBODY } from './people.ts';
import { OPEN_PROJECTS } from './pipeline.report.ts';
import type { Question } from './report.ts';
import { count, days, jsonFigure, money, name, rate, type Value } from './value.ts';

type Projects = Group<'person' | 'status' | 'currency'>[];
/** The amounts of these are the days that projects took. */
type Durations = Group<'person'>[];

interface Found {
  projects: Projects;
  durations: Durations;
}

/** Of an owner ('' for nobody), or of all when it is null. */
function figuresOf(question: Question, found: Found, person: string | null, when: 'now' | 'before' = 'now') {
  const of = person === null ? {} : { person };
  const link = (status: string) =>
    when === 'before'
      ? ''
      : createdBehind(project, 'owner_id', question, {
          status,
          ...(person === null ? {} : { owner_id: person || 'none' }),
        });
  const number = (status: string | readonly string[]) => total(found.projects, { ...of, status }, when).count;
  const [won, lost, open] = [number('completed'), number('cancelled'), number(OPEN_PROJECTS)];
  return {
    total_projects: count(total(found.projects, of, when).count, link('')),
    won: count(won, link('completed')),
    lost: count(lost, link('cancelled')),
    pending: count(open, link(OPEN_PROJECTS.join(','))),
    win_rate: rate(won, won + lost, won ? link('completed') : ''),
    avg_duration_days: days(average(total(found.durations, of, when)), won ? link('completed') : ''),
  };
}

const cells = (head: Value, figures: ReturnType<typeof figuresOf>): Value[] => [head, ...Object.values(figures)];

/** Sums and means of a currency. */
function valueTable(question: Question, found: Found, currency: string, several: boolean): AnswerTable {
  const line = (head: string, status: string): Value[] => {
    const sum = total(found.projects, status ? { currency, status } : { currency });
    const link = createdBehind(project, 'owner_id', question, { currency, status });
    return [
      name(head),
      count(sum.count, link),
      money(amount(sum), currency, link),
      money(average(sum) ?? '0.00', currency, link),
    ];
  };
  return {
    title: several ? `Values, ${currency}` : 'Values',
    columns: ['status', 'count', 'value', 'avg_value'],
    rows: choicesOf(project, 'status').map((status) => line(labelOf(project, 'status', status), status)),
    total: line('All projects', ''),
    empty: '',
  };
}

function charts(ctx: Ctx, question: Question, { projects }: Found): Answer['charts'] {
  const statuses = choicesOf(project, 'status').filter((status) => total(projects, { status }).count);
  if (statuses.length < 2) return [];
  const values = statuses.map((status) =>
    count(total(projects, { status }).count, createdBehind(project, 'owner_id', question, { status })),
  );
  const labels = statuses.map((status) => labelOf(project, 'status', status));
  return [chartOf(ctx, 'Projects by status', 'doughnut', labels, 'Projects', values)];
}

/** I8 project performance: how many projects were won and lost, what they are worth, and how long they took. */
export const projectPerformance = answered({
  slug: 'project-performance',
  title: 'Project performance',
  says: 'How many projects were won and lost, what they are worth, and how long they took.',
  icon: 'briefcase',
  group: 'Delivery',
  columns: [
    { name: 'owner', label: 'Owner', kind: 'name' },
    { name: 'total_projects', label: 'Projects', kind: 'count' },
    { name: 'won', label: 'Won', kind: 'count' },
    { name: 'lost', label: 'Lost', kind: 'count' },
    { name: 'pending', label: 'Open', kind: 'count' },
    { name: 'win_rate', label: 'Win rate', kind: 'rate' },
    { name: 'avg_duration_days', label: 'Days taken', kind: 'days' },
    { name: 'status', label: 'Status', kind: 'name' },
    { name: 'count', label: 'Records', kind: 'count' },
    { name: 'value', label: 'Value', kind: 'money' },
    { name: 'avg_value', label: 'Mean value', kind: 'money' },
  ],
  default_sort: '-total_projects',
  user_label: 'Project owner',

  async answer(ctx, question) {
    const found: Found = {
      projects: await grouped(ctx, question, {
        entity: project,
        label: 'project_performance',
        by: { person: 'owner_id', status: 'status', currency: 'currency' },
        person: 'owner_id',
        value: 'value',
      }),
      durations: await grouped(ctx, question, {
        entity: project,
        label: 'project_performance.days',
        by: { person: 'owner_id' },
        person: 'owner_id',
        value: 'end_date - start_date',
        only: `status = 'completed' and start_date is not null and end_date >= start_date`,
      }),
    };
    const own = ctx.tenant.currency;
    const [all, before] = [figuresOf(question, found, null), figuresOf(question, found, null, 'before')];
    const people = valuesOf(found.projects, 'person');
    const known = await colleagues(ctx, people);
    const currencies = valuesOf(found.projects, 'currency', own);
    const mean = (currency: string) =>
      money(
        average(total(found.projects, { currency })) ?? '0.00',
        currency,
        createdBehind(project, 'owner_id', question, { currency }),
      );
    const { total_projects, won, lost, pending, win_rate, avg_duration_days } = all;
    return {
      tiles: tilesOf(ctx, question, all, before, {
        total_projects: ['Projects', 'more'],
        won: ['Won', 'more'],
        win_rate: ['Win rate', 'more'],
        avg_duration_days: ['Days taken', 'less'],
      }),
      charts: charts(ctx, question, found),
      tables: [
        {
          title: 'By owner',
          columns: ['owner', 'total_projects', 'won', 'lost', 'pending', 'win_rate', 'avg_duration_days'],
          rows: people.map((person) =>
            cells(name(known.get(person)?.name ?? NOBODY), figuresOf(question, found, person)),
          ),
          total: people.length ? cells(name('Everyone'), all) : null,
          empty: 'No projects were created in this period. Choose a longer one, or all time.',
        },
        ...currencies.map((currency) => valueTable(question, found, currency, currencies.length > 1)),
      ],
      computed: [
        {
          term: 'Which projects',
          text: `${whose(ctx, project, question, 'owned by')}, created in the period, by the status they have now. What is in the trash is left out.`,
        },
        { term: 'Won, lost, open', text: 'Completed, cancelled, and active or pending projects.' },
        { term: 'Win rate', text: 'Won projects divided by won and lost ones, in per cent; open ones do not count.' },
        {
          term: 'Mean value',
          text: 'The value of all projects divided by their number; one without a value counts as 0.',
        },
        {
          term: 'Days taken',
          text: 'From start to end date, the mean over completed projects that have both.',
        },
        APART,
        ...dayTerms(ctx, question),
      ],
      json: {
        summary: {
          total_projects: jsonFigure(total_projects),
          won: jsonFigure(won),
          lost: jsonFigure(lost),
          pending: jsonFigure(pending),
          win_rate: jsonFigure(win_rate),
          avg_value: jsonFigure(mean(own)),
          avg_duration_days: jsonFigure(avg_duration_days),
        },
        avg_values: currencies.map((currency) => ({ currency, avg_value: jsonFigure(mean(currency)) })),
      },
    };
  },
});
