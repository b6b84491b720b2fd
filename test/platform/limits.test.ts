import { setTimeout as sleep } from 'node:timers/promises';
import { addressKey, TooManyTries, Turns } from '../../src/platform/limits.ts';

test.each([
  ['203.0.113.7', '203.0.113.7'],
  ['::ffff:203.0.113.7', '203.0.113.7'],
  ['2a00:1450:4001:81b::200e', '2a00:1450:4001:81b'],
  ['2a00:1450:4001:81b:1:2:3:4', '2a00:1450:4001:81b'],
  ['2a00::1', '2a00:0:0:0'],
  ['::1', '0:0:0:0'],
  [undefined, 'unknown'],
])('the address %s counts as %s', (address, key) => expect(addressKey(address)).toBe(key));

test('turns of one key come one after another, of others at once, and a failure lets the next in', async () => {
  const turns = new Turns();
  let running = 0;
  let most = 0;
  const work = async () => {
    running += 1;
    most = Math.max(most, running);
    await sleep(5);
    running -= 1;
  };
  await Promise.all(Array.from({ length: 5 }, () => turns.take('a', work)));
  expect(most).toBe(1);
  await Promise.all(['a', 'b', 'c'].map((key) => turns.take(key, work)));
  expect(most).toBe(3);
  const failing = turns.take('a', () => Promise.reject(new Error('broken')));
  const next = turns.take('a', async () => 'fine');
  await expect(failing).rejects.toThrow('broken');
  expect(await next).toBe('fine');
});

test('not everybody may wait', async () => {
  const turns = new Turns();
  const all = Array.from({ length: 310 }, () => turns.take('a', () => sleep(1)));
  const ends = await Promise.allSettled(all);
  const refused = ends.filter((end) => end.status === 'rejected');
  expect(refused).toHaveLength(10);
  expect((refused[0] as PromiseRejectedResult).reason).toBeInstanceOf(TooManyTries);
  await turns.take('a', async () => {});
});
