// The servers that a test run stands on. test/run.ts starts them; test files learn of them through the environment.
import { type ChildProcess, spawn } from 'node:child_process';
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** Ends the program when our end of its standard input closes, so that no way in which we end leaves it running. */
const TIED =
  'exec 3<&0; "$@" </dev/null 3<&- & p=$!; (read _ <&3; kill -TERM $p 2>/dev/null) & w=$!; wait $p; kill $w 2>/dev/null';

export interface TestRedis {
  url: string;
  /** Ends it at once, as a crash would. */
  kill(): Promise<void>;
  /** Starts it again on the same port, empty. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** Superuser URL of the run's PostgreSQL. */
export function databaseServerUrl(): string {
  return fromRun('TEST_DATABASE_URL');
}

/** Name of the migrated database that test databases are cloned from. */
export function templateDatabase(): string {
  return fromRun('TEST_TEMPLATE_DATABASE');
}

/** An empty database of the run's Redis server, one for each Jest worker: its test files run one after the other. */
export async function freshRedis(): Promise<string> {
  const url = `${fromRun('TEST_REDIS_URL')}/${Number(process.env.JEST_WORKER_ID ?? 1) % 16}`;
  const { createClient } = await import('redis'); // seldom needed, and large
  const client = await createClient({ url }).connect();
  await client.flushDb();
  await client.close();
  return url;
}

/** A Redis server of one's own, for a test that takes it down. */
export async function startRedis(): Promise<TestRedis> {
  const port = await freePort();
  let server = await launchRedis(port);
  const end = async (how: () => void) => {
    if (server.exitCode !== null || server.signalCode !== null) return;
    const exit = new Promise((resolve) => server.once('exit', resolve));
    server.ref();
    how();
    await exit;
  };
  const kill = () => end(() => server.pid && process.kill(-server.pid, 'SIGKILL'));
  return {
    url: `redis://127.0.0.1:${port}`,
    kill,
    stop: () => end(() => server.stdin?.end()),
    restart: async () => {
      await kill();
      server = await launchRedis(port);
    },
  };
}

async function launchRedis(port: number): Promise<ChildProcess> {
  const flags = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
  const child = spawn('/bin/sh', ['-c', TIED, 'rapport-redis', 'redis-server', ...flags], {
    cwd: '/',
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  child.stdin.on('error', () => {});
  child.unref();
  for (let i = 0; i < 200; i++) {
    if (await isListening(port)) return child;
    await sleep(25);
  }
  throw new Error(`redis-server did not start on port ${port}`);
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1');
    socket.on('connect', () => resolve(true)).on('error', () => resolve(false));
    socket.on('connect', () => socket.destroy());
  });
}

/** A port of 127.0.0.1 that nobody listens on at this moment. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = net.createServer().on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as net.AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

function fromRun(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: run the tests with \`npm test\`, which starts the servers`);
  return value;
}
