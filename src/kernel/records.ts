import { audit, type Changes, changed, subject } from './audit.ts';
import { type Ctx, demand } from './context.ts';
import { type Entity, fieldLabel, refTarget, writableFields } from './entity.ts';
import { ConflictError, invalid, notFound } from './errors.ts';
import { instant } from './fields/dates.ts';
import type { Value } from './fields/field.ts';
import { UUID } from './fields/links.ts';
import { listPage } from './list_page.ts';
import { readListQuery } from './list_query.ts';
import { allColumns, columnsOf } from './list_sql.ts';
import type { Row } from './tenant_db.ts';
import { applyRule, visible, widestRule } from './visibility.ts';

/** Field -> canonical value, already parsed at the edge. */
export type Values = Record<string, Value>;

const columns = (ctx: Ctx, entity: Entity) => ctx.db.sql(columnsOf(entity, allColumns(entity)));

/**
 * A record the actor may see; invisible equals missing.
 * @param state 'live' passes over the trash, 'trashed' looks only there, 'any' everywhere
 * @throws 404
 */
export async function loadRecord(
  ctx: Ctx,
  entity: Entity,
  id: string,
  state: 'live' | 'trashed' | 'any' = 'live',
  lock = false,
): Promise<Row> {
  if (!UUID.test(id)) throw notFound();
  const query = applyRule(
    ctx,
    entity,
    ctx.db.from(entity.table, entity.table, `${entity.name}.load`),
    widestRule(ctx, entity),
  )
    .select(columns(ctx, entity))
    .where(`${entity.table}.id`, id);
  if (state === 'live') query.whereNull(`${entity.table}.deleted_at`);
  if (state === 'trashed') query.whereNotNull(`${entity.table}.deleted_at`);
  if (lock) query.forUpdate(entity.table);
  const [[row], tags] = await Promise.all([query as unknown as Promise<Row[]>, tagsOf(ctx, entity, [id])]);
  if (!row) throw notFound();
  if (entity.tag_field) row[entity.tag_field] = tags.get(id) ?? [];
  return row;
}

/** May the actor see this live record? */
export const isVisible = async (ctx: Ctx, entity: Entity, id: string): Promise<boolean> =>
  ((await visible(ctx, entity).select(`${entity.table}.id`).where(`${entity.table}.id`, id)) as Row[]).length > 0;

/**
 * Records the actor may see whose words contain what was typed: those that begin with it, by name, and the others in the
 * order of their list.
 * @param most how many at most
 */
export async function findRecords(ctx: Ctx, entity: Entity, q: string, most: number): Promise<Row[]> {
  const scope = widestRule(ctx, entity);
  const list = readListQuery(ctx, entity, { q });
  if (!list.q || !entity.search.length || !scope) return [];
  return (await listPage(ctx, entity, { ...list, limit: most, scope })).rows;
}

/** Tag names by record id. */
export async function tagsOf(ctx: Ctx, entity: Entity, ids: readonly string[]): Promise<Map<string, string[]>> {
  const found = new Map<string, string[]>();
  if (!entity.tag_table || !ids.length) return found;
  const rows = (await ctx.db
    .from(entity.tag_table, 'tagging', `${entity.name}.tags`)
    .join(ctx.db.table('tags', 'tag') as never, 'tag.id', 'tagging.tag_id')
    .select(`tagging.${entity.name}_id as record_id`, 'tag.name')
    .whereRaw(`tagging.${entity.name}_id = any (?::uuid[])`, [[...ids]])
    .whereNull('tag.deleted_at')
    .orderBy('tag.name')) as { record_id: string; name: string }[];
  for (const row of rows) found.set(row.record_id, [...(found.get(row.record_id) ?? []), row.name]);
  return found;
}

/** Rows of an entity and which of their references are shown. */
export interface Referring {
  entity: Entity;
  rows: readonly Row[];
  fields?: readonly string[];
}

/**
 * Titles of what rows refer to, by id; only what the actor may see, everything else stays nameless. One statement per
 * table referred to, however many rows and kinds of rows.
 * @param titles what is known already, to which the others are added
 */
export async function titlesOfAll(
  ctx: Ctx,
  referring: readonly Referring[],
  titles = new Map<string, string>(),
): Promise<Map<string, string>> {
  const wanted = new Map<string, Set<string>>();
  for (const { entity, rows, fields = entity.field_names } of referring) {
    for (const name of [...fields, 'created_by', 'updated_by']) {
      const field = entity.fields[name];
      const to = field?.kind === 'ref' ? field.to : name.endsWith('ted_by') ? 'user' : null;
      if (!to) continue;
      for (const row of rows) {
        const id = row[name] as string | null | undefined;
        if (id && !titles.has(id)) wanted.set(to, (wanted.get(to) ?? new Set()).add(id));
      }
    }
  }
  const found = await Promise.all(
    [...wanted].map(([to, ids]) => {
      const target = refTarget({ to } as never);
      const query = target.entity
        ? visible(ctx, target.entity, `${to}.titles`)
        : ctx.db.from(target.table, target.table, `${to}.titles`);
      return query
        .select(`${target.table}.id`, `${target.table}.${target.title} as title`)
        .whereRaw(`${target.table}.id = any (?::uuid[])`, [[...ids]]) as unknown as Promise<
        { id: string; title: string }[]
      >;
    }),
  );
  for (const row of found.flat()) titles.set(row.id, row.title);
  return titles;
}

/** Titles of what rows of one entity refer to. */
export const titlesOf = (ctx: Ctx, entity: Entity, rows: readonly Row[], fields?: readonly string[]) =>
  titlesOfAll(ctx, [fields ? { entity, rows, fields } : { entity, rows }]);

/** References must point to something the actor may see; another tenant's id is as unknown as a made-up one. @throws 422 */
async function checkReferences(ctx: Ctx, entity: Entity, values: Values): Promise<void> {
  const problems: Record<string, string> = {};
  for (const [name, value] of Object.entries(values)) {
    const field = entity.fields[name];
    if (field?.kind !== 'ref' || value === null) continue;
    const target = refTarget(field);
    const query = target.entity ? visible(ctx, target.entity) : ctx.db.from(target.table).whereNull('deactivated_at');
    const [found] = (await query.select(`${target.table}.id`).where(`${target.table}.id`, value as string)) as Row[];
    if (!found) problems[name] = `${fieldLabel(entity, name)}: there is no such ${field.to} that you can see.`;
  }
  if (Object.keys(problems).length) throw invalid(problems);
}

/** Some values of a choice come about by doing something, not by choosing them. @throws 422 */
function refuseUnchosen(entity: Entity, values: Values): void {
  const problems: Record<string, string> = {};
  for (const [name, value] of Object.entries(values)) {
    const choice = entity.fields[name]?.choices.find((c) => c.value === value);
    if (choice?.instead) problems[name] = `“${choice.label}” cannot be chosen here. ${choice.instead}`;
  }
  if (Object.keys(problems).length) throw invalid(problems);
}

/** Cross-checks that hold for any entity: what is required is there. @throws 422 */
function checkRequired(entity: Entity, row: Row): void {
  const problems: Record<string, string> = {};
  for (const name of writableFields(entity)) {
    const value = row[name];
    if (entity.fields[name]?.options.required && (value === null || value === undefined || value === ''))
      problems[name] = `${fieldLabel(entity, name)} is required.`;
  }
  if (Object.keys(problems).length) throw invalid(problems);
}

/** PostgreSQL's word for a broken rule of the table, in the reader's terms; anything else is thrown on. */
function explain(entity: Entity, error: unknown): never {
  const { code, constraint = '', column = '' } = error as { code?: string; constraint?: string; column?: string };
  const field = entity.field_names.find((name) => constraint.includes(name.replace(/^account_/, ''))) ?? '';
  if (code === '23505') {
    throw invalid({ [field]: `Another ${entity.label[0].toLowerCase()} (perhaps one in the trash) has this already.` });
  }
  if (code === '23502') throw invalid({ [column]: `${fieldLabel(entity, column)} is required.` });
  if (code === '23514')
    throw invalid({ [field || 'end_date']: 'These values do not fit together: the end lies before the start.' });
  throw error;
}

const split = (entity: Entity, values: Values) => {
  const { [entity.tag_field ?? '']: tags, ...stored } = values;
  return { stored, tags: entity.tag_field && Array.isArray(tags) ? (tags as string[]) : null };
};

const toRow = (entity: Entity, values: Values): Row =>
  Object.fromEntries(
    Object.entries(values).map(([name, v]) => [name, v === null && entity.fields[name]?.kind === 'list' ? [] : v]),
  );

/** Makes the record's tags exactly these; unknown names become tags of the tenant. */
async function setTags(ctx: Ctx, entity: Entity, id: string, names: readonly string[]): Promise<void> {
  const owner = `${entity.name}_id`;
  await ctx.db.remove(entity.tag_table!, { [owner]: id });
  for (const name of names) {
    await ctx.db.insertOnce('tags', { name, created_by: ctx.actor.id, updated_by: ctx.actor.id });
    const [tag] = (await ctx.db
      .from('tags')
      .select('id')
      .whereRaw('lower(name) = lower(?)', [name])
      .whereNull('deleted_at')) as Row[];
    if (tag) await ctx.db.insertOnce(entity.tag_table!, { [owner]: id, tag_id: tag.id });
  }
}

/** New record with the initial values of its fields under the given ones. @throws 403, 422 */
export async function createRecord(ctx: Ctx, entity: Entity, given: Values): Promise<Row> {
  demand(ctx, `${entity.name}.create`);
  const initial = Object.fromEntries(
    entity.field_names.flatMap((name) => {
      const { kind, options } = entity.fields[name]!;
      const value = kind === 'currency' ? (options.initial ?? ctx.tenant.currency) : options.initial;
      return value === undefined ? [] : [[name, value]];
    }),
  ) as Values;
  // What is left empty takes its initial value, in the definition or in the table ("empty means now").
  const present = Object.fromEntries(Object.entries(given).filter(([, v]) => v !== null));
  const { stored, tags } = split(entity, { ...initial, ...present });
  checkRequired(entity, stored);
  refuseUnchosen(entity, stored);
  await checkReferences(ctx, entity, stored);
  const [row] = await ctx.db
    .insert(
      entity.table,
      { ...toRow(entity, stored), created_by: ctx.actor.id, updated_by: ctx.actor.id },
      allColumns(entity),
    )
    .catch((error) => explain(entity, error));
  if (tags?.length) await setTags(ctx, entity, row!.id as string, tags);
  const after = { ...row!, ...(tags ? { [entity.tag_field!]: tags } : {}) };
  await audit(ctx, 'created', subject(entity, row!), changed({}, after, Object.keys(present)));
  return row!;
}

/** Do two values of a field say the same? Tags are a set in any case; times are instants, of which a form shows minutes. */
function same(ctx: Ctx, entity: Entity, name: string, was: unknown, is: Value): boolean {
  const field = entity.fields[name];
  if (field?.kind === 'tags') {
    const set = (names: unknown) => [...new Set((names as string[]).map((n) => n.toLowerCase()))].sort().join('\n');
    return Array.isArray(was) && Array.isArray(is) && set(was) === set(is);
  }
  if (field?.kind !== 'timestamp' || !was || !is) return false;
  const moment = (stored: unknown) =>
    ctx.via === 'web'
      ? field.toText(String(stored), ctx.tenant)
      : instant(String(stored), ctx.tenant.time_zone).toMillis();
  return moment(was) === moment(is);
}

/**
 * Changes fields of a record.
 * @param version the version the changes were made on; a newer one is a conflict
 * @returns the record, which the actor may have given away and not see any more
 * @throws 403, 404, 409 (ConflictError), 422
 */
export async function updateRecord(
  ctx: Ctx,
  entity: Entity,
  id: string,
  version: number,
  asked: Values,
): Promise<{ row: Row; changes: Changes }> {
  demand(ctx, `${entity.name}.update`);
  const before = await loadRecord(ctx, entity, id, 'live', true);
  const given = Object.fromEntries(
    Object.entries(asked).map(([name, v]) => [name, same(ctx, entity, name, before[name], v) ? before[name] : v]),
  ) as Values;
  const { stored, tags } = split(entity, given);
  const after = { ...before, ...toRow(entity, stored), ...(tags ? { [entity.tag_field!]: tags } : {}) };
  const changes = changed(before, after, Object.keys(given));
  // Sending the same thing twice is no conflict: nothing is left to change.
  if (!Object.keys(changes).length) return { row: before, changes };
  if (before.version !== version) throw new ConflictError(before, given, version);
  checkRequired(entity, after);
  const touched = Object.fromEntries(Object.entries(stored).filter(([name]) => changes[name]));
  refuseUnchosen(entity, touched as Values);
  await checkReferences(ctx, entity, touched);
  const row = await save(ctx, entity, before, toRow(entity, touched));
  if (tags && changes[entity.tag_field!]) await setTags(ctx, entity, id, tags);
  await audit(ctx, 'updated', subject(entity, row), changes);
  return { row: { ...after, ...row }, changes };
}

async function save(ctx: Ctx, entity: Entity, before: Row, patch: Row): Promise<Row> {
  const [row] = await ctx.db
    .update(
      entity.table,
      { id: before.id as string, version: before.version as number },
      {
        ...patch,
        version: (before.version as number) + 1,
        updated_at: new Date().toISOString(),
        updated_by: ctx.actor.id,
      },
    )
    .catch((error) => explain(entity, error));
  if (!row) throw new ConflictError(before, patch as Values, before.version as number);
  return row;
}

/** Moves a record to the trash. Doing it twice is fine. @throws 403, 404 */
export async function trashRecord(ctx: Ctx, entity: Entity, id: string): Promise<Row> {
  demand(ctx, `${entity.name}.remove`);
  const before = await loadRecord(ctx, entity, id, 'any', true);
  if (before.deleted_at) return before;
  const row = await save(ctx, entity, before, { deleted_at: new Date().toISOString() });
  await audit(ctx, 'trashed', subject(entity, row));
  return { ...before, ...row };
}

/** Takes a record out of the trash. Doing it twice is fine. @throws 403, 404 */
export async function restoreRecord(ctx: Ctx, entity: Entity, id: string): Promise<Row> {
  demand(ctx, `${entity.name}.remove`);
  const before = await loadRecord(ctx, entity, id, 'any', true);
  if (!before.deleted_at) return before;
  const row = await save(ctx, entity, before, { deleted_at: null });
  await audit(ctx, 'restored', subject(entity, row));
  return { ...before, ...row };
}
