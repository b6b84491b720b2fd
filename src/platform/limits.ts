import { createHmac } from 'node:crypto';
import { isIPv6 } from 'node:net';
import {
  type RateLimiterAbstract,
  RateLimiterMemory,
  RateLimiterPostgres,
  RateLimiterRedis,
  RateLimiterRes,
} from 'rate-limiter-flexible';
import type { Config } from '#src/config.ts';
import type { Pools } from './postgres.ts';
import type { Redis } from './redis.ts';

/**
 * How many tries in how many seconds.
 *
 * Signing in is counted thrice, wrong tries only: one account from one address; everything from one address; and one
 * account from everywhere, against guessing from many addresses. The last would let anybody lock a victim out, so a
 * browser that has signed in to the account before is counted on its own (`sign_in_device`) and never meets it.
 */
const RULES = {
  sign_in_account: { points: 10, seconds: 600 },
  sign_in_address: { points: 60, seconds: 600 },
  sign_in_everywhere: { points: 30, seconds: 900 },
  sign_in_device: { points: 10, seconds: 600 },
  sso_start: { points: 60, seconds: 600 },
  sso_check: { points: 60, seconds: 600 },
  api: { points: 1_200, seconds: 60 },
} as const;

export type LimitKind = keyof typeof RULES;

export interface Limits {
  /** Counts a try. @throws TooManyTries when there were too many */
  consume(kind: LimitKind, key: string): Promise<void>;
  /** Counts nothing. @throws TooManyTries when there were too many already */
  check(kind: LimitKind, key: string): Promise<void>;
  /** Forgets all tries. */
  reset(kind: LimitKind, key: string): Promise<void>;
}

/** A limit is reached; `seconds` until the next try may succeed. */
export class TooManyTries extends Error {
  readonly seconds: number;

  constructor(seconds: number) {
    super('too many tries');
    this.name = 'TooManyTries';
    this.seconds = seconds;
  }
}

/** Who an address belongs to: a whole IPv6 /64 is one customer of a provider, who could change the rest at will. */
export function addressKey(ip: string | undefined): string {
  const plain = (ip ?? 'unknown').replace(/^::ffff:(?=\d+\.)/i, '');
  if (!isIPv6(plain)) return plain;
  const [head = '', tail = ''] = plain.split('%')[0]!.split('::');
  const front = head ? head.split(':') : [];
  const back = tail ? tail.split(':') : [];
  const filled = plain.includes('::') ? Array<string>(Math.max(0, 8 - front.length - back.length)).fill('0') : [];
  return [...front, ...filled, ...back].slice(0, 4).join(':');
}

/**
 * Limits shared by all processes, in Redis or in PostgreSQL (table rate_limits). While the store is away each process
 * counts in its own memory: the limits get coarser, never absent. Keys are stored as keyed hashes.
 */
export function openLimits(config: Config, pools: Pools, redis: Redis | null): Limits {
  const limiters = new Map<string, RateLimiterAbstract>();
  for (const [kind, rule] of Object.entries(RULES)) {
    const common = { keyPrefix: kind, points: rule.points, duration: rule.seconds };
    const insuranceLimiter = new RateLimiterMemory(common);
    limiters.set(
      kind,
      redis
        ? new RateLimiterRedis({
            ...common,
            insuranceLimiter,
            storeClient: redis,
            useRedisPackage: true,
            rejectIfRedisNotReady: true, // its transactions would wait for the server to come back
          })
        : new RateLimiterPostgres({
            ...common,
            insuranceLimiter,
            storeClient: pools.platform,
            storeType: 'pool',
            tableName: 'rate_limits',
            tableCreated: true,
            clearExpiredByTimeout: kind === 'api', // one sweeper serves the whole table
          }),
    );
  }
  const of = (kind: LimitKind) => limiters.get(kind)!;
  const hashed = (key: string) =>
    createHmac('sha256', config.session_secret).update(`limit:${key}`).digest('base64url');
  return {
    consume: async (kind, key) => {
      try {
        await of(kind).consume(hashed(key));
      } catch (error) {
        if (error instanceof RateLimiterRes) throw new TooManyTries(Math.max(1, error.msBeforeNext / 1_000));
        throw error;
      }
    },
    check: async (kind, key) => {
      const found = await of(kind).get(hashed(key));
      if (found && found.consumedPoints >= RULES[kind].points)
        throw new TooManyTries(Math.max(1, found.msBeforeNext / 1_000));
    },
    reset: async (kind, key) => {
      await of(kind).delete(hashed(key));
    },
  };
}

/** Most callers that wait for one turn; more are turned away at once. */
const MOST_WAITING = 300;

/**
 * Runs work for the same key one after another, within this process. Where a limit is checked first and counted after,
 * this is what keeps a hundred tries at the same instant from all passing the check.
 */
export class Turns {
  readonly #last = new Map<string, { done: Promise<unknown>; waiting: number }>();

  /** @throws TooManyTries when too many wait already; what `work` throws */
  async take<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.#last.get(key);
    if (before && before.waiting >= MOST_WAITING) throw new TooManyTries(5);
    const result = before ? before.done.then(work, work) : work();
    const mine = { done: result, waiting: (before?.waiting ?? 0) + 1 };
    this.#last.set(key, mine);
    try {
      return await result;
    } finally {
      const last = this.#last.get(key)!;
      if (last === mine) this.#last.delete(key);
      else last.waiting -= 1;
    }
  }
}
