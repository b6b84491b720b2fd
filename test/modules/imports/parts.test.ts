// A customer's row that carries its contacts and an account: each becomes a record of its own, none twice.
import { createRecord, trashRecord } from '../../../src/kernel/records.ts';
import { account } from '../../../src/modules/customers/account.entity.ts';
import { contact } from '../../../src/modules/customers/contact.entity.ts';
import { customer } from '../../../src/modules/customers/customer.entity.ts';
import { commitImport, redoImport, undoImport } from '../../../src/modules/imports/imports.service.ts';
import { countsOf, csv, reasons, staysSound, useGround } from './ground.ts';

const ground = useGround({}, staysSound);

const mapping = {
  No: 'external_id',
  Company: 'name',
  City: 'city',
  Contact: 'contact.name',
  'Contact mail': 'contact.email',
  Second: 'contact2.name',
  Account: 'account.account_number',
};
const HEAD = Object.keys(mapping);
const plan = (...rows: string[][]) => ground.run(csv(HEAD, ...rows), { mapping });
const commit = async (id: string) => {
  await ground.as((ctx) => commitImport(ctx, id, null));
  await ground.drive(id);
  return ground.load(id);
};

/** What hangs on the customer of this number: '*' marks what lies in the trash. */
async function hangs(key: string) {
  const rows = await ground.sql<{ what: string }>(
    `select 'contact ' || p.name || coalesce(' ' || p.email, '') || case when p.deleted_at is null then '' else ' *' end as what
       from contacts p join customers c on c.id = p.customer_id where c.external_id = $1
     union all select 'account ' || a.account_number || ' ' || a.name || case when a.deleted_at is null then '' else ' *' end
       from accounts a join customers c on c.id = a.customer_id where c.external_id = $1 order by 1`,
    [key],
  );
  return rows.map(({ what }) => what);
}

test('one row makes the customer, its contacts and its account, and its undo takes all of them back', async () => {
  const found = await plan(
    ['P1', 'Parts AG', 'Bonn', 'Anna Berg', 'anna@parts.example', 'Ben Cole', 'A-100'],
    ['P2', 'Plain AG', 'Bonn', '', '', '', ''],
    ['P3', 'Only mail AG', 'Bonn', '', 'post@only.example', '', ''],
  );
  expect(countsOf(found)).toEqual({ rows: 3, created: 3, updated: 0, unchanged: 0, skipped: 0, failed: 0 });
  expect(await hangs('P1')).toEqual([]);
  await commit(found.id);
  expect(await hangs('P1')).toEqual([
    'account A-100 A-100',
    'contact Anna Berg anna@parts.example',
    'contact Ben Cole',
  ]);
  expect(await hangs('P2')).toEqual([]);
  expect(await hangs('P3')).toEqual(['contact post@only.example post@only.example']);

  await ground.as((ctx) => undoImport(ctx, found.id));
  await ground.drive(found.id);
  expect(await hangs('P1')).toEqual([
    'account A-100 A-100 *',
    'contact Anna Berg anna@parts.example *',
    'contact Ben Cole *',
  ]);
  await ground.as((ctx) => redoImport(ctx, found.id));
  await ground.drive(found.id);
  expect(await hangs('P1')).toHaveLength(3);
  expect((await hangs('P1')).join()).not.toContain('*');

  // The same list once more changes nothing.
  const again = await plan(['P1', 'Parts AG', 'Bonn', 'anna berg', 'Anna@parts.example', 'Ben Cole', 'a-100']);
  expect(countsOf(again)).toMatchObject({ rows: 1, updated: 1 }); // the name's case
  const same = await plan(['P1', 'Parts AG', 'Bonn', 'Anna Berg', 'anna@parts.example', 'Ben Cole', 'A-100']);
  expect(countsOf(same)).toMatchObject({ rows: 1, unchanged: 1 });
});

test('rows that repeat the customer bring their contacts to it', async () => {
  const found = await plan(
    ['R1', 'Repeat AG', 'Kiel', 'First Person', 'first@repeat.example', '', ''],
    ['R1', 'Repeat AG', 'Kiel', 'Second Person', 'second@repeat.example', '', 'A-200'],
    ['R1', 'Repeat AG', 'Kiel', 'First Person', 'first@repeat.example', '', ''],
  );
  expect(countsOf(found)).toEqual({ rows: 3, created: 1, updated: 1, unchanged: 0, skipped: 1, failed: 0 });
  const done = await commit(found.id);
  expect(countsOf(done)).toEqual({ rows: 3, created: 1, updated: 1, unchanged: 0, skipped: 1, failed: 0 });
  expect(await hangs('R1')).toEqual([
    'account A-200 A-200',
    'contact First Person first@repeat.example',
    'contact Second Person second@repeat.example',
  ]);
});

test('a known customer gets what is new, known contacts are changed, and nobody else’s are touched', async () => {
  const [own, other] = await ground.as(async (ctx) => [
    await createRecord(ctx, customer, { name: 'Known AG', external_id: 'KN1', city: 'Ulm' }),
    await createRecord(ctx, customer, { name: 'Other AG', external_id: 'KN2', city: 'Ulm' }),
  ]);
  await ground.as(async (ctx) => {
    await createRecord(ctx, contact, { name: 'Old Name', email: 'same@known.example', customer_id: String(own!.id) });
    await createRecord(ctx, contact, { name: 'Gone', email: 'gone@known.example', customer_id: String(own!.id) });
    await createRecord(ctx, contact, { name: 'Foreign', email: 'new@known.example', customer_id: String(other!.id) });
    await createRecord(ctx, account, { name: 'Taken', account_number: 'A-300', customer_id: String(other!.id) });
  });
  const [gone] = await ground.sql<{ id: string }>(`select id from contacts where name = 'Gone'`);
  await ground.as((ctx) => trashRecord(ctx, contact, gone!.id));

  const found = await plan(
    ['KN1', 'Known AG', 'Ulm', 'New Name', 'same@known.example', 'Foreign', ''],
    ['KN1', 'Known AG', 'Ulm', 'New', 'new@known.example', '', ''],
    ['KN2', 'Other AG', 'Ulm', '', '', '', 'A-300'],
  );
  expect(countsOf(found)).toEqual({ rows: 3, created: 0, updated: 2, unchanged: 1, skipped: 0, failed: 0 });
  await commit(found.id);
  expect(await hangs('KN1')).toEqual([
    'contact Foreign',
    'contact Gone gone@known.example *',
    'contact New Name same@known.example',
    'contact New new@known.example',
  ]);
  expect(await hangs('KN2')).toEqual(['account A-300 Taken', 'contact Foreign new@known.example']);

  const refused = await plan(
    ['KN1', 'Known AG', 'Ulm', 'Gone', 'gone@known.example', '', ''],
    ['KN1', 'Known AG', 'Ulm', '', '', '', 'A-300'],
    ['KN9', 'Bad mail AG', 'Ulm', 'X', 'no mail', '', ''],
  );
  expect(await reasons(ground, refused.id)).toEqual({
    2: expect.stringContaining('this contact is in the trash'),
    3: expect.stringContaining('this account belongs to another customer'),
    4: expect.stringContaining('e-mail address'),
  });
});

test('a row counts on no earlier row that has an error in its contact', async () => {
  const found = await plan(
    ['WR1', 'Wrong contact AG', 'Ulm', 'X', 'no mail', '', ''],
    ['WR1', 'Wrong contact AG', 'Ulm', 'Y', 'y@wrong.example', '', ''],
    ['WR1', 'Wrong contact AG', 'Ulm', '', '', '', ''],
    ['WR2', 'Good contact AG', 'Ulm', 'Z', 'z@wrong.example', '', ''],
    ['WR2', 'Good contact AG', 'Ulm', 'X', 'no mail', '', ''],
    ['WR2', 'Good contact AG', 'Ulm', 'Y', 'y@wrong.example', '', ''],
  );
  const told = await reasons(ground, found.id);
  expect(told).toMatchObject({
    3: 'error: Same as row 2, which has an error.',
    4: 'error: Same as row 2, which has an error.',
    7: 'update: Same as row 5: what is new here is added to it.',
  });
  expect(countsOf(await commit(found.id))).toMatchObject({ rows: 6, created: 1, updated: 1, failed: 4 });
  expect(await hangs('WR2')).toEqual(['contact Y y@wrong.example', 'contact Z z@wrong.example']);
});

test('rows below a customer that leave its name blank bring their contacts to it', async () => {
  const found = await plan(
    ['CT1', 'Continued AG', 'Ulm', 'One', 'one@continued.example', '', ''],
    ['CT1', '', '', 'Two', 'two@continued.example', '', ''],
    ['CT1', '', '', '', '', '', ''],
    ['CT2', '', '', 'Nobody', 'nobody@continued.example', '', ''],
    ['CT1', '', '', 'Three', 'no mail', '', ''],
  );
  expect(await reasons(ground, found.id)).toEqual({
    3: 'update: Same as row 2: what is new here is added to it.',
    4: 'skip: Same external id as row 2, which is used.',
    5: 'error: Name is missing.',
    6: expect.stringContaining('e-mail address'),
  });
  expect(countsOf(await commit(found.id))).toMatchObject({ created: 1, updated: 1, skipped: 1, failed: 2 });
  expect(await hangs('CT1')).toEqual(['contact One one@continued.example', 'contact Two two@continued.example']);
});

test('a row that two customers fit brings its contact to the one of the earlier row', async () => {
  await ground.as((ctx) => createRecord(ctx, customer, { name: 'Twin AG', external_id: 'TW1', city: 'Ulm' }));
  const found = await plan(
    ['TW2', 'Twin AG', 'Ulm', '', '', '', ''],
    ['', 'Twin AG', 'Ulm', 'T', 't@twin.example', '', ''],
  );
  expect(await reasons(ground, found.id)).toEqual({ 3: 'update: Same as row 2: what is new here is added to it.' });
  expect(countsOf(await commit(found.id))).toMatchObject({ rows: 2, created: 1, updated: 1, failed: 0 });
  expect(await hangs('TW2')).toEqual(['contact T t@twin.example']);
  expect(await hangs('TW1')).toEqual([]);
});

test('what somebody added between plan and commit is not added twice', async () => {
  const own = await ground.as((ctx) =>
    createRecord(ctx, customer, { name: 'Between AG', external_id: 'B1', city: 'Ulm' }),
  );
  const found = await plan(['B1', 'Between AG', 'Ulm', 'Quick One', 'quick@between.example', '', '']);
  await ground.as((ctx) =>
    createRecord(ctx, contact, { name: 'Quick One', email: 'quick@between.example', customer_id: String(own.id) }),
  );
  const done = await commit(found.id);
  expect(countsOf(done)).toMatchObject({ rows: 1, unchanged: 1, updated: 0 });
  expect(await hangs('B1')).toEqual(['contact Quick One quick@between.example']);
});
