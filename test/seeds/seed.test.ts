// The demo tenants: there for everybody to sign in, alike enough to prove that they are apart, and true in themselves.
import pg from 'pg';
import { seed } from '../../seeds/index.ts';
import { ROLES } from '../../src/kernel/access.ts';
import { actorOfUser } from '../../src/kernel/actor.ts';
import type { Ctx } from '../../src/kernel/context.ts';
import { type Entity, entityNamed } from '../../src/kernel/entity.ts';
import type { Value } from '../../src/kernel/fields/field.ts';
import { type Row, withTenant } from '../../src/kernel/tenant_db.ts';
import { visible } from '../../src/kernel/visibility.ts';
import '../../src/modules/index.ts';
import { createLog } from '../../src/platform/log.ts';
import { matchPasswords } from '../../src/platform/passwords.ts';
import { openPools, type Pools } from '../../src/platform/postgres.ts';
import { createTestDatabase, type TestDatabase } from '../helpers/database.ts';

const TELLING = ['tag', 'customer', 'contact', 'account', 'lead', 'project', 'interaction', 'note', 'task'];
const USERS = ['admin', 'manager', 'sales', 'csm', 'support', 'field', 'viewer'];

let database: TestDatabase;
let client: pg.Client;
let pools: Pools;

beforeAll(async () => {
  database = await createTestDatabase();
  client = new pg.Client({ connectionString: database.url });
  await client.connect();
  pools = openPools(database.url, createLog('silent'), 2);
  // Two processes that start at once, as two demos on one database would.
  const env = { DATABASE_URL: database.url, DEMO_PASSWORD: 'a password for this test' };
  await Promise.all([seed(env), seed(env)]);
}, 60_000);
afterAll(async () => {
  await pools.end();
  await client.end();
  await database.drop();
});

const rows = async (sql: string, ...values: unknown[]): Promise<Row[]> => (await client.query(sql, values)).rows;
const number = async (sql: string, ...values: unknown[]): Promise<number> =>
  Number(Object.values((await rows(sql, ...values))[0] ?? {})[0]);

async function as<T>(email: string, slug: string, work: (ctx: Ctx) => Promise<T>): Promise<T> {
  const [user] = await rows(
    'select u.id, u.tenant_id from users u join tenants t on t.id = u.tenant_id where u.email = $1 and t.slug = $2',
    email,
    slug,
  );
  return withTenant(pools.app, String(user!.tenant_id), async (db) => {
    const actor = await actorOfUser(db, String(user!.id));
    return work({ ...actor!, db, via: 'web', ip: null, request_id: '', csrf: '', session_id: null });
  });
}
const seen = async (ctx: Ctx, entity: Entity): Promise<number> =>
  ((await visible(ctx, entity).select(`${entity.table}.id`)) as Row[]).length;

test('a second start changes nothing, not even a password, and is quick', async () => {
  const state = 'select (select sum(version) from customers) || max(id::text) || count(*) as state from audit_log';
  const hashes = 'select string_agg(password_hash, $1 order by id) from users';
  const before = [await rows(state), await rows(hashes, ',')];
  const began = performance.now();
  await seed({ DATABASE_URL: database.url, DEMO_PASSWORD: 'another password' });
  expect(performance.now() - began).toBeLessThan(3_000);
  expect([await rows(state), await rows(hashes, ',')]).toEqual(before);
});

test('everybody of the contract is there with the right role, and the password works', async () => {
  for (const slug of ['acme', 'globex']) {
    for (const key of USERS) {
      const [user] = await rows(
        'select u.role, u.password_hash, t.slug from users u join tenants t on t.id = u.tenant_id where lower(u.email) = $1',
        `${key}@${slug}.example`,
      );
      const role = key === 'field' ? 'field_tech' : key === 'viewer' ? 'read_only' : key;
      expect(user).toMatchObject({ role, slug });
      expect(ROLES).toContain(user!.role);
    }
  }
  const both = await rows(
    `select t.slug, u.role from users u join tenants t on t.id = u.tenant_id where u.email = 'both@people.example' order by 1`,
  );
  expect(both.map((user) => user.slug)).toEqual(['acme', 'globex']);
  expect(new Set(both.map((user) => user.role)).size).toBe(2);
  const all = await rows('select password_hash from users');
  const matches = await matchPasswords(
    all.map((user) => String(user.password_hash)),
    'a password for this test',
  );
  expect(matches.every(Boolean)).toBe(true);
  expect(new Set(all.map((user) => user.password_hash)).size).toBe(all.length);
});

test('acme is busy: records in every table, statuses of every kind, one page with hundreds of interactions', async () => {
  const least = {
    customers: 120,
    contacts: 220,
    accounts: 45,
    leads: 110,
    projects: 75,
    interactions: 600,
    notes: 200,
    tasks: 130,
    tags: 10,
    teams: 3,
  };
  for (const [table, many] of Object.entries(least)) {
    const n = await number(
      `select count(*) from ${table} x join tenants t on t.id = x.tenant_id where t.slug = 'acme'`,
    );
    expect({ table, enough: n >= many }).toEqual({ table, enough: true });
  }
  for (const entity of TELLING.map(entityNamed)) {
    for (const name of entity.filters) {
      for (const { value } of entity.fields[name]!.choices) {
        const n = await number(`select count(*) from ${entity.table} where ${name}::text = $1`, value);
        expect({ field: `${entity.name}.${name}`, value, some: n > 0 }).toEqual({
          field: `${entity.name}.${name}`,
          value,
          some: true,
        });
      }
    }
  }
  expect(
    await number('select max(n) from (select count(*) n from interactions group by tenant_id, customer_id) x'),
  ).toBeGreaterThan(200);
  for (const table of ['customers', 'contacts', 'leads', 'projects', 'notes', 'tasks']) {
    expect(await number(`select count(*) from ${table} where deleted_at is not null`)).toBeGreaterThan(0);
  }
  expect(await number('select max(length(name)) from customers')).toBeGreaterThan(150);
});

test('everybody with rows of their own sees some, and nobody sees more than the rules give', async () => {
  for (const slug of ['acme', 'globex']) {
    for (const key of USERS) {
      await as(`${key}@${slug}.example`, slug, async (ctx) => {
        for (const entity of TELLING.map(entityNamed)) {
          const rule = entity.access.read[ctx.actor.role];
          const n = await seen(ctx, entity);
          const label = `${key}@${slug} ${entity.name}`;
          if (!rule) expect([label, n]).toEqual([label, 0]);
          else if (rule === 'all') {
            const all = await number(
              `select count(*) from ${entity.table} where tenant_id = $1 and deleted_at is null`,
              ctx.tenant.id,
            );
            expect([label, n]).toEqual([label, all]);
          } else if (entity.name !== 'account') expect([label, n > 0]).toEqual([label, true]);
        }
      });
    }
  }
  const own = await as('sales@acme.example', 'acme', (ctx) => seen(ctx, entityNamed('customer')));
  const all = await as('viewer@acme.example', 'acme', (ctx) => seen(ctx, entityNamed('customer')));
  expect([own > 20, own < all]).toEqual([true, true]);
});

test('the tenants know the same companies, people and numbers, each with records of its own', async () => {
  for (const [table, column] of [
    ['customers', 'name'],
    ['customers', 'email'],
    ['customers', 'external_id'],
    ['contacts', 'email'],
    ['contacts', 'external_id'],
    ['accounts', 'account_number'],
  ]) {
    const shared = await number(
      `select count(*) from (select ${column} from ${table} where ${column} is not null group by 1 having count(distinct tenant_id) = 2) x`,
    );
    expect({ table, column, shared: shared >= 8 }).toEqual({ table, column, shared: true });
  }
  expect(
    await number('select count(*) from customers a join customers b on a.id = b.id and a.tenant_id <> b.tenant_id'),
  ).toBe(0);
  const [acme, globex] = ['acme', 'globex'].map((slug) => [`sales@${slug}.example`, slug] as const);
  for (const [email, slug] of [acme!, globex!]) {
    const currencies = await as(email, slug, async (ctx) =>
      ctx.db.run('select distinct currency from customers where tenant_id = :tenant'),
    );
    expect(currencies).toEqual([{ currency: slug === 'acme' ? 'EUR' : 'USD' }]);
  }
});

test('every value is one that the product itself would have stored', async () => {
  const wrong: string[] = [];
  for (const entity of TELLING.map(entityNamed)) {
    for (const row of await rows(`select * from ${entity.table}`)) {
      for (const name of entity.field_names) {
        const field = entity.fields[name]!;
        const value = row[name];
        if (field.kind === 'tags' || value === null || value === undefined || value instanceof Date) continue;
        const parsed = field.schema.safeParse(value as Value);
        if (!parsed.success || JSON.stringify(parsed.data) !== JSON.stringify(value))
          wrong.push(`${entity.name}.${name}: ${value}`);
      }
    }
  }
  expect(wrong.slice(0, 10)).toEqual([]);
});

test('the trail tells every record from its creation, version by version, up to what it is now', async () => {
  for (const entity of TELLING.map(entityNamed)) {
    const odd = await rows(
      `select r.id from ${entity.table} r left join audit_log a on a.tenant_id = r.tenant_id and a.record_id = r.id
       group by r.tenant_id, r.id having count(a.id) <> r.version or min(a.version) is distinct from 1
         or max(a.version) is distinct from r.version or count(*) filter (where a.verb = 'created') <> 1
         or max(a.at) is distinct from r.updated_at or min(a.at) is distinct from r.created_at`,
    );
    expect([entity.name, odd]).toEqual([entity.name, []]);
  }
  const trail = await rows(
    `select record_id, version, changes from audit_log where entity = 'customer' order by record_id, version`,
  );
  const now = new Map<unknown, Row>();
  for (const { record_id, changes } of trail) {
    const state = now.get(record_id) ?? {};
    for (const [field, change] of Object.entries(changes as Record<string, { old: unknown; new: unknown }>)) {
      expect(state[field] ?? null).toEqual(change.old);
      state[field] = change.new;
    }
    now.set(record_id, state);
  }
  for (const row of await rows('select id, status, health, arr, owner_id from customers')) {
    const { id, ...facts } = row;
    for (const [field, value] of Object.entries(facts)) expect(now.get(id)?.[field] ?? null).toEqual(value);
  }
});

test('nothing happened before its time: nobody acts before joining or after leaving, no talk precedes its customer', async () => {
  expect(
    await rows(
      `select a.id from audit_log a join users u on u.tenant_id = a.tenant_id and u.id = a.actor_id where a.at < u.created_at or a.at > u.deactivated_at`,
    ),
  ).toEqual([]);
  expect(
    await rows(
      `select i.subject from interactions i join customers c on c.tenant_id = i.tenant_id and c.id = i.customer_id where i.occurred_at < c.created_at`,
    ),
  ).toEqual([]);
  expect(await rows('select id from audit_log where at > now()')).toEqual([]);
  expect(
    await rows(
      `select name from leads where (status = 'converted') <> (customer_id is not null and converted_at is not null)`,
    ),
  ).toEqual([]);
  expect(
    await rows(`select name from customers where status in ('prospect', 'inactive') and coalesce(arr, 0) > 0`),
  ).toEqual([]);
  expect(
    await rows(
      `select name from projects where (status = 'completed') <> (completion = 100) or (status = 'completed' and end_date > current_date)`,
    ),
  ).toEqual([]);
});
