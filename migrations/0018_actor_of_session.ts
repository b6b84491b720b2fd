import type { Knex } from 'knex';

/**
 * Who a session stands for, as a function: every page begins with this question, and asked by name it travels with BEGIN
 * instead of in a round trip of its own, while its plan is kept by the connection.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create function actor_of_session(person uuid, session uuid, seen_every interval) returns table (
      id uuid, name text, email text, role text, theme text, slug text, tenant_name text, time_zone text, locale text,
      currency text, fiscal_year_start integer, mates text[], stale boolean)
    language plpgsql stable as $$
    declare t uuid := nullif(current_setting('app.tenant_id', true), '')::uuid;
    begin
      return query select u.id, u.name::text, u.email::text, u.role::text, u.theme::text, c.slug::text, c.name::text,
          c.time_zone::text, c.locale::text, c.currency::text, c.fiscal_year_start::integer,
          array(select distinct mate.user_id::text from team_members mine
            join team_members mate on mate.tenant_id = mine.tenant_id and mate.team_id = mine.team_id
            where mine.tenant_id = t and mine.user_id = person),
          s.last_seen_at < now() - seen_every
        from users u
        join tenants c on c.id = u.tenant_id
        join user_sessions s on s.tenant_id = u.tenant_id and s.user_id = u.id
        where u.tenant_id = t and u.id = person and s.id = session and s.ended_at is null and s.expires_at > now()
          and u.deactivated_at is null and c.suspended_at is null;
    end $$;
    revoke all on function actor_of_session(uuid, uuid, interval) from public;
    grant execute on function actor_of_session(uuid, uuid, interval) to rapport_app;`);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('drop function actor_of_session(uuid, uuid, interval)');
}
