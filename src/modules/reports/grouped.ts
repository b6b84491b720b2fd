import type { Ctx } from '#src/kernel/context.ts';
import type { Entity } from '#src/kernel/entity.ts';
import { visible } from '#src/kernel/visibility.ts';
import { fromHundredths, hundredths } from './amounts.ts';
import { around, during, earlier, range } from './range.ts';
import type { Question } from './report.ts';

/** A number of records and the sum of their amounts in hundredths, which adds up exactly. */
export interface Sum {
  count: number;
  value: bigint;
}

/** Records alike in some ways: those of the period, and those of the days it is compared with. */
export interface Group<K extends string> {
  /** '' stands for empty */
  key: Record<K, string>;
  now: Sum;
  before: Sum;
}

interface Grouping<K extends string> {
  entity: Entity;
  /** said in the statement, so that slow ones are known by name */
  label: string;
  /** key -> SQL of constants over the entity's columns */
  by: Record<K, string>;
  /** column of the person whom the `user` filter means */
  person: string;
  /** SQL of the amount; left out where nothing is added up */
  value?: string;
  /** SQL of what else must be true */
  only?: string;
}

/**
 * Counts and sums of the records that the reader may see and that were created in the period or in the days it is compared
 * with. One statement and one pass, however many of them there are.
 */
export async function grouped<K extends string>(
  ctx: Ctx,
  question: Question,
  { entity, label, by, person, value, only = 'true' }: Grouping<K>,
): Promise<Group<K>[]> {
  const records = visible(ctx, entity);
  if (question.user) records.where(`${entity.table}.${person}`, question.user.id);
  const keys = Object.keys(by) as K[];
  const sum = (when: string) => (value ? `coalesce(sum(${value}) filter (where ${when}), 0)` : '0');
  const [now, before] = [during('created_at'), earlier('created_at')];
  const rows = await ctx.db.run(
    `/* report.${label} */
    select ${keys.map((key) => `(${by[key]})::text as ${key}`).join(', ')},
      count(*) filter (where ${now}) as now, count(*) filter (where ${before}) as before,
      ${sum(now)} as value, ${sum(before)} as value_before
    from :records as r where ${around('created_at')} and ${only} group by ${keys.map((_, i) => i + 1).join(', ')}`,
    { records, ...range(ctx, question) },
  );
  return rows.map((row) => ({
    key: Object.fromEntries(keys.map((key) => [key, (row[key] as string | null) ?? ''])) as Record<K, string>,
    now: { count: Number(row.now), value: hundredths(String(row.value)) },
    before: { count: Number(row.before), value: hundredths(String(row.value_before)) },
  }));
}

const NOTHING: Sum = { count: 0, value: 0n };

/** All groups together that the keys given are true of; several values of a key are any of them. */
export function total<K extends string>(
  groups: readonly Group<K>[],
  of: Partial<Record<K, string | readonly string[]>> = {},
  when: 'now' | 'before' = 'now',
): Sum {
  const wanted = Object.entries(of) as [K, string | readonly string[]][];
  return groups
    .filter(({ key }) =>
      wanted.every(([name, value]) => (Array.isArray(value) ? value.includes(key[name]) : key[name] === value)),
    )
    .reduce((sum, { [when]: one }) => ({ count: sum.count + one.count, value: sum.value + one.value }), NOTHING);
}

/** Decimal text of a sum's amount. */
export const amount = ({ value }: Sum): string => fromHundredths(value);

/** The amount divided by the number of records, rounded half up to hundredths; null of none. */
export function average({ count, value }: Sum): string | null {
  if (!count) return null;
  const [n, twice] = [BigInt(count), 2n * (value < 0n ? -value : value)];
  const size = (twice + n) / (2n * n);
  return fromHundredths(value < 0n ? -size : size);
}

/** Values of a key that occur in the period, the given one first, else in the order of the alphabet. */
export function valuesOf<K extends string>(groups: readonly Group<K>[], name: K, first = ''): string[] {
  const found = new Set(groups.filter(({ now }) => now.count).map(({ key }) => key[name]));
  return [...found].sort((a, b) => Number(a !== first) - Number(b !== first) || (a < b ? -1 : 1));
}
