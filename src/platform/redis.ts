import { createClient } from 'redis';
import type { Logger } from './log.ts';

/** Silence on the socket after which the server counts as gone, in ms; a ping a second keeps a live one talking. */
const SILENCE = 3_000;
/** Tries to reach the server before the start is given up. */
const FIRST_TRIES = 20;

const connectTo = (url: string, log: Logger) => {
  let reached = false;
  const client = createClient({
    url,
    // A command for a server that is away fails at once: a page that waits for Redis would hold a connection.
    disableOfflineQueue: true,
    pingInterval: 1_000,
    socket: {
      connectTimeout: SILENCE,
      socketTimeout: SILENCE,
      reconnectStrategy: (tries, cause) => (reached || tries < FIRST_TRIES ? Math.min(100 * 2 ** tries, 1_000) : cause),
    },
  });
  client.on('ready', () => {
    reached = true;
  });
  // Without this listener a lost connection ends the process.
  client.on('error', (error) => log.warn({ err: error }, 'Redis does not answer'));
  return client;
};

export type Redis = ReturnType<typeof connectTo>;

/**
 * Connects to Redis; later losses are repaired in the background while commands fail fast.
 * @param url redis:// or rediss://
 * @throws Error when the server cannot be reached within about 15 s
 */
export async function openRedis(url: string, log: Logger): Promise<Redis> {
  const client = connectTo(url, log);
  await client.connect();
  return client;
}
