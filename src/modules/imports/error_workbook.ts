import { audit } from '#src/kernel/audit.ts';
import type { Ctx } from '#src/kernel/context.ts';
import { type Entity, entityNamed } from '#src/kernel/entity.ts';
import { AppError } from '#src/kernel/errors.ts';
import { type ExportCell, type ExportColumn, type Table, writeXlsx } from '#src/kernel/export.ts';
import type { Field } from '#src/kernel/fields/field.ts';
import { type Reply, stream } from '#src/kernel/routes.ts';
import { withTenant } from '#src/kernel/tenant_db.ts';
import { ERROR_COLUMNS, ownColumns } from './corrections.ts';
import type { Import, Problem } from './model.ts';
import type { CellKind } from './reader/model.ts';
import { cellKind, cellText, cellValue, type StagedCell } from './staged_cells.ts';
import { targetField } from './targets.ts';
import { problemText } from './values.ts';

/** Rows fetched at once. */
const BATCH = 500;
const TYPE = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet';
const FAILED = `p.tenant_id = :tenant and p.import_id = :id and p.part = 0 and (p.plan = 'error' or p.result = 'failed')`;

interface FailedRow {
  row_number: number;
  cells: StagedCell[];
  problems: Problem[];
}

/** Failed rows behind `after`, in the order of the file. */
const failedRows = async (ctx: Ctx, id: string, after: number, most: number): Promise<FailedRow[]> =>
  (await ctx.db.run(
    `/* import.errors */ select p.row_number, p.problems, coalesce(r.fixed, r.cells) as cells
     from import_plan p join import_rows r
       on r.tenant_id = p.tenant_id and r.import_id = p.import_id and r.row_number = p.row_number
     where ${FAILED} and p.row_number > :after order by p.row_number limit :most`,
    { id, after, most },
  )) as unknown as FailedRow[];

/** Kinds of cells that fields read by their exact value, as readCell of values.ts does. */
const EXACT: Partial<Record<CellKind, readonly Field['kind'][]>> = {
  number: ['number', 'money'],
  date: ['date', 'timestamp'],
  datetime: ['date', 'timestamp'],
};

/**
 * A cell as it stood in the file. What its field reads by value is written by value: the shown text of 3 April may be
 * 4/3/2026, which would be another day when the workbook is uploaded again. Everything else keeps its text, so that the
 * leading zero of a formatted number is not lost.
 */
function cellAsItStood(cell: StagedCell | undefined, field: Field | undefined): ExportCell {
  const [kind, text, value] = [cellKind(cell), cellText(cell), cellValue(cell)];
  const exact = field !== undefined && EXACT[kind]?.includes(field.kind);
  if (kind === 'number') {
    const number = Number(value);
    const plain = Math.abs(number) <= Number.MAX_SAFE_INTEGER && String(number) === value;
    return plain && (exact || text === value) ? number : text;
  }
  if (exact) return value.slice(0, field.kind === 'date' ? 10 : 16);
  // A formula without its result shows nothing; left blank it would pass for an empty cell the next time.
  return (kind === 'error' ? text || value : text) || null;
}

/** The failed rows with all columns of the file, then where each stood and what is wrong with it. */
function errorTable(ctx: Ctx, found: Import, entity: Entity): Table {
  const targets = new Map((found.mapping ?? []).map(({ column, field }) => [column, field]));
  const own = ownColumns(found);
  const fields = own.map(({ index }) => targetField(entity, targets.get(index) ?? ''));
  async function* rows(): AsyncGenerator<ExportCell[][]> {
    for (let after = -1; ; ) {
      const batch = await failedRows(ctx, found.id, after, BATCH);
      if (!batch.length) return;
      after = batch.at(-1)!.row_number;
      yield batch.map(({ row_number, cells, problems }) => [
        ...own.map(({ index }, place) => cellAsItStood(cells[index], fields[place])),
        row_number,
        problems.map((problem) => problemText(entity, found.columns, problem)).join(' '),
        found.id,
      ]);
    }
  }
  const columns = own.map(({ header }, index): ExportColumn => {
    const kind = fields[index]?.kind;
    return { label: header, excel: kind === 'number' || kind === 'money' ? 'number' : 'text', width: 20 };
  });
  columns.push(
    { label: ERROR_COLUMNS[0], excel: 'number', width: 8 },
    { label: ERROR_COLUMNS[1], excel: 'text', width: 60 },
    { label: ERROR_COLUMNS[2], excel: 'text', width: 38, hidden: true },
  );
  return { title: 'Rows with errors', columns, rows: rows(), filter: true };
}

/**
 * The rows of an import that failed, as a workbook to correct and upload again. Audited as an export.
 * @param pool connections for the download, which runs after the request's transaction
 * @throws 404 when no row has an error, or the rows were removed after their time
 */
export async function errorWorkbook(ctx: Ctx, pool: Parameters<typeof withTenant>[0], found: Import): Promise<Reply> {
  if (!(await failedRows(ctx, found.id, -1, 1)).length)
    throw new AppError(404, 'This import has no rows with errors to download: there are none, or they were removed.');
  await audit(ctx, 'exported', { entity: 'import', id: found.id, title: `Rows with errors of ${found.file_name}` });
  const name = `${found.file_name.replace(/\.[^.]+$/, '')} errors.xlsx`;
  return stream(TYPE, name, (out) =>
    withTenant(
      pool,
      ctx.tenant.id,
      (db) => writeXlsx(errorTable({ ...ctx, db }, found, entityNamed(found.entity)), out),
      1,
    ),
  );
}
