// Whoever works in the background knows whether people open pages, in whichever process: they are left a processor then.
import { setTimeout as sleep } from 'node:timers/promises';
import { inLanes } from '../../src/modules/imports/work.ts';
import { openLive } from '../../src/platform/live.ts';
import { createLog } from '../../src/platform/log.ts';
import { openPools } from '../../src/platform/postgres.ts';
import { openPresence } from '../../src/platform/presence.ts';
import { signIn, startApp, type TestApp } from '../helpers/app.ts';
import { makeTenant, PASSWORD, type TestTenant } from '../helpers/fixture.ts';

let app: TestApp;
let acme: TestTenant;

beforeAll(async () => {
  app = await startApp({ env: { ROLE: 'web' } });
  acme = await makeTenant(app.database.url, app.platform, 'acme');
});
afterAll(() => app?.stop());

test('a page that somebody opens is heard of by a worker for some seconds; programs are not people', async () => {
  const log = createLog('silent');
  const pools = openPools(app.database.runtimeUrl, log);
  const live = openLive(pools, log);
  try {
    const worker = openPresence(pools, live, log, true);
    while (!live.listening()) await sleep(10);
    const away = async () => {
      while (worker.lately()) await sleep(50);
    };
    await away(); // listening begins with a guess
    const headers = { authorization: `Bearer ${acme.users.admin.token}` };
    await fetch(`${app.url}/api/v1/customers`, { headers });
    await sleep(300);
    expect(worker.lately()).toBe(false);
    const agent = app.agent();
    await signIn(agent, acme.users.admin.email, PASSWORD);
    await agent.get('/customers').expect(200);
    for (let i = 0; i < 100 && !worker.lately(); i += 1) await sleep(20);
    expect(worker.lately()).toBe(true);
    await away();
    expect(app.platform.presence.lately()).toBe(false); // nobody listens there
  } finally {
    await live.close();
    await pools.end();
  }
});

test('as many pieces of work go side by side as there is room for at the moment', async () => {
  let [most, running, peak] = [2, 0, 0];
  const peaks: number[] = [];
  await inLanes(
    () => most,
    async (lanes) => {
      for (let piece = 0; piece < 12; piece += 1) {
        if (piece === 6) {
          peaks.push(peak);
          [most, peak] = [1, 0];
        }
        await lanes.add(async () => {
          running += 1;
          if (piece < 6 || piece > 7) peak = Math.max(peak, running); // those in between meet what was begun before
          await sleep(5);
          running -= 1;
        });
      }
    },
  );
  expect([...peaks, peak]).toEqual([2, 1]);
});
