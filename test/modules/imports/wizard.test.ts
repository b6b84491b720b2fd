// The import as a person does it: in a browser with and without JavaScript, a page a step, accessible at each.
import type { Page } from 'playwright-core';
import { startApp, type TestApp } from '../../helpers/app.ts';
import { expectNoAxeViolations, openBrowser, screenshot, type TestBrowser } from '../../helpers/browser.ts';
import { makeTenant, PASSWORD, type TestTenant } from '../../helpers/fixture.ts';
import { workbookFile } from '../../helpers/workbooks.ts';
import { csv } from './ground.ts';

let app: TestApp;
let acme: TestTenant;
let browser: TestBrowser;
beforeAll(async () => {
  [app, browser] = await Promise.all([startApp(), openBrowser()]);
  acme = await makeTenant(app.database.url, app.platform, 'acme');
}, 60_000);
afterAll(async () => {
  await browser?.close();
  await app?.stop();
});

const list = (name: string) =>
  csv(
    ['Firma', 'E-Mail', 'Status', 'Renewal date', `Bemerkung ${name}`],
    [`${name} A`, `a@${name}.example`, 'Kunde', '03/04/2026', '<script>document.title = "owned"</script>'],
    [`${name} B`, `b@${name}.example`, 'Wichtig', '05/06/2026', ''],
    [`${name} C`, 'nonsense', 'Kunde', '', ''],
    [`${name} A`, `a@${name}.example`, 'Kunde', '', ''],
  );

async function signIn(page: Page): Promise<void> {
  await page.goto('/login');
  await page.fill('input[name=email]', acme.users.admin.email);
  await page.fill('input[name=password]', PASSWORD);
  await page.press('input[name=password]', 'Enter');
  await page.waitForURL((url) => !url.pathname.startsWith('/login'));
}

const upload = async (page: Page, name: string, buffer: Buffer) => {
  await page.goto('/imports/new?entity=customers');
  await page.setInputFiles('#file', { name, mimeType: 'application/octet-stream', buffer });
  await page.click('main button[type=submit]');
};

/** Without JavaScript a person looks again by the link; with it the page does that by itself. */
async function arriveAt(page: Page, selector: string, script: boolean): Promise<void> {
  for (let i = 0; i < 200; i += 1) {
    if (await page.locator(selector).count()) return;
    if (!script) {
      const again = page.getByRole('link', { name: 'Look again' });
      if (await again.count()) await again.click();
    }
    await page.waitForTimeout(100);
  }
  throw new Error(`${selector} did not come: ${(await page.locator('main').innerText()).slice(0, 500)}`);
}

describe.each([
  ['with JavaScript', true],
  ['without JavaScript', false],
])('%s', (_name, script) => {
  test('from the file to the account of every row', async () => {
    const { page, problems } = await browser.newPage({
      width: 1440,
      height: 900,
      javaScriptEnabled: script,
      baseURL: app.url,
    });
    const check = async (step: string) => {
      if (!script) return;
      await expectNoAxeViolations(page);
      await screenshot(page, `import-${step}`);
    };
    const name = script ? 'with' : 'without';
    await signIn(page);
    await page.goto('/imports');
    await check('history-empty');
    await page.click('text=Import a file');
    await check('file');
    await upload(page, `${name}.csv`, Buffer.from(list(name)));

    await arriveAt(page, 'table.mapping', script);
    await check('columns');
    expect(await page.inputValue('select[name=column_0]')).toBe('name');
    expect(await page.inputValue('select[name=column_2]')).toBe('status');
    expect(await page.inputValue('select[name=value_2_0]')).toBe('active');
    await page.click('text=Show the plan');
    await page.waitForSelector('.summary');
    await check('columns-refused');
    expect(await page.innerText('.summary')).toMatch(/Status: Say what each value.*Renewal date: Say whether the day/s);
    await page.selectOption('select[name=value_2_1]', 'prospect');
    await page.selectOption('select[name=order_3]', 'dmy');
    await page.selectOption('select[name=default_owner_id]', { label: 'manager of Acme' });
    await page.click('text=Show the plan');

    await arriveAt(page, '.plan', script);
    await check('plan');
    expect(await page.locator('.tile').allInnerTexts()).toEqual([
      'Create\n2',
      'Update\n0',
      'Unchanged\n0',
      'Skip\n1',
      'Error\n1',
    ]);
    await page.click('.tile:has-text("Skip")');
    await page.waitForSelector('text=Same e-mail as row 2, which is used.');
    await check('plan-skipped');
    await page.click('text=Import 2 customers');

    await arriveAt(page, '.sum', script);
    await check('result');
    expect(await page.innerText('.sum')).toBe(
      '4 rows in the file = 2 created + 0 updated + 0 unchanged + 1 skipped + 1 failed',
    );
    expect(await page.title()).not.toBe('owned');
    await page.click('.tile:has-text("Created")');
    await page.click(`text=${name} B`);
    await page.waitForURL(/\/customers\//);
    expect(await page.innerText('main')).toMatch(/Prospect/);
    expect(await page.innerText('main')).toMatch(/manager of Acme/);
    await page.goto('/imports');
    await check('history');
    expect(await page.innerText('main')).toContain('4 rows: 2 created, 1 skipped, 1 failed');
    expect(problems.filter((problem) => !problem.includes('422'))).toEqual([]);
    await page.context().close();
  }, 90_000);
});

test('a workbook of several sheets asks which one, and another header row can be chosen', async () => {
  const cells = (row: number, texts: string[]) =>
    `<row r="${row}">${texts.map((t, i) => `<c r="${'ABC'[i]}${row}" t="inlineStr"><is><t>${t}</t></is></c>`).join('')}</row>`;
  const file = workbookFile({
    sheets: [
      { name: 'Cover', rows: cells(1, ['Our list']) },
      { name: 'Clients', rows: cells(1, ['Title']) + cells(2, ['Name', 'City']) + cells(3, ['Sheet one', 'Ulm']) },
    ],
  });
  const { page, problems } = await browser.newPage({ width: 390, height: 844, colorScheme: 'dark', baseURL: app.url });
  await signIn(page);
  await upload(page, 'book.xlsx', file);
  await arriveAt(page, 'text=Which sheet holds the list?', true);
  await expectNoAxeViolations(page);
  await screenshot(page, 'import-sheet-phone-dark');
  await page.check('text=Clients');
  await page.click('text=Use this sheet');
  await arriveAt(page, 'table.mapping', true);
  await expectNoAxeViolations(page);
  await screenshot(page, 'import-columns-phone-dark');
  expect(await page.inputValue('select[name=column_1]')).toBe('city');
  await page.click('text=How the file is read');
  expect(await page.locator('select[name=header_row] option:checked').innerText()).toBe('Found by itself: row 2');
  await page.selectOption('select[name=header_row]', '0');
  await page.click('text=Read again');
  await page.waitForSelector('th:has-text("Column A")');
  expect(problems).toEqual([]);
  await page.context().close();
}, 60_000);

test('a file that is no list says so in words', async () => {
  const { page } = await browser.newPage({ baseURL: app.url });
  await signIn(page);
  await upload(page, 'letter.xlsx', Buffer.from('%PDF-1.7\n%âãÏÓ\n'));
  await arriveAt(page, '.notice.is-red', true);
  expect(await page.innerText('main')).toMatch(/This is a PDF document.*Nothing was imported/s);
  await expectNoAxeViolations(page);
  await screenshot(page, 'import-refused');
  await page.context().close();
}, 30_000);
