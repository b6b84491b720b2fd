// A row with an error is corrected on the page: before the commit it joins the plan, after it it waits for a second look.
import { createRecord } from '../../../src/kernel/records.ts';
import { customer } from '../../../src/modules/customers/customer.entity.ts';
import { commitImport, saveMapping, undoImport } from '../../../src/modules/imports/imports.service.ts';
import type { Import } from '../../../src/modules/imports/model.ts';
import type { Agent } from '../../helpers/app.ts';
import { countsOf, csv, reasons, signedIn, staysSound, useGround } from './ground.ts';

const ground = useGround({}, staysSound);
let agent: Agent;
let csrf: string;
beforeAll(async () => {
  ({ agent, csrf } = await signedIn(ground));
});

const fix = (id: string, row: number, cells: Record<string, string>) =>
  agent
    .post(`/imports/${id}/rows/${row}`)
    .type('form')
    .send({ _csrf: csrf, ...cells });
const commit = async (id: string): Promise<Import> => {
  await ground.as((ctx) => commitImport(ctx, id, null));
  await ground.drive(id);
  return ground.load(id);
};
const named = (like: string) =>
  ground.sql<{ name: string; email: string | null; version: number; gone: boolean }>(
    'select name, email, version, deleted_at is not null as gone from customers where name like $1 order by name',
    [like],
  );

const LIST = csv(
  ['Name', 'E-mail', 'City'],
  ['Fix one', 'one@fix.example', 'Rome'],
  ['Fix two', 'nonsense', 'Oslo'],
  ['', 'three@fix.example', 'Ulm'],
);

test('a corrected row joins the plan and is written with it; what was read is kept beside what was typed', async () => {
  const { id } = await ground.run(LIST);
  const form = await agent.get(`/imports/${id}/rows/3`);
  expect(form.status).toBe(200);
  expect(form.text).toContain('value="nonsense"');
  expect(form.text).toContain('not an e-mail address');

  expect((await fix(id, 3, { cell_1: 'two@fix.example' })).status).toBe(303);
  expect((await fix(id, 3, { cell_1: 'two@fix.example' })).status).toBe(303); // sent twice
  const planned = await ground.load(id);
  expect(planned.state).toBe('planned');
  expect(countsOf(planned)).toEqual({ rows: 3, created: 2, updated: 0, unchanged: 0, skipped: 0, failed: 1 });
  const [row] = await ground.sql('select cells, fixed from import_rows where import_id = $1 and row_number = 3', [id]);
  expect(row).toEqual({ cells: ['Fix two', 'nonsense', 'Oslo'], fixed: ['Fix two', 'two@fix.example', 'Oslo'] });
  const trail = await ground.sql(`select changes from audit_log where record_id = $1 and verb = 'updated'`, [id]);
  expect(trail).toEqual([{ changes: { 'Row 3, E-mail': { old: 'nonsense', new: 'two@fix.example' } } }]);

  expect(countsOf(await commit(id))).toMatchObject({ created: 2, failed: 1 });
  expect(await named('Fix%')).toMatchObject([{ name: 'Fix one' }, { name: 'Fix two', email: 'two@fix.example' }]);
  await ground.as((ctx) => undoImport(ctx, id));
  await ground.drive(id);
  expect((await named('Fix%')).map(({ gone }) => gone)).toEqual([true, true]);
});

test('what is still wrong is said where it was typed, and nothing is stored', async () => {
  const { id } = await ground.run(LIST.replaceAll('Fix', 'Typo').replaceAll('@fix', '@typo'));
  const refused = await fix(id, 3, { cell_0: 'Typo 2 & Sons', cell_1: 'still nonsense' });
  expect(refused.status).toBe(422);
  expect(refused.text).toContain('value="Typo 2 &amp; Sons"');
  expect(refused.text).toContain('value="still nonsense"');
  expect(refused.text).toContain('is not an e-mail address');
  const part = await agent
    .post(`/imports/${id}/rows/3`)
    .set({ 'hx-request': 'true', 'hx-request-type': 'partial', 'hx-target': 'tr#row-3' })
    .type('form')
    .send({ _csrf: csrf, cell_1: 'still nonsense' });
  expect(part.status).toBe(422);
  expect(part.text.trimStart().startsWith('<tr id="row-3"')).toBe(true);
  expect(countsOf(await ground.load(id))).toMatchObject({ created: 1, failed: 2 });
  const [row] = await ground.sql('select fixed from import_rows where import_id = $1 and row_number = 3', [id]);
  expect(row!.fixed).toBeNull();
});

test('a corrected row that repeats another row of the file, or a customer that is there, says so', async () => {
  await ground.as((ctx) => createRecord(ctx, customer, { name: 'Twin there', email: 'there@twin.example' }));
  const { id } = await ground.run(
    csv(
      ['Name', 'E-mail', 'City'],
      ['Twin one', 'one@twin.example', ''],
      ['Twin two', 'x', ''],
      ['Twin three', 'y', 'Bonn'],
      ['Twin four', 'z', ''],
    ),
    { mapping: { Name: 'name', 'E-mail': 'email', City: 'city' } },
  );
  await fix(id, 3, { cell_1: 'ONE@twin.example' });
  await fix(id, 4, { cell_1: 'there@twin.example', cell_0: 'Twin there' });
  await fix(id, 5, { cell_1: 'there@twin.example', cell_0: 'Twin there' });
  expect(await reasons(ground, id)).toEqual({
    3: 'skip: Same e-mail as row 2, which is used.',
    5: 'skip: Means the same customer as row 4, which is used.',
  });
  expect(countsOf(await commit(id))).toEqual({ rows: 4, created: 1, updated: 1, unchanged: 0, skipped: 2, failed: 0 });
});

test('a contact that another row brings to the same customer is not brought twice', async () => {
  const mapping = { Name: 'name', Mail: 'email', Contact: 'contact.name', 'Contact mail': 'contact.email' };
  const { id } = await ground.run(
    csv(
      Object.keys(mapping),
      ['Carry AG', 'info@carry.example', 'Anna Berg', 'anna@carry.example'],
      ['Carry AG', 'info@carry.example', 'Anna Berg', 'wrong'],
      ['Carry AG', 'info@carry.example', 'Ben Cole', 'wrong'],
    ),
    { mapping },
  );
  await fix(id, 3, { cell_3: 'anna@carry.example' });
  await fix(id, 4, { cell_3: 'ben@carry.example' });
  expect(countsOf(await ground.load(id))).toEqual({
    rows: 3,
    created: 1,
    updated: 1,
    unchanged: 0,
    skipped: 1,
    failed: 0,
  });
  await commit(id);
  const contacts = await ground.sql(
    `select p.name from contacts p join customers c on c.id = p.customer_id where c.name = 'Carry AG' order by 1`,
  );
  expect(contacts).toEqual([{ name: 'Anna Berg' }, { name: 'Ben Cole' }]);
});

test('after the commit a corrected row waits for a second look and is written after it', async () => {
  const { id } = await ground.run(LIST.replaceAll('Fix', 'Later').replaceAll('@fix', '@later'));
  await commit(id);
  expect((await fix(id, 3, { cell_1: 'two@later.example' })).status).toBe(303);
  expect((await fix(id, 4, { cell_0: 'Later three' })).status).toBe(303);
  const waiting = await ground.load(id);
  expect(waiting).toMatchObject({ state: 'committed', review: 2, created: 1, failed: 2 });
  expect(await named('Later%')).toHaveLength(1);
  expect((await agent.get(`/imports/${id}?rows=review`)).text).toContain('Import 2 customers');
  const done = await commit(id);
  expect(countsOf(done)).toEqual({ rows: 3, created: 3, updated: 0, unchanged: 0, skipped: 0, failed: 0 });
  expect(done.review).toBe(0);
  expect((await named('Later%')).map(({ version }) => version)).toEqual([1, 1, 1]);
});

test('only rows with an error can be corrected, and not while the import is at work or after it was undone', async () => {
  const { id } = await ground.run(LIST.replaceAll('Fix', 'Not now').replaceAll('@fix', '@not'));
  expect((await fix(id, 2, { cell_0: 'Another name' })).status).toBe(409);
  expect((await fix(id, 99, { cell_0: 'x' })).status).toBe(404);
  expect((await agent.get(`/imports/${id}/rows/x`)).status).toBe(404);
  expect((await agent.get(`/imports/${id}/rows/2`)).status).toBe(303);
  await ground.as((ctx) => commitImport(ctx, id, null));
  expect((await fix(id, 3, { cell_1: 'two@not.example' })).status).toBe(409);
  await ground.drive(id);
  await ground.as((ctx) => undoImport(ctx, id));
  await ground.drive(id);
  expect((await fix(id, 3, { cell_1: 'two@not.example' })).status).toBe(409);
  const other = await signedIn(ground, 'sales');
  const refused = await other.agent.post(`/imports/${id}/rows/3`).type('form').send({ _csrf: other.csrf });
  expect(refused.status).toBe(403);
});

test('a corrected row stays corrected when the columns are matched anew', async () => {
  const { id } = await ground.run(LIST.replaceAll('Fix', 'Anew').replaceAll('@fix', '@anew'));
  await fix(id, 3, { cell_1: 'two@anew.example' });
  const found = await ground.load(id);
  await ground.as((ctx) =>
    saveMapping(ctx, id, found.mapping!, { mode: 'both', match: ['email'], blank: 'keep', defaults: {} }),
  );
  await ground.drive(id);
  expect(countsOf(await ground.load(id))).toMatchObject({ created: 2, failed: 1 });
});
