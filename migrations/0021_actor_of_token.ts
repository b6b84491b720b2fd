import type { Knex } from 'knex';

/**
 * Who a program's token stands for, asked as the opening statement of its transaction like a session's (migration 0018), and
 * whether its last use has to be written down: that was a statement of every request, mostly for nothing.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create function actor_of_token(token uuid, seen_every interval) returns table (
      id uuid, name text, email text, role text, theme text, slug text, tenant_name text, time_zone text, locale text,
      currency text, fiscal_year_start integer, names_mark uuid, mates text[], stale boolean, read_only boolean)
    language plpgsql stable as $$
    declare t uuid := nullif(current_setting('app.tenant_id', true), '')::uuid;
    begin
      return query select u.id, u.name::text, u.email::text, u.role::text, u.theme::text, c.slug::text, c.name::text,
          c.time_zone::text, c.locale::text, c.currency::text, c.fiscal_year_start::integer,
          coalesce(m.mark, '00000000-0000-0000-0000-000000000000'),
          array(select distinct mate.user_id::text from team_members mine
            join team_members mate on mate.tenant_id = mine.tenant_id and mate.team_id = mine.team_id
            where mine.tenant_id = t and mine.user_id = u.id),
          k.last_used_at is null or k.last_used_at < now() - seen_every,
          not 'write' = any (k.scopes)
        from api_tokens k
        join users u on u.tenant_id = k.tenant_id and u.id = k.user_id
        join tenants c on c.id = k.tenant_id
        left join names_marks m on m.tenant_id = t
        where k.tenant_id = t and k.id = token and k.revoked_at is null and (k.expires_at is null or k.expires_at > now())
          and u.deactivated_at is null and c.suspended_at is null;
    end $$;
    revoke all on function actor_of_token(uuid, interval) from public;
    grant execute on function actor_of_token(uuid, interval) to rapport_app;`);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('drop function actor_of_token(uuid, interval)');
}
