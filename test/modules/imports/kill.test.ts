// A worker that dies anywhere: its successor finishes, nothing is lost, nothing is done twice. IM-20.
import {
  commitImport,
  createImport,
  loadImport,
  reviveIfSilent,
} from '../../../src/modules/imports/imports.service.ts';
import { work } from '../../../src/modules/imports/work.job.ts';
import { findViolations } from '../../helpers/invariants.ts';
import { countsOf, csv, driveUntil, useGround } from './ground.ts';

const ground = useGround();

const ROWS = 1_700;
const list = (name: string) =>
  csv(
    ['Name', 'External id', 'Tags'],
    ...Array.from({ length: ROWS }, (_, i) => [`${name} ${i}`, `${name}-${i}`, i % 2 ? 'Odd' : '']),
  );

const made = async (name: string) => {
  const [row] = await ground.sql<{ n: number; different: number }>(
    `select count(*)::integer as n, count(distinct external_id)::integer as different from customers where name like $1`,
    [`${name} %`],
  );
  const [trail] = await ground.sql<{ n: number }>(
    `select count(*)::integer as n from audit_log a join customers c on c.id = a.record_id where c.name like $1`,
    [`${name} %`],
  );
  return { ...row, trail: trail!.n };
};

test('killed before any of its transactions, an import finishes when it is taken up again', async () => {
  const id = await ground.upload(list('Killed'));
  // One transaction further at every start, from the first look into the file to the last line of the account.
  let starts = 0;
  for (let deadBefore = 1; ; deadBefore += 2) {
    starts += 1;
    if (starts > 60) throw new Error('it never finishes');
    const finished = await driveUntil(ground, id, deadBefore);
    const now = await ground.load(id);
    if (now.state === 'committing') expect(countsOf(now)).toMatchObject({ rows: ROWS, created: ROWS });
    // Only a start that got nowhere counts; progress forgives.
    if (now.attempts > 4) await ground.sql('update imports set attempts = 1 where id = $1', [id]);
    if (!finished) continue;
    if (now.state === 'planned') {
      await ground.as((ctx) => commitImport(ctx, id, null));
      deadBefore = 0;
      continue;
    }
    expect(now.state).toBe('committed');
    break;
  }
  expect(countsOf(await ground.load(id))).toEqual({
    rows: ROWS,
    created: ROWS,
    updated: 0,
    unchanged: 0,
    skipped: 0,
    failed: 0,
  });
  expect(await made('Killed')).toEqual({ n: ROWS, different: ROWS, trail: ROWS });
  expect(await findViolations(ground.app.database.url)).toEqual([]);
}, 120_000);

test('a row the database refuses is set aside alone, and the others are written', async () => {
  const found = await ground.run(list('Refused'));
  // Somebody takes the key of row 900 in the moment between looking and writing: a trigger stands for the race.
  await ground.sql(`create function refuse() returns trigger language plpgsql as $$
    begin raise unique_violation using message = 'taken'; end $$`);
  await ground.sql(`create trigger refuse before insert on customers for each row
    when (new.external_id = 'Refused-900') execute function refuse()`);
  try {
    await ground.as((ctx) => commitImport(ctx, found.id, null));
    await ground.drive(found.id);
  } finally {
    await ground.sql('drop trigger refuse on customers');
  }
  const done = await ground.load(found.id);
  expect(done.state).toBe('committed');
  expect(countsOf(done)).toEqual({ rows: ROWS, created: ROWS - 1, updated: 0, unchanged: 0, skipped: 0, failed: 1 });
  expect(await made('Refused')).toEqual({ n: ROWS - 1, different: ROWS - 1, trail: ROWS - 1 });
}, 60_000);

test('a worker that fell silent is replaced by whoever looks, and stops when it wakes up', async () => {
  const found = await ground.run(list('Silent'));
  await ground.as((ctx) => commitImport(ctx, found.id, null));
  const asleep = await ground.load(found.id);
  await driveUntil(ground, found.id, 4);
  const queued = () => ground.sql(`select key from graphile_worker.jobs where key = $1`, [`import:${found.id}`]);
  await ground.sql(`delete from graphile_worker._private_jobs where key = $1`, [`import:${found.id}`]);
  await ground.as(async (ctx) => reviveIfSilent(ctx, await loadImport(ctx, found.id)));
  expect(await queued()).toHaveLength(0); // it spoke a moment ago
  await ground.sql(`update imports set heartbeat_at = now() - interval '1 minute' where id = $1`, [found.id]);
  await ground.as(async (ctx) => reviveIfSilent(ctx, await loadImport(ctx, found.id)));
  expect(await queued()).toHaveLength(1);
  // The old one wakes up and finds itself replaced.
  const payload = { import_id: found.id, run: asleep.run };
  const before = await made('Silent');
  await work.run((step) => ground.as(step), payload, ground.app.platform, new AbortController().signal);
  expect(await made('Silent')).toEqual(before);
  await ground.drive(found.id);
  expect(await made('Silent')).toEqual({ n: ROWS, different: ROWS, trail: ROWS });
}, 60_000);

test('what never gets anywhere is given up and accounts for every row', async () => {
  const found = await ground.run(csv(['Name', 'City'], ['Stuck', 'Jena']));
  await ground.as((ctx) => commitImport(ctx, found.id, null));
  await ground.sql('update imports set attempts = 6 where id = $1', [found.id]);
  await ground.drive(found.id);
  const done = await ground.load(found.id);
  expect(done.state).toBe('committed');
  expect(countsOf(done)).toEqual({ rows: 1, created: 0, updated: 0, unchanged: 0, skipped: 0, failed: 1 });

  const unread = await ground.upload(csv(['Name'], ['Never read']));
  await ground.sql('update imports set attempts = 6 where id = $1', [unread]);
  await ground.drive(unread);
  expect(await ground.load(unread)).toMatchObject({
    state: 'failed',
    error: expect.stringContaining('fault on our side'),
  });
});

test('the queue is more patient than the import, which alone knows whether it gets on', async () => {
  const found = await ground.run(csv(['Name'], ['Patient']));
  await ground.as((ctx) => commitImport(ctx, found.id, null));
  const [job] = await ground.sql<{ max_attempts: number }>(
    'select max_attempts from graphile_worker.jobs where key = $1',
    [`import:${found.id}`],
  );
  expect(job!.max_attempts).toBeGreaterThan(20);
});

test('the identity is the table’s own rule too', async () => {
  const found = await ground.run(csv(['Name'], ['Counted']));
  await expect(ground.sql('update imports set created = 7 where id = $1', [found.id])).rejects.toMatchObject({
    constraint: 'imports_account_for_every_row',
  });
});

test('services refuse what the state does not allow', async () => {
  const found = await ground.run(csv(['Name'], ['Stateful']));
  await expect(ground.as((ctx) => commitImport(ctx, found.id, found.run - 1))).rejects.toMatchObject({ status: 409 });
  await ground.as((ctx) => commitImport(ctx, found.id, found.run));
  await ground.drive(found.id);
  await expect(
    ground.as((ctx) => createImport(ctx, 'widgets', { key: '0'.repeat(32), bytes: 1, name: 'x' }, null)),
  ).rejects.toMatchObject({ status: 422 });
  const fresh = await ground.as(async (ctx) => loadImport(ctx, found.id));
  expect(fresh.state).toBe('committed');
});
