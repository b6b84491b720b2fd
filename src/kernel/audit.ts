import type { Ctx } from './context.ts';
import type { Entity } from './entity.ts';
import type { Row } from './tenant_db.ts';

/** The vocabulary of the audit trail, kept once. */
export type Verb =
  | 'created'
  | 'updated'
  | 'trashed'
  | 'restored'
  | 'converted'
  | 'imported'
  | 'undone'
  | 'exported'
  | 'signed_in'
  | 'signed_out'
  | 'session_ended'
  | 'linked'
  | 'configured'
  | 'purged';

export interface Change {
  old: unknown;
  new: unknown;
}
export type Changes = Record<string, Change>;

/** Never written to the trail, whatever table they come from. */
const SECRET = /password|secret|token|hash/;

/** Old and new values of what differs; lists are compared by content. */
export function changed(before: Row, after: Row, columns: readonly string[]): Changes {
  const changes: Changes = {};
  for (const column of columns) {
    const [was, is] = [before[column] ?? null, after[column] ?? null];
    if (JSON.stringify(was) === JSON.stringify(is)) continue;
    changes[column] = SECRET.test(column) ? { old: '•••', new: '•••' } : { old: was, new: is };
  }
  return changes;
}

interface Subject {
  entity: string;
  id?: string | null;
  title?: string | null;
  version?: number | null;
}

/** One line of the trail, in the transaction of the change it tells of. */
export async function audit(ctx: Ctx, verb: Verb, subject: Subject, changes: Changes = {}): Promise<void> {
  // A constant statement, which PostgreSQL parses and plans once a connection: it comes with every write.
  const statement = `/* audit.write */ insert into audit_log (tenant_id, actor_id, actor_name, via, verb, entity, record_id,
      record_title, version, changes, ip, request_id)
    values (:tenant, :actor_id, :actor_name, :via, :verb, :entity, :record_id, :record_title, :version, :changes, :ip, :request_id)`;
  await ctx.db.run(statement, {
    actor_id: ctx.actor.id,
    actor_name: ctx.actor.name,
    via: ctx.via,
    verb,
    entity: subject.entity,
    record_id: subject.id ?? null,
    record_title: subject.title?.slice(0, 200) ?? null,
    version: subject.version ?? null,
    changes: JSON.stringify(changes),
    ip: ctx.ip,
    request_id: ctx.request_id,
  });
}

/** What the trail says about a record of an entity. */
export const subject = (entity: Entity, row: Row): Subject => ({
  entity: entity.name,
  id: row.id as string,
  title: String(row[entity.title] ?? ''),
  version: row.version as number,
});

/**
 * The record as it was at an earlier version, rebuilt by taking back the changes made since. Fields whose change the
 * trail does not hold keep their present value.
 */
export async function asOfVersion(ctx: Ctx, entity: Entity, current: Row, version: number): Promise<Row> {
  const changes = await ctx.db
    .from('audit_log', 'audit_log', 'audit.since_version')
    .select('changes')
    .where({ entity: entity.name, record_id: current.id })
    .where('version', '>', version)
    .orderBy('version', 'desc');
  const then = { ...current };
  for (const { changes: back } of changes as { changes: Changes }[]) {
    for (const [field, change] of Object.entries(back)) then[field] = change.old;
  }
  return then;
}
