// What has served its time goes, what is still needed stays, whatever died in between. FI-10, BK-12.
import { existsSync, mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { start } from '../../../src/main.ts';
import { commitImport } from '../../../src/modules/imports/imports.service.ts';
import { UNFINISHED_DAYS } from '../../../src/modules/imports/retention.service.ts';
import { filePath } from '../../../src/platform/files.ts';
import { upkeep } from '../../../src/upkeep.ts';
import { csv, type Ground, openGround, signedIn } from './ground.ts';

let ground: Ground;
beforeEach(async () => {
  ground = await openGround({ IMPORT_KEEP_DAYS: '60' });
}, 60_000);
afterEach(() => ground?.stop());

const keepUp = () => upkeep(ground.app.platform, new AbortController().signal);
const folder = () => ground.app.platform.config.data_dir;
const at = (key: string) => filePath(folder(), key);
const age = (file: string, minutes: number) => {
  const then = new Date(Date.now() - minutes * 60_000);
  utimesSync(file, then, then);
};
const idleFor = (id: string, days: number) =>
  ground.sql(`update imports set updated_at = now() - make_interval(days => $2) where id = $1`, [id, days]);
const rowsOf = async (id: string) => {
  const [n] = await ground.sql<{ rows: number; plan: number }>(
    `select (select count(*)::integer from import_rows where import_id = $1) as rows,
       (select count(*)::integer from import_plan where import_id = $1) as plan`,
    [id],
  );
  return n;
};
const trail = (id: string) =>
  ground.sql(
    `select tenant_id, actor_id, actor_name, via, entity from audit_log where record_id = $1 and verb = 'purged'`,
    [id],
  );

const list = (name: string) =>
  csv(['Name', 'Status', 'City'], [`${name} Gmbh`, 'active', 'Secretville'], ['', '', 'Ulm']);

async function committed(name: string) {
  const { id } = await ground.run(list(name));
  await ground.as((ctx) => commitImport(ctx, id, null));
  await ground.drive(id);
  return ground.load(id);
}

/** A stored file that no import knows. */
function stray(key: string, minutes: number, suffix = ''): string {
  const file = `${at(key)}${suffix}`;
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, 'stray');
  age(file, minutes);
  return file;
}

test('stored files that belong to nothing go after an hour, everything else stays', async () => {
  const mine = await ground.load(await ground.upload(list('Mine')));
  age(at(mine.file_key), 60 * 24 * 10);
  const answer = await ground.app
    .agent()
    .post('/api/v1/imports')
    .set('Authorization', `Bearer ${ground.globex.users.admin.token}`)
    .field('entity', 'customers')
    .attach('file', Buffer.from(list('Theirs')), 'theirs.csv');
  const theirs = await ground.load(answer.body.data.id);
  age(at(theirs.file_key), 60 * 24 * 10);
  await ground.sql('update tenants set suspended_at = now() where id = $1', [ground.globex.id]);
  const gone = [stray('a'.repeat(32), 61), stray('b'.repeat(32), 61, '.part')];
  const kept = [at(mine.file_key), at(theirs.file_key), stray('c'.repeat(32), 55), stray('d'.repeat(32), 5, '.part')];
  const foreign = path.join(folder(), 'files', 'README');
  writeFileSync(foreign, 'not ours to remove');
  age(foreign, 1_000);
  await keepUp();
  expect(gone.filter(existsSync)).toEqual([]);
  expect([...kept, foreign].filter((file) => !existsSync(file))).toEqual([]);
});

test('after the retention file and rows of an import go; who, what and how many stay', async () => {
  const [old, young] = [await committed('Old'), await committed('Young')];
  await idleFor(old.id, 61);
  await idleFor(young.id, 59);
  await keepUp();
  expect(existsSync(at(old.file_key))).toBe(false);
  expect(await rowsOf(old.id)).toEqual({ rows: 0, plan: 0 });
  const [left] = await ground.sql<{ text: string }>('select imports::text as text from imports where id = $1', [
    old.id,
  ]);
  expect(left!.text).not.toContain('Secretville');
  expect(left!.text).toContain('City');
  const { agent } = await signedIn(ground);
  const { text } = await agent.get(`/imports/${old.id}`).expect(200);
  expect(text).toContain('2 rows in the file = 1 created + 0 updated + 0 unchanged + 0 skipped + 1 failed');
  expect(text).toContain('removed, as they are after 60 days; the counts stay');
  expect(text).toContain('<dt>City</dt><dd>City</dd>');
  expect((await agent.get('/imports')).text).toContain('2 rows: 1 created, 1 failed');
  expect(await ground.sql(`select 1 from customers where name = 'Old Gmbh' and deleted_at is null`)).toHaveLength(1);
  expect(await trail(old.id)).toEqual([
    { tenant_id: ground.acme.id, actor_id: null, actor_name: 'Rapport', via: 'job', entity: 'import' },
  ]);
  expect(existsSync(at(young.file_key))).toBe(true);
  expect(await rowsOf(young.id)).not.toEqual({ rows: 0, plan: 0 });
  expect(await trail(young.id)).toEqual([]);
});

test('what nobody finished goes after thirty days and says why; what is on its way into the records stays', async () => {
  const planned = await ground.run(list('Planned'));
  const waiting = await ground.load(await ground.upload(list('Never read')));
  const broken = await ground.run('%PDF-1.7\n');
  const fresh = await ground.run(list('Fresh'));
  const writing = await ground.run(list('Writing'));
  await ground.as((ctx) => commitImport(ctx, writing.id, null));
  for (const { id } of [planned, waiting, broken]) await idleFor(id, UNFINISHED_DAYS + 1);
  await idleFor(fresh.id, UNFINISHED_DAYS - 1);
  await idleFor(writing.id, 400);
  await keepUp();
  for (const { id, file_key } of [planned, waiting, broken]) {
    expect(existsSync(at(file_key))).toBe(false);
    expect(await rowsOf(id)).toEqual({ rows: 0, plan: 0 });
    expect(await trail(id)).toHaveLength(1);
  }
  expect(await ground.load(planned.id)).toMatchObject({ state: 'failed', task: null, rows: 0, created: 0 });
  expect(await ground.load(broken.id)).toMatchObject({ state: 'failed', error: broken.error });
  const { agent } = await signedIn(ground);
  for (const { id } of [planned, waiting]) {
    const { text } = await agent.get(`/imports/${id}`).expect(200);
    expect(text).toContain('This was not finished within 30 days, so the file was removed. Upload it again.');
    await expect(ground.as((ctx) => commitImport(ctx, id, null))).rejects.toMatchObject({ status: 409 });
  }
  for (const { id, file_key } of [fresh, writing]) {
    expect(existsSync(at(file_key))).toBe(true);
    expect((await rowsOf(id))!.plan).toBeGreaterThan(0);
  }
  await ground.drive(writing.id);
  expect(await ground.load(writing.id)).toMatchObject({ state: 'committed', created: 1 });
  // A worker that was told of the one that is gone finds nothing to do.
  await ground.drive(waiting.id);
  expect(await ground.load(waiting.id)).toMatchObject({ state: 'failed' });
}, 30_000);

test('several workers at once remove each import once', async () => {
  const ids = [];
  for (let i = 0; i < 6; i += 1) ids.push((await ground.run(list(`Many ${i}`))).id);
  for (const id of ids) await idleFor(id, UNFINISHED_DAYS + 1);
  await Promise.all([keepUp(), keepUp(), keepUp(), keepUp()]);
  for (const id of ids) expect(await trail(id)).toHaveLength(1);
  await keepUp();
  for (const id of ids) expect(await trail(id)).toHaveLength(1);
});

test('a process that died between the commit and the file leaves it to the next round', async () => {
  const done = await committed('Half');
  await ground.sql('update imports set purged_at = now() where id = $1', [done.id]);
  age(at(done.file_key), 61);
  await keepUp();
  expect(existsSync(at(done.file_key))).toBe(false);
});

test('trouble in one company keeps no other from its upkeep, and no file counts as an orphan then', async () => {
  const mine = await ground.run(list('Mine'));
  await idleFor(mine.id, UNFINISHED_DAYS + 1);
  const orphan = stray('e'.repeat(32), 100);
  const [theirs] = await ground.sql<{ id: string }>(
    `insert into imports (tenant_id, entity, file_name, file_bytes, file_key, created_by, updated_at)
     values ($1, 'customer', 'x.csv', 1, repeat('f', 32), $2, now() - interval '100 days') returning id`,
    [ground.globex.id, ground.globex.users.admin.id],
  );
  await ground.sql(`create function refuse() returns trigger language plpgsql as $$ begin raise 'no disk'; end $$`);
  await ground.sql(`create trigger refuse before update on imports for each row
    when (old.tenant_id = '${ground.globex.id}') execute function refuse()`);
  await expect(keepUp()).rejects.toThrow('no disk');
  expect(await trail(mine.id)).toHaveLength(1);
  expect(await trail(theirs!.id)).toEqual([]);
  expect(existsSync(orphan)).toBe(true);
  await ground.sql('drop trigger refuse on imports');
  await keepUp();
  expect(await trail(theirs!.id)).toHaveLength(1);
  expect(existsSync(orphan)).toBe(false);
});

test('the wrong database does not empty the folder', async () => {
  const strays = Array.from({ length: 150 }, (_, i) => stray(i.toString(16).padStart(32, '0'), 120));
  await expect(keepUp()).rejects.toThrow(/150 of 150 files .* none was removed\. Check DATA_DIR and DATABASE_URL/);
  expect(strays.filter((file) => !existsSync(file))).toEqual([]);
});

test('workers do this every hour by themselves', async () => {
  const worker = await start({
    RAPPORT_MODE: 'test',
    ROLE: 'worker',
    LOG_LEVEL: 'silent',
    DATABASE_URL: ground.app.database.runtimeUrl,
    DATA_DIR: folder(),
  });
  try {
    const known = () => ground.sql('select identifier from graphile_worker._private_known_crontabs');
    for (let i = 0; i < 100 && !(await known()).length; i += 1) await sleep(50);
    expect(await known()).toEqual([{ identifier: 'upkeep' }]);
    // As the clock would.
    const orphan = stray('9'.repeat(32), 100);
    await ground.sql(`select graphile_worker.add_job('upkeep', job_key => 'upkeep')`);
    for (let i = 0; i < 200 && existsSync(orphan); i += 1) await sleep(50);
    expect(existsSync(orphan)).toBe(false);
  } finally {
    await worker.stop();
  }
}, 30_000);
