import http from 'node:http';
import net from 'node:net';
import { startApp, type TestApp } from '../helpers/app.ts';

describe.each([{ redis: false }, { redis: true }])('the process, with Redis: $redis', (options) => {
  let app: TestApp;

  beforeAll(async () => {
    app = await startApp(options);
  });

  afterAll(() => app?.stop());

  test('is up and ready', async () => {
    expect((await app.agent().get('/healthz')).status).toBe(200);
    expect((await app.agent().get('/readyz')).text).toBe('ready\n');
  });
});

test('after it has stopped nobody answers', async () => {
  const app = await startApp();
  const { url } = app;
  await app.stop();
  await expect(
    new Promise((resolve, reject) => http.get(`${url}/healthz`, resolve).on('error', reject)),
  ).rejects.toThrow('ECONNREFUSED');
});

test('a connection that was opened in advance and never used does not hold up the stop', async () => {
  const app = await startApp();
  const early = net.connect(Number(new URL(app.url).port), '127.0.0.1');
  await new Promise((resolve) => early.once('connect', resolve));
  const closed = new Promise((resolve) => early.once('close', resolve));
  const began = Date.now();
  await app.stop();
  await closed;
  expect(Date.now() - began).toBeLessThan(3_000);
});
