import type { Knex } from 'knex';

/** How somebody arranged their dashboard; who has no row sees what is customary for their role. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table dashboards (
      tenant_id uuid not null,
      user_id uuid not null,
      widgets jsonb not null check (jsonb_typeof(widgets) = 'array'),
      period text not null,
      version integer not null default 1,
      updated_at timestamptz not null default now(),
      primary key (tenant_id, user_id),
      foreign key (tenant_id, user_id) references users (tenant_id, id) on delete cascade
    );
    call protect_tenant_table('dashboards');
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('drop table dashboards');
}
