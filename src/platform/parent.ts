// How a process ends: by a signal, because the one that started it says so or is gone, or by a fault of ours.
import { isFork, onStopFromPrimary } from './cluster.ts';

/** How long a graceful stop may take before the process ends anyway. */
const STOP_DEADLINE_MS = 20_000;

/**
 * Calls `stop` once when the process that started this one is gone, also when it was killed without a word.
 * Works for targets of `scripts/run.mjs` and for forked children (both have an IPC channel); else it never calls.
 * The channel alone does not keep this process alive.
 */
export function onParentGone(stop: () => void): void {
  if (process.send === undefined) return;
  if (!process.connected) {
    stop();
    return;
  }
  process.once('disconnect', stop);
  process.channel?.unref();
}

/**
 * Ends this process in order: on SIGINT, SIGTERM, SIGHUP or the parent's death it awaits `stop`, then exits with 0
 * (1 if `stop` failed or took longer than the deadline of 20 s). A second signal exits at once with 1.
 * A process of a cluster is stopped by its primary: a terminal sends its signals to all of them, and one stop is enough.
 * @returns begins the same stop; the process then exits with what is given
 */
export function stopOnSignals(
  stop: () => Promise<void>,
  deadlineMs: number = STOP_DEADLINE_MS,
): (exitCode: number) => void {
  let stopping = false;
  const begin = (exitCode: number) => {
    if (stopping) return;
    stopping = true;
    const late = () => {
      console.error(`could not stop within ${deadlineMs / 1000} s, ending anyway`);
      process.exit(1);
    };
    setTimeout(late, deadlineMs).unref();
    stop().then(
      () => process.exit(exitCode),
      (error: unknown) => {
        console.error('failed while stopping:', error);
        process.exit(1);
      },
    );
  };
  if (isFork) {
    onStopFromPrimary(() => begin(0)); // when the primary is gone, Node ends us at once
    process.on('SIGTERM', () => begin(0));
    for (const signal of ['SIGINT', 'SIGHUP'] as const) process.on(signal, () => {});
  } else {
    onParentGone(() => begin(0));
    const onSignal = () => (stopping ? process.exit(1) : begin(0));
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);
  }
  return begin;
}

/**
 * What nobody caught ends the process, but in order: it is told of, open requests are answered, and whoever supervises it
 * starts another one. A process in an unknown state must not go on.
 * @param tell returns whether it is harmless after all
 */
export function stopOnFault(begin: (exitCode: number) => void, tell: (error: unknown) => boolean): void {
  process.on('uncaughtException', (error) => {
    if (!tell(error)) begin(1);
  });
}

/** Standard output that is closed or full loses what is said, and nothing else. */
export function surviveLostOutput(): void {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
}
