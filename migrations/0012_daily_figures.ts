import type { Knex } from 'knex';

/**
 * How things stood at the end of each day: counted once, soon after midnight in the tenant's zone, and never changed, so that
 * what a report said of last month stays said. `taken_at` tells when exactly.
 * A row for each person, status and currency that something had; persons who have nothing have no row.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table daily_snapshots (
      tenant_id uuid not null references tenants (id),
      day date not null,
      taken_at timestamptz not null default now(),
      primary key (tenant_id, day)
    );
    call protect_tenant_table('daily_snapshots');

    create table daily_figures (
      tenant_id uuid not null,
      id uuid not null default new_id(),
      day date not null,
      entity text not null check (entity in ('customer', 'lead', 'project')),
      person_id uuid,
      status text not null,
      currency text not null default '',
      records bigint not null check (records > 0),
      amount numeric(30, 2) not null default 0,
      primary key (tenant_id, id),
      foreign key (tenant_id, day) references daily_snapshots (tenant_id, day) on delete cascade,
      foreign key (tenant_id, person_id) references users (tenant_id, id)
    );
    call protect_tenant_table('daily_figures');
    create unique index daily_figures_once on daily_figures (tenant_id, entity, day, person_id, status, currency) nulls not distinct;
    create index daily_figures_day on daily_figures (tenant_id, day);
    create index daily_figures_person on daily_figures (tenant_id, person_id);

    revoke update on daily_snapshots, daily_figures from rapport_app;
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('drop table daily_figures; drop table daily_snapshots;');
}
