import type { Knex } from 'knex';

/** Amounts that lists are sorted by: the whole number beside them, of hundredths, can be compared without leaking. */
const AMOUNTS: [table: string, column: string][] = [
  ['customers', 'arr'],
  ['projects', 'value'],
  ['leads', 'estimated_value'],
];
/** Below every amount: what is empty comes first, as it did. */
const NO_AMOUNT = '-9223372036854775807';

const DAY = `'-infinity'::date`;
const INSTANT = `'-infinity'::timestamptz`;
/** Days and times that may be empty. */
const EMPTY: [table: string, column: string, empty: string, carries?: string][] = [
  ['customers', 'renewal_date', DAY],
  ['customers', 'last_contact_at', INSTANT, 'last_contact_at, status, created_at'],
  ['leads', 'last_contact_at', INSTANT, 'last_contact_at, status, created_at'],
  ['projects', 'end_date', DAY],
  ['interactions', 'next_follow_up', DAY],
  ['tasks', 'due_date', DAY],
];

/** Who a row belongs to besides its author. */
const OWNERS: Record<string, string[]> = {
  tags: [],
  customers: ['owner_id', 'csm_id'],
  contacts: ['owner_id'],
  accounts: ['owner_id'],
  leads: ['assigned_to'],
  projects: ['owner_id'],
  interactions: ['owner_id'],
  notes: [],
  tasks: ['assigned_to'],
};

const sortIndex = (table: string, column: string, expression: string, carries = '') => `
  drop index ${table}_by_${column};
  create index ${table}_by_${column} on ${table} (tenant_id, ${expression}, id)
    ${carries && `include (${carries})`} where deleted_at is null;`;

/**
 * LIKE ALL (array) never enters an index, so each pattern becomes a condition of its own, written out, which also lets
 * the planner know what is looked for. Only bitmaps, because whoever asks here looked for common words in the list's
 * order already; and only of the words, never of what somebody owns, which may be half of all rows.
 */
const finder = (table: string, owners: readonly string[]) => `
  create or replace function find_${table}(patterns text[], viewers uuid[], most integer) returns setof uuid
    language plpgsql stable security definer set search_path = public, pg_temp
    set enable_seqscan = off set enable_indexscan = off as $$
  declare
    t uuid := nullif(current_setting('app.tenant_id', true), '')::uuid;
    words text;
  begin
    if t is null then return; end if;
    select string_agg(format('x.search_text like %L', pattern), ' and ') into words from unnest(patterns) pattern;
    return query execute format(
      'select x.id from ${table} x where x.tenant_id = %L and x.deleted_at is null and %s
         and ($1 is null${['created_by', ...owners].map((owner) => ` or coalesce(x.${owner} = any ($1), false)`).join('')}) limit $2',
      t, coalesce(words, 'false')) using viewers, most;
  end $$;`;

/** As migrations 0002 and 0010 had it. */
const finderBefore = (table: string, owners: readonly string[]) => `
  create or replace function find_${table}(patterns text[], viewers uuid[], most integer) returns setof uuid
    language plpgsql stable security definer set search_path = public, pg_temp set plan_cache_mode = force_custom_plan as $$
  declare t uuid := nullif(current_setting('app.tenant_id', true), '')::uuid;
  begin
    if t is null then return; end if;
    return query with found as materialized (
      select x.id from ${table} x
      where x.tenant_id = t and x.deleted_at is null and x.search_text like all (patterns)
        and (viewers is null or x.created_by = any (viewers)${owners.map((owner) => ` or x.${owner} = any (viewers)`).join('')})
      limit most) select found.id from found;
  end $$;`;

export async function up(knex: Knex): Promise<void> {
  await knex.raw(
    [
      ...AMOUNTS.flatMap(([table, column]) => [
        `drop index ${table}_by_${column};
         alter table ${table} add ${column}_order bigint not null
           generated always as (coalesce((${column} * 100)::bigint, ${NO_AMOUNT})) stored;
         create index ${table}_by_${column} on ${table} (tenant_id, ${column}_order, id) where deleted_at is null;`,
      ]),
      ...EMPTY.map(([table, column, empty, carries]) =>
        sortIndex(table, column, `(case when ${column} is null then ${empty} else ${column} end)`, carries),
      ),
      ...Object.entries(OWNERS).map(([table, owners]) => finder(table, owners)),
    ].join('\n'),
  );
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(
    [
      ...AMOUNTS.map(
        ([table, column]) => `
          alter table ${table} drop ${column}_order;
          create index ${table}_by_${column} on ${table} (tenant_id, (coalesce(${column}, '-Infinity'::numeric)), id)
            where deleted_at is null;`,
      ),
      ...EMPTY.map(([table, column, empty, carries]) =>
        sortIndex(table, column, `(coalesce(${column}, ${empty}))`, carries),
      ),
      ...Object.entries(OWNERS).map(([table, owners]) => finderBefore(table, owners)),
    ].join('\n'),
  );
}
