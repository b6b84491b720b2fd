import type { Ctx } from '#src/kernel/context.ts';
import type { Row } from '#src/kernel/tenant_db.ts';
import { visible } from '#src/kernel/visibility.ts';
import { customer } from '#src/modules/customers/customer.entity.ts';
import { project } from '#src/modules/delivery/project.entity.ts';
import { inBatches } from './batches.ts';
import type { Question } from './report.ts';

/** Sums of one client in one currency, or of all clients in one; amounts are decimal text, counts whole numbers. */
export interface Sums {
  currency: string;
  total_projects: number;
  total_value: string;
  won_value: string;
  pending_value: string;
  lost_value: string;
}

export interface ClientSums extends Sums {
  customer_id: string;
  /** '' when the reader may see the project but not its customer */
  client_name: string;
  /** place by value among the clients of its currency, from 1 */
  rank: number;
}

export interface CurrencyTotals extends Sums {
  clients: number;
  clients_before: number;
  /** the same sums for as many days before the period; all zero where there is nothing to compare with */
  before: Sums;
  /** projects the list shows but this report leaves out, because their customer is in the trash */
  left_out: number;
}

export interface RevenueByClient {
  /** in the order asked for, as many as asked for */
  rows: ClientSums[];
  /** the ten with the highest value in each currency */
  largest: ClientSums[];
  /** one per currency, the company's own first */
  totals: CurrencyTotals[];
  /** rows in all, shown or not: one for each client and currency */
  count: number;
}

export const LARGEST = 10;

const SORTS: Record<string, string> = {
  client_name: 'client_name',
  total_projects: 'total_projects',
  total_value: 'total_value',
  won_value: 'won_value',
  pending_value: 'pending_value',
  lost_value: 'lost_value',
};

const figures = (range: string, suffix: string) => `
  count(*) filter (where ${range}) as total_projects${suffix},
  coalesce(sum(value) filter (where ${range}), 0) as total_value${suffix},
  coalesce(sum(value) filter (where ${range} and status = 'completed'), 0) as won_value${suffix},
  coalesce(sum(value) filter (where ${range} and status in ('active', 'pending')), 0) as pending_value${suffix},
  coalesce(sum(value) filter (where ${range} and status = 'cancelled'), 0) as lost_value${suffix}`;

const FIGURES = ['total_projects', 'total_value', 'won_value', 'pending_value', 'lost_value'] as const;

const names = (suffix: string) => FIGURES.map((name) => `${name}${suffix}`).join(', ');

/** Sums over the clients of a currency; what has no client is left out. */
const sums = (suffix: string) =>
  FIGURES.map(
    (name) => `coalesce(sum(${name}${suffix}) filter (where customer_id is not null), 0) as ${name}${suffix}`,
  ).join(', ');

/**
 * Sums per client and currency: the projects the reader may see, created in the period or in the one before it. A project
 * whose customer is in the trash has no client here; `seen` names only customers the reader may see. Counted first and
 * joined afterwards, so that the joins and the slow comparison of names meet a row a client and not a row a project.
 */
const BY_CLIENT = `
found as (
  select p.customer_id, p.currency, p.status, coalesce(p.value, 0) as value,
    p.created_at >= coalesce(:from::date, '-infinity')::timestamp at time zone :zone as now
  from :projects as p
  where p.created_at >= coalesce(:before::date, :from::date, '-infinity')::timestamp at time zone :zone
    and (:to::date is null or p.created_at < (:to::date + 1)::timestamp at time zone :zone)
),
counted as (
  select customer_id, currency, ${figures('now', '')}, ${figures('not now', '_before')}
  from found group by customer_id, currency
),
by_client as (
  select client.id as customer_id, seen.name as client_name, counted.currency, ${names('')}, ${names('_before')}
  from counted
  left join :clients as client on client.id = counted.customer_id
  left join :seen as seen on seen.id = counted.customer_id
)`;

/** The company's own currency first, then as sorted; the id makes the order one and the same every time. */
const order = ({ sort, descending }: Question) =>
  `currency <> :own, currency, ${SORTS[sort] ?? 'total_value'} ${descending ? 'desc' : 'asc'}, client_name, customer_id`;

const place = (question: Question) => `row_number() over (order by ${order(question)}) as place`;
const RANK = 'row_number() over (partition by currency order by total_value desc, client_name, customer_id) as rank';

function bindings(ctx: Ctx, { period, user }: Question) {
  const projects = visible(ctx, project);
  if (user) projects.where('projects.owner_id', user.id);
  return {
    projects,
    clients: ctx.db.from('customers').select('id').whereNull('deleted_at'),
    seen: visible(ctx, customer).select('customers.id', 'customers.name'),
    from: period.days?.from ?? null,
    to: period.days?.to ?? null,
    before: period.before?.from ?? null,
    zone: ctx.tenant.time_zone,
    own: ctx.tenant.currency,
  };
}

const sumsOf = (row: Row, suffix = ''): Sums => ({
  currency: row.currency as string,
  total_projects: Number(row[`total_projects${suffix}`]),
  total_value: String(row[`total_value${suffix}`]),
  won_value: String(row[`won_value${suffix}`]),
  pending_value: String(row[`pending_value${suffix}`]),
  lost_value: String(row[`lost_value${suffix}`]),
});

const clientOf = (row: Row): ClientSums => ({
  ...sumsOf(row),
  customer_id: row.customer_id as string,
  client_name: (row.client_name as string | null) ?? '',
  rank: Number(row.rank),
});

/**
 * Clients with their sums, the first `most` in the order asked for plus the ten largest of each currency, and the totals
 * of each currency over all of them. One statement, so that rows and totals are of the same instant.
 */
export async function revenueByClient(ctx: Ctx, question: Question, most: number): Promise<RevenueByClient> {
  const found = await ctx.db.run(
    `/* report.revenue_by_client */
    with ${BY_CLIENT},
    placed as (
      select *, ${place(question)}, ${RANK} from by_client where customer_id is not null and total_projects > 0
    ),
    totals as (
      select currency, ${sums('')}, ${sums('_before')},
        count(*) filter (where customer_id is not null and total_projects > 0) as clients,
        count(*) filter (where customer_id is not null and total_projects_before > 0) as clients_before,
        coalesce(sum(total_projects) filter (where customer_id is null), 0) as left_out
      from by_client group by currency
    )
    select customer_id, client_name, currency, place, rank, ${names('')}, ${names('_before')},
      null::bigint as clients, null::bigint as clients_before, null::bigint as left_out
    from placed where place <= :most or rank <= ${LARGEST}
    union all
    select null, null, currency, 0, 0, ${names('')}, ${names('_before')}, clients, clients_before,
      left_out
    from totals
    order by place`,
    { ...bindings(ctx, question), most },
  );
  const lines = found.filter((row) => row.customer_id !== null);
  const totals = found
    .filter((row) => row.customer_id === null)
    .map((row) => ({
      ...sumsOf(row),
      clients: Number(row.clients),
      clients_before: Number(row.clients_before),
      before: sumsOf(row, '_before'),
      left_out: Number(row.left_out),
    }))
    .sort((a, b) => ownFirst(ctx, a.currency, b.currency));
  return {
    rows: lines.filter((row) => Number(row.place) <= most).map(clientOf),
    largest: lines.map(clientOf).filter(({ rank }) => rank <= LARGEST),
    totals,
    count: totals.reduce((sum, { clients }) => sum + clients, 0),
  };
}

/** Every client, however many, in batches. */
export async function* allRevenueByClient(ctx: Ctx, question: Question): AsyncGenerator<ClientSums[]> {
  const text = `with ${BY_CLIENT} select *, 0 as rank from by_client
    where customer_id is not null and total_projects > 0 order by ${order(question)}`;
  for await (const rows of inBatches(ctx, text, bindings(ctx, question))) yield rows.map(clientOf);
}

const ownFirst = (ctx: Ctx, a: string, b: string) =>
  Number(a !== ctx.tenant.currency) - Number(b !== ctx.tenant.currency) || (a < b ? -1 : 1);
