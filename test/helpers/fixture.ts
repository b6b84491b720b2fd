// Two companies with look-alike data, a user for every role, and one record of every entity in each.
import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { ROLES, type Role } from '../../src/kernel/access.ts';
import { actorOfUser, hashToken } from '../../src/kernel/actor.ts';
import type { Ctx, Via } from '../../src/kernel/context.ts';
import { allEntities, type Entity, writableFields } from '../../src/kernel/entity.ts';
import type { Value } from '../../src/kernel/fields/field.ts';
import type { Platform } from '../../src/kernel/http.ts';
import { newId } from '../../src/kernel/ids.ts';
import { createRecord, type Values } from '../../src/kernel/records.ts';
import { type Row, withTenant } from '../../src/kernel/tenant_db.ts';
import { hashPassword } from '../../src/platform/passwords.ts';
import '../../src/modules/index.ts';

export const PASSWORD = 'correct horse battery staple';

export interface TestUser {
  id: string;
  email: string;
  role: Role;
  token: string;
}

export interface TestTenant {
  id: string;
  slug: string;
  users: Record<Role, TestUser>;
  /** one record of every entity, made by and belonging to the admin */
  records: Record<string, string>;
}

let hashed: Promise<string> | undefined;

/** A company with a user per role; every user has an API token. @param url superuser's */
export async function makeTenant(url: string, platform: Platform, slug: string): Promise<TestTenant> {
  hashed ??= hashPassword(PASSWORD);
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const name = slug[0]!.toUpperCase() + slug.slice(1);
    const made = await client.query('insert into tenants (slug, name, time_zone) values ($1, $2, $3) returning id', [
      slug,
      name,
      'Europe/Berlin',
    ]);
    const tenant: TestTenant = { id: made.rows[0].id, slug, users: {} as never, records: {} };
    for (const role of ROLES) {
      const email = `${role}@${slug}.example`;
      const [id, token] = [newId(), `rpt_${randomBytes(30).toString('base64url')}`];
      await client.query(
        'insert into users (tenant_id, id, email, name, role, password_hash) values ($1, $2, $3, $4, $5, $6)',
        [tenant.id, id, email, `${role} of ${name}`, role, await hashed],
      );
      await client.query('insert into api_tokens (tenant_id, user_id, name, token_hash) values ($1, $2, $3, $4)', [
        tenant.id,
        id,
        'test',
        hashToken(token),
      ]);
      tenant.users[role] = { id, email, role, token };
    }
    await inTenant(platform, tenant, 'admin', async (ctx) => {
      for (const entity of allEntities())
        tenant.records[entity.name] = String((await makeRecord(ctx, entity, tenant.records)).id);
    });
    return tenant;
  } finally {
    await client.end();
  }
}

/** Runs `work` as one of the tenant's users, in one transaction. */
export const inTenant = <T>(
  platform: Platform,
  tenant: TestTenant,
  role: Role,
  work: (ctx: Ctx) => Promise<T>,
  via: Via = 'web',
): Promise<T> =>
  withTenant(platform.pools.app, tenant.id, async (db) => {
    const actor = await actorOfUser(db, tenant.users[role].id);
    if (!actor) throw new Error(`no ${role} in ${tenant.slug}`);
    return work({ ...actor, db, via, ip: null, request_id: 'test', csrf: '', session_id: null });
  });

/** Rows of a table that are read while `work` is done, of those that its transaction reads. */
export async function rowsRead(ctx: Ctx, table: string, work: () => Promise<unknown>): Promise<number> {
  const soFar = async () => {
    const [row] = await ctx.db.run(
      `/* test.rows_read */ select (seq_tup_read + idx_tup_fetch)::integer as n from pg_stat_xact_user_tables
       where relname = :table and :tenant::uuid is not null`,
      { table },
    );
    return row!.n as number;
  };
  const before = await soFar();
  await work();
  return (await soFar()) - before;
}

let counter = 0;

/** A believable value of every field that may be written. */
export function sampleValues(entity: Entity, records: Record<string, string>, more: Values = {}): Values {
  counter += 1;
  const values: Values = {};
  for (const name of writableFields(entity)) {
    const field = entity.fields[name]!;
    const sample: Partial<Record<typeof field.kind, Value>> = {
      text: `${name} ${counter}`,
      long_text: `Some words about ${name} ${counter}`,
      email: `person${counter}@example.com`,
      phone: '+49 30 123456',
      url: 'https://example.com',
      choice: field.choices[0]?.value ?? null,
      boolean: true,
      number: 7,
      money: '1234.50',
      currency: 'EUR',
      date: '2026-03-29',
      timestamp: '2026-03-29T00:30:00Z',
      ref: field.to === 'user' ? null : (records[field.to] ?? null),
      tags: ['VIP'],
      list: ['One', 'Two'],
    };
    values[name] = sample[field.kind] ?? null;
  }
  return { ...values, ...more };
}

export const makeRecord = (
  ctx: Ctx,
  entity: Entity,
  records: Record<string, string>,
  more: Values = {},
): Promise<Row> => createRecord(ctx, entity, sampleValues(entity, records, more));

/** Number of rows and a checksum of every tenant-scoped table: equal before and after means nothing was written. */
export async function fingerprint(url: string): Promise<Record<string, string>> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const tables = await client.query<{ name: string }>(
      `select c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
       where n.nspname = 'public' and c.relkind = 'r' and exists (
         select from pg_attribute a where a.attrelid = c.oid and a.attname = 'tenant_id')
       order by 1`,
    );
    const found: Record<string, string> = {};
    for (const { name } of tables.rows) {
      // When a session or token was last used is no change of anybody's data.
      const { rows } = await client.query(
        `select count(*) || ':' || coalesce(md5(string_agg(h, '' order by h)), '') as sum
         from (select md5((to_jsonb(t) - 'last_used_at' - 'last_seen_at')::text) as h from ${name} t) x`,
      );
      found[name] = rows[0].sum;
    }
    return found;
  } finally {
    await client.end();
  }
}
