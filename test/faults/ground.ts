// What the tests of faults stand on: a company in a database, a Redis, and the product as processes of their own beside it.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { createLog } from '../../src/platform/log.ts';
import { openPools } from '../../src/platform/postgres.ts';
import { createTestDatabase } from '../helpers/database.ts';
import { makeTenant, type TestTenant } from '../helpers/fixture.ts';
import { findViolations } from '../helpers/invariants.ts';
import { freshRedis } from '../helpers/servers.ts';
import { type Ledger, Person } from './people.ts';
import { type ProcessOptions, type Running, startProcess } from './process.ts';

interface Database {
  /** The superuser's address. */
  url(): string;
  runtimeUrl: string;
  stop(): Promise<void>;
}

export interface FaultGround<D extends Database> {
  postgres: D;
  acme: TestTenant;
  /** DATA_DIR */
  files: string;
  /** Starts the product, to be killed at the end; `env` comes on top of DATABASE_URL, REDIS_URL and DATA_DIR. */
  start(env?: Record<string, string>, options?: ProcessOptions): Promise<Running>;
  /** Somebody of every role that may write, signed in there. */
  people(url: string, kept?: boolean): Promise<Person[]>;
  /** Hands in a list of customers as a program does. @param options of the import */
  upload(url: string, list: string, options?: object): Promise<Response>;
  /** The superuser's connection, for as long as `work` takes. */
  inDatabase<T>(work: (client: pg.Client) => Promise<T>): Promise<T>;
  /** As superuser, on a connection of its own. */
  sql<T extends pg.QueryResultRow>(text: string, values?: unknown[]): Promise<T[]>;
  /** What was acknowledged is there, once, and the database is sound. */
  keptEverything(ledger: Ledger): Promise<void>;
}

/** A database of the run's PostgreSQL. */
export async function sharedDatabase(): Promise<Database> {
  const database = await createTestDatabase();
  return { url: () => database.url, runtimeUrl: database.runtimeUrl, stop: () => database.drop() };
}

/**
 * A ground for the tests of a file or of a `describe`, filled before the first of them and taken away after the last.
 * @param open `sharedDatabase`, or `startOwnPostgres` for tests that take it down
 */
export function useFaultGround<D extends Database>(open: () => Promise<D>): FaultGround<D> {
  const ground = {} as FaultGround<D>;
  const ends: (() => unknown)[] = [];
  beforeAll(async () => {
    const postgres = await open();
    ends.push(() => postgres.stop());
    const files = mkdtempSync(path.join(tmpdir(), 'rapport-files-'));
    ends.push(() => rmSync(files, { recursive: true, force: true }));
    const env = { DATABASE_URL: postgres.runtimeUrl, DATA_DIR: files, REDIS_URL: await freshRedis() };
    const pools = openPools(postgres.runtimeUrl, createLog('silent'), 2);
    const acme = await makeTenant(postgres.url(), { pools } as never, 'acme');
    await pools.end();
    const start: (typeof ground)['start'] = async (more, options) => {
      const running = await startProcess({ ...env, ...more }, options);
      ends.push(() => running.end('SIGKILL'));
      return running;
    };
    Object.assign(ground, { postgres, acme, files, start, ...lookInto(postgres.url), ...workFor(acme) });
  }, 60_000);
  afterAll(async () => {
    for (const end of ends.reverse()) await end();
  });
  return ground;
}

/** @param url may be another one after a restart */
function lookInto(url: () => string) {
  const inDatabase: FaultGround<Database>['inDatabase'] = async (work) => {
    const client = new pg.Client({ connectionString: url() });
    client.on('error', () => {}); // the server may go; what is asked of it then fails by itself
    await client.connect();
    try {
      return await work(client);
    } finally {
      await client.end();
    }
  };
  return {
    inDatabase,
    sql: (text: string, values: unknown[] = []) =>
      inDatabase(async (client) => (await client.query(text, values)).rows as never),
    async keptEverything(ledger: Ledger) {
      expect(await inDatabase((client) => ledger.differences(client))).toEqual([]);
      expect(await findViolations(url())).toEqual([]);
    },
  };
}

function workFor({ users: { admin, manager } }: TestTenant) {
  return {
    people: (url: string, kept?: boolean) =>
      Promise.all(
        [admin, manager, admin, manager].map(async (user) => {
          const person = new Person(url, kept);
          const { status, text } = await person.signIn(user);
          if (status !== 303) throw new Error(`not signed in: ${status} ${text.slice(0, 500)}`);
          return person;
        }),
      ),
    upload(url: string, list: string, options: object = {}) {
      const form = new FormData();
      form.set('entity', 'customers');
      form.set('options', JSON.stringify(options));
      form.set('file', new Blob([list]), 'list.csv');
      const headers = { authorization: `Bearer ${admin.token}` };
      return fetch(`${url}/api/v1/imports`, { method: 'POST', headers, body: form });
    },
  };
}
