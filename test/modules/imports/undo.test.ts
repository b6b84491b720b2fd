// An import taken back, and that taken back again: what others edited since stays as they left it. IM-21.
import { createRecord, trashRecord, updateRecord } from '../../../src/kernel/records.ts';
import type { Row } from '../../../src/kernel/tenant_db.ts';
import { customer } from '../../../src/modules/customers/customer.entity.ts';
import { commitImport, redoImport, undoImport } from '../../../src/modules/imports/imports.service.ts';
import { countsOf, csv, driveUntil, signedIn, staysSound, useGround } from './ground.ts';

const ground = useGround({}, staysSound);

const byKey = async (like: string): Promise<Record<string, Row>> => {
  const rows = await ground.sql(
    `select c.*, (select coalesce(array_agg(t.name order by t.name), '{}') from customer_tags ct
       join tags t on t.id = ct.tag_id where ct.customer_id = c.id) as tags
     from customers c where c.tenant_id = $1 and c.external_id like $2`,
    [ground.acme.id, like],
  );
  return Object.fromEntries(rows.map((row) => [String(row.external_id), row]));
};

/** Uploads, plans, writes. */
async function imported(content: string): Promise<string> {
  const found = await ground.run(content);
  await ground.as((ctx) => commitImport(ctx, found.id, null));
  await ground.drive(found.id);
  return found.id;
}
async function undo(id: string) {
  await ground.as((ctx) => undoImport(ctx, id));
  await ground.drive(id);
  return ground.load(id);
}
async function redo(id: string) {
  await ground.as((ctx) => redoImport(ctx, id));
  await ground.drive(id);
  return ground.load(id);
}
const edit = (row: Row, values: Record<string, string | null>) =>
  ground.as((ctx) => updateRecord(ctx, customer, String(row.id), Number(row.version), values));
const kept = (id: string) =>
  ground.sql<{ row_number: number; kept: { fields: string[]; left: boolean; why: string } }>(
    'select row_number, kept from import_plan where import_id = $1 and kept is not null order by 1',
    [id],
  );

const HEAD = ['External id', 'Name', 'City', 'Phone', 'ARR', 'Tags'];

test('undone, new records lie in the trash and changed ones say again what they said', async () => {
  for (const n of [1, 2]) {
    await ground.as((ctx) =>
      createRecord(ctx, customer, {
        name: `Undo old ${n}`,
        external_id: `U${n}`,
        city: 'Oslo',
        arr: '10',
        tags: ['Old'],
      }),
    );
  }
  const id = await imported(
    csv(
      HEAD,
      ['U1', 'Undo old 1', 'Bergen', '+47 21 00 00 01', '1250.50', 'New'],
      ['U2', 'Undo renamed', 'Oslo', '', '', ''],
      ['U3', 'Undo new', 'Rome', '', '', 'New'],
    ),
  );
  expect(countsOf(await ground.load(id))).toEqual({
    rows: 3,
    created: 1,
    updated: 2,
    unchanged: 0,
    skipped: 0,
    failed: 0,
  });
  expect((await byKey('U%')).U1).toMatchObject({ city: 'Bergen', arr: '1250.50', tags: ['New'], version: 2 });

  expect(await undo(id)).toMatchObject({ state: 'undone', move: 2, created: 1, updated: 2 });
  const back = await byKey('U%');
  expect(back.U1).toMatchObject({
    city: 'Oslo',
    phone: null,
    arr: '10.00',
    tags: ['Old'],
    version: 3,
    deleted_at: null,
  });
  expect(back.U2).toMatchObject({ name: 'Undo old 2', version: 3 });
  expect(back.U3!.deleted_at).not.toBeNull();
  expect(await kept(id)).toEqual([]);

  // Undone twice it is undone once; and the undo is itself undone.
  expect(await undo(id)).toMatchObject({ state: 'undone', move: 2 });
  expect(await redo(id)).toMatchObject({ state: 'committed', move: 3 });
  const again = await byKey('U%');
  expect(again.U1).toMatchObject({ city: 'Bergen', phone: '+47 21 00 00 01', tags: ['New'], version: 4 });
  expect(again.U3).toMatchObject({ name: 'Undo new', deleted_at: null, version: 3 });
  expect(await undo(id)).toMatchObject({ state: 'undone', move: 4 });
  expect((await byKey('U%')).U1).toMatchObject({ city: 'Oslo', version: 5 });
});

test('fields that somebody edited since stay, the others go back, and it is listed', async () => {
  for (const n of [1, 2, 3]) {
    await ground.as((ctx) => createRecord(ctx, customer, { name: `Kept ${n}`, external_id: `K${n}`, city: 'Oslo' }));
  }
  const rows = [1, 2, 3].map((n) => [`K${n}`, `Kept ${n} AS`, 'Bergen', '', '', '']);
  const id = await imported(
    csv(HEAD, ...rows, ['K4', 'Kept new', 'Rome', '', '', ''], ['K5', 'Kept gone', 'Rome', '', '', '']),
  );
  const now = await byKey('K%');
  await edit(now.K1!, { city: 'Narvik' });
  await edit(now.K2!, { city: 'Narvik', name: 'Kept 2 group' });
  await edit(now.K4!, { city: 'Milan' });
  await ground.as((ctx) => trashRecord(ctx, customer, String(now.K5!.id)));

  await undo(id);
  const back = await byKey('K%');
  expect(back.K1).toMatchObject({ name: 'Kept 1', city: 'Narvik' });
  expect(back.K2).toMatchObject({ name: 'Kept 2 group', city: 'Narvik' });
  expect(back.K3).toMatchObject({ name: 'Kept 3', city: 'Oslo' });
  expect(back.K4!.deleted_at).not.toBeNull();
  expect(await kept(id)).toEqual([
    { row_number: 2, kept: { fields: ['city'], left: false, why: 'Edited since by admin of Acme.' } },
    { row_number: 3, kept: { fields: ['name', 'city'], left: true, why: 'Edited since by admin of Acme.' } },
    {
      row_number: 5,
      kept: { fields: [], left: false, why: expect.stringContaining('went to the trash with these edits') },
    },
    { row_number: 6, kept: { fields: [], left: true, why: 'It was in the trash already.' } },
  ]);

  // Brought back: what stayed then is not touched now, what its owner trashed stays there.
  await redo(id);
  const again = await byKey('K%');
  expect(again.K1).toMatchObject({ name: 'Kept 1 AS', city: 'Narvik' });
  expect(again.K2).toMatchObject({ name: 'Kept 2 group', city: 'Narvik' });
  expect(again.K4).toMatchObject({ city: 'Milan', deleted_at: null });
  expect(again.K5!.deleted_at).not.toBeNull();
});

test('a key that somebody else took meanwhile leaves that one record as it is', async () => {
  await ground.as((ctx) => createRecord(ctx, customer, { name: 'Key owner', external_id: 'KEY-1', city: 'Oslo' }));
  const [own] = await ground.sql<{ id: string; version: number }>(
    `select * from customers where external_id = 'KEY-1'`,
  );
  const exported = csv(
    ['Name', 'External id', 'Rapport id', 'Rapport version'],
    ['Key owner', 'KEY-2', own!.id, own!.version],
  );
  const id = await imported(exported);
  expect((await byKey('KEY-%'))['KEY-2']).toMatchObject({ name: 'Key owner' });
  await ground.as((ctx) => createRecord(ctx, customer, { name: 'Key thief', external_id: 'KEY-1' }));
  expect(await undo(id)).toMatchObject({ state: 'undone' });
  expect((await byKey('KEY-%'))['KEY-2']).toMatchObject({ name: 'Key owner' });
  expect(await kept(id)).toEqual([{ row_number: 2, kept: expect.objectContaining({ fields: [] }) }]);
});

test('after 30 days, before the end, or when nothing was written there is nothing to undo', async () => {
  const found = await ground.run(csv(HEAD, ['L1', 'Late', 'Rome', '', '', '']));
  await expect(ground.as((ctx) => undoImport(ctx, found.id))).rejects.toMatchObject({ status: 409 });
  await ground.as((ctx) => commitImport(ctx, found.id, null));
  await ground.drive(found.id);
  await expect(ground.as((ctx) => redoImport(ctx, found.id))).resolves.toBeUndefined();
  await ground.sql(`update imports set committed_at = now() - interval '31 days' where id = $1`, [found.id]);
  await expect(ground.as((ctx) => undoImport(ctx, found.id))).rejects.toMatchObject({ status: 409 });
  expect((await byKey('L1')).L1).toMatchObject({ deleted_at: null });
});

test('killed anywhere, an undo finishes when it is taken up again', async () => {
  const rows = Array.from({ length: 2_300 }, (_, i) => [`Q${i}`, `Quick ${i}`, 'Rome', '', '', i % 3 ? '' : 'T']);
  const id = await imported(csv(HEAD, ...rows));
  await ground.as((ctx) => undoImport(ctx, id));
  for (let deadBefore = 1; !(await driveUntil(ground, id, deadBefore)); deadBefore += 1) {
    if (deadBefore > 40) throw new Error('it never finishes');
    await ground.sql('update imports set attempts = 0 where id = $1', [id]);
  }
  expect(await ground.load(id)).toMatchObject({ state: 'undone' });
  const [sum] = await ground.sql(
    `select count(*)::integer as n, count(*) filter (where deleted_at is null)::integer as live, max(version) as version
     from customers where external_id like 'Q%'`,
  );
  expect(sum).toEqual({ n: 2_300, live: 0, version: 2 });
}, 60_000);

test('a row whose record was edited after the plan waits for a second look, and is written after it', async () => {
  const made = await ground.as((ctx) =>
    createRecord(ctx, customer, { name: 'Look twice', external_id: 'LT1', city: 'Oslo' }),
  );
  const found = await ground.run(
    csv(HEAD, ['LT1', 'Look twice', 'Bergen', '+47 21 00 00 09', '', ''], ['LT2', 'Other', '', '', '', '']),
  );
  await edit(made, { city: 'Narvik' });
  await ground.as((ctx) => commitImport(ctx, found.id, null));
  await ground.drive(found.id);
  const first = await ground.load(found.id);
  expect(countsOf(first)).toEqual({ rows: 2, created: 1, updated: 0, unchanged: 0, skipped: 0, failed: 1 });
  expect(first).toMatchObject({ state: 'committed', review: 1 });
  expect((await byKey('LT1')).LT1).toMatchObject({ city: 'Narvik', phone: null });
  const [row] = await ground.sql('select changes from import_plan where import_id = $1 and review', [found.id]);
  expect(row!.changes).toMatchObject({ city: { old: 'Narvik', new: 'Bergen' } });

  await ground.as((ctx) => commitImport(ctx, found.id, null));
  await ground.drive(found.id);
  const second = await ground.load(found.id);
  expect(countsOf(second)).toEqual({ rows: 2, created: 1, updated: 1, unchanged: 0, skipped: 0, failed: 0 });
  expect((await byKey('LT1')).LT1).toMatchObject({ city: 'Bergen', phone: '+47 21 00 00 09' });
  await undo(found.id);
  expect((await byKey('LT1')).LT1).toMatchObject({ city: 'Narvik', phone: null });
  expect((await byKey('LT2')).LT2!.deleted_at).not.toBeNull();
});

test('the trail tells of the import, of its undo and of every record', async () => {
  const id = await imported(csv(HEAD, ['TR1', 'Told', 'Rome', '', '', '']));
  await undo(id);
  const { TR1 } = await byKey('TR1');
  const trail = await ground.sql(
    'select verb, via, version, actor_name, changes, initial from audit_log where record_id = $1 order by version',
    [TR1!.id],
  );
  expect(trail).toMatchObject([
    { verb: 'imported', via: 'import', version: 1, changes: {}, initial: { name: 'Told', city: 'Rome' } },
    { verb: 'trashed', via: 'import', version: 2, actor_name: 'admin of Acme' },
  ]);
  const own = await ground.sql('select verb from audit_log where record_id = $1 order by id', [id]);
  expect(own.map((line) => line.verb)).toEqual(['created', 'imported', 'undone']);
});

test('the page of a record says what an import changed in it', async () => {
  await imported(csv(HEAD, ['PG1', 'Paged', 'Rome', '', '', '']));
  await imported(csv(HEAD, ['PG1', 'Paged', 'Oslo', '', '', '']));
  const { PG1 } = await byKey('PG1');
  const { agent } = await signedIn(ground);
  const { text } = await agent.get(`/customers/${PG1!.id}`);
  const words = text.replace(/<[^>]*>/g, ' ').replace(/\s+/g, ' ');
  expect(words).toMatch(/admin of Acme changed city by an import just now City from Rome to Oslo/);
  expect(words).toMatch(/admin of Acme imported this/);
});
