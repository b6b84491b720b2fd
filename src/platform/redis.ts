import type { Logger } from './log.ts';

/** Silence on the socket after which the server counts as gone, in ms; a ping a second keeps a live one talking. */
const SILENCE = 3_000;
/** For whom nobody says how long to wait for the first connection, in ms. */
const PATIENCE = 15_000;

/** A connection that takes so long is told of, in ms. */
const TOLD_AFTER = 300;

/** The package is loaded by those who use it: its 700 files take as long as a fifth of a start. */
const connectTo = async (url: string, log: Logger, until: number) => {
  const { createClient } = await import('redis');
  let reached = false;
  const client = createClient({
    url,
    // A command for a server that is away fails at once: a page that waits for Redis would hold a connection.
    disableOfflineQueue: true,
    // None waits to be sent then, and a server that is silent is noticed below: a timer for each command says nothing more.
    commandOptions: { timeout: undefined as never },
    pingInterval: 1_000,
    socket: {
      connectTimeout: SILENCE,
      socketTimeout: SILENCE,
      reconnectStrategy: (tries, cause) => (reached || Date.now() < until ? Math.min(100 * 2 ** tries, 1_000) : cause),
    },
  });
  client.on('ready', () => {
    reached = true;
  });
  // Without this listener a lost connection ends the process.
  client.on('error', (error) => log.warn({ err: error }, 'Redis does not answer'));
  return client;
};

export type Redis = Awaited<ReturnType<typeof connectTo>>;

/**
 * Connects to Redis; later losses are repaired in the background while commands fail fast.
 * @param url redis:// or rediss://
 * @param patience how long the first connection may take, in ms
 * @param tell called with the reason while it waits for it
 * @throws Error when the server cannot be reached by then
 */
export async function openRedis(
  url: string,
  log: Logger,
  patience = PATIENCE,
  tell?: (reason: string) => void,
): Promise<Redis> {
  const client = await connectTo(url, log, Date.now() + patience);
  const waiting = setTimeout(() => tell?.('Redis cannot be reached'), TOLD_AFTER);
  try {
    await client.connect();
  } catch (error) {
    throw new Error(`Redis cannot be reached: ${(error as Error).message}`, { cause: error });
  } finally {
    clearTimeout(waiting);
  }
  return client;
}
