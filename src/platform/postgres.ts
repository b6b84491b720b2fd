import { channel } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import pg from 'pg';
import type { Logger } from 'pino';
import { type ServerWatch, watchServer } from './postgres_watch.ts';
import { PreparedQuery } from './prepared_query.ts';
import { ROLES } from './roles.ts';

/** Longest a statement may run, in ms, unless its transaction says otherwise. */
const STATEMENT_TIMEOUT = 10_000;
/** Longest a request waits for a connection, new or of the pool, in ms. */
const CONNECT_TIMEOUT = 5_000;
/** Statements slower than this are logged by name, in ms. */
export const SLOW_STATEMENT = 200;

export interface Pools {
  /** role rapport_app: everything a tenant's request does */
  app: pg.Pool;
  /** role rapport_platform: sign-in, sessions, jobs, health */
  platform: pg.Pool;
  /** a platform connection outside the pool, for what holds it for long; whoever asks ends it */
  alone(): Promise<pg.Client>;
  end(): Promise<void>;
}

// Dates and times stay text: a JS Date moves a DATE by the process's zone and drops microseconds, which keyset paging needs.
const AS_TEXT = new Set([1082, 1114, 1184]);
const types: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format: 'text') =>
    AS_TEXT.has(oid) ? (value: string) => value : pg.types.getTypeParser(oid, format)) as never,
};

/** A name for the log: the leading comment of a statement, else its beginning. Never its values. */
export const statementName = (text: string): string =>
  /^\/\* ([\w.:-]+) \*\//.exec(text)?.[1] ?? text.replace(/\s+/g, ' ').slice(0, 80);

const textOf = (statement: unknown): string =>
  typeof statement === 'string' ? statement : ((statement as { text?: string } | null)?.text ?? '');

/** Ends the name of a statement that has to be planned for its own values, however often it was sent. */
export const FRESH = ':fresh';

/**
 * Every connection keeps its prepared statements for good, so only so many texts get a name. Inserts are another text with
 * every choice of columns; they must not take the names of what is asked all day.
 */
const PREPARED_MOST = { s: 300, i: 100 };
const prepared = { s: new Map<string, string>(), i: new Map<string, string>() };

/** What may be prepared, and as what. A statement that returns whatever columns there are fails once there is another one. */
function preparedAs(text: string): keyof typeof prepared | null {
  if (text.startsWith('/* ')) return statementName(text).endsWith(FRESH) ? null : 's';
  return text.startsWith('insert into ') && text.includes(' returning ') && !text.endsWith(' *') ? 'i' : null;
}

/** A labelled statement, or an insert, with bound values gets a name: PostgreSQL parses and plans it once a connection. */
function prepare(statement: unknown, text: string): unknown {
  const kind = typeof statement === 'object' && statement !== null && preparedAs(text);
  if (!kind) return statement;
  const names = prepared[kind];
  if (!names.has(text) && names.size < PREPARED_MOST[kind]) names.set(text, `${kind}${names.size}`);
  const name = names.get(text);
  return name ? new PreparedQuery({ ...statement, name }, types) : statement;
}

/** Whoever listens hears the text of every statement that is sent, without values. Nobody does but the tests. */
const sent = channel('rapport.statement');

/**
 * Statements that are asked for at the same time leave in one piece: each write costs about as much as a small statement.
 */
function gather(client: pg.ClientBase): void {
  const { stream } = (client as unknown as { connection: { stream: Socket } }).connection;
  stream.cork();
  process.nextTick(() => stream.uncork());
}

/** PostgreSQL's code for whatever comes behind a statement that failed, until the transaction ends. */
const ABORTED = '25P02';

/** Statements that were sent together fail together, and each says why the first of them failed. */
function reasons(): (error: unknown) => unknown {
  let first: unknown;
  return (error) => {
    if ((error as { code?: string }).code !== ABORTED) first = error;
    return first ?? error;
  };
}

/** Connections whose last word was a COMMIT that nobody waits for. */
const committing = new WeakSet<pg.ClientBase>();

/** Ends a transaction that wrote nothing; the connection can be released at once. */
export function commitBehind(client: pg.ClientBase): void {
  committing.add(client);
  const answered = () => committing.delete(client);
  client.query('commit').then(answered, answered); // one that was cut is noticed by whoever uses it next
}

function watch(pool: pg.Pool, server: ServerWatch, log: Logger): pg.Pool {
  // Without this listener a restart of PostgreSQL ends the process.
  pool.on('error', (error) => log.warn({ err: error }, 'idle database connection failed'));
  // A connection released inside a transaction would carry one tenant's setting into the next request.
  pool.on('release', (_error, client) => {
    const { getTransactionStatus: status } = client as unknown as { getTransactionStatus(): string | null };
    if (!committing.has(client) && status.call(client) !== 'I') void client.end();
  });
  pool.on('connect', (client) => {
    client.on('error', (error) => log.warn({ err: error }, 'database connection failed'));
    let reason = reasons();
    const query = client.query.bind(client) as (...args: unknown[]) => unknown;
    (client as { query: unknown }).query = (...args: unknown[]) => {
      const started = performance.now();
      const text = textOf(args[0]);
      if (sent.hasSubscribers) sent.publish(text);
      const asked = prepare(args[0], text);
      args[0] = asked;
      gather(client);
      if (text.startsWith('begin')) reason = reasons();
      const ended = server.began(client);
      const note = <T>(answer: T): T => {
        ended();
        const ms = performance.now() - started;
        if (ms > SLOW_STATEMENT) log.warn({ statement: statementName(text), ms: Math.round(ms) }, 'slow statement');
        return answer;
      };
      const failed = (error: Error) => {
        Error.captureStackTrace(error); // leads to who asked, not to the socket
        throw note(reason(error));
      };
      const done = args.at(-1);
      if (typeof done === 'function') {
        args[args.length - 1] = (error: unknown, answer: unknown) => done(note(error && reason(error)), answer);
        return query(...args);
      }
      if (asked instanceof PreparedQuery) {
        const answered = new Promise((resolve, reject) => {
          asked.callback = (error, answer) => (error ? reject(error) : resolve(answer));
        });
        query(asked);
        return answered.then(note, failed);
      }
      const result = query(...args);
      if (result instanceof Promise) return result.then(note, failed);
      ended(); // a cursor: it takes its rows when it likes
      return result;
    };
  });
  return pool;
}

/**
 * Opens both pools on one URL; each connection takes its role at start, so an unprivileged or a privileged login serve
 * alike (decision 0003).
 * @param most connections of the app pool; the platform pool has a third of it, at least three
 */
export function openPools(databaseUrl: string, log: Logger, most = 10): Pools {
  const settings = (role: string) => ({
    connectionString: databaseUrl,
    types,
    connectionTimeoutMillis: CONNECT_TIMEOUT,
    // A connection that was cut without a word, as firewalls do, is noticed within about 20 s.
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    // Compiling a statement (jit) takes longer than nearly all of ours run.
    options: `-c role=${role} -c statement_timeout=${STATEMENT_TIMEOUT} -c idle_in_transaction_session_timeout=30000 -c lock_timeout=5000 -c jit=off -c timezone=UTC`,
  });
  const server = watchServer(settings(ROLES.platform), log);
  // In a pipeline nothing waits for the answer before it (decision 0010).
  const open = (role: string, max: number, pipeline: boolean) =>
    watch(new pg.Pool({ ...settings(role), max, idleTimeoutMillis: 30_000, pipeline } as pg.PoolConfig), server, log);
  const app = open(ROLES.app, most, true);
  const platform = open(ROLES.platform, Math.max(3, Math.ceil(most / 3)), false);
  return {
    app,
    platform,
    alone: async () => {
      const client = new pg.Client(settings(ROLES.platform));
      client.on('error', (error) => log.warn({ err: error }, 'database connection failed'));
      await client.connect();
      return client;
    },
    end: async () => {
      await Promise.all([app.end(), platform.end()]);
      server.close();
    },
  };
}
