// How a process ends: by a signal, or because the one that started it is gone.

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
 */
export function stopOnSignals(stop: () => Promise<void>, deadlineMs: number = STOP_DEADLINE_MS): void {
  let stopping = false;
  const begin = () => {
    if (stopping) return;
    stopping = true;
    const late = () => {
      console.error(`could not stop within ${deadlineMs / 1000} s, ending anyway`);
      process.exit(1);
    };
    setTimeout(late, deadlineMs).unref();
    stop().then(
      () => process.exit(0),
      (error: unknown) => {
        console.error('failed while stopping:', error);
        process.exit(1);
      },
    );
  };
  const onSignal = () => (stopping ? process.exit(1) : begin());
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);
  onParentGone(begin);
}
