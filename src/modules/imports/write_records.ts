import type { Ctx } from '#src/kernel/context.ts';
import { type Entity, storedFields } from '#src/kernel/entity.ts';
import { newId } from '#src/kernel/ids.ts';
import type { Row } from '#src/kernel/tenant_db.ts';
import type { Outcome } from './plan_rows.ts';

/** What became of a row that was written: the record and the version it has now. */
export interface Written {
  row_number: number;
  record_id: string;
  record_version: number;
}

/** Inserts many new records in one statement, each with an audit row and its tags. */
export async function insertRecords(ctx: Ctx, entity: Entity, outcomes: readonly Outcome[]): Promise<Written[]> {
  if (!outcomes.length) return [];
  const columns = storedFields(entity);
  const made = outcomes.map((outcome) => ({ outcome, id: newId() }));
  const rows = made.map(({ outcome, id }) => ({
    id,
    ...Object.fromEntries(columns.map((name) => [name, outcome.after[name] ?? null])),
  }));
  await ctx.db.run(
    `/* import.insert */ insert into ${entity.table} (tenant_id, id, created_by, updated_by, ${columns.join(', ')})
     select :tenant, r.id, :actor, :actor, ${columns.map((name) => `r.${name}`).join(', ')}
     from json_populate_recordset(null::${entity.table}, :rows::json) r`,
    { actor: ctx.actor.id, rows: JSON.stringify(rows) },
  );
  await writeTags(
    ctx,
    entity,
    made.map(({ outcome, id }) => ({ id, tags: tagsGiven(entity, outcome) })),
    false,
  );
  await auditMany(
    ctx,
    entity,
    made.map(({ outcome, id }) => ({ id, version: 1, outcome })),
  );
  return made.map(({ outcome, id }) => ({ row_number: outcome.row_number, record_id: id, record_version: 1 }));
}

/**
 * Changes many records in one statement; one that was changed meanwhile keeps what it has.
 * @returns what was written; rows that are missing met a newer version
 */
export async function updateRecords(ctx: Ctx, entity: Entity, outcomes: readonly Outcome[]): Promise<Written[]> {
  if (!outcomes.length) return [];
  const stored = new Set(storedFields(entity));
  const columns = [...new Set(outcomes.flatMap((o) => Object.keys(o.changes)))].filter((name) => stored.has(name));
  const rows = outcomes.map((o) => ({
    id: o.record_id,
    version: o.record_version,
    ...Object.fromEntries(columns.map((name) => [name, o.after[name] ?? null])),
  }));
  const done = (await ctx.db.run(
    `/* import.update */ update ${entity.table} t
     set version = t.version + 1, updated_at = now(), updated_by = :actor
       ${columns.map((name) => `, ${name} = r.${name}`).join('')}
     from json_populate_recordset(null::${entity.table}, :rows::json) r
     where t.tenant_id = :tenant and t.id = r.id and t.version = r.version and t.deleted_at is null
     returning t.id, t.version`,
    { actor: ctx.actor.id, rows: JSON.stringify(rows) },
  )) as { id: string; version: number }[];
  const versions = new Map(done.map((row) => [row.id, row.version]));
  const written = outcomes.filter((o) => versions.has(o.record_id!));
  await writeTags(
    ctx,
    entity,
    written.flatMap((o) =>
      entity.tag_field && o.changes[entity.tag_field] ? [{ id: o.record_id!, tags: tagsGiven(entity, o) }] : [],
    ),
    true,
  );
  await auditMany(
    ctx,
    entity,
    written.map((outcome) => ({ id: outcome.record_id!, version: versions.get(outcome.record_id!)!, outcome })),
  );
  return written.map((o) => ({
    row_number: o.row_number,
    record_id: o.record_id!,
    record_version: versions.get(o.record_id!)!,
  }));
}

const tagsGiven = (entity: Entity, outcome: Outcome): string[] =>
  entity.tag_field ? ((outcome.after[entity.tag_field] as string[] | null) ?? []) : [];

/** Makes the tags of records exactly these; unknown names become tags of the tenant. */
async function writeTags(
  ctx: Ctx,
  entity: Entity,
  records: readonly { id: string; tags: string[] }[],
  replace: boolean,
): Promise<void> {
  if (!entity.tag_table || !records.length) return;
  const owner = `${entity.name}_id`;
  if (replace) await ctx.db.remove(entity.tag_table, { [owner]: records.map((record) => record.id) });
  const pairs = records.flatMap(({ id, tags }) => tags.map((name) => ({ id, name })));
  if (!pairs.length) return;
  const rows = JSON.stringify(pairs);
  await ctx.db.run(
    `/* import.tags */ insert into tags (tenant_id, name, created_by, updated_by)
     select distinct on (lower(r.name)) :tenant::uuid, r.name, :actor::uuid, :actor::uuid from json_to_recordset(:rows::json) as r (name text)
     order by lower(r.name), r.name on conflict do nothing`,
    { actor: ctx.actor.id, rows },
  );
  await ctx.db.run(
    `/* import.tagging */ insert into ${entity.tag_table} (tenant_id, ${owner}, tag_id)
     select distinct :tenant::uuid, r.id, tags.id from json_to_recordset(:rows::json) as r (id uuid, name text)
     join tags on tags.tenant_id = :tenant and lower(tags.name) = lower(r.name) and tags.deleted_at is null
     on conflict do nothing`,
    { rows },
  );
}

/** One line of the trail for each record, in the transaction of its change. */
async function auditMany(
  ctx: Ctx,
  entity: Entity,
  done: readonly { id: string; version: number; outcome: Outcome }[],
): Promise<void> {
  const rows: Row[] = done.map(({ id, version, outcome }) => ({
    id,
    version,
    title: outcome.title,
    changes: outcome.changes,
  }));
  await ctx.db.run(
    `/* import.audit */ insert into audit_log
       (tenant_id, actor_id, actor_name, via, verb, entity, record_id, record_title, version, changes, request_id)
     select :tenant, :actor, :name, 'import', 'imported', :entity, r.id, r.title, r.version, r.changes, :request
     from json_to_recordset(:rows::json) as r (id uuid, version integer, title text, changes jsonb)`,
    {
      actor: ctx.actor.id,
      name: ctx.actor.name,
      entity: entity.name,
      request: ctx.request_id,
      rows: JSON.stringify(rows),
    },
  );
}
