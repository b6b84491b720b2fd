import { audit } from '#src/kernel/audit.ts';
import { type Ctx, can, demand } from '#src/kernel/context.ts';
import { assertAccounted, type Counts, type Import, type Problem } from './model.ts';
import { moveAgain } from './move_again.ts';
import { type Chunk, kindsOf, Stale } from './move_chunk.ts';
import { moveFirst } from './move_first.ts';
import { plannerOf } from './plan.ts';
import type { Planner } from './plan_rows.ts';
import { failImport, inLanes, load, type Work } from './work.ts';

/*
 * The rows of an import are moved: written, and if its owner changes their mind taken back, written again, and so on.
 * The plan's chunks are the pieces of that work. Each is one transaction that also counts its moves, so it does not matter
 * where a worker dies or how many of them go through the chunks: a chunk is moved once a turn or not at all.
 */

/** Chunks side by side; more would wait for each other. */
const LANES = 2;
/** Statistics are refreshed when so many times the rows are there. */
const GROWTH = 4;
/** How often a chunk is tried again when somebody edited one of its records at that very moment. */
const MOST_TRIES = 5;

const pending = async (ctx: Ctx, found: Import): Promise<Chunk[]> =>
  (await ctx.db.run(
    `/* import.pending */ select n, first_row, last_row, rows, moves from import_chunks
     where tenant_id = :tenant and import_id = :id and moves < :move order by n`,
    { id: found.id, move: found.move },
  )) as unknown as Chunk[];

/** What the rows themselves are to blame for: a value the database refuses, a key taken this very moment. */
const isDataError = (error: unknown): boolean => /^2[23]/.test((error as { code?: string }).code ?? '');

/** Moves what has to be moved, until nothing is left. */
export async function moveStep(work: Work, found: Import): Promise<void> {
  const planner = await work.step(async (ctx) => {
    demandWrites(ctx, found, plannerOf(ctx, found));
    return plannerOf(ctx, found);
  });
  for (;;) {
    const chunks = await work.step((ctx) => pending(ctx, found));
    if (!chunks.length) break;
    const left = chunks.reduce((sum, chunk) => sum + chunk.rows, 0);
    let done = found.total - left;
    let known = 0;
    // A contact may hang on a customer of an earlier row: then one chunk after the other.
    await inLanes(planner.parts.length ? 1 : LANES, async (lanes) => {
      for (const chunk of chunks) {
        work.signal.throwIfAborted();
        await lanes.add(async () => {
          await moveOne(work, found, planner, chunk);
          done += chunk.rows;
          if (found.move === 1 && done >= known * GROWTH) {
            known = done;
            await refreshStatistics(work, planner, done);
          }
          await work.progress(Math.max(0, done));
        });
        // The statistics that the first one leaves spare the others from looking up keys in a table thought to be empty.
        if (chunk === chunks[0]) await lanes.done();
      }
    });
  }
  await finish(work);
}

/**
 * A company that grows from nothing within seconds is planned for as if it had no records, until the database looks again:
 * its lists and the look-up of keys would read all of them each time.
 */
async function refreshStatistics(work: Work, planner: Planner, done: number): Promise<void> {
  const tables = new Set(kindsOf(planner).map(({ entity }) => entity.table));
  for (const table of tables)
    await work.step((ctx) =>
      ctx.db.run('/* import.statistics */ call refresh_statistics(:table, :done)', { table, done }),
    );
}

/** What somebody must be allowed to do for the move that an import stands at. */
function neededFor(found: Import, planner: Planner): string[] {
  const names = [found.entity, ...new Set(planner.parts.map(({ part }) => part.entity))];
  return names.flatMap((name) => {
    const parts = name !== found.entity;
    return [
      ...(found.created || parts ? [`${name}.${found.move > 1 ? 'remove' : 'create'}`] : []),
      ...(found.updated || parts ? [`${name}.update`] : []),
    ];
  });
}

/** Whoever asked must still be allowed to do all of it. @throws 403 */
export function demandWrites(ctx: Ctx, found: Import, planner: Planner): void {
  for (const permission of neededFor(found, planner)) demand(ctx, permission);
}

/** Would `demandWrites` let this person pass? */
export const mayMove = (ctx: Ctx, found: Import, planner: Planner): boolean =>
  neededFor(found, planner).every((permission) => can(ctx, permission));

async function moveOne(work: Work, found: Import, planner: Planner, chunk: Chunk): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await work.step(async (ctx) => {
        // Another worker may be at it, or have done it.
        const [held] = (await ctx.db.run(
          `/* import.claim */ select n, first_row, last_row, rows, moves from import_chunks
           where tenant_id = :tenant and import_id = :id and n = :n for update`,
          { id: found.id, n: chunk.n },
        )) as unknown as Chunk[];
        if (held?.moves !== chunk.moves) return;
        const asImport: Ctx = { ...ctx, via: 'import', request_id: `import:${found.id}` };
        await (found.move === 1 ? moveFirst : moveAgain)(asImport, found, planner, held);
        await ctx.db.update('import_chunks', { import_id: found.id, n: chunk.n }, { moves: chunk.moves + 1 });
      });
      return;
    } catch (error) {
      if (error instanceof Stale && attempt < MOST_TRIES) continue;
      if (!isDataError(error)) throw error;
      await isolate(work, found, chunk, error as Error & { code: string });
      return;
    }
  }
}

/**
 * One row of the chunk is to blame. The chunk is halved, and its halves are met again; a row that stands alone is set
 * aside, and all others are moved.
 */
async function isolate(work: Work, found: Import, chunk: Chunk, error: Error & { code: string }): Promise<void> {
  if (chunk.rows > 1) return work.step((ctx) => halve(ctx, found.id, chunk));
  work.platform.log.warn({ err: error, import: found.id, row: chunk.first_row }, 'a row could not be imported');
  const why =
    error.code === '23505'
      ? 'Another record got the same key this very moment. Import the row again to see it.'
      : 'The database refused a value of this row.';
  await work.step(async (ctx) => {
    await setAside(ctx, found, chunk, why);
    await ctx.db.update('import_chunks', { import_id: found.id, n: chunk.n }, { moves: chunk.moves + 1 });
  });
}

async function halve(ctx: Ctx, id: string, chunk: Chunk): Promise<void> {
  const rows = (await ctx.db.run(
    `/* import.chunk_rows */ select row_number from import_plan where tenant_id = :tenant and import_id = :id
       and chunk = :n and part = 0 and row_number between :first and :last order by 1`,
    { id, n: chunk.n, first: chunk.first_row, last: chunk.last_row },
  )) as { row_number: number }[];
  const middle = rows[Math.ceil(rows.length / 2)]!.row_number;
  const half = rows.filter(({ row_number }) => row_number < middle).length;
  const [next] = await ctx.db.run(
    `/* import.halve */ insert into import_chunks (tenant_id, import_id, n, first_row, last_row, rows, moves)
     select :tenant, :id, max(n) + 1, :middle, :last, :rows, :moves from import_chunks
     where tenant_id = :tenant and import_id = :id returning n`,
    { id, middle, last: chunk.last_row, rows: rows.length - half, moves: chunk.moves },
  );
  await ctx.db.run(
    `/* import.second_half */ update import_plan set chunk = :next where tenant_id = :tenant and import_id = :id
       and chunk = :n and row_number between :middle and :last`,
    { id, n: chunk.n, middle, last: chunk.last_row, next: next!.n },
  );
  const first = { rows: half, last_row: rows[half - 1]!.row_number };
  await ctx.db.update('import_chunks', { import_id: id, n: chunk.n }, first);
}

/** Leaves rows of a chunk as they are, with a reason: failed when they were to be written, kept when taken back. */
async function setAside(ctx: Ctx, found: Import, chunk: Chunk, why: string): Promise<void> {
  const first = found.move === 1;
  await ctx.db.run(
    `/* import.set_aside */ update import_plan set
       ${first ? `result = 'failed', problems = :problems::jsonb` : `kept = :kept::jsonb`}
     where tenant_id = :tenant and import_id = :id and chunk = :n and row_number between :first and :last
       and (part = 0 or ${first}) and result is null`,
    {
      id: found.id,
      n: chunk.n,
      first: chunk.first_row,
      last: chunk.last_row,
      ...(first
        ? { problems: JSON.stringify([[-1, why]] satisfies Problem[]) }
        : { kept: JSON.stringify({ fields: [], why }) }),
    },
  );
}

/** Nothing is left to move: counts what stands in the plan now. */
async function finish(work: Work): Promise<void> {
  await work.step(async (ctx) => {
    const found = await load(ctx, work.import_id);
    const now = new Date().toISOString();
    const subject = { entity: 'import', id: found.id, title: found.file_name, version: found.version + 1 };
    const done = { task: null, version: found.version + 1, done: found.total };
    if (found.move % 2 === 0) {
      await work.note(ctx, { ...done, state: 'undone', undone_at: now });
      await audit(ctx, 'undone', subject);
      return;
    }
    const counts = await countPlan(ctx, found.id);
    assertAccounted(counts);
    const committed_at = found.committed_at ?? now;
    await work.note(ctx, { ...done, ...counts, state: 'committed', committed_at, undone_at: null });
    const { review: _, ...told } = counts;
    const changes = Object.fromEntries(Object.entries(told).map(([name, n]) => [name, { old: null, new: n }]));
    await audit(ctx, 'imported', subject, changes);
  });
}

/** What became of every row, counted in the plan itself. */
export async function countPlan(ctx: Ctx, id: string): Promise<Counts & { review: number }> {
  const [row] = await ctx.db.run(
    `/* import.count */ select count(*)::integer as rows,
       count(*) filter (where plan = 'create' and result is null)::integer as created,
       count(*) filter (where plan = 'update' and result is null)::integer as updated,
       count(*) filter (where plan = 'unchanged' or result = 'unchanged')::integer as unchanged,
       count(*) filter (where plan = 'skip')::integer as skipped,
       count(*) filter (where plan = 'error' or result = 'failed')::integer as failed,
       count(*) filter (where review)::integer as review
     from import_plan where tenant_id = :tenant and import_id = :id and part = 0`,
    { id },
  );
  return row as unknown as Counts & { review: number };
}

/** After too many starts without progress: what is moved stays so and is told, what is left is told as well. */
export async function giveUpMove(work: Work): Promise<void> {
  const reading = await work.step(async (ctx) => {
    const found = await load(ctx, work.import_id);
    if (!found.move) return true;
    for (const chunk of await pending(ctx, found)) {
      const why = `Not ${found.move === 1 ? 'imported' : 'undone'} because of a fault on our side.`;
      await setAside(ctx, found, chunk, why);
      await ctx.db.update('import_chunks', { import_id: found.id, n: chunk.n }, { moves: found.move });
    }
    return false;
  });
  if (reading) await failImport(work, 'This import failed because of a fault on our side.');
  else await finish(work);
}
