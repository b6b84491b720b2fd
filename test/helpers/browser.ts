// A real browser for tests: Chromium as it is installed here, driven by playwright-core.
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import type axe from 'axe-core';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import request from 'supertest';
import { signIn } from './app.ts';
import { cookieOf } from './events.ts';
import { CHROMIUM, findProgram } from './programs.ts';

export interface PageOptions {
  width?: number;
  height?: number;
  javaScriptEnabled?: boolean;
  colorScheme?: 'light' | 'dark';
  /** What relative addresses given to `goto` start from: the application's address. */
  baseURL?: string;
  /** Who is signed in already, for tests that are about something else than the form; needs `baseURL`. */
  as?: { email: string; password: string };
}

/** A page that remembers everything that went wrong in it. */
export interface WatchedPage {
  page: Page;
  context: BrowserContext;
  /** Console errors (violations of the content security policy are among them), uncaught errors, failed requests. */
  problems: string[];
}

export interface TestBrowser {
  newPage(options?: PageOptions): Promise<WatchedPage>;
  close(): Promise<void>;
}

const FLAGS = ['--disable-gpu', '--disable-background-networking', '--disable-component-update', '--disable-sync'];
const SCREENSHOTS = path.join(import.meta.dirname, '..', '..', 'test-results');
/** Half as long as what the package exports, which every page would have to read. */
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const WCAG = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];

/** Launches Chromium; once for each test file, in `beforeAll`, closed in `afterAll`. */
export async function openBrowser(): Promise<TestBrowser> {
  const executablePath = findProgram(CHROMIUM);
  if (!executablePath) throw new Error(`no browser found: install ${CHROMIUM.apt}`);
  const sandbox = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  const browser = await chromium.launch({ executablePath, args: [...FLAGS, '--no-first-run', ...sandbox] });
  return { newPage: (options) => newPage(browser, options), close: () => browser.close() };
}

/** A page in a context of its own, so without cookies of others; 1280 x 800, light, with JavaScript unless told otherwise. */
async function newPage(browser: Browser, options: PageOptions = {}): Promise<WatchedPage> {
  const { width = 1280, height = 800, javaScriptEnabled = true, colorScheme = 'light', baseURL, as } = options;
  const viewport = { width, height };
  const context = await browser.newContext({
    viewport,
    javaScriptEnabled,
    colorScheme,
    locale: 'en-GB',
    ...(baseURL && { baseURL }),
  });
  if (as && baseURL) {
    const cookies = cookieOf(await signIn(request.agent(baseURL), as.email, as.password));
    await context.addCookies(
      cookies.split('; ').map((cookie) => {
        const [name = '', value = ''] = cookie.split(/=(.*)/s);
        return { name, value, url: baseURL };
      }),
    );
  }
  const page = await context.newPage();
  return { page, context, problems: watch(page) };
}

function watch(page: Page): string[] {
  const problems: string[] = [];
  page.on('pageerror', (error) => problems.push(`uncaught: ${error.message}`));
  page.on('console', (message) => {
    if (message.type() === 'error') problems.push(`console: ${message.text()} (${message.location().url})`);
  });
  page.on('requestfailed', (request) => {
    const why = request.failure()?.errorText;
    if (why !== 'net::ERR_ABORTED') problems.push(`request: ${request.url()} ${why}`); // aborted: the page moved on
  });
  return problems;
}

/**
 * Fails with a readable list when the page breaks a rule of WCAG 2.2 A or AA that axe can decide.
 * axe runs inside the page, so this is for pages with JavaScript only.
 * @param rules only these, where the others were tried on the same page before
 */
export async function expectNoAxeViolations(page: Page, rules?: readonly string[]): Promise<void> {
  const loaded = await page.evaluate('"axe" in window');
  if (!loaded) await page.evaluate(AXE);
  const violations = await page.evaluate(
    async (runOnly) => {
      const { axe: here } = globalThis as unknown as { axe: typeof axe };
      // What passed is of no interest, and describing it takes most of the time.
      return (await here.run({ runOnly, resultTypes: ['violations'] })).violations;
    },
    rules ? { type: 'rule' as const, values: [...rules] } : { type: 'tag' as const, values: WCAG },
  );
  const lines = violations.flatMap(({ id, impact, help, nodes }) => [
    `${id} (${impact}): ${help}`,
    ...nodes.map((node) => `    ${node.target.join(' ')}\n      ${node.failureSummary?.replaceAll('\n', '\n      ')}`),
  ]);
  if (lines.length > 0) throw new Error(`${page.url()} is not accessible:\n${lines.join('\n')}`);
}

/** Asked to by SCREENSHOTS=1, writes test-results/NAME.png, the whole length of the page; that folder is not kept in git. */
export async function screenshot(page: Page, name: string): Promise<void> {
  if (!process.env.SCREENSHOTS) return;
  mkdirSync(SCREENSHOTS, { recursive: true });
  await page.screenshot({ path: path.join(SCREENSHOTS, `${name}.png`), fullPage: true });
}
