import { type Entity, fieldLabel, writableFields } from '#src/kernel/entity.ts';
import { invalid } from '#src/kernel/errors.ts';
import { ID_HEADER } from '#src/kernel/export.ts';
import { completed, unknownValues } from './guess.ts';
import { doubledNames, namelessParts } from './guess_parts.ts';
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

/** What a file can do to records of a kind that no file adds. */
export const onlyChanged = ({ label: [one, many] }: Entity): string =>
  `${many} can be changed by a file, not added: export their list, edit that file and upload it here. ` +
  `Its column “${ID_HEADER}” says which ${one.toLowerCase()} each row is.`;

/** What must fit among the columns: there is a name, and no name beside its parts; defaults can be read. */
function checkTogether(
  entity: Entity,
  used: ReadonlySet<string>,
  choices: Choices,
  problems: Record<string, string>,
): void {
  const title = fieldLabel(entity, entity.title);
  const parts = [...used].some(isNamePart);
  const by_record = used.has(RECORD_ID);
  for (const prefix of doubledNames(used, entity.title))
    problems.mapping = `Choose either ${targetLabel(entity, prefix + entity.title)} or its parts, not both.`;
  for (const part of namelessParts(used))
    problems.mapping =
      part.entity === 'account'
        ? `${part.label}: choose the column that holds the account number as well.`
        : `${part.label}: choose the column that holds the name, the e-mail or the phone as well.`;
  if (!addable(entity) && !by_record) problems.mapping = onlyChanged(entity);
  else if (!used.has(entity.title) && !parts && !by_record && choices.mode !== 'update')
    problems.mapping = `Choose the column that holds the ${title.toLowerCase()}.`;
  if (!used.size) problems.mapping = 'Choose at least one column to import.';
  if (
    choices.mode === 'update' &&
    !by_record &&
    !choices.match.some((key) => used.has(key) || (key === 'name' && parts))
  )
    problems.match = 'To update, a column must say which record is meant: its external id, its e-mail or its name.';
  const own = new Set(writableFields(entity));
  for (const field of Object.keys(choices.defaults)) {
    if (!own.has(field)) problems[`default_${field}`] = 'This is not a field that an import may fill.';
  }
}
