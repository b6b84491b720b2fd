import type { Ctx } from '#src/kernel/context.ts';
import { type Entity, entityNamed } from '#src/kernel/entity.ts';
import type { Row } from '#src/kernel/tenant_db.ts';
import { applyRule, widestRule } from '#src/kernel/visibility.ts';
import type { Kept, PlannedRow } from './model.ts';
import { changeRecords, makeRecords, type Selection, trashRecords } from './move_records.ts';
import type { Planner } from './plan_rows.ts';

/** A piece of an import's work: rows that are moved in one transaction. */
export interface Chunk {
  n: number;
  first_row: number;
  last_row: number;
  /** rows of the file */
  rows: number;
  /** how often it was moved */
  moves: number;
}

/** Somebody edited a record between the look at it and the write: look again. */
export class Stale extends Error {}

/** A planned write, without what it writes. */
export interface Planned extends Pick<PlannedRow, 'row_number' | 'title' | 'record_id' | 'record_version'> {
  plan: 'create' | 'update';
  part: number;
  entity: string | null;
  /** an update without changes: it only carries parts */
  carries: boolean;
  kept: Kept | null;
}

/** What a chunk has to write. */
export const plannedRows = async (ctx: Ctx, id: string, chunk: Chunk): Promise<Planned[]> =>
  (await ctx.db.run(
    `/* import.planned */ select row_number, part, entity, plan, title, record_id, record_version, kept,
       plan = 'update' and changes = '{}' as carries
     from import_plan where tenant_id = :tenant and import_id = :id and chunk = :n
       and row_number between :first and :last and plan in ('create', 'update') and result is null
     order by row_number, part`,
    { id, n: chunk.n, first: chunk.first_row, last: chunk.last_row },
  )) as unknown as Planned[];

/** Kinds of records that an import writes: its own first, then what hangs on them. */
export const kindsOf = (planner: Planner): { entity: Entity; part_of: string; fields: readonly string[] }[] => {
  const names = [...new Set(planner.parts.map(({ part }) => part.entity))];
  return [
    { entity: planner.entity, part_of: '', fields: planner.reader.fields },
    ...names.map((name) => ({
      entity: entityNamed(name),
      part_of: name,
      fields: planner.parts.flatMap((maker) => (maker.part.entity === name ? maker.reader.fields : [])),
    })),
  ];
};

/** The records behind planned rows that the actor may see, live and trashed, by id. */
export async function versionsOf(ctx: Ctx, entity: Entity, ids: readonly string[]): Promise<Map<string, Row>> {
  if (!ids.length) return new Map();
  const { table } = entity;
  const rows = (await applyRule(ctx, entity, ctx.db.from(table, table, 'import.versions'), widestRule(ctx, entity))
    .select(`${table}.id`, `${table}.version`, `${table}.deleted_at`)
    .whereRaw(`${table}.id = any (?::uuid[])`, [[...ids]])) as Row[];
  return new Map(rows.map((row) => [row.id as string, row]));
}

/** What a move does to the records that were new and to those that were there. */
export type Move = 'write' | 'take back' | 'write again';

/**
 * Moves all planned rows of a chunk that are as expected, kind by kind.
 * @param except rows that are seen to one by one
 * @throws Stale when a record is not at the version it should be at any more
 */
export async function moveMany(
  ctx: Ctx,
  id: string,
  planner: Planner,
  chunk: Chunk,
  rows: readonly Planned[],
  except: ReadonlySet<number>,
  move: Move,
): Promise<void> {
  const left = [...except];
  for (const { entity, part_of, fields } of kindsOf(planner)) {
    const mine = rows.filter((row) => (row.entity ?? '') === part_of && !except.has(row.row_number) && !row.carries);
    const { n, first_row, last_row, moves } = chunk;
    const it: Selection = { import_id: id, chunk: n, first_row, last_row, moves, entity, part_of, except: left };
    const expect = async (plan: 'create' | 'update', work: () => Promise<number>) => {
      const wanted = mine.filter((row) => row.plan === plan).length;
      if (wanted && (await work()) !== wanted) throw new Stale();
    };
    await expect('create', () =>
      move === 'write' ? makeRecords(ctx, it) : trashRecords(ctx, it, move === 'take back' ? 'trash' : 'life'),
    );
    await expect('update', () => changeRecords(ctx, it, move === 'take back' ? 'old' : 'new', fields));
  }
}
