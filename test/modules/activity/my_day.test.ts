// The page of a day: what its reader has to do, by when, in the company's own time; nothing of anybody else.
import { DateTime } from 'luxon';
import pg from 'pg';
import { myDayView } from '../../../src/modules/activity/my_day.ts';
import type { DayRow, MyDayView } from '../../../src/modules/activity/views.ts';
import { type Agent, csrfToken, signIn, startApp, type TestApp } from '../../helpers/app.ts';
import { inTenant, makeTenant, PASSWORD, type TestTenant } from '../../helpers/fixture.ts';
import { formOf } from '../../helpers/forms.ts';
import { findViolations } from '../../helpers/invariants.ts';
import { program } from '../../helpers/program.ts';

let app: TestApp;
let acme: TestTenant;
let client: pg.Client;
let sales: Agent;
let csrf: string;
/** Half past midnight in Berlin, where acme is, and still the day before in London. */
const NOW = DateTime.fromISO('2026-06-09T22:30:00Z') as DateTime<true>;

const as = (role: keyof TestTenant['users']) => program(app, acme.users[role]);

beforeAll(async () => {
  app = await startApp();
  acme = await makeTenant(app.database.url, app.platform, 'acme');
  await makeTenant(app.database.url, app.platform, 'globex');
  client = new pg.Client({ connectionString: app.database.url });
  await client.connect();
  sales = app.agent();
  await signIn(sales, acme.users.sales.email, PASSWORD);
  csrf = csrfToken((await sales.get('/my-day').expect(200)).text);
}, 60_000);
afterAll(async () => {
  expect(await findViolations(app.database.url)).toEqual([]);
  await client.end();
  await app.stop();
});
beforeEach(async () => {
  await client.query(`update tasks set deleted_at = now() where assigned_to = $1`, [acme.users.sales.id]);
  await client.query(`update interactions set deleted_at = now() where owner_id = $1`, [acme.users.sales.id]);
});

async function add(path: string, values: object, role: keyof TestTenant['users'] = 'sales'): Promise<string> {
  const { status, body } = await as(role).post(path, values);
  if (status !== 201) throw new Error(`${status} ${JSON.stringify(body)}`);
  return body.data.id;
}
const task = (title: string, due_date: string | null, more: object = {}) => add('/tasks', { title, due_date, ...more });
const promised = (values: object) => add('/interactions', { type: 'call', owner_id: acme.users.sales.id, ...values });
const dayOf = (role: keyof TestTenant['users'] = 'sales'): Promise<MyDayView> =>
  inTenant(app.platform, acme, role, (ctx) => myDayView(ctx, NOW));
const titles = (rows: readonly DayRow[]) => rows.map((row) => row.title);
const post = (path: string, body: Record<string, string>) =>
  sales
    .post(path)
    .type('form')
    .send({ _csrf: csrf, ...body });

test('tasks stand in the group of their day, as the days are where the company is, the urgent ones of a day first', async () => {
  await task('Long ago', '2025-12-01');
  await task('Yesterday', '2026-06-09');
  await task('Today, some time', '2026-06-10', { priority: 'low' });
  await task('Today, now', '2026-06-10', { priority: 'urgent', status: 'in_progress' });
  await task('Tomorrow', '2026-06-11');
  await task('In a week', '2026-06-17');
  await task('In more than a week', '2026-06-18');
  await task('Some day', null);
  await task('Done', '2026-06-10', { status: 'done' });
  await task('Cancelled', '2026-06-10', { status: 'cancelled' });
  const day = await dayOf();
  expect(day.today).toBe('Wednesday 10 June 2026');
  expect(Object.fromEntries(day.groups.map((group) => [group.heading, titles(group.rows)]))).toEqual({
    Overdue: ['Long ago', 'Yesterday'],
    Today: ['Today, now', 'Today, some time'],
    'Next 7 days': ['Tomorrow', 'In a week'],
    'Later or without a date': ['In more than a week', 'Some day'],
  });
  const rows = day.groups.flatMap((group) => group.rows);
  expect(rows.map((row) => row.due?.text)).toEqual([
    '1 Dec 2025',
    'yesterday',
    'today',
    'today',
    'tomorrow',
    'in 7 days',
    'in 8 days',
    undefined,
  ]);
  expect(rows[1]!.due).toEqual({ text: 'yesterday', title: '9 Jun 2026', is_late: true });
  expect(rows[2]!.badges.map((badge) => badge.text)).toEqual(['In progress', 'Urgent']);
});

test("a day is its reader's alone: neither tasks of others nor names that the reader may not see", async () => {
  const secret = await add('/customers', { name: 'Secret AG' }, 'manager');
  const known = await add('/customers', { name: 'Known AG' });
  await task('Given to me', '2026-06-10', { assigned_to: acme.users.sales.id, customer_id: known });
  await add(
    '/tasks',
    { title: 'Of a secret customer', assigned_to: acme.users.sales.id, customer_id: secret },
    'admin',
  );
  await add('/tasks', { title: 'Somebody else’s', due_date: '2026-06-10' }, 'manager');
  await task('Given away', '2026-06-10', { assigned_to: acme.users.csm.id });
  const rows = (await dayOf()).groups.flatMap((group) => group.rows);
  expect(rows.map((row) => [row.title, row.about.map((link) => link.label)])).toEqual([
    ['Given to me', ['Known AG']],
    ['Of a secret customer', []],
  ]);
});

test('a group shows ten and leads to a list with all of it', async () => {
  for (let i = 0; i < 12; i += 1) await task(`Late ${i}`, `2026-05-${String(i + 10)}`);
  const [overdue] = (await dayOf()).groups;
  expect([overdue!.count, overdue!.rows.length]).toEqual(['10+', 10]);
  const { text } = await sales.get(overdue!.all_href).expect(200);
  expect(text.match(/<tr data-id=/g)).toHaveLength(12);
});

test('"Show all" of every group leads to a list that holds what the group holds', async () => {
  const today = DateTime.now().setZone('Europe/Berlin');
  for (const days of [-3, 0, 2, 60])
    for (let i = 0; i < 11; i += 1) await task(`In ${days}`, today.plus({ days }).toISODate());
  const { text } = await sales.get('/my-day').expect(200);
  const links = [...text.matchAll(/href="(\/tasks\?[^"]+status[^"]+)">Show all/g)].map(([, href]) => href!);
  expect(links).toHaveLength(4);
  const found = [];
  for (const href of links) {
    const list = (await sales.get(href.replaceAll('&amp;', '&')).expect(200)).text;
    found.push([...new Set(list.match(/>In -?\d+</g))]);
  }
  expect(found.slice(0, 3)).toEqual([['>In -3<'], ['>In 0<'], ['>In 2<']]);
  expect(found[3]![0]).toBe('>In 60<');
});

test('a follow-up stands there from a week before its day until somebody has spoken with the customer or lead again', async () => {
  const customer_id = await add('/customers', { name: 'Talkative AG' });
  const lead_id = await add('/leads', { name: 'Talkative lead' });
  const talk = (subject: string, next_follow_up: string | null, more: object = {}) =>
    promised({ subject, occurred_at: '2026-06-01T10:00:00Z', next_follow_up, ...more });
  await talk('Answered', '2026-06-09', { customer_id, occurred_at: '2026-05-01T10:00:00Z' });
  await talk('Promised', '2026-06-09', { customer_id });
  await talk('Soon', '2026-06-17', { lead_id });
  await talk('Not yet', '2026-06-18', { lead_id });
  await talk('Long forgotten', '2026-03-01');
  await talk('Nothing promised', null);
  await talk('Of nobody', '2026-06-10');
  await talk('Planned talks answer nothing', '2026-06-10', { customer_id, occurred_at: '2026-06-02T10:00:00Z' });
  await talk('The plan', null, { customer_id, occurred_at: '2036-06-02T10:00:00Z' });
  await talk('Theirs', '2026-06-09', { owner_id: acme.users.manager.id });
  const { follow_ups } = await dayOf();
  expect(titles(follow_ups.rows)).toEqual(['Of nobody', 'Planned talks answer nothing', 'Soon']);
  expect(follow_ups.rows[1]).toMatchObject({ about: [{ label: 'Talkative AG' }], due: { text: 'today' } });
});

test('a task is added at the top with its title alone, once however often the form is sent', async () => {
  const { text } = await sales.get('/my-day');
  const form = { ...formOf(text, '/tasks'), title: 'Quick one' };
  for (const _time of ['first', 'again']) expect((await post('/tasks', form)).headers.location).toBe('/my-day');
  const { rows } = await client.query(
    `select status, priority, due_date, assigned_to from tasks where title = 'Quick one'`,
  );
  expect(rows).toEqual([{ status: 'open', priority: 'medium', due_date: null, assigned_to: acme.users.sales.id }]);
  expect((await sales.get('/my-day')).text).toContain('Quick one');
  const empty = await post('/tasks', { ...formOf((await sales.get('/my-day')).text, '/tasks'), title: ' ' });
  expect(empty.status).toBe(422);
  expect(empty.text).toContain('Title is required');
  expect(formOf(empty.text, '/tasks')._back).toBe('/my-day');
});

test('"Done" puts a line away, comes back to the day and offers to undo it', async () => {
  const id = await task('Put away', null);
  const fiveDaysAgo = DateTime.now().setZone('Europe/Berlin').minus({ days: 5 }).toISODate();
  const talk = await promised({ subject: 'Come back', next_follow_up: fiveDaysAgo });
  for (const [action, title, back] of [
    [`/tasks/${id}/completion`, 'Put away', `/tasks/${id}/reopening?status=open&back=%2Fmy-day`],
    [
      `/interactions/${talk}/follow-up/completion`,
      'Come back',
      `/interactions/${talk}/follow-up?day=${fiveDaysAgo}&back=%2Fmy-day`,
    ],
  ] as const) {
    const before = (await sales.get('/my-day')).text;
    const form = formOf(before, action);
    for (const _time of ['first', 'again']) expect((await post(action, form)).headers.location).toBe('/my-day');
    expect((await sales.get('/my-day')).text).not.toContain(`>${title}</a>`);
    await post(back, {}).expect(303);
    expect((await sales.get('/my-day')).text).toContain(`>${title}</a>`);
  }
  expect((await post(`/interactions/${talk}/follow-up?day=soon`, {})).status).toBe(422);
  const { rows } = await client.query('select next_follow_up::text as day, version from interactions where id = $1', [
    talk,
  ]);
  expect(rows).toEqual([{ day: fiveDaysAgo, version: 3 }]);
});

test('an empty day says what it is for, and who may only look is offered nothing to press', async () => {
  const { text } = await sales.get('/my-day');
  expect(text).toContain('Tasks that are given to you, or that you add, stand here');
  expect(text).toContain('Write down with a call or a meeting when you want to come back to it');
  await add('/tasks', { title: 'For the reader', assigned_to: acme.users.read_only.id }, 'admin');
  const viewer = app.agent();
  await signIn(viewer, acme.users.read_only.email, PASSWORD);
  const seen = (await viewer.get('/my-day').expect(200)).text;
  expect(seen).toContain('For the reader');
  expect(seen).not.toContain('/completion');
  expect(formOf(seen, '/tasks')).toEqual({});
});
