// The queue gives back what a killed worker held, and never what a living one works on.
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { startWorker, type Worker } from '../../src/platform/jobs.ts';
import { createLog } from '../../src/platform/log.ts';
import { openPools, type Pools } from '../../src/platform/postgres.ts';
import { createTestDatabase, type TestDatabase } from '../helpers/database.ts';

let database: TestDatabase;
let pools: Pools;
let client: pg.Client;

beforeAll(async () => {
  database = await createTestDatabase();
  pools = openPools(database.runtimeUrl, createLog('silent'));
  client = new pg.Client({ connectionString: database.url });
  await client.connect();
});
afterAll(async () => {
  await client.end();
  await pools.end();
  await database.drop();
});

/** A job that a worker of this name has taken and not finished. */
async function heldBy(worker: string, task: string): Promise<void> {
  await client.query('select graphile_worker.add_job($1)', [task]);
  await client.query(
    `update graphile_worker._private_jobs set locked_by = $1, locked_at = now(), attempts = 1
     where task_id = (select id from graphile_worker._private_tasks where identifier = $2)`,
    [worker, task],
  );
}

test('what a dead worker held runs again at once; what a living one holds is left alone', async () => {
  await heldBy('worker-dead', 'orphan');
  await heldBy('worker-alive', 'busy');
  await client.query('select pg_advisory_lock_shared(hashtextextended($1, 7269848))', ['worker-alive']);
  const ran: string[] = [];
  const note = (name: string) => async () => {
    ran.push(name);
  };
  const worker = await startWorker(pools, createLog('silent'), { orphan: note('orphan'), busy: note('busy') });
  try {
    const began = Date.now();
    for (let i = 0; i < 100 && !ran.includes('orphan'); i += 1) await sleep(50);
    expect(Date.now() - began).toBeLessThan(1_500); // and not at the next poll
    await sleep(300);
    expect(ran).toEqual(['orphan']);
  } finally {
    await worker.stop();
  }
  const { rows } = await client.query('select locked_by from graphile_worker._private_jobs');
  expect(rows).toEqual([{ locked_by: 'worker-alive' }]);
});

test('a second process leaves alone what the first one is working on', async () => {
  let [begun, finish] = [0, () => {}];
  const long = () => {
    begun += 1;
    return new Promise<void>((resolve) => {
      finish = resolve;
    });
  };
  const first = await startWorker(pools, createLog('silent'), { long });
  let second: Worker | undefined;
  try {
    await client.query(`select graphile_worker.add_job('long')`);
    for (let i = 0; i < 100 && !begun; i += 1) await sleep(50);
    second = await startWorker(pools, createLog('silent'), { long });
    await sleep(500);
    expect(begun).toBe(1);
    const { rows } = await client.query(
      `select count(*)::integer as held from graphile_worker._private_jobs where locked_by like 'pool-%'`,
    );
    expect(rows).toEqual([{ held: 1 }]);
  } finally {
    finish();
    await Promise.all([first.stop(), second?.stop()]);
  }
});
