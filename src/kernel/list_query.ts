import { keptFor } from '#src/platform/kept.ts';
import type { Rule } from './access.ts';
import type { Ctx } from './context.ts';
import { type Entity, fieldLabel, refTarget } from './entity.ts';
import { badRequest } from './errors.ts';
import { clean, cut, type Field } from './fields/field.ts';
import { UUID } from './fields/links.ts';
import { allowedScope, defaultScope } from './visibility.ts';

export const DEFAULT_LIMIT = 25;
export const MOST_LIMIT = 100;
/** A lazily fetched count stops here; "count=exact" goes on. */
export const COUNT_CAP = 10_000;

export interface Filter {
  field: string;
  /** in: one of the values, where '' means empty; from, to: inclusive bounds */
  op: 'in' | 'from' | 'to';
  values: string[];
}

/** Narrows by the record that a reference points to, as `customer_id.status=active` says it. */
export interface Through {
  field: string;
  filter: Filter;
}

/** What a search finds comes in two parts: what begins with the words, in the titles' order, then the rest in the list's. */
export type Part = 'beginning' | 'rest';

export interface Cursor {
  value: string;
  id: string;
  part?: Part | undefined;
}

/** The whole state of a list, as its address says it. */
export interface ListQuery {
  q: string;
  filters: Filter[];
  through: Through[];
  sort: string;
  descending: boolean;
  /** searched, and no order was asked for: in parts */
  relevant: boolean;
  /** the only one that is meant */
  part?: Part;
  limit: number;
  after: Cursor | null;
  before: Cursor | null;
  offset: number;
  scope: Rule;
  trashed: boolean;
  count: 'none' | 'capped' | 'exact';
}

/** A query string as parsed by Express: one text a name, or several when it was repeated. */
export type RawQuery = Record<string, unknown>;

/** One text of the query string; repeated parameters are refused, not guessed. @throws 400 */
export function one(query: RawQuery, name: string): string {
  const found = Object.hasOwn(query, name) ? query[name] : '';
  if (typeof found !== 'string') throw badRequest(`The address says "${name}" more than once. Keep one.`);
  return clean(found);
}

/** Columns a list of this entity may be sorted by. */
export const sortable = keptFor((entity: Entity): readonly string[] => [
  ...new Set([...entity.sorts.map((sort) => sort.replace(/^-/, '')), 'created_at', 'updated_at']),
]);

/** Whether what a search finds can come in parts: some records have no title of their own. */
export const hasParts = (entity: Entity, q: string): boolean =>
  q !== '' && entity.search.length > 0 && sortable(entity).includes(entity.title);

export const encodeCursor = ({ value, id, part }: Cursor): string =>
  Buffer.from(JSON.stringify(part ? [value, id, part] : [value, id])).toString('base64url');

/** @returns null for ''. @throws 400 */
export function readCursor(text: string): Cursor | null {
  if (!text) return null;
  try {
    const [value, id, part] = JSON.parse(Buffer.from(text, 'base64url').toString()) as unknown[];
    const known = part === 'beginning' || part === 'rest' ? part : undefined;
    if (typeof value === 'string' && value.length <= 500 && typeof id === 'string' && UUID.test(id))
      return { value, id, part: known };
  } catch {
    // said below
  }
  throw badRequest('This link to a page of the list is incomplete. Start again from the first page.');
}

const RANGE = /^(.+)__(from|to)$/;

function readFilter(entity: Entity, name: string, text: string, ctx: Ctx): Filter | null {
  const ranged = RANGE.exec(name);
  const fieldName = ranged?.[1] ?? name;
  const field = builtIn(fieldName) ?? entity.fields[fieldName];
  const offered = entity.filters.includes(fieldName) || !!builtIn(fieldName) || field?.kind === 'ref';
  if (!field || !offered || !text) return null;
  const label = builtIn(fieldName) ? fieldName : fieldLabel(entity, fieldName);
  // Of a range, 'none' alone asks for the empty ones.
  if ((field.filter === 'range') !== !!ranged && (ranged || text !== 'none')) return null;
  // Times narrow by day, as created_at does, or by what is still to come.
  const reader = field.kind === 'timestamp' ? DAY : field;
  // A text may hold a comma itself; everything else may be several.
  const whole = ranged || reader.filter === 'equals';
  const values = (whole ? [text] : text.split(',')).map((part) => readValue(reader, label, part.trim(), ctx, !!ranged));
  return { field: fieldName, op: (ranged?.[2] as 'from' | 'to') ?? 'in', values };
}

function readValue(field: Field, label: string, text: string, ctx: Ctx, isBound: boolean): string {
  if (isBound && text === 'now' && field === DAY) return text;
  if (!isBound && (text === 'none' || text === '')) return '';
  if (field.filter === 'ref') {
    if (text === 'me' && field.to === 'user') return ctx.actor.id;
    if (UUID.test(text)) return text;
    throw badRequest(`"${text.slice(0, 40)}" is no id that ${label} could have.`);
  }
  if (field.filter === 'tags') return text;
  const parsed = field.fromText(text, ctx.tenant);
  if (!parsed.ok) throw badRequest(`${label}: ${parsed.message}`);
  return String(parsed.value);
}

function readThrough(entity: Entity, name: string, text: string, ctx: Ctx): Through | null {
  const [field = '', inner = ''] = name.split('.');
  const parent = entity.fields[field]?.kind === 'ref' ? refTarget(entity.fields[field]).entity : null;
  const filter = parent && readFilter(parent, inner, text, ctx);
  return filter ? { field, filter } : null;
}

/** created_at and updated_at narrow every list, by day of the tenant's zone. */
function builtIn(name: string): Field | undefined {
  return name === 'created_at' || name === 'updated_at' ? DAY : undefined;
}

import { date } from './fields/dates.ts';

const DAY: Field = date();

/**
 * Reads a list's address. Unknown parameters are passed over (links may carry a campaign's), wrong values of known ones
 * are said.
 * @throws 400
 */
export function readListQuery(ctx: Ctx, entity: Entity, query: RawQuery, trashed = false): ListQuery {
  const sortText = one(query, 'sort') || entity.sorts[0] || '-created_at';
  const sort = sortText.replace(/^-/, '');
  if (!sortable(entity).includes(sort)) {
    throw badRequest(
      `This list cannot be sorted by "${sort.slice(0, 40)}". Use one of: ${sortable(entity).join(', ')}.`,
    );
  }
  const number = (name: string, fallback: number, most: number) => {
    const text = one(query, name);
    if (!text) return fallback;
    if (!/^\d{1,9}$/.test(text)) throw badRequest(`"${name}" takes a whole number from 0.`);
    return Math.min(Number(text), most);
  };
  const [after, before] = [readCursor(one(query, 'after')), readCursor(one(query, 'before'))];
  if (after && before) throw badRequest('The address says both "after" and "before". Keep one.');
  const scope = one(query, 'scope');
  const count = one(query, 'count');
  const q = cut(one(query, 'q'), 200);
  const filters: Filter[] = [];
  const through: Through[] = [];
  for (const name of Object.keys(query)) {
    if (query[name] === '') continue;
    const other = readThrough(entity, name, one(query, name), ctx);
    if (other) through.push(other);
    const isFilter = builtIn(RANGE.exec(name)?.[1] ?? '') ?? entity.fields[RANGE.exec(name)?.[1] ?? name];
    if (!isFilter) continue;
    const filter = readFilter(entity, name, one(query, name), ctx);
    if (filter) filters.push(filter);
  }
  const offset = number('offset', 0, 100_000);
  return {
    q,
    relevant: hasParts(entity, q) && !one(query, 'sort') && !trashed && !offset,
    filters,
    through,
    sort,
    descending: sortText.startsWith('-'),
    limit: Math.max(1, number('limit', DEFAULT_LIMIT, MOST_LIMIT)),
    after,
    before,
    offset,
    scope:
      scope === 'own' || scope === 'team' || scope === 'all'
        ? allowedScope(ctx, entity, scope)
        : defaultScope(ctx, entity),
    trashed,
    count: count === 'exact' ? 'exact' : count ? 'capped' : 'none',
  };
}
