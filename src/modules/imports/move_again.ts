import type { Ctx } from '#src/kernel/context.ts';
import { type Entity, entityNamed } from '#src/kernel/entity.ts';
import { AppError } from '#src/kernel/errors.ts';
import { loadRecord, restoreRecord, trashRecord, updateRecord, type Values } from '#src/kernel/records.ts';
import type { Row } from '#src/kernel/tenant_db.ts';
import type { Import, Kept, PlannedRow } from './model.ts';
import { type Chunk, kindsOf, moveMany, type Planned, plannedRows, versionsOf } from './move_chunk.ts';
import type { Planner } from './plan_rows.ts';

/**
 * Takes the rows of a chunk back, or writes them again after that. Records nobody touched are moved together; what was
 * edited since is seen to one by one, and what others edited stays as they left it.
 */
export async function moveAgain(ctx: Ctx, found: Import, planner: Planner, chunk: Chunk): Promise<void> {
  const back = found.move % 2 === 0;
  const rows = await plannedRows(ctx, found.id, chunk);
  const touched = await touchedSince(ctx, planner, chunk, rows, back);
  await moveMany(ctx, found.id, planner, chunk, rows, touched, back ? 'take back' : 'write again');
  for (const row of rows) {
    if (!touched.has(row.row_number) || row.carries || row.kept?.left) continue;
    await moveAlone(ctx, found, chunk, row, row.entity ? entityNamed(row.entity) : planner.entity, back);
  }
}

/** Rows one of whose records is not as the last move left it. */
async function touchedSince(
  ctx: Ctx,
  planner: Planner,
  chunk: Chunk,
  rows: readonly Planned[],
  back: boolean,
): Promise<Set<number>> {
  const touched = new Set<number>();
  for (const { entity, part_of } of kindsOf(planner)) {
    const mine = rows.filter((row) => (row.entity ?? '') === part_of && !row.carries);
    const now = await versionsOf(
      ctx,
      entity,
      mine.map((row) => row.record_id!),
    );
    for (const row of mine) {
      const record = now.get(row.record_id!);
      const trashed = row.plan === 'create' && !back;
      const asLeft = record && record.version === expected(row, chunk) && (record.deleted_at !== null) === trashed;
      if (!asLeft || row.kept) touched.add(row.row_number);
    }
  }
  return touched;
}

const expected = (row: Planned, chunk: Chunk): number => (row.record_version ?? 0) + chunk.moves;

/** Moves one record that is not as it was left; notes what stays. */
async function moveAlone(
  ctx: Ctx,
  found: Import,
  chunk: Chunk,
  row: Planned,
  entity: Entity,
  back: boolean,
): Promise<void> {
  let kept: Kept | null;
  let version: number | null = null;
  await ctx.db.run('/* import.alone */ savepoint alone');
  try {
    const record = await loadRecord(ctx, entity, row.record_id!, 'any', true);
    const work = row.plan === 'create' ? moveCreated : moveChanged;
    [kept, version] = await work(ctx, found, entity, row, record, expected(row, chunk), back);
    await ctx.db.run('/* import.alone_done */ release savepoint alone');
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    await ctx.db.run('/* import.alone_undone */ rollback to savepoint alone');
    const gone = error.status === 404;
    kept = { fields: [], left: true, why: gone ? 'It is no longer there, or not yours to see.' : error.message };
  }
  await ctx.db.run(
    `/* import.kept */ update import_plan set kept = :kept::jsonb,
       record_version = coalesce(:version::integer - :moves::integer, record_version)
     where tenant_id = :tenant and import_id = :id and row_number = :row and part = :part`,
    {
      id: found.id,
      row: row.row_number,
      part: row.part,
      kept: kept && JSON.stringify(kept),
      version,
      moves: chunk.moves + 1,
    },
  );
}

type Moved = [kept: Kept | null, version: number | null];

/** A record that the import made goes to the trash with all its edits, and comes back from there. */
async function moveCreated(
  ctx: Ctx,
  _found: Import,
  entity: Entity,
  row: Planned,
  record: Row,
  _expected: number,
  back: boolean,
): Promise<Moved> {
  if (back && record.deleted_at) return [{ fields: [], left: true, why: 'It was in the trash already.' }, null];
  if (!back && !record.deleted_at) return [{ fields: [], left: true, why: 'Somebody had restored it already.' }, null];
  const moved = await (back ? trashRecord : restoreRecord)(ctx, entity, row.record_id!);
  const why = 'It had been edited since, and went to the trash with these edits.';
  return [back ? { fields: [], left: false, why } : null, Number(moved.version)];
}

/** Of a record that was there, the fields nobody edited since get their other value. */
async function moveChanged(
  ctx: Ctx,
  found: Import,
  entity: Entity,
  row: Planned,
  record: Row,
  since: number,
  back: boolean,
): Promise<Moved> {
  if (record.deleted_at) return [{ fields: [], left: true, why: 'It is in the trash.' }, null];
  const [planned] = (await ctx.db
    .from('import_plan', 'import_plan', 'import.changes')
    .select('changes')
    .where({ import_id: found.id, row_number: row.row_number, part: row.part })) as Pick<PlannedRow, 'changes'>[];
  const edits = (await ctx.db
    .from('audit_log', 'audit_log', 'import.edits')
    .select('actor_name', 'changes')
    .where({ entity: entity.name, record_id: record.id })
    .where('version', '>', since)) as { actor_name: string; changes: Row }[];
  const before = row.kept?.fields ?? [];
  const edited = new Set([...before, ...edits.flatMap(({ changes }) => Object.keys(changes))]);
  const { changes } = planned!;
  const names = entity.field_names.filter((name) => changes[name]);
  const [stays, goes] = [names.filter((name) => edited.has(name)), names.filter((name) => !edited.has(name))];
  const values = Object.fromEntries(goes.map((name) => [name, changes[name]![back ? 'old' : 'new']])) as Values;
  const { row: now } = goes.length
    ? await updateRecord(ctx, entity, String(record.id), Number(record.version), values)
    : { row: record };
  const people = [...new Set(edits.map(({ actor_name }) => actor_name))].join(', ');
  const why = people ? `Edited since by ${people}.` : (row.kept?.why ?? '');
  return [stays.length ? { fields: stays, left: !goes.length && !before.length, why } : null, Number(now.version)];
}
