// Upcoming tasks against answers counted on paper: what is due by the days of the company, as far as each may see.
import { DateTime } from 'luxon';
import type { Role } from '../../../src/kernel/access.ts';
import type { Question } from '../../../src/modules/reports/report.ts';
import { ahead, overdueTasks, upcoming } from '../../../src/modules/reports/upcoming_tasks.sql.ts';
import { startApp, type TestApp } from '../../helpers/app.ts';
import { inTenant, makeTenant, type TestTenant } from '../../helpers/fixture.ts';
import { askJson, type Ground, openGround } from './ground.ts';

let app: TestApp;
let acme: TestTenant;
let globex: TestTenant;
let ground: Ground;

const NOW = DateTime.now().setZone('Europe/Berlin');
const day = (days: number) => NOW.plus({ days }).toISODate()!;
const noon = (days: number) => NOW.plus({ days }).set({ hour: 12, minute: 0 }).toISO()!;
const ask = async (role: Role = 'admin', query = '') => {
  const { status, body } = await askJson(app, acme, role, query, 'upcoming-tasks');
  expect(status).toBe(200);
  return body.data;
};
const titles = (data: { tasks: { title: string }[] }) => data.tasks.map(({ title }) => title);

const clear = async (tenant: TestTenant) => {
  for (const table of ['tasks', 'interactions'])
    await ground.query(`update ${table} set deleted_at = now() where tenant_id = $1`, [tenant.id]);
};

beforeAll(async () => {
  app = await startApp();
  acme = await makeTenant(app.database.url, app.platform, 'acme');
  globex = await makeTenant(app.database.url, app.platform, 'globex');
  ground = await openGround(app, globex);
  await clear(globex);
  await ground.task({ title: 'Theirs', due_date: day(1) });
  await ground.end();
  ground = await openGround(app, acme);
  await clear(acme);
}, 60_000);
afterAll(async () => {
  await ground.end();
  await app.stop();
});
afterEach(() => clear(acme));

test('days on which nothing is due are an answer with nothing in it', async () => {
  await ground.task({ title: 'Some day' });
  expect(await ask()).toEqual({
    from: day(0),
    to: day(7),
    tasks: [],
    totals: { tasks: 0, follow_ups: 0, planned: 0, overdue_tasks: 0 },
    truncated: false,
    period: { from: null, to: null, time_zone: 'Europe/Berlin' },
    computed_at: expect.any(String),
  });
});

test('tasks, follow-ups and planned interactions stand in the order of their days, each saying what it is and about whom', async () => {
  const [client, lead] = [await ground.customer('Aurora'), await ground.lead({ name: 'Boreas' })];
  const [gone, hidden] = [await ground.customer('Gone', { trashed: true }), 'x'.repeat(900)];
  const call = await ground.interaction({
    subject: 'Offer',
    type: 'email',
    lead,
    next_follow_up: day(0),
    body: hidden,
  });
  const task = await ground.task({ title: 'Pay', due_date: day(2), priority: 'high', customer: client, lead });
  const visit = await ground.interaction({ subject: 'Visit', type: 'visit', customer: gone, occurred_at: noon(7) });
  const { tasks, totals } = await ask();
  expect(tasks).toEqual([
    {
      interaction_type: 'email',
      contact_date: day(0),
      client_name: 'Boreas',
      notes: hidden.slice(0, 300),
      id: call,
      kind: 'follow_up',
      title: 'Offer',
      assigned_to: 'admin of Acme',
      priority: null,
      client_link: `/leads/${lead}`,
      link: `/interactions/${call}`,
    },
    {
      interaction_type: 'task',
      contact_date: day(2),
      client_name: 'Aurora',
      notes: 'Pay',
      id: task,
      kind: 'task',
      title: 'Pay',
      assigned_to: 'admin of Acme',
      priority: 'high',
      client_link: `/customers/${client}`,
      link: `/tasks/${task}`,
    },
    expect.objectContaining({
      id: visit,
      kind: 'planned',
      interaction_type: 'visit',
      client_name: null,
      notes: 'Visit',
    }),
  ]);
  expect(totals).toEqual({ tasks: 1, follow_ups: 1, planned: 1, overdue_tasks: 0 });
});

test('the days end with the last one asked for; what is done, trashed or past is not due, what is late is counted apart', async () => {
  for (const [title, due_date] of [
    ['Today', day(0)],
    ['Seventh', day(7)],
    ['Eighth', day(8)],
    ['Late', day(-1)],
    ['Very late', day(-400)],
  ] as const)
    await ground.task({ title, due_date, status: title === 'Late' ? 'in_progress' : 'open' });
  await ground.task({ title: 'Done', due_date: day(1), status: 'done' });
  await ground.task({ title: 'Cancelled', due_date: day(-1), status: 'cancelled' });
  await ground.task({ title: 'Trashed', due_date: day(1), trashed: true });
  await ground.interaction({ subject: 'Follow up late', next_follow_up: day(-1) });
  await ground.interaction({ subject: 'Trashed', next_follow_up: day(1), trashed: true });
  await ground.interaction({ subject: 'A minute ago', occurred_at: DateTime.now().minus({ minutes: 1 }).toISO()! });
  const found = await ask();
  expect(titles(found)).toEqual(['Today', 'Seventh']);
  expect(found.totals).toEqual({ tasks: 2, follow_ups: 0, planned: 0, overdue_tasks: 2 });
  expect(titles(await ask('admin', '?days_ahead=8'))).toEqual(['Today', 'Seventh', 'Eighth']);
  expect(titles(await ask('admin', '?days_ahead=1'))).toEqual(['Today']);
  for (const days of ['0', '366', 'all'])
    expect((await askJson(app, acme, 'admin', `?days_ahead=${days}`, 'upcoming-tasks')).status).toBe(400);
});

test('one that is planned and to be followed up is due twice', async () => {
  await ground.interaction({ subject: 'Twice', occurred_at: noon(2), next_follow_up: day(5) });
  expect((await ask()).tasks.map((one: { kind: string }) => one.kind)).toEqual(['planned', 'follow_up']);
});

test('each counts what they may see; one person’s are those assigned to them; of another company there is nothing', async () => {
  await ground.task({ title: 'Of sales', due_date: day(1), assigned_to: 'sales', by: 'sales' });
  await ground.task({ title: 'Of the manager', due_date: day(2), assigned_to: 'manager' });
  const client = await ground.customer('Of sales', { owner: 'sales' });
  await ground.task({ title: 'About a client of sales', due_date: day(3), assigned_to: 'manager', customer: client });
  await ground.interaction({ subject: 'Theirs alone', next_follow_up: day(4), owner: 'manager' });
  expect(titles(await ask())).toEqual(['Of sales', 'Of the manager', 'About a client of sales', 'Theirs alone']);
  expect(titles(await ask('sales'))).toEqual(['Of sales', 'About a client of sales']);
  expect(titles(await ask('manager', `?user=${acme.users.sales.id}`))).toEqual(['Of sales']);
  expect((await askJson(app, acme, 'sales', `?user=${acme.users.manager.id}`, 'upcoming-tasks')).status).toBe(403);
  expect(titles(await ask('field_tech'))).toEqual([]);
  expect(titles((await askJson(app, globex, 'admin', '', 'upcoming-tasks')).body.data)).toEqual(['Theirs']);
});

const question = (days: number, sort = 'day', descending = false): Question => ({
  period: { preset: 'all-time', days: null, compare: 'none', before: null },
  user: null,
  days,
  sort,
  descending,
});

test('days are those of the company: across the nights the clocks change, and in a zone half a day away', async () => {
  for (const at of ['2027-03-27T22:59:59Z', '2027-03-27T23:00:00Z', '2027-03-28T21:59:59Z', '2027-03-28T22:00:00Z'])
    await ground.interaction({ subject: at, occurred_at: at });
  await ground.task({ title: 'Late', due_date: '2027-03-27' });
  await ground.task({ title: 'Due', due_date: '2027-03-28' });
  const on = (now: string, days: number, zone = 'Europe/Berlin') =>
    inTenant(app.platform, acme, 'admin', async (ctx) => {
      const there = { ...ctx, tenant: { ...ctx.tenant, time_zone: zone } };
      const span = ahead(there, question(days), DateTime.fromISO(now));
      const { counts } = await upcoming(there, question(days), span, 1);
      return {
        planned: Object.fromEntries(counts.planned),
        tasks: Object.fromEntries(counts.task),
        overdue: await overdueTasks(there, question(days), span),
      };
    });
  // The 28th of March 2027 has 23 hours in Berlin.
  expect(await on('2027-03-27T10:00:00Z', 1)).toEqual({
    planned: { '2027-03-27': 1, '2027-03-28': 2 },
    tasks: { '2027-03-27': 1, '2027-03-28': 1 },
    overdue: 0,
  });
  expect(await on('2027-03-27T23:00:00Z', 1)).toEqual({
    planned: { '2027-03-28': 2, '2027-03-29': 1 },
    tasks: { '2027-03-28': 1 },
    overdue: 1,
  });
  // In Auckland it is the 28th already, and the first three fall on it.
  expect(await on('2027-03-27T12:00:00Z', 1, 'Pacific/Auckland')).toEqual({
    planned: { '2027-03-28': 2, '2027-03-29': 2 },
    tasks: { '2027-03-28': 1 },
    overdue: 1,
  });
});

test('the table is sorted by each of its columns; within a day the urgent ones come first', async () => {
  const client = await ground.customer('Aurora');
  await ground.task({ title: 'Calm', due_date: day(1), priority: 'low', assigned_to: 'sales' });
  await ground.task({ title: 'Burning', due_date: day(1), priority: 'urgent', customer: client });
  await ground.interaction({ subject: 'Afternoon', type: 'meeting', occurred_at: noon(1), owner: 'manager' });
  await ground.interaction({ subject: 'Next day', next_follow_up: day(2), owner: null, type: 'visit' });
  const sorted = (sort: string, descending = false, most = 10) =>
    inTenant(app.platform, acme, 'admin', async (ctx) => {
      const asked = question(7, sort, descending);
      const { rows } = await upcoming(ctx, asked, ahead(ctx, asked, DateTime.now()), most);
      return rows.map(({ title, client_name }) => title[0] + client_name.slice(0, 1).toLowerCase()).join('');
    });
  expect(await sorted('day')).toBe('BaCAN');
  expect(await sorted('day', true)).toBe('NBaCA');
  expect(await sorted('title')).toBe('ABaCN');
  expect(await sorted('type')).toBe('BaCNA');
  expect(await sorted('priority')).toBe('BaCAN');
  expect(await sorted('client')).toBe('BaCAN');
  expect(await sorted('person')).toBe('BaACN');
  expect(await sorted('title', true, 2)).toBe('NC');
});
