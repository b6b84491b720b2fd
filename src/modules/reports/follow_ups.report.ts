import type { Ctx } from '#src/kernel/context.ts';
import type { ExportCell, Table } from '#src/kernel/export.ts';
import type { ReportTable, ReportView } from '#src/kernel/views_pages.ts';
import { interaction } from '#src/modules/activity/interaction.entity.ts';
import { labelOf, whose } from './behind.ts';
import { listOf, rowsNote, seriesOf, stacksOf, tile } from './figures.ts';
import {
  allSilentRecords,
  CLIENTS,
  type Kind,
  LEADS,
  NEVER,
  overdueFollowUps,
  type Silences,
  type Silent,
  STEPS,
  silences,
  silentRecords,
} from './follow_ups.sql.ts';
import { NOBODY } from './people.ts';
import { MOST_JSON_ROWS, MOST_ROWS, type Question, type Report } from './report.ts';
import { cutTable, dayOf, daysAfter } from './standing.ts';
import { count, day, days, name, text, type Value } from './value.ts';

const KINDS = [CLIENTS, LEADS] as const;
/** What records of a kind are called here. */
const NOUN = (kind: Kind): string => (kind === CLIENTS ? 'Client' : 'Lead');

interface Found {
  today: string;
  overdue: number;
  silences: Map<Kind, Silences>;
}

async function find(ctx: Ctx, question: Question): Promise<Found> {
  const today = dayOf(ctx);
  const found: Found = { today, overdue: await overdueFollowUps(ctx, question, today), silences: new Map() };
  for (const kind of KINDS) found.silences.set(kind, await silences(ctx, question, kind, today));
  return found;
}

const all = (numbers: Silences): number => numbers.reduce((sum, number) => sum + number, 0);
const never = ({ silences }: Found, kind: Kind): number => silences.get(kind)?.[NEVER] ?? 0;
const contacted = (found: Found, kind: Kind): number => all(found.silences.get(kind) ?? []) - never(found, kind);

/** The list of records of a kind in a state. */
const behind = ({ entity, person, statuses }: Kind, { user }: Question, state: Record<string, string>): string =>
  listOf(entity.table, { status: statuses.join(','), ...(user && { [person]: user.id }), ...state });

/** Days of the last contact of a step: the further back, the earlier. */
function daysOfStep({ days }: Question, today: string, step: number): { from: string; to: string } {
  const next = STEPS[step + 1];
  const to = daysAfter(today, -days * (STEPS[step] ?? 1) - 1);
  return { from: next ? daysAfter(today, -days * next) : '', to };
}

function stepBehind(kind: Kind, question: Question, today: string, step: number): string {
  if (step === NEVER) return neverBehind(kind, question, today);
  const { from, to } = daysOfStep(question, today, step);
  return behind(kind, question, { ...(from && { last_contact_at__from: from }), last_contact_at__to: to });
}

const contactedBehind = (kind: Kind, question: Question, today: string): string =>
  behind(kind, question, { last_contact_at__to: daysOfStep(question, today, 0).to });

const neverBehind = (kind: Kind, question: Question, today: string): string =>
  behind(kind, question, { last_contact_at: 'none', created_at__to: daysOfStep(question, today, 0).to });

const overdueBehind = ({ user }: Question, today: string): string =>
  listOf('interactions', { ...(user && { owner_id: user.id }), next_follow_up__to: daysAfter(today, -1) });

function tiles(ctx: Ctx, question: Question, found: Found): ReportView['tiles'] {
  const { today, overdue } = found;
  return [
    tile(ctx, question, {
      label: 'Overdue follow-ups',
      now: count(overdue, overdueBehind(question, today)),
      before: null,
    }),
    ...KINDS.flatMap((kind) => [
      tile(ctx, question, {
        label: `${NOUN(kind)}s silent for more than ${question.days} days`,
        now: count(contacted(found, kind), contactedBehind(kind, question, today)),
        before: null,
      }),
      tile(ctx, question, {
        label: `${NOUN(kind)}s never contacted`,
        now: count(never(found, kind), neverBehind(kind, question, today)),
        before: null,
      }),
    ]),
  ];
}

/** '31–60 days' */
function stepLabel({ days }: Question, step: number): string {
  const [from, next] = [days * (STEPS[step] ?? 0), STEPS[step + 1]];
  if (step === NEVER) return 'Never contacted';
  if (!next) return `Over ${from} days`;
  return next * days === from + 1 ? `${next * days} days` : `${from + 1}–${next * days} days`;
}

/** How long the silence lasts, clients and leads on top of each other. */
function charts(ctx: Ctx, question: Question, { today, silences }: Found): ReportView['charts'] {
  if (KINDS.every((kind) => !all(silences.get(kind) ?? []))) return [];
  const labels = Array.from({ length: NEVER + 1 }, (_, step) => stepLabel(question, step));
  const series = KINDS.map((kind) => {
    const values = (silences.get(kind) ?? []).map((number, step) =>
      count(number, stepBehind(kind, question, today, step)),
    );
    return seriesOf(ctx, `${NOUN(kind)}s`, values);
  });
  const title = 'Time without contact';
  return [stacksOf(title, labels, series)];
}

const addressOf = ({ entity }: Kind, { id }: Silent): string => `/${entity.table}/${id}`;

const cells = (kind: Kind, one: Silent): Value[] => [
  name(one.name, addressOf(kind, one)),
  text(labelOf(kind.entity, 'status', one.status)),
  text(one.owner || NOBODY),
  day(one.last_contact),
  days(String(one.days)),
];

async function table(ctx: Ctx, question: Question, kind: Kind, today: string): Promise<ReportTable> {
  return cutTable(ctx, followUps, question, {
    title: `${NOUN(kind)}s without contact`,
    columns: [kind.column, 'status', 'owner', 'last_contact', 'days'],
    rows: (await silentRecords(ctx, question, kind, today, MOST_ROWS)).map((one) => cells(kind, one)),
    empty: `No ${NOUN(kind).toLowerCase()} has gone without contact for more than ${question.days} days.`,
  });
}

function computed(ctx: Ctx, question: Question): ReportView['computed'] {
  return [
    {
      term: 'Overdue follow-ups',
      text: `${whose(ctx, interaction, question, 'assigned to')} whose follow-up day lies before today. One counts until somebody clears or moves that day, whatever was said since.`,
    },
    {
      term: 'Clients',
      text: `${whose(ctx, CLIENTS.entity, question, 'owned by')} that are new, prospects or active; inactive ones are not expected to be talked to.`,
    },
    {
      term: 'Leads',
      text: `${whose(ctx, LEADS.entity, question, 'assigned to')} that are new, contacted or qualified; lost and converted ones are decided.`,
    },
    {
      term: 'Last contact',
      text: 'The latest interaction with the client or lead that has taken place, whoever logged it. A planned one counts within the hour after its time. What is in the trash is left out.',
    },
    {
      term: 'Silent',
      text: `The last contact lies more than ${question.days} days before today. Never contacted: made more than ${question.days} days ago, without any interaction since; their days without contact are counted from there.`,
    },
    {
      term: 'Days',
      text: `A day begins at midnight in the time zone ${ctx.tenant.time_zone}; today is not over yet and counts as the day 0.`,
    },
    { term: 'Behind the figures', text: 'Every figure opens the list that adds up to it.' },
  ];
}

const jsonOf = (kind: Kind, one: Silent) => ({
  [kind.column]: one.name,
  id: one.id,
  status: one.status,
  owner: one.owner || null,
  days_since_interaction: one.days_since_contact,
  last_interaction_date: one.last_contact,
  days_without_contact: one.days,
  link: addressOf(kind, one),
});

/** I6 follow-ups: promises that are overdue, and clients and leads to whom nobody has talked for too long. */
export const followUps: Report = {
  slug: 'follow-ups',
  title: 'Follow-ups',
  says: 'Follow-ups that are overdue, and clients and leads nobody has talked to for too long.',
  icon: 'phone',
  group: 'Activity',
  columns: [
    { name: 'client_name', label: 'Client', kind: 'name' },
    { name: 'lead_name', label: 'Lead', kind: 'name' },
    { name: 'status', label: 'Status', kind: 'text' },
    { name: 'owner', label: 'Owner', kind: 'text' },
    { name: 'last_contact', label: 'Last contact', kind: 'day' },
    { name: 'days', label: 'Days without contact', kind: 'days' },
  ],
  default_sort: '-days',
  user_label: 'Owner',
  standing: true,
  days: { name: 'inactive_days', label: 'Days without contact', initial: 30, most: 3650 },

  async page(ctx, question) {
    const found = await find(ctx, question);
    const tables = [await table(ctx, question, CLIENTS, found.today), await table(ctx, question, LEADS, found.today)];
    const shown = tables.reduce((sum, { rows }) => sum + rows.length, 0);
    return {
      tiles: tiles(ctx, question, found),
      charts: charts(ctx, question, found),
      tables,
      computed: computed(ctx, question),
      note: rowsNote(
        ctx,
        shown,
        KINDS.reduce((sum, kind) => sum + all(found.silences.get(kind) ?? []), 0),
      ),
    };
  },

  async table(ctx, question): Promise<Table> {
    const today = dayOf(ctx);
    async function* rows() {
      for (const kind of KINDS)
        for await (const batch of allSilentRecords(ctx, question, kind, today))
          yield batch.map((one): ExportCell[] => [
            NOUN(kind),
            one.name,
            labelOf(kind.entity, 'status', one.status),
            one.owner || NOBODY,
            one.last_contact && new Date(`${one.last_contact}T00:00:00Z`),
            one.days,
          ]);
    }
    return {
      title: 'Follow-ups',
      columns: [
        { label: 'Kind', excel: 'text', width: 10 },
        { label: 'Name', excel: 'text', width: 40 },
        { label: 'Status', excel: 'text', width: 16 },
        { label: 'Owner', excel: 'text', width: 24 },
        { label: 'Last contact', excel: 'date', width: 16 },
        { label: 'Days without contact', excel: 'number', width: 20 },
      ],
      rows: rows(),
    };
  },

  /** At most MOST_JSON_ROWS of each kind, the longest silence first; the totals count all. */
  async json(ctx, question) {
    const found = await find(ctx, question);
    const of = async (kind: Kind) =>
      (await silentRecords(ctx, question, kind, found.today, MOST_JSON_ROWS)).map((one) => jsonOf(kind, one));
    const [clients, leads] = [await of(CLIENTS), await of(LEADS)];
    const total = (kind: Kind) => all(found.silences.get(kind) ?? []);
    return {
      inactive_days: question.days,
      overdue_interactions: found.overdue,
      inactive_clients: clients,
      inactive_leads: leads,
      totals: {
        inactive_clients: total(CLIENTS),
        clients_never_contacted: never(found, CLIENTS),
        inactive_leads: total(LEADS),
        leads_never_contacted: never(found, LEADS),
      },
      truncated: total(CLIENTS) > clients.length || total(LEADS) > leads.length,
    };
  },
};
