import type { Knex } from 'knex';

/*
 * Tenants, the people of a tenant, their sessions and tokens, and the audit trail.
 *
 * Roles exist before the first migration (scripts/migrate.ts): rapport_owner runs migrations, rapport_app serves
 * requests and owns nothing, rapport_platform looks across tenants for sign-in, jobs and health, rapport_search owns the
 * search functions, rapport_backup reads everything.
 *
 * `create_tenant_table` is the one place that knows what makes a table tenant-scoped, so no migration can forget a part
 * of it; test/kernel/schema.test.ts checks the result in the catalogue.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- The setting is '' and not null after the first transaction of a connection, hence nullif.
    create function current_tenant() returns uuid language sql stable
      as $$ select nullif(current_setting('app.tenant_id', true), '')::uuid $$;

    -- Folding for search: case and accents do not matter. immutable because the dictionary is named and never changed.
    create function fold(value text) returns text language sql immutable parallel safe strict
      as $$ select lower(public.unaccent('public.unaccent'::regdictionary, value)) $$;

    -- Time-ordered ids; PostgreSQL 18 has its own, 15 to 17 do not.
    create function new_id() returns uuid language sql volatile parallel safe as $$
      select encode(
        set_bit(set_bit(
          overlay(uuid_send(gen_random_uuid())
            placing substring(int8send(floor(extract(epoch from clock_timestamp()) * 1000)::bigint) from 3) from 1 for 6),
          52, 1), 53, 1), 'hex')::uuid $$;

    create procedure protect_tenant_table(name text) language plpgsql as $$
    begin
      execute format('alter table %I enable row level security', name);
      execute format('alter table %I force row level security', name);
      execute format($p$create policy tenant on %I to rapport_app
        using (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid))
        with check (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid))$p$, name);
      execute format('grant select, insert, update, delete on %I to rapport_app', name);
      execute format('grant select on %I to rapport_backup', name);
    end $$;

    create table tenants (
      id uuid primary key default new_id(),
      slug text not null unique check (slug ~ '^[a-z0-9][a-z0-9-]{1,40}$'),
      name text not null check (length(name) between 1 and 200),
      time_zone text not null default 'UTC',
      locale text not null default 'en-GB',
      currency text not null default 'EUR' check (currency ~ '^[A-Z]{3}$'),
      fiscal_year_start smallint not null default 1 check (fiscal_year_start between 1 and 12),
      password_sign_in boolean not null default true,
      suspended_at timestamptz,
      created_at timestamptz not null default now(),
      updated_at timestamptz not null default now()
    );
    alter table tenants enable row level security;
    alter table tenants force row level security;
    create policy own on tenants to rapport_app using (id = (select nullif(current_setting('app.tenant_id', true), '')::uuid));
    create policy all_tenants on tenants to rapport_platform using (true) with check (true);
    grant select on tenants to rapport_app, rapport_backup;
    grant update (name, time_zone, locale, currency, fiscal_year_start, password_sign_in, updated_at) on tenants to rapport_app;
    grant select, insert, update on tenants to rapport_platform;

    create table users (
      tenant_id uuid not null references tenants (id),
      id uuid not null default new_id(),
      email text not null check (length(email) between 3 and 254),
      name text collate "und-x-icu" not null check (length(name) between 1 and 200),
      password_hash text,
      role text not null check (role in ('admin', 'manager', 'sales', 'csm', 'support', 'field_tech', 'read_only')),
      theme text not null default '' check (theme in ('', 'light', 'dark')),
      deactivated_at timestamptz,
      last_sign_in_at timestamptz,
      created_at timestamptz not null default now(),
      created_by uuid,
      updated_at timestamptz not null default now(),
      version integer not null default 1,
      primary key (tenant_id, id),
      foreign key (tenant_id, created_by) references users (tenant_id, id)
    );
    create unique index users_email on users (tenant_id, lower(email));
    create index users_sign_in on users (lower(email));
    create index users_name on users (tenant_id, name, id);
    call protect_tenant_table('users');

    create table teams (
      tenant_id uuid not null references tenants (id),
      id uuid not null default new_id(),
      name text collate "und-x-icu" not null check (length(name) between 1 and 100),
      created_at timestamptz not null default now(),
      primary key (tenant_id, id)
    );
    create unique index teams_name on teams (tenant_id, lower(name));
    call protect_tenant_table('teams');

    create table team_members (
      tenant_id uuid not null references tenants (id),
      team_id uuid not null,
      user_id uuid not null,
      primary key (tenant_id, team_id, user_id),
      foreign key (tenant_id, team_id) references teams (tenant_id, id) on delete cascade,
      foreign key (tenant_id, user_id) references users (tenant_id, id) on delete cascade
    );
    create index team_members_user on team_members (tenant_id, user_id);
    call protect_tenant_table('team_members');

    -- One identity provider a tenant. The secret is encrypted with a key that is not in the database.
    create table sso_providers (
      tenant_id uuid not null references tenants (id),
      id uuid not null default new_id(),
      name text not null check (length(name) between 1 and 100),
      issuer text not null check (length(issuer) between 8 and 500),
      client_id text not null check (length(client_id) between 1 and 500),
      client_secret text not null,
      token_auth text not null default 'basic' check (token_auth in ('basic', 'post')),
      email_domains text[] not null default '{}',
      just_in_time boolean not null default false,
      default_role text not null default 'read_only' check (default_role <> 'admin'),
      enabled boolean not null default false,
      created_at timestamptz not null default now(),
      updated_at timestamptz not null default now(),
      version integer not null default 1,
      primary key (tenant_id, id),
      unique (tenant_id)
    );
    call protect_tenant_table('sso_providers');

    -- Who a person is at a provider: issuer and subject, never the e-mail address.
    create table identities (
      tenant_id uuid not null references tenants (id),
      id uuid not null default new_id(),
      user_id uuid not null,
      issuer text not null,
      subject text not null,
      created_at timestamptz not null default now(),
      last_used_at timestamptz,
      primary key (tenant_id, id),
      unique (tenant_id, issuer, subject),
      foreign key (tenant_id, user_id) references users (tenant_id, id) on delete cascade
    );
    create index identities_user on identities (tenant_id, user_id);
    call protect_tenant_table('identities');

    -- What "my sessions" lists. The session itself lives in Redis or http_sessions under the hash kept here.
    create table user_sessions (
      tenant_id uuid not null references tenants (id),
      id uuid not null default new_id(),
      user_id uuid not null,
      store_key text not null,
      ip text,
      user_agent text,
      method text not null check (method in ('password', 'sso')),
      created_at timestamptz not null default now(),
      last_seen_at timestamptz not null default now(),
      expires_at timestamptz not null,
      ended_at timestamptz,
      primary key (tenant_id, id),
      foreign key (tenant_id, user_id) references users (tenant_id, id) on delete cascade
    );
    create index user_sessions_user on user_sessions (tenant_id, user_id, created_at desc);
    call protect_tenant_table('user_sessions');

    create table api_tokens (
      tenant_id uuid not null references tenants (id),
      id uuid not null default new_id(),
      user_id uuid not null,
      name text not null check (length(name) between 1 and 100),
      token_hash text not null,
      scopes text[] not null default '{read,write}',
      expires_at timestamptz,
      revoked_at timestamptz,
      last_used_at timestamptz,
      created_at timestamptz not null default now(),
      primary key (tenant_id, id),
      foreign key (tenant_id, user_id) references users (tenant_id, id) on delete cascade
    );
    create unique index api_tokens_hash on api_tokens (token_hash);
    create index api_tokens_user on api_tokens (tenant_id, user_id);
    call protect_tenant_table('api_tokens');

    -- A write sent twice has one effect: the key is taken in the transaction of the write.
    create table request_keys (
      tenant_id uuid not null references tenants (id),
      user_id uuid not null,
      key text not null check (length(key) between 1 and 200),
      body_hash text not null,
      status smallint,
      reply jsonb,
      created_at timestamptz not null default now(),
      primary key (tenant_id, user_id, key),
      foreign key (tenant_id, user_id) references users (tenant_id, id) on delete cascade
    );
    create index request_keys_age on request_keys (tenant_id, created_at);
    call protect_tenant_table('request_keys');

    create table audit_log (
      tenant_id uuid not null references tenants (id),
      id uuid not null default new_id(),
      at timestamptz not null default now(),
      actor_id uuid,
      actor_name text not null,
      via text not null check (via in ('web', 'api', 'job', 'cli', 'import')),
      verb text not null,
      entity text not null,
      record_id uuid,
      record_title text,
      version integer,
      changes jsonb not null default '{}',
      ip text,
      request_id text,
      primary key (tenant_id, id),
      foreign key (tenant_id, actor_id) references users (tenant_id, id)
    );
    create index audit_log_record on audit_log (tenant_id, record_id, id desc);
    create index audit_log_time on audit_log (tenant_id, id desc);
    call protect_tenant_table('audit_log');
    -- Append-only for the application.
    revoke update, delete on audit_log from rapport_app;

    -- What sign-in, sessions and tokens must find before a tenant is known.
    create policy sign_in on users for select to rapport_platform using (true);
    create policy sign_in on sso_providers for select to rapport_platform using (true);
    create policy sign_in on api_tokens for select to rapport_platform using (true);
    grant select (tenant_id, id, email, name, password_hash, role, deactivated_at) on users to rapport_platform;
    grant select (tenant_id, id, name, email_domains, enabled) on sso_providers to rapport_platform;
    grant select (tenant_id, id, user_id, token_hash, scopes, expires_at, revoked_at) on api_tokens to rapport_platform;

    -- Server-side sessions where no Redis is configured (connect-pg-simple), keyed by a hash of the cookie's id.
    create table http_sessions (
      sid text primary key,
      sess json not null,
      expire timestamptz(6) not null
    );
    create index http_sessions_expire on http_sessions (expire);
    grant select, insert, update, delete on http_sessions to rapport_platform;
  `);
}

/** The first migration cannot be undone: drop the database instead. */
export async function down(): Promise<void> {
  throw new Error('0001_ground cannot be undone; drop the database instead');
}
