import type { Logger } from './log.ts';
import type { Pools } from './postgres.ts';

/** The one channel of PostgreSQL's LISTEN and NOTIFY that all processes share. */
const CHANNEL = 'rapport_live';
/** Pauses between tries to listen again: doubled from the first to the last, in ms. */
const PAUSE = { first: 200, last: 10_000 };
/** How often a connection that hears nothing is asked whether it still lives, and how long it may take, in ms. */
const PING = { every: 30_000, within: 10_000 };

/** The open transaction of a change, as the tenant's door to the data offers it. */
interface Transaction {
  run(text: string, values: Record<string, unknown>): Promise<unknown>;
}

/**
 * Tells every process that something changed, when the transaction of the change commits, and not at all when it is
 * rolled back. Says that, never what: whoever hears it asks again, under its own rights.
 * Commits that announce wait for each other, so a stream of small changes should announce now and then, not each time.
 * @param topic `kind` or `kind:id`, such as `import:0192…`; the tenant is the transaction's own
 */
export async function announce(db: Transaction, topic: string): Promise<void> {
  await db.run(`/* live.announce */ select pg_notify('${CHANNEL}', :tenant::text || ' ' || :topic::text)`, { topic });
}

export interface Live {
  /**
   * Calls `listener` after each announcement of the topic in this tenant, from any process; also whenever listening
   * begins again, because something may have been missed until then. @returns how to stop
   */
  subscribe(tenant: string, topic: string, listener: () => void): () => void;
  /** Whether announcements arrive right now. */
  listening(): boolean;
  close(): Promise<void>;
}

/**
 * What is announced anywhere, heard here: over one connection of this process, opened for the first subscriber and opened
 * again, with growing pauses, whenever it is lost.
 */
export function openLive(pools: Pick<Pools, 'alone'>, log: Logger): Live {
  const listeners = new Map<string, Set<() => void>>();
  const stopping = new AbortController();
  let running: Promise<void> | null = null;
  let heard = false;

  const tell = (set: Iterable<() => void> | undefined) => {
    for (const listener of set ?? []) listener();
  };

  /** Listens until the connection is lost or everything stops. @throws what the connection says */
  const listen = async () => {
    const client = await pools.alone();
    const ended = new Promise<void>((resolve) => client.once('end', () => resolve()));
    try {
      client.on('notification', ({ payload }) => tell(listeners.get(payload ?? '')));
      await client.query(`listen ${CHANNEL}`);
      heard = true;
      for (const set of listeners.values()) tell(set);
      while (!stopping.signal.aborted && (await within(PING.every, ended, stopping.signal)) === 'late') {
        if ((await within(PING.within, client.query('select 1'), stopping.signal)) === 'late') break;
      }
    } finally {
      heard = false;
      await within(PING.within, client.end());
    }
  };
  const run = async () => {
    for (let pause = PAUSE.first; !stopping.signal.aborted; pause = Math.min(pause * 2, PAUSE.last)) {
      const began = Date.now();
      await listen().catch((error: Error) => log.warn({ err: error }, 'cannot listen for live changes'));
      if (Date.now() - began > PAUSE.last) pause = PAUSE.first;
      await within(pause, new Promise(() => {}), stopping.signal);
    }
  };

  return {
    subscribe: (tenant, topic, listener) => {
      const name = key(tenant, topic);
      const set = listeners.get(name) ?? new Set();
      listeners.set(name, set.add(listener));
      running ??= run();
      return () => {
        set.delete(listener);
        if (!set.size && listeners.get(name) === set) listeners.delete(name);
      };
    },
    listening: () => heard,
    close: async () => {
      stopping.abort();
      await running;
    },
  };
}

/** The announcement as it travels. */
const key = (tenant: string, topic: string): string => `${tenant} ${topic}`;

/** Waits for work, its failure included, but not for longer than so many ms or than the signal allows. */
function within(ms: number, work: Promise<unknown>, signal?: AbortSignal): Promise<'done' | 'late'> {
  return new Promise((resolve) => {
    const finish = (how: 'done' | 'late') => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', stop);
      resolve(how);
    };
    const stop = () => finish('done');
    const timer = setTimeout(() => finish('late'), ms);
    timer.unref();
    if (signal?.aborted) return stop();
    signal?.addEventListener('abort', stop);
    work.then(stop, stop);
  });
}
