import { audit, type Changes } from '#src/kernel/audit.ts';
import type { Ctx } from '#src/kernel/context.ts';
import { AppError, invalid, notFound } from '#src/kernel/errors.ts';
import type { Row } from '#src/kernel/tenant_db.ts';
import { entityOf, loadImport } from './imports.service.ts';
import { assertAccounted, type Import, type Problem } from './model.ts';
import { countPlan } from './move.ts';
import { FileOrder, insertPlan, plannerOf } from './plan.ts';
import { keysOf, planParts, type SeenParts } from './plan_parts.ts';
import { type Outcome, type Planner, planRows, type StagedRow } from './plan_rows.ts';
import { fixableColumns, fixableState, fixInput } from './row_form.ts';
import { cellKind, cellText, cellValue, type StagedCell, stageCell } from './staged_cells.ts';
import { PARTS } from './targets.ts';
import { problemText } from './values.ts';

/** A row as it stands in the file or was mended, and what is wrong with it. */
export interface FileRow extends StagedRow {
  mended: boolean;
  failed: boolean;
  problems: Problem[];
}

/** @throws 404 */
export async function loadRow(ctx: Ctx, id: string, row: number): Promise<FileRow> {
  const [found] = await ctx.db.run(
    `/* import.row */ select r.row_number, coalesce(r.fixed, r.cells) as cells, r.fixed is not null as mended,
       (p.plan = 'error' or p.result = 'failed') is true as failed, p.problems
     from import_rows r join import_plan p
       on p.tenant_id = r.tenant_id and p.import_id = r.import_id and p.row_number = r.row_number and p.part = 0
     where r.tenant_id = :tenant and r.import_id = :id and r.row_number = :row`,
    { id, row },
  );
  if (!found) throw notFound();
  return found as unknown as FileRow;
}

/**
 * Takes other cells for a row that failed and plans it anew. Before the commit it joins the plan; after it, it waits for a
 * second look. What was read stays in `import_rows.cells`. Sent twice it happens once.
 * @param typed text of each mapped column, as the form shows it; a column left out stays as it is
 * @throws 404, 409, 422 with what is still wrong, by the name of the form's field
 */
export async function fixRow(ctx: Ctx, id: string, number: number, typed: ReadonlyMap<number, string>): Promise<void> {
  const found = await loadImport(ctx, id, true);
  const row = await loadRow(ctx, id, number);
  const { cells, changes } = mend(found, row, typed);
  const changed = Object.keys(changes).length > 0;
  if (!row.failed && row.mended && !changed) return;
  if (!row.failed || !fixableState(found))
    throw new AppError(409, `Row ${number} cannot be corrected any more: it has no error, or the import is at work.`);
  const outcome = await planAnew(ctx, found, { row_number: number, cells });
  if (outcome.plan === 'error') throw refused(found, outcome);
  if (changed)
    await ctx.db.update('import_rows', { import_id: id, row_number: number }, { fixed: JSON.stringify(cells) });
  await replan(ctx, found, outcome);
  const counts = await countPlan(ctx, id);
  assertAccounted(counts);
  const version = found.version + 1;
  await ctx.db.update('imports', { id }, { ...counts, version, updated_at: new Date().toISOString() });
  await audit(ctx, 'updated', { entity: 'import', id, title: found.file_name, version }, changes);
}

/** The row's cells with what was typed; a cell whose text is the same keeps its exact value. */
function mend(
  found: Import,
  row: FileRow,
  typed: ReadonlyMap<number, string>,
): { cells: StagedCell[]; changes: Changes } {
  const cells = [...row.cells];
  const changes: Changes = {};
  for (const { column } of fixableColumns(found)) {
    const text = typed.get(column)?.replaceAll('\r\n', '\n');
    const before = cellText(cells[column]).replaceAll('\r\n', '\n');
    // A formula without its result shows nothing: whoever leaves that empty means it.
    const hidden = before === '' && cellKind(cells[column]) === 'error';
    if (text === undefined || (text === before && !hidden)) continue;
    changes[`Row ${row.row_number}, ${found.columns[column]!.header}`] = {
      old: before || cellValue(cells[column]),
      new: text,
    };
    while (cells.length < column) cells.push(null);
    cells[column] = stageCell({ kind: 'text', text, value: text }, false);
  }
  return { cells, changes };
}

function refused(found: Import, outcome: Outcome): AppError {
  const details: Record<string, string> = {};
  for (const [column, message] of outcome.problems) {
    const name = column < 0 ? 'row' : fixInput(column);
    details[name] = [details[name], message].filter(Boolean).join(' ');
  }
  const [first] = outcome.problems;
  return invalid(details, first ? problemText(entityOf(found), found.columns, first) : 'This row still has an error.');
}

/** What the row would do now, beside everything that the other rows of the file do. */
async function planAnew(ctx: Ctx, found: Import, staged: StagedRow): Promise<Outcome> {
  const planner = plannerOf(ctx, found);
  const [planned] = await planRows(ctx, planner, [staged]);
  const order = new FileOrder(planner);
  for (const other of await likeRows(ctx, found, planned!)) order.check(other);
  const outcome = order.check(planned!);
  if (planner.parts.length) {
    const seen = await seenParts(ctx, found, planner, outcome, staged);
    await planParts(ctx, planner, [staged], [outcome], seen);
  }
  return outcome;
}

/** Rows of the file that may mean the same record, as far as that is compared. */
async function likeRows(ctx: Ctx, found: Import, planned: Outcome): Promise<Outcome[]> {
  const { values } = planned.parsed;
  const key = (name: string) => {
    const value = values.get(name);
    return typeof value === 'string' ? value : null;
  };
  const said = (name: string) =>
    `lower(coalesce(after->>'${name}', changes->'${name}'->>'new')) = lower(:${name}::text)`;
  const rows = (await ctx.db.run(
    `/* import.like_rows */ select row_number, plan, record_id, after, changes from import_plan
     where tenant_id = :tenant and import_id = :id and part = 0 and row_number <> :row
       and plan in ('create', 'update', 'unchanged') and result is distinct from 'failed'
       and (record_id = :record::uuid or ${said('external_id')} or ${said('email')} or ${said('name')})
     order by row_number limit 200`,
    {
      id: found.id,
      row: planned.row_number,
      record: planned.record_id,
      external_id: key('external_id'),
      email: key('email'),
      name: key('name'),
    },
  )) as unknown as (Outcome & { after: Row | null })[];
  return rows.map((row) => {
    const says = { ...row.after, ...Object.fromEntries(Object.entries(row.changes).map(([n, c]) => [n, c.new])) };
    const parsed = { ...planned.parsed, record_id: '', row_number: row.row_number };
    return { ...row, parsed: { ...parsed, values: new Map(Object.entries(says)) as typeof values } };
  });
}

/** Contacts and accounts that other rows make, so that this one does not make them again. */
async function seenParts(
  ctx: Ctx,
  found: Import,
  planner: Planner,
  outcome: Outcome,
  { row_number, cells }: StagedRow,
): Promise<SeenParts> {
  const seen: SeenParts = new Map();
  const rows = (await ctx.db.run(
    `/* import.like_parts */ select part, after from import_plan
     where tenant_id = :tenant and import_id = :id and part > 0 and row_number <> :row and plan = 'create' and result is null
       and (after->>'customer_id' = :customer::text or lower(after->>'account_number') in
         (select lower(x) from json_array_elements_text(:texts::json) x))`,
    {
      id: found.id,
      row: row_number,
      customer: outcome.record_id,
      texts: JSON.stringify(planner.parts.length ? cells.map((cell) => cellText(cell).trim()) : []),
    },
  )) as { part: number; after: Row }[];
  for (const { part, after } of rows) {
    const customer = String(after.customer_id);
    for (const key of keysOf(PARTS[part - 1]!, customer, (field) => after[field])) seen.set(key, customer);
  }
  return seen;
}

/** Puts the new outcome in the place of the old one; if it writes, as a piece of work for the commit. */
async function replan(ctx: Ctx, found: Import, outcome: Outcome): Promise<void> {
  const row = { import_id: found.id, row_number: outcome.row_number };
  await ctx.db.remove('import_plan', row);
  const writes = outcome.plan === 'create' || outcome.plan === 'update';
  if (found.state !== 'planned') {
    const why: Problem = [-1, 'This row was corrected. Look at what it would do and import it.'];
    await insertPlan(ctx, found.id, null, [writes ? { ...outcome, problems: [why] } : outcome]);
    if (writes) await ctx.db.update('import_plan', row, { result: 'failed', review: true });
    return;
  }
  const [chunk] = writes
    ? await ctx.db.run(
        `/* import.row_chunk */ insert into import_chunks (tenant_id, import_id, n, first_row, last_row, rows)
         select :tenant, :id, coalesce(max(n), 0) + 1, :row, :row, 1 from import_chunks
         where tenant_id = :tenant and import_id = :id returning n`,
        { id: found.id, row: outcome.row_number },
      )
    : [];
  await insertPlan(ctx, found.id, chunk ? Number(chunk.n) : null, [outcome]);
}
