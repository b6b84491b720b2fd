import type { Knex } from 'knex';

/** When an import's file and rows were removed, having served their time; the import itself and its counts stay. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table imports add column purged_at timestamptz;
    create index imports_kept on imports (tenant_id, updated_at) where purged_at is null;
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('alter table imports drop column purged_at');
}
