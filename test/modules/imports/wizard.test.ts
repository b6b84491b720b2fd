// The import as a person does it: in a browser with and without JavaScript, a page a step, accessible at each.
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

/** The preview of a file whose separator is not found in it. */
const ONE_COLUMN = '#preview tr:first-child td:nth-child(2):last-child';

async function signedIn(options: PageOptions = {}) {
  const as = { email: acme.users.admin.email, password: PASSWORD };
  const watched = await browser.newPage({ width: 1440, height: 900, baseURL: app.url, as, ...options });
  watched.page.setDefaultTimeout(15_000);
  return watched;
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
  test('from the file to the account of every row, an error mended in place, and back again', async () => {
    const { page, problems } = await signedIn({ javaScriptEnabled: script });
    const check = async (step: string) => {
      if (!script) return;
      await expectNoAxeViolations(page);
      await screenshot(page, `import-${step}`);
    };
    const name = script ? 'with' : 'without';
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

    // How the file is read, tried in another way: in place, or as a page of its own. Nothing is kept of it.
    await page.click('text=How the file is read');
    await page.selectOption('select[name=delimiter]', 'semicolon');
    if (!script) await page.click('text=Preview');
    await page.waitForSelector(ONE_COLUMN);
    await check('reading');
    if (script) await page.selectOption('select[name=delimiter]', '');
    else await page.click('text=Back without reading again');
    await page.waitForSelector('#preview td:text-is("Firma")', { state: 'attached' });

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
    const tiles = () => page.locator('.tile').allInnerTexts();
    expect(await tiles()).toEqual(['Create\n2', 'Update\n0', 'Unchanged\n0', 'Skip\n1', 'Error\n1']);
    await page.click('.tile:has-text("Skip")');
    await page.waitForSelector('#rows-skip[aria-current]');
    expect(await page.innerText('main')).toContain('Same e-mail as row 2, which is used.');
    await page.click('.tile:has-text("Error")');
    await page.click('text=Correct this row');
    await page.waitForSelector('.row-form');
    await check('row');
    await page.fill('[name=cell_1]', 'still nonsense');
    await page.click('.row-form button');
    await page.waitForSelector('.row-form .summary');
    expect(await page.inputValue('[name=cell_1]')).toBe('still nonsense');
    await page.fill('[name=cell_1]', `c@${name}.example`);
    await page.click('.row-form button');
    await page.waitForSelector('text=Row 4 is corrected.');
    expect(await tiles()).toEqual(['Create\n3', 'Update\n0', 'Unchanged\n0', 'Skip\n1', 'Error\n0']);
    await page.click('text=Import 3 customers');

    await arriveAt(page, '.sum', script);
    await check('result');
    expect(await page.innerText('.sum')).toBe(
      '4 rows in the file = 3 created + 0 updated + 0 unchanged + 1 skipped + 0 failed',
    );
    expect(await page.title()).not.toBe('owned');
    await page.click('.tile:has-text("Created")');
    await page.click(`text=${name} B`);
    await page.waitForURL(/\/customers\//);
    expect(await page.innerText('main')).toMatch(/Prospect/);
    expect(await page.innerText('main')).toMatch(/manager of Acme/);
    await page.goto('/imports');
    await check('history');
    expect(await page.innerText('main')).toContain('4 rows: 3 created, 1 skipped');

    await page.click(`text=${name}.csv`);
    await page.click('text=Undo this import');
    await arriveAt(page, 'text=This import was undone by admin of Acme.', script);
    await check('undone');
    await page.click('text=Bring it back');
    await arriveAt(page, 'text=Undo this import', script);
    expect(problems.filter((problem) => !problem.includes('422'))).toEqual([]);
    await page.context().close();
  }, 90_000);
});

/** Runs in the page: what has the focus, and whether that can be seen. */
const LOOK = `(() => {
  const element = document.activeElement;
  const style = getComputedStyle(element);
  const { left, right, top, bottom } = element.getBoundingClientRect();
  const [width, height] = [Math.min(right, innerWidth) - left, Math.min(bottom, innerHeight) - Math.max(top, 0)];
  const seen = [0.01, 0.5, 0.99].some((x) => [0.05, 0.5, 0.95].some((y) => {
    const hit = document.elementFromPoint(left + width * x, Math.max(top, 0) + height * y);
    return hit && (element.contains(hit) || hit.contains(element));
  }));
  const ring = (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== 'none';
  const said = (element.getAttribute('aria-label') ?? element.innerText ?? '').trim().slice(0, 60);
  // Where reading goes on, a page's beginning, needs no ring: nothing can be done there.
  const well = element !== document.body && ((ring && seen) || element.matches('main, h1'));
  return { name: element.localName + (element.id && '#' + element.id) + ' ' + said, well, ring, seen };
})()`;

/** What has the focus. @throws when it has been lost, shows nothing of it, or is covered by something else */
async function focused(page: Page): Promise<string> {
  const at = (await page.evaluate(LOOK)) as { name: string; well: boolean };
  if (!at.well) throw new Error(`focus not seen: ${JSON.stringify(at)}`);
  return at.name;
}

/** Presses Tab, as often as it takes, until what is meant has the focus. */
async function tabTo(page: Page, selector: string): Promise<void> {
  const passed: string[] = [];
  for (let i = 0; i < 60; i += 1) {
    await page.keyboard.press('Tab');
    const at = await focused(page).catch((error: Error) => {
      throw new Error(`${error.message} behind ${passed.join(' | ')}`);
    });
    passed.push(at);
    if (await page.evaluate(`document.activeElement.matches(${JSON.stringify(selector)})`)) return;
  }
  throw new Error(`Tab does not lead to ${selector}, only to ${passed.join(' | ')}`);
}

/** A page that has just been loaded: over the link that skips the menu into its content. */
async function skipTo(page: Page, selector: string): Promise<void> {
  await tabTo(page, '.skip');
  await page.keyboard.press('Enter');
  await tabTo(page, selector);
}

test('the whole way by keyboard alone: whatever has the focus is seen, and no step loses it', async () => {
  const { page, problems } = await signedIn({ width: 1280, height: 720 });
  const { keyboard } = page;
  /** Types what an option begins with, as selects take it. */
  const choose = async (selector: string, label: string) => {
    await tabTo(page, selector);
    await keyboard.type(label);
    expect(await page.locator(`${selector} option:checked`).innerText()).toContain(label);
  };
  // Asked for early: the browser is told in time not to show its own dialog.
  const chooser = page.waitForEvent('filechooser');
  await page.goto('/imports');
  await skipTo(page, '[data-key=c]');
  await keyboard.press('Enter');
  await page.waitForSelector('#file');
  expect(await focused(page)).toBe('h1 Import a file');
  await tabTo(page, '#file');
  await keyboard.press('Space');
  const file = { name: 'keys.csv', mimeType: 'text/csv', buffer: Buffer.from(list('keys')) };
  await (await chooser).setFiles(file);
  await tabTo(page, 'main [type=submit]');
  await keyboard.press('Enter');

  // Somebody waits at the progress bar, and is led on by it.
  await arriveAt(page, 'table.mapping', true);
  await skipTo(page, '.reading summary');
  await keyboard.press('Enter');
  await choose('[name=delimiter]', 'Semicolon');
  await page.waitForSelector(ONE_COLUMN);
  expect(await focused(page)).toContain('#field-delimiter');
  await keyboard.press('Home');
  await page.waitForSelector('#preview td:text-is("Firma")');
  await choose('[name=header_row]', 'No row');
  await page.waitForSelector('#preview tr.is-row:has-text("Firma")');
  expect(await focused(page)).toContain('#field-header_row');

  await tabTo(page, '.form-foot:not(.reading *) [type=submit]');
  await keyboard.press('Enter');
  await page.waitForSelector('.summary');
  expect(await focused(page)).toMatch(/^div Some columns need a look/);
  await choose('[name=value_2_1]', 'Prospect');
  await choose('[name=order_3]', 'Day first');
  await keyboard.press('Control+Enter');
  await arriveAt(page, '.plan', true);
  await focused(page);

  await tabTo(page, '#rows-error');
  await keyboard.press('Enter');
  await page.waitForSelector('#rows-error[aria-current]');
  expect(await focused(page)).toContain('#rows-error');
  await tabTo(page, '#row-4 a');
  await keyboard.press('Enter');
  await page.waitForSelector('.row-form');
  expect(await focused(page)).toContain('#cell_1-4');
  await keyboard.press('Escape');
  await page.waitForSelector('.row-form', { state: 'detached' });
  await focused(page);
  await tabTo(page, '#row-4 a');
  await keyboard.press('Enter');
  await page.waitForSelector('.row-form');
  await keyboard.press('Enter');
  await page.waitForSelector('.row-form .summary');
  expect(await focused(page)).toContain('#cell_1-4');
  await keyboard.press('Control+A');
  await keyboard.type('c@keys.example');
  await keyboard.press('Enter');
  await page.waitForSelector('text=Row 4 is corrected.');
  await focused(page);
  await tabTo(page, '.commit [type=submit]');
  await keyboard.press('Enter');

  await arriveAt(page, '.sum', true);
  await focused(page);
  await tabTo(page, 'button:has(.i-arrow-back-up)');
  await keyboard.press('Enter');
  await arriveAt(page, 'text=This import was undone', true);
  await focused(page);
  await tabTo(page, 'button:has(.i-refresh)');
  expect(problems.filter((problem) => !problem.includes('422'))).toEqual([]);
  await page.context().close();
}, 60_000);

test('a workbook of several sheets asks which one, and another header row can be chosen', async () => {
  const cells = (row: number, texts: string[]) =>
    `<row r="${row}">${texts.map((t, i) => `<c r="${'ABC'[i]}${row}" t="inlineStr"><is><t>${t}</t></is></c>`).join('')}</row>`;
  const file = workbookFile({
    sheets: [
      { name: 'Cover', rows: cells(1, ['Our list']) },
      { name: 'Clients', rows: cells(1, ['Title']) + cells(2, ['Name', 'City']) + cells(3, ['Sheet one', 'Ulm']) },
    ],
  });
  const { page, problems } = await signedIn({ width: 390, height: 844, colorScheme: 'dark' });
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
  const { page } = await signedIn();
  await upload(page, 'letter.xlsx', Buffer.from('%PDF-1.7\n%âãÏÓ\n'));
  await arriveAt(page, '.notice.is-red', true);
  expect(await page.innerText('main')).toMatch(/This is a PDF document.*Nothing was imported/s);
  await expectNoAxeViolations(page);
  await screenshot(page, 'import-refused');
  await page.context().close();
}, 30_000);
