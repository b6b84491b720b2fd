import type { Ctx } from '#src/kernel/context.ts';
import { lead } from '#src/modules/sales/lead.entity.ts';
import { type Answer, answered } from './answer.ts';
import { choicesOf, createdBehind, dayTerms, labelOf, whose } from './behind.ts';
import { chart, seriesOf, tilesOf } from './figures.ts';
import { type Group, grouped, total } from './grouped.ts';
import type { Question } from './report.ts';
import { count, jsonFigure, name, rate, type Value, valueText } from './value.ts';

type Leads = Group<'source' | 'status'>[];

/** Of a source, or of all when it is null. */
function figuresOf(question: Question, found: Leads, source: string | null, when: 'now' | 'before' = 'now') {
  const of = source === null ? {} : { source };
  const link = (status: string) =>
    when === 'before'
      ? ''
      : createdBehind(lead, 'assigned_to', question, {
          status,
          ...(source === null ? {} : { source: source || 'none' }),
        });
  const all = total(found, of, when).count;
  const converted = total(found, { ...of, status: 'converted' }, when).count;
  return {
    total_leads: count(all, link('')),
    converted: count(converted, link('converted')),
    qualified: count(total(found, { ...of, status: 'qualified' }, when).count, link('qualified')),
    conversion_rate: rate(converted, all, link('converted')),
  };
}
type Figures = ReturnType<typeof figuresOf>;

const cells = (head: Value, figures: Figures): Value[] => [head, ...Object.values(figures)];

/** Sources that brought leads, in the order of the choice; those without one last. */
const sourcesOf = (found: Leads): string[] =>
  [...choicesOf(lead, 'source'), ''].filter((source) => total(found, { source }).count > 0);

function charts(ctx: Ctx, question: Question, found: Leads): Answer['charts'] {
  const sources = sourcesOf(found).sort(
    (a, b) => total(found, { source: b }).count - total(found, { source: a }).count,
  );
  if (sources.length < 2) return [];
  const parts = [
    { label: 'Converted', statuses: ['converted'] },
    { label: 'Qualified', statuses: ['qualified'] },
    { label: 'Others', statuses: ['new', 'contacted', 'lost'] },
  ];
  const labels = sources.map((source) => labelOf(lead, 'source', source));
  const ends = sources.map((source) => valueText(ctx, count(total(found, { source }).count)));
  return [
    chart('Leads by source', `Leads by source: ${labels.map((label, i) => `${label} ${ends[i]}`).join('; ')}.`, {
      kind: 'bars',
      labels,
      series: parts.map(({ label, statuses }) => {
        const values = sources.map((source) =>
          count(
            total(found, { source, status: statuses }).count,
            createdBehind(lead, 'assigned_to', question, { source: source || 'none', status: statuses.join(',') }),
          ),
        );
        return seriesOf(ctx, label, values);
      }),
      ends,
    }),
  ];
}

/** I2 lead source: where leads come from, and how many of each source became customers. */
export const leadSource = answered({
  slug: 'lead-source',
  title: 'Lead sources',
  says: 'Where leads come from, and how many of each source became customers.',
  icon: 'target',
  group: 'Sales',
  columns: [
    { name: 'source', label: 'Source', kind: 'name' },
    { name: 'total_leads', label: 'Leads', kind: 'count' },
    { name: 'converted', label: 'Converted', kind: 'count' },
    { name: 'qualified', label: 'Qualified', kind: 'count' },
    { name: 'conversion_rate', label: 'Conversion rate', kind: 'rate' },
  ],
  default_sort: '-total_leads',
  user_label: 'Assigned to',

  async answer(ctx, question) {
    const found = await grouped(ctx, question, {
      entity: lead,
      label: 'lead_source',
      by: { source: 'source', status: 'status' },
      person: 'assigned_to',
    });
    const [all, before] = [figuresOf(question, found, null), figuresOf(question, found, null, 'before')];
    const sources = sourcesOf(found);
    return {
      tiles: tilesOf(ctx, question, all, before, {
        total_leads: ['Leads', 'more'],
        converted: ['Converted', 'more'],
        conversion_rate: ['Conversion rate', 'more'],
      }),
      charts: charts(ctx, question, found),
      tables: [
        {
          title: 'Sources',
          columns: ['source', 'total_leads', 'converted', 'qualified', 'conversion_rate'],
          rows: sources.map((source) =>
            cells(name(labelOf(lead, 'source', source)), figuresOf(question, found, source)),
          ),
          total: sources.length ? cells(name('All sources'), all) : null,
          empty: 'No leads were created in this period. Choose a longer one, or all time.',
        },
      ],
      computed: [
        {
          term: 'Which leads',
          text: `${whose(ctx, lead, question, 'assigned to')}, created in the period, by the status they have now. What is in the trash is left out.`,
        },
        { term: 'Converted', text: 'Leads that became a customer.' },
        { term: 'Qualified', text: 'Leads whose status is Qualified now; converted ones are not counted again.' },
        { term: 'Conversion rate', text: 'Converted leads divided by all leads of the source, in per cent.' },
        ...dayTerms(ctx, question),
      ],
      json: {
        sources: sources.map((source) => {
          const figures = figuresOf(question, found, source);
          return {
            source: source || null,
            ...Object.fromEntries(Object.entries(figures).map(([key, value]) => [key, jsonFigure(value)])),
          };
        }),
      },
    };
  },
});
