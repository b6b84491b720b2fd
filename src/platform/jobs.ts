import { EventEmitter } from 'node:events';
import { run, type TaskList, type WorkerEvents, Logger as WorkerLogger } from 'graphile-worker';
import type { Logger } from './log.ts';
import type { Pools } from './postgres.ts';

/** How long running jobs may finish when the process stops, in ms; after that they go back to the queue. */
const GRACE = 8_000;

export interface Worker {
  /** Stops picking up, lets jobs finish or hands them back. */
  stop(): Promise<void>;
}

/** A task that is due every hour, for one of all workers; hours in which none ran are made up for once. */
const hourly = (task: string): string => `17 * * * * ${task} ?fill=1d&max=3&jobKey=${task}`;

/**
 * Picks up jobs from the queue in PostgreSQL. At least once: a job whose process died runs again.
 * @param tasks name -> what to do; throwing makes it run again later, with growing pauses
 * @param every names of the tasks that are due every hour without anyone asking
 */
export async function startWorker(
  pools: Pools,
  log: Logger,
  tasks: Record<string, (payload: unknown, signal: AbortSignal) => Promise<void>>,
  every: readonly string[] = [],
): Promise<Worker> {
  /** Jobs that ended here -> when, in ms since 1970. */
  const ended = new Map<string, number>();
  const list: TaskList = Object.fromEntries(
    Object.entries(tasks).map(([name, work]) => [
      name,
      async (payload, { job, abortSignal }) => {
        ended.delete(job.id);
        try {
          await work(payload, abortSignal as AbortSignal);
        } finally {
          ended.set(job.id, Date.now());
        }
      },
    ]),
  );
  const quiet = new WorkerLogger(() => (level, message) => {
    if (level === 'error' || level === 'warning') log.warn({ worker: message.slice(0, 500) }, 'job queue');
  });
  const events = new EventEmitter() as WorkerEvents;
  const mine: string[] = [];
  // Jobs are held in the name of the pool, not of the worker inside it that runs them.
  events.on('pool:create', ({ workerPool }) => mine.push(workerPool.id));
  // Before the queue looks for jobs: nobody hears yet that there are more.
  const watch = await watchForDeadWorkers(pools, log, mine, ended);
  const runner = await run({
    events,
    pgPool: pools.platform,
    taskList: list,
    crontab: every.map(hourly).join('\n'),
    concurrency: 2,
    pollInterval: 2_000,
    noHandleSignals: true,
    logger: quiet,
    preset: { worker: { gracefulShutdownAbortTimeout: GRACE }, plugins: [GOES_ON] },
  }).catch(async (error) => {
    await watch.stop();
    throw error;
  });
  await watch.live();
  return {
    stop: async () => {
      await runner.stop();
      await watch.stop();
    },
  };
}

/** A worker inside the queue that ends by itself is replaced; else the queue would end with it, for good. */
const GOES_ON: GraphileConfig.Plugin = {
  name: 'rapport-goes-on',
  version: '1.0.0',
  worker: {
    middleware: {
      poolWorkerPrematureExit: (_next, { replaceWithNewWorker }) => replaceWithNewWorker(),
    },
  },
};

/** How often dead workers are looked for, in ms. */
const LOOK_EVERY = 15_000;
/** As the queue itself says that there is work; else idle workers would see it at their next poll. */
const AWAKE = `select pg_notify('jobs:insert', '{"count":2}')`;
/** Within this time the end of a job is written down, or will never be, in ms. */
const WRITTEN_DOWN = 12_000;
const LIFE = `hashtextextended($1, 7269848)`;

/**
 * A killed process cannot give its jobs back, and the queue itself waits four hours before it believes that. So every
 * worker holds an advisory lock named after it for as long as its process lives: whoever gets the lock of a worker that
 * still holds a job knows that it is dead, and gives the job back.
 * @param mine names of this process's workers; who adds one calls `live`
 * @param ended jobs that ended here and when; one that is held all the same runs again: the database was away when its end
 *   was to be written down, which the queue does not try twice
 */
async function watchForDeadWorkers(
  pools: Pools,
  log: Logger,
  mine: readonly string[],
  ended: Map<string, number>,
): Promise<Worker & { live(): Promise<void> }> {
  let client = await pools.alone();
  const live = async () => {
    for (const id of mine) await client.query(`select pg_advisory_lock_shared(${LIFE})`, [id]);
  };
  const giveBack = async () => {
    const ids = [...ended].flatMap(([id, at]) => (Date.now() - at > WRITTEN_DOWN ? [id] : []));
    if (!ids.length) return;
    const { rowCount } = await client.query(
      `update graphile_worker._private_jobs set locked_at = null, locked_by = null, run_at = now()
       where id = any($1::bigint[]) and locked_by = any($2)`,
      [ids, mine],
    );
    if (rowCount) await client.query(AWAKE);
    for (const id of ids) ended.delete(id);
  };
  const look = async () => {
    await giveBack();
    const { rows } = await client.query<{ id: string }>(
      'select distinct locked_by as id from graphile_worker._private_jobs where locked_by is not null',
    );
    const others = rows.map((row) => row.id).filter((id) => !mine.includes(id));
    for (const id of others) {
      const { rows: got } = await client.query<{ dead: boolean }>(`select pg_try_advisory_lock(${LIFE}) as dead`, [id]);
      if (!got[0]?.dead) continue;
      await client.query('select graphile_worker.force_unlock_workers($1)', [[id]]);
      await client.query(AWAKE);
      await client.query(`select pg_advisory_unlock(${LIFE})`, [id]);
      log.warn({ worker: id }, 'gave back the jobs of a worker that died');
    }
  };
  const again = async () => {
    try {
      await look();
    } catch (error) {
      // The database restarted: our own lock went with the connection and has to be taken again.
      log.warn({ err: error }, 'could not look for dead workers');
      await client.end().catch(() => {});
      client = await pools.alone();
      await live();
    }
  };
  await look();
  const timer = setInterval(() => void again().catch(() => {}), LOOK_EVERY);
  timer.unref();
  return {
    live,
    stop: async () => {
      clearInterval(timer);
      await client.end().catch(() => {});
    },
  };
}
