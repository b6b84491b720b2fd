import type { Ctx } from '#src/kernel/context.ts';
import { type Entity, entityNamed } from '#src/kernel/entity.ts';
import type { Value } from '#src/kernel/fields/field.ts';
import { SeenRows } from './match.ts';
import { assertAccounted, type Choices, type Counts, type Import, type Plan, type PlannedPart } from './model.ts';
import { planParts, type SeenParts } from './plan_parts.ts';
import { makePlanner, type Outcome, type Planner, planRows, repeatsHeader, type StagedRow } from './plan_rows.ts';
import { isBlank } from './staged_cells.ts';
import { matchLabel } from './targets.ts';
import { failImport, inLanes, type Work } from './work.ts';

/** Rows a transaction: few round trips, and what is planned together is written together. */
const CHUNK = 1_000;
/** While PostgreSQL looks up one chunk and writes another, the next is parsed here. */
const LANES = 5;

/** Staged rows behind `after`. */
export async function stagedRows(ctx: Ctx, id: string, after: number, most: number): Promise<StagedRow[]> {
  return (await ctx.db.run(
    `/* import.rows */ select row_number, coalesce(fixed, cells) as cells from import_rows
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
  const planner = await work.step(async (ctx) => {
    await ctx.db.remove('import_plan', { import_id: work.import_id });
    await ctx.db.remove('import_chunks', { import_id: work.import_id });
    await work.note(ctx, { done: 0, total: found.rows, move: 0, review: 0 });
    return plannerOf(ctx, found);
  }, 'alone');
  const order = new FileOrder(planner);
  let rows = 0;
  let after = found.header_row ?? 0;
  await inLanes(LANES, async (lanes) => {
    for (let chunk = 0; ; chunk += 1) {
      work.signal.throwIfAborted();
      const staged = await work.step((ctx) => stagedRows(ctx, work.import_id, after, CHUNK));
      if (!staged.length) break;
      after = staged.at(-1)!.row_number;
      const filled = staged.filter((row) => row.cells.some((cell) => !isBlank(cell)));
      if (!filled.length) continue;
      const turn = order.next();
      await lanes.add(async () => {
        try {
          const outcomes = await planChunk(work, planner, found, chunk, filled, turn);
          for (const { plan } of outcomes) counts[plan] += 1;
          rows += filled.length;
        } finally {
          turn.end();
        }
        await work.progress(rows);
      });
    }
  });
  if (!rows) return failImport(work, 'There are no rows below the row that names the columns.');
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
    work.note(ctx, {
      ...sums,
      state: goOn ? 'committing' : 'planned',
      task: goOn ? 'commit' : null,
      move: goOn ? 1 : 0,
      done: goOn ? 0 : rows,
      total: goOn ? sums.created + sums.updated : rows,
    }),
  );
}

/** Plans a chunk and writes the plan down. While it waits for its turn it holds no transaction and so not the gate. */
async function planChunk(
  work: Work,
  planner: Planner,
  found: Import,
  chunk: number,
  staged: readonly StagedRow[],
  turn: Turn,
): Promise<Outcome[]> {
  const planned = await work.step((ctx) => planRows(ctx, planner, staged));
  const heads = new Set(staged.filter((row) => repeatsHeader(found.columns, row.cells)).map((row) => row.row_number));
  const order = await turn.begin;
  const outcomes = planned.map(
    (outcome): Outcome =>
      heads.has(outcome.row_number)
        ? { ...outcome, plan: 'skip', problems: [[-1, 'This row repeats the header.']] }
        : order.check(outcome),
  );
  if (planner.parts.length) await work.step((ctx) => planParts(ctx, planner, staged, outcomes, order.parts));
  turn.end();
  await work.step((ctx) => writePlan(ctx, work.import_id, chunk, outcomes));
  return outcomes;
}

/** A chunk's place in the order of the file. */
interface Turn {
  /** when all chunks before it are through */
  begin: Promise<FileOrder>;
  end: () => void;
}

/** Rows of the file that mean the same record: the first counts, the others are left out and say so. */
export class FileOrder {
  readonly #seen: SeenRows;
  readonly #entity: Entity;
  readonly #changed = new Map<string, number>();
  /** of the records among them that are there already */
  readonly #versions = new Map<string, number>();
  readonly parts: SeenParts = new Map();
  #last: Promise<FileOrder> = Promise.resolve(this);

  constructor(planner: Planner) {
    this.#entity = planner.entity;
    this.#seen = new SeenRows(planner.entity, planner.choices.match);
  }

  /** Chunks are looked up side by side, but go through here one after the other. */
  next(): Turn {
    const begin = this.#last;
    const { promise, resolve } = Promise.withResolvers<FileOrder>();
    this.#last = promise;
    return { begin, end: () => resolve(this) };
  }

  check(outcome: Outcome): Outcome {
    const failed = outcome.plan === 'error';
    const { problems, values } = outcome.parsed;
    // What is wrong is to be told; but a name that is only missing stands in the earlier row, if this one repeats it.
    const nameless = !problems.length && !values.has(this.#entity.title);
    if (outcome.plan === 'skip' || (failed && !nameless)) return outcome;
    const id = outcome.record_id!;
    const skip = (message: string, row: number, record_id: string): Outcome => ({
      ...outcome,
      plan: 'skip',
      changes: {},
      after: null,
      problems: [[-1, message]],
      repeats: row,
      record_id,
      // By itself the row may have meant another record, whose version says nothing about this one.
      record_version: record_id === id ? outcome.record_version : (this.#versions.get(record_id) ?? null),
    });
    if (!outcome.parsed.record_id) {
      const earlier = this.#seen.repeated(outcome.parsed, failed ? null : id);
      if (earlier) {
        const key = matchLabel(this.#entity, earlier.by).toLowerCase();
        return skip(`Same ${key} as row ${earlier.row_number}, which is used.`, earlier.row_number, earlier.record_id);
      }
    }
    if (failed) return outcome;
    const other = this.#changed.get(id);
    if (other)
      return skip(`Means the same ${this.#entity.label[0].toLowerCase()} as row ${other}, which is used.`, other, id);
    this.#changed.set(id, outcome.row_number);
    if (outcome.record_version !== null) this.#versions.set(id, outcome.record_version);
    return outcome;
  }
}

/** What is worth keeping of an outcome: what a page shows of it, and what writing it needs. */
const written = (o: PlannedPart | (Outcome & { part?: number; entity?: string }), chunk: number | null) => ({
  n: o.row_number,
  part: o.part ?? 0,
  entity: o.entity ?? null,
  chunk,
  plan: o.plan,
  title: o.title,
  record: o.record_id,
  version: o.record_version,
  problems: o.problems,
  changes: o.changes,
  after: o.after,
});

/** Writes down what rows will do. @param chunk the piece of work that writes them; null: none yet */
export async function insertPlan(
  ctx: Ctx,
  id: string,
  chunk: number | null,
  outcomes: readonly Outcome[],
): Promise<void> {
  const rows = outcomes.flatMap((outcome) => {
    const at = writes(outcome) ? chunk : null;
    return [written(outcome, at), ...outcome.parts.map((part) => written(part, at))];
  });
  await ctx.db.run(
    `/* import.plan */ insert into import_plan (tenant_id, import_id, row_number, part, entity, chunk, plan, title,
       record_id, record_version, problems, changes, after)
     select :tenant, :id, r.n, r.part, r.entity, r.chunk, r.plan, r.title, r.record, r.version, r.problems, r.changes, r.after
     from json_to_recordset(:rows::json) as r (n integer, part smallint, entity text, chunk integer, plan text, title text,
       record uuid, version integer, problems jsonb, changes jsonb, after jsonb)`,
    { id, rows: JSON.stringify(rows) },
  );
}

const writes = ({ plan }: Outcome): boolean => plan === 'create' || plan === 'update';

/** Writes down what the rows of a chunk will do, as one piece of work for the commit. */
async function writePlan(ctx: Ctx, id: string, chunk: number, outcomes: readonly Outcome[]): Promise<void> {
  await insertPlan(ctx, id, chunk, outcomes);
  const rows = outcomes.filter(writes);
  if (!rows.length) return;
  await ctx.db.insert('import_chunks', {
    import_id: id,
    n: chunk,
    first_row: rows[0]!.row_number,
    last_row: rows.at(-1)!.row_number,
    rows: rows.length,
  });
}
