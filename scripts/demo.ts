// `npm run demo`: the whole product on this machine, with two tenants that tell a story. Nothing to install, nothing to set.
import net from 'node:net';
import path from 'node:path';
import pg from 'pg';
import { seed } from '../seeds/index.ts';
import { start } from '../src/main.ts';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../src/platform/embedded_postgres.ts';
import { stopOnSignals } from '../src/platform/parent.ts';
import { createRuntimeLogin } from '../src/platform/roles.ts';
import { DEMO_DOMAIN, startDemoProvider } from './demo_idp.ts';
import { migrate } from './migrate.ts';

const DATABASE = 'rapport';
const DEFAULT_PASSWORD = 'rapport-demo';

/** What runs by now; it is stopped in the opposite order. */
const running: { stop(): Promise<void> }[] = [];
let stopping = false;

stopOnSignals(async () => {
  stopping = true;
  console.log('stopping …');
  await stopAll();
});

try {
  await demo();
} catch (error) {
  if (!stopping) {
    console.error(explain(error));
    await stopAll();
    process.exit(1);
  }
}

async function demo(): Promise<void> {
  const env: Record<string, string | undefined> = { ...process.env, RAPPORT_MODE: 'demo' };
  env.HOST ||= '127.0.0.1';
  env.PORT ||= '3000';
  env.DATA_DIR = path.resolve(env.DATA_DIR || '.data');
  env.DEMO_PASSWORD ||= DEFAULT_PASSWORD;
  await refuseBusyPort(env.HOST, Number(env.PORT)); // before the work, not after it

  if (env.DATABASE_URL) {
    const url = env.DATABASE_URL;
    await step('schema', () => migrate(url));
  } else {
    const server = await step('database', () => startDatabase(path.join(env.DATA_DIR ?? '', 'postgres')));
    env.DATABASE_URL = await step('schema', () => prepareDatabase(server.url));
  }
  await step('demo tenants', () => seed(env));
  const server = await step('server', () => start(env));
  running.push(server);
  running.push(await step('single sign-on', () => startDemoProvider(server.platform)));
  if (stopping) return;
  const password = env.DEMO_PASSWORD === DEFAULT_PASSWORD ? DEFAULT_PASSWORD : 'your DEMO_PASSWORD';
  console.log(`sign in as admin@acme.example with ${password}`);
  console.log(`or as anybody@${DEMO_DOMAIN} through the demo's own identity provider`);
  console.log(`ready ${server.url}`);
}

/** Does one step and says for how long it took. */
async function step<T>(name: string, work: () => Promise<T>): Promise<T> {
  if (stopping) throw new Error('stopped');
  const begin = performance.now();
  const result = await work();
  console.log(`${name.padEnd(14)} ${((performance.now() - begin) / 1000).toFixed(1)} s`);
  return result;
}

async function startDatabase(folder: string): Promise<EmbeddedPostgres> {
  const server = await startEmbeddedPostgres(folder);
  running.push(server);
  if (server.adopted) console.log('another process runs the database of this DATA_DIR already: sharing it');
  return server;
}

/**
 * Makes our database on the first start and brings it to the present schema.
 * @param serverUrl the embedded server's superuser
 * @returns the URL of the login that serves, which owns nothing
 */
async function prepareDatabase(serverUrl: string): Promise<string> {
  await withClient(serverUrl, async (client) => {
    const { rowCount } = await client.query('select from pg_database where datname = $1', [DATABASE]);
    if (!rowCount) await client.query(`create database ${DATABASE}`);
  });
  const url = new URL(serverUrl);
  url.pathname = `/${DATABASE}`;
  await migrate(url.href);
  // The superuser's password serves for this login too: it is random, and the same at every start, also beside another process.
  return withClient(url.href, (client) => createRuntimeLogin(client, url.href, url.password));
}

async function withClient<T>(url: string, use: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}

function refuseBusyPort(host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const probe = net.createServer().on('error', reject);
    probe.listen(port, host, () => probe.close(() => resolve()));
  });
}

async function stopAll(): Promise<void> {
  for (const part of running.splice(0).reverse()) await part.stop();
}

/** Faults that people can mend themselves in one line, others whole. */
function explain(error: unknown): unknown {
  const { code, port } = error as { code?: string; port?: number };
  if (code === 'EADDRINUSE') {
    return `port ${port} is in use: stop what listens there (another demo?), or choose one: PORT=3001 npm run demo`;
  }
  if (code === 'EACCES' && port !== undefined) return `port ${port} may not be used here: PORT=3000 npm run demo`;
  return error;
}
