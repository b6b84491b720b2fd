import type { Config } from '#src/config.ts';
import { audit } from '#src/kernel/audit.ts';
import type { Ctx } from '#src/kernel/context.ts';
import type { InTenant } from '#src/kernel/jobs.ts';
import { removeFile } from '#src/platform/files.ts';

/** After so many days without anybody going on, an import will not be finished any more. */
export const UNFINISHED_DAYS = 30;
/** Longest that removing the rows of one import may take, in ms. */
const LONGEST = 120_000;

const FINISHED = `state in ('committed', 'undone')`;
/** Imports on their way into the records, or out of them, are left alone: their rows are needed to get to an end. */
const OPEN = `state in ('uploaded', 'reading', 'mapping', 'planned', 'failed')`;
/** The previews hold rows of the file too; names of sheets and columns stay, for the history. */
const SHEETS = `(select coalesce(jsonb_agg(s || '{"rows": []}' order by n), '[]') from jsonb_array_elements(sheets) with ordinality x (s, n))`;
const COLUMNS = `(select coalesce(jsonb_agg(c || '{"samples": [], "values": null}' order by n), '[]') from jsonb_array_elements(columns) with ordinality x (c, n))`;

/** Keys of the files that belong to the tenant's imports. */
export async function keptFiles(ctx: Ctx): Promise<string[]> {
  const rows = await ctx.db.run(
    `/* import.kept_files */ select file_key from imports where tenant_id = :tenant and purged_at is null`,
  );
  return rows.map(({ file_key }) => file_key as string);
}

/**
 * Removes file and rows of the tenant's imports that were finished long enough ago, or that nobody finished; each in its
 * own transaction, with its line in the trail. Who imported what, the columns' names and the counts stay.
 * @returns of how many imports
 */
export async function purgeImports(
  inTenant: InTenant,
  config: Pick<Config, 'data_dir' | 'import_keep_days'>,
  signal: AbortSignal,
): Promise<number> {
  for (let purged = 0; ; purged += 1) {
    signal.throwIfAborted();
    const key = await inTenant((ctx) => purgeOne(ctx, config.import_keep_days));
    if (key === null) return purged;
    // A process that dies right here leaves a file that belongs to nothing, which goes with the next upkeep.
    await removeFile(config.data_dir, key);
  }
}

/** @returns key of its file, to be removed after the commit; null: none is due, or another process is at it */
async function purgeOne(ctx: Ctx, keepDays: number): Promise<string | null> {
  const [due] = await ctx.db.run(
    `/* import.purge_due */ select id, file_name, file_bytes, ${FINISHED} as finished from imports
     where tenant_id = :tenant and purged_at is null and (
       (${FINISHED} and updated_at < now() - make_interval(days => :keep))
       or (${OPEN} and updated_at < now() - make_interval(days => :unfinished)))
     order by updated_at limit 1 for update skip locked`,
    { keep: keepDays, unfinished: UNFINISHED_DAYS },
  );
  if (!due) return null;
  const id = due.id as string;
  await ctx.db.run(`select set_config('statement_timeout', :longest, true)`, { longest: String(LONGEST) });
  await ctx.db.remove('import_plan', { import_id: id });
  await ctx.db.remove('import_rows', { import_id: id });
  const [purged] = due.finished
    ? await ctx.db.run(
        `/* import.purge */ update imports set purged_at = now(), sheets = ${SHEETS}, columns = ${COLUMNS},
           notes = notes || to_jsonb(:note::text)
         where tenant_id = :tenant and id = :id returning file_key`,
        { id, note: `The file and its rows were removed, as they are after ${keepDays} days; the counts stay.` },
      )
    : await ctx.db.run(
        `/* import.purge_open */ update imports set purged_at = now(), sheets = ${SHEETS}, columns = ${COLUMNS},
           error = case when state = 'failed' then error else :error end, state = 'failed', task = null, run = run + 1,
           rows = 0, created = 0, updated = 0, unchanged = 0, skipped = 0, failed = 0
         where tenant_id = :tenant and id = :id returning file_key`,
        {
          id,
          error: `This was not finished within ${UNFINISHED_DAYS} days, so the file was removed. Upload it again.`,
        },
      );
  const bytes = { file_bytes: { old: due.file_bytes, new: null } };
  await audit(ctx, 'purged', { entity: 'import', id, title: due.file_name as string }, bytes);
  return purged!.file_key as string;
}
