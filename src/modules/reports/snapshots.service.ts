import { DateTime } from 'luxon';
import type { Ctx } from '#src/kernel/context.ts';
import type { Entity } from '#src/kernel/entity.ts';
import { widestRule } from '#src/kernel/visibility.ts';
import { customer } from '#src/modules/customers/customer.entity.ts';
import { project } from '#src/modules/delivery/project.entity.ts';
import { lead } from '#src/modules/sales/lead.entity.ts';
import { hundredths } from './amounts.ts';
import type { Group } from './grouped.ts';
import type { Question } from './report.ts';
import { dayOf, daysAfter } from './standing.ts';

/** What is counted at the end of each day: how the records of an entity stand, and whose they are. */
const COUNTED: { entity: Entity; person: string; currency: string; amount: string }[] = [
  { entity: customer, person: 'owner_id', currency: `''`, amount: '0' },
  { entity: lead, person: 'assigned_to', currency: `''`, amount: '0' },
  { entity: project, person: 'owner_id', currency: 'currency', amount: 'coalesce(sum(value), 0)' },
];

/** So many days every evening is kept; of those before, the last of each month. */
const KEPT_DAYS = 400;

/** The day that is over, in the tenant's zone. */
export const yesterday = ({ tenant }: Pick<Ctx, 'tenant'>, now: DateTime = DateTime.now()): string =>
  daysAfter(dayOf({ tenant }, now), -1);

/**
 * Keeps how everything stands now as the end of yesterday, unless that is kept already. Meant to be called soon after
 * midnight; a day on which nobody called is missing for good, as nobody knows any more how things stood.
 * @returns whether it was not kept yet
 */
export async function keepYesterday(ctx: Ctx, now: DateTime = DateTime.now()): Promise<boolean> {
  const day = yesterday(ctx, now);
  if (!(await ctx.db.insertOnce('daily_snapshots', { day }))) return false;
  for (const { entity, person, currency, amount } of COUNTED) {
    await ctx.db.run(
      `/* report.keep_day.${entity.name} */
      insert into daily_figures (tenant_id, day, entity, person_id, status, currency, records, amount)
      select :tenant, :day, '${entity.name}', ${person}, status, ${currency}, count(*), ${amount} from ${entity.table}
      where tenant_id = :tenant and deleted_at is null group by 4, 5, 6`,
      { day },
    );
  }
  await ctx.db.run(
    `/* report.forget_days */
    delete from daily_snapshots where tenant_id = :tenant and day < :day::date - ${KEPT_DAYS}
      and day <> (date_trunc('month', day) + interval '1 month - 1 day')::date`,
    { day },
  );
  return true;
}

/** How things stood at the end of a day. */
export interface Standing {
  day: string;
  /** the instant at which it was counted, ISO */
  taken_at: string;
  groups: Group<'status' | 'currency'>[];
}

/** Only who sees all records of an entity may see what was counted of all of them. */
export const maySeeDays = (ctx: Ctx, entity: Entity): boolean => widestRule(ctx, entity) === 'all';

/**
 * How an entity's records stood at the end of some days; of one person's where the question asks for that. Days that were
 * not kept are missing, and so are all for somebody who may not see every record.
 * @param days ISO dates
 */
export async function standingAt(
  ctx: Ctx,
  entity: Entity,
  { user }: Pick<Question, 'user'>,
  days: readonly string[],
): Promise<Map<string, Standing>> {
  if (!days.length || !maySeeDays(ctx, entity)) return new Map();
  const rows = await ctx.db.run(
    `/* report.standing */
    select s.day::text as day, to_json(s.taken_at)#>>'{}' as taken_at, f.status, f.currency,
      sum(f.records)::bigint as records, sum(f.amount) as amount
    from daily_snapshots s left join daily_figures f on f.tenant_id = s.tenant_id and f.day = s.day and f.entity = :entity
      and (:user::uuid is null or f.person_id = :user::uuid)
    where s.tenant_id = :tenant and s.day = any (:days::date[]) group by s.day, s.taken_at, f.status, f.currency order by 1`,
    { entity: entity.name, user: user?.id ?? null, days },
  );
  const found = new Map<string, Standing>();
  for (const row of rows) {
    const day = row.day as string;
    const standing = found.get(day) ?? { day, taken_at: row.taken_at as string, groups: [] };
    found.set(day, standing);
    if (row.status === null) continue;
    standing.groups.push({
      key: { status: row.status as string, currency: row.currency as string },
      now: { count: Number(row.records), value: hundredths(String(row.amount)) },
      before: { count: 0, value: 0n },
    });
  }
  return found;
}

/** Days in a row, at most `most` of them, evenly spread and ending with the last. */
export function sampledDays({ from, to }: { from: string; to: string }, most: number): string[] {
  const length = Math.round((Date.parse(to) - Date.parse(from)) / 86_400_000);
  const step = Math.max(1, Math.ceil((length + 1) / most));
  const found: string[] = [];
  for (let back = 0; back <= length; back += step) found.push(daysAfter(to, -back));
  return found.reverse();
}

/** 'Kept on 1 Nov 2026, 00:10' */
export const keptText = ({ taken_at }: Standing, { tenant }: Pick<Ctx, 'tenant'>): string =>
  `Kept on ${DateTime.fromISO(taken_at).setZone(tenant.time_zone).setLocale(tenant.locale).toLocaleString(DateTime.DATETIME_MED)}`;
