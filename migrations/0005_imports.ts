import type { Knex } from 'knex';

/** Entities whose lists can be imported: table, and the columns that may be asked for equality besides the key columns. */
const IMPORTABLE = ['customers', 'contacts', 'leads'] as const;

/**
 * Finds records, trashed ones too, that share an external id, an e-mail address or a name with a row of a file. A definer
 * function for the same reason as the search functions of 0002: under row-level security lower() may not use an index.
 * It takes the tenant from the setting and gives ids alone; the caller's scoped query loads what the actor may see.
 * `at` is the place in the list asked for, from 1. At most 20 a key: more is ambiguous anyway.
 */
const matcher = (table: string) => `
  create index ${table}_match_name on ${table} (tenant_id, (lower(name collate "und-x-icu") collate "C"));
  grant select (name, email, external_id) on ${table} to rapport_search;
  create function find_matching_${table}(external_ids text[], emails text[], names text[])
    returns table (by text, at integer, id uuid)
    language plpgsql stable security definer set search_path = public, pg_temp set plan_cache_mode = force_custom_plan as $$
  declare t uuid := nullif(current_setting('app.tenant_id', true), '')::uuid;
  begin
    if t is null then return; end if;
    return query
      select 'external_id', k.n::integer, found.id from unnest(external_ids) with ordinality k (v, n)
        cross join lateral (select x.id from ${table} x where x.tenant_id = t and x.external_id is not null
          and lower(x.external_id) = lower(k.v) limit 20) found
      union all
      select 'email', k.n::integer, found.id from unnest(emails) with ordinality k (v, n)
        cross join lateral (select x.id from ${table} x where x.tenant_id = t and x.email is not null
          and lower(x.email) = lower(k.v) limit 20) found
      union all
      select 'name', k.n::integer, found.id from unnest(names) with ordinality k (v, n)
        cross join lateral (select x.id from ${table} x where x.tenant_id = t
          and lower(x.name collate "und-x-icu") collate "C" = lower(k.v collate "und-x-icu") collate "C" limit 20) found;
  end $$;
  alter function find_matching_${table}(text[], text[], text[]) owner to rapport_search;
  revoke all on function find_matching_${table}(text[], text[], text[]) from public;
  grant execute on function find_matching_${table}(text[], text[], text[]) to rapport_app;`;

/*
 * An import: one uploaded file on its way into the records.
 *
 * `state` is what people and programs are told; `task` is what the worker is doing about it, `run` numbers that piece of
 * work: a worker that finds another number has been replaced and stops. `rows` is what stands below the header; from the
 * plan on the five counts always add up to it.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table imports (
      tenant_id uuid not null references tenants (id),
      id uuid not null default new_id(),
      entity text not null,
      state text not null default 'uploaded' check (state in ('uploaded', 'reading', 'mapping', 'planned', 'committing',
        'committed', 'undoing', 'undone', 'failed')),
      task text check (task in ('inspect', 'stage', 'plan', 'commit', 'undo')),
      run integer not null default 0,
      attempts smallint not null default 0,
      heartbeat_at timestamptz,
      done integer not null default 0,
      total integer not null default 0,
      file_name text not null check (length(file_name) between 1 and 200),
      file_bytes bigint not null,
      file_key text not null check (file_key ~ '^[0-9a-f]{32}$'),
      file_format text check (file_format in ('xlsx', 'csv')),
      sheets jsonb not null default '[]',
      sheet integer,
      header_row integer check (header_row >= 0),
      columns jsonb not null default '[]',
      notes jsonb not null default '[]',
      mapping jsonb,
      choices jsonb not null default '{}',
      rows integer not null default 0,
      created integer not null default 0,
      updated integer not null default 0,
      unchanged integer not null default 0,
      skipped integer not null default 0,
      failed integer not null default 0,
      error text,
      committed_at timestamptz,
      created_at timestamptz not null default now(),
      created_by uuid not null,
      updated_at timestamptz not null default now(),
      version integer not null default 1,
      primary key (tenant_id, id),
      foreign key (tenant_id, created_by) references users (tenant_id, id),
      constraint imports_account_for_every_row check (
        state not in ('planned', 'committing', 'committed', 'undoing', 'undone')
        or rows = created + updated + unchanged + skipped + failed)
    );
    create index imports_time on imports (tenant_id, id desc);
    call protect_tenant_table('imports');

    -- The file's rows as they were read, never changed.
    create table import_rows (
      tenant_id uuid not null,
      import_id uuid not null,
      row_number integer not null,
      hidden boolean not null default false,
      cells jsonb not null,
      primary key (tenant_id, import_id, row_number),
      foreign key (tenant_id) references tenants (id),
      foreign key (tenant_id, import_id) references imports (tenant_id, id) on delete cascade
    );
    call protect_tenant_table('import_rows');

    -- What becomes of each row below the header: what was planned, and for create and update what came of it.
    -- Apart from import_rows because these rows are rewritten and those are wide.
    create table import_plan (
      tenant_id uuid not null,
      import_id uuid not null,
      row_number integer not null,
      plan text not null check (plan in ('create', 'update', 'unchanged', 'skip', 'error')),
      result text check (result in ('created', 'updated', 'unchanged', 'failed')),
      title text not null default '',
      -- the record it changes, made, or resembles; its version when that was found out, after the commit its new one
      record_id uuid,
      record_version integer,
      -- [[column or -1, message], …]
      problems jsonb not null default '[]',
      -- field -> {old, new}, as in the audit trail
      changes jsonb not null default '{}',
      primary key (tenant_id, import_id, row_number),
      foreign key (tenant_id) references tenants (id),
      foreign key (tenant_id, import_id) references imports (tenant_id, id) on delete cascade,
      check (result is null or plan in ('create', 'update'))
    );
    create index import_plan_outcome on import_plan (tenant_id, import_id, plan, row_number);
    call protect_tenant_table('import_plan');
    ${IMPORTABLE.map(matcher).join('\n')}
  `);
}

/** Dropping the tables drops what can still be accounted for; restore a backup instead. */
export async function down(): Promise<void> {
  throw new Error('0005_imports cannot be undone; restore a backup instead');
}
