// What one company does must not fill the disk or the queue of the others. FI-07, DS-05.
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { csv, type Ground, openGround, signedIn } from './ground.ts';

let ground: Ground;
const QUOTA = { IMPORT_FILES: '7', IMPORT_FILES_MB: '1', IMPORTS_AT_ONCE: '5' };
beforeEach(async () => {
  ground = await openGround(QUOTA);
}, 60_000);
afterEach(() => ground?.stop());

const files = (): string[] => {
  const folder = path.join(ground.app.platform.config.data_dir, 'files');
  return existsSync(folder)
    ? (readdirSync(folder, { recursive: true }) as string[]).filter((f) => /[\\/]/.test(f))
    : [];
};

const LIST = csv(['Name'], ['Quota']);
const send = (token: string, content: string | Buffer = LIST) =>
  ground.app
    .agent()
    .post('/api/v1/imports')
    .set('Authorization', `Bearer ${token}`)
    .field('entity', 'customers')
    .attach('file', Buffer.from(content as string), 'q.csv');

/** Everything there is is done, as far as the queue goes. */
const idle = () => ground.sql(`update imports set task = null, state = 'mapping'`);

test('of twenty uploads at the same instant as many are taken as there is room for, and the others leave nothing', async () => {
  const token = ground.acme.users.admin.token;
  const answers = await Promise.all(Array.from({ length: 20 }, () => send(token)));
  const taken = answers.filter(({ status }) => status === 202);
  const refused = answers.filter(({ status }) => status === 429);
  expect([taken.length, refused.length]).toEqual([5, 15]);
  for (const { body, headers } of refused) {
    expect(body.error).toMatch(/^5 imports of your company are being worked on\. Wait until one of them is done/);
    expect(headers['retry-after']).toBe('30');
  }
  await sleep(100);
  expect(files()).toHaveLength(5);
  // Others are not held up by it.
  expect((await send(ground.globex.users.admin.token)).status).toBe(202);
}, 30_000);

test('a company whose files fill their room is told so on the page, and removed files make room', async () => {
  const token = ground.acme.users.admin.token;
  for (let i = 0; i < 7; i += 1) {
    expect((await send(token)).status).toBe(202);
    await idle();
  }
  const api = await send(token);
  expect(api.status).toBe(422);
  expect(api.body.details.file).toMatch(
    /^Your company keeps 7 uploaded files, which is the most\. Old ones are removed/,
  );
  const { agent, csrf } = await signedIn(ground);
  const page = await agent
    .post('/imports')
    .set('x-csrf-token', csrf)
    .field('entity', 'customers')
    .attach('file', Buffer.from(LIST), 'q.csv');
  expect(page.status).toBe(422);
  expect(page.text).toContain('Your company keeps 7 uploaded files');
  expect(page.text).toContain('Upload and read');
  expect(files()).toHaveLength(7);
  expect((await send(ground.globex.users.admin.token)).status).toBe(202);
  await ground.sql(`update imports set purged_at = now() where id = (select min(id::text)::uuid from imports)`);
  expect((await send(token)).status).toBe(202);
}, 30_000);

test('bytes are counted over all files of the company', async () => {
  const token = ground.acme.users.admin.token;
  expect((await send(token, 'x'.repeat(700_000))).status).toBe(202);
  const answer = await send(token, 'x'.repeat(700_000));
  expect(answer.status).toBe(422);
  expect(answer.body.details.file).toMatch(/keeps 1 of at most 1 MB of uploaded files, and this one does not fit/);
  expect((await send(token, 'x'.repeat(300_000))).status).toBe(202);
  expect(files()).toHaveLength(2);
});
