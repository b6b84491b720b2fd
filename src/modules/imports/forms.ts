import type { Entity } from '#src/kernel/entity.ts';
import { cut } from '#src/kernel/fields/field.ts';
import { type Body, entry } from '#src/kernel/routes.ts';
import { completed } from './guess.ts';
import { columnInput } from './mapping.ts';
import { type Choices, type ColumnInfo, type ColumnMapping, PLAIN_CHOICES } from './model.ts';
import { MATCH_KEYS, recordTarget } from './targets.ts';

/** Names of the mapping form's fields besides a column's own. */
export const valueInput = (column: number, index: number): string => `value_${column}_${index}`;
export const dayOrderInput = (column: number): string => `order_${column}`;
export const whenInput = (column: number): string => `when_${column}`;
/** Whether rows of an edited export mean the records that they name. */
export const BY_RECORD = 'by_record';
export const matchInput = (key: string): string => `match_${key}`;
export const defaultInput = (field: string): string => `default_${field}`;

/** "Leave empty" as a form says it; '' there means that nothing was chosen yet. */
export const LEAVE_EMPTY = '-';

/** What the mapping form says about each column. Values of choices travel by their place in the column's list. */
export function readColumns(entity: Entity, columns: readonly ColumnInfo[], body: Body): ColumnMapping[] {
  return columns.map((column) => {
    const own = recordTarget(column.header);
    if (own) return { column: column.index, field: entry(body, BY_RECORD) === 'true' ? own : '' };
    const line: ColumnMapping = { column: column.index, field: entry(body, columnInput(column.index)) };
    const values = (column.values ?? []).flatMap(([text], index): [string, string][] => {
      const said = entry(body, valueInput(column.index, index));
      return said ? [[text, said === LEAVE_EMPTY ? '' : said]] : [];
    });
    const order = entry(body, dayOrderInput(column.index));
    const when = entry(body, whenInput(column.index));
    return completed(entity, column, {
      ...line,
      ...(values.length ? { values } : {}),
      ...(order === 'dmy' || order === 'mdy' ? { day_order: order } : {}),
      ...(when === 'empty' || when === 'never' ? { when } : {}),
    });
  });
}

/** Mode, keys, blanks and defaults as the form says them. */
export function readChoices(body: Body): Choices {
  const mode = entry(body, 'mode');
  const defaults: Record<string, string> = Object.create(null);
  for (const [name, text] of Object.entries(body)) {
    if (name.startsWith('default_') && text) defaults[name.slice('default_'.length)] = cut(text, 200);
  }
  return {
    mode: mode === 'create' || mode === 'update' ? mode : PLAIN_CHOICES.mode,
    match: MATCH_KEYS.filter((key) => entry(body, matchInput(key)) === 'true'),
    blank: entry(body, 'blank') === 'clear' ? 'clear' : 'keep',
    defaults: { ...defaults },
  };
}
