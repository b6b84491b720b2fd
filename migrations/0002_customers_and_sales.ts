import type { Knex } from 'knex';

/** Columns that every record has, whoever declares it. `version` is the optimistic lock, `custom` the tenant's own fields. */
const RECORD = `
  tenant_id uuid not null references tenants (id),
  id uuid not null default new_id(),
  created_at timestamptz not null default now(),
  created_by uuid,
  updated_at timestamptz not null default now(),
  updated_by uuid,
  version integer not null default 1,
  deleted_at timestamptz,
  custom jsonb not null default '{}' check (jsonb_typeof(custom) = 'object'),
  primary key (tenant_id, id),
  foreign key (tenant_id, created_by) references users (tenant_id, id),
  foreign key (tenant_id, updated_by) references users (tenant_id, id)`;

const user = (column: string) => `${column} uuid, foreign key (tenant_id, ${column}) references users (tenant_id, id)`;
const belongsTo = (column: string, table: string) =>
  `${column} uuid, foreign key (tenant_id, ${column}) references ${table} (tenant_id, id)`;
const money = (column: string) => `${column} numeric(15,2)`;
const title = (column: string) =>
  `${column} text collate "und-x-icu" not null check (length(${column}) between 1 and 200)`;
const CURRENCY = `currency text not null default 'EUR' check (currency ~ '^[A-Z]{3}$')`;

/** What a search finds: folded words of these columns, kept by the database itself. */
const searchText = (...columns: string[]) =>
  `search_text text generated always as (fold(${columns.map((c) => `coalesce(${c}, '')`).join(` || ' ' || `)})) stored`;

/**
 * An index per sort offered. Empty values take part through a sentinel, so that paging by row comparison never meets a
 * null; the live rows are what lists show.
 */
const sortIndex = (table: string, column: string, sentinel: string | null) =>
  `create index ${table}_by_${column} on ${table} (tenant_id, ${sentinel ? `(coalesce(${column}, ${sentinel}))` : column}, id) where deleted_at is null;`;

const NUMBER = `'-Infinity'::numeric`;
const DATE = `'-infinity'::date`;

const record = (table: string, columns: string[]) =>
  `create table ${table} (${[RECORD.trim(), ...columns].join(',\n')});
   call protect_tenant_table('${table}');
   ${sortIndex(table, 'created_at', null)}
   ${sortIndex(table, 'updated_at', null)}
   create index ${table}_created_by on ${table} (tenant_id, created_by, id) where deleted_at is null;
   create index ${table}_trash on ${table} (tenant_id, deleted_at desc, id) where deleted_at is not null;`;

const index = (table: string, column: string) =>
  `create index ${table}_${column} on ${table} (tenant_id, ${column}, id) where deleted_at is null;`;

/**
 * Finds ids by folded fragments. Row-level security switches GIN indexes off because their operators are not leakproof,
 * so the search is a definer function of a role that may read nothing but what it searches; the tenant comes from the
 * setting and never from an argument, and the caller's scoped query still loads the rows.
 * owners null: every row; else only rows created by or assigned to one of these users.
 */
const finder = (table: string, owners: string[]) => `
  create index ${table}_search on ${table} using gin (tenant_id, search_text gin_trgm_ops) where deleted_at is null;
  create policy search on ${table} for select to rapport_search using (true);
  grant select (tenant_id, id, search_text, deleted_at, created_by${owners.map((o) => `, ${o}`).join('')}) on ${table} to rapport_search;
  create function find_${table}(patterns text[], viewers uuid[], most integer) returns setof uuid
    language plpgsql stable security definer set search_path = public, pg_temp set plan_cache_mode = force_custom_plan as $$
  declare t uuid := nullif(current_setting('app.tenant_id', true), '')::uuid;
  begin
    if t is null then return; end if;
    return query with found as materialized (
      select x.id from ${table} x
      where x.tenant_id = t and x.deleted_at is null and x.search_text like all (patterns)
        and (viewers is null or x.created_by = any (viewers)${owners.map((o) => ` or x.${o} = any (viewers)`).join('')})
      limit most) select found.id from found;
  end $$;
  alter function find_${table}(text[], uuid[], integer) owner to rapport_search;
  revoke all on function find_${table}(text[], uuid[], integer) from public;
  grant execute on function find_${table}(text[], uuid[], integer) to rapport_app;`;

const tagging = (table: string, singular: string) => `
  create table ${singular}_tags (
    tenant_id uuid not null references tenants (id),
    ${singular}_id uuid not null,
    tag_id uuid not null,
    primary key (tenant_id, ${singular}_id, tag_id),
    foreign key (tenant_id, ${singular}_id) references ${table} (tenant_id, id) on delete cascade,
    foreign key (tenant_id, tag_id) references tags (tenant_id, id) on delete cascade
  );
  create index ${singular}_tags_tag on ${singular}_tags (tenant_id, tag_id, ${singular}_id);
  call protect_tenant_table('${singular}_tags');`;

export async function up(knex: Knex): Promise<void> {
  await knex.raw(
    [
      record('tags', [title('name'), searchText('name')]),
      `create unique index tags_name_unique on tags (tenant_id, lower(name)) where deleted_at is null;`,
      sortIndex('tags', 'name', null),
      finder('tags', []),

      record('customers', [
        title('name'),
        `type text not null default 'company'`,
        `segment text`,
        `industry text`,
        `status text not null default 'new'`,
        user('owner_id'),
        user('csm_id'),
        `health text`,
        `adoption_stage text`,
        money('arr'),
        money('lifetime_value'),
        CURRENCY,
        `renewal_date date`,
        `products_owned text[] not null default '{}'`,
        `external_id text check (length(external_id) between 1 and 200)`,
        `email text`,
        `phone text`,
        `website text`,
        `street text`,
        `postal_code text`,
        `city text`,
        `country text`,
        `description text`,
        searchText('name', 'email', 'phone', 'city', 'external_id'),
      ]),
      sortIndex('customers', 'name', null),
      sortIndex('customers', 'arr', NUMBER),
      sortIndex('customers', 'renewal_date', DATE),
      ...['status', 'owner_id', 'csm_id', 'health', 'segment', 'industry', 'adoption_stage', 'country'].map((c) =>
        index('customers', c),
      ),
      // Trashed rows keep their external id, so that an import finds them instead of making a twin.
      `create unique index customers_external_id on customers (tenant_id, lower(external_id)) where external_id is not null;`,
      `create index customers_email on customers (tenant_id, lower(email)) where email is not null;`,
      finder('customers', ['owner_id', 'csm_id']),
      tagging('customers', 'customer'),

      record('contacts', [
        title('name'),
        belongsTo('customer_id', 'customers'),
        `job_title text`,
        `email text`,
        `phone text`,
        `mobile text`,
        `is_primary boolean not null default false`,
        user('owner_id'),
        `external_id text check (length(external_id) between 1 and 200)`,
        `description text`,
        searchText('name', 'email', 'phone', 'mobile', 'job_title'),
      ]),
      sortIndex('contacts', 'name', null),
      ...['customer_id', 'owner_id'].map((c) => index('contacts', c)),
      `create unique index contacts_external_id on contacts (tenant_id, lower(external_id)) where external_id is not null;`,
      `create index contacts_email on contacts (tenant_id, lower(email)) where email is not null;`,
      finder('contacts', ['owner_id']),
      tagging('contacts', 'contact'),

      record('accounts', [
        `account_number text not null check (length(account_number) between 1 and 100)`,
        title('name'),
        belongsTo('customer_id', 'customers'),
        `type text not null default 'service'`,
        `status text not null default 'active'`,
        `opened_on date`,
        `closed_on date`,
        money('balance'),
        CURRENCY,
        user('owner_id'),
        searchText('name', 'account_number'),
      ]),
      `create unique index accounts_number on accounts (tenant_id, lower(account_number));`,
      sortIndex('accounts', 'name', null),
      sortIndex('accounts', 'account_number', null),
      ...['customer_id', 'owner_id', 'status'].map((c) => index('accounts', c)),
      finder('accounts', ['owner_id']),

      record('leads', [
        title('name'),
        `company text`,
        `email text`,
        `phone text`,
        `status text not null default 'new'`,
        `source text`,
        `priority text not null default 'medium'`,
        money('estimated_value'),
        CURRENCY,
        user('assigned_to'),
        belongsTo('customer_id', 'customers'),
        `converted_at timestamptz`,
        `external_id text check (length(external_id) between 1 and 200)`,
        `description text`,
        searchText('name', 'company', 'email', 'phone'),
      ]),
      sortIndex('leads', 'name', null),
      sortIndex('leads', 'estimated_value', NUMBER),
      ...['status', 'source', 'priority', 'assigned_to', 'customer_id'].map((c) => index('leads', c)),
      `create unique index leads_external_id on leads (tenant_id, lower(external_id)) where external_id is not null;`,
      `create index leads_email on leads (tenant_id, lower(email)) where email is not null;`,
      finder('leads', ['assigned_to']),
      tagging('leads', 'lead'),

      record('projects', [
        title('name'),
        belongsTo('customer_id', 'customers'),
        `status text not null default 'pending'`,
        `type text`,
        money('value'),
        money('budget'),
        money('actual_cost'),
        CURRENCY,
        `start_date date`,
        `end_date date`,
        `completion smallint not null default 0 check (completion between 0 and 100)`,
        user('owner_id'),
        `description text`,
        searchText('name', 'type'),
        `check (end_date is null or start_date is null or end_date >= start_date)`,
      ]),
      sortIndex('projects', 'name', null),
      sortIndex('projects', 'value', NUMBER),
      sortIndex('projects', 'end_date', DATE),
      ...['customer_id', 'status', 'owner_id', 'type'].map((c) => index('projects', c)),
      finder('projects', ['owner_id']),
      tagging('projects', 'project'),

      record('interactions', [
        title('subject'),
        `type text not null`,
        `channel text`,
        `direction text`,
        belongsTo('customer_id', 'customers'),
        belongsTo('contact_id', 'contacts'),
        belongsTo('lead_id', 'leads'),
        belongsTo('project_id', 'projects'),
        `occurred_at timestamptz not null default now()`,
        `outcome text`,
        `body text`,
        `next_follow_up date`,
        user('owner_id'),
        searchText('subject', 'body'),
      ]),
      sortIndex('interactions', 'occurred_at', null),
      sortIndex('interactions', 'next_follow_up', DATE),
      ...['type', 'owner_id'].map((c) => index('interactions', c)),
      ...['customer_id', 'lead_id', 'contact_id', 'project_id'].map(
        (c) =>
          `create index interactions_${c} on interactions (tenant_id, ${c}, occurred_at desc, id) where deleted_at is null;`,
      ),
      finder('interactions', ['owner_id']),

      record('notes', [
        `body text not null check (length(body) between 1 and 20000)`,
        belongsTo('customer_id', 'customers'),
        belongsTo('lead_id', 'leads'),
        belongsTo('project_id', 'projects'),
        searchText('body'),
      ]),
      ...['customer_id', 'lead_id', 'project_id'].map(
        (c) => `create index notes_${c} on notes (tenant_id, ${c}, created_at desc, id) where deleted_at is null;`,
      ),
      finder('notes', []),
    ].join('\n'),
  );
}

/** Dropping the tables drops what people entered; restore a backup instead. */
export async function down(): Promise<void> {
  throw new Error('0002_customers_and_sales cannot be undone; restore a backup instead');
}
