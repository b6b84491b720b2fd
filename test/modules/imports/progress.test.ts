// The page of an import at work: it moves when the worker says so, without a reload, and on to the next step by itself.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import type { Ctx } from '../../../src/kernel/context.ts';
import { importTopic } from '../../../src/modules/imports/work.ts';
import { announce } from '../../../src/platform/live.ts';
import { expectNoAxeViolations, openBrowser, screenshot, type TestBrowser } from '../../helpers/browser.ts';
import { PASSWORD } from '../../helpers/fixture.ts';
import { csv, useGround } from './ground.ts';

let browser: TestBrowser;
const ground = useGround({}, () => browser?.close());
beforeAll(async () => {
  browser = await openBrowser();
}, 60_000);

const LIST = csv(['Name', 'City'], ...Array.from({ length: 50 }, (_, i) => [`Progress ${i}`, 'Ulm']));

async function visitor(): Promise<{ page: Page; problems: string[] }> {
  const as = { email: ground.acme.users.admin.email, password: PASSWORD };
  const { page, problems } = await browser.newPage({ baseURL: ground.app.url, as });
  await page.goto('/imports');
  return { page, problems };
}

/** What a worker does to the row when it gets on; announced or not. */
const getOn = (id: string, done: number, say: boolean) =>
  ground.as(async (ctx: Ctx) => {
    await ctx.db.update('imports', { id }, { task: 'stage', done });
    if (say) await announce(ctx.db, importTopic(id));
  });

/** Waits for a text on the page. @returns how long that took, in ms */
async function reads(page: Page, text: string): Promise<number> {
  const began = Date.now();
  await page.locator('main', { hasText: text }).waitFor({ timeout: 8_000 });
  return Date.now() - began;
}

const until = async (holds: () => boolean) => {
  for (let i = 0; i < 200 && !holds(); i += 1) await sleep(25);
  expect(holds()).toBe(true);
};

test('the bar moves at the moment the worker says so, can be left and found again, and leads on by itself', async () => {
  const id = await ground.upload(LIST, {}, 'customers', 'moves.csv');
  await ground.sql(`update imports set choices = '{}' where id = $1`, [id]); // a person's, who goes step by step
  const { page, problems } = await visitor();
  await page.goto(`/imports/${id}`);
  await reads(page, 'Looking into the file');
  await page.evaluate('window.same = true');
  const waits = [];
  for (const done of [1_000, 2_000, 3_000, 4_000]) {
    await getOn(id, done, true);
    waits.push(await reads(page, `${done / 1_000},000 rows read`));
  }
  // Polling alone would take a second and a half each on average.
  expect(waits.reduce((sum, ms) => sum + ms, 0)).toBeLessThan(2_500);
  expect(await page.evaluate('window.same')).toBe(true);
  expect(await page.getAttribute('progress', 'value')).toBe('15');
  await expectNoAxeViolations(page);
  await screenshot(page, 'import-progress');

  await page.click('nav >> text=Customers');
  await page.waitForURL(/\/customers/);
  await getOn(id, 5_000, true);
  await page.click('nav >> text=Imports');
  await page.click('text=moves.csv');
  await reads(page, '5,000 rows read');
  await getOn(id, 6_000, true);
  await reads(page, '6,000 rows read');

  await ground.sql(`update imports set task = 'inspect', done = 0 where id = $1`, [id]);
  await ground.drive(id);
  await page.waitForSelector('table.mapping', { timeout: 5_000 });
  expect(new URL(page.url()).pathname).toBe(`/imports/${id}`);
  expect(problems).toEqual([]);
  await page.context().close();
}, 60_000);

test('only the page that is open holds a stream', async () => {
  const id = await ground.upload(LIST, {});
  const { page } = await visitor();
  const open = () => ground.app.platform.events.count();
  const before = open();
  await page.goto(`/imports/${id}`);
  await until(() => open() === before + 1);
  await page.click('nav >> text=Customers');
  await page.waitForURL(/\/customers/);
  await until(() => open() === before);
  await page.context().close();
});

test('a stream that cannot be opened, or says nothing, delays the page by seconds and is nobody’s business', async () => {
  const id = await ground.upload(LIST, {});
  const { page, problems } = await visitor();
  await page.goto(`/imports/${id}`);
  await reads(page, 'Looking into the file');
  await getOn(id, 1_000, false);
  await reads(page, '1,000 rows read');
  await page.route('**/events', (route) => route.abort());
  await page.reload();
  await reads(page, '1,000 rows read');
  await getOn(id, 2_000, true);
  await reads(page, '2,000 rows read');
  await page.unroute('**/events');
  await page.route('**/events', (route) => route.fulfill({ status: 503, body: '<h1>Not available</h1>' }));
  await page.reload();
  await getOn(id, 3_000, true);
  await reads(page, '3,000 rows read');
  expect(await page.locator('#toasts .notice').count()).toBe(0);
  expect(problems.filter((problem) => !/\/events|htmx:error: Failed to fetch/.test(problem))).toEqual([]);
  await page.context().close();
}, 60_000);
