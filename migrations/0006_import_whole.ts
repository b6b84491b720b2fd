import type { Knex } from 'knex';

/**
 * The import made whole: what a row writes is kept with its plan, so that the commit runs inside the database; the commit,
 * its undo and the undo of that go chunk by chunk; a row may carry a contact and an account besides its customer; mappings
 * are remembered by the headers of the file.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table imports
      -- how often the rows were moved: 1 written, 2 undone, 3 written again …; odd is forward
      add column move smallint not null default 0,
      add column undone_at timestamptz,
      -- rows whose record was edited after the plan, planned anew and waiting for a second look; part of failed
      add column review integer not null default 0,
      -- how a text file is read, where the person chose it: {encoding?, delimiter?, quote?}; and how it was read
      add column dialect jsonb not null default '{}',
      -- the import whose error workbook this file is
      add column corrects uuid,
      add foreign key (tenant_id, corrects) references imports (tenant_id, id);
    create index imports_corrects on imports (tenant_id, corrects);

    alter table import_plan
      -- 0: the record of the row itself; from 1: what the row carries besides
      add column part smallint not null default 0,
      -- kind of record of a part; null: the import's own
      add column entity text,
      -- the piece of work that writes it; null: nothing to write
      add column chunk integer,
      -- the record as it will be: for create every column, for update the columns that the file fills
      add column after jsonb,
      -- planned anew because its record was edited after the plan
      add column review boolean not null default false,
      -- what an undo left as it was, and why: {fields: [...], why}
      add column kept jsonb,
      drop constraint import_plan_pkey,
      add primary key (tenant_id, import_id, row_number, part);
    create index import_plan_kept on import_plan (tenant_id, import_id, row_number) where kept is not null or review;

    create table import_chunks (
      tenant_id uuid not null,
      import_id uuid not null,
      n integer not null,
      first_row integer not null,
      last_row integer not null,
      -- rows that it writes
      rows integer not null,
      -- how often its rows were moved; pending while the import wants more
      moves smallint not null default 0,
      primary key (tenant_id, import_id, n),
      foreign key (tenant_id) references tenants (id),
      foreign key (tenant_id, import_id) references imports (tenant_id, id) on delete cascade
    );
    call protect_tenant_table('import_chunks');

    -- What a company said last about files with these headers.
    create table import_mappings (
      tenant_id uuid not null references tenants (id),
      id uuid not null default new_id(),
      entity text not null,
      -- hash of the headers in their order
      headers_key text not null check (headers_key ~ '^[0-9a-f]{64}$'),
      headers jsonb not null,
      mapping jsonb not null,
      choices jsonb not null,
      used integer not null default 1,
      updated_at timestamptz not null default now(),
      updated_by uuid not null,
      primary key (tenant_id, id),
      unique (tenant_id, entity, headers_key),
      foreign key (tenant_id, updated_by) references users (tenant_id, id)
    );
    create index import_mappings_updated_by on import_mappings (tenant_id, updated_by);
    call protect_tenant_table('import_mappings');

    -- Accounts that a customer's row names by their number.
    grant select (tenant_id, id, account_number) on accounts to rapport_search;
    create function find_accounts_by_number(numbers text[]) returns table (at integer, id uuid)
      language plpgsql stable security definer set search_path = public, pg_temp set plan_cache_mode = force_custom_plan as $$
    declare t uuid := nullif(current_setting('app.tenant_id', true), '')::uuid;
    begin
      if t is null then return; end if;
      return query
        select k.n::integer, found.id from unnest(numbers) with ordinality k (v, n)
          cross join lateral (select x.id from accounts x where x.tenant_id = t and lower(x.account_number) = lower(k.v)) found;
    end $$;
    alter function find_accounts_by_number(text[]) owner to rapport_search;
    revoke all on function find_accounts_by_number(text[]) from public;
    grant execute on function find_accounts_by_number(text[]) to rapport_app;
  `);
}

/** Dropping the chunks drops what can still be undone; restore a backup instead. */
export async function down(): Promise<void> {
  throw new Error('0006_import_whole cannot be undone; restore a backup instead');
}
