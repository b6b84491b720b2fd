import http from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { createApp, type Health } from './app.ts';
import { type Config, ConfigError, processEnvironment, readConfig } from './config.ts';
import { tooMany } from './kernel/errors.ts';
import { type FrameParts, frames } from './kernel/frame.ts';
import type { Platform } from './kernel/http.ts';
import { NobodyAsks, runJob } from './kernel/jobs.ts';
import { configureTemplates } from './kernel/templates.ts';
import { withRecords } from './modules/home/record_watch.service.ts';
import { frameParts, modules } from './modules/index.ts';
import { loadAssets } from './platform/assets.ts';
import { openEventStreams } from './platform/event_streams.ts';
import { startWorker, type Worker } from './platform/jobs.ts';
import { openLimits } from './platform/limits.ts';
import { type Live, openLive } from './platform/live.ts';
import { createLog, type Logger } from './platform/log.ts';
import { createMetrics } from './platform/metrics.ts';
import { stopOnSignals } from './platform/parent.ts';
import { openPools, type Pools } from './platform/postgres.ts';
import { openRedis, type Redis } from './platform/redis.ts';
import { openSessions } from './platform/sessions.ts';
import { upkeep } from './upkeep.ts';

/** How long open requests may take to finish when the process stops, in ms. */
const DRAIN = 10_000;

export interface Running {
  url: string;
  platform: Platform;
  stop(): Promise<void>;
}

/**
 * Starts the process: configuration, connections, web server and worker as ROLE says.
 * @throws ConfigError with every problem named; Error when the port is taken or the database cannot be reached
 */
export async function start(environment: Record<string, string | undefined>): Promise<Running> {
  const config = readConfig(environment);
  const log = createLog(environment.LOG_LEVEL ? config.log_level : config.mode === 'production' ? 'info' : 'warn');
  configureTemplates({
    dir: path.join(import.meta.dirname, '../views'),
    strict: config.mode !== 'production',
    cache: config.mode !== 'demo',
  });
  const pools = openPools(config.database_url, log, config.database_pool);
  const redis = config.redis_url ? await openRedis(config.redis_url, log) : null;
  const live = openLive(pools, log);
  const platform = buildPlatform(config, log, pools, redis, live);
  const state = { stopping: false };
  const health: Health = { ready: () => readiness(state, pools, redis) };
  const stops: (() => Promise<unknown>)[] = [
    () => pools.end(),
    async () => redis?.destroy(),
    () => platform.sessions.close(),
    () => live.close(),
  ];
  const stop = async () => {
    if (state.stopping) return;
    state.stopping = true; // not ready first, so that a balancer looks away before the listener closes
    for (const close of stops.reverse())
      await close().catch((error: Error) => log.warn({ err: error }, 'while stopping'));
  };
  try {
    await refuseWrongSchema(pools);
    let url = config.base_url;
    if (config.role !== 'worker') {
      const server = http.createServer(createApp(platform, health));
      const unused = unusedSockets(server);
      url = await listen(server, config);
      config.base_url ||= url;
      stops.push(
        () => drain(server, unused),
        async () => platform.events.close(), // they would keep the server open until the very end
      );
    }
    if (config.role !== 'web') {
      const worker = await work(platform);
      stops.push(() => worker.stop());
    }
    log.info({ url, role: config.role }, 'started');
    return { url, platform, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function buildPlatform(config: Config, log: Logger, pools: Pools, redis: Redis | null, live: Live): Platform {
  const limits = openLimits(config, pools, redis);
  const parts: FrameParts = { ...frameParts(), assets: loadAssets({ reload: config.mode === 'demo' }) };
  return {
    config,
    log,
    pools,
    metrics: createMetrics(),
    limits,
    sessions: openSessions(config, pools, redis, log),
    events: openEventStreams(withRecords(live, pools.app, log, config.live_look_ms), config.live_heartbeat_ms),
    assets: parts.assets,
    origin: () => config.base_url,
    limit: async (kind, key) => {
      await limits.consume(kind, key).catch((error: { seconds?: number }) => {
        throw typeof error.seconds === 'number' ? tooMany(error.seconds) : error;
      });
    },
    frames: (req, res, who) =>
      frames(
        parts,
        { path: req.path, nonce: String(res.locals.nonce), q: typeof req.query.q === 'string' ? req.query.q : '' },
        { ...who, can_switch: (req.session?.rapport?.proven.length ?? 0) > 1 },
      ),
  };
}

/** Refuses to serve a database whose schema is older than the code; newer is fine (expand and contract). */
async function refuseWrongSchema(pools: Pools): Promise<void> {
  const { rows } = await pools.platform
    .query<{ found: string | null }>(`select to_regclass('public.request_keys')::text as found`)
    .catch((error: Error) => {
      throw new Error(`The database cannot be reached: ${error.message}`, { cause: error });
    });
  if (!rows[0]?.found) throw new Error('The database has no schema yet. Run: npm run migrate');
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

function listen(server: http.Server, config: Config): Promise<string> {
  server.requestTimeout = 120_000;
  server.headersTimeout = 20_000;
  server.keepAliveTimeout = 65_000;
  server.maxHeadersCount = 100;
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port: config.port, host: config.host }, () => {
      const { port } = server.address() as AddressInfo;
      const host = config.host.includes(':') ? `[${config.host}]` : config.host;
      resolve(`http://${host === '0.0.0.0' || host === '[::]' ? '127.0.0.1' : host}:${port}`);
    });
  });
}

/** Connections on which nothing was asked yet: browsers open some in advance, and Node does not count them as idle. */
function unusedSockets(server: http.Server): Set<Socket> {
  const unused = new Set<Socket>();
  server.on('connection', (socket) => {
    unused.add(socket);
    socket.once('close', () => unused.delete(socket));
  });
  server.on('request', (req) => unused.delete(req.socket));
  return unused;
}

/** Takes no new connection, lets open requests finish, then closes what is left. */
function drain(server: http.Server, unused: ReadonlySet<Socket>): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => server.closeAllConnections(), DRAIN);
    // A connection whose request has just finished would be kept for the next one, which nobody will answer.
    const idle = setInterval(() => {
      server.closeIdleConnections();
      for (const socket of unused) socket.destroy();
    }, 50);
    server.close(() => {
      clearTimeout(timer);
      clearInterval(idle);
      resolve();
    });
  });
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
  try {
    const running = await start(processEnvironment());
    stopOnSignals(() => running.stop());
    console.log(`ready ${running.url}`);
  } catch (error) {
    console.error(error instanceof ConfigError ? error.message : `Rapport cannot start: ${(error as Error).message}`);
    process.exit(1);
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) await main();
