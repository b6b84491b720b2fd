import type { Config } from '#src/config.ts';
import type { Ctx } from '#src/kernel/context.ts';
import { AppError, invalid } from '#src/kernel/errors.ts';
import { count } from './words.ts';

/** After how many seconds a program may try again when too much of its company is being worked on. */
const TRY_AGAIN = 30;

/**
 * Refuses a file for which the company has no room, or that would have to wait behind too many of its own: what one company
 * does must not fill the disk or the queue of the others. Uploads of one company pass here one after another until their
 * transactions end, so that many at the same instant cannot all see the last free place.
 * @throws 422 no room, 429 too much at once; both say what to do
 */
export async function demandRoom(ctx: Ctx, file: { bytes: number }, quota: Config['import_quota']): Promise<void> {
  await ctx.db.run(
    `/* import.room_turn */ select pg_advisory_xact_lock(hashtextextended('import room ' || :tenant::text, 0))`,
  );
  const [used] = (await ctx.db.run(
    `/* import.room */ select count(*) filter (where purged_at is null)::integer as files,
       coalesce(sum(file_bytes) filter (where purged_at is null), 0)::float8 as bytes,
       count(*) filter (where task is not null)::integer as working
     from imports where tenant_id = :tenant`,
  )) as { files: number; bytes: number; working: number }[];
  const { files, bytes, working } = used!;
  if (working >= quota.at_once) {
    const text = `${count(working)} imports of your company are being worked on. Wait until one of them is done, then upload this file again.`;
    throw new AppError(429, text, { retry_after: String(TRY_AGAIN) });
  }
  const full =
    files + 1 > quota.files
      ? `${count(quota.files)} uploaded files, which is the most`
      : bytes + file.bytes > quota.bytes
        ? `${count(Math.round(bytes / 1024 / 1024))} of at most ${count(quota.bytes / 1024 / 1024)} MB of uploaded files, and this one does not fit`
        : null;
  if (full)
    throw invalid({
      file: `Your company keeps ${full}. Old ones are removed by themselves in time; if it cannot wait, ask whoever runs Rapport for you for more room.`,
    });
}
