import type { Client } from 'pg';

/** The database roles of ARCHITECTURE.md, lock 4. None may log in; logins are made members of them. */
export const ROLES = {
  /** runs migrations and owns the tables; forced row-level security binds it too */
  owner: 'rapport_owner',
  /** serves requests: no BYPASSRLS, owns nothing */
  app: 'rapport_app',
  /** sign-in, job pick-up, health: what must be known before a tenant is */
  platform: 'rapport_platform',
  /** owns the search functions, reads only what they search */
  search: 'rapport_search',
  /** reads everything, for pg_dump */
  backup: 'rapport_backup',
} as const;

/** Login of the serving processes in databases we create ourselves: member of app and platform alone. */
export const RUNTIME_LOGIN = 'rapport_runtime';

/**
 * Creates the roles, extensions and schema rights that migrations rely on. Idempotent; two processes may run it at once.
 * @param client connected as a superuser or as a role with CREATEROLE that owns the database
 */
export async function prepareDatabase(client: Client): Promise<void> {
  for (const role of Object.values(ROLES)) {
    const bypass = role === ROLES.backup ? 'bypassrls' : '';
    await client.query(`do $$ begin
      if not exists (select from pg_roles where rolname = '${role}') then create role ${role} nologin ${bypass}; end if;
    exception when duplicate_object or unique_violation then null; end $$`);
  }
  const { rows } = await client.query<{ missing: string }>(
    `select r.rolname as missing from pg_roles r where r.rolname = any($1) and not pg_has_role(current_user, r.oid, 'member')`,
    [[ROLES.owner, ROLES.app, ROLES.platform, ROLES.search]],
  );
  for (const row of rows) await client.query(`grant ${row.missing} to current_user`);
  // The owner hands the search functions to their narrow role.
  await client.query(`do $$ begin
    if not pg_has_role('${ROLES.owner}', '${ROLES.search}', 'member') then grant ${ROLES.search} to ${ROLES.owner}; end if;
  exception when others then if sqlstate not in ('23505', 'XX000') then raise; end if; end $$`);
  for (const extension of ['pg_trgm', 'btree_gin', 'unaccent']) {
    await client.query(`create extension if not exists ${extension} schema public`);
  }
  await client.query(`
    revoke all on schema public from public;
    grant usage on schema public to ${ROLES.app}, ${ROLES.platform}, ${ROLES.backup};
    grant usage, create on schema public to ${ROLES.owner};
    grant usage, create on schema public to ${ROLES.search};
    do $$ begin execute format('grant create on database %I to ${ROLES.platform}', current_database()); end $$;
  `);
}

/**
 * Gives a database of our own a login that can do no more than serve: member of app and platform, nothing else.
 * @returns the connection URL for `src/main.ts`
 */
export async function createRuntimeLogin(client: Client, adminUrl: string, password: string): Promise<string> {
  const quoted = `'${password.replaceAll("'", "''")}'`;
  await client.query(`do $$ begin
    if not exists (select from pg_roles where rolname = '${RUNTIME_LOGIN}') then create role ${RUNTIME_LOGIN} login noinherit; end if;
  exception when duplicate_object or unique_violation then null; end $$`);
  await client.query(`alter role ${RUNTIME_LOGIN} login noinherit nosuperuser nobypassrls password ${quoted}`);
  await client.query(`grant ${ROLES.app}, ${ROLES.platform} to ${RUNTIME_LOGIN}`);
  const url = new URL(adminUrl);
  url.username = RUNTIME_LOGIN;
  url.password = password;
  return url.href;
}
