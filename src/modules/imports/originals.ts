import { asOfVersion } from '#src/kernel/audit.ts';
import type { Ctx } from '#src/kernel/context.ts';
import type { Entity } from '#src/kernel/entity.ts';
import { type ExportCell, exportCell } from '#src/kernel/export.ts';
import { clean } from '#src/kernel/fields/field.ts';
import { UUID } from '#src/kernel/fields/links.ts';
import { titlesOf } from '#src/kernel/records.ts';
import type { Row } from '#src/kernel/tenant_db.ts';
import { loadRecords } from './match.ts';
import type { StagedRow } from './plan_rows.ts';
import { cellKind, cellText, cellValue, isBlank, type StagedCell } from './staged_cells.ts';
import type { ParsedRow } from './values.ts';

/** What a row of an edited export is about. */
export interface Original {
  record: Row;
  /** the record as it was when it was exported */
  base: Row;
}

/**
 * For rows that name their record, as our own exports do: the record now and when it was exported. Cells that still say
 * what the export wrote are taken out of the parsed row, so that what is left is what somebody edited.
 * @returns by place of the row; rows whose record is gone or not for the actor's eyes are missing
 */
export async function takeOriginals(
  ctx: Ctx,
  entity: Entity,
  staged: readonly StagedRow[],
  rows: readonly ParsedRow[],
): Promise<Map<number, Original>> {
  const ids = rows.map((row) => row.record_id).filter((id) => UUID.test(id));
  const records = await loadRecords(ctx, entity, [...new Set(ids)]);
  const found = new Map<number, Original>();
  for (const [index, row] of rows.entries()) {
    const record = records.get(row.record_id);
    if (!record) continue;
    const version = /^[1-9]\d{0,8}$/.test(row.record_version) ? Number(row.record_version) : Number(record.version);
    const old = version < Number(record.version);
    found.set(index, { record, base: old ? await asOfVersion(ctx, entity, record, version) : record });
  }
  const fields = [...(rows[0]?.columns.keys() ?? [])];
  const bases = [...found.values()].map(({ base }) => base);
  const titles = await titlesOf(ctx, entity, bases, fields);
  for (const [index, { base }] of found) {
    const row = rows[index]!;
    const { cells } = staged[index]!;
    for (const [name, column] of row.columns) {
      const field = entity.fields[name];
      if (field && says(cells[column], exportCell(field, base[name], titles, ctx))) untouched(row, name, column);
    }
  }
  return found;
}

/** Forgets what a cell says: nobody edited it. */
function untouched(row: ParsedRow, name: string, column: number): void {
  row.values.delete(name);
  row.refs.delete(name);
  row.blank.delete(name);
  row.problems = row.problems.filter(([at]) => at !== column);
}

/** Does a cell still say what the export wrote into it? Excel may have turned text into a number or a day on the way. */
export function says(cell: StagedCell | undefined, written: ExportCell): boolean {
  if (written === null || written === '') return isBlank(cell);
  if (isBlank(cell)) return false;
  const [text, value] = [clean(cellText(cell)), cellValue(cell)];
  if (typeof written === 'number') return Number(cellKind(cell) === 'number' ? value : text) === written;
  if (typeof written === 'boolean') return text.toLowerCase() === String(written);
  if (written instanceof Date) {
    const moment = written.toISOString();
    const shown = (cellKind(cell) === 'text' ? text : value).replace('T', ' ');
    // A day has no time; a time written by a spreadsheet may have lost its seconds.
    return [10, 16, 19].some((length) => shown === moment.slice(0, length).replace('T', ' '))
      ? shown.length > 10 || /T00:00:00/.test(moment)
      : false;
  }
  return text === clean(written);
}
