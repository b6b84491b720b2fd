import { setTimeout as sleep } from 'node:timers/promises';

/** Between tries, in ms. */
const PAUSE = 500;

/** Another try would end in the same way: a wrong password, a missing database. */
export class NoUse extends Error {}

/**
 * Tries until it works or the deadline has passed.
 * @param until ms since 1970
 * @param tell called once for every new reason why it does not work yet
 * @throws the last failure, at once when it is `NoUse`
 */
export async function tryUntil<T>(until: number, tell: (reason: string) => void, work: () => Promise<T>): Promise<T> {
  let told = '';
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (error instanceof NoUse || Date.now() >= until) throw error;
      const { message } = error as Error;
      if (message !== told) tell(message);
      told = message;
      await sleep(Math.min(PAUSE, Math.max(1, until - Date.now())));
    }
  }
}
