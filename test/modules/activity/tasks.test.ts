// Tasks: whose they are, who sees them, when they were done, and the two buttons that say so.
import pg from 'pg';
import { type Agent, csrfToken, signIn, startApp, type TestApp } from '../../helpers/app.ts';
import { makeTenant, PASSWORD, type TestTenant } from '../../helpers/fixture.ts';
import { formOf } from '../../helpers/forms.ts';
import { findViolations } from '../../helpers/invariants.ts';
import { program } from '../../helpers/program.ts';

let app: TestApp;
let acme: TestTenant;
let globex: TestTenant;
let client: pg.Client;
let sales: Agent;
let csrf: string;

const as = (role: keyof TestTenant['users']) => program(app, acme.users[role]);

beforeAll(async () => {
  app = await startApp();
  acme = await makeTenant(app.database.url, app.platform, 'acme');
  globex = await makeTenant(app.database.url, app.platform, 'globex');
  client = new pg.Client({ connectionString: app.database.url });
  await client.connect();
  sales = app.agent();
  await signIn(sales, acme.users.sales.email, PASSWORD);
  csrf = csrfToken((await sales.get('/tasks').expect(200)).text);
}, 60_000);
afterAll(async () => {
  expect(await findViolations(app.database.url)).toEqual([]);
  await client.end();
  await app.stop();
});

interface Made {
  id: string;
  version: number;
  status: string;
  completed_at: string | null;
  assigned_to: string | null;
}

async function make(values: object, role: keyof TestTenant['users'] = 'sales'): Promise<Made> {
  const { status, body } = await as(role).post('/tasks', values);
  if (status !== 201) throw new Error(`${status} ${JSON.stringify(body)}`);
  return body.data;
}
const read = async (id: string): Promise<Made> => (await as('admin').get(`/tasks/${id}`)).body.data;
const lines = async (id: string): Promise<{ verb: string; changes: unknown; actor_id: string }[]> =>
  (await client.query('select verb, changes, actor_id from audit_log where record_id = $1 order by id', [id])).rows;
const post = (path: string, body: Record<string, string> = {}, agent = sales) =>
  agent
    .post(path)
    .type('form')
    .send({ _csrf: csrf, ...body });

test('a new task is open, of medium priority, and belongs to whoever adds it unless somebody is named', async () => {
  const mine = await make({ title: 'Call back' });
  expect(mine).toMatchObject({ status: 'open', priority: 'medium', completed_at: null, due_date: null });
  expect(mine.assigned_to).toBe(acme.users.sales.id);
  const given = await make({ title: 'Send the papers', assigned_to: acme.users.csm.id });
  expect(given.assigned_to).toBe(acme.users.csm.id);
  expect((await as('csm').get(`/tasks/${given.id}`)).status).toBe(200);
});

test('a program that says done, open or cancelled never has to say when: the time comes and goes with the status', async () => {
  const task = await make({ title: 'Order sensors', status: 'in_progress' });
  const patch = async (version: number, values: object) =>
    (await as('sales').patch(`/tasks/${task.id}`, { version, ...values })).body.data as Made;
  const done = await patch(1, { status: 'done' });
  expect(Math.abs(Date.parse(done.completed_at!) - Date.now())).toBeLessThan(60_000);
  const renamed = await patch(2, { title: 'Order twelve sensors' });
  expect(renamed.completed_at).toBe(done.completed_at);
  expect((await patch(3, { status: 'open' })).completed_at).toBeNull();
  await patch(4, { status: 'done' });
  expect(await patch(5, { status: 'cancelled' })).toMatchObject({ status: 'cancelled', completed_at: null });
  expect((await make({ title: 'Done at once', status: 'done' })).completed_at).not.toBeNull();
  const said = await as('sales').patch(`/tasks/${task.id}`, { version: 6, completed_at: '2020-01-01T00:00:00Z' });
  expect(said.status).toBe(422);
  expect((await as('sales').patch(`/tasks/${task.id}`, { version: 6, status: 'finished' })).status).toBe(422);
});

test('the button completes a task and the other one takes it up again, once each however often they are pressed', async () => {
  const task = await make({ title: 'Measure the cold room' });
  const form = formOf((await sales.get(`/tasks/${task.id}`)).text, `/tasks/${task.id}/completion`);
  expect(form.version).toBe('1');
  for (const _time of ['first', 'again']) {
    const answer = await post(`/tasks/${task.id}/completion`, form);
    expect([answer.status, answer.headers.location]).toEqual([303, `/tasks/${task.id}`]);
  }
  const done = await read(task.id);
  expect(done).toMatchObject({ status: 'done', version: 2 });
  expect(done.completed_at).not.toBeNull();
  const { text } = await sales.get(`/tasks/${task.id}`);
  expect(text).not.toContain(`/tasks/${task.id}/completion"`);
  const back = formOf(text, `/tasks/${task.id}/reopening`);
  for (const _time of ['first', 'again']) await post(`/tasks/${task.id}/reopening`, back).expect(303);
  expect(await read(task.id)).toMatchObject({ status: 'open', version: 3, completed_at: null });
  expect(await lines(task.id)).toEqual([
    expect.objectContaining({ verb: 'created' }),
    expect.objectContaining({ verb: 'updated', changes: { status: { old: 'open', new: 'done' } } }),
    expect.objectContaining({ verb: 'updated', changes: { status: { old: 'done', new: 'open' } } }),
  ]);
  for (const line of await lines(task.id)) expect(line.actor_id).toBe(acme.users.sales.id);
});

test('ten presses at the same moment complete a task once', async () => {
  const task = await make({ title: 'Pressed by ten' });
  const answers = await Promise.all(Array.from({ length: 10 }, () => post(`/tasks/${task.id}/completion`)));
  expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(303));
  expect(await lines(task.id)).toHaveLength(2);
});

test('undo brings back the status that there was, from the page that one is on', async () => {
  const task = await make({ title: 'Half done', status: 'in_progress' });
  await post(`/tasks/${task.id}/completion`, { version: '1', _back: '/my-day' });
  const { text } = await sales.get('/my-day');
  const [, action] = /action="([^"]+\/reopening[^"]*)"/.exec(text)!;
  const answer = await post(action!.replaceAll('&amp;', '&'));
  expect(answer.headers.location).toBe('/my-day');
  expect(await read(task.id)).toMatchObject({ status: 'in_progress', completed_at: null });
  await post(`/tasks/${task.id}/completion`);
  expect((await post(`/tasks/${task.id}/reopening?status=done`)).status).toBe(422);
  expect((await post(`/tasks/${task.id}/completion`, { _back: '//evil.example' })).headers.location).toBe('/');
});

test('what somebody changed meanwhile is shown before a task is done, and nothing is overwritten', async () => {
  const task = await make({ title: 'Visit Bonn' });
  await as('admin').patch(`/tasks/${task.id}`, { version: 1, title: 'Visit Bonn and Cologne' });
  const answer = await post(`/tasks/${task.id}/completion`, { version: '1' });
  expect(answer.status).toBe(409);
  expect(answer.text).toContain('Visit Bonn and Cologne was changed while you were editing');
  expect(await read(task.id)).toMatchObject({ status: 'open', version: 2 });
  await post(`/tasks/${task.id}`, formOf(answer.text, `/tasks/${task.id}`)).expect(303);
  expect(await read(task.id)).toMatchObject({ status: 'done', version: 3 });
});

test("a colleague's task is as unknown as one of another company, unless it is about a customer or lead of mine", async () => {
  const mine = (await as('sales').post('/customers', { name: 'Mine AG' })).body.data.id;
  const theirs = (await as('manager').post('/customers', { name: 'Theirs AG' })).body.data.id;
  const lead = (await as('sales').post('/leads', { name: 'My lead' })).body.data.id;
  const seen = [
    await make({ title: 'About mine', customer_id: mine }, 'manager'),
    await make({ title: 'About my lead', lead_id: lead }, 'manager'),
  ];
  const unseen = [
    await make({ title: 'About theirs', customer_id: theirs }, 'manager'),
    await make({ title: 'About nothing' }, 'manager'),
  ];
  for (const { id } of seen) expect((await as('sales').get(`/tasks/${id}`)).status).toBe(200);
  for (const id of [...unseen.map((one) => one.id), globex.records.task!, 'no-id']) {
    expect((await as('sales').get(`/tasks/${id}`)).status).toBe(404);
    for (const verb of ['completion', 'reopening']) expect((await post(`/tasks/${id}/${verb}`)).status).toBe(404);
  }
  const list = (await sales.get('/tasks?scope=all&limit=100')).text;
  for (const { id } of seen) expect(list).toContain(id);
  for (const { id } of unseen) expect(list).not.toContain(id);
  expect(await read(unseen[0]!.id)).toMatchObject({ status: 'open', version: 1 });
});

test('nobody completes a task without the right to change tasks', async () => {
  const task = await make({ title: 'Only to look at' });
  const viewer = app.agent();
  await signIn(viewer, acme.users.read_only.email, PASSWORD);
  const { text } = await viewer.get(`/tasks/${task.id}`).expect(200);
  expect(text).not.toContain('/completion');
  const token = { _csrf: csrfToken(text) };
  for (const verb of ['completion', 'reopening']) await post(`/tasks/${task.id}/${verb}`, token, viewer).expect(403);
  await post(`/tasks/${task.id}/completion`, { _csrf: 'made up' }).expect(403);
  await as('admin').remove(`/tasks/${task.id}`);
  await post(`/tasks/${task.id}/completion`).expect(404);
});

test('tasks stand on the pages of their customer, lead and project, are found by their words, and are exported', async () => {
  const customer_id = (await as('sales').post('/customers', { name: 'Hanging AG' })).body.data.id;
  const lead_id = (await as('sales').post('/leads', { name: 'Hanging lead' })).body.data.id;
  const project_id = (await as('sales').post('/projects', { name: 'Hanging project', customer_id })).body.data.id;
  const task = await make({
    title: 'Zirbelnuss bestellen',
    description: 'Drei Säcke Quittenbaum',
    due_date: '2026-12-24',
    customer_id,
    lead_id,
    project_id,
    tags: ['Wald'],
  });
  for (const path of [`/customers/${customer_id}`, `/leads/${lead_id}`, `/projects/${project_id}`]) {
    const { text } = await sales.get(path);
    const related = text.slice(text.indexOf('id="related-tasks"'));
    expect(related).toContain('Zirbelnuss bestellen');
    expect(related).toContain(`_id=${path.split('/').pop()}&amp;scope=all`);
  }
  for (const word of ['zirbel', 'QUITTENBAUM'])
    expect((await sales.get(`/search?q=${word}&in=rest`)).text).toContain(`/tasks/${task.id}`);
  const csv = (await sales.get('/tasks.csv?tags=wald')).text;
  expect(csv.split('\r\n').filter((line) => line.includes('Zirbelnuss bestellen'))).toHaveLength(1);
  expect(csv).toContain('2026-12-24');
});

test('tasks narrow by status, priority, person and day, and sort by the day they are due', async () => {
  const tag = { tags: ['Order'] };
  await make({ title: 'Second', due_date: '2027-02-02', priority: 'urgent', ...tag });
  await make({ title: 'First', due_date: '2027-02-01', ...tag });
  await make({ title: 'Over', due_date: '2027-02-03', status: 'cancelled', ...tag });
  const titles = async (query: string) =>
    ((await as('sales').get(`/tasks?tags=order&${query}`)).body.items as { title: string }[]).map((one) => one.title);
  expect(await titles('sort=due_date&status=open,in_progress')).toEqual(['First', 'Second']);
  expect(await titles('sort=-due_date')).toEqual(['Over', 'Second', 'First']);
  expect(await titles('priority=urgent')).toEqual(['Second']);
  expect(await titles('sort=due_date&due_date__from=2027-02-02&due_date__to=2027-02-03')).toEqual(['Second', 'Over']);
  expect(await titles('assigned_to=me&status=cancelled')).toEqual(['Over']);
});
