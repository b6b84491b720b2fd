import { acrossTenants } from '#src/kernel/system_db.ts';
import { type TenantDb, withTenant } from '#src/kernel/tenant_db.ts';
import { createLog } from '#src/platform/log.ts';
import { hashPassword } from '#src/platform/passwords.ts';
import { openPools, type Pools } from '#src/platform/postgres.ts';
import { ACME, tellAcme } from './acme/index.ts';
import { type Book, FIRST_HOUR, LAST_HOUR, openBook, write } from './book.ts';
import { GLOBEX, tellGlobex } from './globex/index.ts';
import type { TenantFacts } from './people.ts';

const DEFAULT_PASSWORD = 'rapport-demo';
/** Half a minute: the second of two processes that seed at once waits for the first. */
const PATIENCE = '30s';

/** Who is told of, and by whom. */
export const STORIES: readonly { facts: TenantFacts; tell: (book: Book) => void }[] = [
  { facts: ACME, tell: tellAcme },
  { facts: GLOBEX, tell: tellGlobex },
];

/**
 * The two demo tenants, unless they are there already: then nothing changes, whatever DEMO_PASSWORD says now. Each comes
 * whole or not at all, also when this is killed or runs twice at once.
 * @param env DATABASE_URL of a migrated database; DEMO_PASSWORD of every demo user
 */
export async function seed(env: Record<string, string | undefined>): Promise<void> {
  if (!env.DATABASE_URL) throw new Error('DATABASE_URL is not set, so there is no database to seed');
  const pools = openPools(env.DATABASE_URL, createLog('error'), 2);
  try {
    const password = env.DEMO_PASSWORD || DEFAULT_PASSWORD;
    await Promise.all(STORIES.map(({ facts, tell }) => seedTenant(pools, facts, tell, password)));
  } finally {
    await pools.end();
  }
}

async function seedTenant(
  pools: Pools,
  facts: TenantFacts,
  tell: (book: Book) => void,
  password: string,
): Promise<void> {
  const id = await tenantOf(pools, facts);
  await withTenant(pools.app, id, async (db) => {
    await db.run(`set local lock_timeout = '${PATIENCE}'; set local statement_timeout = '${PATIENCE}'`);
    await db.run('select pg_advisory_xact_lock(hashtextextended(:tenant, 0))');
    const [somebody] = await db.from('users').select('id').limit(1);
    if (somebody) return;
    const book = openBook(facts, Date.now());
    await writePeople(db, book, password);
    tell(book);
    await write(book, db);
  });
}

async function tenantOf(pools: Pools, facts: TenantFacts): Promise<string> {
  const { slug, name, time_zone, locale, currency } = facts;
  await acrossTenants(
    pools.platform,
    `insert into tenants (slug, name, time_zone, locale, currency, created_at)
     values ($1, $2, $3, $4, $5, now() - interval '950 days') on conflict (slug) do nothing`,
    [slug, name, time_zone, locale, currency],
  );
  const [row] = await acrossTenants<{ id: string }>(pools.platform, 'select id from tenants where slug = $1', [slug]);
  return row!.id;
}

async function writePeople(db: TenantDb, book: Book, password: string): Promise<void> {
  const people = [...book.people.values()];
  const first = (days: number) => new Date(book.calendar.ago(days, FIRST_HOUR)).toISOString();
  const last = (days: number) => new Date(book.calendar.ago(days, LAST_HOUR)).toISOString();
  const admin = people.find((one) => one.role === 'admin')!;
  const rows = await Promise.all(
    people.map(async (one) => ({
      id: one.id,
      email: one.email,
      name: one.name,
      role: one.role,
      password_hash: await hashPassword(password),
      created_at: first(one.joined),
      created_by: one === admin ? null : admin.id,
      updated_at: one.left === undefined ? first(one.joined) : last(one.left),
      deactivated_at: one.left === undefined ? null : last(one.left),
      version: one.left === undefined ? 1 : 2,
    })),
  );
  await db.insert('users', rows);
  const names = [...new Set(people.flatMap((one) => one.team ?? []))];
  const teams = await db.insert(
    'teams',
    names.map((name) => ({ name })),
  );
  const ids = new Map(teams.map((team) => [team.name, team.id]));
  await db.insert(
    'team_members',
    people.filter((one) => one.team).map((one) => ({ team_id: ids.get(one.team), user_id: one.id })),
  );
}
