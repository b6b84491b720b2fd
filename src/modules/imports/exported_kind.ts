import { type Ctx, can } from '#src/kernel/context.ts';
import { allEntities, type Entity } from '#src/kernel/entity.ts';
import { UUID } from '#src/kernel/fields/links.ts';
import { loadRecords } from './match.ts';
import type { ColumnInfo } from './model.ts';
import { RECORD_ID, recordTarget } from './targets.ts';

/**
 * The kind of record that an edited export of ours is about, whatever was chosen for it: that of which its first rows name
 * records.
 * @returns the chosen kind when the file says nothing, or names no record that the actor may change
 */
export async function exportedKind(ctx: Ctx, chosen: Entity, columns: readonly ColumnInfo[]): Promise<Entity> {
  const column = columns.find(({ header }) => recordTarget(header) === RECORD_ID);
  const ids = (column?.samples ?? []).filter((text) => UUID.test(text));
  if (!ids.length) return chosen;
  const kinds = [chosen, ...allEntities().filter((entity) => entity !== chosen)];
  for (const entity of kinds) {
    if (can(ctx, `${entity.name}.update`) && (await loadRecords(ctx, entity, ids)).size) return entity;
  }
  return chosen;
}
