import type { Knex } from 'knex';

/** Counts of tries where no Redis is configured; keys are keyed hashes. Losing them in a crash forgives a few tries. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create unlogged table rate_limits (
      key varchar(255) primary key,
      points integer not null default 0,
      expire bigint
    );
    create index rate_limits_expire on rate_limits (expire);
    grant select, insert, update, delete on rate_limits to rapport_platform;
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('drop table rate_limits');
}
