import type { Knex } from 'knex';

/** Answers of reports that take long among many records, kept for a short while with the instant they are of. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table report_answers (
      tenant_id uuid not null references tenants (id),
      key text not null,
      computed_at timestamptz not null,
      answer jsonb not null,
      primary key (tenant_id, key)
    );
    call protect_tenant_table('report_answers');
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('drop table report_answers;');
}
