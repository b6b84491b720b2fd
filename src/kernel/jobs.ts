import { z } from 'zod';
import { actorOfUser } from './actor.ts';
import type { Ctx } from './context.ts';
import type { Platform } from './http.ts';
import { withTenant } from './tenant_db.ts';

/** What every job carries, so that it can rebuild who asked. */
const Carried = z.object({ tenant_id: z.uuid(), actor_id: z.uuid() });

/** Runs a step of a job in a transaction of its own, as the person who asked for it. */
export type InTenant = <T>(work: (ctx: Ctx) => Promise<T>) => Promise<T>;

export interface Job {
  name: string;
  /** Called at least once per enqueue; must be safe to repeat from any point. */
  run: (inTenant: InTenant, payload: Record<string, unknown>, platform: Platform, signal: AbortSignal) => Promise<void>;
}

/**
 * The one door to the queue, inside the transaction of what asks for it: rolled back with it, and never without tenant
 * and actor.
 * @param key a job with the same key that has not started yet is replaced, not doubled
 */
export async function enqueue(
  ctx: Ctx,
  job: Job,
  payload: Record<string, unknown>,
  key: string | null = null,
): Promise<void> {
  const carried = { ...payload, tenant_id: ctx.tenant.id, actor_id: ctx.actor.id };
  await ctx.db.run('select graphile_worker.rapport_enqueue(:task, :payload::json, :key, null)', {
    task: job.name,
    payload: JSON.stringify(carried),
    key,
  });
}

/** Thrown when the person or company a job acts for is gone: the job is dropped, not retried. */
export class NobodyAsks extends Error {}

/** Runs one job as the queue delivers it. @throws whatever the job throws, so that the queue tries again */
export async function runJob(platform: Platform, job: Job, raw: unknown, signal: AbortSignal): Promise<void> {
  const payload = raw as Record<string, unknown>;
  const who = Carried.parse(payload);
  const inTenant: InTenant = (work) =>
    withTenant(platform.pools.app, who.tenant_id, async (db) => {
      const actor = await actorOfUser(db, who.actor_id);
      if (!actor) throw new NobodyAsks(`${job.name}: its user or company is no longer active`);
      return work({
        ...actor,
        db,
        via: 'job',
        ip: null,
        request_id: `job:${job.name}`,
        csrf: '',
        session_id: null,
      });
    });
  await job.run(inTenant, payload, platform, signal);
}
