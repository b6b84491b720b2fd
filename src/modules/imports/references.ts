import type { Ctx } from '#src/kernel/context.ts';
import { type Entity, refTarget } from '#src/kernel/entity.ts';
import { brief } from '#src/kernel/fields/field.ts';
import { UUID } from '#src/kernel/fields/links.ts';
import type { Row } from '#src/kernel/tenant_db.ts';
import { visible } from '#src/kernel/visibility.ts';
import type { ParsedRow } from './values.ts';

/** A name of the file, as it is looked up. */
const key = (text: string) => text.toLowerCase();

type Found = Map<string, string[]>;

const add = (found: Found, name: unknown, id: string) => {
  if (typeof name !== 'string' || !name) return;
  const ids = found.get(key(name)) ?? [];
  if (!ids.includes(id)) found.set(key(name), [...ids, id]);
};

/** Colleagues by e-mail, name and id. */
async function people(ctx: Ctx, names: readonly string[]): Promise<Found> {
  const rows = (await ctx.db.run(
    `/* import.people */ select id, name, email from users where tenant_id = :tenant and deactivated_at is null
     and (lower(email) = any (select lower(x) from json_array_elements_text(:names::json) x)
       or lower(name) = any (select lower(x) from json_array_elements_text(:names::json) x)
       or id::text = any (select lower(x) from json_array_elements_text(:names::json) x))`,
    { names: JSON.stringify(names) },
  )) as Row[];
  const found: Found = new Map();
  for (const row of rows) for (const name of [row.email, row.name, row.id]) add(found, name, row.id as string);
  return found;
}

/** Records that the actor may see, by external id, e-mail, name and id. */
async function records(ctx: Ctx, target: Entity, names: readonly string[]): Promise<Found> {
  const list = JSON.stringify(names);
  const near = (await ctx.db.run(
    `/* import.references */ select by, at, id from find_matching_${target.table}(
       array(select json_array_elements_text(:list::json)), array(select json_array_elements_text(:list::json)),
       array(select json_array_elements_text(:list::json)))`,
    { list },
  )) as { by: string; at: number; id: string }[];
  const ids = [...new Set([...near.map((m) => m.id), ...names.filter((name) => UUID.test(name))])];
  if (!ids.length) return new Map();
  const seen = (await visible(ctx, target, `${target.name}.references`)
    .select(`${target.table}.id`)
    .whereIn(`${target.table}.id`, ids)) as { id: string }[];
  const visibleIds = new Set(seen.map((row) => row.id));
  const found: Found = new Map();
  for (const id of ids) if (visibleIds.has(id)) add(found, id, id);
  // An external id says more than an e-mail, and that more than a name: the first that names anybody counts.
  for (const by of ['external_id', 'email', 'name']) {
    const fresh: Found = new Map();
    for (const match of near) {
      if (match.by === by && visibleIds.has(match.id)) add(fresh, names[match.at - 1], match.id);
    }
    for (const [name, hits] of fresh) if (!found.has(name)) found.set(name, hits);
  }
  return found;
}

/** Replaces names by the ids of what they name, for all rows of a chunk at once; what names nobody becomes a problem. */
export async function resolveReferences(ctx: Ctx, entity: Entity, rows: readonly ParsedRow[]): Promise<void> {
  const wanted = new Map<string, Set<string>>();
  for (const row of rows) {
    for (const [field, text] of row.refs) {
      const to = entity.fields[field]!.to;
      wanted.set(to, (wanted.get(to) ?? new Set()).add(text));
    }
  }
  const found = new Map<string, Found>();
  for (const [to, names] of wanted) {
    const target = refTarget({ to } as never).entity;
    found.set(to, target ? await records(ctx, target, [...names]) : await people(ctx, [...names]));
  }
  for (const row of rows) {
    for (const [field, text] of row.refs) {
      const { to } = entity.fields[field]!;
      const ids = found.get(to)?.get(key(text)) ?? [];
      if (ids.length === 1) row.values.set(field, ids[0]!);
      else row.problems.push([row.columns.get(field) ?? -1, missing(to, text, ids.length)]);
    }
  }
}

function missing(to: string, text: string, hits: number): string {
  const target = refTarget({ to } as never).entity;
  const shown = brief(text, 60);
  if (hits > 1) {
    const many = target ? target.label[1].toLowerCase() : 'colleagues';
    return `${hits} ${many} are called “${shown}”. Write the e-mail address instead.`;
  }
  return target
    ? `there is no ${target.label[0].toLowerCase()} “${shown}” that you can see.`
    : `there is no active colleague “${shown}”. Write a name or an e-mail address as it stands in Rapport.`;
}
