import type { Knex } from 'knex';

/** Errors mended on the page of an import: what was typed stands beside what was read, and is used instead of it. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw('alter table import_rows add column fixed jsonb');
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('alter table import_rows drop column fixed');
}
