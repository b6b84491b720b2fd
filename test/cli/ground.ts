// Runs the operator's tool as an operator does: as a process of its own, against a database of this test file.
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import type pg from 'pg';
import type { TestApp } from '../helpers/app.ts';

const PROJECT = path.join(import.meta.dirname, '..', '..');

export interface Said {
  code: number | null;
  /** standard output and standard error, without the line end */
  out: string;
  err: string;
}

/** @param input what the command finds on standard input */
export function cli(args: readonly string[], env: Record<string, string>, input = ''): Promise<Said> {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', 'scripts/cli.ts', ...args], {
    cwd: PROJECT,
    env: { ...process.env, ...env },
  });
  const said: Said = { code: null, out: '', err: '' };
  child.stdout.on('data', (chunk) => {
    said.out += chunk;
  });
  child.stderr.on('data', (chunk) => {
    said.err += chunk;
  });
  child.stdin.end(input);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, out: said.out.trimEnd(), err: said.err.trimEnd() }));
  });
}

/** The tool on the machine that an app runs on: with its database and its folder for files. */
export const cliOf = ({ database, platform }: TestApp, ...args: string[]): Promise<Said> =>
  cli(args, { DATABASE_URL: database.url, DATA_DIR: platform.config.data_dir });

/** A file on that machine. @returns its path; it goes with the app */
export function fileOf({ platform }: TestApp, name: string, text: string): string {
  const at = path.join(platform.config.data_dir, name);
  writeFileSync(at, text);
  return at;
}

/** How many rows of a tenant every table with tenant_id holds, from the catalogue; as superuser, whom no lock stops. */
export async function rowsOf(client: pg.Client, slug: string, id?: string): Promise<Map<string, number>> {
  const { rows: tables } = await client.query<{ name: string }>(
    `select c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where n.nspname = 'public' and c.relkind in ('r', 'p') and exists (
       select from pg_attribute a where a.attrelid = c.oid and a.attname = 'tenant_id')`,
  );
  const tenant = id ?? (await client.query('select id from tenants where slug = $1', [slug])).rows[0].id;
  const counts = new Map<string, number>();
  for (const { name } of tables) {
    const { rows } = await client.query(`select count(*)::int as n from ${name} where tenant_id = $1`, [tenant]);
    counts.set(name, rows[0].n);
  }
  return counts;
}
