import type { Ctx } from '#src/kernel/context.ts';
import { lead } from '#src/modules/sales/lead.entity.ts';
import { type Answer, answered } from './answer.ts';
import { createdBehind, dayTerms, whose } from './behind.ts';
import { chartOf, tilesOf } from './figures.ts';
import { average, type Group, grouped, total, valuesOf } from './grouped.ts';
import { colleagues, NOBODY } from './people.ts';
import { monthsOf, monthText } from './period.ts';
import type { Question } from './report.ts';
import { count, days, jsonFigure, name, rate, type Value } from './value.ts';

type Leads = Group<'person' | 'status' | 'month' | 'dated'>[];

/** Of a colleague ('' for nobody), or of all when it is null. */
function figuresOf(question: Question, found: Leads, person: string | null, when: 'now' | 'before' = 'now') {
  const of = person === null ? {} : { person };
  const link = (status: string) =>
    when === 'before'
      ? ''
      : createdBehind(lead, 'assigned_to', question, {
          status,
          ...(person === null ? {} : { assigned_to: person || 'none' }),
        });
  const all = total(found, of, when).count;
  const converted = total(found, { ...of, status: 'converted' }, when).count;
  return {
    total_leads: count(all, link('')),
    converted: count(converted, link('converted')),
    conversion_rate: rate(converted, all, link('converted')),
    avg_days_to_convert: days(
      average(total(found, { ...of, status: 'converted', dated: 'true' }, when)),
      link('converted'),
    ),
  };
}

const cells = (head: Value, figures: ReturnType<typeof figuresOf>): Value[] => [head, ...Object.values(figures)];

/** The rate of the leads created in each month; nothing where there is one month only. */
function charts(ctx: Ctx, question: Question, found: Leads): Answer['charts'] {
  const first = valuesOf(found, 'month')[0];
  const last = valuesOf(found, 'month').at(-1);
  if (!first || !last || first === last) return [];
  const span = question.period.days ?? { from: `${first}-01`, to: `${last}-28` };
  const months = monthsOf(span).slice(-36);
  const rates = months.map(({ month, days: period }) => {
    const converted = total(found, { month, status: 'converted' }).count;
    const behind = createdBehind(
      lead,
      'assigned_to',
      { ...question, period: { ...question.period, days: period } },
      { status: 'converted' },
    );
    return rate(converted, total(found, { month }).count, converted ? behind : '');
  });
  const labels = months.map(({ month }) => monthText(month, ctx.tenant));
  return [chartOf(ctx, 'Conversion rate by month of creation', 'lines', labels, 'Conversion rate, %', rates)];
}

/** I3 conversion rate: how many leads became customers, how fast, and whose. */
export const conversionRate = answered({
  slug: 'conversion-rate',
  title: 'Conversion rate',
  says: 'How many leads became customers, how long that took, and whose they were.',
  icon: 'trending-up',
  group: 'Sales',
  columns: [
    { name: 'user', label: 'Assigned to', kind: 'name' },
    { name: 'total_leads', label: 'Leads', kind: 'count' },
    { name: 'converted', label: 'Converted', kind: 'count' },
    { name: 'conversion_rate', label: 'Conversion rate', kind: 'rate' },
    { name: 'avg_days_to_convert', label: 'Days to convert', kind: 'days' },
  ],
  default_sort: '-total_leads',
  user_label: 'Assigned to',

  async answer(ctx, question) {
    const found = await grouped(ctx, question, {
      entity: lead,
      label: 'conversion_rate',
      by: {
        person: 'assigned_to',
        status: 'status',
        month: `to_char(created_at at time zone :zone, 'YYYY-MM')`,
        dated: 'converted_at is not null',
      },
      person: 'assigned_to',
      value: `case when status = 'converted' then greatest(extract(epoch from converted_at - created_at), 0) / 86400 end`,
    });
    const people = valuesOf(found, 'person');
    const known = await colleagues(ctx, people);
    const [all, before] = [figuresOf(question, found, null), figuresOf(question, found, null, 'before')];
    const overall = Object.fromEntries(Object.entries(all).map(([key, value]) => [key, jsonFigure(value)]));
    return {
      tiles: tilesOf(ctx, question, all, before, {
        total_leads: ['Leads'],
        converted: ['Converted', 'more'],
        conversion_rate: ['Conversion rate', 'more'],
        avg_days_to_convert: ['Days to convert', 'less'],
      }),
      charts: charts(ctx, question, found),
      tables: [
        {
          title: 'By person',
          columns: ['user', 'total_leads', 'converted', 'conversion_rate', 'avg_days_to_convert'],
          rows: people.map((person) =>
            cells(name(known.get(person)?.name ?? NOBODY), figuresOf(question, found, person)),
          ),
          total: people.length ? cells(name('Everyone'), all) : null,
          empty: 'No leads were created in this period. Choose a longer one, or all time.',
        },
      ],
      computed: [
        {
          term: 'Which leads',
          text: `${whose(ctx, lead, question, 'assigned to')}, created in the period, by the person they are assigned to now. What is in the trash is left out.`,
        },
        { term: 'Conversion rate', text: 'Leads that became a customer divided by all leads, in per cent.' },
        {
          term: 'Days to convert',
          text: 'From the creation of a lead to its conversion, the mean over all converted ones whose day of conversion is known.',
        },
        ...dayTerms(ctx, question),
      ],
      json: {
        overall,
        by_user: people.map((person) => {
          const { total_leads, converted, conversion_rate } = figuresOf(question, found, person);
          return {
            user_email: known.get(person)?.email ?? null,
            total_leads: jsonFigure(total_leads),
            converted: jsonFigure(converted),
            conversion_rate: jsonFigure(conversion_rate),
          };
        }),
      },
    };
  },
});
