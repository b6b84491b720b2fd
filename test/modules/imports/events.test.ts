// A page hears of its import while a worker elsewhere works on it; who may not see the import hears nothing.
import { setTimeout as sleep } from 'node:timers/promises';
import { start } from '../../../src/main.ts';
import { MOST_STREAMS } from '../../../src/platform/event_streams.ts';
import { csrfToken, signIn } from '../../helpers/app.ts';
import { cookieOf, openEvents } from '../../helpers/events.ts';
import { PASSWORD, type TestTenant } from '../../helpers/fixture.ts';
import { csv, useGround } from './ground.ts';

const ground = useGround({ LIVE_HEARTBEAT_SECONDS: '1' });

/** Somebody signed in, with the cookie that a stream needs. */
async function visitor(tenant: TestTenant, role: 'admin' | 'manager' | 'sales') {
  const agent = ground.app.agent();
  const cookie = cookieOf(await signIn(agent, tenant.users[role].email, PASSWORD));
  const watch = (id: string) => openEvents(`${ground.app.url}/imports/${id}/events`, cookie);
  return { agent, cookie, watch };
}

const LIST = csv(['Name', 'City'], ...Array.from({ length: 3_000 }, (_, i) => [`Live ${i}`, 'Ulm']));

test('a worker in another process is heard on the page, step by step, to the end', async () => {
  const id = await ground.upload(LIST, { commit: true });
  const { watch } = await visitor(ground.acme, 'manager');
  const events = await watch(id);
  expect(events.status).toBe(200);
  expect(events.headers.get('content-type')).toContain('text/event-stream');
  expect(events.headers.get('cache-control')).toContain('no-transform');
  expect(events.headers.get('x-accel-buffering')).toBe('no');
  expect(await events.next()).toEqual({ event: 'import', data: `import:${id}` }); // look again: the page may be old
  const worker = await start({
    RAPPORT_MODE: 'test',
    ROLE: 'worker',
    LOG_LEVEL: 'silent',
    DATABASE_URL: ground.app.database.runtimeUrl,
    DATA_DIR: ground.app.platform.config.data_dir,
  });
  try {
    const seen = new Set<string>();
    while ((await ground.load(id)).state !== 'committed') {
      await events.next();
      seen.add((await ground.load(id)).task ?? 'done');
    }
    expect(seen.size).toBeGreaterThan(2);
    expect(events.heard.every(({ data }) => data === `import:${id}`)).toBe(true);
  } finally {
    await worker.stop();
    events.stop();
  }
}, 60_000);

test('progress is announced a few times a second at most, whatever the worker writes', async () => {
  const id = await ground.upload(LIST, { commit: true });
  const { watch } = await visitor(ground.acme, 'admin');
  const events = await watch(id);
  const began = Date.now();
  await ground.drive(id);
  await sleep(200);
  events.stop();
  const steps = 6; // inspected, staged, planned, committed, and the first look
  expect(events.heard.length).toBeLessThanOrEqual(steps + (Date.now() - began) / 250);
  expect(events.heard.length).toBeGreaterThan(3);
}, 30_000);

test("another company's import, an unknown one and one without the right cannot be listened to", async () => {
  const id = await ground.upload(LIST, {});
  const stranger = await openEvents(`${ground.app.url}/imports/${id}/events`, '');
  expect(stranger.status).toBe(303);
  expect(stranger.headers.get('location')).toMatch(/^\/login/);
  expect((await (await visitor(ground.globex, 'admin')).watch(id)).status).toBe(404);
  const acme = await visitor(ground.acme, 'admin');
  expect((await acme.watch('00000000-0000-7000-8000-000000000000')).status).toBe(404);
  expect((await (await visitor(ground.acme, 'sales')).watch(id)).status).toBe(403);
});

test('a stream holds no connection of the database, and says that it lives', async () => {
  const id = await ground.upload(LIST, {});
  const { watch } = await visitor(ground.acme, 'manager');
  const streams = await Promise.all(Array.from({ length: MOST_STREAMS }, () => watch(id)));
  await sleep(100);
  const { app, platform } = ground.app.platform.pools;
  expect([app.totalCount - app.idleCount, platform.totalCount - platform.idleCount]).toEqual([0, 0]);
  expect(ground.app.platform.events.count()).toBe(MOST_STREAMS);
  await sleep(1_200);
  for (const stream of streams) expect(stream.beats()).toBeGreaterThanOrEqual(1);
  for (const stream of streams) stream.stop();
  await sleep(200);
  expect(ground.app.platform.events.count()).toBe(0);
});

test('one stream too many closes the oldest of the session, and nobody else’s', async () => {
  const id = await ground.upload(LIST, {});
  const mine = await visitor(ground.acme, 'manager');
  const other = await (await visitor(ground.acme, 'admin')).watch(id);
  const streams = [];
  for (let i = 0; i <= MOST_STREAMS; i += 1) streams.push(await mine.watch(id));
  await streams[0]!.ended;
  expect(streams[0]!.heard.at(-1)).toEqual({ event: 'closed', data: '' });
  expect(ground.app.platform.events.count()).toBe(MOST_STREAMS + 1);
  for (const stream of [...streams, other]) {
    expect(stream.heard.filter(({ event }) => event === 'closed')).toHaveLength(stream === streams[0] ? 1 : 0);
    stream.stop();
  }
});

test('signing out, being deactivated and losing the right each end the stream within a heartbeat', async () => {
  const id = await ground.upload(LIST, {});
  const { users } = ground.acme;
  const ways: [string, () => Promise<unknown>, () => Promise<unknown>][] = [];
  const leaver = await visitor(ground.acme, 'manager');
  const { text } = await leaver.agent.get('/imports');
  const change = (set: string, role: 'manager') => () =>
    ground.sql(`update users set ${set} where id = $1`, [users[role].id]);
  ways.push([
    leaver.cookie,
    () =>
      leaver.agent
        .post('/logout')
        .type('form')
        .send({ _csrf: csrfToken(text) }),
    async () => {},
  ]);
  for (const set of ['deactivated_at = now()', `role = 'sales'`]) {
    const back = `deactivated_at = null, role = 'manager'`;
    ways.push([(await visitor(ground.acme, 'manager')).cookie, change(set, 'manager'), change(back, 'manager')]);
  }
  for (const [cookie, end, undo] of ways) {
    const stream = await openEvents(`${ground.app.url}/imports/${id}/events`, cookie);
    await sleep(1_300);
    expect(stream.heard.map(({ event }) => event)).toEqual(['import']); // it stays for who may stay
    await end();
    await stream.ended;
    expect(stream.heard.at(-1)).toEqual({ event: 'closed', data: '' });
    await undo();
  }
}, 30_000);

test('a process that stops lets go of its streams at once, without telling them to stay away', async () => {
  const id = await ground.upload(LIST, {});
  const { cookie } = await visitor(ground.acme, 'admin');
  const second = await start({
    RAPPORT_MODE: 'test',
    ROLE: 'web',
    PORT: '0',
    LOG_LEVEL: 'silent',
    DATABASE_URL: ground.app.database.runtimeUrl,
    DATA_DIR: ground.app.platform.config.data_dir,
  });
  const stream = await openEvents(`${second.url}/imports/${id}/events`, cookie);
  expect(stream.status).toBe(200);
  await stream.next();
  const began = Date.now();
  await second.stop();
  await stream.ended;
  expect(Date.now() - began).toBeLessThan(3_000);
  expect(stream.heard.map(({ event }) => event)).toEqual(['import']);
});
