// A worker process as in production, which dies without a word while it writes an import, at moments that nobody chose.
import { setTimeout as sleep } from 'node:timers/promises';
import { type Started, startServer } from '../../../bench/watched.ts';
import type { Import, State } from '../../../src/modules/imports/model.ts';
import type { Ground } from './ground.ts';
import type { Random } from './random.ts';

const LOOK_EVERY_MS = 15;
const PATIENCE_MS = 60_000;
/** A kill comes when so many more chunks are written, and up to so much later: inside a chunk, or between two. */
const MOST_CHUNKS_MORE = 3;
const MOST_DELAY_MS = 120;
/** Six starts that get nowhere are a fault of ours, and then the import is given up: as often it may not be killed in a row. */
const MOST_KILLS_A_MOVE = 5;

export interface Killer {
  /**
   * Sees a move of an import through to its end with workers that are killed on the way.
   * @param kills at most so many
   * @returns how many of them left work behind
   */
  seeThrough(id: string, end: State, kills: number): Promise<number>;
  /** Waits for an import that nobody disturbs. */
  until(id: string, end: State): Promise<Import>;
  stop(): Promise<void>;
}

/** @throws Error with what the worker said when an import does not get where it should */
export function openKiller(ground: Ground, random: Random): Killer {
  const { database, platform } = ground.app;
  const env = {
    RAPPORT_MODE: 'test',
    ROLE: 'worker',
    LOG_LEVEL: 'warn',
    DATABASE_URL: database.runtimeUrl,
    DATA_DIR: platform.config.data_dir,
  };
  let worker: Started | null = null;
  const alive = async () => {
    worker ??= await startServer(env);
    return worker;
  };
  const kill = async () => {
    const dying = await alive();
    process.kill(dying.pid, 'SIGKILL');
    await dying.stop();
    worker = null;
  };
  const said = () => `the worker said:\n${worker?.faults().join('\n')}`;
  const waitFor = async (what: string, done: () => Promise<boolean>) => {
    const deadline = Date.now() + PATIENCE_MS;
    while (!(await done())) {
      if (Date.now() > deadline) throw new Error(`waited for ${what}; ${said()}`);
      await sleep(LOOK_EVERY_MS);
    }
  };
  const written = async (id: string): Promise<{ working: boolean; begun: boolean; chunks: number }> => {
    const [row] = await ground.sql<{ working: boolean; begun: boolean; chunks: number }>(
      `select task is not null as working,
         exists (select from graphile_worker._private_jobs j where j.key = 'import:' || i.id and j.locked_by is not null) as begun,
         (select count(*)::integer from import_chunks c where c.import_id = i.id and c.moves >= i.move) as chunks
       from imports i where i.id = $1`,
      [id],
    );
    return row!;
  };

  /** Waits for the moment and kills. @returns whether there was still work to do */
  const killOnce = async (id: string): Promise<boolean> => {
    const [chunks, delay] = [random.below(MOST_CHUNKS_MORE + 1), random.below(MOST_DELAY_MS)];
    const before = await written(id);
    await alive();
    await waitFor(`${chunks} chunks more of import ${id}`, async () => {
      const now = await written(id);
      return !now.working || (now.begun && now.chunks >= before.chunks + chunks);
    });
    await sleep(delay);
    await kill();
    return (await written(id)).working;
  };

  const self: Killer = {
    async seeThrough(id, end, kills) {
      let hit = 0;
      while (hit < Math.min(kills, MOST_KILLS_A_MOVE) && (await written(id)).working) if (await killOnce(id)) hit += 1;
      await self.until(id, end);
      return hit;
    },
    async until(id, end) {
      await alive();
      await waitFor(`import ${id} to be ${end}`, async () => {
        const { state, error } = await ground.load(id);
        if (state === 'failed' && end !== 'failed') throw new Error(`import ${id} failed: ${error}; ${said()}`);
        return state === end && !(await written(id)).working;
      });
      return ground.load(id);
    },
    stop: async () => worker?.stop(),
  };
  return self;
}
