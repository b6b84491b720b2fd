import type { Ctx } from '#src/kernel/context.ts';
import { type Entity, entityNamed, fieldLabel } from '#src/kernel/entity.ts';
import { brief } from '#src/kernel/fields/field.ts';
import { fieldCell, type Titles } from '#src/kernel/presenters.ts';
import { titlesOf } from '#src/kernel/records.ts';
import type { Row } from '#src/kernel/tenant_db.ts';
import type { ColumnMapping, Import, PlannedPart, PlannedRow } from './model.ts';
import { cellText, type StagedCell } from './staged_cells.ts';
import { isNamePart, isRecordTarget, PARTS, splitTarget, targetLabel } from './targets.ts';
import type { PlanView } from './views.ts';

/** What is shown of a row: what it does, what its parts do, and what the file says. */
export interface ShownRow extends PlannedRow {
  parts: PlannedPart[];
  cells: StagedCell[];
}

type ShownCell = PlanView['rows'][number]['cells'][number];
type Line = PlanView['rows'][number]['lines'][number];

/** Columns of the file that a page of rows shows, and how it shows them. */
export interface RowCells {
  labels: string[];
  /** one for each of the labels */
  cells(row: ShownRow): ShownCell[];
  /** everything the row writes that stands in none of the columns */
  lines(row: ShownRow): Line[];
}

/** Columns of the file shown beside the name. */
const MOST_COLUMNS = 8;

/** The first columns that are imported, without those that make the name. */
export const shownColumns = (found: Import, entity: Entity): ColumnMapping[] =>
  (found.mapping ?? [])
    .filter(({ field }) => field && field !== entity.title && !isNamePart(field) && !isRecordTarget(field))
    .slice(0, MOST_COLUMNS);

/** Prepares the columns of a page. */
export async function rowCells(ctx: Ctx, found: Import, entity: Entity, rows: readonly ShownRow[]): Promise<RowCells> {
  const columns = shownColumns(found, entity);
  const own = new Set(columns.map(({ field }) => field));
  const sides = rows.flatMap(({ changes, after }) => [side(changes, 'old'), side(changes, 'new'), after ?? {}]);
  const show = shower(ctx, await titlesOf(ctx, entity, sides));
  return {
    labels: columns.map(({ field }) => targetLabel(entity, field)),
    cells: (row) =>
      columns.map(({ column, field: target }) => {
        const { part, field } = splitTarget(target);
        const writes = part ? row.parts.find((p) => PARTS[p.part - 1] === part) : row;
        const change = writes?.changes[field];
        const kind = part ? entityNamed(part.entity) : entity;
        const label = targetLabel(entity, target);
        if (change) return { label, ...show.change(kind, field, change), state: 'changed' };
        const made = writes?.plan === 'create' && writes.after && !isNamePart(field);
        const raw = cellText(row.cells[column]).replace(/\s+/g, ' ').trim();
        const wrong = row.plan === 'error' && row.problems.some(([at]) => at === column);
        const text = brief(made ? show.text(kind, field, writes.after!) : raw, 80);
        return { label, text, old: '', state: wrong ? 'wrong' : 'plain' };
      }),
    lines: (row) => [
      ...Object.entries(row.changes)
        .filter(([field]) => !own.has(field))
        .map(([field, change]) => ({ label: fieldLabel(entity, field), ...show.change(entity, field, change) })),
      ...row.parts.flatMap((part) => partLines(show, part)),
    ],
  };
}

const side = (changes: PlannedRow['changes'], which: 'old' | 'new'): Row =>
  Object.fromEntries(Object.entries(changes).map(([name, change]) => [name, change[which]]));

interface Shower {
  text(entity: Entity, field: string, row: Row): string;
  change(entity: Entity, field: string, change: { old: unknown; new: unknown }): { old: string; text: string };
}

function shower(ctx: Ctx, titles: Titles): Shower {
  const text = (entity: Entity, field: string, row: Row) => {
    const shown = fieldCell(ctx, entity, field, row, titles);
    return shown.text || shown.items.join(', ');
  };
  return {
    text,
    change: (entity, field, change) => ({
      old: brief(text(entity, field, { [field]: change.old }), 80),
      text: brief(text(entity, field, { [field]: change.new }) || 'empty', 80),
    }),
  };
}

/** A new contact in a line, 'Contact: Anna Berg, anna@…'; of one that is there, a line for each field that changes. */
function partLines(show: Shower, part: PlannedPart): Line[] {
  const entity = entityNamed(part.entity);
  const { label } = PARTS[part.part - 1]!;
  if (part.plan === 'update')
    return Object.entries(part.changes).map(([field, change]) => ({
      label: `${label} ${part.title}, ${fieldLabel(entity, field).toLowerCase()}`,
      ...show.change(entity, field, change),
    }));
  const said = ['email', 'phone', 'account_number'].flatMap((field) => {
    const value = entity.fields[field] && part.after ? show.text(entity, field, part.after) : '';
    return value && value !== part.title ? [value] : [];
  });
  return [{ label, old: '', text: [part.title, ...said].join(', ') }];
}
