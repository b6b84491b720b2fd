import type { Ctx } from '#src/kernel/context.ts';
import { refTarget } from '#src/kernel/entity.ts';
import { visible } from '#src/kernel/visibility.ts';
import type { Import, Problem } from './model.ts';
import { type Chunk, kindsOf, moveMany, type Planned, plannedRows, versionsOf } from './move_chunk.ts';
import { insertPlan } from './plan.ts';
import { planParts } from './plan_parts.ts';
import { type Outcome, type Planner, planRows, type StagedRow } from './plan_rows.ts';
import { addable } from './targets.ts';

/**
 * Writes the rows of a chunk for the first time. What the plan said is checked against the records as they are now: most
 * rows by a look at keys and versions, those with a difference by planning them again. A row that would do something else
 * than its owner saw is not written.
 */
export async function moveFirst(ctx: Ctx, found: Import, planner: Planner, chunk: Chunk): Promise<void> {
  const rows = await plannedRows(ctx, found.id, chunk);
  const doubtful = new Set([
    ...(await newKeysTaken(ctx, found.id, planner, chunk)),
    ...(await newContactsThere(ctx, found.id, planner, chunk)),
    ...(await newlyMissing(ctx, found.id, planner, chunk)),
    ...(await editedSince(ctx, planner, rows)),
  ]);
  const refused = doubtful.size ? await judge(ctx, found, planner, rows, doubtful) : new Set<number>();
  await moveMany(ctx, found.id, planner, chunk, rows, refused, 'write');
}

const within = `p.tenant_id = :tenant and p.import_id = :id and p.chunk = :n
  and p.row_number between :first and :last and p.result is null`;
const bounds = (id: string, { n, first_row, last_row }: Chunk) => ({ id, n, first: first_row, last: last_row });

const numbers = (rows: readonly Record<string, unknown>[]): number[] => rows.map((row) => Number(row.row_number));

/** New records one of whose keys is in use by now. */
async function newKeysTaken(ctx: Ctx, id: string, planner: Planner, chunk: Chunk): Promise<number[]> {
  const { entity, keys } = planner;
  if (!addable(entity)) return [];
  const list = (key: 'email' | 'name') =>
    keys.includes(key) ? `coalesce(array_agg(p.after->>'${key}' order by p.row_number), '{}')` : `'{}'::text[]`;
  return numbers(
    await ctx.db.run(
      `/* import.taken */ select distinct planned.rows[taken.at] as row_number
       from (select array_agg(p.row_number order by p.row_number) as rows,
           coalesce(array_agg(p.after->>'external_id' order by p.row_number), '{}') as ids,
           ${list('email')} as emails, ${list('name')} as names
         from import_plan p where ${within} and p.plan = 'create' and p.part = 0) planned
       cross join lateral find_matching_${entity.table}(planned.ids, planned.emails, planned.names) taken`,
      bounds(id, chunk),
    ),
  );
}

/** New contacts of customers that have one of that name or address by now. */
async function newContactsThere(ctx: Ctx, id: string, planner: Planner, chunk: Chunk): Promise<number[]> {
  if (!planner.parts.some(({ part }) => part.entity === 'contact')) return [];
  return numbers(
    await ctx.db.run(
      `/* import.contacts_there */ select distinct p.row_number from import_plan p
       join contacts c on c.tenant_id = :tenant and c.customer_id = (p.after->>'customer_id')::uuid
         and (lower(c.email) = lower(p.after->>'email') or lower(c.name) = lower(p.after->>'name'))
       where ${within} and p.plan = 'create' and p.entity = 'contact'`,
      bounds(id, chunk),
    ),
  );
}

/** Rows that refer to a colleague or record that cannot be referred to any more. */
async function newlyMissing(ctx: Ctx, id: string, planner: Planner, chunk: Chunk): Promise<number[]> {
  const { entity } = planner;
  const found: number[] = [];
  for (const name of entity.field_names) {
    const field = entity.fields[name]!;
    if (field.kind !== 'ref' || !(planner.reader.fields.includes(name) || planner.initial[name])) continue;
    const value = `coalesce(p.after->>'${name}', p.changes->'${name}'->>'new')`;
    const named = (await ctx.db.run(
      `/* import.named */ select ${value} as id, array_agg(p.row_number) as rows from import_plan p
       where ${within} and p.part = 0 and ${value} is not null group by 1`,
      bounds(id, chunk),
    )) as { id: string; rows: number[] }[];
    if (!named.length) continue;
    const target = refTarget(field);
    const query = target.entity ? visible(ctx, target.entity) : ctx.db.from(target.table).whereNull('deactivated_at');
    const there = (await query
      .select(`${target.table}.id`)
      .whereRaw(`${target.table}.id = any (?::uuid[])`, [named.map((row) => row.id)])) as { id: string }[];
    const ids = new Set(there.map((row) => row.id));
    found.push(...named.flatMap((row) => (ids.has(row.id) ? [] : row.rows)));
  }
  return found;
}

/** Rows one of whose records is not as it was when the plan was made. */
async function editedSince(ctx: Ctx, planner: Planner, rows: readonly Planned[]): Promise<number[]> {
  const found: number[] = [];
  for (const { entity, part_of } of kindsOf(planner)) {
    const mine = rows.filter((row) => (row.entity ?? '') === part_of && row.record_version !== null);
    const now = await versionsOf(
      ctx,
      entity,
      mine.map((row) => row.record_id!),
    );
    for (const row of mine) {
      const record = now.get(row.record_id!);
      if (!record || record.deleted_at || record.version !== row.record_version) found.push(row.row_number);
    }
  }
  return found;
}

/** Plans the rows in doubt again. @returns those that are not to be written; why not is written down */
async function judge(
  ctx: Ctx,
  found: Import,
  planner: Planner,
  rows: readonly Planned[],
  doubtful: ReadonlySet<number>,
): Promise<Set<number>> {
  const staged = (await ctx.db.run(
    `/* import.doubtful */ select row_number, coalesce(fixed, cells) as cells from import_rows where tenant_id = :tenant and import_id = :id
       and row_number = any (:rows::integer[]) order by row_number`,
    { id: found.id, rows: [...doubtful] },
  )) as unknown as StagedRow[];
  const outcomes = await planRows(ctx, planner, staged);
  if (planner.parts.length) await planParts(ctx, planner, staged, outcomes, new Map());
  const planned = new Map(rows.flatMap((row) => (row.part === 0 ? [[row.row_number, row] as const] : [])));
  const refused = new Set<number>();
  for (const now of outcomes) {
    const row = planned.get(now.row_number);
    if (row && !(await agrees(ctx, found, planner, row, now))) refused.add(now.row_number);
  }
  return refused;
}

/** Would the row still do what its owner saw? If not, says so in the plan. */
async function agrees(ctx: Ctx, found: Import, planner: Planner, row: Planned, now: Outcome): Promise<boolean> {
  const one = planner.entity.label[0].toLowerCase();
  const set = (result: string, problems: Problem[]) =>
    ctx.db.run(
      `/* import.refused */ update import_plan set result = :result, problems = :problems::jsonb
       where tenant_id = :tenant and import_id = :id and row_number = :row`,
      { id: found.id, row: row.row_number, result, problems: JSON.stringify(problems) },
    );
  const [problem] = now.problems;
  if (row.plan === 'create') {
    if (now.plan === 'create') return true;
    await set('failed', [
      [-1, `Since the plan was made something changed: ${problem?.[1] ?? `a matching ${one} was added.`}`],
    ]);
    return false;
  }
  // It only brings contacts or an account to a customer of this very file.
  if (row.record_version === null) return true;
  if (now.plan === 'unchanged') {
    await set('unchanged', []);
    return false;
  }
  if (now.plan !== 'update') {
    await set('failed', [problem ?? [-1, `This ${one} is no longer there.`]]);
    return false;
  }
  if (now.record_id === row.record_id && now.record_version === row.record_version) return true;
  const why: Problem = [
    -1,
    `This ${one} was edited after the plan was made, so it was left as it is. Look at the difference and import it again.`,
  ];
  await ctx.db.remove('import_plan', { import_id: found.id, row_number: row.row_number });
  await insertPlan(ctx, found.id, null, [{ ...now, problems: [why] }]);
  await ctx.db.update(
    'import_plan',
    { import_id: found.id, row_number: row.row_number },
    { result: 'failed', review: true },
  );
  return false;
}
