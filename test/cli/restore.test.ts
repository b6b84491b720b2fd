// One company is brought back from a restored copy of the database while the others go on.
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { seed } from '../../seeds/index.ts';
import { createTestDatabase, type TestDatabase } from '../helpers/database.ts';
import { findViolations } from '../helpers/invariants.ts';
import { databaseServerUrl } from '../helpers/servers.ts';
import { cli, type Said } from './ground.ts';

let live: TestDatabase;
let client: pg.Client;
let copy: string;
const files = mkdtempSync(path.join(tmpdir(), 'rapport-restore-'));

async function onServer(sql: string): Promise<void> {
  const server = new pg.Client({ connectionString: databaseServerUrl() });
  await server.connect();
  await server.query(sql).finally(() => server.end());
}

const copyName = () => new URL(copy).pathname.slice(1);

beforeAll(async () => {
  live = await createTestDatabase();
  await seed({ DATABASE_URL: live.runtimeUrl });
  const url = new URL(live.url);
  const name = `${url.pathname.slice(1)}_${randomBytes(2).toString('hex')}`;
  await onServer(`create database ${name} template ${url.pathname.slice(1)}`);
  url.pathname = `/${name}`;
  copy = url.href;
  client = new pg.Client({ connectionString: live.url });
  await client.connect();
}, 60_000);

afterAll(async () => {
  await client.end();
  await onServer(`drop database ${copyName()} with (force)`);
  await live.drop();
  rmSync(files, { recursive: true, force: true });
});

/** What is another one after a change, a restore included, by design. */
const MARKS = 'names_marks';

/** Rows of a company, table by table; equal means the same rows. Without what a restore itself adds. */
async function rowsOf(url: string, slug: string): Promise<Record<string, string>> {
  const one = new pg.Client({ connectionString: url });
  await one.connect();
  try {
    const { rows: tables } = await one.query<{ name: string }>(
      `select c.relname as name from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id'
       where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and c.relname <> $1 order by 1`,
      [MARKS],
    );
    const found: Record<string, string> = {};
    for (const { name } of tables) {
      const { rows } = await one.query(
        `select count(*) || ':' || coalesce(md5(string_agg(h, '' order by h)), '') as sum from (
           select md5(to_jsonb(t)::text) as h from ${name} t where tenant_id = (select id from tenants where slug = $1)
             and coalesce(to_jsonb(t) ->> 'via', '') <> 'cli') x`,
        [slug],
      );
      found[name] = rows[0].sum;
    }
    const { rows } = await one.query(`select to_jsonb(t)::text as own from tenants t where slug = $1`, [slug]);
    return { ...found, tenants: rows[0]?.own };
  } finally {
    await one.end();
  }
}

const restore = (...more: string[]): Promise<Said> =>
  cli(['tenant', 'restore', '--tenant', 'acme', '--from', copy, ...more], { DATABASE_URL: live.url, DATA_DIR: files });

async function spoil(): Promise<void> {
  const { rows } = await client.query(`select id from tenants where slug = 'acme'`);
  const id = rows[0].id;
  await client.query(`begin; set local role rapport_app; set local app.tenant_id = '${id}'`);
  await client.query(`update customers set name = 'Oops'`);
  await client.query('delete from notes');
  await client.query(`insert into tags (tenant_id, name) values ($1, 'After the copy')`, [id]);
  await client.query(`update tenants set name = 'Spoilt Ltd'`);
  await client.query('commit');
  await client.query(
    `update customers set name = 'Changed since' where tenant_id = (select id from tenants where slug = 'globex')`,
  );
}

test('every row of the company is as in the copy, and no row of another has moved', async () => {
  await spoil();
  const globex = await rowsOf(live.url, 'globex');
  expect(await rowsOf(live.url, 'acme')).not.toEqual(await rowsOf(copy, 'acme'));

  const said = await restore('--yes-replace', 'acme');

  expect(said.err).toBe('');
  expect(said.out).toMatch(/^\d{3,} rows of acme are as in the copy\.$/);
  expect(said.code).toBe(0);
  expect(await rowsOf(live.url, 'acme')).toEqual(await rowsOf(copy, 'acme'));
  expect(await rowsOf(live.url, 'globex')).toEqual(globex);
  expect(await findViolations(live.url)).toEqual([]);
  const { rows } = await client.query(
    `select verb, actor_name from audit_log where via = 'cli' and tenant_id = (select id from tenants where slug = 'acme')`,
  );
  expect(rows).toEqual([{ verb: 'restored', actor_name: 'operator' }]);
}, 60_000);

test('a company that was deleted comes back', async () => {
  const gone = await cli(['tenant', 'delete', '--tenant', 'acme', '--yes-delete', 'acme'], {
    DATABASE_URL: live.url,
    DATA_DIR: files,
  });
  expect(gone.code).toBe(0);
  expect((await restore('--yes-replace', 'acme')).code).toBe(0);
  expect(await rowsOf(live.url, 'acme')).toEqual(await rowsOf(copy, 'acme'));
}, 60_000);

test('nothing changes unless it is said twice, the company is the same one and the copy of the same version', async () => {
  const before = await rowsOf(live.url, 'acme');
  expect(await restore('--yes-replace', 'globex')).toMatchObject({
    code: 1,
    err: 'Nothing changed: to replace all that acme has, say --yes-replace acme',
  });
  const other = new pg.Client({ connectionString: copy });
  await other.connect();
  try {
    await other.query('alter table notes add column later text');
    const older = await restore('--yes-replace', 'acme');
    expect(older).toMatchObject({ code: 1 });
    expect(older.err).toContain('not of the same version (notes.later)');
    await other.query('alter table notes drop column later');
    await client.query(`update tenants set slug = 'acme-old' where slug = 'acme'`);
    await client.query(`insert into tenants (slug, name) values ('acme', 'Another')`);
    expect((await restore('--yes-replace', 'acme')).err).toContain('acme is another tenant here');
    await client.query(`delete from tenants where slug = 'acme'`);
    await client.query(`update tenants set slug = 'acme' where slug = 'acme-old'`);
  } finally {
    await other.end();
  }
  expect(await rowsOf(live.url, 'acme')).toEqual(before);
}, 60_000);
