import { run, type TaskList, Logger as WorkerLogger } from 'graphile-worker';
import type { Logger } from './log.ts';
import type { Pools } from './postgres.ts';

/** How long running jobs may finish when the process stops, in ms; after that they go back to the queue. */
const GRACE = 8_000;

export interface Worker {
  /** Stops picking up, lets jobs finish or hands them back. */
  stop(): Promise<void>;
}

/**
 * Picks up jobs from the queue in PostgreSQL. At least once: a job whose process died runs again.
 * @param tasks name -> what to do; throwing makes it run again later, with growing pauses
 */
export async function startWorker(
  pools: Pools,
  log: Logger,
  tasks: Record<string, (payload: unknown, signal: AbortSignal) => Promise<void>>,
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
  const runner = await run({
    pgPool: pools.platform,
    taskList: list,
    concurrency: 2,
    pollInterval: 2_000,
    noHandleSignals: true,
    logger: quiet,
    preset: { worker: { gracefulShutdownAbortTimeout: GRACE } },
  });
  return {
    stop: async () => {
      await runner.stop();
    },
  };
}
