import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { createApp } from './app.ts';
import { type Config, ConfigError, processEnvironment, readConfig } from './config.ts';
import { readable, tooMany } from './kernel/errors.ts';
import { type FrameParts, PageFrames } from './kernel/frame.ts';
import type { Platform } from './kernel/http.ts';
import { NobodyAsks, runJob } from './kernel/jobs.ts';
import { configureTemplates } from './kernel/templates.ts';
import { withRecords } from './modules/home/record_watch.service.ts';
import { frameParts, modules } from './modules/index.ts';
import { loadAssets } from './platform/assets.ts';
import { isFork, reportReady, supervise } from './platform/cluster.ts';
import { openEventStreams } from './platform/event_streams.ts';
import { startWorker, type Worker } from './platform/jobs.ts';
import { openLimits } from './platform/limits.ts';
import { type Live, openLive } from './platform/live.ts';
import { createLog, type Logger } from './platform/log.ts';
import { createMetrics } from './platform/metrics.ts';
import { stopOnFault, stopOnSignals, surviveLostOutput } from './platform/parent.ts';
import { NoUse, tryUntil } from './platform/patience.ts';
import { openPools, type Pools } from './platform/postgres.ts';
import { openRedis, type Redis } from './platform/redis.ts';
import { schemaProblem } from './platform/schema.ts';
import { openSessions } from './platform/sessions.ts';
import { openWebServer } from './platform/web_server.ts';
import { upkeep } from './upkeep.ts';

/** How long a graceful stop may take beside the notice, in ms: jobs and open requests have ten seconds of it. */
const STOP_DEADLINE = 20_000;

export interface Running {
  url: string;
  platform: Platform;
  stop(): Promise<void>;
}

/**
 * Starts the process: configuration, connections, web server and worker as ROLE says. It listens at once and says 503 until
 * PostgreSQL, the schema and Redis are there; where others serve on the same port, it listens when they are.
 * @param tell called with what it waits for
 * @throws ConfigError with every problem named; Error when the port is taken or something was not there in START_SECONDS
 */
export async function start(
  environment: Record<string, string | undefined>,
  tell: (reason: string) => void = () => {},
): Promise<Running> {
  const config = readConfig(environment);
  const log = logOf(config, environment);
  configureTemplates({
    dir: path.join(import.meta.dirname, '../views'),
    strict: config.mode !== 'production',
    cache: config.mode !== 'demo',
  });
  const state = { stopping: false, waits: 'starting' };
  const closes: (() => Promise<unknown>)[] = [];
  /** Stops what works, both kinds at the same time; nothing works yet while the process is starting. */
  let quit: () => Promise<unknown> = async () => undefined;
  const stop = async () => {
    if (state.stopping) return;
    state.stopping = true; // not ready first, so that a balancer looks away before the listener closes
    for (const step of [quit, ...closes.reverse()])
      await step().catch((error: Error) => log.warn({ err: error }, 'while stopping'));
  };
  try {
    const listen = async () => {
      const opened = config.role === 'worker' ? null : await openWebServer(config, () => state.waits);
      quit = async () => opened?.stop(0, () => {});
      return opened;
    };
    const early = config.replaces ? null : await listen();
    const { pools, redis } = await connect(config, log, closes, (reason) => {
      state.waits = reason;
      tell(reason);
    });
    const web = early ?? (await listen());
    const live = openLive(pools, log);
    closes.push(() => live.close());
    const platform = buildPlatform(config, log, pools, redis, live);
    closes.push(() => platform.sessions.close());
    const url = config.base_url || (web?.url ?? '');
    config.base_url = url;
    const worker = config.role === 'web' ? null : await work(platform);
    web?.serve(createApp(platform, { ready: () => readiness(state, pools, redis) }));
    // Event streams would keep the server open until the very end.
    const closeStreams = () => platform.events.close();
    quit = () => Promise.all([web?.stop(config.stop_notice_ms, closeStreams), worker?.stop()]);
    log.info({ url: web?.url, role: config.role }, 'started');
    return { url: web?.url ?? url, platform, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

const logOf = (config: Config, environment: Record<string, string | undefined>): Logger =>
  createLog(environment.LOG_LEVEL ? config.log_level : config.mode === 'production' ? 'info' : 'warn');

/** Waits for PostgreSQL with the right schema, and for Redis. @throws Error with what is missing */
async function connect(
  config: Config,
  log: Logger,
  closes: (() => Promise<unknown>)[],
  tell: (reason: string) => void,
): Promise<{ pools: Pools; redis: Redis | null }> {
  const until = Date.now() + config.start_ms;
  const pools = openPools(config.database_url, log, config.database_pool);
  closes.push(() => pools.end());
  await tryUntil(until, tell, () => checkSchema(pools));
  if (!config.redis_url) return { pools, redis: null };
  const redis = await openRedis(config.redis_url, log, Math.max(until - Date.now(), 1), tell);
  closes.push(async () => redis.destroy());
  return { pools, redis };
}

/** Wrong in a way that waiting does not mend: no such login or database, or a wrong password. */
const NO_USE = /^(28|3D)/;

async function checkSchema(pools: Pools): Promise<void> {
  const problem = await schemaProblem(pools.platform).catch((error: Error & { code?: string }) => {
    const Reason = NO_USE.test(error.code ?? '') ? NoUse : Error;
    throw new Reason(`The database cannot be reached: ${error.message || error.code}`, { cause: error });
  });
  if (problem) throw new Error(problem);
}

function buildPlatform(config: Config, log: Logger, pools: Pools, redis: Redis | null, live: Live): Platform {
  const limits = openLimits(config, pools, redis);
  const events = openEventStreams(withRecords(live, pools.app, log, config.live_look_ms), config.live_heartbeat_ms);
  const parts: FrameParts = { ...frameParts(), assets: loadAssets({ reload: config.mode === 'demo' }) };
  return {
    config,
    log,
    pools,
    metrics: createMetrics(pools, events),
    limits,
    sessions: openSessions(config, pools, redis, log),
    events,
    assets: parts.assets,
    origin: () => config.base_url,
    limitToken: async (id) => {
      await limits.consume('api', id).catch((error: { seconds?: number }) => {
        throw typeof error.seconds === 'number' ? tooMany(error.seconds) : error;
      });
    },
    frames: (req, res, who) =>
      new PageFrames(
        parts,
        { path: req.path, nonce: String(res.locals.nonce), q: typeof req.query.q === 'string' ? req.query.q : '' },
        { ...who, can_switch: (req.session?.rapport?.proven.length ?? 0) > 1 },
      ),
  };
}

async function readiness(state: { stopping: boolean }, pools: Pools, redis: Redis | null): Promise<string | null> {
  if (state.stopping) return 'stopping';
  const within = <T>(work: Promise<T>) =>
    Promise.race([work, new Promise((_, reject) => setTimeout(() => reject(new Error('too slow')), 2_000).unref())]);
  try {
    await within(pools.platform.query('select 1'));
  } catch {
    return 'the database does not answer';
  }
  try {
    if (redis) await within(redis.ping());
  } catch {
    return 'Redis does not answer';
  }
  return null;
}

function work(platform: Platform): Promise<Worker> {
  type Task = (payload: unknown, signal: AbortSignal) => Promise<void>;
  const watched =
    (name: string, task: Task): Task =>
    async (payload, signal) => {
      const end = platform.metrics.jobs.startTimer({ task: name });
      try {
        await task(payload, signal);
        end({ outcome: 'done' });
      } catch (error) {
        end({ outcome: 'failed' });
        platform.log.error({ err: error, job: name }, 'job failed');
        if (!(error instanceof NobodyAsks)) throw error;
      }
    };
  const tasks: Record<string, Task> = { upkeep: watched('upkeep', (_payload, signal) => upkeep(platform, signal)) };
  for (const job of modules.flatMap((module) => module.jobs))
    tasks[job.name] = watched(job.name, (payload, signal) => runJob(platform, job, payload, signal));
  return startWorker(platform.pools, platform.log, tasks, ['upkeep']);
}

/** Run as a program: production. */
async function main(): Promise<void> {
  surviveLostOutput();
  const environment = processEnvironment();
  try {
    const config = readConfig(environment);
    const log = logOf(config, environment);
    let running: { url: string; stop(): Promise<void> } | undefined;
    const deadline = config.stop_notice_ms + STOP_DEADLINE;
    const end = stopOnSignals(async () => running?.stop(), deadline);
    stopOnFault(end, (error) => {
      // The queue does not wait for all that it asks of the database, which may be away, or full.
      const away = [503, 507].includes(readable(error)?.status ?? 0);
      log[away ? 'warn' : 'fatal']({ err: error }, 'a fault that nobody caught');
      return away;
    });
    const several = !isFork && config.role !== 'worker' && config.web_concurrency > 1;
    running = several
      ? await supervise(placesOf(config), log, deadline - 2_000)
      : await start(environment, (reason) => console.error(`waiting: ${reason}`));
    reportReady(running.url);
    if (!isFork) console.log(`ready ${running.url}`);
  } catch (error) {
    console.error(error instanceof ConfigError ? error.message : `Rapport cannot start: ${(error as Error).message}`);
    process.exit(1);
  }
}

/** A process for each that answers requests, and one for jobs. */
const placesOf = (config: Config): Record<string, string>[] => [
  ...Array.from({ length: config.web_concurrency }, () => ({ ROLE: 'web' })),
  ...(config.role === 'all' ? [{ ROLE: 'worker' }] : []),
];

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) await main();
