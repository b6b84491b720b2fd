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

/** How the gate of an import is passed, see `enter`. */
export type Gate = 'shared' | 'alone';

/** What of the process an import needs; an operator's command brings no more. */
export type WorkPlatform = Pick<Platform, 'config' | 'log' | 'pools'>;

/** One run of the worker on one import. */
export interface Work {
  import_id: string;
  platform: WorkPlatform;
  /** aborts when the process stops or another run takes over */
  signal: AbortSignal;
  /**
   * One short transaction of this run. Several may go on side by side; whoever starts another run waits for them, and after
   * that they find themselves replaced.
   * @throws Replaced
   */
  step<T>(work: (ctx: Ctx) => Promise<T>, how?: Gate): Promise<T>;
  /** Says how far it got, in a transaction of its own and a few times a second at most. */
  progress(done: number): Promise<void>;
  /** Writes into the import row, says that the worker lives, and tells whoever looks on. Inside a `step`. */
  note(ctx: Ctx, patch: Row): Promise<void>;
}

/** The worker's end of one import, as its job's payload names it. */
export function openWork(
  inTenant: InTenant,
  payload: Record<string, unknown>,
  platform: WorkPlatform,
  signal: AbortSignal,
): Work {
  const { import_id, run } = payload as { import_id: string; run: number };
  let announced = 0;
  let told = 0;
  const self: Work = {
    import_id,
    platform,
    signal,
    step: (work, how = 'shared') =>
      inTenant(async (ctx) => {
        await enter(ctx, import_id, how);
        const held = await ctx.db.run(
          `/* import.held */ select id from imports where tenant_id = :tenant and id = :id and run = :run`,
          { id: import_id, run },
        );
        if (!held.length) throw new Replaced();
        return work(ctx);
      }),
    progress: async (done) => {
      if (Date.now() - told < ANNOUNCE_EVERY) return;
      told = Date.now();
      await self.step((ctx) => self.note(ctx, { done, attempts: 1 }));
    },
    note: async (ctx, patch) => {
      const now = new Date().toISOString();
      await ctx.db.update('imports', { id: import_id, run }, { ...patch, heartbeat_at: now, updated_at: now });
      const due = 'done' in patch && Date.now() - announced >= ANNOUNCE_EVERY;
      if (!due && !('task' in patch)) return;
      announced = Date.now();
      await announce(ctx.db, importTopic(import_id));
    },
  };
  return self;
}

/**
 * The gate of an import, held until the transaction ends: its workers pass it together, whoever gives it other work alone.
 * A lock of its own and not the row's, because the row is written while they are inside.
 */
export async function enter(ctx: Ctx, id: string, how: Gate): Promise<void> {
  const lock = how === 'shared' ? 'pg_advisory_xact_lock_shared' : 'pg_advisory_xact_lock';
  await ctx.db.run(`/* import.enter */ select ${lock}(hashtextextended(:id::text, 5031))`, { id });
}

/**
 * Runs pieces of work side by side, `most` at a time, and ends when the last of them has ended, however `addThem` ended:
 * whoever cleans up after a failure finds nobody still writing.
 * @throws what `addThem` threw, or else the first piece that failed
 */
export async function inLanes(most: number, addThem: (lanes: Lanes) => Promise<void>): Promise<void> {
  const lanes = new Lanes(most);
  try {
    await addThem(lanes);
  } catch (error) {
    await lanes.done().catch(() => undefined);
    throw error;
  }
  await lanes.done();
}

/** See `inLanes`. */
export class Lanes {
  readonly #most: number;
  readonly #running = new Set<Promise<void>>();
  #failure: unknown = null;

  constructor(most: number) {
    this.#most = most;
  }

  /** Begins a piece once a lane is free. @throws what an earlier piece threw */
  async add(piece: () => Promise<void>): Promise<void> {
    while (this.#running.size >= this.#most) await Promise.race(this.#running);
    if (this.#failure) await this.done();
    const running: Promise<void> = piece()
      .catch((error: unknown) => {
        this.#failure ??= error;
      })
      .finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  /** Waits for all of them. @throws what the first that failed threw */
  async done(): Promise<void> {
    await Promise.all(this.#running);
    if (this.#failure) throw this.#failure;
  }
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
