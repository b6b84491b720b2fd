// The dashboard follows what colleagues change: heard over server-sent events, shown in a real browser, and never in the way.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import { withTenant } from '../../../src/kernel/tenant_db.ts';
import { start } from '../../../src/main.ts';
import { NEWEST } from '../../../src/modules/home/record_watch.service.ts';
import { csrfToken, signIn, startApp, type TestApp } from '../../helpers/app.ts';
import { expectNoAxeViolations, openBrowser, screenshot, type TestBrowser } from '../../helpers/browser.ts';
import { cookieOf, openEvents } from '../../helpers/events.ts';
import { makeTenant, PASSWORD, type TestTenant } from '../../helpers/fixture.ts';
import { type Ground, openGround } from '../reports/ground.ts';

/** How often the trail is looked at here, in ms. */
const LOOK = 300;
/** The longest that a page rests before it asks for news, or finds out whether somebody is still at it. */
const REST = 1_000;
/** By then a change that is heard was heard, and a page that moves has moved. */
const HEARD = LOOK + 700;
const MOVED = HEARD + REST + 500;
const SHOWN = 12_000;

let app: TestApp;
let acme: TestTenant;
let globex: TestTenant;
let ground: Ground;
let browser: TestBrowser;

beforeAll(async () => {
  app = await startApp({ env: { LIVE_HEARTBEAT_SECONDS: '1', LIVE_LOOK_SECONDS: String(LOOK / 1_000) } });
  acme = await makeTenant(app.database.url, app.platform, 'acme');
  globex = await makeTenant(app.database.url, app.platform, 'globex');
  ground = await openGround(app, acme);
  browser = await openBrowser();
  await sleep(2 * LOOK); // what was made just now would count as news
}, 60_000);
afterAll(async () => {
  await browser?.close();
  await ground?.end();
  await app?.stop();
});

/** Somebody signed in, with the cookie that a stream needs. */
async function visitor(role: 'admin' | 'manager' | 'field_tech', tenant = acme) {
  const agent = app.agent();
  const cookie = cookieOf(await signIn(agent, tenant.users[role].email, PASSWORD));
  return { agent, cookie, listen: () => openEvents(`${app.url}/dashboard/events`, cookie) };
}

/** A colleague at work, through the API. */
async function add(table: string, values: object, tenant = acme): Promise<string> {
  const answer = await app
    .agent()
    .post(`/api/v1/${table}`)
    .set('Authorization', `Bearer ${tenant.users.admin.token}`)
    .send(values);
  if (answer.status !== 201) throw new Error(answer.text);
  return answer.body.data.id;
}
const addLead = (tenant = acme) => add('leads', { name: 'Somebody new', status: 'new' }, tenant);

const MANAGER = 'records:interaction,lead,project,task';

test('what a colleague changes is heard; what no widget counts, and what another company does, is not', async () => {
  const { listen } = await visitor('manager');
  const events = await listen();
  expect(events.status).toBe(200);
  expect(await events.next()).toEqual({ event: 'records', data: MANAGER }); // look again: the page may be old
  await add('tags', { name: 'Fresh' });
  await addLead(globex);
  await sleep(HEARD);
  expect(events.heard).toHaveLength(1);
  await addLead();
  expect(await events.next()).toEqual({ event: 'records', data: MANAGER });
  await sleep(HEARD);
  expect(events.heard).toHaveLength(2); // once for each change
  events.stop();
}, 60_000);

test('only what the shown widgets count is listened for', async () => {
  const { listen } = await visitor('field_tech');
  const events = await listen();
  expect(await events.next()).toEqual({ event: 'records', data: 'records:interaction,task' });
  await addLead();
  await sleep(HEARD);
  expect(events.heard).toHaveLength(1);
  await add('tasks', { title: 'Count the boxes' });
  await events.next();
  events.stop();
}, 60_000);

test('what was written earlier but committed later is heard, and so is a flood', async () => {
  const { listen } = await visitor('manager');
  const events = await listen();
  await events.next();
  await sleep(HEARD);
  const line = `insert into audit_log (tenant_id, actor_id, actor_name, via, verb, entity)
    select $1, $2, 'Slow import', 'import', 'imported', $3 from generate_series(1, $4)`;
  const write = (entity: string, lines: number) => ground.query(line, [acme.id, acme.users.admin.id, entity, lines]);
  await ground.query('begin');
  await write('project', 1);
  await addLead();
  await events.next();
  await sleep(HEARD);
  await ground.query('commit');
  await events.next();
  await write('contact', 5_000);
  await events.next();
  events.stop();
}, 60_000);

test('the trail is looked at once for all who listen in a company, and not at all when nobody does', async () => {
  const quiet = await start({
    RAPPORT_MODE: 'test',
    ROLE: 'web',
    PORT: '0',
    LOG_LEVEL: 'silent',
    DATABASE_URL: app.database.runtimeUrl,
    DATA_DIR: app.platform.config.data_dir,
    LIVE_LOOK_SECONDS: '1',
    LIVE_HEARTBEAT_SECONDS: '60', // the rights of listeners are asked for then, which is no look
  });
  try {
    let looks = 0;
    const streams = [];
    for (const role of ['admin', 'manager'] as const) {
      const { cookie } = await visitor(role);
      for (let i = 0; i < 3; i += 1) streams.push(await openEvents(`${quiet.url}/dashboard/events`, cookie));
    }
    expect(quiet.platform.events.count()).toBe(6);
    quiet.platform.pools.app.on('acquire', () => {
      looks += 1;
    });
    await sleep(3_400);
    expect(looks).toBeGreaterThanOrEqual(2);
    expect(looks).toBeLessThanOrEqual(4);
    for (const stream of streams) stream.stop();
    await sleep(500);
    expect(quiet.platform.events.count()).toBe(0);
    looks = 0;
    await sleep(2_000);
    expect(looks).toBe(0);
  } finally {
    await quiet.stop();
  }
}, 60_000);

test('however long the trail, only its last minute is read', async () => {
  const plan = await withTenant(app.platform.pools.app, acme.id, async (db) => {
    await db.run('set local enable_seqscan = off');
    return db.run(`explain ${NEWEST}`, { skip: 0 });
  });
  const text = plan.map((line) => line['QUERY PLAN']).join('\n');
  expect(text).toMatch(/Index (Only )?Scan Backward using audit_log_pkey/);
  expect(text).toMatch(/Index Cond: .*id > .*id <= /);
});

test('a stream ends when its session does', async () => {
  const { agent, listen } = await visitor('manager');
  const events = await listen();
  const { text } = await agent.get('/');
  await agent
    .post('/logout')
    .type('form')
    .send({ _csrf: csrfToken(text) });
  await events.ended;
  expect(events.heard.at(-1)).toEqual({ event: 'closed', data: '' });
}, 30_000);

async function signedIn(role: 'manager' | 'admin'): Promise<{ page: Page; problems: string[] }> {
  const as = { email: acme.users[role].email, password: PASSWORD };
  const { page, problems } = await browser.newPage({ baseURL: app.url, height: 700, as });
  await page.goto('/');
  // The first word is about nothing new; whatever comes later is.
  await page.waitForSelector('#live[data-heard]');
  await page.evaluate(`document.querySelector('#board').dataset.mark = 'old'; window.same = true`);
  return { page, problems };
}

test('the first word of a stream is heard however long our own script takes to come', async () => {
  const as = { email: acme.users.manager.email, password: PASSWORD };
  const { page } = await browser.newPage({ baseURL: app.url, as });
  await page.route('**/a/app.*.js', async (route) => {
    await sleep(1_000);
    await route.continue();
  });
  await page.goto('/');
  await page.waitForSelector('#live[data-heard]', { timeout: SHOWN });
  await page.context().close();
}, 60_000);

test('a stream that cannot be opened at first is opened later, without a word about it', async () => {
  const as = { email: acme.users.manager.email, password: PASSWORD };
  const { page } = await browser.newPage({ baseURL: app.url, as });
  const first = [503, 'gone'];
  await page.route('**/dashboard/events', (route) => {
    const answer = first.shift();
    if (answer === 'gone') return route.abort('connectionrefused');
    return answer ? route.fulfill({ status: 503, body: 'Not now' }) : route.continue();
  });
  await page.goto('/');
  await page.waitForSelector('#live[data-heard]');
  expect(first).toEqual([]);
  expect(await page.locator('#toasts > *').count()).toBe(0);
  await page.context().close();
}, 60_000);

const isOld = (page: Page) => page.evaluate(`document.querySelector('#board').dataset.mark === 'old'`);
const openLeads = async (page: Page) =>
  Number(await page.textContent('#widget-pipeline-figures .tile:first-child .tile-figure'));
const becomesNew = (page: Page) =>
  page.waitForSelector('#board:not([data-mark])', { state: 'attached', timeout: SHOWN });

test('a colleague’s lead is counted before one’s eyes, without a jump, and figures that stand open stay open', async () => {
  const { page, problems } = await signedIn('manager');
  const before = await openLeads(page);
  await page.click('#figures-pipeline-funnel summary');
  await page.evaluate('document.activeElement.blur()');
  await page.evaluate('window.scrollTo(0, 260)');
  const y = await page.evaluate('window.scrollY');
  expect(y).toBeGreaterThan(100);
  await addLead();
  await becomesNew(page);
  expect(await openLeads(page)).toBe(before + 1);
  expect(await page.textContent('.board-note')).toMatch(/Updated \d\d:\d\d/);
  expect(await page.evaluate('[window.same, window.scrollY]')).toEqual([true, y]);
  expect(await page.getAttribute('#figures-pipeline-funnel', 'open')).toBe('');
  await page.waitForSelector('canvas[data-drawn]');
  expect(await page.evaluate(`Object.keys(Chart.instances).length - document.querySelectorAll('canvas').length`)).toBe(
    0,
  );
  expect(await page.evaluate('document.activeElement === document.body')).toBe(true);
  await expectNoAxeViolations(page);
  await screenshot(page, 'dashboard-live');
  expect(problems).toEqual([]);
  await page.context().close();
}, 60_000);

test('nothing moves while somebody is at it, marks something or prints; it moves once they are done', async () => {
  const { page } = await signedIn('manager');
  const before = await openLeads(page);
  await page.focus('#widget-pipeline-figures h2 a');
  await addLead();
  await sleep(MOVED);
  expect(await isOld(page)).toBe(true);
  await page.evaluate(`document.activeElement.blur();
    getSelection().selectAllChildren(document.querySelector('#widget-pipeline-figures h2'))`);
  await sleep(REST + 500);
  expect(await isOld(page)).toBe(true);
  await page.evaluate(`getSelection().removeAllRanges(); dispatchEvent(new Event('beforeprint'))`);
  await sleep(REST + 500);
  expect(await isOld(page)).toBe(true);
  await page.evaluate(`dispatchEvent(new Event('afterprint'))`);
  await becomesNew(page);
  expect(await openLeads(page)).toBe(before + 1);
  await page.context().close();
}, 60_000);

test('what took too long at first comes by itself when it is there', async () => {
  await ground.query('begin');
  await ground.query('lock table projects in access exclusive mode');
  const { page } = await signedIn('admin').finally(() => ground.query('rollback'));
  const figures = page.locator('#widget-forecast-figures');
  expect(await figures.textContent()).toContain('It is being computed');
  await page.waitForSelector('#board:not([data-late])', { state: 'attached', timeout: 2 * SHOWN });
  expect(await figures.locator('.tile').count()).toBeGreaterThan(3);
  await page.context().close();
}, 60_000);

test('another company’s change moves nothing', async () => {
  const { page } = await signedIn('admin');
  let asked = 0;
  page.on('request', (request) => {
    if (request.headers()['hx-target'] === 'div#board') asked += 1;
  });
  await addLead(globex);
  await sleep(MOVED);
  expect([await isOld(page), asked]).toEqual([true, 0]);
  await page.context().close();
}, 60_000);

test('whoever arranges by keyboard keeps the place, and the page shows the order at once', async () => {
  const { page, problems } = await signedIn('admin');
  await page.click('a:has-text("Arrange")');
  await page.waitForSelector('.arranged');
  await expectNoAxeViolations(page);
  await page.focus('#down-pipeline-figures');
  await page.keyboard.press('Enter');
  await page.waitForSelector('.arranged-row:nth-child(2) #down-pipeline-figures');
  expect(await page.evaluate('document.activeElement.id')).toBe('down-pipeline-figures');
  await page.keyboard.press('Enter');
  await page.waitForSelector('.arranged-row:nth-child(3) #down-pipeline-figures');
  await page.uncheck('#shown-my-tasks');
  await page.selectOption('#width-pipeline-funnel', 'full');
  await page.keyboard.press('Control+Enter');
  await page.waitForURL((url) => url.pathname === '/');
  await page.waitForSelector('#widget-pipeline-funnel.is-full');
  expect(await page.locator('#widget-my-tasks').count()).toBe(0);
  const order = await page.evaluate(`[...document.querySelectorAll('.widget')].map((one) => one.id)`);
  expect((order as string[]).slice(0, 2)).toEqual(['widget-forecast-figures', 'widget-pipeline-figures']);
  expect(problems).toEqual([]);
  await page.context().close();
}, 60_000);
