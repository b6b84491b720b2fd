// The operator imports while no worker runs: the command does the work itself, and takes it back.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { startApp, type TestApp } from '../helpers/app.ts';
import { makeTenant, type TestTenant } from '../helpers/fixture.ts';
import { cli } from './ground.ts';

const SLOW = 120_000;
const ROWS = 2_500;
let app: TestApp;
let acme: TestTenant;
let globex: TestTenant;
let client: pg.Client;
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'rapport-cli-'));
  app = await startApp({ env: { ROLE: 'web', DATA_DIR: folder } });
  acme = await makeTenant(app.database.url, app.platform, 'acme');
  globex = await makeTenant(app.database.url, app.platform, 'globex');
  client = new pg.Client({ connectionString: app.database.url });
  await client.connect();
}, 60_000);
afterAll(async () => {
  await client?.end();
  await app?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const run = (...args: string[]) => cli(args, { DATABASE_URL: app.database.url, DATA_DIR: folder });
const count = async (tenant: TestTenant, where: string) =>
  Number(
    (
      await client.query(
        `select count(*) as n from customers where tenant_id = $1 and name like 'Alone %' and ${where}`,
        [tenant.id],
      )
    ).rows[0].n,
  );

test(
  'a file is imported, what became of each row is said, and the import is taken back',
  async () => {
    const list = path.join(folder, 'list.csv');
    const rows = Array.from({ length: ROWS }, (_, i) => `Alone ${i};${i ? `c${i}@alone.example` : 'nonsense'}`);
    writeFileSync(list, `Name;E-mail\n${rows.join('\n')}\n`);
    const done = await run('import', 'run', '--tenant', 'acme', list);
    expect(done).toMatchObject({
      code: 3,
      out: `${ROWS} rows = ${ROWS - 1} created + 0 updated + 0 unchanged + 0 skipped + 1 failed`,
      err: expect.stringContaining('No worker has taken it up, so it is done here.'),
    });
    expect([await count(acme, 'true'), await count(globex, 'true')]).toEqual([ROWS - 1, 0]);

    const id = /\/imports\/([0-9a-f-]{36})\/errors\.xlsx/.exec(done.err)![1]!;
    const elsewhere = await run('import', 'undo', '--tenant', 'globex', id);
    expect([elsewhere.code, elsewhere.out]).toEqual([1, '']);
    const forbidden = await run('import', 'undo', '--tenant', 'acme', '--email', acme.users.read_only.email, id);
    expect([forbidden.code, forbidden.err]).toEqual([1, expect.stringMatching(/Your role does not allow this/)]);
    expect(await count(acme, 'deleted_at is null')).toBe(ROWS - 1);

    const undone = await run('import', 'undo', '--tenant', 'acme', id);
    expect(undone).toMatchObject({ code: 0, out: expect.stringMatching(/^The import of list\.csv is undone\./) });
    expect(await count(acme, 'deleted_at is null')).toBe(0);
    // a worker that comes later finds nothing left to do
    const { rows: left } = await client.query('select state, task from imports where id = $1', [id]);
    expect(left).toEqual([{ state: 'undone', task: null }]);
  },
  SLOW,
);
