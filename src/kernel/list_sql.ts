import type { Ctx } from './context.ts';
import { viewers } from './context.ts';
import { type Entity, entityNamed, storedFields } from './entity.ts';
import { badRequest } from './errors.ts';
import { date, timestamp } from './fields/dates.ts';
import type { Field } from './fields/field.ts';
import { COUNT_CAP, type Cursor, encodeCursor, type Filter, type ListQuery } from './list_query.ts';
import type { Query, Row } from './tenant_db.ts';
import { applyRule, visible } from './visibility.ts';

/** A search looks at no more matches than this; a narrower word finds the rest. */
export const SEARCH_MOST = 5_000;

const INSTANT: Field = timestamp();
export const DAY: Field = date();

const sortField = (entity: Entity, name: string): Field => entity.fields[name] ?? INSTANT;

/** The sort's expression, exactly as its index has it: empty values through their sentinel. */
function sortSql(entity: Entity, sort: string): string {
  const { empty } = sortField(entity, sort).sql;
  const column = `${entity.table}.${sort}`;
  // When something happened is always known, though a form may leave it to the clock.
  const nullable =
    !!empty && !!entity.fields[sort] && !entity.fields[sort].options.required && sort !== entity.happened;
  return nullable ? `coalesce(${column}, ${empty})` : column;
}

/**
 * LIKE's wildcards in what a person typed are just letters; so are the wide and small forms which fold() makes the plain
 * ones of.
 */
const fragment = (word: string) =>
  `%${word
    .replace(/[\\\u2216\ufe68\uff3c]/g, '\\\\')
    .replace(/[%\ufe6a\uff05]/g, '\\%')
    .replace(/[_\uff3f]/g, '\\_')}%`;

/** Patterns of a search, each of which must be found; folded by the database so that case and accents do not matter. */
export const patterns = (q: string): string[] => q.split(/\s+/).filter(Boolean).slice(0, 8).map(fragment);

function search(ctx: Ctx, entity: Entity, query: Query, list: Pick<ListQuery, 'q' | 'scope' | 'trashed'>): void {
  if (!list.q || !entity.search.length) return;
  const words = patterns(list.q);
  const folded = words.map(() => 'fold(?)').join(', ');
  if (list.trashed) {
    for (const word of words) query.whereRaw(`${entity.table}.search_text like fold(?)`, [word]);
    return;
  }
  // Rows seen through a parent are not among "mine" of the finder, so only entities without one narrow inside it.
  const ids = entity.through.length ? null : viewers(ctx, list.scope);
  query.whereRaw(`${entity.table}.id in (select find_${entity.table}(array[${folded}], ?::uuid[], ?))`, [
    ...words,
    ids as never,
    SEARCH_MOST,
  ]);
}

function narrow(ctx: Ctx, entity: Entity, query: Query, filter: Filter): void {
  const field = entity.fields[filter.field] ?? DAY;
  const column = `${entity.table}.${filter.field}`;
  if (filter.op !== 'in') {
    const operator = filter.op === 'from' ? '>=' : '<=';
    const [bound] = filter.values;
    const isInstant = field.kind === 'timestamp' || !entity.fields[filter.field];
    if (!isInstant) {
      query.whereRaw(`${column} ${operator} ?::${field.sql.type}`, [bound as string]);
    } else if (bound === 'now') {
      query.whereRaw(`${column} ${operator} now()`);
    } else if (filter.op === 'from') {
      query.whereRaw(`${column} >= (?::date)::timestamp at time zone ?`, [bound as string, ctx.tenant.time_zone]);
    } else {
      query.whereRaw(`${column} < (?::date + 1)::timestamp at time zone ?`, [bound as string, ctx.tenant.time_zone]);
    }
    return;
  }
  if (field.filter === 'tags') {
    for (const name of filter.values) {
      query.whereIn(
        `${entity.table}.id`,
        ctx.db
          .from(entity.tag_table!, 'tagging')
          .select(`tagging.${entity.name}_id`)
          .join(ctx.db.table('tags', 'tag') as never, 'tag.id', 'tagging.tag_id')
          .whereRaw('lower(tag.name) = lower(?)', [name]) as never,
      );
    }
    return;
  }
  const wanted = filter.values.filter((value) => value !== '');
  query.where((any) => {
    if (wanted.length) any.whereIn(column, wanted as string[]);
    if (wanted.length < filter.values.length) any.orWhereNull(column);
  });
}

/** Rows of the list before sorting and paging: scope, rule, trash, search, filters. */
export function selection(ctx: Ctx, entity: Entity, list: ListQuery, label: string): Query {
  const query = applyRule(ctx, entity, ctx.db.from(entity.table, entity.table, label), list.scope);
  if (list.trashed) query.whereNotNull(`${entity.table}.deleted_at`);
  else query.whereNull(`${entity.table}.deleted_at`);
  search(ctx, entity, query, list);
  for (const filter of list.filters) narrow(ctx, entity, query, filter);
  for (const { field, filter } of list.through) {
    // Of the records that the actor may see: the list must not tell about others.
    const parent = entityNamed(entity.fields[field]?.to ?? '');
    const inner = visible(ctx, parent).select(`${parent.table}.id`);
    narrow(ctx, parent, inner, filter);
    query.whereIn(`${entity.table}.${field}`, inner as never);
  }
  return query;
}

export const RECORD_COLUMNS = [
  'id',
  'version',
  'created_at',
  'created_by',
  'updated_at',
  'updated_by',
  'deleted_at',
] as const;

const columnsOf = (entity: Entity) => [...RECORD_COLUMNS, ...storedFields(entity)].map((c) => `${entity.table}.${c}`);

export interface Page {
  rows: Row[];
  /** cursors, '' where there is no such page */
  previous: string;
  next: string;
}

/** A page of the list by keyset: as quick at row 900,000 as at row 1. */
export async function listPage(ctx: Ctx, entity: Entity, list: ListQuery): Promise<Page> {
  const expression = sortSql(entity, list.sort);
  const { type } = sortField(entity, list.sort).sql;
  const backwards = !!list.before;
  const cursor: Cursor | null = list.after ?? list.before;
  const descending = list.descending !== backwards;
  const query = selection(ctx, entity, list, `${entity.name}.list`)
    .select(...columnsOf(entity), ctx.db.sql(`(${expression})::text as sort_key`))
    .orderByRaw(`${expression} ${descending ? 'desc' : 'asc'}, ${entity.table}.id ${descending ? 'desc' : 'asc'}`)
    .limit(list.limit + 1);
  if (cursor) {
    query.whereRaw(`(${expression}, ${entity.table}.id) ${descending ? '<' : '>'} (?::${type}, ?::uuid)`, [
      cursor.value,
      cursor.id,
    ]);
  } else if (list.offset) query.offset(list.offset);
  const found = (await query.catch((error: { code?: string }) => {
    // The cursor's value does not fit the sort it was made for: somebody changed the address by hand.
    if (cursor && error.code?.startsWith('22')) throw badRequest('This link to a page belongs to another sort order.');
    throw error;
  })) as Row[];
  const more = found.length > list.limit;
  const rows = found.slice(0, list.limit);
  if (backwards) rows.reverse();
  const at = (row: Row | undefined) =>
    row ? encodeCursor({ value: row.sort_key as string, id: row.id as string }) : '';
  // Behind the last row, the way back starts where the reader stands.
  const behind = list.after && !rows.length ? encodeCursor(list.after) : at(rows[0]);
  return {
    rows,
    previous: (backwards ? more : !!list.after || list.offset > 0) ? behind : '',
    next: (backwards ? true : more) ? at(rows.at(-1)) : '',
  };
}

/** A row's place in a sort order, as a cursor holds it; null when there is no such row. */
export async function sortKeyOf(ctx: Ctx, entity: Entity, sort: string, id: string): Promise<string | null> {
  const [row] = (await ctx.db
    .from(entity.table, entity.table, `${entity.name}.sort_key`)
    .select(ctx.db.sql(`(${sortSql(entity, sort)})::text as sort_key`))
    .where(`${entity.table}.id`, id)) as { sort_key: string }[];
  return row?.sort_key ?? null;
}

/** How many rows the list has; stops at `cap` when one is given. */
export async function countRows(
  ctx: Ctx,
  entity: Entity,
  list: ListQuery,
  cap: number | null = COUNT_CAP,
): Promise<number> {
  const inner = selection(ctx, entity, list, `${entity.name}.count`).select(`${entity.table}.id`);
  if (cap !== null) inner.limit(cap + 1);
  const [row] = (await ctx.db.fromSql(inner.as('counted')).count('* as total')) as { total: string }[];
  return Number(row?.total ?? 0);
}

/** Every row of the list in batches, for exports: memory stays flat however long the list is. */
export async function* batches(ctx: Ctx, entity: Entity, list: ListQuery, size = 1_000): AsyncGenerator<Row[]> {
  let page: ListQuery = { ...list, limit: size, before: null, after: null, offset: 0 };
  for (;;) {
    const { rows } = await listPage(ctx, entity, page);
    if (rows.length) yield rows;
    const last = rows.at(-1);
    if (rows.length < size || !last) return;
    page = { ...page, after: { value: last.sort_key as string, id: last.id as string } };
  }
}
