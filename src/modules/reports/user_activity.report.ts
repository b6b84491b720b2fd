import type { Ctx } from '#src/kernel/context.ts';
import type { Entity } from '#src/kernel/entity.ts';
import { visible } from '#src/kernel/visibility.ts';
import { interaction } from '#src/modules/activity/interaction.entity.ts';
import { customer } from '#src/modules/customers/customer.entity.ts';
import { project } from '#src/modules/delivery/project.entity.ts';
import { lead } from '#src/modules/sales/lead.entity.ts';
import { type Answer, answered } from './answer.ts';
import { dayTerms } from './behind.ts';
import { chartOf, listOf, periodOfList, tile } from './figures.ts';
import { type Colleague, everybody } from './people.ts';
import { BY_USER } from './permissions.ts';
import { around, during, earlier, range } from './range.ts';
import type { Question } from './report.ts';
import { count, jsonFigure, name, type Value } from './value.ts';

interface Measure {
  label: string;
  entity: Entity;
  person: string;
  /** column of the instant that must lie in the period; '' where it is about how things stand */
  at: string;
}

/** Figure -> what is counted for each person, in the order of the columns. */
const MEASURES = {
  assigned_leads: { label: 'Leads', entity: lead, person: 'assigned_to', at: '' },
  assigned_clients: { label: 'Clients', entity: customer, person: 'owner_id', at: '' },
  interactions_logged: { label: 'Interactions', entity: interaction, person: 'owner_id', at: 'occurred_at' },
  projects_created: { label: 'Projects', entity: project, person: 'owner_id', at: 'created_at' },
} satisfies Record<string, Measure>;
type Name = keyof typeof MEASURES;
const NAMES = Object.keys(MEASURES) as Name[];

/** person -> records in the period and in the days it is compared with */
type Counts = Map<string, { now: number; before: number }>;

async function counted(ctx: Ctx, question: Question, measure: Name): Promise<Counts> {
  const { entity, person, at }: Measure = MEASURES[measure];
  const records = visible(ctx, entity).whereNotNull(`${entity.table}.${person}`);
  if (question.user) records.where(`${entity.table}.${person}`, question.user.id);
  const rows = await ctx.db.run(
    at
      ? `/* report.user_activity.${measure} */
        select ${person}::text as person, count(*) filter (where ${during(at)}) as now,
          count(*) filter (where ${earlier(at)}) as before
        from :records as r where ${around(at)} group by 1`
      : `/* report.user_activity.${measure} */
        select ${person}::text as person, count(*) as now, 0 as before from :records as r group by 1`,
    at ? { records, ...range(ctx, question) } : { records },
  );
  return new Map(rows.map((row) => [row.person as string, { now: Number(row.now), before: Number(row.before) }]));
}

/** The list behind a measure of a person; what nobody is named for stands for everybody together and has none. */
function behind({ period }: Question, measure: Name, person: string): string {
  const { entity, person: column, at }: Measure = MEASURES[measure];
  return listOf(entity.table, { [column]: person, ...(at && periodOfList(period, at)) });
}

type Found = Record<Name, Counts>;

const figures = (question: Question, found: Found, { id }: Colleague): Record<Name, Value> =>
  Object.fromEntries(
    NAMES.map((measure) => [measure, count(found[measure].get(id)?.now ?? 0, behind(question, measure, id))]),
  ) as Record<Name, Value>;

const sum = (found: Found, measure: Name, people: readonly Colleague[], when: 'now' | 'before' = 'now'): number =>
  people.reduce((all, { id }) => all + (found[measure].get(id)?.[when] ?? 0), 0);

function charts(ctx: Ctx, question: Question, found: Found, people: readonly Colleague[]): Answer['charts'] {
  const number = ({ id }: Colleague) => found.interactions_logged.get(id)?.now ?? 0;
  const shown = [...people]
    .filter((one) => number(one) > 0)
    .sort((a, b) => number(b) - number(a))
    .slice(0, 15);
  if (shown.length < 2) return [];
  const values = shown.map((one) => count(number(one), behind(question, 'interactions_logged', one.id)));
  const labels = shown.map(({ name }) => name);
  return [chartOf(ctx, 'Interactions in the period', 'bars', labels, 'Interactions', values)];
}

/** I5 user activity: what everybody looks after and did; for administrators and managers. */
export const userActivity = answered({
  slug: 'user-activity',
  title: 'User activity',
  says: 'What everybody looks after, and what they did in the period.',
  icon: 'users',
  group: 'Team',
  columns: [
    { name: 'user', label: 'Person', kind: 'name' },
    ...NAMES.map((measure) => ({ name: measure, label: MEASURES[measure].label, kind: 'count' as const })),
  ],
  default_sort: '-interactions_logged',
  user_label: 'Person',
  needs: BY_USER,

  async answer(ctx, question) {
    const found = {} as Found;
    for (const measure of NAMES) found[measure] = await counted(ctx, question, measure);
    const busy = (id: string) => NAMES.some((measure) => found[measure].get(id)?.now);
    const people = (await everybody(ctx))
      .filter(({ id, former }) => (!former || busy(id)) && (!question.user || id === question.user.id))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
    const total = (measure: Name, when: 'now' | 'before' = 'now') => count(sum(found, measure, people, when));
    return {
      tiles: [
        tile(ctx, question, { label: 'Leads looked after', now: total('assigned_leads'), before: null }),
        tile(ctx, question, { label: 'Clients looked after', now: total('assigned_clients'), before: null }),
        ...(['interactions_logged', 'projects_created'] as const).map((measure) =>
          tile(ctx, question, {
            label: `${MEASURES[measure].label} in the period`,
            now: total(measure),
            before: total(measure, 'before'),
            wanted: 'more',
          }),
        ),
      ],
      charts: charts(ctx, question, found, people),
      tables: [
        {
          title: 'People',
          columns: ['user', ...NAMES],
          rows: people.map((person) => [name(person.name), ...Object.values(figures(question, found, person))]),
          total: people.length ? [name('Everybody'), ...NAMES.map((measure) => total(measure))] : null,
          empty: 'There is nobody with this id.',
        },
      ],
      computed: [
        {
          term: 'Who',
          text: 'Everybody who can sign in, and former colleagues who still have something. What is in the trash is left out.',
        },
        { term: 'Leads and clients', text: 'What is assigned to a person now, whenever it was created.' },
        { term: 'Interactions', text: 'Those assigned to a person that took place in the period.' },
        { term: 'Projects', text: 'Those owned by a person that were created in the period.' },
        ...dayTerms(ctx, question),
      ],
      json: {
        users: people.map((person) => ({
          user_email: person.email,
          ...Object.fromEntries(
            Object.entries(figures(question, found, person)).map(([key, value]) => [key, jsonFigure(value)]),
          ),
        })),
      },
    };
  },
});
