// A server that is frozen or cut off says nothing at all, and its own time-outs do not run: somebody else has to notice.
import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { Logger } from './log.ts';

/** A statement that takes so long makes us ask whether the server is still there, in ms. */
const LONG = 2_000;
/** How long it may take to say so, in ms. */
const PATIENCE = 3_000;
/** How often statements are looked at, and a server that answered is asked again, in ms. */
const EVERY = { look: 500, ask: 5_000 };

export interface ServerWatch {
  /** Tells of a statement. @returns what to call when it ended */
  began(client: pg.ClientBase): () => void;
  close(): void;
}

/**
 * Ends the connections whose statements wait for a server that does not answer anybody; the statements then fail as if the
 * server had gone, within six seconds. One that answers is given all the time that its own time-outs allow.
 */
export function watchServer(settings: pg.ClientConfig, log: Logger): ServerWatch {
  const waiting = new Map<pg.ClientBase, { since: number; statements: number }>();
  const late = () => [...waiting].filter(([, { since }]) => Date.now() - since > LONG);
  let next = 0;
  const look = async () => {
    if (Date.now() < next || !late().length) return;
    next = Number.POSITIVE_INFINITY;
    const there = await answers(settings);
    next = Date.now() + (there ? EVERY.ask : 0);
    if (there) return;
    const cut = late();
    log.warn({ statements: cut.length }, 'the database does not answer; its connections are given up');
    for (const [client] of cut) streamOf(client).destroy();
  };
  const timer = setInterval(() => void look(), EVERY.look);
  timer.unref();
  return {
    began: (client) => {
      const mine = waiting.get(client) ?? { since: Date.now(), statements: 0 };
      waiting.set(client, mine);
      mine.statements += 1;
      return () => {
        mine.statements -= 1;
        if (mine.statements) mine.since = Date.now();
        else waiting.delete(client);
      };
    },
    close: () => clearInterval(timer),
  };
}

const streamOf = (client: pg.ClientBase): { destroy(): void } =>
  (client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream;

/** Whether the server has anything to say to a new connection; that there are too many of them is an answer too. */
async function answers(settings: pg.ClientConfig): Promise<boolean> {
  const client = new pg.Client(settings);
  client.on('error', () => {});
  const asked = client
    .connect()
    .then(() => client.query('select 1'))
    .then(
      () => true,
      (error: unknown) => error instanceof pg.DatabaseError,
    );
  // When this process itself was busy for long, the answer lies in the socket and is read before we judge.
  const given_up = sleep(PATIENCE)
    .then(() => setImmediate())
    .then(() => setImmediate(false));
  const there = await Promise.race([asked, given_up]);
  streamOf(client).destroy();
  return there;
}
