// The report as people use it: in a browser, without JavaScript, in the dark, and on paper.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Page } from 'playwright-core';
import { startApp, type TestApp } from '../../helpers/app.ts';
import {
  expectNoAxeViolations,
  openBrowser,
  type PageOptions,
  screenshot,
  type TestBrowser,
} from '../../helpers/browser.ts';
import { makeTenant, PASSWORD, type TestTenant } from '../../helpers/fixture.ts';
import { openGround } from './ground.ts';

const FEW = '/reports/revenue-by-client?from=2012-05-01&to=2012-05-31';
const MANY = '/reports/revenue-by-client?from=2011-05-01&to=2011-05-31';
const MANY_CLIENTS = 60;

let app: TestApp;
let acme: TestTenant;
let browser: TestBrowser;

beforeAll(async () => {
  app = await startApp();
  acme = await makeTenant(app.database.url, app.platform, 'acme');
  const ground = await openGround(app, acme);
  const few: [string, string][] = [
    ['Baltic Freight', '50'],
    ['Aurora Hospitality', '70'],
    ['Čapek Brewing', '60'],
  ];
  for (const [name, value] of few)
    await ground.project({
      customer: await ground.customer(name),
      value,
      status: 'completed',
      created_at: '2012-05-10 12:00Z',
    });
  for (let i = 1; i <= MANY_CLIENTS; i += 1) {
    const customer = await ground.customer(`Client number ${i} & partners`);
    const created_at = '2011-05-10 12:00Z';
    await ground.project({ customer, value: `${1000 - i}.25`, status: 'completed', created_at });
    await ground.project({ customer, value: '0.50', status: 'pending', created_at });
  }
  await ground.end();
  browser = await openBrowser();
}, 60_000);
afterAll(async () => {
  await browser?.close();
  await app?.stop();
});

async function signedIn(options: PageOptions = {}) {
  const as = { email: acme.users.admin.email, password: PASSWORD };
  return browser.newPage({ baseURL: app.url, as, ...options });
}

/** Names of the rows, top to bottom. */
const names = (page: Page) => page.locator('.report-table tbody th').allInnerTexts();

test('sorting, presets and the owner change the address, the table and the chart, without a reload', async () => {
  const { page, context, problems } = await signedIn();
  await page.goto(FEW);
  expect(await names(page)).toEqual(['Aurora Hospitality', 'Čapek Brewing', 'Baltic Freight']);
  await page.evaluate(() => Object.assign(globalThis, { kept: true }));
  await page.click('#sort-client_name');
  await page.waitForURL(/sort=client_name/);
  expect(await names(page)).toEqual(['Aurora Hospitality', 'Baltic Freight', 'Čapek Brewing']);
  expect(await page.locator('th[aria-sort]').getAttribute('aria-sort')).toBe('ascending');
  await page.selectOption('[name=user]', acme.users.sales.id);
  await page.waitForURL(/user=/);
  expect(page.url()).toContain('sort=client_name');
  expect(await names(page)).toEqual([]);
  await page.goBack();
  await page.waitForURL((url) => !url.search.includes('user='));
  await page.locator('canvas[data-drawn]').waitFor();
  await page.click('text=All time');
  await page.waitForURL(/period=all-time/);
  expect(page.url()).not.toContain('from=');
  await page.selectOption('[name=user]', acme.users.admin.id);
  await page.waitForURL(/period=all-time.*user=|user=.*period=all-time/);
  expect((await names(page)).length).toBeGreaterThan(MANY_CLIENTS);
  expect(await page.evaluate(() => (globalThis as { kept?: boolean }).kept)).toBe(true);
  expect(problems).toEqual([]);
  await context.close();
});

test('a figure opens the list that adds up to it, and back returns to the report', async () => {
  const { page, context } = await signedIn();
  await page.goto(FEW);
  await page.click('.report-table tfoot td >> nth=0 >> a');
  await page.waitForURL(/\/projects\?/);
  expect(await page.locator('tr[data-id]').count()).toBe(3);
  await page.goBack();
  await page.waitForURL(/\/reports\//);
  await page.locator('h1:has-text("Revenue by client")').waitFor();
  await context.close();
});

test('without JavaScript the table is the report, the form works, and no empty box stands where a chart would', async () => {
  const { page, context } = await signedIn({ javaScriptEnabled: false });
  await page.goto(FEW);
  expect(await names(page)).toEqual(['Aurora Hospitality', 'Čapek Brewing', 'Baltic Freight']);
  expect(await page.locator('figure.chart').isVisible()).toBe(false);
  await page.click('#sort-client_name');
  await page.waitForURL(/sort=client_name/); // the whole page, not what of it has arrived
  expect(await names(page)).toEqual(['Aurora Hospitality', 'Baltic Freight', 'Čapek Brewing']);
  await page.fill('[name=from]', '2011-05-01');
  await page.fill('[name=to]', '2011-05-31');
  await page.click('text=Apply');
  await page.waitForURL(/from=2011-05-01.*sort=client_name|sort=client_name.*from=2011-05-01/);
  expect(await names(page)).toHaveLength(MANY_CLIENTS);
  await page.click('summary:has-text("How is this computed?")');
  expect(await page.locator('.computed').innerText()).toContain('midnight in the time zone Europe/Berlin');
  await context.close();
});

test.each(['light', 'dark'] as const)(
  'in the %s the pages are accessible, on a desk and on a phone',
  async (colorScheme) => {
    for (const [width, height] of [
      [1440, 900],
      [390, 844],
    ] as const) {
      const { page, context, problems } = await signedIn({ width, height, colorScheme });
      for (const address of width === 390 ? [FEW] : ['/reports', FEW]) {
        await page.goto(address);
        if (address !== '/reports') await page.locator('canvas[data-drawn]').waitFor();
        await expectNoAxeViolations(page);
        const tooWide = await page.evaluate('document.documentElement.scrollWidth > innerWidth');
        expect(`${address} at ${width}: ${tooWide ? 'wider than the window' : 'fits'}`).toBe(
          `${address} at ${width}: fits`,
        );
      }
      await screenshot(page, `report-${colorScheme}-${width}`);
      expect(problems).toEqual([]);
      await context.close();
    }
  },
  120_000,
);

describe.each(['A4', 'Letter'] as const)('printed on %s', (format) => {
  let pages: string[];

  beforeAll(async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'rapport-print-'));
    const { page, context } = await signedIn();
    await page.goto(MANY);
    await page.locator('canvas[data-drawn]').waitFor();
    const file = path.join(folder, 'report.pdf');
    await page.pdf({ path: file, format });
    await context.close();
    pages = execFileSync('pdftotext', ['-layout', file, '-'], { encoding: 'utf8' }).split('\f').slice(0, -1);
    rmSync(folder, { recursive: true });
  }, 120_000);

  test('the first page says whose figures these are, of when, and who printed them', () => {
    const first = pages[0]!.replaceAll(/\s+/g, ' ');
    for (const words of [
      'Revenue by client',
      'Company Period Compared with Acme 1 May 2011 – 31 May 2011',
      'Project owner Time zone As of Everyone Europe/Berlin',
      'Printed by admin of Acme',
    ])
      expect(first).toContain(words);
    expect(first).not.toContain('Search everything');
    expect(first).not.toContain('Excel');
  });

  test('every page is numbered, and every page of the table has its head', () => {
    expect(pages.length).toBeGreaterThan(1);
    for (const [i, text] of pages.entries()) {
      expect(text).toContain(`Page ${i + 1} of ${pages.length}`);
      if (/Client number/.test(text.replace(/Client number \d+ & partners: /g, '')))
        expect(text).toMatch(/Client\s+Projects\s+Total\s+Won\s+Open\s+Lost/);
    }
  });

  test('every row stands whole on one line, once, and the totals once, below the last', () => {
    const lines = pages.join('\n').split('\n');
    for (let i = 1; i <= MANY_CLIENTS; i += 1) {
      const row = new RegExp(
        `Client number ${i} & partners\\s+2\\s+€${1000 - i}\\.75\\s+€${1000 - i}\\.25\\s+€0\\.50\\s+–\\s*$`,
      );
      expect(lines.filter((line) => row.test(line))).toHaveLength(1);
    }
    expect(lines.filter((line) => /All clients\s+120\s+€58,215\.00/.test(line))).toHaveLength(1);
  });

  test('how it is computed is on the paper too', () => {
    const all = pages.join(' ').replaceAll(/\s+/g, ' ');
    expect(all).toContain('How is this computed?');
    expect(all).toContain('The value of completed projects.');
  });
});

test('a table of many columns lies on the paper, whole and with its charts, also from dark pages', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'rapport-print-'));
  const { page, context } = await signedIn({ colorScheme: 'dark' });
  await page.goto(MANY);
  await page.locator('canvas[data-drawn]').waitFor();
  await page.evaluate(`for (const row of document.querySelectorAll('.figures tr'))
    for (let i = 0; i < 4; i += 1) row.append(row.lastElementChild.cloneNode(true))`);
  const file = path.join(folder, 'report.pdf');
  await page.pdf({ path: file, format: 'Letter', preferCSSPageSize: true });
  await context.close();
  expect(execFileSync('pdfinfo', [file], { encoding: 'utf8' })).toMatch(/Page size:\s+792 x 612 pts/);
  // Black on white, whatever the screen showed: nearly all of a sheet is white.
  execFileSync('pdftoppm', ['-r', '20', '-gray', '-singlefile', file, path.join(folder, 'sheet')]);
  const grey = readFileSync(path.join(folder, 'sheet.pgm')).subarray(-10_000);
  expect(grey.filter((level) => level > 200).length).toBeGreaterThan(grey.length * 0.75);
  rmSync(folder, { recursive: true });
}, 60_000);
