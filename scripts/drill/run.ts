// The drill: a company's data are spoilt, then the machine is lost. What comes back from the backup is compared with what was
// there, and timed.
import { chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startEmbeddedPostgres } from '../../src/platform/embedded_postgres.ts';
import { runAs } from '../../src/platform/embedded_postgres_binaries.ts';
import { filePath } from '../../src/platform/files.ts';
import { ROLES } from '../../src/platform/roles.ts';
import { fingerprint } from '../../test/helpers/fixture.ts';
import { findViolations } from '../../test/helpers/invariants.ts';
import { copyUploads, restoreBaseBackup, takeBaseBackup } from './base_backup.ts';
import { type Fingerprint, type Found, judgeEarlier, judgeNewest, type Known } from './judge.ts';
import {
  archiving,
  databaseOf,
  destroy,
  makeDatabase,
  recovering,
  smoke,
  startProduct,
  upload,
  Writer,
  withClient,
} from './scene.ts';

export interface DrillOptions {
  /** a new folder is made in it, and removed at the end */
  folder: string;
  /** migrates and fills the new database: at least two companies with customers, one administrator */
  fill(url: string): Promise<void>;
  /** what the archive may be behind, in seconds */
  archiveTimeout: number;
  /** false: nothing is waited for until it is on the disk, which the times then leave out (tests) */
  durable?: boolean;
  /** hears of every step that has ended */
  say?(step: string, seconds: number): void;
}

export interface DrillResult {
  /** why it failed; none when everything was compared and is as it must be */
  complaints: string[];
  /** of the base backup */
  bytes: number;
  /** seconds from an empty folder to a product that answers: as far as the archive goes, and to before the mistake */
  rto: { newest: number; before: number };
  /** how long before the loss the first change was confirmed that is gone, and how many are */
  rpo: { seconds: number; changes: number };
  /** changes that the product confirmed: before the mistake, and in all */
  confirmed: { before: number; all: number };
}

/** What the mistake writes into every customer of the company. */
const SPOILT = 'Oops';
/** A segment that is due still has to be copied. */
const ARCHIVE_GRACE = 5;

interface Places {
  durable: boolean;
  at(name: string): string;
  who: ReturnType<typeof runAs>;
  timed<T>(step: string, work: () => Promise<T>): Promise<[result: T, seconds: number]>;
}

/** Runs the drill on servers and in a folder of its own. @throws Error when it could not be gone through */
export async function runDrill(options: DrillOptions): Promise<DrillResult> {
  const who = runAs();
  const home = mkdtempSync(path.join(options.folder, 'rapport-drill-'));
  const at = (name: string) => path.join(home, name);
  mkdirSync(at('archive'), { mode: 0o700 });
  for (const name of [home, at('archive')]) give(name, who);
  const timed: Places['timed'] = async (step, work) => {
    const begin = performance.now();
    const result = await work();
    const seconds = (performance.now() - begin) / 1000;
    options.say?.(step, seconds);
    return [result, seconds];
  };
  const places = { at, who, timed, durable: options.durable ?? true };
  try {
    const { known, until, bytes } = await happen(places, options);
    const newest = await restore(places, null);
    const [complaints, lost] = judgeNewest(known, newest.found, options.archiveTimeout + ARCHIVE_GRACE);
    const earlier = await restore(places, until);
    complaints.push(...judgeEarlier(known, earlier.found));
    const isConfirmed = ({ confirmed }: { confirmed: number | null }) => confirmed !== null;
    return {
      complaints,
      bytes,
      rto: { newest: newest.seconds, before: earlier.seconds },
      rpo: { seconds: lost.length ? (known.lost - lost[0]!.confirmed!) / 1000 : 0, changes: lost.length },
      confirmed: {
        before: known.ledger.slice(0, known.before).filter(isConfirmed).length,
        all: known.ledger.filter(isConfirmed).length,
      },
    };
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

function give(name: string, { uid, gid }: Places['who']): void {
  if (uid !== undefined && gid !== undefined) chownSync(name, uid, gid);
}

/** Everything up to the loss. @returns what is known of it, the last instant at which all was well, and the backup's size */
async function happen(
  { at, timed, durable }: Places,
  options: DrillOptions,
): Promise<{ known: Known; until: string; bytes: number }> {
  const server = await startEmbeddedPostgres(at('live'), { durable, settings: archiving(options.archiveTimeout) });
  try {
    const [tenant] = await timed('data', () => makeDatabase(server, options.fill));
    const flaws = await findViolations(databaseOf(server));
    const running = await startProduct(server, at('live-files'));
    const writer = new Writer(running);
    try {
      await upload(running, 'Before the backup');
      const [bytes] = await timed('base backup, while it is written to', () =>
        takeBaseBackup(server.url, at('live'), at('backup')),
      );
      await upload(running, 'After the backup');
      await writer.more(5);
      const spoilt = await writer.pausedFor(() => spoil(databaseOf(server), tenant));
      const before = writer.ledger.length;
      await writer.more(5);
      await sleep((options.archiveTimeout + 1) * 1000);
      await copyUploads(at('live-files'), at('backup'));
      await writer.more(1);
      const lost = Date.now();
      await timed('loss of the machine', () => destroy(server, at('live')));
      await writer.stop();
      return {
        known: { ledger: writer.ledger, before, tables: spoilt.tables, flaws, lost },
        until: spoilt.until,
        bytes,
      };
    } finally {
      await writer.stop();
      await running.stop();
      rmSync(at('live-files'), { recursive: true, force: true });
    }
  } finally {
    await server.stop();
  }
}

/**
 * An UPDATE without WHERE, by a role that serves: it reaches the one company of its transaction.
 * @returns what stood in every table at an instant before it, by the database's clock
 */
async function spoil(url: string, tenant: string): Promise<{ tables: Fingerprint; until: string }> {
  return withClient(url, async (client) => {
    for (const giveUp = Date.now() + 120_000; Date.now() < giveUp; ) {
      const tables = await fingerprint(url);
      const { rows } = await client.query<{ now: string }>('select clock_timestamp()::text as now');
      // A worker may still be busy with a list; then what was found is of no one instant.
      if (JSON.stringify(await fingerprint(url)) !== JSON.stringify(tables)) continue;
      await client.query(`begin; set local role ${ROLES.app}; set local app.tenant_id = '${tenant}'`);
      const { rowCount } = await client.query('update customers set name = $1', [SPOILT]);
      await client.query('commit');
      if (!rowCount) throw new Error('the mistake changed nothing');
      return { tables, until: rows[0]!.now };
    }
    throw new Error('the product did not come to rest');
  });
}

/** Restores into an empty server, looks at everything, and starts the product on it. @param until null: all there is */
async function restore(
  { at, who, timed, durable }: Places,
  until: string | null,
): Promise<{ found: Found; seconds: number }> {
  const title = until === null ? 'as far as the archive goes' : 'to before the mistake';
  const [home, dataDir] = [at('restored'), at('restored-files')];
  const [server, toServer] = await timed(`database restored ${title}`, async () => {
    await restoreBaseBackup(at('backup'), home, who);
    writeFileSync(path.join(home, 'recovery.signal'), '', { mode: 0o600 });
    give(path.join(home, 'recovery.signal'), who);
    const started = await startEmbeddedPostgres(home, { durable, settings: recovering(until) });
    await withClient(started.url, async (client) => {
      const isBehind = async () => (await client.query('select pg_is_in_recovery() as yes')).rows[0].yes;
      while (await isBehind()) await sleep(20);
    });
    return started;
  });
  try {
    const [rows] = await timed('rows compared and checked', () => lookAt(databaseOf(server)));
    const [running, toProduct] = await timed('files restored, product answers', async () => {
      await copyUploads(at('backup'), dataDir);
      const started = await startProduct(server, dataDir);
      await smoke(started);
      return started;
    });
    const files = await checkFiles(databaseOf(server), dataDir).finally(() => running.stop());
    return { found: { ...rows, ...files }, seconds: toServer + toProduct };
  } finally {
    await server.stop();
    for (const name of [home, dataDir]) rmSync(name, { recursive: true, force: true });
  }
}

async function lookAt(url: string): Promise<Omit<Found, 'missing' | 'files'>> {
  const [violations, tables] = [await findViolations(url), await fingerprint(url)];
  return withClient(url, async (client) => {
    const { rows: names } = await client.query<{ name: string }>(
      `select external_id as name from customers where external_id like 'Ledger %'`,
    );
    const { rows } = await client.query<{ spoilt: number; tenants: number }>(
      'select count(*)::int as spoilt, count(distinct tenant_id)::int as tenants from customers where name = $1',
      [SPOILT],
    );
    const { spoilt, tenants } = rows[0]!;
    return {
      names: new Set(names.map((row) => row.name)),
      spoilt,
      elsewhere: Math.max(0, tenants - 1),
      violations,
      tables,
    };
  });
}

/** Every kept file that the database speaks of is there, with the size it says. */
async function checkFiles(url: string, dataDir: string): Promise<Pick<Found, 'missing' | 'files'>> {
  const rows = await withClient(url, async (client) => {
    const text = 'select file_key, file_bytes::float8 as bytes from imports where purged_at is null';
    return (await client.query<{ file_key: string; bytes: number }>(text)).rows;
  });
  const missing: string[] = [];
  for (const { file_key, bytes } of rows) {
    const found = await stat(filePath(dataDir, file_key)).catch(() => null);
    if (found?.size !== bytes) missing.push(`${file_key} (${found?.size ?? 'no'} of ${bytes} bytes)`);
  }
  return { missing, files: rows.length };
}
