import { type Ctx, can } from '#src/kernel/context.ts';
import { entityNamed } from '#src/kernel/entity.ts';
import { UUID } from '#src/kernel/fields/links.ts';
import { IMPORT_RUN } from './access.ts';
import type { ColumnInfo, Import } from './model.ts';
import { addable } from './targets.ts';

/** What the error workbook adds behind the columns of the file; the last one is hidden and says which import it is of. */
export const ERROR_COLUMNS = ['Row', 'Error', 'Rapport import'] as const;
const [, , MARK] = ERROR_COLUMNS;

/** 'Row (2)' -> 'Row': a file may have had columns of these names before. */
const unnumbered = (header: string): string => header.replace(/ \(\d+\)$/, '');

/**
 * The columns of the file itself, without those that an error workbook has added behind them: whatever such a workbook goes
 * through, the next one has them once. Known by their names where the hidden one still stands, else where they would stand.
 */
export function ownColumns({ columns, mapping }: Pick<Import, 'columns' | 'mapping'>): ColumnInfo[] {
  const used = new Set((mapping ?? []).flatMap(({ column, field }) => (field ? [column] : [])));
  const [row, error, mark] = ERROR_COLUMNS.map((name) =>
    columns.findLast(({ header, index }) => !used.has(index) && unnumbered(header) === name),
  );
  const last = columns.length - 1;
  const added = mark !== undefined || (row?.index === last - 1 && error?.index === last);
  return added ? columns.filter((column) => column !== row && column !== error && column !== mark) : [...columns];
}

type Corrected = Pick<Import, 'id' | 'entity' | 'mapping' | 'choices'>;

/** The import that a file says it comes from; '' when it says nothing, or more than one. */
function saidImport(columns: readonly ColumnInfo[]): string {
  const [only, ...more] = columns.find(({ header }) => header === MARK)?.values ?? [];
  return only && !more.length && UUID.test(only[0]) ? only[0] : '';
}

/**
 * The import whose rows with errors this file brings back, corrected, with its mapping as it fits the columns of this file.
 * Null when the file is something else: an id of nobody, of another company, or of rows that the person may not write
 * means nothing.
 */
export async function correctedImport(ctx: Ctx, columns: readonly ColumnInfo[]): Promise<Corrected | null> {
  const id = saidImport(columns);
  if (!id || !can(ctx, IMPORT_RUN)) return null;
  const [earlier] = (await ctx.db
    .from('imports', 'imports', 'import.corrected')
    .select('id', 'entity', 'mapping', 'choices', 'columns')
    .where('id', id)
    .whereNotNull('mapping')) as unknown as (Corrected & Pick<Import, 'columns'>)[];
  if (!earlier) return null;
  const { entity, choices, columns: before } = earlier;
  if (!can(ctx, `${entity}.${addable(entityNamed(entity)) ? 'create' : 'update'}`)) return null;
  const there = new Map(columns.map(({ header, index }) => [header, index]));
  const used = (earlier.mapping ?? []).filter(({ field }) => field);
  const lines = used.flatMap((line) => {
    const column = there.get(before[line.column]?.header ?? '');
    return column === undefined ? [] : [{ ...line, column }];
  });
  // Without one of its columns it is another list.
  return lines.length === used.length ? { id, entity, mapping: lines, choices } : null;
}
