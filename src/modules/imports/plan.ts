import type { Ctx } from '#src/kernel/context.ts';
import { type Entity, entityNamed } from '#src/kernel/entity.ts';
import type { Value } from '#src/kernel/fields/field.ts';
import { SeenRows } from './match.ts';
import { assertAccounted, type Choices, type Counts, type Import, type Plan } from './model.ts';
import { makePlanner, type Outcome, type Planner, planRows, repeatsHeader, type StagedRow } from './plan_rows.ts';
import { isBlank } from './staged_cells.ts';
import { matchLabel } from './targets.ts';
import { failImport, type Work } from './work.ts';

/** Rows a transaction: few round trips, and the import is held for a moment only. */
const CHUNK = 1_000;

/** Staged rows behind `after`, with what stands in the plan about them when `pending` (create and update, not yet done). */
export async function stagedRows(ctx: Ctx, id: string, after: number, most: number): Promise<StagedRow[]> {
  return (await ctx.db.run(
    `/* import.rows */ select row_number, cells from import_rows
     where tenant_id = :tenant and import_id = :id and row_number > :after order by row_number limit :most`,
    { id, after, most },
  )) as unknown as StagedRow[];
}

/** Defaults as the form sent them, read like a form. Wrong ones were refused when they were saved. */
export function readDefaults(ctx: Ctx, entity: Entity, choices: Partial<Choices>): Map<string, Value> {
  const values = new Map<string, Value>();
  for (const [name, text] of Object.entries(choices.defaults ?? {})) {
    const field = entity.fields[name];
    const parsed = text && field ? field.fromText(text, ctx.tenant) : null;
    if (parsed?.ok) values.set(name, parsed.value);
  }
  return values;
}

/** The planner of an import as its row says. */
export const plannerOf = (ctx: Ctx, found: Import): Planner => {
  const entity = entityNamed(found.entity);
  const choices = found.choices as Choices;
  return makePlanner(ctx, entity, found.columns, found.mapping ?? [], choices, readDefaults(ctx, entity, choices));
};

/** Works out what every row will do, and writes that down; the records stay as they are. */
export async function planStep(work: Work, found: Import): Promise<void> {
  const counts: Record<Plan, number> = { create: 0, update: 0, unchanged: 0, skip: 0, error: 0 };
  let rows = 0;
  await work.step(async (ctx) => {
    await ctx.db.remove('import_plan', { import_id: work.import_id });
    await work.note(ctx, { done: 0, total: found.rows });
  });
  const duplicates = new Duplicates(entityNamed(found.entity), found);
  let planner: Planner | null = null;
  let after = found.header_row ?? 0;
  for (;;) {
    work.signal.throwIfAborted();
    const last = await work.step(async (ctx) => {
      const staged = await stagedRows(ctx, work.import_id, after, CHUNK);
      const filled = staged.filter((row) => row.cells.some((cell) => !isBlank(cell)));
      planner ??= plannerOf(ctx, found);
      const heads = new Set(
        filled.filter((row) => repeatsHeader(found.columns, row.cells)).map((row) => row.row_number),
      );
      const outcomes = (await planRows(ctx, planner, filled)).map((outcome) =>
        heads.has(outcome.row_number)
          ? { ...outcome, plan: 'skip' as const, problems: [[-1, 'This row repeats the header.'] as [number, string]] }
          : duplicates.check(outcome),
      );
      for (const outcome of outcomes) counts[outcome.plan] += 1;
      rows += outcomes.length;
      await writePlan(ctx, work.import_id, outcomes);
      await work.note(ctx, { done: rows, attempts: 1 });
      return staged.at(-1)?.row_number ?? null;
    });
    if (last === null) break;
    after = last;
  }
  if (!rows) return failImport(work, 'There are no rows below the header of this sheet.');
  const sums: Counts = {
    rows,
    created: counts.create,
    updated: counts.update,
    unchanged: counts.unchanged,
    skipped: counts.skip,
    failed: counts.error,
  };
  assertAccounted(sums);
  const goOn = found.choices.wishes?.commit && counts.create + counts.update > 0;
  await work.step((ctx) =>
    work.note(ctx, { ...sums, state: goOn ? 'committing' : 'planned', task: goOn ? 'commit' : null, done: rows }),
  );
}

/** Rows of the file that mean the same record: the first counts, the others are left out and say so. */
class Duplicates {
  readonly #seen: SeenRows;
  readonly #entity: Entity;
  readonly #changed = new Map<string, number>();

  constructor(entity: Entity, found: Import) {
    this.#entity = entity;
    this.#seen = new SeenRows(entity, (found.choices as Choices).match);
  }

  check(outcome: Outcome): Outcome {
    if (outcome.plan === 'skip' || outcome.plan === 'error') return outcome;
    const skip = (message: string): Outcome => ({ ...outcome, plan: 'skip', changes: {}, problems: [[-1, message]] });
    const earlier = this.#seen.repeated(outcome.parsed);
    if (earlier) {
      const key = matchLabel(this.#entity, earlier.by).toLowerCase();
      return skip(`Same ${key} as row ${earlier.row_number}, which is used.`);
    }
    if (!outcome.record_id) return outcome;
    const other = this.#changed.get(outcome.record_id);
    if (other) return skip(`Means the same ${this.#entity.label[0].toLowerCase()} as row ${other}, which is used.`);
    this.#changed.set(outcome.record_id, outcome.row_number);
    return outcome;
  }
}

async function writePlan(ctx: Ctx, id: string, outcomes: readonly Outcome[]): Promise<void> {
  // What a new record will hold is read from the file again at the commit; only changes of old ones are worth keeping.
  const rows = outcomes.map((o) => ({
    n: o.row_number,
    plan: o.plan,
    title: o.title,
    record: o.record_id,
    version: o.record_version,
    problems: o.problems,
    changes: o.plan === 'update' ? o.changes : {},
  }));
  await ctx.db.run(
    `/* import.plan */ insert into import_plan
       (tenant_id, import_id, row_number, plan, title, record_id, record_version, problems, changes)
     select :tenant, :id, r.n, r.plan, r.title, r.record, r.version, r.problems, r.changes
     from json_to_recordset(:rows::json) as r
       (n integer, plan text, title text, record uuid, version integer, problems jsonb, changes jsonb)`,
    { id, rows: JSON.stringify(rows) },
  );
}
