import type { Knex } from 'knex';

/**
 * When a customer or a lead was last talked to, kept with the record so that lists sort and narrow by it and reports find the
 * silent ones without looking at every interaction.
 *
 * It is the latest `occurred_at` of the live interactions with the record that lie in the past. One that is planned counts
 * when its time has come: `count_contacts_of_*` is what upkeep calls for those. A record's version, trail and `updated_at` tell what
 * people did with it, so none of them moves.
 */
const PARENTS = [
  { table: 'customers', column: 'customer_id' },
  { table: 'leads', column: 'lead_id' },
];

const talks = (column: string, company: string, id: string) => `
  select max(i.occurred_at) from interactions i
  where i.tenant_id = ${company} and i.${column} = ${id} and i.deleted_at is null and i.occurred_at <= now()`;

/**
 * Looks again at the given records. They are locked first: whoever writes an interaction waits here for whoever writes another
 * with the same record, and then sees it, as every statement of the function takes a look of its own. In the order of
 * ids, so that two who write many do not wait for each other.
 */
const counting = (table: string, column: string) => `
  create function count_contacts_of_${table}(companies uuid[], ids uuid[]) returns bigint
    language plpgsql set search_path = public, pg_temp as $$
  declare changed bigint;
  begin
    perform from ${table} p
      where (p.tenant_id, p.id) in (select * from unnest(companies, ids)) order by p.tenant_id, p.id for no key update;
    update ${table} p set last_contact_at = found.at
      from (select t.company, t.id, (${talks(column, 't.company', 't.id')}) as at from unnest(companies, ids) as t (company, id)) found
      where p.tenant_id = found.company and p.id = found.id and p.last_contact_at is distinct from found.at;
    get diagnostics changed = row_count;
    return changed;
  end $$;`;

/** Once a statement, however many interactions it writes; what says nothing about contacts costs no look at the record. */
const following = (table: string, column: string) => `
  create function follow_contacts_of_${table}() returns trigger language plpgsql set search_path = public, pg_temp as $$
  declare companies uuid[]; ids uuid[];
  begin
    case tg_op
    when 'INSERT' then
      select array_agg(tenant_id), array_agg(id) into companies, ids from (
        select distinct tenant_id, ${column} as id from written
        where ${column} is not null and deleted_at is null and occurred_at <= now()) touched;
    when 'DELETE' then
      select array_agg(tenant_id), array_agg(id) into companies, ids from (
        select distinct tenant_id, ${column} as id from gone where ${column} is not null and deleted_at is null) touched;
    else
      select array_agg(tenant_id), array_agg(id) into companies, ids from (
        select distinct n.tenant_id, x.id from gone o join written n on n.tenant_id = o.tenant_id and n.id = o.id
          cross join lateral (values (o.${column}), (n.${column})) as x (id)
        where x.id is not null and (o.${column}, o.occurred_at, o.deleted_at is null)
          is distinct from (n.${column}, n.occurred_at, n.deleted_at is null)) touched;
    end case;
    if ids is not null then perform count_contacts_of_${table}(companies, ids); end if;
    return null;
  end $$;
  create trigger follow_contacts_of_${table}_insert after insert on interactions referencing new table as written
    for each statement execute function follow_contacts_of_${table}();
  create trigger follow_contacts_of_${table}_update after update on interactions referencing old table as gone new table as written
    for each statement execute function follow_contacts_of_${table}();
  create trigger follow_contacts_of_${table}_delete after delete on interactions referencing old table as gone
    for each statement execute function follow_contacts_of_${table}();`;

/** The owner of the tables sees no company's rows; while the table is locked for the new column anyway, it may. */
const filling = (table: string, column: string) => `
  alter table ${table} no force row level security;
  update ${table} p set last_contact_at = found.at
    from (select tenant_id, ${column} as id, max(occurred_at) as at from interactions
      where ${column} is not null and deleted_at is null and occurred_at <= now() group by 1, 2) found
    where p.tenant_id = found.tenant_id and p.id = found.id;
  alter table ${table} force row level security;`;

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table interactions no force row level security;
    ${PARENTS.map(
      ({ table, column }) => `
    alter table ${table} add column last_contact_at timestamptz;
    ${filling(table, column)}
    -- The one index serves sorting, the silent ones in their order, and counting these without a look at the rows.
    create index ${table}_by_last_contact_at on ${table} (tenant_id, (coalesce(last_contact_at, '-infinity'::timestamptz)), id)
      include (last_contact_at, status, created_at) where deleted_at is null;
    ${counting(table, column)}
    ${following(table, column)}`,
    ).join('\n')}
    alter table interactions force row level security;
  `);
}

/** What the database keeps by itself can be dropped without losing anything that people entered. */
export async function down(knex: Knex): Promise<void> {
  await knex.raw(
    PARENTS.map(
      ({ table }) => `
    ${['insert', 'update', 'delete'].map((event) => `drop trigger follow_contacts_of_${table}_${event} on interactions;`).join(' ')}
    drop function follow_contacts_of_${table}();
    drop function count_contacts_of_${table}(uuid[], uuid[]);
    alter table ${table} drop column last_contact_at;`,
    ).join('\n'),
  );
}
