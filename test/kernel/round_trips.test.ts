// What a page asks of the database at the same time leaves in one piece: a turn to and fro costs more than most statements.
import type { Socket } from 'node:net';
import type { PoolClient } from 'pg';
import { withTenant } from '../../src/kernel/tenant_db.ts';
import { signIn, startApp, type TestApp } from '../helpers/app.ts';
import { makeTenant, PASSWORD, type TestTenant } from '../helpers/fixture.ts';

let app: TestApp;
let acme: TestTenant;
let customer: string;
let turns = 0;
const counted = new WeakSet<PoolClient>();

/** Counts what is written to the database, however many statements are in a piece. */
function count(client: PoolClient): void {
  if (counted.has(client)) return;
  counted.add(client);
  const { stream } = (client as unknown as { connection: { stream: Socket } }).connection;
  for (const name of ['_write', '_writev'] as const) {
    const write = stream[name]!.bind(stream) as (...args: unknown[]) => void;
    Object.assign(stream, {
      [name]: (...args: unknown[]) => {
        turns += 1;
        write(...args);
      },
    });
  }
}

const api = (path: string, body?: object) =>
  fetch(`${app.url}/api/v1${path}`, {
    method: body ? 'POST' : 'GET',
    headers: { authorization: `Bearer ${acme.users.admin.token}`, 'content-type': 'application/json' },
    body: body ? JSON.stringify(body) : null,
  });

beforeAll(async () => {
  app = await startApp();
  acme = await makeTenant(app.database.url, app.platform, 'acme');
  app.platform.pools.app.on('acquire', count);
  const made = await api('/customers', { name: 'Nordwind', owner_id: acme.users.manager.id, tags: ['rail', 'sea'] });
  customer = ((await made.json()) as { data: { id: string } }).data.id;
  await api('/contacts', { name: 'Ada Wind', customer_id: customer });
  await api('/notes', { body: 'Called.', customer_id: customer });
});
afterAll(() => app?.stop());

test.each([
  // who asks, with rows, colleagues and tags; the end
  ['a list', () => '/customers?scope=all', 2],
  // who asks, with the record and its tags; everything about it; the end
  ['a record with a contact and a note', () => `/customers/${customer}`, 3],
])('%s takes few turns to the database', async (_what, path, most) => {
  const agent = app.agent();

  await signIn(agent, acme.users.admin.email, PASSWORD);
  await agent.get(path()).expect(200);
  turns = 0;
  await agent.get(path()).expect(200);
  expect(turns).toBeGreaterThan(1);
  expect(turns).toBeLessThanOrEqual(most);
});

test('statements that leave together fail for the reason of the first', async () => {
  const { app: pool } = app.platform.pools;
  const failed = withTenant(pool, acme.id, (db) =>
    Promise.all([
      // Handed on a little later than the other, as by a function that does something with it.
      db.run('/* test.first */ select 1 / 0').then((rows) => rows),
      db.run('/* test.second */ select 1'),
    ]),
  );
  await expect(failed).rejects.toMatchObject({ code: '22012' });
  const rows = await withTenant(pool, acme.id, (db) => db.run('/* test.after */ select 1 as one'));
  expect(rows).toEqual([{ one: 1 }]);
});
