import type { Knex } from 'knex';

/**
 * A mark of each company that is another one whenever a name that its lists and forms offer is: of a colleague or of a tag.
 * Who knows the mark knows whether the names are still those it has (decision 0011). It is set at the very end of a
 * transaction, so that two that make tags never wait for each other in the middle.
 */
const NAMED = { users: 'name, deactivated_at', tags: 'name, deleted_at' };

const each = (sql: (table: string, columns: string) => string): string =>
  Object.entries(NAMED)
    .map(([table, columns]) => sql(table, columns))
    .join('\n');

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table names_marks (
      tenant_id uuid primary key references tenants (id) on delete cascade,
      mark uuid not null default gen_random_uuid()
    );
    call protect_tenant_table('names_marks');
    create function mark_names() returns trigger language plpgsql set search_path = public, pg_temp as $$
    begin
      insert into names_marks (tenant_id) select id from tenants where id = coalesce(new.tenant_id, old.tenant_id)
        on conflict (tenant_id) do update set mark = excluded.mark;
      return null;
    end $$;
    ${each(
      (table, columns) => `
        create constraint trigger mark_names after insert or delete or update of ${columns} on ${table}
          deferrable initially deferred for each row execute function mark_names();`,
    )}
    drop function actor_of_session(uuid, uuid, interval);
    ${actorOfSession('names_mark uuid, ', `coalesce(m.mark, '${NEVER_MARKED}'), `, 'left join names_marks m on m.tenant_id = t')}`);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    drop function actor_of_session(uuid, uuid, interval);
    ${actorOfSession()}
    ${each((table) => `drop trigger mark_names on ${table};`)}
    drop function mark_names();
    drop table names_marks;`);
}

/** Of a company in which nothing was named since the marks began. */
const NEVER_MARKED = '00000000-0000-0000-0000-000000000000';

/** As migration 0018 made it, and what is asked beside. */
const actorOfSession = (column = '', value = '', join = ''): string => `
    create function actor_of_session(person uuid, session uuid, seen_every interval) returns table (
      id uuid, name text, email text, role text, theme text, slug text, tenant_name text, time_zone text, locale text,
      currency text, fiscal_year_start integer, ${column}mates text[], stale boolean)
    language plpgsql stable as $$
    declare t uuid := nullif(current_setting('app.tenant_id', true), '')::uuid;
    begin
      return query select u.id, u.name::text, u.email::text, u.role::text, u.theme::text, c.slug::text, c.name::text,
          c.time_zone::text, c.locale::text, c.currency::text, c.fiscal_year_start::integer, ${value}
          array(select distinct mate.user_id::text from team_members mine
            join team_members mate on mate.tenant_id = mine.tenant_id and mate.team_id = mine.team_id
            where mine.tenant_id = t and mine.user_id = person),
          s.last_seen_at < now() - seen_every
        from users u
        join tenants c on c.id = u.tenant_id
        join user_sessions s on s.tenant_id = u.tenant_id and s.user_id = u.id
        ${join}
        where u.tenant_id = t and u.id = person and s.id = session and s.ended_at is null and s.expires_at > now()
          and u.deactivated_at is null and c.suspended_at is null;
    end $$;
    revoke all on function actor_of_session(uuid, uuid, interval) from public;
    grant execute on function actor_of_session(uuid, uuid, interval) to rapport_app;`;
