import { type Entity, fieldLabel } from '#src/kernel/entity.ts';
import { invalid } from '#src/kernel/errors.ts';
import { completed, unknownValues } from './guess.ts';
import type { Choices, ColumnInfo, ColumnMapping } from './model.ts';
import { addable, isNamePart, RECORD_ID, recordTarget, targetField, targetLabel, targets } from './targets.ts';

/** The field of a form that carries a column's target, and its parts. */
export const columnInput = (index: number): string => `column_${index}`;

/**
 * Checks a mapping against the columns of the file and the fields that may be written. This is the one gate between what
 * people and programs send and what rows can reach.
 * @param strict people are asked about every value of a choice that is not known; for programs such rows become errors
 * @returns a line for every column
 * @throws 422 with what is wrong per column
 */
export function readMapping(
  entity: Entity,
  columns: readonly ColumnInfo[],
  mapping: readonly ColumnMapping[],
  choices: Choices,
  strict = true,
): ColumnMapping[] {
  const allowed = new Set(targets(entity).map(({ field }) => field));
  const byColumn = new Map(mapping.map((line) => [line.column, line]));
  const problems: Record<string, string> = {};
  const used = new Map<string, ColumnInfo>();
  for (const { column } of mapping) {
    if (!columns[column]) problems[columnInput(column)] = 'The file has no such column.';
  }
  const checked = columns.map((column): ColumnMapping => {
    const line = byColumn.get(column.index);
    if (!line?.field) return { column: column.index, field: '' };
    const input = columnInput(column.index);
    // Which record a row is about is said by our own exports, under their own names, and by nobody else.
    if (!allowed.has(line.field) && recordTarget(column.header) !== line.field) {
      problems[input] = 'This is not a field that an import may fill.';
      return { column: column.index, field: '' };
    }
    const other = used.get(line.field);
    if (other) problems[input] = `${targetLabel(entity, line.field)} is filled by “${other.header}” already.`;
    used.set(line.field, column);
    const full = completed(entity, column, line);
    const choice = targetField(entity, line.field);
    for (const [, value] of full.values ?? []) {
      if (value && !choice?.choices.some((c) => c.value === value))
        problems[input] = 'Choose one of the values offered.';
    }
    if (strict && unknownValues(entity, column, full).length)
      problems[input] ??= 'Say what each value that is not known here stands for.';
    if (strict && choice?.kind === 'date' && column.day_order === 'either' && !full.day_order)
      problems[input] ??= 'Say whether the day or the month comes first.';
    return full;
  });
  checkTogether(entity, new Set(used.keys()), choices, problems);
  if (Object.keys(problems).length) throw invalid(problems, 'Some columns need a look.');
  return checked;
}

/** What must fit among the columns: there is a name, and no name beside its parts; defaults can be read. */
function checkTogether(
  entity: Entity,
  used: ReadonlySet<string>,
  choices: Choices,
  problems: Record<string, string>,
): void {
  const parts = [...used].filter(isNamePart);
  if (used.has(entity.title) && parts.length)
    problems.mapping = `Choose either ${fieldLabel(entity, entity.title)} or its parts, not both.`;
  const named = used.has(RECORD_ID);
  if (!addable(entity) && !named)
    problems.mapping = `${entity.label[1]} can be changed by a file, not added: export their list, edit that file and upload it here.`;
  else if (!used.has(entity.title) && !parts.length && !named && choices.mode !== 'update')
    problems.mapping = `Choose the column that holds the ${fieldLabel(entity, entity.title).toLowerCase()}.`;
  if (!used.size) problems.mapping = 'Choose at least one column to import.';
  if (
    choices.mode === 'update' &&
    !named &&
    !choices.match.some((key) => used.has(key) || (key === 'name' && parts.length))
  )
    problems.match = 'To update, a column must say which record is meant: its external id, its e-mail or its name.';
  const allowed = new Set(targets(entity).map(({ field }) => field));
  for (const field of Object.keys(choices.defaults)) {
    if (!allowed.has(field) || !entity.fields[field])
      problems[`default_${field}`] = 'This is not a field that an import may fill.';
  }
}
