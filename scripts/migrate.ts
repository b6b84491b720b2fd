import { pathToFileURL } from 'node:url';
import { runMigrations } from 'graphile-worker';
import knexFactory from 'knex';
import pg from 'pg';
import { migrationConfig } from '../knexfile.ts';
import { prepareDatabase, ROLES } from '../src/platform/roles.ts';

/** One migration at a time, whoever starts it; a killed one leaves Knex's own lock row behind, which this makes harmless. */
const MIGRATION_LOCK = 7_269_847;

/**
 * Brings a database to the present schema: roles, extensions, our migrations, the job queue's tables.
 * Safe to run twice, from two processes, and after a kill.
 * @param databaseUrl a login that is superuser, or owns the database and has CREATEROLE
 * @returns names of the migrations that ran now
 */
export async function migrate(databaseUrl: string): Promise<string[]> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    await client.query('select pg_advisory_lock($1)', [MIGRATION_LOCK]);
    await prepareDatabase(client);
    const knex = knexFactory(migrationConfig(databaseUrl));
    try {
      // We hold the only lock that counts, so a lock row left by a killed run may go.
      if (await knex.schema.hasTable('schema_migrations_lock')) await knex.migrate.forceFreeMigrationsLock();
      const [, ran] = (await knex.migrate.latest()) as [number, string[]];
      await client.query(`grant select on schema_migrations to ${ROLES.platform}`); // a serving process looks before it serves
      await migrateJobQueue(databaseUrl);
      await letBackupRead(client);
      return ran;
    } finally {
      await knex.destroy();
    }
  } finally {
    await client.end();
  }
}

/** A dump has all there is, what belongs to no tenant too; else pg_dump would stop at the first table it may not read. */
async function letBackupRead(client: pg.Client): Promise<void> {
  await client.query(`
    grant usage on schema public, graphile_worker to ${ROLES.backup};
    grant select on all tables in schema public, graphile_worker to ${ROLES.backup};
    grant select on all sequences in schema public, graphile_worker to ${ROLES.backup};
  `);
}

/** graphile-worker's schema belongs to the platform role, the only one that picks up jobs. */
async function migrateJobQueue(databaseUrl: string): Promise<void> {
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 2, options: `-c role=${ROLES.platform}` });
  pool.on('error', () => {});
  pool.on('connect', (connection) => connection.on('error', () => {}));
  try {
    await runMigrations({ pgPool: pool });
    // The application's one door to the queue: a job always carries its tenant, taken from the transaction. The queue counts
    // the deaths of workers as attempts, also when the job got on each time; so it has many, and the job itself says when it
    // gets nowhere.
    await pool.query(`
      create or replace function graphile_worker.rapport_enqueue(task text, payload json, key text, at timestamptz)
        returns text language sql security definer set search_path = pg_catalog, pg_temp
        as $$ select (graphile_worker.add_job(task, payload, job_key => key, run_at => at, max_attempts => 25)).id::text $$;
      revoke all on function graphile_worker.rapport_enqueue(text, json, text, timestamptz) from public;
      grant usage on schema graphile_worker to ${ROLES.app};
      grant execute on function graphile_worker.rapport_enqueue(text, json, text, timestamptz) to ${ROLES.app};
    `);
  } finally {
    await pool.end();
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const url = process.env.MIGRATION_DATABASE_URL ?? process.env.DATABASE_URL;
  if (!url) {
    console.error('Set DATABASE_URL (or MIGRATION_DATABASE_URL, a login that may create roles) and run again.');
    process.exit(1);
  }
  const ran = await migrate(url);
  console.log(ran.length ? `Ran ${ran.join(', ')}` : 'The database is up to date.');
}
