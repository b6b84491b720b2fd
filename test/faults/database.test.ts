// PostgreSQL goes away, freezes, becomes slow or falls silent while people work: RE-01 to RE-06.
import { setTimeout as sleep } from 'node:timers/promises';
import { useFaultGround } from './ground.ts';
import { type Answer, Ledger, Person } from './people.ts';
import { startOwnPostgres } from './postgres.ts';
import { memoryOf, type Running, until } from './process.ts';

/** Waiting for a connection (5 s) and then noticing that nobody answers on it (5.5 s), and a little, in ms. */
const LONGEST = 11_500;
/** From the server's return until nobody is turned away any more, in ms. */
const RECOVERY = 5_000;

const ground = useFaultGround(startOwnPostgres);
let product: Running;
let people: Person[];

beforeAll(async () => {
  product = await ground.start({ ROLE: 'web', DATABASE_POOL: '5' });
  await product.ready();
  people = await ground.people(product.url);
}, 60_000);

/** Nothing is lost, nothing is there twice, nobody was told anything but what they asked for or "not now". */
async function expectAllIsWell(ledger: Ledger): Promise<void> {
  expect(product.alive()).toBe(true);
  expect(ledger.failures).toEqual([]);
  expect([...ledger.odd(), ...(ledger.odd().length ? product.faults() : [])]).toEqual([]);
  expect(Math.max(...ledger.answers.map(({ ms }) => ms))).toBeLessThan(LONGEST);
  await ground.keptEverything(ledger);
}

/** `npm run test:faults` says what it measured. */
const measured = (what: string, ledger: Ledger, up: number): void => {
  const last = Math.max(0, (refused(ledger).at(-1)?.at ?? up) - up);
  if (process.env.FAULTS_KILLS)
    console.log(`${what}: ${ledger.statuses().join(', ')}; the last 503 ${last} ms after it was up`);
};

const refused = (ledger: Ledger): Answer[] => ledger.answers.filter(({ status }) => status === 503);

const ready = async (): Promise<string> => {
  const answer = await fetch(`${product.url}/readyz`);
  return `${answer.status} ${(await answer.text()).trim()}`;
};

/** `npm run test:faults` does it oftener. */
const ROUNDS = process.env.FAULTS_KILLS ? 5 : 1;
const ENDS = [
  ['is restarted', 'SIGINT'],
  ['is killed and recovers from its log', 'SIGKILL'],
  ['is shut down in the middle of everything', 'SIGQUIT'],
] as const;

test.each(Array.from({ length: ROUNDS }, () => ENDS.slice(0, process.env.FAULTS_KILLS ? 3 : 2)).flat())(
  'when PostgreSQL %s under load, people are asked to wait, and what was saved stays saved',
  async (_, how) => {
    const ledger = new Ledger();
    ledger.begin(people);
    await sleep(500);
    await ground.postgres.end(how);
    await until('somebody to be turned away', () => refused(ledger).length > 3);
    expect(await ready()).toBe('503 the database does not answer');
    expect((await fetch(`${product.url}/healthz`)).status).toBe(200);
    await ground.postgres.start();
    const up = Date.now();
    await until('work to go on', () => ledger.answers.filter(({ status, at }) => status < 400 && at > up).length > 30);
    await sleep(500);
    await ledger.finish();

    await expectAllIsWell(ledger);
    const last = refused(ledger).at(-1)!;
    expect(last.at - up).toBeLessThan(RECOVERY);
    for (const { text, headers } of refused(ledger)) {
      expect(text).toContain('Not available right now');
      expect(text).toContain('Try again in a moment');
      expect(headers.get('retry-after')).toBe('5');
    }
    expect(await ready()).toBe('200 ready');
    measured(how, ledger, up);
  },
  40_000,
);

const ADD_JOB = `select graphile_worker.add_job('upkeep', '{}')`;

test('a job that ends while PostgreSQL is away runs again, and the worker goes on with others', async () => {
  const worker = await ground.start({ ROLE: 'worker' });
  await worker.ready();
  await ground
    .inDatabase(async (client) => {
      // Held by the lock until the server goes: then the job has ended, and nobody can write that down.
      await client.query('begin; lock table users in access exclusive mode');
      client.on('error', () => {});
      await ground.sql(ADD_JOB);
      const held = () => ground.sql('select from graphile_worker.jobs where locked_by is not null');
      await until('the job to begin', async () => (await held()).length === 1);
      await ground.postgres.end('SIGQUIT');
    })
    .catch(() => {});
  await sleep(3_000); // longer than it waits between two looks at the queue
  await ground.postgres.start();
  await ground.sql(ADD_JOB);
  const jobs = () => ground.sql('select from graphile_worker.jobs');
  await until('both to be done', async () => (await jobs()).length === 0, 50_000);
  expect(await worker.end()).toBe(0);
}, 80_000);

test('when PostgreSQL is frozen, requests end, none pile up, and all goes on when it thaws', async () => {
  const before = memoryOf(product.pid);
  const ledger = new Ledger();
  ledger.begin(people);
  await sleep(300);
  ground.postgres.freeze();
  const crowd = await Promise.all(Array.from({ length: 150 }, (_, i) => people[i % people.length]!.send('/customers')));
  const readiness = ready();
  expect(crowd.map(({ status }) => status).filter((status) => status !== 503 && status !== 200)).toEqual([]);
  expect(Math.max(...crowd.map(({ ms }) => ms))).toBeLessThan(LONGEST);
  expect(await readiness).toBe('503 the database does not answer');
  await sleep(1_000);
  const during = memoryOf(product.pid);
  ground.postgres.thaw();
  const up = Date.now();
  await until('work to go on', () => ledger.answers.filter(({ status, at }) => status < 400 && at > up).length > 30);
  await ledger.finish();
  await expectAllIsWell(ledger);
  expect(during - before).toBeLessThan(100e6);
  measured('frozen', ledger, up);
  expect(await ready()).toBe('200 ready');
}, 40_000);

test('a slow way to the database makes pages slow, and nothing else', async () => {
  ground.postgres.gate.delay(100);
  const ledger = new Ledger();
  ledger.begin(people.slice(0, 2));
  await sleep(3_000);
  ground.postgres.gate.delay(0);
  await ledger.finish();
  await expectAllIsWell(ledger);
  expect(refused(ledger)).toEqual([]);
}, 40_000);

test('a database behind a cut cable is given up in time, and found again', async () => {
  const ledger = new Ledger();
  ledger.begin(people);
  await sleep(300);
  ground.postgres.gate.silence(true);
  await until('somebody to be turned away', () => refused(ledger).length > 3);
  ground.postgres.gate.silence(false);
  const up = Date.now();
  await until('work to go on', () => ledger.answers.filter(({ status, at }) => status < 400 && at > up).length > 30);
  await ledger.finish();
  await expectAllIsWell(ledger);
  expect(refused(ledger).at(-1)!.at - up).toBeLessThan(RECOVERY);
  measured('cut off', ledger, up);
}, 40_000);

test('while something holds every connection, others are turned away in time, and all are given back', async () => {
  await ground.inDatabase(async (client) => {
    await client.query('begin; lock table customers in access exclusive mode');
    const crowd = Array.from({ length: 20 }, (_, i) => people[i % people.length]!.send('/customers'));
    await sleep(5_500); // longer than anybody waits, for a connection or for the lock
    await client.query('rollback');
    const answers = await Promise.all(crowd);
    const away = answers.filter(({ status }) => status === 503);
    expect(away.length).toBeGreaterThan(10);
    expect(answers.filter(({ status }) => status !== 503 && status !== 200)).toEqual([]);
    for (const { ms } of answers) expect(ms).toBeLessThan(LONGEST);
    for (const { headers } of away) expect(headers.get('retry-after')).toBe('5');
  });
  expect((await people[0]!.send('/customers')).status).toBe(200);
}, 40_000);

test('a hundred times a write fails in the middle, and no connection stays behind in its transaction', async () => {
  await ground.inDatabase(async (client) => {
    await client.query(`create function fail() returns trigger language plpgsql as $$ begin raise exception 'on purpose'; end $$;
      create trigger fail before insert on audit_log for each row execute function fail()`);
    try {
      const send = (i: number) =>
        people[i % people.length]!.send('/customers', { name: `Failed ${i}`, currency: 'EUR' });
      for (let round = 0; round < 5; round += 1) {
        const answers = await Promise.all(Array.from({ length: 20 }, (_, i) => send(i)));
        expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([500]));
      }
    } finally {
      await client.query('drop trigger fail on audit_log; drop function fail()');
    }
    const { rows } = await client.query(
      `select count(*) filter (where state like 'idle in transaction%') as left_behind,
         (select count(*) from customers where name like 'Failed %') as half_done from pg_stat_activity`,
    );
    expect(rows).toEqual([{ left_behind: '0', half_done: '0' }]);
  });
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, i) => people[i % people.length]!.send('/customers')),
  );
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
}, 40_000);

test('who signs in while the database is away is asked to wait, and gets no session', async () => {
  const stranger = new Person(product.url);
  expect((await stranger.send('/login')).status).toBe(200);
  await ground.postgres.end('SIGINT');
  const answers = [
    await stranger.send('/login'),
    await stranger.send('/login', { email: 'a@b.example', password: 'x' }),
  ];
  for (const { status, text, headers } of answers) {
    expect(`${status} ${text.includes('Try again in a moment')}`).toBe('503 true');
    expect(headers.getSetCookie().join()).not.toContain('rapport=');
  }
  await ground.postgres.start();
  await until('PostgreSQL to be found again', async () => (await stranger.send('/login')).status === 200);
  expect((await stranger.signIn(ground.acme.users.admin)).status).toBe(303);
});
