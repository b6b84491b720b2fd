import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { createClient } from 'redis';
import { expectNoAxeViolations, openBrowser, type TestBrowser } from '../helpers/browser.ts';
import { createTestDatabase } from '../helpers/database.ts';
import { ensurePrograms } from '../helpers/programs.ts';
import { freshRedis, startRedis } from '../helpers/servers.ts';

describe('databases', () => {
  test('every test file gets a migrated database that no other one sees', async () => {
    const [one, two] = await Promise.all([createTestDatabase(), createTestDatabase()]);
    await query(one.url, 'create table public.only_here ()');
    expect(await tables(one.url)).toEqual(expect.arrayContaining(['only_here', 'schema_migrations']));
    expect(await tables(two.url)).not.toContain('only_here');
    await Promise.all([one.drop(), two.drop()]);
    await expect(query(one.url, 'select 1')).rejects.toThrow(/does not exist/);
  });

  test('a database can be dropped while somebody is connected', async () => {
    const database = await createTestDatabase();
    const client = new pg.Client({ connectionString: database.url });
    client.on('error', () => {});
    await client.connect();
    await database.drop();
    await client.end().catch(() => {});
  });
});

describe('Redis', () => {
  test('the shared server hands out an empty database', async () => {
    await withRedis(await freshRedis(), (client) => client.set('left', 'over'));
    expect(await withRedis(await freshRedis(), (client) => client.dbSize())).toBe(0);
  });

  test('a private server can be killed and started again on the same address, empty', async () => {
    const redis = await startRedis();
    await withRedis(redis.url, (client) => client.set('key', 'value'));
    await redis.kill();
    await expect(withRedis(redis.url, (client) => client.ping())).rejects.toThrow();
    await redis.restart();
    expect(await withRedis(redis.url, (client) => client.get('key'))).toBeNull();
    await redis.stop();
  });
});

describe('the browser', () => {
  let browser: TestBrowser;
  let server: http.Server;
  let baseURL: string;

  beforeAll(async () => {
    browser = await openBrowser();
    server = http.createServer((req, res) => {
      const policy = "default-src 'none'; img-src 'self' data:";
      res.writeHead(200, { 'content-type': 'text/html', 'content-security-policy': policy });
      res.end(PAGES[req.url ?? ''] ?? '');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    baseURL = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });

  afterAll(async () => {
    await browser?.close();
    server?.close();
  });

  test('a good page has no problems and passes axe', async () => {
    const { page, problems } = await browser.newPage({ baseURL, width: 390, colorScheme: 'dark' });
    await page.goto('/good');
    await expectNoAxeViolations(page);
    expect(problems).toEqual([]);
    expect(await page.evaluate('innerWidth + " " + matchMedia("(prefers-color-scheme: dark)").matches')).toBe(
      '390 true',
    );
  });

  test('violations of the content security policy and of accessibility are seen', async () => {
    const { page, problems } = await browser.newPage({ baseURL });
    await page.goto('/bad');
    await expect(expectNoAxeViolations(page)).rejects.toThrow(/image-alt \(critical\)/);
    expect(problems).toEqual([expect.stringContaining('Content Security Policy')]);
  });

  test('JavaScript can be switched off', async () => {
    const { page } = await browser.newPage({ baseURL, javaScriptEnabled: false });
    await page.goto('/noscript');
    expect(await page.locator('noscript b').isVisible()).toBe(true);
  });
});

describe('programs', () => {
  const missing = { names: ['rapport-no-such-program'], apt: 'rapport-no-such-package', versionFlag: '--version' };
  const before = process.env.PATH;
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'rapport-programs-'));
    process.env.PATH = folder; // so the machine's own programs are not there
  });

  afterEach(() => {
    process.env.PATH = before;
    rmSync(folder, { recursive: true, force: true });
  });

  test('that cannot be installed are named in one line', () => {
    expect(() => ensurePrograms([missing])).toThrow(/^the tests need rapport-no-such-package: install with [^\n]+$/);
  });

  test('are installed by root, after the lists are brought up to date', () => {
    if (process.getuid?.() !== 0) return; // others are told what to install, see above
    const apt = `#!/bin/sh
      echo "$*" >> ${folder}/asked
      [ "$1" != install ] || { printf '#!/bin/sh\\n' > ${folder}/rapport-no-such-program; /bin/chmod +x ${folder}/rapport-no-such-program; }`;
    writeFileSync(path.join(folder, 'apt-get'), apt, { mode: 0o755 });
    ensurePrograms([missing]);
    const install = 'install -y -q --no-install-recommends rapport-no-such-package';
    expect(readFileSync(path.join(folder, 'asked'), 'utf8')).toBe(`--version\nupdate -q\n${install}\n`);
  });
});

const head = '<!doctype html><html lang="en"><head><title>t</title><link rel="icon" href="data:,"></head>';
const PAGES: Record<string, string> = {
  '/good': `${head}<body><main><h1>Hello</h1></main></body></html>`,
  '/bad': `${head}<body><main><h1>Hello</h1><img src="/x.png"><script>alert(1)</script></main></body></html>`,
  '/noscript': `${head}<body><main><noscript><b>without</b></noscript></main></body></html>`,
};

async function tables(url: string): Promise<unknown[]> {
  const rows = await query(url, "select tablename from pg_tables where schemaname = 'public'");
  return rows.map((row) => (row as { tablename: string }).tablename);
}

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

type RedisClient = ReturnType<typeof redisAt>;

function redisAt(url: string) {
  return createClient({ url, socket: { reconnectStrategy: false } });
}

async function withRedis<T>(url: string, use: (client: RedisClient) => Promise<T>): Promise<T> {
  const client = redisAt(url);
  client.on('error', () => {});
  await client.connect();
  try {
    return await use(client);
  } finally {
    client.destroy();
  }
}
