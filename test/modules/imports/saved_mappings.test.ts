// What was said about a file's columns is offered when they come back, and a column may be told what it may overwrite.
import { createRecord } from '../../../src/kernel/records.ts';
import type { Row } from '../../../src/kernel/tenant_db.ts';
import { customer } from '../../../src/modules/customers/customer.entity.ts';
import { formOf } from '../../helpers/forms.ts';
import { csv, useGround } from './ground.ts';
import { fieldsOf, openPerson, type Person, words } from './person.ts';

const ground = useGround();
let admin: Person;
beforeAll(async () => {
  admin = await openPerson(ground);
});

/** Uploads a list and has it read. */
async function read(person: Person, list: string | Buffer, entity = 'customers', name = 'list.csv') {
  const id = await person.send(list, name, entity);
  await ground.drive(id);
  return ground.load(id);
}

/** Sends the form of the columns and has the plan made. */
async function plan(person: Person, id: string, more: Record<string, string> = {}) {
  const answer = await person.submit(id, 'mapping', more);
  expect([answer.status, answer.status === 303 ? '' : words(answer.text)]).toEqual([303, '']);
  await ground.drive(id);
  return ground.load(id);
}

/** What nobody but a person can know: 'Wichtig' is an active customer, days come first, 'Team' is the industry. */
const HEAD = ['Firma', 'Stufe', 'Renewal date', 'Team'];
const list = (name: string, value = 'Wichtig') => csv(HEAD, [name, value, '03/04/2026', 'Food']);
const SAID = { column_1: 'status', value_1_0: 'active', order_2: 'dmy', column_3: 'industry', when_3: 'empty' };
async function matched(person: Person, name: string): Promise<string> {
  const { id } = await read(person, list(name));
  expect(await plan(person, id, { ...SAID, mode: 'create' })).toMatchObject({ state: 'planned', created: 1 });
  return id;
}

test('the same columns come back matched as before, and the page says by whom and when', async () => {
  const manager = await openPerson(ground, ground.acme, 'manager');
  await matched(manager, 'First AG');
  const again = await read(admin, list('Second AG'));
  expect(fieldsOf(again)).toEqual({ Firma: 'name', Stufe: 'status', 'Renewal date': 'renewal_date', Team: 'industry' });
  const today = new Date().toLocaleDateString('en-GB', { day: 'numeric', month: 'long', timeZone: 'Europe/Berlin' });
  const { text } = await admin.agent.get(`/imports/${again.id}`);
  expect(words(text)).toContain(`Matched as on ${today} by manager of Acme for the same columns.`);
  // Meanings of values, the order of day and month, what may be overwritten and the choices come with it.
  expect(formOf(text, `/imports/${again.id}/mapping`)).toMatchObject({
    value_1_0: 'active',
    order_2: 'dmy',
    when_3: 'empty',
    mode: 'create',
  });
  expect(await plan(admin, again.id)).toMatchObject({ state: 'planned', created: 1, failed: 0 });
  const [row] = await ground.sql<{ after: Row }>('select after from import_plan where import_id = $1', [again.id]);
  expect(row!.after).toMatchObject({ status: 'active', renewal_date: '2026-04-03', industry: 'Food' });
});

test('a value that is new asks what it means; those said before stay said, also when a file goes without them', async () => {
  await matched(admin, 'Third AG');
  const other = await read(admin, list('Fourth AG', 'Karteileiche'));
  expect(await admin.look(`/imports/${other.id}`)).toContain('1 value is not known here');
  expect(await plan(admin, other.id, { value_1_0: 'inactive' })).toMatchObject({ state: 'planned', created: 1 });
  const both = csv(HEAD, ['Fifth AG', 'Wichtig', '', ''], ['Sixth AG', 'Karteileiche', '', '']);
  const third = await read(admin, both);
  expect(Object.fromEntries(third.mapping![1]!.values!)).toEqual({ Wichtig: 'active', Karteileiche: 'inactive' });
});

test('a date that only one order explains is read in that order, whatever was said about another file', async () => {
  await matched(admin, 'Seventh AG');
  const american = csv(HEAD, ['Eighth AG', 'Wichtig', '12/31/2026', '']);
  const { id } = await read(admin, american);
  await plan(admin, id);
  const [row] = await ground.sql<{ after: Row }>('select after from import_plan where import_id = $1', [id]);
  expect(row!.after).toMatchObject({ renewal_date: '2026-12-31' });
});

test('other columns, another kind and another company start from the guess, and so does whoever wants to', async () => {
  await matched(admin, 'Ninth AG');
  const OFFER = 'for the same columns';
  const more = await read(admin, csv([...HEAD, 'City'], ['Tenth AG', 'Wichtig', '', '', 'Ulm']));
  expect(await admin.look(`/imports/${more.id}`)).not.toContain(OFFER);
  const turned = await read(admin, csv([...HEAD].reverse(), ['Food', '', 'Wichtig', 'Tenth AG']));
  expect(await admin.look(`/imports/${turned.id}`)).not.toContain(OFFER);
  const leads = await read(admin, list('Tenth AG'), 'leads');
  expect(await admin.look(`/imports/${leads.id}`)).not.toContain(OFFER);
  const stranger = await openPerson(ground, ground.globex);
  const id = await stranger.send(list('Tenth AG'));
  await ground.drive(id);
  expect(await stranger.look(`/imports/${id}`)).not.toContain(OFFER);
  expect(fieldsOf(await ground.load(id))).toMatchObject({ Firma: 'name', Stufe: '', Team: '' });

  const known = await read(admin, list('Tenth AG'));
  const page = await admin.agent.get(`/imports/${known.id}`);
  expect(words(page.text)).toContain('Start from the guess instead');
  const afresh = await admin.submit(known.id, 'guess');
  expect([afresh.status, afresh.headers.location]).toEqual([303, `/imports/${known.id}`]);
  const said = await admin.look(`/imports/${known.id}`);
  expect(said).toContain('The columns are matched by their names and values.');
  expect(said).not.toContain(OFFER);
  const guess = await ground.load(known.id);
  expect(fieldsOf(guess)).toMatchObject({ Firma: 'name', Stufe: '', Team: '' });
  expect(guess.choices).toMatchObject({ mode: 'both' });
});

test('one of our own exports says itself what its columns are: nothing is kept of it, nothing offered for it', async () => {
  const [row] = await ground.sql<Row>('select id, name, version from customers where tenant_id = $1 limit 1', [
    ground.acme.id,
  ]);
  const own = csv(
    ['Name', 'City', 'Rapport id', 'Rapport version'],
    [String(row!.name), 'Ulm', String(row!.id), Number(row!.version)],
  );
  const kept = () => ground.sql('select id from import_mappings where headers ?| $1', [['Rapport id']]);
  const first = await read(admin, own);
  expect(await plan(admin, first.id, { column_1: '' })).toMatchObject({ state: 'planned' });
  expect(await kept()).toEqual([]);
  const again = await read(admin, own);
  expect(await admin.look(`/imports/${again.id}`)).not.toContain('for the same columns');
  expect(fieldsOf(again)).toMatchObject({ City: 'city' });
});

test('the first time it stands in the audit trail, as a setting that the whole company has from then on', async () => {
  const head = ['Firma', 'Audited'];
  for (const name of ['Trail A', 'Trail B']) {
    const { id } = await read(admin, csv(head, [name, 'x']), 'customers', 'trail.csv');
    await plan(admin, id);
  }
  const trail = await ground.sql(
    `select actor_id, record_title, verb from audit_log where entity = 'import_mapping' and record_title like '%trail.csv'`,
  );
  expect(trail).toEqual([
    { actor_id: ground.acme.users.admin.id, verb: 'configured', record_title: 'Columns of trail.csv' },
  ]);
});

test('each column is told what it may overwrite: always, only what is empty, or of new records only', async () => {
  const values = { name: 'Careful AG', external_id: 'C1', city: 'Oslo', phone: '+47 21 00 00 01' };
  await ground.as((ctx) => createRecord(ctx, customer, values));
  const { id } = await read(
    admin,
    csv(
      ['External id', 'Name', 'City', 'Industry', 'Phone', 'Street'],
      ['C1', 'Careful AG', 'Bergen', 'Steel', '+47 21 00 00 02', 'Kai 1'],
      ['C2', 'Newcomer AG', 'Bergen', 'Steel', '+47 21 00 00 02', 'Kai 2'],
    ),
  );
  const { text } = await admin.agent.get(`/imports/${id}`);
  expect(text).toContain('only for new customers');
  const when = { when_2: 'empty', when_3: 'empty', when_4: 'never', when_5: '' };
  expect(await plan(admin, id, when)).toMatchObject({ state: 'planned', created: 1, updated: 1 });
  const rows = await ground.sql<{ changes: object; after: Row }>(
    'select changes, after from import_plan where import_id = $1 order by row_number',
    [id],
  );
  expect(rows[0]!.changes).toEqual({
    industry: { old: null, new: 'Steel' },
    street: { old: null, new: 'Kai 1' },
  });
  expect(rows[1]!.after).toMatchObject({
    city: 'Bergen',
    industry: 'Steel',
    phone: '+47 21 00 00 02',
    street: 'Kai 2',
  });
  // The choice is still there for whoever goes back to the columns, and can be taken back.
  const back = formOf((await admin.agent.get(`/imports/${id}?step=columns`)).text, `/imports/${id}/mapping`);
  expect(back).toMatchObject(when);
  await plan(admin, id, { when_2: '', when_4: '' });
  const [again] = await ground.sql<{ changes: object }>(
    'select changes from import_plan where import_id = $1 order by row_number',
    [id],
  );
  expect(Object.keys(again!.changes).sort()).toEqual(['city', 'industry', 'phone', 'street']);
});

test('a committed import cannot be matched anew, and who may not import is told so', async () => {
  const { id } = await read(admin, csv(['Firma'], ['Settled AG']));
  const planned = await plan(admin, id);
  await admin.agent
    .post(`/imports/${id}/commit`)
    .type('form')
    .send({ _csrf: admin.csrf, run: String(planned.run) });
  await ground.drive(id);
  expect(await ground.load(id)).toMatchObject({ state: 'committed', created: 1 });
  for (const what of ['mapping', 'guess', 'source']) {
    const answer = await admin.submit(id, what, { column_0: 'name', sheet: '0' });
    expect([what, answer.status]).toEqual([what, 409]);
    expect(words(answer.text)).toContain('its columns cannot be changed any more');
  }
  const sales = await openPerson(ground, ground.acme, 'sales');
  expect((await sales.submit(id, 'guess')).status).toBe(403);
  const stranger = await openPerson(ground, ground.globex);
  expect((await stranger.submit(id, 'guess')).status).toBe(404);
});
