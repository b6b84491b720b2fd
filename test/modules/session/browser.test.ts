// Signing in as a browser does it, under the content security policy, with and without JavaScript.

import { expectNoAxeViolations, openBrowser, type PageOptions, type TestBrowser } from '../../helpers/browser.ts';
import { PASSWORD, sql } from './ground.ts';
import { type SsoGround, ssoGround } from './sso_ground.ts';

let ground: SsoGround;
let browser: TestBrowser;
const BOTH = 'both@people.example';

beforeAll(async () => {
  ground = await ssoGround();
  ground.idp.users['sub-manager'] = { email: 'manager@acme.example', email_verified: true, name: 'Manager' };
  for (const tenant of [ground.acme, ground.globex])
    await sql(
      ground.app,
      `insert into users (tenant_id, email, name, role, password_hash)
       select tenant_id, $2, 'Both', 'sales', password_hash from users where id = $1`,
      [tenant.users.admin.id, BOTH],
    );
  browser = await openBrowser();
}, 120_000);
afterAll(async () => {
  await browser?.close();
  await ground?.stop();
});

async function open(options: PageOptions = {}) {
  const watched = await browser.newPage({ baseURL: ground.app.url, ...options });
  watched.page.setDefaultTimeout(15_000);
  await watched.page.goto('/login');
  return watched;
}

async function withPassword(email: string, options: PageOptions = {}) {
  const watched = await open(options);
  await watched.page.fill('[name=email]', email);
  await watched.page.fill('[name=password]', PASSWORD);
  await watched.page.click('main button:has-text("Sign in")');
  return watched;
}

describe.each([
  ['with JavaScript', true],
  ['without JavaScript', false],
])('%s', (_title, javaScriptEnabled) => {
  test('an e-mail leads to the company’s sign-in and back in', async () => {
    const { page, problems } = await open({ javaScriptEnabled });
    await page.fill('[name=email]', 'anna@acme.example');
    await page.click('button:has-text("Use single sign-on")');
    await page.waitForURL((url) => url.origin === ground.app.url && !url.pathname.startsWith('/login'));
    await page.goto('/me/sessions');
    expect(await page.textContent('body')).toContain('anna@acme.example');
    expect(problems).toEqual([]);
  }, 60_000);

  test('a company is chosen, switched, and left', async () => {
    const { page, problems } = await withPassword(BOTH, { javaScriptEnabled });
    await page.waitForURL('**/login/tenant');
    await page.click('button:has-text("Acme")');
    await page.waitForURL((url) => !url.pathname.startsWith('/login'));
    expect(await page.textContent('.topbar')).toContain('Acme');
    await page.click('summary.who');
    await page.click('a:has-text("Switch company")');
    await page.waitForURL('**/me/tenant');
    await page.click('button:has-text("Globex")');
    await page.waitForURL((url) => url.pathname !== '/me/tenant');
    expect(await page.textContent('.topbar')).toContain('Globex');
    await page.click('summary.who');
    await page.click('button:has-text("Sign out")');
    await page.waitForURL('**/login');
    await page.goto('/me/sessions');
    expect(new URL(page.url()).pathname).toBe('/login');
    expect(problems).toEqual([]);
  }, 60_000);

  test('an account is linked by hand', async () => {
    const { page, problems } = await withPassword('manager@acme.example', { javaScriptEnabled });
    await page.waitForURL((url) => !url.pathname.startsWith('/login'));
    await page.goto('/me/identity');
    const href = await page.getAttribute('main form', 'action');
    if (href !== '/me/identity') {
      await page.click('main button:has-text("Unlink")');
      await page.waitForSelector('text=Unlinked.');
    }
    ground.idp.users = { 'sub-manager': ground.idp.users['sub-manager']!, ...ground.idp.users };
    await page.click('main button:has-text("Link with")');
    await page.waitForSelector('text=Linked just now');
    expect(problems).toEqual([]);
  }, 60_000);
});

test('a wrong password is said and the e-mail kept', async () => {
  const { page } = await open();
  await page.fill('[name=email]', 'admin@acme.example');
  await page.fill('[name=password]', 'wrong');
  await page.click('main button:has-text("Sign in")');
  await page.waitForSelector('[role=alert]');
  expect(await page.inputValue('[name=email]')).toBe('admin@acme.example');
  expect(await page.inputValue('[name=password]')).toBe('');
  await expectNoAxeViolations(page);
}, 60_000);

test('the pages of a person and of the administrator are accessible and break no policy', async () => {
  const { page, problems } = await withPassword(ground.acme.users.admin.email);
  await page.waitForURL((url) => !url.pathname.startsWith('/login'));
  const user = `/admin/users/${ground.acme.users.sales.id}`;
  for (const path of [
    '/me/sessions',
    '/me/identity',
    '/me/appearance',
    '/me/tenant',
    '/admin/users',
    user,
    '/admin/sso',
  ]) {
    await page.goto(path);
    await expectNoAxeViolations(page);
  }
  expect(problems).toEqual([]);
}, 120_000);
