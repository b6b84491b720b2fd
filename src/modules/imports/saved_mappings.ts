import { createHash } from 'node:crypto';
import { audit } from '#src/kernel/audit.ts';
import type { Ctx } from '#src/kernel/context.ts';
import type { Entity } from '#src/kernel/entity.ts';
import { type Choices, Choices as ChoicesShape, type ColumnInfo, ColumnMapping } from './model.ts';
import { isRecordTarget } from './targets.ts';

/** What a company said last about files with these headers. */
export interface SavedMapping {
  mapping: ColumnMapping[];
  choices: Choices;
  /** when, as an instant, and the name of who said it */
  at: string;
  who: string;
}

/** Values of a choice that are remembered for one column. */
const MOST_VALUES = 200;

const headersOf = (columns: readonly ColumnInfo[]): string[] => columns.map(({ header }) => header);

/** Two files have the same columns when all their headers, in their order, are the same. */
const headersKey = (columns: readonly ColumnInfo[]): string =>
  createHash('sha256')
    .update(JSON.stringify(headersOf(columns)))
    .digest('hex');

/** One of our own exports says itself what its columns are: what was done with one file says nothing about the next. */
const saysItself = (mapping: readonly ColumnMapping[]): boolean => mapping.some(({ field }) => isRecordTarget(field));

interface Stored {
  id: string;
  mapping: unknown;
  choices: unknown;
  updated_at: string;
  who: string;
}

async function load(ctx: Ctx, entity: Entity, columns: readonly ColumnInfo[]): Promise<SavedMapping | null> {
  const [row] = (await ctx.db.run(
    `/* import.saved_mapping */ select m.id, m.mapping, m.choices, m.updated_at, u.name as who
     from import_mappings m join users u on u.tenant_id = m.tenant_id and u.id = m.updated_by
     where m.tenant_id = :tenant and m.entity = :entity and m.headers_key = :key`,
    { entity: entity.name, key: headersKey(columns) },
  )) as unknown as Stored[];
  if (!row) return null;
  // What an older version of Rapport kept may not be a mapping any more; then there is none.
  const [mapping, choices] = [ColumnMapping.array().safeParse(row.mapping), ChoicesShape.safeParse(row.choices)];
  if (!mapping.success || !choices.success) return null;
  return { mapping: mapping.data, choices: choices.data, at: row.updated_at, who: row.who };
}

/** What this company said last about a file with these columns; null when it has not met them, or the file is our own export. */
export async function savedMapping(
  ctx: Ctx,
  entity: Entity,
  columns: readonly ColumnInfo[],
  guessed: readonly ColumnMapping[],
): Promise<SavedMapping | null> {
  return saysItself(guessed) ? null : load(ctx, entity, columns);
}

/** Meanings that were said earlier stay known when this file happens not to have their values. */
function withEarlierValues(mapping: readonly ColumnMapping[], earlier: SavedMapping | null): ColumnMapping[] {
  return mapping.map((line) => {
    const before = earlier?.mapping.find(({ column, field }) => column === line.column && field === line.field);
    if (!line.values || !before?.values) return line;
    const values = [...new Map([...before.values, ...line.values])];
    return { ...line, values: values.slice(-MOST_VALUES) };
  });
}

/**
 * Keeps what a person said about a file's columns for the next file that has them. The first time it stands in the audit
 * trail: it is a setting of the whole company from then on.
 * @param mapping checked by `readMapping`
 */
export async function rememberMapping(
  ctx: Ctx,
  entity: Entity,
  columns: readonly ColumnInfo[],
  mapping: readonly ColumnMapping[],
  choices: Choices,
  fileName: string,
): Promise<void> {
  if (saysItself(mapping)) return;
  const full = withEarlierValues(mapping, await load(ctx, entity, columns));
  const [kept] = (await ctx.db.run(
    `/* import.remember_mapping */ insert into import_mappings
       (tenant_id, entity, headers_key, headers, mapping, choices, updated_by)
     values (:tenant, :entity, :key, :headers::jsonb, :mapping::jsonb, :choices::jsonb, :by)
     on conflict (tenant_id, entity, headers_key) do update set mapping = excluded.mapping, choices = excluded.choices,
       used = import_mappings.used + 1, updated_at = now(), updated_by = excluded.updated_by
     returning id, used`,
    {
      entity: entity.name,
      key: headersKey(columns),
      headers: JSON.stringify(headersOf(columns)),
      mapping: JSON.stringify(full),
      choices: JSON.stringify(choices),
      by: ctx.actor.id,
    },
  )) as { id: string; used: number }[];
  if (kept!.used === 1)
    await audit(ctx, 'configured', { entity: 'import_mapping', id: kept!.id, title: `Columns of ${fileName}` });
}
