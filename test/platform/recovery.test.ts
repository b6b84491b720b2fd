// Backup and recovery: the drill of docs/backup.md with small data, what it refuses to take for a success, and who may dump.
import { appendFileSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { mkdir, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { DamagedBackup, restoreBaseBackup, takeBaseBackup } from '../../scripts/drill/base_backup.ts';
import { type Found, judgeEarlier, judgeNewest, type Known } from '../../scripts/drill/judge.ts';
import { runDrill } from '../../scripts/drill/run.ts';
import { migrate } from '../../scripts/migrate.ts';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../src/platform/embedded_postgres.ts';
import { runAs } from '../../src/platform/embedded_postgres_binaries.ts';
import { ROLES } from '../../src/platform/roles.ts';
import { createTestDatabase } from '../helpers/database.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'rapport-recovery-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('what was confirmed survives the loss of the machine, and a mistake is undone by going back to just before it', async () => {
  const result = await runDrill({
    folder,
    archiveTimeout: 1,
    durable: false,
    fill: fillTwoCompanies,
  });
  expect(result.complaints).toEqual([]);
  expect(result.confirmed.before).toBeGreaterThan(4);
  expect(result.confirmed.all).toBeGreaterThan(result.confirmed.before + 4);
  expect(result.rpo.seconds).toBeLessThan(6);
  expect(await readdir(folder)).toEqual([]);
}, 180_000);

async function fillTwoCompanies(url: string): Promise<void> {
  await migrate(url);
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(`insert into tenants (slug, name) values ('acme', 'Acme'), ('globex', 'Globex')`);
    await client.query(
      `insert into users (tenant_id, email, name, role) select id, 'admin@' || slug || '.example', 'Admin', 'admin' from tenants`,
    );
    await client.query(`insert into customers (tenant_id, name, created_by)
      select u.tenant_id, 'Customer ' || n, u.id from users u, generate_series(1, 50) n`);
  } finally {
    await client.end();
  }
}

describe('a drill that could not compare has failed', () => {
  const entry = (n: number, confirmed: number | null = n) => ({ name: `Ledger ${n}`, asked: n, confirmed });
  const known = (more: Partial<Known> = {}): Known => ({
    ledger: [entry(1000), entry(2000), entry(3000), entry(4000)],
    before: 2,
    tables: { customers: '2:a' },
    flaws: [],
    lost: 10_000,
    ...more,
  });
  const names = (...ns: number[]) => new Set(ns.map((n) => `Ledger ${n}`));
  const found = (more: Partial<Found> = {}): Found => ({
    names: names(1000, 2000),
    spoilt: 0,
    elsewhere: 0,
    violations: [],
    tables: { customers: '2:a' },
    files: 1,
    missing: [],
    ...more,
  });
  const newest = (k: Known, f: Partial<Found> = {}) =>
    judgeNewest(k, found({ spoilt: 5, names: names(1000, 2000, 3000, 4000), ...f }), 7)[0];

  test('what is as it must be passes', () => {
    expect(judgeEarlier(known(), found())).toEqual([]);
    expect(newest(known())).toEqual([]);
    // The last change, of six seconds before the loss, was not in the archive yet.
    expect(newest(known(), { names: names(1000, 2000, 3000) })).toEqual([]);
  });

  test.each<[string, Partial<Known>, Partial<Found>, string]>([
    ['nothing was confirmed', { ledger: [] }, { names: names() }, 'no change was confirmed'],
    ['a confirmed change is gone', {}, { names: names(1000) }, 'Ledger 2000 is gone'],
    ['a later change is there', {}, { names: names(1000, 2000, 3000) }, 'Ledger 3000 is there'],
    ['the mistake is still there', {}, { spoilt: 3 }, 'the mistake is still there'],
    ['a table differs', {}, { tables: { customers: '2:b' } }, 'customers is not as it was'],
    ['a table is missing', {}, { tables: { notes: '1:a' } }, 'customers is not as it was'],
    ['no table was read', { tables: {} }, { tables: {} }, 'none was compared'],
    ['a file is gone', {}, { missing: ['abc (no of 3 bytes)'] }, 'a kept file is not there'],
    ['there was no file', {}, { files: 0 }, 'no kept file'],
    ['rows contradict each other', {}, { violations: ['1 × nonsense'] }, '1 × nonsense'],
    ['another company was reached', {}, { elsewhere: 1 }, 'reached 1 other'],
    ['something appeared', {}, { names: names(1000, 2000, 9999) }, 'Ledger 9999 was never asked for'],
  ])('%s', (_what, before, after, complaint) => {
    expect(judgeEarlier(known(before), found(after)).join('\n')).toContain(complaint);
  });

  test('what was wrong before is not held against the backup, what came with it is', () => {
    const flawed = { violations: ['2 × old', '1 × new'] };
    expect(judgeEarlier(known({ flaws: ['2 × old'] }), found(flawed))).toEqual(['1 × new']);
  });

  test('more is lost than the archive may be behind', () => {
    expect(newest(known(), { names: names(1000) }).join()).toContain('Ledger 2000 is gone, which was confirmed 8.0 s');
    expect(newest(known(), { names: names(1000, 2000, 4000) }).join()).toContain('although later changes are there');
    expect(newest(known(), { spoilt: 0 }).join()).toContain('the archive was not read');
  });
});

describe('a damaged backup', () => {
  const backup = path.join(folder, 'backup');
  const home = path.join(folder, 'home');
  const table = path.join(backup, 'data', 'global', 'pg_control');
  const manifest = path.join(backup, 'manifest.json');
  let whole: Buffer[];
  let server: EmbeddedPostgres;

  beforeAll(async () => {
    const settings = ['archive_mode=on', 'archive_command=true'];
    server = await startEmbeddedPostgres(path.join(folder, 'small'), { durable: false, settings });
    await takeBaseBackup(server.url, path.join(folder, 'small'), backup);
    whole = [table, manifest].map((file) => readFileSync(file));
  });
  afterEach(() => {
    for (const [at, file] of [table, manifest].entries()) writeFileSync(file, whole[at]!);
  });
  afterAll(async () => {
    await server.stop();
    for (const name of await readdir(folder)) rmSync(path.join(folder, name), { recursive: true, force: true });
  });

  test.each<[string, () => void, RegExp]>([
    ['a file cut short', () => truncateSync(table, 100), /pg_control has 100 bytes instead of \d+/],
    ['an empty file', () => truncateSync(table, 0), /pg_control has 0 bytes/],
    ['a file that is missing', () => rmSync(table), /pg_control is missing/],
    ['a file that grew', () => appendFileSync(table, 'x'), /pg_control has/],
    ['a changed byte', () => flip(table), /pg_control is not what was backed up/],
    ['no list of files, as of a backup cut short', () => rmSync(manifest), /no list of its files/],
    ['an empty list', () => writeFileSync(manifest, '{"files":{}}'), /no list of its files/],
  ])('is refused: %s', async (_what, damage, reason) => {
    damage();
    const refused = restoreBaseBackup(backup, home, runAs());
    await expect(refused).rejects.toThrow(reason);
    await expect(refused).rejects.toBeInstanceOf(DamagedBackup);
    expect(await readdir(folder)).not.toContain('home');
  });

  test('and an empty folder is none at all', async () => {
    const empty = path.join(folder, 'empty');
    await mkdir(empty);
    await expect(restoreBaseBackup(empty, home, runAs())).rejects.toThrow(/no list of its files/);
  });

  test('while a whole one starts', async () => {
    await restoreBaseBackup(backup, home, runAs());
    expect(await readdir(home)).toEqual(expect.arrayContaining(['backup_label', 'global', 'pg_wal']));
  });
});

function flip(file: string): void {
  const bytes = readFileSync(file);
  bytes[500]! ^= 1;
  writeFileSync(file, bytes);
}

describe('a dump', () => {
  // What pg_dump does: it switches row-level security off, which fails where it would have applied, and copies every table.
  test('as the owner of the tables fails loudly instead of leaving the rows out; as the backup role it has them all', async () => {
    const database = await createTestDatabase();
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    try {
      await client.query(`insert into tenants (slug, name) values ('acme', 'Acme'), ('globex', 'Globex')`);
      await client.query(`insert into tags (tenant_id, name) select id, 'VIP' from tenants`);
      for (const role of [ROLES.owner, ROLES.app]) {
        await client.query(`set role ${role}; set row_security = off`);
        await expect(client.query('select * from tags')).rejects.toMatchObject({
          message: 'query would be affected by row-level security policy for table "tags"',
        });
        await client.query('reset role');
      }
      await client.query(`set role ${ROLES.backup}; set row_security = off`);
      expect((await client.query('select * from tags')).rowCount).toBe(2);
    } finally {
      await client.end();
      await database.drop();
    }
  });

  test('as the backup role may read everything there is, in every schema', async () => {
    const database = await createTestDatabase();
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    try {
      const { rows } = await client.query<{ name: string }>(
        `select format('%I.%I', n.nspname, c.relname) as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
         where c.relkind in ('r', 'p', 'S') and n.nspname not in ('pg_catalog', 'information_schema') and n.nspname !~ '^pg_'
           and not (has_schema_privilege($1, n.oid, 'usage') and has_table_privilege($1, c.oid, 'select'))`,
        [ROLES.backup],
      );
      expect(rows.map((row) => row.name)).toEqual([]);
    } finally {
      await client.end();
      await database.drop();
    }
  });
});
