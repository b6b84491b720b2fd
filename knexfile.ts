import type { Knex } from 'knex';

/**
 * Migrations as Knex runs them, always as the owner of the tables. `npm run migrate` (scripts/migrate.ts) is the door:
 * it prepares roles and extensions first; this file also serves Knex's own command line for writing new migrations.
 * @param connectionString a login that may act as rapport_owner
 */
export function migrationConfig(connectionString: string): Knex.Config {
  return {
    client: 'pg',
    connection: { connectionString, options: '-c role=rapport_owner -c lock_timeout=10000' },
    pool: { min: 0, max: 1 },
    migrations: {
      directory: `${import.meta.dirname}/migrations`,
      extension: 'ts',
      loadExtensions: ['.ts'],
      tableName: 'schema_migrations',
    },
  };
}

export default migrationConfig(process.env.MIGRATION_DATABASE_URL ?? process.env.DATABASE_URL ?? '');
