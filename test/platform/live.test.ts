// What a transaction announces is heard in every process, at its commit, by its own tenant alone.
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { newId } from '../../src/kernel/ids.ts';
import { withTenant } from '../../src/kernel/tenant_db.ts';
import { announce, type Live, openLive } from '../../src/platform/live.ts';
import { createLog } from '../../src/platform/log.ts';
import { openPools, type Pools } from '../../src/platform/postgres.ts';
import { createTestDatabase, type TestDatabase } from '../helpers/database.ts';
import { databaseServerUrl } from '../helpers/servers.ts';

const log = createLog('silent');
const [acme, globex] = [newId(), newId()];
let database: TestDatabase;
/** Two processes, as far as the database can tell. */
let here: Pools;
let there: Pools;
let live: Live;

beforeAll(async () => {
  database = await createTestDatabase();
  [here, there] = [openPools(database.runtimeUrl, log), openPools(database.runtimeUrl, log)];
  live = openLive(here, log);
});
afterAll(async () => {
  await live.close();
  await Promise.all([here.end(), there.end()]);
  await database.drop();
});

const until = async (what: string, holds: () => boolean) => {
  for (let i = 0; i < 500 && !holds(); i += 1) await sleep(20);
  if (!holds()) throw new Error(`never came true: ${what}`);
};

/** Counts what is heard, from the moment on that listening works. */
async function ear(tenant: string, topic: string) {
  const heard = { times: 0, stop: () => {} };
  heard.stop = live.subscribe(tenant, topic, () => {
    heard.times += 1;
  });
  await until('listening', () => live.listening());
  heard.times = 0;
  return heard;
}

const say = (tenant: string, topic: string) => withTenant(there.app, tenant, (db) => announce(db, topic));

test('another process hears it once the transaction commits, and not before', async () => {
  const heard = await ear(acme, 'import:1');
  await withTenant(there.app, acme, async (db) => {
    await announce(db, 'import:1');
    await announce(db, 'import:1');
    await sleep(200);
    expect(heard.times).toBe(0);
  });
  await until('heard', () => heard.times > 0);
  expect(heard.times).toBe(1);
  heard.stop();
  await say(acme, 'import:1');
  await sleep(100);
  expect(heard.times).toBe(1);
});

test('what is rolled back, of another tenant or about something else is never heard', async () => {
  const heard = await ear(acme, 'import:1');
  const other = await ear(globex, 'import:1');
  const failing = withTenant(there.app, acme, async (db) => {
    await announce(db, 'import:1');
    throw new Error('changed my mind');
  });
  await expect(failing).rejects.toThrow('changed my mind');
  await say(acme, 'import:2');
  await say(globex, 'import:1');
  await until('heard by its own', () => other.times === 1);
  expect(heard.times).toBe(0);
  for (const each of [heard, other]) each.stop();
});

test('a database that goes away and comes back is listened to again, and subscribers look for what they missed', async () => {
  const heard = await ear(acme, 'customers');
  const server = new pg.Client({ connectionString: databaseServerUrl() });
  await server.connect();
  const name = new URL(database.url).pathname.slice(1);
  try {
    await server.query(`alter database ${name} allow_connections false`);
    await server.query('select pg_terminate_backend(pid) from pg_stat_activity where datname = $1', [name]);
    await until('lost', () => !live.listening());
    await sleep(700); // refused a few times meanwhile
    expect(heard.times).toBe(0);
  } finally {
    await server.query(`alter database ${name} allow_connections true`);
    await server.end();
  }
  await until('told to look again', () => heard.times === 1);
  await say(acme, 'customers');
  await until('heard', () => heard.times === 2);
  heard.stop();
});

test('a process that subscribes to nothing opens no connection, and closing ends the one there is', async () => {
  const superuser = new pg.Client({ connectionString: database.url });
  await superuser.connect();
  const connections = async () =>
    (await superuser.query(`select count(*)::integer as n from pg_stat_activity where query like 'listen rapport%'`))
      .rows[0].n;
  const before = await connections();
  const idle = openLive(there, log);
  expect(await connections()).toBe(before);
  idle.subscribe(acme, 'x', () => {});
  await until('listening', () => idle.listening());
  expect(await connections()).toBe(before + 1);
  await idle.close();
  await sleep(50);
  expect(await connections()).toBe(before);
  await superuser.end();
});
