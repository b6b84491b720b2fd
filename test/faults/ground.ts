// A company in a PostgreSQL of the test's own, and the product as processes of their own beside it.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { createLog } from '../../src/platform/log.ts';
import { openPools } from '../../src/platform/postgres.ts';
import { createTestDatabase } from '../helpers/database.ts';
import { makeTenant, type TestTenant } from '../helpers/fixture.ts';
import { Person } from './people.ts';
import { type OwnPostgres, startOwnPostgres } from './postgres.ts';
import { type ProcessOptions, type Running, startProcess } from './process.ts';

interface Database {
  /** The superuser's address. */
  url(): string;
  runtimeUrl: string;
  stop(): Promise<void>;
}

export interface FaultGround<D extends Database = OwnPostgres> {
  postgres: D;
  acme: TestTenant;
  /** DATABASE_URL and DATA_DIR of all processes. */
  env: Record<string, string>;
  start(env?: Record<string, string>, options?: ProcessOptions): Promise<Running>;
  /** Somebody of every role that may write, signed in there. */
  people(url: string, kept?: boolean): Promise<Person[]>;
  /** The superuser's connection, for as long as `work` takes. */
  inDatabase<T>(work: (client: pg.Client) => Promise<T>): Promise<T>;
  stop(): Promise<void>;
}

/** With a PostgreSQL of its own, for tests that take it down. */
export const openFaultGround = async (): Promise<FaultGround> => groundIn(await startOwnPostgres());

/** In a database of the run's PostgreSQL. */
export async function openSharedGround(): Promise<FaultGround<Database>> {
  const database = await createTestDatabase();
  return groundIn({ url: () => database.url, runtimeUrl: database.runtimeUrl, stop: () => database.drop() });
}

async function groundIn<D extends Database>(postgres: D): Promise<FaultGround<D>> {
  const files = mkdtempSync(path.join(tmpdir(), 'rapport-files-'));
  const pools = openPools(postgres.runtimeUrl, createLog('silent'), 2);
  const acme = await makeTenant(postgres.url(), { pools } as never, 'acme');
  await pools.end();
  const started: Running[] = [];
  const env = { DATABASE_URL: postgres.runtimeUrl, DATA_DIR: files };
  return {
    postgres,
    acme,
    env,
    start: async (more = {}, options = {}) => {
      const running = await startProcess({ ...env, ...more }, options);
      started.push(running);
      return running;
    },
    people: (url, kept) =>
      Promise.all(
        [acme.users.admin, acme.users.manager, acme.users.admin, acme.users.manager].map(async (user) => {
          const person = new Person(url, kept);
          const { status, text } = await person.signIn(user);
          if (status !== 303) throw new Error(`not signed in: ${status} ${text.slice(0, 500)}`);
          return person;
        }),
      ),
    inDatabase: async (work) => {
      const client = new pg.Client({ connectionString: postgres.url() });
      await client.connect();
      try {
        return await work(client);
      } finally {
        await client.end();
      }
    },
    stop: async () => {
      await Promise.all(started.map((running) => running.end('SIGKILL')));
      await postgres.stop();
      rmSync(files, { recursive: true, force: true });
    },
  };
}
