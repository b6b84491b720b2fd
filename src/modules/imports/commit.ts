import { audit } from '#src/kernel/audit.ts';
import { type Ctx, demand } from '#src/kernel/context.ts';
import { assertAccounted, type Counts, type Import, type Problem, type Result } from './model.ts';
import { plannerOf } from './plan.ts';
import { type Outcome, type Planner, planRows, type StagedRow } from './plan_rows.ts';
import { failImport, load, type Work } from './work.ts';
import { insertRecords, updateRecords } from './write_records.ts';

/** Rows a transaction: what a kill can undo, and how long records are locked. */
const CHUNK = 500;

/** A planned row that waits for its turn. */
interface Pending extends StagedRow {
  plan: 'create' | 'update';
  record_id: string | null;
  record_version: number | null;
}

interface Done {
  row_number: number;
  result: Result;
  record_id: string | null;
  record_version: number | null;
  problems: Problem[];
}

async function pending(ctx: Ctx, id: string, after: number, most: number): Promise<Pending[]> {
  return (await ctx.db.run(
    `/* import.pending */ select p.row_number, p.plan, p.record_id, p.record_version, r.cells
     from import_plan p join import_rows r
       on r.tenant_id = p.tenant_id and r.import_id = p.import_id and r.row_number = p.row_number
     where p.tenant_id = :tenant and p.import_id = :id and p.row_number > :after
       and p.plan in ('create', 'update') and p.result is null
     order by p.row_number limit :most`,
    { id, after, most },
  )) as unknown as Pending[];
}

const CHANGED =
  'was changed since the plan was made, so it was left as it is. Import the row again to see the difference.';

/** Why a row is not written although it was planned, or null. */
function disagreement(planner: Planner, planned: Pending, now: Outcome): string | null {
  const one = planner.entity.label[0];
  if (planned.plan === 'create') {
    return now.plan === 'create'
      ? null
      : `Since the plan was made something changed: ${now.problems[0]?.[1] ?? `a matching ${one.toLowerCase()} was added.`}`;
  }
  if (now.plan !== 'update' && now.plan !== 'unchanged')
    return now.problems[0]?.[1] ?? `This ${one.toLowerCase()} is no longer there.`;
  const same = now.record_id === planned.record_id && now.record_version === planned.record_version;
  return same || now.plan === 'unchanged' ? null : `This ${one.toLowerCase()} ${CHANGED}`;
}

/** Writes one chunk: records, audit trail, outcome of every row and progress, all or nothing. */
async function writeChunk(ctx: Ctx, work: Work, planner: Planner, rows: readonly Pending[]): Promise<void> {
  const now = await planRows(ctx, planner, rows);
  const refused = rows.map((row, index) => disagreement(planner, row, now[index]!));
  for (const { plan } of rows) demand(ctx, `${planner.entity.name}.${plan}`);
  const fit = now.filter((_, index) => refused[index] === null);
  const made = await insertRecords(
    ctx,
    planner.entity,
    fit.filter((o) => o.plan === 'create'),
  );
  const changed = await updateRecords(
    ctx,
    planner.entity,
    fit.filter((o) => o.plan === 'update'),
  );
  const written = new Map([...made, ...changed].map((w) => [w.row_number, w]));
  const done = rows.map((row, index): Done => {
    const { plan, record_id, record_version } = now[index]!;
    const problem = refused[index];
    const base = { row_number: row.row_number, record_id, record_version, problems: [] as Problem[] };
    if (problem) return { ...base, result: 'failed', problems: [[-1, problem]] };
    if (plan === 'unchanged') return { ...base, result: 'unchanged' };
    const as = written.get(row.row_number);
    if (as) return { ...base, ...as, result: plan === 'create' ? 'created' : 'updated' };
    return { ...base, result: 'failed', problems: [[-1, `This ${planner.entity.label[0].toLowerCase()} ${CHANGED}`]] };
  });
  await writeDone(ctx, work, rows, done);
}

/** Outcome of rows, and the counts moved accordingly: they add up to the rows of the file after every chunk. */
async function writeDone(ctx: Ctx, work: Work, rows: readonly Pending[], done: readonly Done[]): Promise<void> {
  await ctx.db.run(
    `/* import.done */ update import_plan p
     set result = d.result, record_id = d.record_id, record_version = d.record_version,
       problems = case when d.result = 'failed' then d.problems else p.problems end
     from json_to_recordset(:done::json) as d
       (row_number integer, result text, record_id uuid, record_version integer, problems jsonb)
     where p.tenant_id = :tenant and p.import_id = :id and p.row_number = d.row_number and p.result is null`,
    { id: work.import_id, done: JSON.stringify(done) },
  );
  const before = await load(ctx, work.import_id);
  const counts = countsOf(before);
  for (const [index, { result }] of done.entries()) {
    counts[rows[index]!.plan === 'create' ? 'created' : 'updated'] -= 1;
    counts[result] += 1;
  }
  assertAccounted(counts);
  await work.note(ctx, { ...counts, done: before.done + rows.length, attempts: 1 });
}

const countsOf = ({ rows, created, updated, unchanged, skipped, failed }: Counts): Counts => ({
  rows,
  created,
  updated,
  unchanged,
  skipped,
  failed,
});

/** What the rows themselves are to blame for: a value the database refuses, a key taken this very moment. */
const isDataError = (error: unknown): boolean => /^2[23]/.test((error as { code?: string }).code ?? '');

/** Writes the rows that the plan creates and updates, chunk by chunk; a row that is done is never done again. */
export async function commitStep(work: Work, found: Import): Promise<void> {
  await work.step(async (ctx) => {
    const [left] = (await ctx.db.run(
      `/* import.left */ select count(*)::integer as n from import_plan where tenant_id = :tenant and import_id = :id
       and plan in ('create', 'update') and result is null`,
      { id: work.import_id },
    )) as { n: number }[];
    const total = found.total || left!.n;
    await work.note(ctx, { total, done: total - left!.n });
  });
  let planner: Planner | null = null;
  let after = 0;
  let size = CHUNK;
  for (;;) {
    work.signal.throwIfAborted();
    try {
      const last = await work.step(async (ctx) => {
        const rows = await pending(ctx, work.import_id, after, size);
        planner ??= plannerOf(ctx, found);
        if (rows.length) await writeChunk(ctx, work, planner, rows);
        return rows.at(-1)?.row_number ?? null;
      });
      if (last === null) break;
      after = last;
      size = Math.min(CHUNK, size * 2);
    } catch (error) {
      if (!isDataError(error)) throw error;
      // One row of the chunk is to blame. Halve until it stands alone, then set it aside; the others are written.
      if (size > 1) size = Math.ceil(size / 2);
      else await setAside(work, after, error as Error & { code: string });
    }
  }
  await finish(work);
}

async function setAside(work: Work, after: number, error: Error & { code: string }): Promise<void> {
  const why =
    error.code === '23505'
      ? 'Another record got the same key this very moment. Import the row again to see it.'
      : 'The database refused a value of this row.';
  work.platform.log.warn({ err: error, import: work.import_id }, 'a row could not be imported');
  await work.step(async (ctx) => {
    const rows = await pending(ctx, work.import_id, after, 1);
    const done = rows.map(
      ({ row_number, record_id, record_version }): Done => ({
        row_number,
        result: 'failed',
        record_id,
        record_version,
        problems: [[-1, why]],
      }),
    );
    await writeDone(ctx, work, rows, done);
  });
}

/** Nothing is left to write: counts what stands in the plan, which must be what was counted on the way. */
async function finish(work: Work): Promise<void> {
  await work.step(async (ctx) => {
    const found = await load(ctx, work.import_id);
    const [row] = (await ctx.db.run(
      `/* import.finish */ select count(*)::integer as rows,
         count(*) filter (where result = 'created')::integer as created,
         count(*) filter (where result = 'updated')::integer as updated,
         count(*) filter (where plan = 'unchanged' or result = 'unchanged')::integer as unchanged,
         count(*) filter (where plan = 'skip')::integer as skipped,
         count(*) filter (where plan = 'error' or result = 'failed')::integer as failed
       from import_plan where tenant_id = :tenant and import_id = :id`,
      { id: work.import_id },
    )) as unknown as Counts[];
    const counts = row!;
    assertAccounted(counts);
    const now = new Date().toISOString();
    await work.note(ctx, { ...counts, state: 'committed', task: null, committed_at: now, version: found.version + 1 });
    const changes = Object.fromEntries(Object.entries(counts).map(([name, n]) => [name, { old: null, new: n }]));
    await audit(
      ctx,
      'imported',
      { entity: 'import', id: found.id, title: found.file_name, version: found.version + 1 },
      changes,
    );
  });
}

/** After too many starts without progress: what is written stays and is told, what is left is told as failed. */
export async function giveUpCommit(work: Work): Promise<void> {
  const gone = await work.step(async (ctx) => {
    const left = await ctx.db.run(
      `/* import.give_up */ update import_plan set result = 'failed', problems = :why::jsonb
       where tenant_id = :tenant and import_id = :id and plan in ('create', 'update') and result is null returning plan`,
      { id: work.import_id, why: JSON.stringify([[-1, 'Not imported because of a fault on our side.']]) },
    );
    const before = await load(ctx, work.import_id);
    const counts = countsOf(before);
    for (const { plan } of left) {
      counts[plan === 'create' ? 'created' : 'updated'] -= 1;
      counts.failed += 1;
    }
    await work.note(ctx, counts as never);
    return before.state !== 'committing';
  });
  if (gone) await failImport(work, 'This import failed because of a fault on our side.');
  else await finish(work);
}
