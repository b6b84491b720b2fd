// Redis is killed, emptied and cut off while people are signed in: RE-07 and RE-08.
import { setTimeout as sleep } from 'node:timers/promises';
import { startApp, type TestApp } from '../helpers/app.ts';
import { makeTenant, type TestTenant } from '../helpers/fixture.ts';
import { type Gate, openGate } from '../helpers/gate.ts';
import { findViolations } from '../helpers/invariants.ts';
import { startRedis, type TestRedis } from '../helpers/servers.ts';
import { Person } from './people.ts';
import { until } from './process.ts';

let redis: TestRedis;
let gate: Gate;
let app: TestApp;
let acme: TestTenant;

beforeAll(async () => {
  redis = await startRedis();
  gate = await openGate(Number(new URL(redis.url).port));
  app = await startApp({ env: { ROLE: 'web', REDIS_URL: `redis://127.0.0.1:${gate.port}` } });
  acme = await makeTenant(app.database.url, app.platform, 'acme');
}, 60_000);
afterAll(async () => {
  await app?.stop();
  await gate?.shut();
  await redis?.stop();
});

async function admin(): Promise<Person> {
  const person = new Person(app.url);
  expect((await person.signIn(acme.users.admin)).status).toBe(303);
  return person;
}

const readiness = async (): Promise<string> => {
  const answer = await fetch(`${app.url}/readyz`);
  return `${answer.status} ${(await answer.text()).trim()}`;
};

test('while Redis is dead, who is signed in is asked to wait at once; programs and strangers are served', async () => {
  const person = await admin();
  const other = new Person(app.url);
  await other.send('/login');
  await redis.kill();
  await gate.shut();
  for (const answer of [
    await person.send('/customers'),
    await person.send('/customers', { name: 'Unsaved', _once: 'unsaved-1' }),
  ]) {
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '5']);
    expect(answer.text).toContain('Try again in a moment');
    expect(answer.ms).toBeLessThan(1_000);
  }
  expect(await readiness()).toBe('503 Redis does not answer');
  expect((await other.send('/login')).status).toBe(200);
  const api = await fetch(`${app.url}/api/v1/customers`, {
    headers: { authorization: `Bearer ${acme.users.admin.token}` },
  });
  expect(api.status).toBe(200);
  // The password is right, but nobody could keep the session: then nobody is told that they are signed in.
  const signIn = await other.signIn(acme.users.admin);
  expect(signIn.status).toBe(503);
  expect(signIn.ms).toBeLessThan(1_500);
  expect(signIn.headers.getSetCookie().join()).not.toContain('rapport=');

  await redis.restart(); // empty: what it held is gone
  await gate.open();
  await until('Redis to be found again', async () => (await readiness()) === '200 ready', 5_000);
  const again = await person.send('/customers');
  expect([again.status, again.headers.get('location')]).toEqual([303, '/login?next=%2Fcustomers']);
  await person.signIn(acme.users.admin);
  const saved = await person.send('/customers', { name: 'Unsaved', currency: 'EUR', _once: 'unsaved-1' });
  expect(saved.status).toBe(303);
  expect(await findViolations(app.database.url)).toEqual([]);
}, 30_000);

test('a form that was saved, and is sent again after signing in again, is done once', async () => {
  const person = await admin();
  const form = { name: 'Saved before', currency: 'EUR', _once: 'saved-before-1' };
  const first = await person.send('/customers', form);
  await redis.restart();
  await until('Redis to be found again', async () => (await readiness()) === '200 ready', 5_000);
  expect((await person.signIn(acme.users.admin)).status).toBe(303);
  const again = await person.send('/customers', form);
  expect([again.status, again.headers.get('location')]).toEqual([303, first.headers.get('location')]);
}, 30_000);

test('a Redis that says nothing at all is given up within seconds, and found again', async () => {
  const person = await admin();
  gate.silence(true);
  const answer = await person.send('/customers');
  expect(answer.status).toBe(503);
  expect(answer.ms).toBeLessThan(6_000);
  expect((await person.send('/customers')).ms).toBeLessThan(1_000);
  gate.silence(false);
  await until('Redis to be found again', async () => (await person.send('/customers')).status === 200, 8_000);
}, 30_000);

test('a slow way to Redis makes pages slow, and nothing else', async () => {
  const person = await admin();
  gate.delay(200);
  await sleep(50);
  expect((await person.send('/customers')).status).toBe(200);
  gate.delay(0);
}, 30_000);
