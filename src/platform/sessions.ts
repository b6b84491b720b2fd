import { hash, randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import connectPgSimple from 'connect-pg-simple';
import { RedisStore } from 'connect-redis';
import type { CookieOptions, RequestHandler, Response } from 'express';
import session from 'express-session';
import type { Config } from '#src/config.ts';
import { Kept } from './kept.ts';
import type { Logger } from './log.ts';
import type { Pools } from './postgres.ts';
import type { Redis } from './redis.ts';

/** How often at most a session's expiry is pushed forward in the store, in ms. */
const TOUCH_EVERY = 60_000;
/** How many sessions are remembered as lately touched; forgetting them only costs a write. */
const TOUCHED_MOST = 50_000;

export interface Sessions {
  middleware: RequestHandler;
  /** Deletes a session from the store, so that its cookie stands for nobody. @param key what `storeKey` gave */
  destroy(key: string): Promise<void>;
  /** Takes the cookie away from the browser. */
  clearCookie(res: Response): void;
  close(): Promise<void>;
}

/** Under what a session is stored: a dump of the store yields no usable cookie. */
export const storeKey = (sid: string): string => hash('sha256', sid, 'base64url');

/** A session id of 192 random bits. */
export const newSid = (): string => randomBytes(24).toString('base64url');

const planned = new WeakMap<IncomingMessage, string>();

/** Says which id the next session of this request gets, so that its row can be written before the session exists. */
export function planSid(req: IncomingMessage, sid: string): void {
  planned.set(req, sid);
}

type Done = (error?: unknown) => void;
type Inner = {
  get(sid: string, done: (error: unknown, found?: session.SessionData | null) => void): unknown;
  set(sid: string, data: session.SessionData, done: Done): unknown;
  destroy(sid: string, done: Done): unknown;
  touch(sid: string, data: session.SessionData, done: Done): unknown;
};

/** The store failing is not a fault of the request: `code` makes the page say so (503). */
const asUnreachable = (error: unknown): Error =>
  Object.assign(new Error('the session store does not answer', { cause: error }), { code: 'ECONNREFUSED' });

/** Any session store, under hashed keys and with few writes. */
class HashedStore extends session.Store {
  readonly #inner: Inner;
  readonly #touchEvery: number;
  readonly #touched = new Kept<number>(TOUCHED_MOST);

  constructor(inner: Inner, touchEvery: number) {
    super();
    this.#inner = inner;
    this.#touchEvery = touchEvery;
  }

  override get(sid: string, done: (error: unknown, found?: session.SessionData | null) => void): void {
    this.#inner.get(storeKey(sid), (error, found) => (error ? done(asUnreachable(error)) : done(null, found)));
  }

  override set(sid: string, data: session.SessionData, done: Done = () => {}): void {
    this.#inner.set(storeKey(sid), data, (error) => done(error ? asUnreachable(error) : undefined));
  }

  override destroy(sid: string, done: Done = () => {}): void {
    this.#inner.destroy(storeKey(sid), (error) => done(error ? asUnreachable(error) : undefined));
  }

  /** connect-pg-simple would write on every request, which costs five of six requests (STACK.md, item 6). */
  override touch(sid: string, data: session.SessionData, done: Done = () => {}): void {
    const now = Date.now();
    if (now - (this.#touched.get(sid) ?? 0) < this.#touchEvery) {
      done();
      return;
    }
    this.#touched.set(sid, now);
    // The answer is ready; a store that fails now must not spoil it.
    this.#inner.touch(storeKey(sid), data, () => done());
  }
}

function postgresStore(pools: Pools, log: Logger) {
  const PgStore = connectPgSimple(session);
  return new PgStore({
    pool: pools.platform,
    tableName: 'http_sessions',
    createTableIfMissing: false,
    errorLog: (...told: unknown[]) => log.warn({ told: told.map(String) }, 'session store'),
  });
}

/**
 * Sessions of browsers, in Redis where there is one, else in PostgreSQL.
 * Idle expiry rolls with use; the absolute one stands in `user_sessions` and is checked with every request.
 */
export function openSessions(config: Config, pools: Pools, redis: Redis | null, log: Logger): Sessions {
  const postgres = redis ? null : postgresStore(pools, log);
  const inner = (postgres ?? new RedisStore({ client: redis, prefix: 'session:' })) as unknown as Inner;
  const name = config.secure ? '__Host-rapport' : 'rapport';
  const cookie: CookieOptions = { httpOnly: true, sameSite: 'lax', secure: config.secure, path: '/' };
  const middleware = session({
    store: new HashedStore(inner, Math.min(TOUCH_EVERY, config.session_idle_ms / 10)),
    name,
    secret: config.session_secret,
    genid: (req) => planned.get(req) ?? newSid(),
    resave: false,
    saveUninitialized: false,
    rolling: true,
    cookie: { ...cookie, maxAge: config.session_idle_ms } as session.CookieOptions,
  });
  return {
    middleware,
    destroy: (key) =>
      new Promise((resolve, reject) =>
        inner.destroy(key, (error) => (error ? reject(asUnreachable(error)) : resolve())),
      ),
    clearCookie: (res) => {
      res.clearCookie(name, cookie);
    },
    close: async () => {
      await postgres?.close();
    },
  };
}
