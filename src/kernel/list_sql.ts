import type { Ctx } from './context.ts';
import { type Entity, entityNamed, storedFields } from './entity.ts';
import { date, timestamp } from './fields/dates.ts';
import type { Field } from './fields/field.ts';
import type { Filter, ListQuery } from './list_query.ts';
import type { Query, Sql } from './tenant_db.ts';
import { applyRule, visible } from './visibility.ts';

const INSTANT: Field = timestamp();
export const DAY: Field = date();

const sortField = (entity: Entity, name: string): Field => entity.fields[name] ?? INSTANT;

/**
 * The sort's expression, exactly as its index has it, and its type. Empty values stand in for themselves through CASE and
 * amounts through a whole number that the table keeps beside them: row-level security lets only comparisons that cannot
 * leak into an index, and neither coalesce() nor comparing decimals is among them.
 */
export function sortSql(entity: Entity, sort: string): [expression: string, type: string] {
  const field = sortField(entity, sort);
  const { type, empty } = field.sql;
  const column = `${entity.table}.${sort}`;
  if (field.kind === 'money') return [`${entity.table}.${sort}_order`, 'bigint'];
  // When something happened is always known, though a form may leave it to the clock.
  const nullable =
    !!empty && !!entity.fields[sort] && !entity.fields[sort].options.required && sort !== entity.happened;
  return [nullable ? `(case when ${column} is null then ${empty} else ${column} end)` : column, type];
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

/** Sorts behind every other character. */
const LAST = '\uffff';

/** What begins with what was typed is one stretch of the titles' order. */
export function narrowToPart(entity: Entity, { part, q }: ListQuery, query: Query): Query {
  if (!part) return query;
  const [title] = sortSql(entity, entity.title);
  const stretch = `(${title} >= fold(?) and ${title} < fold(?) || '${LAST}')`;
  return query.whereRaw(part === 'beginning' ? stretch : `not ${stretch}`, [q, q]);
}

/** Rows of the list before sorting and paging: scope, rule, trash, search, filters. @param source some of its rows */
export function selection(ctx: Ctx, entity: Entity, list: ListQuery, label: string, source?: Sql | Query): Query {
  const rows = source ? ctx.db.fromSql(source, label) : ctx.db.from(entity.table, entity.table, label);
  const query = applyRule(ctx, entity, rows, list.scope);
  if (list.trashed) query.whereNotNull(`${entity.table}.deleted_at`);
  else query.whereNull(`${entity.table}.deleted_at`);
  if (entity.search.length)
    for (const word of patterns(list.q)) query.whereRaw(`${entity.table}.search_text like fold(?)`, [word]);
  narrowToPart(entity, list, query);
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

/** Of a record, in its table. */
export const allColumns = (entity: Entity): string[] => [...RECORD_COLUMNS, ...storedFields(entity)];

/** Columns of a select, in one piece: the builder would quote one after the other. */
export const columnsOf = (entity: Entity, columns: readonly string[]): string =>
  columns.map((column) => `${entity.table}.${column}`).join(', ');
