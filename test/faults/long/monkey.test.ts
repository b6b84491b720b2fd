// Everything at once: RE-27. While people work and lists are imported, one part after another is killed, at random.
import { setTimeout as sleep } from 'node:timers/promises';
import { findViolations } from '../../helpers/invariants.ts';
import { freePort, startRedis, type TestRedis } from '../../helpers/servers.ts';
import { randomOf, wholeNumber } from '../../modules/imports/random.ts';
import { useFaultGround } from '../ground.ts';
import { Importer } from '../importer.ts';
import { Ledger } from '../people.ts';
import { startOwnPostgres } from '../postgres.ts';
import { childrenOf, type Running, roleOf, steady } from '../process.ts';

const MINUTES = Number(process.env.FAULTS_MONKEY_MINUTES ?? 30);
const SEED = wholeNumber('FAULTS_SEED', Date.now() % 1_000_000);
/** From a part's return to the next kill, and from a kill to the start of a server that nobody else starts again, in s. */
const PAUSES = MINUTES > 2 ? { work: [20, 60], away: [1, 10] } : { work: [1, 3], away: [0.5, 1.5] };
/** Two that answer requests and one for jobs. */
const PROCESSES = 3;
/** After a server accepts connections the product may take so long to find it, in ms. */
const FINDS = 1_000;
/** How much of what is read outside the seconds in which a part is down has to be answered. */
const ANSWERED = 0.99;

const ground = useFaultGround(startOwnPostgres);
const random = randomOf(SEED);
let redis: TestRedis;
let product: Running;
let env: Record<string, string>;

beforeAll(async () => {
  redis = await startRedis();
  env = { WEB_CONCURRENCY: String(PROCESSES - 1), REDIS_URL: redis.url, PORT: String(await freePort()) };
  product = await ground.start(env);
  await product.ready();
}, 120_000);
afterAll(() => redis?.stop());

const pause = ([least, most]: readonly number[]) => sleep(1_000 * (least! + random.next() * (most! - least!)));

const one = (role: string): number => random.one(childrenOf(product.pid).filter((pid) => roleOf(pid) === role));

/** Each kills a part and sees it back. Resolves to when it was back; from the kill until then it counts as down. */
const KILLS: Record<string, () => Promise<number>> = {
  PostgreSQL: async () => {
    await ground.postgres.end(random.one(['SIGINT', 'SIGQUIT', 'SIGKILL'] as const));
    await pause(PAUSES.away);
    await ground.postgres.start();
    return Date.now() + FINDS;
  },
  Redis: async () => {
    await redis.kill();
    await pause(PAUSES.away);
    await redis.restart(); // empty: everybody signs in again
    return Date.now() + FINDS;
  },
  'the worker': async () => {
    const now = Date.now();
    process.kill(one('worker'), 'SIGKILL');
    return now; // nobody who reads may notice
  },
  'a web process': async () => {
    const now = Date.now();
    process.kill(one('web'), 'SIGKILL');
    return steady(product, PROCESSES, now);
  },
  'all of the product': async () => {
    await product.end('SIGKILL');
    product = await ground.start(env);
    await product.ready();
    return steady(product, PROCESSES, Date.now());
  },
};

const down: (Span & { what: string })[] = [];

/** From when to when, in ms since 1970. */
interface Span {
  from: number;
  to: number;
}

function told(ledger: Ledger, { lists }: Importer, reads: number, missed: Ledger['reads']): string {
  const kills = Object.keys(KILLS).map((name) => {
    const spans = down.filter(({ what }) => what === name);
    const seconds = spans.reduce((sum, { from, to }) => sum + (to - from) / 1_000, 0);
    return `${name} ×${spans.length} (${seconds.toFixed(1)} s)`;
  });
  const last = (at: number) => down.filter(({ from }) => from < at).at(-1);
  return [
    `killed, and how long it was down: ${kills.join(', ')}; in all ${MINUTES * 60} s`,
    `answers: ${ledger.statuses().join(', ')}; without one ${ledger.failures.length}; signed out ${ledger.signedOut} times`,
    `${reads - missed.length} of ${reads} reads outside were answered; inside there were ${ledger.reads.length - reads}`,
    ...missed.map(
      ({ status, from, to }) =>
        `not answered: ${status} after ${to - from} ms, ${from - (last(from)?.to ?? from)} ms after ${last(from)?.what} was back`,
    ),
    `${ledger.wishes.length} customers and ${lists.length} lists were wished for`,
  ].join('\n');
}

test(
  `for ${MINUTES} minutes parts are killed at random: nothing is lost or done twice, and who reads is answered`,
  async () => {
    console.log(`FAULTS_SEED=${SEED} makes the same choices again`);
    const ledger = new Ledger();
    ledger.begin(await ground.people(product.url, false));
    const importer = new Importer(ground, product.url);
    importer.begin();
    const names = Object.keys(KILLS);
    const end = Date.now() + MINUTES * 60_000;
    let round = random.some(names, names.length);
    while (Date.now() < end) {
      await pause(PAUSES.work);
      if (!round.length) round = random.some(names, names.length); // each has its turn
      const what = round.pop()!;
      const from = Date.now();
      down.push({ what, from, to: await KILLS[what]!() });
      await steady(product, PROCESSES, from);
    }
    await ledger.finish();
    await importer.finish();

    // A read counts when no part was down at any moment from its request to its answer. It is answered with the page or, when
    // Redis had lost the session, with the way to the form to sign in.
    const inside = ({ from, to }: Span) => down.some((away) => from <= away.to && to >= away.from);
    const reads = ledger.reads.filter((read) => !inside(read));
    const missed = reads.filter(({ status }) => status !== 200 && status !== 303);
    console.log(told(ledger, importer, reads.length, missed));
    expect(ledger.odd()).toEqual([]);
    expect(ledger.wishes.filter(({ acknowledged }) => !acknowledged)).toEqual([]);
    expect(reads.length).toBeGreaterThan(50);
    expect(missed.length / reads.length).toBeLessThanOrEqual(1 - ANSWERED);
    await ground.keptEverything(ledger);
    expect(await importer.differences()).toEqual([]);
    expect(await findViolations(ground.postgres.url(), { data_dir: ground.files })).toEqual([]);
  },
  MINUTES * 60_000 + 300_000,
);
