// The operator's tool at work on two tenants: whatever it does to one, the other does not notice.
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { seed } from '../../seeds/index.ts';
import { actorOf, askWho, tokenOf } from '../../src/kernel/actor.ts';
import { withTenant } from '../../src/kernel/tenant_db.ts';
import { createLog } from '../../src/platform/log.ts';
import { matchPasswords } from '../../src/platform/passwords.ts';
import { openPools, type Pools } from '../../src/platform/postgres.ts';
import { createTestDatabase, type TestDatabase } from '../helpers/database.ts';
import { cli, rowsOf } from './ground.ts';

/** A command takes a second; on a busy machine several. */
const SLOW = 120_000;

let database: TestDatabase;
let client: pg.Client;
let pools: Pools;
let folder: string;

beforeAll(async () => {
  database = await createTestDatabase();
  client = new pg.Client({ connectionString: database.url });
  await client.connect();
  pools = openPools(database.url, createLog('silent'), 2);
  folder = mkdtempSync(path.join(tmpdir(), 'rapport-cli-'));
  await seed({ DATABASE_URL: database.url });
}, 60_000);
afterAll(async () => {
  await pools.end();
  await client.end();
  await database.drop();
  rmSync(folder, { recursive: true, force: true });
});

const run = (...args: string[]) => cli(args, { DATABASE_URL: database.url, DATA_DIR: folder });
const one = async (sql: string, ...values: unknown[]) => (await client.query(sql, values)).rows[0];
const trail = async (slug: string) =>
  (
    await client.query(
      `select a.verb, a.entity, a.record_title, a.actor_id, a.actor_name from audit_log a
       join tenants t on t.id = a.tenant_id where a.via = 'cli' and t.slug = $1 order by a.id`,
      [slug],
    )
  ).rows;

const CREATE = ['tenant', 'create', '--slug', 'initech', '--name', 'Initech', '--admin-name', 'Ann Smith'];

/** Who a token stands for now, or null. */
async function bearer(token: string) {
  const found = await tokenOf(pools, `Bearer ${token}`);
  if (!found) return null;
  return withTenant(pools.app, found.tenant_id, (db, opened) => actorOf(db, found, opened), 1, askWho(found));
}

describe('a tenant', () => {
  test(
    'is created with its first administrator, whose password is printed once and works',
    async () => {
      const said = await run(
        ...CREATE,
        '--admin-email',
        'Ann@Initech.example',
        '--time-zone',
        'Europe/Oslo',
        '--currency',
        'nok',
      );
      expect(said.err).toBe('');
      expect(said.code).toBe(0);
      const password = /^password: (\S{20,})$/m.exec(said.out)?.[1] ?? '';
      const tenant = await one('select * from tenants where slug = $1', 'initech');
      expect(tenant).toMatchObject({ name: 'Initech', time_zone: 'Europe/Oslo', locale: 'en-GB', currency: 'NOK' });
      const user = await one('select * from users where tenant_id = $1', tenant.id);
      expect(user).toMatchObject({
        email: 'ann@initech.example',
        name: 'Ann Smith',
        role: 'admin',
        deactivated_at: null,
      });
      expect(await matchPasswords([user.password_hash], password)).toEqual([true]);
      expect(await trail('initech')).toEqual([
        { verb: 'created', entity: 'tenant', record_title: 'Initech', actor_id: null, actor_name: 'operator' },
        { verb: 'created', entity: 'user', record_title: 'Ann Smith', actor_id: null, actor_name: 'operator' },
      ]);
    },
    SLOW,
  );

  test(
    'is not created twice, nor with facts that make no sense',
    async () => {
      const again = await run(...CREATE, '--admin-email', 'other@initech.example');
      expect([again.code, again.err]).toEqual([1, 'There is a tenant initech already.']);
      const wrong = async (...args: string[]) => {
        const said = await run(...CREATE, '--admin-email', 'a@b.example', '--slug', 'wrong', ...args);
        return [said.code, said.err];
      };
      expect(await wrong('--slug', 'No Way')).toEqual([1, expect.stringContaining('slug')]);
      expect(await wrong('--time-zone', 'Mars/Olympus')).toEqual([1, expect.stringContaining('not a time zone')]);
      expect(await wrong('--locale', 'xx_yy')).toEqual([1, expect.stringContaining('not a locale')]);
      expect(await wrong('--currency', 'ZZZ')).toEqual([1, expect.stringContaining('not a currency')]);
      expect(await wrong('--admin-email', 'nobody')).toEqual([1, expect.stringContaining('not an e-mail address')]);
      expect(await one('select count(*)::int as n from tenants')).toEqual({ n: 3 });
    },
    SLOW,
  );

  test(
    'that was cut short before its administrator was there is finished by the same command',
    async () => {
      await client.query(`insert into tenants (slug, name) values ('half', 'Half')`);
      const said = await run(
        'tenant',
        'create',
        '--slug',
        'half',
        '--name',
        'Half',
        '--admin-email',
        'h@half.example',
        '--admin-name',
        'H',
      );
      expect(said.code).toBe(0);
    },
    SLOW,
  );

  test(
    'takes a password from standard input, when it is a good one',
    async () => {
      const invite = [
        'user',
        'invite',
        '--tenant',
        'initech',
        '--email',
        'bob@initech.example',
        '--name',
        'Bob',
        '--role',
        'csm',
      ];
      const env = { DATABASE_URL: database.url };
      const weak = await cli([...invite, '--password-stdin'], env, 'password123\n');
      expect([weak.code, weak.err]).toEqual([1, expect.stringContaining('not accepted')]);
      const said = await cli([...invite, '--password-stdin'], env, 'eleven purple bicycles\nrest\n');
      expect([said.code, said.out]).toEqual([0, 'Bob <bob@initech.example> can sign in to initech as csm.']);
      const { password_hash } = await one(`select password_hash from users where email = 'bob@initech.example'`);
      expect(await matchPasswords([password_hash], 'eleven purple bicycles')).toEqual([true]);
    },
    SLOW,
  );
});

describe('people and tokens', () => {
  test(
    'somebody is invited once, with a role that exists',
    async () => {
      const invite = ['user', 'invite', '--tenant', 'acme', '--name', 'Zoë', '--email'];
      const said = await run(...invite, 'zoe@acme.example', '--role', 'field_tech');
      expect([said.code, said.out]).toEqual([0, expect.stringMatching(/^password: \S{20,}$/m)]);
      expect((await run(...invite, 'ZOE@acme.example', '--role', 'sales')).err).toContain(
        'has an account in acme already',
      );
      expect((await run(...invite, 'x@acme.example', '--role', 'boss')).err).toContain('There is no role boss');
      expect(
        (await run('user', 'invite', '--tenant', 'nope', '--name', 'X', '--email', 'x@y.example', '--role', 'sales'))
          .err,
      ).toBe('There is no tenant nope.');
    },
    SLOW,
  );

  test(
    'a token acts as its owner, within its scopes and its days, and only its hash is kept',
    async () => {
      const create = ['token', 'create', '--tenant', 'acme', '--email', 'csm@acme.example'];
      const said = await run(...create);
      expect(said.out).toMatch(/^rpt_[\w-]{32,}$/);
      expect(await bearer(said.out)).toMatchObject({
        actor: { email: 'csm@acme.example', role: 'csm' },
        tenant: { slug: 'acme' },
        read_only: false,
      });
      const reader = await run(...create, '--scopes', 'read', '--days', '7', '--name', 'nightly');
      expect(await bearer(reader.out)).toMatchObject({ read_only: true });
      const row = await one(
        `select *, expires_at - now() between '6 days' and '7 days' as week from api_tokens where name = 'nightly'`,
      );
      expect(row).toMatchObject({ scopes: ['read'], week: true });
      expect(JSON.stringify(row)).not.toContain(reader.out.slice(4));
      for (const wrong of [
        ['--scopes', 'admin'],
        ['--scopes', 'write'],
        ['--days', '0'],
        ['--email', 'who@acme.example'],
      ]) {
        expect(await run(...create, ...wrong)).toMatchObject({ code: 1, out: '' });
      }
    },
    SLOW,
  );

  test(
    'deactivating ends sessions and tokens at once; the last administrator stays',
    async () => {
      const token = (await run('token', 'create', '--tenant', 'acme', '--email', 'zoe@acme.example')).out;
      const { id, tenant_id } = await one(`select id, tenant_id from users where email = 'zoe@acme.example'`);
      await client.query(
        `insert into user_sessions (tenant_id, user_id, store_key, method, expires_at) values ($1, $2, 'key-1', 'password', now() + interval '1 day')`,
        [tenant_id, id],
      );
      await client.query(
        `insert into http_sessions (sid, sess, expire) values ('key-1', '{}', now() + interval '1 day'), ('key-2', '{}', now() + interval '1 day')`,
      );
      const said = await run('user', 'deactivate', '--tenant', 'acme', '--email', 'Zoe@acme.example');
      expect([said.code, said.out]).toEqual([0, 'Zoë is deactivated; 1 sessions ended, tokens are revoked.']);
      expect(await bearer(token)).toBeNull();
      expect(await one('select sid from http_sessions')).toEqual({ sid: 'key-2' });
      expect((await run('user', 'deactivate', '--tenant', 'acme', '--email', 'zoe@acme.example')).out).toContain(
        'already',
      );
      expect((await run('token', 'create', '--tenant', 'acme', '--email', 'zoe@acme.example')).code).toBe(1);
      const last = await run('user', 'deactivate', '--tenant', 'acme', '--email', 'admin@acme.example');
      expect([last.code, last.err]).toEqual([1, expect.stringContaining('only administrator')]);
    },
    SLOW,
  );

  test(
    'nobody of a suspended tenant gets in, until it is resumed',
    async () => {
      const token = (await run('token', 'create', '--tenant', 'initech', '--email', 'ann@initech.example')).out;
      expect(await bearer(token)).not.toBeNull();
      expect((await run('tenant', 'suspend', '--tenant', 'initech')).out).toBe('initech is suspended.');
      expect(await bearer(token)).toBeNull();
      expect((await run('tenant', 'suspend', '--tenant', 'initech')).out).toContain('already');
      expect((await run('tenant', 'resume', '--tenant', 'initech')).out).toBe('initech is active.');
      expect(await bearer(token)).not.toBeNull();
    },
    SLOW,
  );
});

test(
  'an export holds every row of every table of the tenant, and no secret',
  async () => {
    const file = path.join(folder, 'acme.ndjson');
    const before = await rowsOf(client, 'acme');
    expect(await run('tenant', 'export', '--tenant', 'acme', '--out', file)).toMatchObject({ code: 0, err: '' });
    expect(statSync(file).mode & 0o077).toBe(0);
    const text = readFileSync(file, 'utf8');
    const rows = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { table: string; row: Record<string, unknown> });
    const counts = new Map([...before.keys()].map((table) => [table, 0]));
    for (const { table } of rows) if (table !== 'tenants') counts.set(table, counts.get(table)! + 1);
    expect(counts).toEqual(before);
    expect(rows[0]).toMatchObject({ table: 'tenants', row: { slug: 'acme', currency: 'EUR' } });
    const { id } = rows[0]!.row;
    expect(rows.slice(1).every(({ row }) => row.tenant_id === id)).toBe(true);
    for (const { password_hash } of (await client.query('select password_hash from users')).rows)
      expect(text).not.toContain(password_hash);
    for (const { token_hash } of (await client.query('select token_hash from api_tokens')).rows)
      expect(text).not.toContain(token_hash);
    expect(text).not.toMatch(/"(password_hash|token_hash|client_secret|store_key)"/);
    const order = [...new Set(rows.map(({ table }) => table))];
    expect(order.indexOf('customers')).toBeLessThan(order.indexOf('contacts'));
    const amount = rows.find(({ table, row }) => table === 'customers' && row.arr)!.row.arr;
    expect(typeof amount).toBe('number');
    expect((await run('tenant', 'export', '--tenant', 'acme', '--out', file)).err).toContain('exists already');
  },
  SLOW,
);

describe('deleting a tenant', () => {
  test(
    'wants its name twice',
    async () => {
      expect((await run('tenant', 'delete', '--tenant', 'acme')).code).toBe(2);
      const said = await run('tenant', 'delete', '--tenant', 'acme', '--yes-delete', 'globex');
      expect([said.code, said.err]).toEqual([1, expect.stringContaining('Nothing deleted')]);
      expect((await rowsOf(client, 'acme')).get('customers')).toBeGreaterThan(100);
    },
    SLOW,
  );

  test(
    'leaves no row of it in any table, and every row of the others',
    async () => {
      const { id } = await one(`select id from tenants where slug = 'acme'`);
      const [globex, initech] = [await rowsOf(client, 'globex'), await rowsOf(client, 'initech')];
      const said = await run('tenant', 'delete', '--tenant', 'acme', '--yes-delete', 'acme');
      expect(said.err).toBe('');
      expect(said.out).toMatch(/^ +\d+ customers$/m);
      expect(said.out).toMatch(/rows and 0 files of acme are gone\.$/);
      expect([...(await rowsOf(client, 'acme', id)).values()].every((n) => n === 0)).toBe(true);
      expect(await one('select count(*)::int as n from tenants where id = $1', id)).toEqual({ n: 0 });
      expect(await rowsOf(client, 'globex')).toEqual(globex);
      expect(await rowsOf(client, 'initech')).toEqual(initech);
    },
    SLOW,
  );

  test(
    'is something that only the operator can do: the serving roles cannot thin out the trail of a tenant that works',
    async () => {
      const { id } = await one(`select id from tenants where slug = 'globex'`);
      await expect(
        withTenant(pools.app, id, (db) => db.run('delete from audit_log where tenant_id = :tenant')),
      ).rejects.toMatchObject({ code: '42501' });
      await expect(
        withTenant(pools.app, id, (db) => db.run('delete from tenants where id = :tenant')),
      ).rejects.toMatchObject({
        code: '42501',
      });
      const before = await rowsOf(client, 'globex');
      await withTenant(pools.platform, id, async (db) => {
        await db.run('delete from audit_log where tenant_id = :tenant');
        await db.run('delete from tenants where id = :tenant');
      });
      await pools.platform.query('delete from tenants');
      expect(await rowsOf(client, 'globex')).toEqual(before);
    },
    SLOW,
  );
});
