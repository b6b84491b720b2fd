// What a person does all day, in a real browser, with and without JavaScript; every page in light and dark, on desktop and phone.
import type { Page } from 'playwright-core';
import { seed } from '../../seeds/index.ts';
import { allRoutes } from '../../src/modules/index.ts';
import { startApp, type TestApp } from '../helpers/app.ts';
import {
  expectNoAxeViolations,
  openBrowser,
  type PageOptions,
  screenshot,
  type TestBrowser,
} from '../helpers/browser.ts';

const PASSWORD = 'rapport-demo';
let app: TestApp;
let browser: TestBrowser;

beforeAll(async () => {
  app = await startApp({ prepare: (database) => seed({ DATABASE_URL: database.runtimeUrl, DEMO_PASSWORD: PASSWORD }) });
  browser = await openBrowser();
}, 120_000);
afterAll(async () => {
  await browser?.close();
  await app?.stop();
});

async function signedIn(email: string, options: PageOptions = {}) {
  const as = { email, password: PASSWORD };
  const watched = await browser.newPage({ width: 1440, height: 900, baseURL: app.url, as, ...options });
  // Less than a test's own limit, so that a failure says which step hung.
  watched.page.setDefaultTimeout(8_000);
  await watched.page.goto('/customers');
  return watched;
}

const fill = async (page: Page, name: string, value: string) => page.fill(`main [name="${name}"]`, value);
/** Ids of the rows shown, in their order. */
const rowIds = async (page: Page): Promise<(string | null)[]> =>
  Promise.all((await page.locator('tbody tr[data-id]').all()).map((row) => row.getAttribute('data-id')));
const submit = (page: Page, label: string) => page.click(`main button:has-text("${label}")`);

describe.each([
  ['with JavaScript', true],
  ['without JavaScript', false],
])('%s', (_title, javaScriptEnabled) => {
  test('a customer is added, corrected, found, changed and moved to the trash and back', async () => {
    const { page, problems } = await signedIn('manager@acme.example', { javaScriptEnabled });
    const name = `Ümlaut & Söhne <b>${javaScriptEnabled}</b>`;
    await page.click('main a:has-text("New customer")');
    await page.waitForURL('**/customers/new');
    await fill(page, 'email', 'not an address');
    await fill(page, 'name', name);
    await submit(page, 'Add customer');
    await page.waitForSelector('.summary');
    expect(await page.inputValue('main [name="name"]')).toBe(name);
    expect(await page.textContent('.summary')).toContain('This is not an e-mail address');
    await fill(page, 'email', 'Info@Soehne.example');
    await submit(page, 'Add customer');
    await page.waitForURL((url) => /^\/customers\/[0-9a-f-]{36}$/.test(url.pathname));
    expect(await page.textContent('h1')).toBe(name);
    const address = new URL(page.url()).pathname;

    await page.goto('/customers?q=umlaut%20sohne');
    expect(await page.textContent(`tr[data-id="${address.split('/').pop()}"]`)).toContain(name);

    await page.goto(address);
    await page.click('#edit-status');
    const status = javaScriptEnabled ? '#fact-status select' : 'main [name="status"]';
    await page.waitForSelector(status);
    await page.selectOption(status, 'active');
    await (javaScriptEnabled ? page.click('#fact-status button[type=submit]') : submit(page, 'Save changes'));
    await page.waitForFunction("document.querySelector('#fact-status')?.textContent.includes('Active')");

    await submit(page, 'Move to trash');
    await page.waitForURL((url) => url.pathname === '/customers');
    expect(await page.textContent('#notices')).toContain('is in the trash');
    await page.click('#notices button:has-text("Undo")');
    await page.waitForURL(`**${address}`);
    expect(await page.textContent('h1')).toBe(name);
    expect(problems.filter((p) => !p.includes('422'))).toEqual([]);
    await page.context().close();
  });

  test('notes, interactions and contacts are added on the customer page and stand in its timeline', async () => {
    const { page, problems } = await signedIn('csm@acme.example', { javaScriptEnabled });
    await page.click('tbody a.row-link >> nth=0');
    await page.waitForSelector('.record');
    const address = new URL(page.url()).pathname;
    await page.click('.composer label:has-text("Note")');
    await page.fill('.composer textarea[name="body"] >> visible=true', 'They asked for a second warehouse.');
    await page.click('.composer button:has-text("Add note")');
    await page.waitForSelector('.events >> text=They asked for a second warehouse.');
    expect(new URL(page.url()).pathname).toBe(address);
    await page.click('#related-contacts summary');
    if (!javaScriptEnabled) await page.click('#related-contacts a:has-text("Open the form")');
    const form = page.locator('form[action="/contacts"]');
    await form.locator('[name="name"]').fill('Zofia Ćwikła');
    // A short form of the record's own: what the list shows and what is required.
    expect(await form.locator('[name="mobile"]').count()).toBe(0);
    await form.locator('button:has-text("Add contact")').click();
    await page.waitForURL(`**${address}`);
    await page.waitForSelector('#related-contacts >> text=Zofia Ćwikła');
    expect(problems).toEqual([]);
    await page.context().close();
  });

  test('a task is added to the day, done with one press and brought back with another', async () => {
    const { page, problems } = await signedIn('sales@globex.example', { javaScriptEnabled });
    const title = `Water the plants ${javaScriptEnabled}`;
    await page.click('nav a:has-text("My day")');
    await page.waitForURL('**/my-day');
    await fill(page, 'title', title);
    await submit(page, 'Add task');
    const line = page.locator(`.day-row:has-text("${title}")`);
    await line.waitFor();
    await line.locator('button:has-text("Done")').click();
    await page.waitForSelector('#notices >> text=is done.');
    expect(await line.count()).toBe(0);
    await page.click('#notices button:has-text("Undo")');
    await line.waitFor();
    await line.locator('a.row-link').click();
    await page.waitForSelector('.record');
    await submit(page, 'Mark as done');
    await page.waitForSelector('.record button:has-text("Reopen")');
    expect(await page.textContent('.facts')).toContain('just now');
    expect(problems).toEqual([]);
    await page.context().close();
  });

  test('a list narrows, sorts and pages by its address alone', async () => {
    const { page, problems } = await signedIn('manager@acme.example', { javaScriptEnabled });
    await page.selectOption('#filter-status', 'active');
    if (!javaScriptEnabled) await submit(page, 'Apply');
    await page.waitForURL((url) => url.searchParams.get('status') === 'active');
    await page.waitForSelector('.chip');
    await page.click('th a:has-text("ARR")');
    await page.waitForURL((url) => url.searchParams.get('sort') === '-arr');
    await page.waitForSelector('th[aria-sort="descending"]');
    const first = await rowIds(page);
    await page.click('#page-next');
    await page.waitForURL((url) => url.searchParams.has('after'));
    await page.waitForSelector('#page-prev');
    await page.click('#page-prev');
    await page.waitForURL((url) => url.searchParams.has('before'));
    await page.waitForSelector(`tr[data-id="${first[0]}"]`);
    expect(await rowIds(page)).toEqual(first);
    await page.reload();
    expect(await rowIds(page)).toEqual(first);
    expect(problems).toEqual([]);
    await page.context().close();
  });

  test('two people edit one customer: the second sees before, theirs and yours, and chooses', async () => {
    const mine = await signedIn('manager@acme.example', { javaScriptEnabled });
    await mine.page.click(`tbody a.row-link >> nth=${javaScriptEnabled ? 1 : 2}`);
    await mine.page.waitForSelector('.record');
    const address = new URL(mine.page.url()).pathname;
    const other = await signedIn('admin@acme.example', { javaScriptEnabled });
    for (const { page } of [mine, other]) await page.goto(`${address}/edit`);
    await fill(other.page, 'city', 'Gdańsk');
    await fill(other.page, 'industry', 'Ports');
    await submit(other.page, 'Save changes');
    await other.page.waitForSelector('.record');
    await fill(mine.page, 'city', 'Szczecin');
    await fill(mine.page, 'street', 'Lange Straße 5');
    await submit(mine.page, 'Save changes');
    await mine.page.waitForSelector('.conflict');
    const text = (await mine.page.textContent('.conflict')) ?? '';
    for (const word of ['City', 'Gdańsk', 'Szczecin', 'Industry', 'Ports', 'Lange Straße 5'])
      expect(text).toContain(word);
    if (javaScriptEnabled) {
      await expectNoAxeViolations(mine.page);
      await screenshot(mine.page, 'conflict');
    }
    await mine.page.check('.conflict input[name="city"] >> nth=1');
    await submit(mine.page, 'Save these choices');
    await mine.page.waitForSelector('.record');
    const facts = (await mine.page.textContent('.facts')) ?? '';
    for (const word of ['Szczecin', 'Ports', 'Lange Straße 5']) expect(facts).toContain(word);
    await mine.context.close();
    await other.context.close();
  });
});

/** Pages that need no id, and one record page and form of every entity. */
async function addresses(page: Page): Promise<string[]> {
  const routes = allRoutes(app.platform).filter(
    (r) => r.method === 'get' && r.surface === 'web' && !/\.(xlsx|csv|pdf)$|lookup|events$/.test(r.path),
  );
  const fixed = routes.filter((r) => !r.path.includes(':')).map((r) => r.path);
  const found = [...fixed];
  for (const path of routes.filter((r) => /^\/\w+\/:id$/.test(r.path)).map((r) => r.path.replace('/:id', ''))) {
    await page.goto(`${path}?scope=all`);
    const row = await page
      .locator('tbody tr[data-id]')
      .first()
      .getAttribute('data-id', { timeout: 2_000 })
      .catch(() => null);
    if (row) found.push(`${path}/${row}`, `${path}/${row}/edit`);
  }
  return found;
}

test('every page is accessible and loads without a complaint, in light and dark, on desktop and phone', async () => {
  // The same page is looked at in each way, since loading it is what takes long.
  const desktop = { width: 1440, height: 900 };
  const looks = [
    { scheme: 'light', size: desktop, rules: undefined },
    // What dark and small change: colours, and how big and how near things are.
    { scheme: 'dark', size: desktop, rules: ['color-contrast', 'link-in-text-block'] },
    { scheme: 'light', size: { width: 390, height: 844 }, rules: ['target-size', 'scrollable-region-focusable'] },
  ] as const;
  const { page, problems, context } = await signedIn('admin@acme.example', { colorScheme: 'light' });
  const all = await addresses(page);
  expect(all.length).toBeGreaterThan(25);
  problems.length = 0;
  for (const address of all) {
    const answer = await page.goto(address);
    expect(`${address} ${answer?.status()}`).toMatch(/ (200|404)$/);
    if (answer?.status() !== 200) continue;
    for (const { scheme, size, rules } of looks) {
      await page.emulateMedia({ colorScheme: scheme });
      await page.setViewportSize(size);
      await expectNoAxeViolations(page, rules);
      const wide = (await page.evaluate('document.documentElement.scrollWidth - window.innerWidth')) as number;
      expect(`${address} at ${size.width} is ${Math.max(0, wide)} px too wide`).toBe(
        `${address} at ${size.width} is 0 px too wide`,
      );
    }
  }
  expect(problems).toEqual([]);
  await context.close();
}, 600_000);

test('everything on a list can be reached and used by keyboard', async () => {
  const { page, context } = await signedIn('manager@acme.example');
  await page.keyboard.press('Tab');
  expect(await page.evaluate('document.activeElement.textContent')).toBe('Skip to content');
  await page.keyboard.press('Enter');
  await page.keyboard.press('j');
  await page.keyboard.press('j');
  await page.keyboard.press('Enter');
  await page.waitForSelector('.record');
  await page.keyboard.press('e');
  await page.waitForURL('**/edit');
  await fill(page, 'city', 'Kraków');
  await page.keyboard.press('Control+Enter');
  await page.waitForSelector('.record');
  expect(await page.textContent('.facts')).toContain('Kraków');
  await page.keyboard.press('Control+k');
  expect(await page.evaluate('document.activeElement.name')).toBe('q');
  await page.keyboard.type('nord');
  await page.keyboard.press('Enter');
  await page.waitForURL('**/search?q=nord');
  await page.waitForSelector('.panel:has-text("Customers")');
  await page.waitForSelector('#rest', { state: 'detached' }); // the other kinds were looked through by themselves
  await context.close();
});
