import type { Ctx } from '#src/kernel/context.ts';
import type { ColumnInfo, Import } from './model.ts';

/** What the error workbook adds behind the columns of the file. */
export const ERROR_COLUMNS = ['Row', 'Error'] as const;

/** Imports looked through for the one that a workbook of errors comes from. */
const MOST_LOOKED_AT = 200;

/**
 * The import whose rows with errors this file brings back, corrected: one of the same kind whose columns are these without
 * the two that the workbook of errors adds. The latest one counts. Null when the file is something else.
 */
export async function correctedImport(
  ctx: Ctx,
  found: Import,
  columns: readonly ColumnInfo[],
): Promise<Pick<Import, 'id' | 'mapping' | 'choices'> | null> {
  const headers = columns.map(({ header }) => header);
  const own = headers.slice(0, -ERROR_COLUMNS.length);
  if (!own.length || ERROR_COLUMNS.some((name, index) => headers[own.length + index] !== name)) return null;
  const [earlier] = (await ctx.db.run(
    `/* import.corrected */ select id, mapping, choices from (
       select id, mapping, choices, columns from imports
       where tenant_id = :tenant and entity = :entity and id < :id and mapping is not null
       order by id desc limit ${MOST_LOOKED_AT}) recent
     where array(select value->>'header' from jsonb_array_elements(recent.columns)) =
       array(select json_array_elements_text(:own::json))
     order by id desc limit 1`,
    { entity: found.entity, id: found.id, own: JSON.stringify(own) },
  )) as unknown as Pick<Import, 'id' | 'mapping' | 'choices'>[];
  return earlier ?? null;
}
