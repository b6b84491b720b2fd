import type { Ctx } from '#src/kernel/context.ts';
import { type Entity, storedFields } from '#src/kernel/entity.ts';

/**
 * Moves the records of a chunk in the database itself: what is to be written stands in the plan, so no row travels. Each
 * function changes the records of one kind, with a line of the trail for each, and says how many it changed; a record that
 * is not at the version it should be at is not touched, and then the number tells.
 */
export interface Selection {
  import_id: string;
  chunk: number;
  first_row: number;
  last_row: number;
  /** how often the chunk was moved before */
  moves: number;
  entity: Entity;
  /** '' for the import's own kind of record, else the name of the parts' */
  part_of: string;
  /** rows that are not as planned and are seen to one by one */
  except: readonly number[];
}

/** The rows of a selection. An update without changes only carries parts. */
const DUE = (plan: 'create' | 'update') => `
  from import_plan p
  where p.tenant_id = :tenant and p.import_id = :id and p.chunk = :chunk and p.row_number between :first and :last
    and coalesce(p.entity, '') = :part_of and p.plan = '${plan}' and p.result is null
    and not p.row_number = any (:except::integer[]) ${plan === 'update' ? `and p.changes <> '{}'` : ''}`;

/** The version a record has when its chunk was moved so often. */
const EXPECTED = 'coalesce(p.record_version, 0) + :moves::integer';

/** Said so that no index of live or of trashed rows is tempting: only the way by id costs the same whatever was moved before. */
const LIVE = `(coalesce(t.deleted_at, 'infinity') = 'infinity')`;

/** @param says columns of the trail and what they say about `due` */
const trail = (verb: string, version: string, says: Record<string, string>, from: string) => `
  insert into audit_log
    (tenant_id, actor_id, actor_name, via, verb, entity, record_id, record_title, version, request_id${Object.keys(says).map((c) => `, ${c}`)})
  select :tenant::uuid, :actor::uuid, :name::text, 'import', '${verb}', :entity::text, due.id, due.title, ${version}, :request::text${Object.values(says).map((v) => `, ${v}`)}
  from ${from}`;

async function run(ctx: Ctx, label: string, it: Selection, sql: string): Promise<number> {
  const [row] = await ctx.db.run(`/* import.${label} */ ${sql}`, {
    id: it.import_id,
    chunk: it.chunk,
    first: it.first_row,
    last: it.last_row,
    moves: it.moves,
    part_of: it.part_of,
    except: it.except,
    entity: it.entity.name,
    actor: ctx.actor.id,
    name: ctx.actor.name,
    request: ctx.request_id,
  });
  return Number(row!.n);
}

/**
 * A document as a row of the table, one a row of the plan. It stands in the list of columns because a function in `from`
 * costs a table of its own for each row; `offset 0` keeps it from being computed again for every column.
 */
const asRow = (table: string, document: string) => `jsonb_populate_record(null::${table}, ${document}) as r`;
const ONCE = 'offset 0';

/** What an empty column holds where the table wants something: lists have no null. */
const column = (entity: Entity, name: string) =>
  entity.fields[name]!.kind === 'list' ? `coalesce((due.r).${name}, '{}')` : `(due.r).${name}`;

/** Makes the records that are new. @returns how many */
export async function makeRecords(ctx: Ctx, it: Selection): Promise<number> {
  const { table } = it.entity;
  const columns = storedFields(it.entity);
  const made = await run(
    ctx,
    'make',
    it,
    `with due as (
       select p.record_id as id, p.title, p.after, ${asRow(table, 'p.after')} ${DUE('create')} order by p.row_number ${ONCE}),
     made as (
       insert into ${table} (tenant_id, id, created_by, updated_by, ${columns.join(', ')})
       select :tenant::uuid, due.id, :actor::uuid, :actor::uuid, ${columns.map((name) => column(it.entity, name)).join(', ')}
       from due returning 1),
     trail as (${trail('imported', '1', { initial: 'due.after' }, 'due')})
     select count(*) as n from made`,
  );
  const { tag_field } = it.entity;
  if (made && tag_field)
    await writeTags(ctx, it, 'create', `p.after->'${tag_field}'`, `jsonb_exists(p.after, '${tag_field}')`);
  return made;
}

/**
 * Changes the records that were there, forward to what the file says or back to what they said before.
 * @param side of each change: 'new' or 'old'
 * @param fields that the import can change
 * @returns how many
 */
export async function changeRecords(
  ctx: Ctx,
  it: Selection,
  side: 'new' | 'old',
  fields: readonly string[],
): Promise<number> {
  const { table, tag_field } = it.entity;
  const columns = storedFields(it.entity).filter((name) => fields.includes(name));
  const swapped = `(select jsonb_object_agg(key, jsonb_build_object('old', value->'new', 'new', value->'old')) from jsonb_each(due.changes))`;
  const done = await run(
    ctx,
    `change.${side}`,
    it,
    `with given as (
       select p.record_id as id, p.title, p.changes, ${EXPECTED} as version,
         (select jsonb_object_agg(key, value->'${side}') from jsonb_each(p.changes)) as given ${DUE('update')} ${ONCE}),
     due as materialized (select given.*, ${asRow(table, 'given.given')} from given),
     done as (
       update ${table} t set version = t.version + 1, updated_at = now(), updated_by = :actor::uuid
         ${columns.map((name) => `, ${name} = case when jsonb_exists(due.given, '${name}') then ${column(it.entity, name)} else t.${name} end`).join('')}
       from due where t.tenant_id = :tenant and t.id = due.id and t.version = due.version and ${LIVE}
       returning t.id, t.version, due.title, due.changes),
     trail as (${trail(
       side === 'new' ? 'imported' : 'updated',
       'due.version',
       { changes: side === 'new' ? 'due.changes' : swapped },
       'done due',
     )})
     select count(*) as n from done`,
  );
  if (done && tag_field && fields.includes(tag_field))
    await writeTags(
      ctx,
      it,
      'update',
      `p.changes->'${tag_field}'->'${side}'`,
      `jsonb_exists(p.changes, '${tag_field}')`,
    );
  return done;
}

/** Puts the records that the import made into the trash, or takes them out again. @returns how many */
export async function trashRecords(ctx: Ctx, it: Selection, into: 'trash' | 'life'): Promise<number> {
  const [verb, was, is] = into === 'trash' ? ['trashed', LIVE, 'now()'] : ['restored', `not ${LIVE}`, 'null'];
  return run(
    ctx,
    verb!,
    it,
    `with due as (select p.record_id as id, p.title, ${EXPECTED} as version ${DUE('create')}),
     done as (
       update ${it.entity.table} t set version = t.version + 1, updated_at = now(), updated_by = :actor::uuid, deleted_at = ${is}
       from due where t.tenant_id = :tenant and t.id = due.id and t.version = due.version and ${was}
       returning t.id, t.version, due.title),
     trail as (${trail(verb!, 'due.version', {}, 'done due')})
     select count(*) as n from done`,
  );
}

/** Makes the tags of the selected records what the plan says; unknown names become tags of the tenant. */
async function writeTags(
  ctx: Ctx,
  it: Selection,
  plan: 'create' | 'update',
  list: string,
  having: string,
): Promise<void> {
  const { tag_table } = it.entity;
  const owner = `${it.entity.name}_id`;
  const due = `${DUE(plan)} and ${having}`;
  const names = `jsonb_array_elements_text(case jsonb_typeof(${list}) when 'array' then ${list} else '[]' end)`;
  if (plan === 'update')
    await run(
      ctx,
      'untag',
      it,
      `with gone as (delete from ${tag_table} x using (select p.record_id ${due}) due
         where x.tenant_id = :tenant and x.${owner} = due.record_id returning 1)
       select count(*) as n from gone`,
    );
  const named = due.replace('from import_plan p', `from import_plan p cross join lateral ${names} as given (name)`);
  const made = await run(
    ctx,
    'tags',
    it,
    `with made as (insert into tags (tenant_id, name, created_by, updated_by)
       select distinct on (lower(given.name)) :tenant::uuid, given.name, :actor::uuid, :actor::uuid ${named}
       order by lower(given.name), given.name on conflict do nothing returning 1)
     select (select count(*) from made) as made, exists (select ${named}) ::integer as n`,
  );
  if (!made) return;
  await run(
    ctx,
    'tagging',
    it,
    `with done as (insert into ${tag_table} (tenant_id, ${owner}, tag_id)
       select distinct :tenant::uuid, p.record_id, tags.id ${named.replace('where p.tenant_id', 'join tags on tags.tenant_id = :tenant and lower(tags.name) = lower(given.name) and tags.deleted_at is null where p.tenant_id')}
       on conflict do nothing returning 1)
     select count(*) as n from done`,
  );
}
