// The large data set, kept between runs: built when there is none of these options, rows and migrations, else used as it is.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { startEmbeddedPostgres } from '../src/platform/embedded_postgres.ts';
import { hashPassword } from '../src/platform/passwords.ts';
import { fillDataset, type Size } from './dataset_fill.ts';
import { type Ground, openDatabase, PASSWORD } from './ground.ts';
import { machine, megabytes, seconds } from './result.ts';
import { parentOf } from './watched.ts';

const ROOT = path.resolve(import.meta.dirname, '..');
/** Where sets are kept; git does not see it. */
export const DATA_FOLDER = path.join(ROOT, '.data/bench');
const DAY_MS = 86_400_000;
/** "This month" of an older set is empty. */
const MOST_DAYS = 30;

/** What `--customers`, `--tenants`, `--quick` and `--data` of a command mean. */
export const DATASET_OPTIONS = {
  customers: { type: 'string' },
  tenants: { type: 'string' },
  quick: { type: 'boolean', default: false },
  data: { type: 'string', default: DATA_FOLDER },
} as const;

/** What is known of a set that was built whole. */
interface Built extends Size {
  /** see `sources`, when it was used last */
  sources: Record<string, string>;
  seconds: number;
  bytes: number;
  at: string;
}

export interface Dataset extends Built {
  /** folder of the PostgreSQL server that holds it */
  home: string;
}

/** @throws Error with what an option takes */
export function datasetSize(values: { customers?: string; tenants?: string; quick: boolean }): Size {
  const whole = (name: 'customers' | 'tenants', initial: number) => {
    const value = Number(values[name] ?? initial);
    if (!Number.isInteger(value) || value < 1) throw new Error(`--${name} takes a whole number`);
    return value;
  };
  const [customers, tenants] = values.quick ? [20_000, 4] : [1_000_000, 20];
  return { customers: whole('customers', customers), tenants: whole('tenants', tenants) };
}

/** The set of this size, built first if need be, which takes minutes. @param folder where sets are kept */
export async function keptDataset(size: Size, folder: string): Promise<Dataset> {
  const home = path.resolve(folder, `${size.customers}x${size.tenants}`);
  const note = path.join(home, 'built.json');
  removeDrafts(home);
  const now = sources();
  const kept = existsSync(note) ? (JSON.parse(readFileSync(note, 'utf8')) as Built) : null;
  if (kept && isUsable(kept, now)) {
    const fresh = Object.keys(now).filter((file) => !kept.sources[file]);
    if (fresh.length) console.error(`${fresh.join(', ')} will run on the data set, as on any installation`);
    writeFileSync(note, JSON.stringify({ ...kept, sources: now }, null, 2));
    return told({ ...kept, home: path.join(home, 'postgres') }, 'kept from an earlier run');
  }
  refuseServed(path.join(home, 'postgres'));
  const draft = `${home}.draft-${process.pid}`;
  mkdirSync(draft, { recursive: true });
  const begin = performance.now();
  const bytes = await build(path.join(draft, 'postgres'), size);
  const took = (performance.now() - begin) / 1000;
  const built: Built = { ...size, sources: now, seconds: took, bytes, at: new Date().toISOString() };
  writeFileSync(path.join(draft, 'built.json'), JSON.stringify(built, null, 2));
  refuseServed(path.join(home, 'postgres'));
  rmSync(home, { recursive: true, force: true });
  renameSync(draft, home);
  return told({ ...built, home: path.join(home, 'postgres') }, 'built now');
}

/** What a run was made with, for its first lines; and the first process of PostgreSQL. */
export async function aboutRun(ground: Ground, set: Dataset): Promise<{ about: string[]; postgres: number }> {
  const [server] = await ground.sql<{ server_version: string; pid: number }>(
    `select current_setting('server_version') as server_version, pg_backend_pid() as pid`,
  );
  const about = [
    machine(server!.server_version),
    `${set.customers} customers in the company asked, ${set.tenants} companies, ${megabytes(set.bytes)}, built in ${seconds(set.seconds)}`,
  ];
  return { about, postgres: parentOf(server!.pid) };
}

/** Whether nothing that the set was made of has changed or gone, and it is not too old. */
const isUsable = (kept: Built, now: Record<string, string>): boolean =>
  Object.entries(kept.sources).every(([file, hash]) => now[file] === hash) &&
  Date.now() - Date.parse(kept.at) < MOST_DAYS * DAY_MS;

function told(set: Dataset, how: string): Dataset {
  const size = `${set.customers} customers, ${set.tenants} tenants`;
  console.error(`data set of ${size}: ${how}; building took ${seconds(set.seconds)}, ${megabytes(set.bytes)} on disk`);
  return set;
}

/** Without fsync: a set that is not finished is thrown away. @returns bytes of the database on disk */
async function build(home: string, size: Size): Promise<number> {
  const postgres = await startEmbeddedPostgres(home, { durable: false });
  try {
    const [client] = await openDatabase(postgres.url);
    try {
      const sql = async (text: string, values: unknown[] = []) => (await client.query(text, values)).rows as never;
      await fillDataset(sql, size, await hashPassword(PASSWORD), (line) => console.error(line));
      const { rows } = await client.query('select pg_database_size(current_database())::float8 as bytes');
      return rows[0].bytes;
    } finally {
      await client.end();
    }
  } finally {
    await postgres.stop();
  }
}

/** What a set follows from: file -> hash of what stands in it. */
function sources(): Record<string, string> {
  const names = readdirSync(path.join(ROOT, 'migrations')).map((name) => `migrations/${name}`);
  const files = [...names, 'bench/dataset_rows.ts', 'bench/dataset_fill.ts'].sort();
  const hash = (file: string) =>
    createHash('sha256')
      .update(readFileSync(path.join(ROOT, file)))
      .digest('hex');
  return Object.fromEntries(files.map((file) => [file, hash(file)]));
}

/** @throws Error when a server, of another run then, has these files open */
function refuseServed(home: string): void {
  const lock = path.join(home, 'postmaster.pid');
  const pid = existsSync(lock) ? readFileSync(lock, 'utf8').split('\n')[0] : '';
  if (pid && existsSync(`/proc/${pid}`))
    throw new Error(`another run uses ${home}, which has to be built anew: end it first`);
}

/** Clears what builds that were killed left behind. */
function removeDrafts(home: string): void {
  const parent = path.dirname(home);
  if (!existsSync(parent)) return;
  for (const name of readdirSync(parent)) {
    const pid = /\.draft-(\d+)$/.exec(name)?.[1];
    if (pid && !existsSync(`/proc/${pid}`)) rmSync(path.join(parent, name), { recursive: true, force: true });
  }
}
