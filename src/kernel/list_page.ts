import { FRESH } from '#src/platform/postgres.ts';
import type { Rule } from './access.ts';
import { type Ctx, viewers } from './context.ts';
import { type Entity, entityNamed } from './entity.ts';
import { badRequest } from './errors.ts';
import {
  COUNT_CAP,
  type Cursor,
  DEFAULT_LIMIT,
  encodeCursor,
  type ListQuery,
  MOST_LIMIT,
  type Part,
} from './list_query.ts';
import { allColumns, columnsOf, narrowToPart, patterns, selection, sortSql } from './list_sql.ts';
import type { Query, Row, Sql } from './tenant_db.ts';
import { allowedScope, widestRule } from './visibility.ts';

export interface Page {
  rows: Row[];
  /** cursors, '' where there is no such page */
  previous: string;
  next: string;
}

/**
 * For each row of a page so many rows of the order are looked through before those that can be meant are asked for; more of
 * what somebody owns, who mostly owns either little or a good share, and of three letters, which are in very many rows or none.
 */
const WINDOW = { usual: 40, own: 160, short: 400 };
/** A search over everything shows few rows of each kind, but three letters stand in as many as ever. */
const WINDOW_SHORT = 10_000;
/** So many rows that can be meant are quicker sorted than looked for in the order; and at most so many are sorted. */
const [FEW, SOME] = [1_000, 8_000];
/** Shorter words are not in the index of a search. */
const TRIGRAM = 3;

/**
 * The usual size of a page, and one neighbour, stand in the statement's text: PostgreSQL keeps a plan only where it knows how
 * few rows are wanted, and planning takes as long as reading them. Others are values, or each would be a statement.
 */
const inText = (list: ListQuery) => ({ skipBinding: list.limit === DEFAULT_LIMIT || list.limit === 1 });

/** Order of a page and where in it the page begins. @param by the sort's expression, where rows bring it along */
function ordered(entity: Entity, list: ListQuery, query: Query, by?: string): Query {
  const [expression, type] = sortSql(entity, list.sort);
  const cursor: Cursor | null = list.after ?? list.before;
  const descending = list.descending !== !!list.before;
  const direction = descending ? 'desc' : 'asc';
  query.orderByRaw(`${by ?? expression} ${direction}, ${entity.table}.id ${direction}`);
  if (!cursor || by) return query;
  return query.whereRaw(`(${expression}, ${entity.table}.id) ${descending ? '<' : '>'} (?::${type}, ?::uuid)`, [
    cursor.value,
    cursor.id,
  ]);
}

const isShort = (q: string): boolean => q !== '' && q.split(/\s+/).every((word) => word.length <= TRIGRAM);

/** A window's rows bring the sort's expression along, or PostgreSQL would sort them once more. */
const IN_ORDER = 'in_order';

/**
 * The next rows of the list's order, whatever they are, as a table of the entity's name. Their number stands in a sub-query:
 * PostgreSQL, which does not look into it, follows the order's index then. Else it would read and sort all rows of a company
 * that it takes for small, as it takes one that has grown since it last counted.
 */
function window(ctx: Ctx, entity: Entity, list: ListQuery, most: number): Sql {
  const rows = ordered(entity, list, ctx.db.from(entity.table).whereNull(`${entity.table}.deleted_at`));
  if (list.part === 'beginning') narrowToPart(entity, list, rows);
  const [expression] = sortSql(entity, list.sort);
  rows.select(`${entity.table}.*`, ctx.db.sql(`${expression} as ${IN_ORDER}`));
  return ctx.db.sql(`(? limit (select ?::integer)) as ${entity.table}`, [rows, most]);
}

/** How many rows of the order are looked through for a page. */
function lookedThrough(list: ListQuery): number {
  const kind = isShort(list.q) ? 'short' : list.q || list.scope === 'all' ? 'usual' : 'own';
  return Math.max(list.limit * WINDOW[kind], kind === 'short' ? WINDOW_SHORT : 0);
}

/** Ids of the rows in which the words of a search stand, at most so many; null when it is not narrowed by them. */
function found(ctx: Ctx, entity: Entity, list: ListQuery, most: number): Query | null {
  const words = entity.search.length ? patterns(list.q) : [];
  if (!words.some((word) => word.length >= '%%'.length + TRIGRAM)) return null;
  // Rows seen through a parent are not among those of the finder, so only entities without one narrow inside it.
  const own = entity.through.length ? null : viewers(ctx, list.scope);
  const folded = words.map(() => 'fold(?)').join(', ');
  return ctx.db
    .fromSql(ctx.db.sql(`find_${entity.table}(array[${folded}], ?::uuid[], ?) as id`, [...words, own, most]))
    .select('id');
}

/**
 * Ids of the rows that the list's scope reaches, at most so many and some of them twice: one index after the other, and no
 * row is looked at that is not theirs. Null when it reaches all.
 */
function reached(ctx: Ctx, entity: Entity, scope: Rule, most: number): Query | null {
  const people = viewers(ctx, scope);
  if (!people) return null;
  const live = () => ctx.db.from(entity.table).whereNull(`${entity.table}.deleted_at`).limit(most);
  // In the order of its index, so that a table of which one person entered every row is not read from end to end.
  const parts: (Query | Sql)[] = ['created_by', ...entity.owners].map((column) =>
    live()
      .select(`${entity.table}.id`)
      .whereIn(`${entity.table}.${column}`, [...people])
      .orderBy([`${entity.table}.${column}`, `${entity.table}.id`]),
  );
  for (const field of entity.through) {
    const parent = entityNamed(entity.fields[field]?.to ?? '');
    const theirs = widestRule(ctx, parent) && reached(ctx, parent, allowedScope(ctx, parent, scope), most);
    if (!theirs) continue;
    // Parents that were cut off would hide their rows, so there are too many of these then, however few they seem.
    const cut = ctx.db.sql('select null::uuid from generate_series(1, ?) where (select count(*) from theirs) >= ?', [
      most,
      most,
    ]);
    const rows = live().select(`${entity.table}.id`).joinRaw(`join theirs on theirs.id = ${entity.table}.${field}`);
    parts.push(ctx.db.sql('(with theirs as materialized ? ? union all ?)', [theirs, cut, rows]));
  }
  const all = ctx.db.sql(`(${parts.map(() => '?').join(' union all ')}) as reached`, parts);
  return ctx.db.fromSql(all).select('id').limit(most);
}

/** What a query gives over so few candidates, or null when they are more. Its rows have an id. */
async function among(
  ctx: Ctx,
  entity: Entity,
  label: string,
  ids: Query | null,
  most: number,
  build: (source: Sql) => Query,
): Promise<Row[] | null> {
  if (!ids) return null;
  // OFFSET keeps conditions out of here: an owner of half of all rows must not be what they are looked up by.
  const source = ctx.db.sql('? offset 0', [
    ctx.db
      .from(entity.table)
      .select('*')
      .whereRaw(`${entity.table}.id in (select id from few) and (select count(*) from few) <= ?`, [most]),
  ]);
  const answer = ctx.db.sql(
    `(with few as materialized ? select * from (select count(*)::integer as candidates from few) as counted
      left join lateral ? as page on true) as answer`,
    [ids, build(ctx.db.sql(`(?) as ${entity.table}`, [source]))],
  );
  const rows = (await ctx.db.fromSql(answer, `${entity.name}.${label}`).select('*')) as Row[];
  return (rows[0]?.candidates as number) > most ? null : rows.filter((row) => row.id !== null);
}

/**
 * Rows of a page, and one more where there is another page. A list that shows only some rows meets them soon in its order,
 * or they are so few that they can be sorted, and nobody knows which before: each is tried at a cost that does not grow
 * with the table.
 */
async function pageRows(ctx: Ctx, entity: Entity, list: ListQuery, columns: readonly string[]): Promise<Row[]> {
  const [expression] = sortSql(entity, list.sort);
  const page = (label: string, source?: Sql | Query, by?: string) =>
    ordered(entity, list, selection(ctx, entity, list, `${entity.name}.${label}`, source), by)
      .select(ctx.db.sql(`${columnsOf(entity, columns)}, (${expression})::text as sort_key`))
      .limit(list.limit + 1, inText(list));
  const isWhole = list.scope === 'all' && !list.q && !list.filters.length && !list.through.length;
  const within = (most: number) => page('list.window', window(ctx, entity, list, most), `${entity.table}.${IN_ORDER}`);
  if (list.trashed || list.offset) return (await page('list').offset(list.offset)) as Row[];
  if (isWhole) return (await (inText(list).skipBinding ? page('list') : within(list.limit + 1))) as Row[];
  const sorted = (ids: Query | null, most: number) =>
    among(ctx, entity, 'list.few', ids, most, (source) => page('list', source));
  const few = await sorted(reached(ctx, entity, list.scope, FEW + 1), FEW);
  if (few) return few;
  const near = list.limit <= MOST_LIMIT ? ((await within(lookedThrough(list))) as Row[]) : [];
  if (near.length > list.limit) return near;
  const stretch = list.part === 'beginning' ? ctx.db.fromSql(window(ctx, entity, list, FEW + 1)).select('id') : null;
  return (
    (await sorted(stretch, FEW)) ??
    (await sorted(found(ctx, entity, list, SOME + 1), SOME)) ??
    (list.q ? null : await sorted(reached(ctx, entity, list.scope, SOME + 1), SOME)) ??
    ((await page(`list${FRESH}`)) as Row[])
  );
}

/** The parts in their order. */
const partsOf = (entity: Entity, list: ListQuery): ListQuery[] => [
  { ...list, part: 'beginning', sort: entity.title, descending: false },
  { ...list, part: 'rest' },
];

/** Rows of a page of what a search finds: mostly what begins with the words is meant, and that is found at once. */
async function relevantRows(ctx: Ctx, entity: Entity, list: ListQuery, columns: readonly string[]): Promise<Row[]> {
  const cursor = list.after ?? list.before;
  const parts = partsOf(entity, list);
  if (list.before) parts.reverse();
  const first = cursor ? parts.findIndex(({ part }) => part === (cursor.part ?? 'rest')) : 0;
  const rows: Row[] = [];
  for (const [i, one] of parts.slice(first).entries()) {
    if (rows.length > list.limit) break;
    // The next part is begun where it begins, or going back where it ends.
    const whole = { ...one, after: null, before: null, descending: one.descending !== !!list.before };
    const found = await pageRows(ctx, entity, i ? whole : one, columns);
    rows.push(...found.map((row) => ({ ...row, part: one.part })));
  }
  return rows.slice(0, list.limit + 1);
}

/** Where a row that was found stands. */
const cursorOf = ({ sort_key, id, part }: Row): Cursor => ({
  value: sort_key as string,
  id: id as string,
  part: part as Part | undefined,
});

/**
 * A page of the list by keyset: as quick at row 900,000 as at row 1.
 * @param columns of the table that the rows have; `id` must be among them
 */
export async function listPage(
  ctx: Ctx,
  entity: Entity,
  list: ListQuery,
  columns: readonly string[] = allColumns(entity),
): Promise<Page> {
  const found = await (list.relevant ? relevantRows : pageRows)(ctx, entity, list, columns).catch(
    (error: { code?: string }) => {
      // The cursor's value does not fit the sort it was made for: somebody changed the address by hand.
      if ((list.after ?? list.before) && error.code?.startsWith('22'))
        throw badRequest('This link to a page belongs to another sort order.');
      throw error;
    },
  );
  const backwards = !!list.before;
  const more = found.length > list.limit;
  const rows = found.slice(0, list.limit);
  if (backwards) rows.reverse();
  const at = (row: Row | undefined) => (row ? encodeCursor(cursorOf(row)) : '');
  // Behind the last row, the way back starts where the reader stands.
  const behind = list.after && !rows.length ? encodeCursor(list.after) : at(rows[0]);
  return {
    rows,
    previous: (backwards ? more : !!list.after || list.offset > 0) ? behind : '',
    next: (backwards ? true : more) ? at(rows.at(-1)) : '',
  };
}

/** A row's place in a list, as its cursor; null when there is no such row. */
export async function placeOf(ctx: Ctx, entity: Entity, list: ListQuery, id: string): Promise<Cursor | null> {
  const parts: ListQuery[] = list.relevant ? partsOf(entity, list) : [list];
  for (const one of parts) {
    const rows = ctx.db.from(entity.table, entity.table, `${entity.name}.sort_key`);
    const [row] = (await narrowToPart(entity, one, rows)
      .select(ctx.db.sql(`(${sortSql(entity, one.sort)[0]})::text as sort_key`))
      .where(`${entity.table}.id`, id)) as { sort_key: string }[];
    if (row) return { value: row.sort_key, id, part: one.part };
  }
  return null;
}

/** How many rows the list has; stops at `cap` when one is given. */
export async function countRows(
  ctx: Ctx,
  entity: Entity,
  list: ListQuery,
  cap: number | null = COUNT_CAP,
): Promise<number> {
  const counted = (inner: Query, label: string) => {
    if (cap !== null) inner.limit(cap + 1);
    return ctx.db.fromSql(inner.as('counted'), label).select(ctx.db.sql('count(*)::integer as total, 1 as id'));
  };
  const rows = (label: string, source?: Sql) =>
    counted(selection(ctx, entity, list, 'counted', source).select(`${entity.table}.id`), label);
  if (cap !== null && !list.trashed) {
    for (const ids of [reached(ctx, entity, list.scope, cap + 1), found(ctx, entity, list, cap + 1)]) {
      const counts = await among(ctx, entity, 'count.few', ids, cap, (source) => rows('few', source));
      if (counts) return counts[0]!.total as number;
    }
  }
  const [row] = (await rows(`${entity.name}.count${FRESH}`)) as { total: number }[];
  return row?.total ?? 0;
}

/** Every row of the list in batches, for exports: memory stays flat however long the list is. */
export async function* batches(ctx: Ctx, entity: Entity, list: ListQuery, size = 1_000): AsyncGenerator<Row[]> {
  let page: ListQuery = { ...list, limit: size, before: null, after: null, offset: 0 };
  for (;;) {
    const { rows } = await listPage(ctx, entity, page);
    if (rows.length) yield rows;
    const last = rows.at(-1);
    if (rows.length < size || !last) return;
    page = { ...page, after: cursorOf(last) };
  }
}
