// The door for files: who may use it, what it takes, and that nothing stays behind. FI-01, FI-04..FI-06, CSRF.
import { existsSync, readdirSync } from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { cleanName } from '../../../src/modules/imports/upload.ts';
import { fingerprint } from '../../helpers/fixture.ts';
import { csv, signedIn, useGround } from './ground.ts';

const ground = useGround({ UPLOAD_MB: '1' });
let door: Awaited<ReturnType<typeof signedIn>>;
beforeAll(async () => {
  door = await signedIn(ground);
});

const files = (): string[] => {
  const folder = path.join(ground.app.platform.config.data_dir, 'files');
  return existsSync(folder)
    ? (readdirSync(folder, { recursive: true }) as string[]).filter((f) => /[\\/]/.test(f))
    : [];
};

const LIST = csv(['Name'], ['Uploaded']);
const form = (fields: [string, string][], file?: { name: string; body: string | Buffer; field?: string }) => {
  const b = '----rapport';
  const parts = fields.map(([k, v]) => `--${b}\r\nContent-Disposition: form-data; name="${k}"\r\n\r\n${v}\r\n`);
  if (file)
    parts.push(
      `--${b}\r\nContent-Disposition: form-data; name="${file.field ?? 'file'}"; filename="${file.name}"\r\nContent-Type: text/csv\r\n\r\n${file.body}\r\n`,
    );
  return { type: `multipart/form-data; boundary=${b}`, body: `${parts.join('')}--${b}--\r\n` };
};
const post = (made: { type: string; body: string }) =>
  door.agent
    .post('/imports')
    .redirects(0)
    .set('Content-Type', made.type)
    .send(Buffer.from(made.body) as never);

test('a person uploads with the token as a field before the file, or as a header', async () => {
  const before = files().length;
  const good = await post(
    form(
      [
        ['_csrf', door.csrf],
        ['entity', 'customers'],
      ],
      { name: 'a.csv', body: LIST },
    ),
  );
  expect(good.status).toBe(303);
  expect(good.headers.location).toMatch(/^\/imports\/[0-9a-f-]{36}$/);
  const header = form([['entity', 'customers']], { name: 'b.csv', body: LIST });
  const other = await door.agent
    .post('/imports')
    .redirects(0)
    .set('x-csrf-token', door.csrf)
    .set('Content-Type', header.type)
    .send(Buffer.from(header.body) as never);
  expect(other.status).toBe(303);
  expect(files()).toHaveLength(before + 2);
  for (const name of files()) expect(name).toMatch(/^[0-9a-f]{2}[\\/][0-9a-f]{32}$/);
});

test('without the token, with a wrong one or one behind the file nothing is kept', async () => {
  const kept = files();
  const before = await fingerprint(ground.app.database.url);
  const file = { name: 'x.csv', body: LIST };
  for (const made of [
    form([['entity', 'customers']], file),
    form(
      [
        ['_csrf', 'wrong'],
        ['entity', 'customers'],
      ],
      file,
    ),
    {
      ...form([['entity', 'customers']], file),
      body: form([['entity', 'customers']], file).body.replace(
        '------rapport--',
        `------rapport\r\nContent-Disposition: form-data; name="_csrf"\r\n\r\n${door.csrf}\r\n------rapport--`,
      ),
    },
  ]) {
    expect((await post(made)).status).toBe(403);
  }
  expect(files()).toEqual(kept);
  expect(await fingerprint(ground.app.database.url)).toEqual(before);
});

test('a stranger, a role without the right and another site are turned away before the file', async () => {
  const made = form(
    [
      ['_csrf', door.csrf],
      ['entity', 'customers'],
    ],
    { name: 'x.csv', body: LIST },
  );
  const kept = files();
  const stranger = await ground.app
    .agent()
    .post('/imports')
    .redirects(0)
    .set('Content-Type', made.type)
    .send(Buffer.from(made.body) as never);
  expect(stranger.headers.location).toMatch(/^\/login/);
  const sales = await signedIn(ground, 'sales');
  const refused = await sales.agent
    .post('/imports')
    .set('x-csrf-token', sales.csrf)
    .set('Content-Type', made.type)
    .send(Buffer.from(made.body) as never);
  expect(refused.status).toBe(403);
  const cross = await door.agent
    .post('/imports')
    .set('Sec-Fetch-Site', 'cross-site')
    .set('Content-Type', made.type)
    .send(Buffer.from(made.body) as never);
  expect(cross.status).toBe(403);
  expect(files()).toEqual(kept);
});

test('one byte over the limit is refused with its reason, the limit itself is taken', async () => {
  const kept = files().length;
  const most = ground.app.platform.config.upload_bytes;
  const fields: [string, string][] = [
    ['_csrf', door.csrf],
    ['entity', 'customers'],
  ];
  const over = await post(form(fields, { name: 'big.csv', body: 'x'.repeat(most + 1) }));
  expect(over.status).toBe(413);
  expect(over.text).toContain('larger than 1 MB');
  expect(files()).toHaveLength(kept);
  expect((await post(form(fields, { name: 'full.csv', body: 'x'.repeat(most) }))).status).toBe(303);
  const far = await ground.app
    .agent()
    .post('/api/v1/imports')
    .set('Authorization', `Bearer ${ground.acme.users.admin.token}`)
    .field('entity', 'customers')
    .attach('file', Buffer.alloc(most * 3), 'far.csv')
    .catch((error: Error) => error);
  expect((far as { status?: number }).status ?? 413).toBe(413);
  expect(files()).toHaveLength(kept + 1);
});

test('an upload that is cut off leaves nothing', async () => {
  const kept = files();
  const { port } = new URL(ground.app.url);
  const made = form(
    [
      ['_csrf', 'unused'],
      ['entity', 'customers'],
    ],
    { name: 'cut.csv', body: 'x'.repeat(500_000) },
  );
  const request = http.request({
    port,
    path: '/api/v1/imports',
    method: 'POST',
    headers: {
      'Content-Type': made.type,
      'Content-Length': Buffer.byteLength(made.body),
      Authorization: `Bearer ${ground.acme.users.admin.token}`,
    },
  });
  request.on('error', () => {});
  request.write(made.body.slice(0, 400_000));
  for (let i = 0; i < 100 && files().length === kept.length; i += 1) await sleep(20);
  expect(files().length).toBe(kept.length + 1); // under way
  request.destroy();
  for (let i = 0; i < 100 && files().length > kept.length; i += 1) await sleep(20);
  expect(files()).toEqual(kept);
});

test.each([
  ['no file', () => form([['entity', 'customers']]), 422],
  ['an empty choice', () => form([['entity', 'customers']], { name: '', body: '' }), 422],
  ['another field', () => form([['entity', 'customers']], { name: 'a.csv', body: 'x', field: 'other' }), 400],
  ['an entity that cannot be imported', () => form([['entity', 'users']], { name: 'a.csv', body: 'x' }), 422],
  [
    'a field twice',
    () =>
      form(
        [
          ['entity', 'customers'],
          ['entity', 'leads'],
        ],
        { name: 'a.csv', body: 'x' },
      ),
    400,
  ],
  [
    'a cut boundary',
    () => ({
      ...form([['entity', 'customers']]),
      body: '------rapport\r\nContent-Disposition: form-data; name="entity"',
    }),
    400,
  ],
  ['no boundary', () => ({ type: 'multipart/form-data', body: 'x' }), 400],
  [
    'two files',
    () => {
      const one = form([['entity', 'customers']], { name: 'a.csv', body: 'x' });
      return {
        ...one,
        body: one.body.replace(
          '------rapport--',
          `------rapport\r\nContent-Disposition: form-data; name="file"; filename="b.csv"\r\n\r\nx\r\n------rapport--`,
        ),
      };
    },
    400,
  ],
  [
    'a field named __proto__',
    () =>
      form(
        [
          ['__proto__', 'x'],
          ['entity', 'nothing'],
        ],
        { name: 'a.csv', body: 'x' },
      ),
    422,
  ],
])('%s is refused and leaves nothing', async (_name, make, status) => {
  const kept = files();
  const made = make();
  const answer = await door.agent
    .post('/imports')
    .redirects(0)
    .set('x-csrf-token', door.csrf)
    .set('Content-Type', made.type)
    .send(Buffer.from(made.body) as never);
  expect(answer.status).toBe(status);
  expect(files()).toEqual(kept);
});

test('names are shown without what could mislead', async () => {
  expect(cleanName('../../etc/passwd')).toBe('passwd');
  expect(cleanName('C:\\lists\\Kunden.xlsx')).toBe('Kunden.xlsx');
  expect(cleanName('evil\u202Excslx.exe')).toBe('evilxcslx.exe');
  expect(cleanName('a\u0000b\r\nc.csv')).toBe('abc.csv');
  expect(cleanName('..')).toBe('Unnamed file');
  expect(cleanName('ä'.repeat(300)).length).toBe(200);
  const id = await ground.upload(LIST, {}, 'customers', '<img src=x onerror=alert(1)>Übersicht 😀.csv');
  await ground.drive(id);
  const { text } = await door.agent.get(`/imports/${id}`).expect(200);
  expect(text).toContain('&lt;img src=x onerror=alert(1)&gt;Übersicht 😀.csv');
  expect(text).not.toContain('<img src=x');
});

test("another company's import does not exist, on any address", async () => {
  const mine = await ground.upload(LIST, {});
  const token = ground.globex.users.admin.token;
  for (const [method, address] of [
    ['get', ''],
    ['post', '/commit'],
  ] as const) {
    const answer = await ground.app
      .agent()
      [method](`/api/v1/imports/${mine}${address}`)
      .set('Authorization', `Bearer ${token}`);
    expect(answer.status).toBe(404);
  }
  expect(await ground.sql('select 1 from imports where tenant_id = $1', [ground.globex.id])).toEqual([]);
});
