// Several processes of one installation on one machine: the primary starts them, shares the port out, replaces the dead.
import cluster, { type Worker as Fork } from 'node:cluster';
import { setTimeout as sleep } from 'node:timers/promises';
import { AggregatorRegistry } from 'prom-client';
import type { Logger } from './log.ts';

/** Pauses before a process that ended is started again: doubled from the first to the last, in ms. */
const PAUSE = { first: 250, last: 10_000 };
/** A process that lived so long ended by accident, and is replaced at once, in ms. */
const LONG = 30_000;
/** Starts that may fail in a row before the whole is given up, for a process that never served. */
const FIRST_STARTS = 3;
/** How long the metrics of all processes are waited for, in ms: longer than one of them takes to start. */
const METRICS_PATIENCE = 6_000;
const STOP = 'rapport:stop';
const READY = 'rapport:ready';
const METRICS = 'rapport:metrics';

/** Whether this process was started by a primary, which also says when it has to stop. */
export const isFork: boolean = cluster.isWorker;

/** What processes of one installation tell each other. */
type Message =
  | { kind: typeof READY; url: string }
  | { kind: typeof STOP }
  | { kind: typeof METRICS; id: number; text?: string };

const isMessage = (value: unknown): value is Message => String((value as Message | null)?.kind).startsWith('rapport:');

/** Tells the primary that this process serves; nothing to tell where there is none. */
export function reportReady(url: string): void {
  if (isFork) process.send?.({ kind: READY, url } satisfies Message);
}

/** Calls `stop` when the primary says so. The channel to it keeps this process alive, as listening goes through it. */
export function onStopFromPrimary(stop: () => void): void {
  process.on('message', (message) => {
    if (isMessage(message) && message.kind === STOP) stop();
  });
}

export interface Supervised {
  url: string;
  /** Stops all of them in order. @throws Error when one had to be killed or failed while stopping */
  stop(): Promise<void>;
}

/**
 * Starts a process for each entry and resolves when all of them serve. From then on each is replaced when it ends, with
 * growing pauses while it ends soon.
 * @param places what is added to the environment of each process, which otherwise is ours
 * @param patience how long a process may take to stop before it is killed, in ms
 * @throws Error when one of them cannot start, after a few tries; the others are stopped then
 */
export async function supervise(
  places: readonly Record<string, string>[],
  log: Logger,
  patience: number,
): Promise<Supervised> {
  // Each takes its connections from the kernel by itself. Handed out by the primary, one that is on its way to a process
  // that dies would never be answered.
  cluster.schedulingPolicy = cluster.SCHED_NONE;
  answerMetrics();
  const running: Place[] = [];
  const served = () => running.some((place) => place.serves);
  for (const env of places) running.push(new Place(env, log, served));
  const stop = async () => {
    const clean = await Promise.all(running.map((place) => place.stop(patience)));
    if (!clean.every(Boolean)) throw new Error('not every process stopped in order');
  };
  try {
    const urls = await Promise.all(running.map((place) => place.ready));
    return { url: urls[0]!, stop };
  } catch (error) {
    await stop().catch(() => {});
    throw error;
  }
}

/** One process that is to be there always. */
class Place {
  readonly ready: Promise<string>;
  readonly #env: Record<string, string>;
  readonly #log: Logger;
  readonly #ready = Promise.withResolvers<string>();
  readonly #othersServe: () => boolean;
  /** Answers requests now. */
  serves = false;
  #fork: Fork | null = null;
  #served = false;
  /** Ends soon after a start, in a row. */
  #soon = 0;
  #stopping = false;

  constructor(env: Record<string, string>, log: Logger, othersServe: () => boolean) {
    this.#env = env;
    this.#log = log;
    this.#othersServe = othersServe;
    this.ready = this.#ready.promise;
    this.#start();
  }

  #start(): void {
    const began = Date.now();
    const fork = cluster.fork({ ...this.#env, RAPPORT_REPLACES: String(this.#othersServe()) });
    this.#fork = fork;
    fork.on('message', (message: unknown) => {
      if (!isMessage(message) || message.kind !== READY) return;
      this.#served = true;
      this.serves = this.#env.ROLE !== 'worker';
      this.#ready.resolve(message.url);
    });
    fork.on('error', (error) => this.#log.warn({ err: error, pid: fork.process.pid }, 'a process cannot be told'));
    fork.once('exit', (code, signal) => {
      this.#fork = null;
      this.serves = false;
      if (this.#stopping) return;
      this.#soon = Date.now() - began < LONG ? this.#soon + 1 : 0;
      this.#log.error({ pid: fork.process.pid, role: this.#env.ROLE, code, signal }, 'a process ended unexpectedly');
      if (!this.#served && this.#soon >= FIRST_STARTS)
        return this.#ready.reject(
          new Error(`its ${this.#env.ROLE} process ended ${this.#soon} times before it was ready; it said why above`),
        );
      const pause = this.#soon > 1 ? Math.min(PAUSE.first * 2 ** (this.#soon - 2), PAUSE.last) : 0;
      setTimeout(() => this.#stopping || this.#start(), pause);
    });
  }

  /** @returns whether it ended by itself and without a fault */
  async stop(patience: number): Promise<boolean> {
    this.#stopping = true;
    const fork = this.#fork;
    if (!fork) return true;
    const ended = new Promise<boolean>((resolve) => fork.once('exit', (code) => resolve(code === 0)));
    fork.send({ kind: STOP } satisfies Message, () => {});
    const late = new AbortController();
    const killed = sleep(patience, false, { signal: late.signal }).then(
      () => fork.process.kill('SIGKILL'),
      () => {},
    );
    const clean = await ended;
    late.abort();
    await killed;
    return clean;
  }
}

/** In the primary: adds up what all processes measured, for the one that was asked. */
function answerMetrics(): void {
  const all = new AggregatorRegistry();
  cluster.on('message', async (fork, message: unknown) => {
    if (!isMessage(message) || message.kind !== METRICS) return;
    const text = await all.clusterMetrics().catch(() => '');
    if (fork.isConnected()) fork.send({ kind: METRICS, id: message.id, text } satisfies Message, () => {});
  });
}

let asked = 0;

/**
 * What all processes of this installation measured together, on Prometheus' page.
 * @returns null where there are no others, or one of them does not answer
 */
export function metricsOfAll(): Promise<string | null> {
  if (!isFork) return Promise.resolve(null);
  asked += 1;
  const id = asked;
  return new Promise((resolve) => {
    const hear = (message: unknown) => {
      if (isMessage(message) && message.kind === METRICS && message.id === id) finish(message.text || null);
    };
    const finish = (text: string | null) => {
      process.off('message', hear);
      clearTimeout(timer);
      resolve(text);
    };
    const timer = setTimeout(() => finish(null), METRICS_PATIENCE);
    process.on('message', hear);
    process.send?.({ kind: METRICS, id } satisfies Message);
  });
}
