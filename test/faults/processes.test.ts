// Several processes behind one port, and behind a balancer: RE-09, RE-16 to RE-18, RE-23. Any may answer, any may die.
import { setTimeout as sleep } from 'node:timers/promises';
import { openBalancer } from '../helpers/balancer.ts';
import { openEvents } from '../helpers/events.ts';
import { freePort } from '../helpers/servers.ts';
import { sharedDatabase, useFaultGround } from './ground.ts';
import { Ledger, Person } from './people.ts';
import { childrenOf, type Running, steady, until } from './process.ts';

/** `npm run test:faults` does it oftener. */
const ROUNDS = process.env.FAULTS_KILLS ? 10 : 1;
/** Two that answer requests and one for jobs. */
const PROCESSES = 3;

const ground = useFaultGround(sharedDatabase);

describe('with WEB_CONCURRENCY=2', () => {
  let product: Running;
  let people: Person[];

  beforeAll(async () => {
    product = await ground.start({ WEB_CONCURRENCY: '2', LOG_LEVEL: 'info', METRICS_TOKEN: 'metrics-token-of-tests' });
    await product.ready();
    people = await ground.people(product.url, false);
  }, 60_000);

  const metric = async (name: string): Promise<number> => {
    const headers = { authorization: 'Bearer metrics-token-of-tests' };
    const text = await (await fetch(`${product.url}/metrics`, { headers })).text();
    return [...text.matchAll(new RegExp(`^${name}.* (\\S+)$`, 'gm'))].reduce((sum, [, n]) => sum + Number(n), 0);
  };

  test('it is ready once, when all are', async () => {
    expect(childrenOf(product.pid)).toHaveLength(PROCESSES);
    expect(product.said().match(/^ready /gm)).toHaveLength(1);
  });

  test('who signed in at one is signed in at all, and the figures of all are on one page', async () => {
    const before = await metric('rapport_request_seconds_count{.*route="/tags"');
    for (let i = 0; i < 12; i += 1) expect((await people[i % 4]!.send('/tags')).status).toBe(200);
    for (let i = 0; i < 4; i += 1)
      expect(await metric('rapport_request_seconds_count{.*route="/tags"')).toBe(before + 12);
    expect(await metric('rapport_database_connections{pool="app",state="open"}')).toBeGreaterThanOrEqual(2);
  });

  test('a form that reaches both of them at once is done once', async () => {
    const send = () => people[0]!.send('/customers', { name: 'At both', currency: 'EUR', _once: 'at-both-0001' });
    const answers = await Promise.all(Array.from({ length: 8 }, send));
    expect(new Set(answers.map(({ status, headers }) => `${status} ${headers.get('location')}`)).size).toBe(1);
    expect(await ground.sql(`select count(*) from customers where name = 'At both'`)).toEqual([{ count: '1' }]);
  });

  test('wrong passwords are counted together', async () => {
    const stranger = new Person(product.url, false);
    await stranger.send('/login');
    const guess = () => stranger.send('/login', { email: ground.acme.users.read_only.email, password: 'wrong' });
    const statuses: number[] = [];
    for (let i = 0; i < 14; i += 1) statuses.push((await guess()).status);
    expect(statuses.filter((status) => status === 429)).toHaveLength(4);
    const others = await Promise.all(Array.from({ length: 10 }, guess));
    expect(new Set(others.map(({ status }) => status))).toEqual(new Set([429]));
  });

  test('a page at one of them hears of what the worker does, and goes on when that is killed', async () => {
    const rows = Array.from({ length: 4_000 }, (_, i) => `Imported ${i},Ulm`).join('\n');
    const [last] = childrenOf(product.pid).slice(-1);
    const sent = await ground.upload(product.url, `Name,City\n${rows}`, { commit: true });
    const { data } = (await sent.json()) as { data: { id: string } };
    const events = await openEvents(`${product.url}/imports/${data.id}/events`, people[0]!.cookie);
    const state = async () =>
      (await ground.sql<{ state: string }>('select state from imports where id = $1', [data.id]))[0]!.state;
    await until('the import to be written', async () => (await state()) === 'committing', 30_000);
    process.kill(last!, 'SIGKILL'); // the worker is the last that was started
    await until('the import to be done', async () => (await state()) === 'committed', 40_000);
    expect(events.heard.length).toBeGreaterThan(1);
    events.stop();
    expect(
      await ground.sql(
        `select count(*), count(distinct name) as different from customers where name like 'Imported %'`,
      ),
    ).toEqual([{ count: '4000', different: '4000' }]);
    expect(product.said()).toMatch(/"role":"worker".*"a process ended unexpectedly"/);
  }, 90_000);

  test(
    'one that is killed is replaced, and what it had acknowledged is there',
    async () => {
      for (let round = 0; round < ROUNDS; round += 1) {
        await steady(product, PROCESSES, Date.now());
        const started = () => product.said().match(/"msg":"started"/g)!.length;
        const before = started();
        const ledger = new Ledger();
        ledger.begin(people);
        await sleep(500);
        process.kill(childrenOf(product.pid)[0]!, 'SIGKILL');
        const killed = Date.now();
        await until('a replacement', () => started() > before);
        await until('work to go on', () => ledger.answers.filter(({ at }) => at > killed).length > 30);
        await ledger.finish();
        expect(ledger.odd()).toEqual([]);
        // A replacement asks for requests when it can answer them; until then the others do.
        expect(ledger.answers.filter(({ status }) => status === 503).map(({ text }) => text)).toEqual([]);
        expect(ledger.failures.length).toBeLessThanOrEqual(people.length); // those that it was answering
        await ground.keptEverything(ledger);
      }
      expect(product.alive()).toBe(true);
    },
    60_000 * ROUNDS,
  );

  test('one signal stops all of them in order', async () => {
    const children = childrenOf(product.pid);
    expect(await product.end('SIGTERM')).toBe(0); // 1, when it takes longer than the product allows itself
    expect(children.filter(isThere)).toEqual([]);
    expect(product.faults().filter((line) => !line.includes('ended unexpectedly'))).toEqual([]);
  }, 30_000);
});

test(
  'processes behind a balancer are restarted one after another, and no request is lost',
  async () => {
    const env = { ROLE: 'web', STOP_NOTICE_SECONDS: '1.5' };
    const ports = [await freePort(), await freePort()].map(String);
    const running = await Promise.all(ports.map((PORT) => ground.start({ ...env, PORT })));
    await Promise.all(running.map((one) => one.ready()));
    const balancer = await openBalancer(running.map(({ url }) => url));
    try {
      const ledger = new Ledger();
      ledger.begin(await ground.people(balancer.url));
      await sleep(500);
      for (let round = 0; round < 2 * ROUNDS; round += 1) {
        const which = round % 2;
        const old = running[which]!;
        const began = Date.now();
        const ended = old.end('SIGTERM');
        await until(
          'it to say that it stops',
          async () => (await (await fetch(`${old.url}/readyz`)).text()) === 'stopping\n',
          500,
        );
        const late = await fetch(`${old.url}/login`);
        expect([late.status, late.headers.get('connection')]).toEqual([200, 'close']); // it still answers, for the last time
        expect(await ended).toBe(0);
        expect(Date.now() - began).toBeLessThan(10_000);
        running[which] = await ground.start({ ...env, PORT: ports[which]! });
        await running[which]!.ready();
        await until('the balancer to see it', () => balancer.ready().length === 2);
        await sleep(200);
      }
      await ledger.finish();
      expect(ledger.failures).toEqual([]);
      expect(ledger.statuses().map((text) => text.split(' ')[0])).toEqual(['200', '303']);
      await ground.keptEverything(ledger);
    } finally {
      await balancer.stop();
    }
  },
  60_000 * ROUNDS,
);

describe('a single process', () => {
  test('answers what it was asked before the signal, and closes the connection', async () => {
    const product = await ground.start({ ROLE: 'web' });
    await product.ready();
    const [person] = await ground.people(product.url);
    const answer = await ground.inDatabase(async (client) => {
      await client.query('begin; lock table tags in access exclusive mode');
      const asked = person!.send('/tags');
      await sleep(300);
      const ended = product.end('SIGTERM');
      await sleep(300);
      await client.query('rollback');
      expect(await ended).toBe(0);
      return asked;
    });
    expect([answer.status, answer.headers.get('connection')]).toEqual([200, 'close']);
  }, 30_000);

  test('ends at once at the second signal', async () => {
    const product = await ground.start({ ROLE: 'web', STOP_NOTICE_SECONDS: '20' });
    await product.ready();
    process.kill(product.pid, 'SIGTERM');
    await sleep(200);
    const began = Date.now();
    expect(await product.end('SIGINT')).toBe(1);
    expect(Date.now() - began).toBeLessThan(1_000);
  }, 30_000);

  test('says what nobody caught, and ends in order for whoever starts another one', async () => {
    const boom = encodeURIComponent(`setTimeout(() => { throw new Error('nobody caught this') }, 3000)`);
    const product = await ground.start({
      ROLE: 'web',

      NODE_OPTIONS: `--import=data:text/javascript,${boom}`,
    });
    await until('the end', () => !product.alive());
    expect(await product.end()).toBe(1);
    expect(product.faults().join()).toContain('nobody caught this');
  }, 30_000);
});

test('when the process that started the others is killed, they end too', async () => {
  const product = await ground.start({ ROLE: 'web', WEB_CONCURRENCY: '2' });
  await product.ready();
  const children = childrenOf(product.pid);
  await product.end('SIGKILL');
  await until('its processes to end', () => children.every((pid) => !isThere(pid)), 5_000);
}, 30_000);

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
