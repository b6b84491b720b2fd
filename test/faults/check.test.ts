// The check finds what must never be, whoever looks; and the looking itself must not be fooled by row-level security.
import pg from 'pg';
import { cli } from '../cli/ground.ts';
import { startApp, type TestApp } from '../helpers/app.ts';
import { makeTenant, type TestTenant } from '../helpers/fixture.ts';

let app: TestApp;
let client: pg.Client;
let acme: TestTenant;

beforeAll(async () => {
  app = await startApp({ env: { ROLE: 'web' } });
  acme = await makeTenant(app.database.url, app.platform, 'acme');
  client = new pg.Client({ connectionString: app.database.url });
  await client.connect();
}, 60_000);
afterAll(async () => {
  await client?.end();
  await app?.stop();
});

const check = (url = app.database.url, ...args: string[]) =>
  cli(['check', ...args], { DATABASE_URL: url, DATA_DIR: app.platform.config.data_dir });

test('a sound database has nothing wrong', async () => {
  expect(await check()).toEqual({ code: 0, out: 'Nothing wrong was found.', err: '' });
});

test('the login that serves cannot look, because rows hide from it', async () => {
  const { code, err } = await check(app.database.runtimeUrl);
  expect([code, err]).toEqual([1, expect.stringContaining('does not see every row')]);
});

test('what was damaged is named, and exit code 1 says so to scripts', async () => {
  await client.query(`
    set session_replication_role = replica;
    update customers set version = 7;
    insert into request_keys (tenant_id, user_id, key, body_hash) select tenant_id, id, 'unanswered', 'x' from users limit 1;
    insert into imports (tenant_id, entity, state, file_name, file_bytes, file_key, created_by, created)
      select tenant_id, 'customer', 'uploaded', 'a.csv', 1, repeat('0', 32), id, 3 from users limit 1;
    update accounts set customer_id = new_id()`);
  await client.query(`select graphile_worker.add_job('upkeep', '{}', run_at => now() - interval '2 hours')`);
  const { code, out, err } = await check(app.database.url, '--files');
  expect([code, err]).toEqual([1, '5 findings. Nothing was changed.']);
  expect(out.split('\n').sort()).toEqual([
    expect.stringMatching(/^1 × a job that nobody has begun for an hour/),
    '1 × a key of a request that was used up without an answer',
    expect.stringMatching(/^1 × accounts points to nothing/),
    expect.stringMatching(/^1 × an import whose file is not in/),
    '1 × customers: a version that the trail does not tell of',
  ]);
  expect(acme.slug).toBe('acme');
});
