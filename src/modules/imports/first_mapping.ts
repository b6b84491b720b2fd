import type { Ctx } from '#src/kernel/context.ts';
import { type Entity, entityNamed } from '#src/kernel/entity.ts';
import { exportedKind } from './exported_kind.ts';
import { completed, guessMapping } from './guess.ts';
import { type Choices, type ColumnInfo, type ColumnMapping, type Import, PLAIN_CHOICES } from './model.ts';
import { savedMapping } from './saved_mappings.ts';
import { RECORD_ID, recordTarget, targetField, targets } from './targets.ts';

/** What a person is shown first about the columns of a file. */
export interface FirstMapping {
  /** the kind that was chosen, or that the file turned out to be of */
  entity: string;
  mapping: ColumnMapping[];
  choices: Import['choices'];
}

/** What the columns look like by their names and values. */
export function guessed(
  entity: Entity,
  columns: readonly ColumnInfo[],
): { mapping: ColumnMapping[]; choices: Choices } {
  const mapping = guessMapping(entity, columns);
  // Somebody who empties a cell of an exported list means it; a list from elsewhere may just not know.
  const by_record = mapping.some(({ field }) => field === RECORD_ID);
  return { mapping, choices: { ...PLAIN_CHOICES, blank: by_record ? 'clear' : 'keep' } };
}

/** A mapping said about other rows of the same columns, as it fits these. */
function fitted(entity: Entity, columns: readonly ColumnInfo[], mapping: readonly ColumnMapping[]): ColumnMapping[] {
  const known = new Set(targets(entity).map(({ field }) => field));
  const lines = new Map(mapping.map((line) => [line.column, line]));
  return columns.map((column) => {
    const { values, day_order, ...line } = lines.get(column.index) ?? { column: column.index, field: '' };
    if (!known.has(line.field) && recordTarget(column.header) !== line.field)
      return { column: column.index, field: '' };
    const choices = targetField(entity, line.field)?.choices ?? [];
    const meant = values?.filter(([, value]) => !value || choices.some((choice) => choice.value === value));
    // What the values of this file decide themselves is not for another file to say.
    const order = column.day_order === 'either' ? day_order : undefined;
    return completed(entity, column, {
      ...line,
      ...(meant ? { values: meant } : {}),
      ...(order ? { day_order: order } : {}),
    });
  });
}

const sameHeaders = (a: readonly ColumnInfo[], b: readonly ColumnInfo[]): boolean =>
  a.length === b.length && a.every(({ header }, index) => header === b[index]!.header);

/**
 * What a person is shown first: what they said before the file was read again, else what their company said last about
 * files with these columns, else the guess. An edited export is of the kind that its rows are of, whatever was chosen.
 * @param columns as they are now; those of `found` are from the reading before
 */
export async function firstMapping(ctx: Ctx, found: Import, columns: readonly ColumnInfo[]): Promise<FirstMapping> {
  const chosen = entityNamed(found.entity);
  const entity = await exportedKind(ctx, chosen, columns);
  const guess = guessed(entity, columns);
  const { name } = entity;
  if (entity !== chosen) return { ...guess, entity: name, choices: { ...guess.choices, recognised: true } };
  if (found.mapping && sameHeaders(found.columns, columns)) {
    const choices = { ...guess.choices, ...found.choices };
    return { entity: name, mapping: fitted(entity, columns, found.mapping), choices };
  }
  const saved = await savedMapping(ctx, entity, columns, guess.mapping);
  if (!saved) return { ...guess, entity: name };
  const like = { at: saved.at, who: saved.who };
  return { entity: name, mapping: fitted(entity, columns, saved.mapping), choices: { ...saved.choices, like } };
}
