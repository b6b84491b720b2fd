import type { Ctx } from '#src/kernel/context.ts';
import type { Platform } from '#src/kernel/http.ts';
import type { InTenant } from '#src/kernel/jobs.ts';
import type { Row } from '#src/kernel/tenant_db.ts';
import { announce } from '#src/platform/live.ts';
import type { Import } from './model.ts';

/** Thrown when another run has taken over, or the import is gone: this one ends quietly. */
export class Replaced extends Error {}

/** What is announced when an import gets on: its page asks again. */
export const importTopic = (id: string): string => `import:${id}`;

/** Progress is announced at most so often, in ms; what changes the page is announced always. */
const ANNOUNCE_EVERY = 250;

/** One run of the worker on one import. */
export interface Work {
  import_id: string;
  platform: Platform;
  /** aborts when the process stops or another run takes over */
  signal: AbortSignal;
  /**
   * One short transaction that holds the import, so that two runs never work side by side.
   * @throws Replaced
   */
  step<T>(work: (ctx: Ctx) => Promise<T>): Promise<T>;
  /** Writes into the import row, says that the worker lives, and tells whoever looks on. Inside a `step`. */
  note(ctx: Ctx, patch: Row): Promise<void>;
}

/** The worker's end of one import, as its job's payload names it. */
export function openWork(
  inTenant: InTenant,
  payload: Record<string, unknown>,
  platform: Platform,
  signal: AbortSignal,
): Work {
  const { import_id, run } = payload as { import_id: string; run: number };
  let announced = 0;
  return {
    import_id,
    platform,
    signal,
    step: (work) =>
      inTenant(async (ctx) => {
        const held = await ctx.db.run(
          `/* import.hold */ select id from imports where tenant_id = :tenant and id = :id and run = :run for update`,
          { id: import_id, run },
        );
        if (!held.length) throw new Replaced();
        return work(ctx);
      }),
    note: async (ctx, patch) => {
      const now = new Date().toISOString();
      await ctx.db.update('imports', { id: import_id, run }, { ...patch, heartbeat_at: now, updated_at: now });
      const due = 'done' in patch && Date.now() - announced >= ANNOUNCE_EVERY;
      if (!due && !('task' in patch)) return;
      announced = Date.now();
      await announce(ctx.db, importTopic(import_id));
    },
  };
}

/** The import as it stands now. */
export const load = async (ctx: Ctx, id: string): Promise<Import> => {
  const [row] = (await ctx.db.from('imports', 'imports', 'import.work').select('*').where('id', id)) as Row[];
  return row as unknown as Import;
};

/** Ends the reading of a file: nothing of it is kept, its reason stands on the import's page. */
export async function failImport(work: Work, message: string): Promise<void> {
  await work.step(async (ctx) => {
    await ctx.db.remove('import_plan', { import_id: work.import_id });
    await ctx.db.remove('import_rows', { import_id: work.import_id });
    const none = { rows: 0, created: 0, updated: 0, unchanged: 0, skipped: 0, failed: 0 };
    await work.note(ctx, { ...none, state: 'failed', task: null, error: message, columns: '[]' });
  });
}
