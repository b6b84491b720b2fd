import type { Knex } from 'knex';

/**
 * Writing many records costs less: the trail of an imported record holds the values it began with as they are, an index
 * that repeated a primary key is gone, documents that nobody filters by are left out of statistics, and statistics can be
 * refreshed in the middle of a large import, so that lists of a company that grew from nothing are planned for what it is. Why: docs/decisions/0007.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- Values that an imported record began with; then changes is empty. What differed later is in changes, {field: {old, new}}.
    alter table audit_log add column initial jsonb;
    drop index audit_log_time;
    alter table audit_log alter column changes set statistics 0, alter column initial set statistics 0;
    alter table import_rows alter column cells set statistics 0, alter column fixed set statistics 0;
    alter table import_plan alter column after set statistics 0, alter column changes set statistics 0,
      alter column problems set statistics 0, alter column kept set statistics 0;

    do $$
    declare one record;
    begin
      -- Most records leave most of these fields empty; nobody looks up the empty ones by index.
      for one in
        select i.indexname as name, i.indexdef as def, a.attname as field from pg_indexes i
          join pg_attribute a on a.attrelid = to_regclass('public.' || quote_ident(i.tablename)) and not a.attnotnull and a.attnum > 0
        where i.schemaname = 'public' and i.indexdef like '%(tenant_id, ' || a.attname || ', id) WHERE (deleted_at IS NULL)'
      loop
        execute format('drop index public.%I', one.name);
        execute one.def || format(' and %I is not null', one.field);
      end loop;
      -- Whoever changed a record last is the one whom its trail names, which is checked there. And that there is such a
      -- company is said by the author of a record and the actor of a line, who are of that company.
      for one in
        select c.conrelid::regclass as name, c.conname as field from pg_constraint c
          join pg_attribute a on a.attrelid = c.conrelid and a.attnum = c.conkey[array_upper(c.conkey, 1)]
        where c.contype = 'f' and c.connamespace = 'public'::regnamespace
          and (a.attname = 'updated_by' or a.attname = 'tenant_id')
          and (c.conrelid = 'audit_log'::regclass or exists (select from pg_attribute v
            where v.attrelid = c.conrelid and v.attname = 'deleted_at'))
      loop
        execute format('alter table %s drop constraint %I', one.name, one.field);
      end loop;
    end $$;

    -- A company that has no place in the statistics yet seems to have no rows at all, and then any index that begins with
    -- the company seems as good as the one for the key. Behind a select it is planned for like any other company.
    do $$
    declare one oid;
    begin
      for one in select p.oid from pg_proc p where p.pronamespace = 'public'::regnamespace
        and (p.proname like 'find\\_matching\\_%' or p.proname = 'find_accounts_by_number')
      loop
        execute replace(pg_get_functiondef(one), 'x.tenant_id = t', 'x.tenant_id = (select t)');
      end loop;
    end $$;

    -- Rows of a file come by the thousand and all belong to one import: it is looked up once a statement, not once a row.
    create function check_import() returns trigger language plpgsql set search_path = public, pg_temp as $$
    begin
      if exists (select from (select distinct tenant_id, import_id from inserted) n
          where not exists (select from imports i where i.tenant_id = n.tenant_id and i.id = n.import_id)) then
        raise foreign_key_violation using message = format('%s: there is no such import', tg_table_name);
      end if;
      return null;
    end $$;
    ${['import_rows', 'import_plan']
      .map(
        (table) => `
    alter table ${table} drop constraint ${table}_tenant_id_fkey, drop constraint ${table}_tenant_id_import_id_fkey;
    create trigger check_import after insert on ${table} referencing new table as inserted
      for each statement execute function check_import();`,
      )
      .join('')}

    create procedure refresh_statistics(name text, written bigint)
      language plpgsql security definer set search_path = public, pg_temp as $$
    begin
      if not exists (select from pg_policies p where p.schemaname = 'public' and p.tablename = name and p.policyname = 'tenant')
        then raise exception 'no table of companies: %', name; end if;
      -- A drop in the ocean changes no plan.
      if written * 50 < (select c.reltuples from pg_class c where c.oid = to_regclass('public.' || quote_ident(name)))
        then return; end if;
      execute format('analyze (skip_locked) public.%I', name);
    end $$;
    revoke all on procedure refresh_statistics(text, bigint) from public;
    grant execute on procedure refresh_statistics(text, bigint) to rapport_app;
  `);
}

/** References and indexes would have to be checked and built anew; restore a backup instead. */
export async function down(): Promise<void> {
  throw new Error('0009_lighter_writes cannot be undone; restore a backup instead');
}
