// The dashboard: the reports' own figures, only what the role may see, and everybody's own arrangement.
import { ROLES, type Role } from '../../../src/kernel/access.ts';
import { customaryFor, WIDGETS } from '../../../src/modules/home/widgets.ts';
import { type Agent, csrfToken, signIn, startApp, type TestApp } from '../../helpers/app.ts';
import { makeTenant, PASSWORD, type TestTenant } from '../../helpers/fixture.ts';
import { type Ground, openGround } from '../reports/ground.ts';

let app: TestApp;
let acme: TestTenant;
let globex: TestTenant;
let ground: Ground;
const now = new Date();
const day = (ahead: number) => new Date(now.getTime() + ahead * 86_400_000).toISOString().slice(0, 10);

beforeAll(async () => {
  app = await startApp();
  acme = await makeTenant(app.database.url, app.platform, 'acme');
  globex = await makeTenant(app.database.url, app.platform, 'globex');
  ground = await openGround(app, acme);
  const created_at = now.toISOString();
  for (const status of ['new', 'contacted', 'qualified', 'converted', 'lost'] as const)
    await ground.lead({ status, source: status === 'new' ? 'Website' : 'Referral', created_at, assigned_to: 'sales' });
  const customer = await ground.customer('Nordic <b>Cold</b> Storage', { status: 'active', owner: 'sales' });
  for (const value of ['1250.00', '99.50']) await ground.project({ customer, value, created_at, owner: 'sales' });
  await ground.interaction({
    customer,
    owner: 'sales',
    occurred_at: created_at,
    next_follow_up: day(1),
    subject: 'Come back',
  });
  await ground.task({ title: 'Send the <i>offer</i>', due_date: day(0), assigned_to: 'sales', customer });
  for (let i = 0; i < 7; i += 1) await ground.task({ title: `Chore ${i}`, due_date: day(2), assigned_to: 'sales' });
});
afterAll(async () => {
  await ground?.end();
  await app?.stop();
});

async function visitor(role: Role, tenant: TestTenant = acme) {
  const agent = app.agent();
  await signIn(agent, tenant.users[role].email, PASSWORD);
  return agent;
}

const read = async (agent: Agent, path = '/') => (await agent.get(path).expect(200)).text;
const widgetsIn = (html: string) => [...html.matchAll(/id="widget-([\w-]+)"/g)].map((found) => found[1]);
const widget = (html: string, id: string) =>
  new RegExp(`<section class="panel widget[^>]*id="widget-${id}"[\\s\\S]*?</section>`).exec(html)?.[0] ?? '';
const figures = (html: string) =>
  [...html.matchAll(/<dd class="tile-figure num">(?:<a[^>]*>)?([^<]*)/g)].map((f) => f[1]);
const charts = (html: string) => [...html.matchAll(/data-chart="([^"]*)"/g)].map((found) => found[1]);

/** Posts the form as the page shows it, with some entries changed. */
async function arrange(agent: Agent, changes: Record<string, string | null>) {
  const html = await read(agent, '/dashboard/arrangement');
  const form: Record<string, string> = { _csrf: csrfToken(html) };
  form.order = /name="order" value="([^"]*)"/.exec(html)![1]!;
  form.period = /<select[^>]*name="period"[\s\S]*?value="([\w-]+)" selected/.exec(html)![1]!;
  for (const id of form.order.split(',')) {
    if (new RegExp(`id="shown-${id}" checked`).test(html)) form[`shown-${id}`] = 'on';
    form[`width-${id}`] = new RegExp(`id="width-${id}"[\\s\\S]*?value="(\\w+)" selected`).exec(html)![1]!;
  }
  for (const [name, value] of Object.entries(changes)) {
    if (value === null) delete form[name];
    else form[name] = value;
  }
  return { form, answer: await agent.post('/dashboard/arrangement').type('form').send(form) };
}
const stored = async (role: Role) =>
  (await ground.query('select widgets, period, version from dashboards where user_id = $1', [acme.users[role].id]))
    .rows[0];
const trail = async (role: Role) =>
  (
    await ground.query(
      `select changes from audit_log where entity = 'dashboard' and verb = 'configured' and actor_id = $1`,
      [acme.users[role].id],
    )
  ).rows;

test('whoever signs in lands on the dashboard, which stands first in the sidebar', async () => {
  const agent = app.agent();
  const answer = await signIn(agent, acme.users.sales.email, PASSWORD);
  expect(answer.headers.location).toBe('/');
  const html = await read(agent);
  expect(html).toMatch(/<h1>Dashboard<\/h1>/);
  expect(/<a class="nav-item" href="([^"]*)"[^>]*>/.exec(html)?.[0]).toMatch(/href="\/".*aria-current="page"/);
});

test.each(ROLES.map((role) => [role]))(
  '%s sees what is customary for the role, and nothing the role may not see',
  async (role) => {
    const html = await read(await visitor(role));
    expect(widgetsIn(html)).toEqual(customaryFor(role).map(({ id }) => id));
    const offered = await read(await visitor(role), '/dashboard/arrangement');
    const known = /name="order" value="([^"]*)"/.exec(offered)![1]!.split(',');
    const leads = role === 'admin' || role === 'manager';
    expect(known.includes('interactions-by-person')).toBe(leads);
    expect(known).toHaveLength(leads ? WIDGETS.length : WIDGETS.length - 1);
  },
);

test.each([
  ['this-quarter', 'manager'],
  ['all-time', 'manager'],
  ['last-12-months', 'sales'],
] as const)('figures and charts of %s are those of the reports, with their links, for %s', async (period, role) => {
  const agent = await visitor(role);
  await arrange(agent, Object.fromEntries(WIDGETS.map(({ id }) => [`shown-${id}`, 'on'])));
  const html = await read(agent, `/?period=${period}`);
  for (const { id, shows } of WIDGETS) {
    if (!('slug' in shows) || (role === 'sales' && shows.slug === 'user-activity')) continue;
    const mine = widget(html, id);
    const href = /<h2[^>]*><a href="([^"]*)"/.exec(mine)![1]!.replaceAll('&amp;', '&');
    const report = await read(agent, href);
    expect(href.split('?')[0]).toBe(`/reports/${shows.slug}`);
    expect(report).toMatch(/aria-current="true"/);
    if (shows.what === 'tiles') {
      expect(figures(mine)).toEqual(figures(report));
      expect(mine.match(/href="[^"]*scope=all"/g)).toEqual(
        /<dl class="tiles">[\s\S]*?<\/dl>/.exec(report)![0].match(/href="[^"]*scope=all"/g),
      );
    } else for (const chart of charts(mine)) expect(charts(report)).toContain(chart);
  }
  expect(charts(widget(html, 'pipeline-funnel'))).toHaveLength(1);
  expect(widget(html, 'pipeline-funnel')).toMatch(
    /<th scope="row">Converted<\/th><td[^>]*><a class="num" href="\/leads\?/,
  );
});

test('my tasks and follow-ups stand there by when they are due, and are done from there', async () => {
  const agent = await visitor('sales');
  const html = await read(agent);
  const tasks = widget(html, 'my-tasks');
  expect(tasks).toContain('Send the &lt;i&gt;offer&lt;/i&gt;');
  expect(tasks.match(/class="day-row"/g)).toHaveLength(5);
  expect(tasks).toContain('href="/my-day">Show all');
  expect(widget(html, 'my-follow-ups')).toContain('Come back');
  const [, action, version] = /action="(\/tasks\/[\w-]+\/completion)"[\s\S]*?name="version" value="(\d+)"/.exec(tasks)!;
  expect(tasks).toContain('name="_back" value="/?period=this-quarter"');
  const done = await agent
    .post(action!)
    .type('form')
    .send({ _csrf: csrfToken(html), version, _back: '/?period=this-quarter' });
  expect([done.status, done.headers.location]).toEqual([303, '/?period=this-quarter']);
  expect(widget(await read(agent), 'my-tasks')).not.toContain('offer');
});

test('another company, and colleagues with records of their own, see nothing of it', async () => {
  const theirs = await read(await visitor('manager', globex), '/?period=all-time');
  for (const word of ['Nordic', 'Come back', '1,349']) expect(theirs).not.toContain(word);
  const colleague = await read(await visitor('field_tech'));
  for (const word of ['offer', 'Chore', 'Come back']) expect(colleague).not.toContain(word);
});

test('an arrangement is kept: order, width, what is shown and the period it opens with', async () => {
  const agent = await visitor('csm');
  const before = widgetsIn(await read(agent));
  expect((await arrange(agent, { move: `down:${before[0]}` })).answer.headers.location).toBe('/dashboard/arrangement');
  expect(widgetsIn(await read(agent))).toEqual([before[1], before[0], ...before.slice(2)]);
  await arrange(agent, { move: `up:${before[0]}` });
  expect(widgetsIn(await read(agent))).toEqual(before);
  const { answer } = await arrange(agent, {
    'shown-my-tasks': null,
    'width-projects-by-status': 'full',
    period: 'last-year',
  });
  expect([answer.status, answer.headers.location]).toEqual([303, '/']);
  const html = await read(agent);
  expect(widgetsIn(html)).toEqual(before.filter((id) => id !== 'my-tasks'));
  expect(widget(html, 'projects-by-status')).toContain('widget is-full');
  expect(html).toMatch(/period=last-year" aria-current="true"/);
  expect(widgetsIn(await read(await visitor('csm', globex)))).toEqual(before);
  expect(widgetsIn(await read(await visitor('support')))).toEqual(before);
});

test('the first cannot go further up nor the last further down, and an unknown one goes nowhere', async () => {
  const agent = await visitor('support');
  const order = (await arrange(agent, {})).form.order!.split(',');
  for (const move of [`up:${order[0]}`, `down:${order.at(-1)}`, 'up:nothing', 'sideways', `up:${order[0]}:x`]) {
    expect((await arrange(agent, { move })).answer.status).toBe(303);
    expect((await arrange(agent, {})).form.order).toBe(order.join(','));
  }
});

test('an arrangement that is sent twice is kept once and noted once', async () => {
  const agent = await visitor('read_only');
  const { form } = await arrange(agent, { move: 'down:pipeline-figures' });
  const first = await stored('read_only');
  const again = await agent.post('/dashboard/arrangement').type('form').send(form);
  expect(again.status).toBe(303);
  expect(await stored('read_only')).toEqual(first);
  const [line, ...more] = await trail('read_only');
  expect(more).toEqual([]);
  expect(line.changes.widgets.new[1]).toEqual({ id: 'pipeline-figures', shown: true, width: 'half' });
});

test('the default comes back with one press, and one’s own arrangement with another', async () => {
  const agent = await visitor('admin');
  const html = await read(agent, '/dashboard/arrangement');
  expect(html).not.toContain('Back to the default');
  await arrange(agent, { 'shown-my-tasks': null, period: 'all-time' });
  const own = await stored('admin');
  const reset = () =>
    agent
      .post('/dashboard/arrangement/default')
      .type('form')
      .send({ _csrf: csrfToken(html) });
  expect((await reset()).headers.location).toBe('/dashboard/arrangement');
  const after = await read(agent, '/dashboard/arrangement');
  expect(await stored('admin')).toBeUndefined();
  const undo = /action="(\/dashboard\/arrangement\?state=[^"]*)"/.exec(after)![1]!.replaceAll('&amp;', '&');
  const lines = (await trail('admin')).length;
  expect((await reset()).status).toBe(303);
  expect(await trail('admin')).toHaveLength(lines);
  await agent
    .post(undo)
    .type('form')
    .send({ _csrf: csrfToken(after) })
    .expect(303);
  expect(await stored('admin')).toEqual({ ...own, version: 1 });
});

test.each([
  ['no period', { period: null }],
  ['an unknown period', { period: 'for-ever' }],
  ['a width that is none', { 'width-my-tasks': 'enormous' }],
  ['more widgets than there can be', { order: Array.from({ length: 101 }, (_, i) => `w${i}`).join(',') }],
  ['a name as long as a book', { order: 'x'.repeat(5_000), [`width-${'x'.repeat(5_000)}`]: 'half' }],
])('%s is refused and nothing is kept', async (_what, changes) => {
  const agent = await visitor('field_tech');
  const { answer } = await arrange(agent, changes as Record<string, string | null>);
  expect(answer.status).toBe(400);
  expect(await stored('field_tech')).toBeUndefined();
});

test('what "Undo" sends is held to the same', async () => {
  const agent = await visitor('field_tech');
  const csrf = csrfToken(await read(agent, '/dashboard/arrangement'));
  for (const state of [
    '{',
    'null',
    '[]',
    '{"widgets":[{"id":1}],"period":"all-time"}',
    '{"widgets":{},"period":"x"}',
  ]) {
    const answer = await agent
      .post(`/dashboard/arrangement?state=${encodeURIComponent(state)}`)
      .type('form')
      .send({ _csrf: csrf });
    expect(`${state} ${answer.status}`).toBe(`${state} 400`);
  }
  expect(await stored('field_tech')).toBeUndefined();
});

test('widgets that do not exist, come twice or may not be seen are passed over, on the way in and out', async () => {
  const agent = await visitor('field_tech');
  const odd = 'my-tasks,gone-for-good,my-tasks,interactions-by-person,__proto__,<script>';
  const widths = Object.fromEntries(odd.split(',').map((id) => [`width-${id}`, 'full']));
  const { answer } = await arrange(agent, { order: odd, ...widths, 'shown-interactions-by-person': 'on' });
  expect(answer.status).toBe(303);
  const kept = (await stored('field_tech')).widgets as { id: string }[];
  expect(kept.map(({ id }) => id)).toEqual([
    'my-tasks',
    ...WIDGETS.map(({ id }) => id).filter((id) => id !== 'my-tasks' && id !== 'interactions-by-person'),
  ]);
  const put = (widgets: unknown, period: string) =>
    ground.query('update dashboards set widgets = $2, period = $3 where user_id = $1', [
      acme.users.field_tech.id,
      JSON.stringify(widgets),
      period,
    ]);
  const shown = (id: string) => ({ id, shown: true, width: 'half' });
  await put([shown('of-version-9'), shown('interactions-by-person'), shown('lead-sources')], 'until-dawn');
  const html = await read(agent);
  expect(widgetsIn(html)).toEqual(['lead-sources']);
  expect(html).toMatch(/period=this-quarter" aria-current="true"/);
  await put([{ of: 'another shape' }], 'all-time');
  expect(widgetsIn(await read(agent))).toEqual(customaryFor('field_tech').map(({ id }) => id));
});

test('a period that is none is refused in words', async () => {
  const answer = await (await visitor('manager')).get('/?period=yesteryear');
  expect(answer.status).toBe(400);
  expect(answer.text).toContain('There is no period');
});

test('everything may be put away, and the page says how to get it back', async () => {
  const agent = await visitor('sales', globex);
  const all = Object.fromEntries(WIDGETS.map(({ id }) => [`shown-${id}`, null]));
  await arrange(agent, all);
  const html = await read(agent);
  expect(widgetsIn(html)).toEqual([]);
  expect(html).toContain('An empty dashboard');
  expect(html).not.toContain('hx-sse:connect');
});

test('the part that is asked for again is the board alone', async () => {
  const agent = await visitor('manager');
  const part = await agent
    .get('/?period=all-time')
    .set({ 'HX-Request': 'true', 'HX-Request-Type': 'partial', 'HX-Target': 'div#board' });
  expect(part.text.trim()).toMatch(/^<div class="board" id="board"/);
  expect(part.text).toMatch(/Updated \d\d:\d\d/);
  expect(part.text).not.toContain('<h1');
});

test('a report that fails or takes too long says so in its place; the others stand', async () => {
  const agent = await visitor('manager');
  const whole = await read(agent, '/?period=all-time');
  // Lead sources ask for sources, conversion for the assigned; without the column one of them fails inside PostgreSQL.
  await ground.query('alter table leads rename column source to source_away');
  try {
    const html = await read(agent, '/?period=all-time');
    expect(widget(html, 'lead-sources')).toContain('could not be worked out');
    expect(widget(html, 'lead-sources')).toContain('href="/reports/lead-source?period=all-time"');
    for (const id of ['pipeline-figures', 'forecast-figures', 'my-tasks', 'pipeline-funnel'])
      expect(widget(html, id)).toBe(widget(whole, id));
  } finally {
    await ground.query('alter table leads rename column source_away to source');
  }
  await ground.query('begin');
  try {
    await ground.query('lock table projects in access exclusive mode');
    const html = await read(agent, '/?period=all-time');
    expect(widget(html, 'forecast-figures')).toContain('It is being computed');
    expect(widget(html, 'lead-sources')).toBe(widget(whole, 'lead-sources'));
  } finally {
    await ground.query('rollback');
  }
}, 60_000);

test('who has no record yet is told how to begin', async () => {
  const fresh = await makeTenant(app.database.url, app.platform, 'fresh');
  for (const table of ['tasks', 'interactions', 'notes', 'projects', 'leads', 'accounts', 'contacts', 'customers'])
    await ground.query(`update ${table} set deleted_at = now() where tenant_id = $1`, [fresh.id]);
  const html = await read(await visitor('admin', fresh));
  expect(html).toContain('Nothing to count yet');
  expect(widgetsIn(html)).toEqual([]);
  for (const href of ['/customers/new', '/imports/new', '/tasks/new'])
    expect(html).toContain(`class="btn" href="${href}"`);
  const reader = await read(await visitor('read_only', fresh));
  expect(reader).not.toContain('class="btn" href="/customers/new"');
});
