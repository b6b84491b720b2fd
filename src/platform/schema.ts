import { readdirSync } from 'node:fs';
import path from 'node:path';
import type pg from 'pg';

const FOLDER = path.join(import.meta.dirname, '../../migrations');

/** Names of the migrations that this version of the code relies on. */
const needed = (): string[] => readdirSync(FOLDER).filter((name) => /^\d+_\w+\.ts$/.test(name));

/**
 * Whether the database's schema will do for this code. A newer one does (expand first, contract later).
 * @returns null, or what to do about it
 */
export async function schemaProblem(pool: pg.Pool): Promise<string | null> {
  const { rows } = await pool.query<{ there: boolean; readable: boolean }>(
    `select to_regclass('public.request_keys') is not null as there,
       coalesce(has_table_privilege(to_regclass('public.schema_migrations'), 'select'), false) as readable`,
  );
  if (!rows[0]?.there) return 'The database has no schema yet. Run: npm run migrate';
  if (!rows[0].readable) return null; // migrated before we could look; the first page would tell
  const { rows: done } = await pool.query<{ name: string }>('select name from schema_migrations');
  const names = new Set(done.map(({ name }) => name));
  const missing = needed().filter((name) => !names.has(name));
  return missing.length ? `The database's schema lacks ${missing.join(', ')}. Run: npm run migrate` : null;
}
