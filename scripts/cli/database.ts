import { existsSync } from 'node:fs';
import path from 'node:path';
import pg from 'pg';
import { startEmbeddedPostgres } from '../../src/platform/embedded_postgres.ts';
import { createLog } from '../../src/platform/log.ts';
import { openPools, type Pools } from '../../src/platform/postgres.ts';
import { Failure } from './command.ts';

/** As scripts/demo.ts calls its database. */
const DATABASE = 'rapport';

/** Where kept files and the embedded database lie. */
export const dataDir = (env: Record<string, string | undefined>): string => path.resolve(env.DATA_DIR || '.data');

/**
 * Opens the pools of the application on DATABASE_URL; without it on the embedded server of DATA_DIR, which is shared
 * with a demo that runs, or else started for as long as `work` takes.
 * @throws Failure when there is neither
 */
export async function withDatabase<T>(
  env: Record<string, string | undefined>,
  work: (pools: Pools) => Promise<T>,
): Promise<T> {
  const found = await serverOf(env);
  try {
    const pools = openPools(found.url, createLog('error'), 2);
    try {
      return await work(pools);
    } finally {
      await pools.end();
    }
  } finally {
    await found.stop();
  }
}

/** The database of DATABASE_URL, or else the embedded one. @throws Failure when there is neither */
export const serverOf = async (
  env: Record<string, string | undefined>,
): Promise<{ url: string; stop(): Promise<void> }> =>
  env.DATABASE_URL ? { url: env.DATABASE_URL, stop: async () => {} } : embedded(env);

async function embedded(env: Record<string, string | undefined>): Promise<{ url: string; stop(): Promise<void> }> {
  const folder = path.join(dataDir(env), 'postgres');
  if (!existsSync(folder)) {
    throw new Failure(`There is no database in ${folder}: set DATABASE_URL, or run npm run demo once.`);
  }
  const server = await startEmbeddedPostgres(folder);
  const url = new URL(server.url);
  url.pathname = `/${DATABASE}`;
  const client = new pg.Client({ connectionString: server.url });
  client.on('error', () => {});
  try {
    await client.connect();
    const { rowCount } = await client.query('select from pg_database where datname = $1', [DATABASE]);
    if (!rowCount) throw new Failure(`The server of ${folder} has no database ${DATABASE}: run npm run demo once.`);
    return { url: url.href, stop: () => server.stop() };
  } catch (error) {
    await client.end().catch(() => {});
    await server.stop();
    throw error;
  } finally {
    await client.end().catch(() => {});
  }
}
