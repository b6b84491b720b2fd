// The order in which things come up does not matter: RE-19, RE-20. A start that cannot work says why.
import { migrate } from '../../scripts/migrate.ts';
import { createTestDatabase, type TestDatabase } from '../helpers/database.ts';
import { type Gate, openGate } from '../helpers/gate.ts';
import { startRedis, type TestRedis } from '../helpers/servers.ts';
import { type OwnPostgres, startOwnPostgres } from './postgres.ts';
import { type Running, startProcess, until } from './process.ts';

const running: { stop(): Promise<unknown> }[] = [];
afterEach(async () => {
  for (const one of running.splice(0).reverse()) await one.stop();
});

async function launch(env: Record<string, string>): Promise<Running> {
  const product = await startProcess({ ROLE: 'web', START_SECONDS: '60', ...env });
  running.push({ stop: () => product.end('SIGKILL') });
  return product;
}

/** What the process says of itself: 'refused' while it does not listen. */
async function told(product: Running, path = '/readyz'): Promise<string> {
  const answer = await fetch(product.url + path).catch(() => null);
  return answer ? `${answer.status} ${(await answer.text()).trim()}` : 'refused';
}

test('started first, it waits for PostgreSQL, then for the schema, then for Redis, and says what it waits for', async () => {
  const postgres: OwnPostgres = await startOwnPostgres({ migrated: false });
  running.push(postgres);
  const redis: TestRedis = await startRedis();
  running.push(redis);
  const gate: Gate = await openGate(Number(new URL(redis.url).port));
  running.push({ stop: () => gate.shut().catch(() => {}) });
  await gate.shut();
  await postgres.end('SIGINT');

  const product = await launch({ DATABASE_URL: postgres.runtimeUrl, REDIS_URL: `redis://127.0.0.1:${gate.port}` });
  await until('the database to be missed', async () =>
    (await told(product)).includes('The database cannot be reached'),
  );
  expect(await told(product, '/healthz')).toBe('200 ok');
  const page = await fetch(`${product.url}/customers`);
  expect([page.status, page.headers.get('retry-after')]).toEqual([503, '5']);
  expect(await page.text()).toContain('Rapport is starting. Try again in a moment.');

  await postgres.start();
  await until('the schema to be missed', async () => (await told(product)).includes('npm run migrate'));
  await Promise.all([migrate(postgres.url()), migrate(postgres.url())]); // two at once do it once
  await until('Redis to be missed', async () => (await told(product)) === '503 Redis cannot be reached');
  expect(product.said()).not.toMatch(/^ready/m);
  await gate.open();
  await product.ready();
  expect(await told(product)).toBe('200 ready');
  for (const reason of ['The database cannot be reached', 'Run: npm run migrate', 'Redis cannot be reached'])
    expect(product.said()).toContain(
      `waiting: ${reason === 'Run: npm run migrate' ? 'The database has no schema yet. ' : ''}${reason}`,
    );
  expect(await product.end()).toBe(0);
}, 60_000);

describe('a start that cannot work', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(() => database.drop());

  test('ends at once with a wrong password, and says so', async () => {
    const url = new URL(database.runtimeUrl);
    url.password = 'wrong';
    const product = await launch({ DATABASE_URL: url.href });
    await until('the end', () => !product.alive(), 40_000);
    expect(await product.end()).toBe(1);
    expect(product.said()).toContain(
      'Rapport cannot start: The database cannot be reached: password authentication failed',
    );
  }, 60_000);

  test('is given up after START_SECONDS', async () => {
    const product = await launch({ DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none', START_SECONDS: '1' });
    await until('the end', () => !product.alive(), 40_000);
    expect(await product.end()).toBe(1);
    expect(product.said()).toContain('Rapport cannot start: The database cannot be reached: connect ECONNREFUSED');
  }, 60_000);

  test('stops when it is told to, before it was ready', async () => {
    const product = await launch({ DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' });
    await until('it to wait', () => product.said().includes('waiting: '));
    expect(await product.end('SIGTERM')).toBe(0);
  }, 60_000);

  test('of several processes is given up together, with a clear line', async () => {
    const product = await launch({
      DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none',
      START_SECONDS: '0',
      WEB_CONCURRENCY: '2',
    });
    await until('the end', () => !product.alive(), 60_000);
    expect(await product.end()).toBe(1);
    expect(product.said()).toMatch(/Rapport cannot start: its web process ended 3 times before it was ready/);
  }, 80_000);
});

test('a schema older than the code is not served', async () => {
  const database = await createTestDatabase();
  running.push({ stop: () => database.drop() });
  const { default: pg } = await import('pg');
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  await client.query("delete from schema_migrations where name like '0016%'");
  await client.end();
  const product = await launch({ DATABASE_URL: database.runtimeUrl });
  await until('the migration to be missed', () => product.said().includes('waiting: '));
  expect(await told(product)).toMatch(/^503 The database's schema lacks 0016_\w+\.ts\. Run: npm run migrate$/);
}, 30_000);
