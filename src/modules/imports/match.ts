import type { Ctx } from '#src/kernel/context.ts';
import { type Entity, storedFields } from '#src/kernel/entity.ts';
import type { Value } from '#src/kernel/fields/field.ts';
import { RECORD_COLUMNS } from '#src/kernel/list_sql.ts';
import { tagsOf } from '#src/kernel/records.ts';
import type { Row } from '#src/kernel/tenant_db.ts';
import { applyRule, widestRule } from '#src/kernel/visibility.ts';
import type { Original } from './originals.ts';
import { addable, besideName, type MatchKey } from './targets.ts';
import type { ParsedRow } from './values.ts';

/** Different rows of one name that are remembered. */
const MOST_SEEN = 200;

const fold = (value: unknown): string => (typeof value === 'string' ? value.toLowerCase() : '');

type Get = (field: string) => Value | undefined;
export const getter =
  (values: ReadonlyMap<string, Value>): Get =>
  (field) =>
    values.get(field);
const ofRecord =
  (record: Row): Get =>
  (field) =>
    record[field] as Value;

/**
 * Can these two, which share a key, be the same at all? Different external ids say no. A shared name says little by itself,
 * so what stands beside it must fit as well.
 */
export function contradicts(entity: Entity, by: MatchKey, a: Get, b: Get): boolean {
  const [idA, idB] = [fold(a('external_id')), fold(b('external_id'))];
  if (idA && idB && idA !== idB) return true;
  if (by !== 'name') return false;
  const { field, blank_fits } = besideName(entity);
  const [besideA, besideB] = [fold(a(field)), fold(b(field))];
  return besideA !== besideB && !(blank_fits && (!besideA || !besideB));
}

export type Match =
  | { kind: 'none' }
  | { kind: 'one'; by: MatchKey; record: Row }
  /** in the trash: found, but not to be changed */
  | { kind: 'trashed'; by: MatchKey; record: Row }
  | { kind: 'several'; by: MatchKey; count: number }
  /** the external id is taken by a record that the actor may not see */
  | { kind: 'hidden'; by: MatchKey }
  /** the row names its record, see originals.ts */
  | { kind: 'original'; record: Row; base: Row }
  | { kind: 'gone' }
  /** the external id that the row gives its record belongs to another one */
  | { kind: 'taken'; record: Row };

/**
 * Finds for every row of a chunk the record it speaks of: the one it names, else by the first key that finds one.
 * @param originals by place of the row
 */
export async function matchRows(
  ctx: Ctx,
  entity: Entity,
  keys: readonly MatchKey[],
  rows: readonly ParsedRow[],
  originals: ReadonlyMap<number, Original> = new Map(),
): Promise<Match[]> {
  const byKey = addable(entity) ? await matchByKey(ctx, entity, keys, rows) : [];
  return rows.map((row, index): Match => {
    const match = byKey[index] ?? { kind: 'none' };
    if (!row.record_id) return match;
    const original = originals.get(index);
    if (!original) return { kind: 'gone' };
    const { record, base } = original;
    const key = 'by' in match && 'record' in match && match.by === 'external_id' ? match.record.id : null;
    if (row.values.has('external_id') && ((key && key !== record.id) || match.kind === 'hidden'))
      return { kind: 'taken', record };
    return { kind: 'original', record, base };
  });
}

async function matchByKey(
  ctx: Ctx,
  entity: Entity,
  keys: readonly MatchKey[],
  rows: readonly ParsedRow[],
): Promise<Match[]> {
  const lists: Record<MatchKey, { text: string[]; row: number[] }> = {
    external_id: { text: [], row: [] },
    email: { text: [], row: [] },
    name: { text: [], row: [] },
  };
  for (const [index, row] of rows.entries()) {
    for (const key of keys) {
      const value = row.values.get(key);
      if (typeof value === 'string' && value) {
        lists[key].text.push(value);
        lists[key].row.push(index);
      }
    }
    // An external id is unique whatever the person matches by: a taken one must be found before the write.
    if (!keys.includes('external_id')) {
      const id = row.values.get('external_id');
      if (typeof id === 'string' && id) {
        lists.external_id.text.push(id);
        lists.external_id.row.push(index);
      }
    }
  }
  const near = (await ctx.db.run(
    `/* import.match */ select by, at, id from find_matching_${entity.table}(
       array(select json_array_elements_text(:ids::json)), array(select json_array_elements_text(:emails::json)),
       array(select json_array_elements_text(:names::json)))`,
    {
      ids: JSON.stringify(lists.external_id.text),
      emails: JSON.stringify(lists.email.text),
      names: JSON.stringify(lists.name.text),
    },
  )) as { by: MatchKey; at: number; id: string }[];
  const records = await loadRecords(ctx, entity, [...new Set(near.map((m) => m.id))]);
  const hits = rows.map((): Partial<Record<MatchKey, string[]>> => ({}));
  for (const { by, at, id } of near) {
    const hit = hits[lists[by].row[at - 1]!]!;
    hit[by] = [...(hit[by] ?? []), id];
  }
  return rows.map((row, index) => judge(entity, keys, row, hits[index]!, records));
}

/** Live and trashed records that the actor may see, with their tags. */
export async function loadRecords(ctx: Ctx, entity: Entity, ids: readonly string[]): Promise<Map<string, Row>> {
  if (!ids.length) return new Map();
  const { table } = entity;
  const rows = (await applyRule(
    ctx,
    entity,
    ctx.db.from(table, table, `${entity.name}.matched`),
    widestRule(ctx, entity),
  )
    .select(...[...RECORD_COLUMNS, ...storedFields(entity)].map((c) => `${table}.${c}`))
    .whereRaw(`${table}.id = any (?::uuid[])`, [[...ids]])) as Row[];
  const tags = await tagsOf(ctx, entity, [...ids]);
  if (entity.tag_field) for (const row of rows) row[entity.tag_field] = tags.get(row.id as string) ?? [];
  return new Map(rows.map((row) => [row.id as string, row]));
}

function judge(
  entity: Entity,
  keys: readonly MatchKey[],
  row: ParsedRow,
  hits: Partial<Record<MatchKey, string[]>>,
  records: ReadonlyMap<string, Row>,
): Match {
  for (const by of keys) {
    const ids = hits[by] ?? [];
    const fitting = ids.flatMap((id) => {
      const record = records.get(id);
      return record && !contradicts(entity, by, getter(row.values), ofRecord(record)) ? [record] : [];
    });
    const live = fitting.filter((record) => !record.deleted_at);
    // Several share the e-mail address: the one with the same name is meant.
    const named =
      live.length > 1 ? live.filter((r) => fold(r[entity.title]) === fold(row.values.get(entity.title))) : live;
    if (named.length === 1) return { kind: 'one', by, record: named[0]! };
    if (live.length > 1) return { kind: 'several', by, count: live.length };
    if (fitting.length) return { kind: 'trashed', by, record: fitting[0]! };
  }
  const taken = hits.external_id?.[0];
  if (!taken) return { kind: 'none' };
  const record = records.get(taken);
  if (!record) return { kind: 'hidden', by: 'external_id' };
  return record.deleted_at
    ? { kind: 'trashed', by: 'external_id', record }
    : { kind: 'one', by: 'external_id', record };
}

/** Remembers the rows of a file that were seen, to find the second of two that mean the same. */
export class SeenRows {
  readonly #entity: Entity;
  readonly #keys: readonly MatchKey[];
  readonly #rows = new Map<string, { row_number: number; record_id: string; get: Get }[]>();

  constructor(entity: Entity, keys: readonly MatchKey[]) {
    this.#entity = entity;
    this.#keys = keys.includes('external_id') ? keys : ['external_id', ...keys];
  }

  /**
   * The earlier row that this one repeats, or null; then it counts as seen itself.
   * @param record_id the record it changes or will become; null: it becomes nothing and does not count
   */
  repeated(row: ParsedRow, record_id: string | null): { by: MatchKey; row_number: number; record_id: string } | null {
    const get = getter(row.values);
    const mine: string[] = [];
    for (const by of this.#keys) {
      const value = fold(get(by));
      if (!value) continue;
      const place = `${by}\n${value}`;
      mine.push(place);
      const earlier = this.#rows.get(place)?.find((seen) => !contradicts(this.#entity, by, get, seen.get));
      if (earlier) return { by, row_number: earlier.row_number, record_id: earlier.record_id };
    }
    if (record_id === null) return null;
    const entry = { row_number: row.row_number, record_id, get: this.#brief(get) };
    for (const place of mine) {
      const there = this.#rows.get(place);
      if (there) {
        // Hundreds that share a name and are all different: looking through them for each row would take for ever.
        if (there.length < MOST_SEEN) there.push(entry);
      } else this.#rows.set(place, [entry]);
    }
    return null;
  }

  /** Only what later rows are compared by is kept: the whole row would fill the memory. */
  #brief(get: Get): Get {
    const id = get('external_id');
    const { field } = besideName(this.#entity);
    const beside = get(field);
    return (name) => (name === 'external_id' ? id : name === field ? beside : undefined);
  }
}
