import { EventEmitter } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { type RunnerOptions, run, type TaskList, type WorkerEvents, Logger as WorkerLogger } from 'graphile-worker';
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
  const list: TaskList = Object.fromEntries(
    Object.entries(tasks).map(([name, work]) => [
      name,
      (payload, helpers) => work(payload, helpers.abortSignal as AbortSignal),
    ]),
  );
  const quiet = new WorkerLogger(() => (level, message) => {
    if (level === 'error' || level === 'warning') log.warn({ worker: message.slice(0, 500) }, 'job queue');
  });
  return keepRunning(
    () =>
      startQueue(pools, log, {
        pgPool: pools.platform,
        taskList: list,
        crontab: every.map(hourly).join('\n'),
        concurrency: 2,
        pollInterval: 2_000,
        noHandleSignals: true,
        logger: quiet,
        preset: { worker: { gracefulShutdownAbortTimeout: GRACE } },
      }),
    log,
  );
}

interface Queue extends Worker {
  /** Settles when it has stopped, for whatever reason. */
  ended: Promise<void>;
}

async function startQueue(pools: Pools, log: Logger, options: RunnerOptions): Promise<Queue> {
  const events = new EventEmitter() as WorkerEvents;
  const mine: string[] = [];
  // Jobs are held in the name of the pool, not of the worker inside it that runs them.
  events.on('pool:create', ({ workerPool }) => mine.push(workerPool.id));
  const runner = await run({ ...options, events });
  const watch = await watchForDeadWorkers(pools, log, mine).catch(async (error: Error) => {
    await runner.stop().catch(() => {});
    throw error;
  });
  return {
    ended: runner.promise,
    stop: async () => {
      await runner.stop().catch(() => {}); // it may have stopped by itself
      await watch.stop();
    },
  };
}

/** Pauses before a queue that stopped by itself is started again: doubled from the first to the last, in ms. */
const PAUSE = { first: 1_000, last: 30_000 };

/**
 * The queue gives up for good when the database is away at a wrong moment, such as when an hourly task is due; then it is
 * started again, as often as it takes.
 * @throws what the first start throws
 */
async function keepRunning(begin: () => Promise<Queue>, log: Logger): Promise<Worker> {
  const stopping = new AbortController();
  let queue: Queue | null = await begin();
  const keep = async () => {
    for (let pause = PAUSE.first; !stopping.signal.aborted; pause = Math.min(pause * 2, PAUSE.last)) {
      const began = Date.now();
      await queue?.ended.catch(() => {});
      if (stopping.signal.aborted) return;
      if (Date.now() - began > PAUSE.last) pause = PAUSE.first;
      log.error('the job queue stopped by itself and is started again');
      await queue?.stop();
      queue = null;
      await sleep(pause, undefined, { signal: stopping.signal }).catch(() => {});
      if (stopping.signal.aborted) return;
      queue = await begin().catch((error: Error) => {
        log.error({ err: error }, 'the job queue cannot be started');
        return null;
      });
    }
  };
  const kept = keep();
  return {
    stop: async () => {
      stopping.abort();
      await queue?.stop();
      await kept;
    },
  };
}

/** How often dead workers are looked for, in ms. */
const LOOK_EVERY = 15_000;
const LIFE = `hashtextextended($1, 7269848)`;

/**
 * A killed process cannot give its jobs back, and the queue itself waits four hours before it believes that. So every
 * worker holds an advisory lock named after it for as long as its process lives: whoever gets the lock of a worker that
 * still holds a job knows that it is dead, and gives the job back.
 */
async function watchForDeadWorkers(pools: Pools, log: Logger, mine: readonly string[]): Promise<Worker> {
  let client = await pools.alone();
  const live = async () => {
    for (const id of mine) await client.query(`select pg_advisory_lock_shared(${LIFE})`, [id]);
  };
  await live();
  const look = async () => {
    const { rows } = await client.query<{ id: string }>(
      'select distinct locked_by as id from graphile_worker._private_jobs where locked_by is not null',
    );
    const others = rows.map((row) => row.id).filter((id) => !mine.includes(id));
    for (const id of others) {
      const { rows: got } = await client.query<{ dead: boolean }>(`select pg_try_advisory_lock(${LIFE}) as dead`, [id]);
      if (!got[0]?.dead) continue;
      await client.query('select graphile_worker.force_unlock_workers($1)', [[id]]);
      // As the queue itself says that there is work; else idle workers would see it at their next poll.
      await client.query(`select pg_notify('jobs:insert', '{"count":2}')`);
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
    stop: async () => {
      clearInterval(timer);
      await client.end().catch(() => {});
    },
  };
}
