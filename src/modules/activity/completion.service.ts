import { type Ctx, demand } from '#src/kernel/context.ts';
import type { Value } from '#src/kernel/fields/field.ts';
import { loadRecord, updateRecord } from '#src/kernel/records.ts';
import type { Row } from '#src/kernel/tenant_db.ts';
import { interaction } from './interaction.entity.ts';
import { task } from './task.entity.ts';

/** Where tasks stand that somebody still has to see to. */
export const PENDING: readonly string[] = ['open', 'in_progress'];

/**
 * Says that a task is done; when that was is written by its table. Doing it twice is fine.
 * @param version the version that was looked at; null: whatever it is now
 * @returns the task, and the status it had before
 * @throws 403, 404, 409 (ConflictError) when somebody changed it meanwhile
 */
export async function completeTask(ctx: Ctx, id: string, version: number | null): Promise<{ row: Row; was: string }> {
  return setStatus(ctx, id, version, () => 'done');
}

/**
 * Takes up a task again that was done or cancelled; one that is still to be done stays as it is.
 * @param status where it shall stand, one of PENDING
 * @throws as completeTask
 */
export async function reopenTask(
  ctx: Ctx,
  id: string,
  version: number | null,
  status: string,
): Promise<{ row: Row; was: string }> {
  return setStatus(ctx, id, version, (now) => (PENDING.includes(now) ? now : status));
}

async function setStatus(
  ctx: Ctx,
  id: string,
  version: number | null,
  next: (now: string) => string,
): Promise<{ row: Row; was: string }> {
  demand(ctx, 'task.update');
  const before = await loadRecord(ctx, task, id, 'live', true);
  const was = String(before.status);
  const { row } = await updateRecord(ctx, task, id, version ?? Number(before.version), { status: next(was) });
  return { row, was };
}

/**
 * Puts down, or takes away, the day on which somebody wants to come back to an interaction. Doing it twice is fine.
 * @param day ISO, null: nothing is left to follow up
 * @param version as in completeTask
 * @returns the interaction, and the day it had before
 * @throws 403, 404, 409, 422
 */
export async function setFollowUp(
  ctx: Ctx,
  id: string,
  version: number | null,
  day: Value,
): Promise<{ row: Row; was: string }> {
  demand(ctx, 'interaction.update');
  const before = await loadRecord(ctx, interaction, id, 'live', true);
  const { row } = await updateRecord(ctx, interaction, id, version ?? Number(before.version), { next_follow_up: day });
  return { row, was: String(before.next_follow_up ?? '') };
}
