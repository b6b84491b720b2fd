// A company in a PostgreSQL of the test's own, and the product as processes of their own beside it.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { createLog } from '../../src/platform/log.ts';
import { openPools } from '../../src/platform/postgres.ts';
import { makeTenant, type TestTenant } from '../helpers/fixture.ts';
import { Person } from './people.ts';
import { type OwnPostgres, startOwnPostgres } from './postgres.ts';
import { type ProcessOptions, type Running, startProcess } from './process.ts';

export interface FaultGround {
  postgres: OwnPostgres;
  acme: TestTenant;
  /** DATABASE_URL and DATA_DIR of all processes. */
  env: Record<string, string>;
  start(env?: Record<string, string>, options?: ProcessOptions): Promise<Running>;
  /** Somebody of every role that may write, signed in there. */
  people(url: string): Promise<Person[]>;
  /** The superuser's connection, for as long as `work` takes. */
  inDatabase<T>(work: (client: pg.Client) => Promise<T>): Promise<T>;
  stop(): Promise<void>;
}

export async function openFaultGround(): Promise<FaultGround> {
  const postgres = await startOwnPostgres();
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
    people: (url) =>
      Promise.all(
        [acme.users.admin, acme.users.manager, acme.users.admin, acme.users.manager].map(async (user) => {
          const person = new Person(url);
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
