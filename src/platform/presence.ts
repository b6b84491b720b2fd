import { announceToAll, EVERYBODY, type Live } from './live.ts';
import type { Logger } from './log.ts';
import type { Pools } from './postgres.ts';

/** How often a process says that people open pages, and how long after that they still count as there, in ms. */
const TELL_EVERY = 1_000;
const REMEMBERED = 2_500;
const TOPIC = 'people';

export interface Presence {
  /** Somebody opened a page just now. */
  seen(): void;
  /** Whether anybody opened a page in the last seconds, in any process; always no where nobody listens. */
  lately(): boolean;
}

/**
 * Knows whether people are waiting for pages, so that work in the background can leave them a processor.
 * @param listens whether this process works in the background
 */
export function openPresence(pools: Pick<Pools, 'platform'>, live: Live, log: Logger, listens: boolean): Presence {
  let told = 0;
  let heard = 0;
  if (listens)
    live.subscribe(EVERYBODY, TOPIC, () => {
      heard = Date.now();
    });
  return {
    seen: () => {
      const now = Date.now();
      if (now - told < TELL_EVERY) return;
      told = now;
      announceToAll(pools.platform, TOPIC).catch((error: Error) =>
        log.warn({ err: error }, 'cannot tell that people are there'),
      );
    },
    lately: () => Date.now() - heard < REMEMBERED,
  };
}
