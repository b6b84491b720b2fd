// docs/scaling.md counts the connections that processes take; this holds a process to it, and the document to its own sum.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { startApp, type TestApp } from '../helpers/app.ts';
import { makeTenant, type TestTenant } from '../helpers/fixture.ts';

const DOCUMENT = path.resolve(import.meta.dirname, '../../docs/scaling.md');
const POOL = 4;
const ASKED = 80;

/** As docs/scaling.md says it: the pool, a third of it for sign-in and jobs, one that listens, and a worker's sign of life. */
const most = (pool: number, role: string) => pool + Math.max(3, Math.ceil(pool / 3)) + 1 + (role === 'web' ? 0 : 1);

describe.each(['web', 'all'])('a process with ROLE=%s', (role) => {
  let app: TestApp;
  let tenant: TestTenant;
  let client: pg.Client;

  beforeAll(async () => {
    app = await startApp({ env: { ROLE: role, DATABASE_POOL: String(POOL) } });
    tenant = await makeTenant(app.database.url, app.platform, 'acme');
    client = new pg.Client({ connectionString: app.database.url });
    await client.connect();
  });
  afterAll(async () => {
    await client.end();
    await app.stop();
  });

  test('takes no more connections than it is said to, however many ask at once, and nobody is turned away', async () => {
    let peak = 0;
    let goes = true;
    const counting = (async () => {
      while (goes) {
        const { rows } = await client.query<{ n: number }>(
          `select count(*)::int as n from pg_stat_activity where datname = current_database() and usename = 'rapport_runtime'`,
        );
        peak = Math.max(peak, rows[0]!.n);
        await sleep(5);
      }
    })();
    const ask = () =>
      fetch(`${app.url}/api/v1/customers?limit=1`, {
        headers: { Authorization: `Bearer ${tenant.users.admin.token}` },
      });
    const answers = await Promise.all(Array.from({ length: ASKED }, ask));
    goes = false;
    await counting;
    expect(answers.filter((answer) => answer.status !== 200)).toEqual([]);
    expect(peak).toBeLessThanOrEqual(most(POOL, role));
    expect(peak).toBeGreaterThan(POOL); // else nothing was asked at once
  });
});

test('the sums of the document are right', () => {
  const rows = [...readFileSync(DOCUMENT, 'utf8').matchAll(/^\| `(web|worker|all)` \| (\d+) \| (\d+) \|/gm)];
  expect(rows.length).toBeGreaterThanOrEqual(5);
  for (const [, role, pool, sum] of rows)
    expect(`${role} ${pool}: ${sum}`).toBe(`${role} ${pool}: ${most(Number(pool), role!)}`);
});
