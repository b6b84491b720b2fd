// A base backup without pg_basebackup, which the embedded PostgreSQL does not bring: PostgreSQL's low-level interface and a copy of
// its folder, with a list of checksums that is looked at before anything is restored. Real installations use the tools that
// docs/backup.md names.
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { chmod, chown, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import pg from 'pg';
import type { RunAs } from '../../src/platform/embedded_postgres_binaries.ts';

const MANIFEST = 'manifest.json';
const DATA = 'data';
/** Folders whose content means nothing to another server (PostgreSQL's manual, "Making a base backup"). */
const EMPTIED = /^(pg_wal|pg_replslot|pg_dynshmem|pg_notify|pg_serial|pg_snapshots|pg_stat_tmp|pg_subtrans)$/;
const LEFT_OUT = /^(postmaster\.(pid|opts)|pgsql_tmp.*|pg_internal\.init.*)$/;

interface Copied {
  bytes: number;
  sha256: string;
}
interface Manifest {
  files: Record<string, Copied>;
}

/** The backup is not what it was when it was made; nothing was restored. */
export class DamagedBackup extends Error {}

/** Larger files are copied piece by piece. */
const WHOLE = 8 << 20;

/** Copies a file and says what it was. @returns null when it is gone: PostgreSQL removes files while it is copied */
async function copyFile(from: string, to: string, who: RunAs): Promise<Copied | null> {
  const hash = createHash('sha256');
  let bytes = 0;
  try {
    if ((await stat(from)).size <= WHOLE) {
      const content = await readFile(from);
      bytes = content.length;
      hash.update(content);
      await writeFile(to, content, { mode: 0o600 });
    } else {
      await pipeline(
        createReadStream(from, { highWaterMark: 1 << 20 }),
        async function* counted(source: AsyncIterable<Buffer>) {
          for await (const chunk of source) {
            bytes += chunk.length;
            hash.update(chunk);
            yield chunk;
          }
        },
        createWriteStream(to, { mode: 0o600 }),
      );
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    await rm(to, { force: true });
    return null;
  }
  await give(to, who);
  return { bytes, sha256: hash.digest('hex') };
}

async function give(name: string, who: RunAs): Promise<void> {
  if (who.uid !== undefined && who.gid !== undefined) await chown(name, who.uid, who.gid);
}

async function makeFolder(name: string, who: RunAs): Promise<void> {
  await mkdir(name, { recursive: true });
  await chmod(name, 0o700);
  await give(name, who);
}

/** Copies a folder with everything below it. @returns what was copied, by path */
async function copyTree(from: string, to: string, who: RunAs, skips: (name: string, below: string) => boolean) {
  const files: Manifest['files'] = {};
  const copy = async (below: string): Promise<void> => {
    await makeFolder(path.join(to, below), who);
    for (const entry of await readdir(path.join(from, below), { withFileTypes: true })) {
      if (skips(entry.name, below)) continue;
      const name = path.join(below, entry.name);
      if (entry.isDirectory()) await copy(name);
      else if (entry.isFile()) {
        const found = await copyFile(path.join(from, name), path.join(to, name), who);
        if (found) files[name] = found;
      } else
        throw new Error(`${path.join(from, name)} is neither a file nor a folder: tablespaces are not backed up here`);
    }
  };
  await copy('');
  return files;
}

/**
 * Backs a running server up while it is written to. The backup is whole together with the archived log from its start to its end.
 * @param url superuser's @param home the server's data folder @param to a folder that does not exist yet
 * @returns its size in bytes
 */
export async function takeBaseBackup(url: string, home: string, to: string): Promise<number> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await mkdir(to, { mode: 0o700 });
    await client.query(`select pg_backup_start('drill', fast => true)`);
    const skips = (name: string, below: string) => LEFT_OUT.test(name) || EMPTIED.test(path.basename(below));
    const files = await copyTree(home, path.join(to, DATA), {}, skips);
    const { rows } = await client.query<{ labelfile: string }>(
      'select labelfile from pg_backup_stop(wait_for_archive => true)',
    );
    const label = rows[0]!.labelfile;
    await writeFile(path.join(to, DATA, 'backup_label'), label, { mode: 0o600 });
    files.backup_label = { bytes: Buffer.byteLength(label), sha256: createHash('sha256').update(label).digest('hex') };
    // Last: a backup that was cut short has no list, and is refused.
    await writeFile(path.join(to, MANIFEST), JSON.stringify({ files } satisfies Manifest), { mode: 0o600 });
    return Object.values(files).reduce((sum, { bytes }) => sum + bytes, 0);
  } finally {
    await client.end();
  }
}

/**
 * Puts a backup where a server can start from it, and checks on the way that every file is what was backed up.
 * @param home a folder that does not exist yet @param who runs the server
 * @throws DamagedBackup naming the first file that is missing, cut or changed; then `home` is not there
 */
export async function restoreBaseBackup(from: string, home: string, who: RunAs): Promise<void> {
  const { files } = await readManifest(from);
  for (const [name, { bytes }] of Object.entries(files)) {
    const found = await stat(path.join(from, DATA, name)).catch(() => null);
    if (!found) throw new DamagedBackup(`${name} is missing from the backup`);
    if (found.size !== bytes) throw new DamagedBackup(`${name} has ${found.size} bytes instead of ${bytes}`);
  }
  try {
    const copied = await copyTree(path.join(from, DATA), home, who, () => false);
    for (const [name, { sha256 }] of Object.entries(files))
      if (copied[name]?.sha256 !== sha256) throw new DamagedBackup(`${name} is not what was backed up`);
  } catch (error) {
    await rm(home, { recursive: true, force: true });
    throw error;
  }
}

async function readManifest(from: string): Promise<Manifest> {
  const text = await readFile(path.join(from, MANIFEST), 'utf8').catch(() => '');
  let manifest: Manifest | null = null;
  try {
    manifest = JSON.parse(text);
  } catch {
    // said below
  }
  const count = Object.keys(manifest?.files ?? {}).length;
  if (!manifest || !count)
    throw new DamagedBackup(`${from} has no list of its files: it was cut short or is no backup`);
  return manifest;
}

/** Files that people uploaded: copies those that are not there yet. They are written once and never changed. */
export async function copyUploads(from: string, to: string): Promise<number> {
  const root = path.join(from, 'files');
  const names = await readdir(root, { recursive: true }).catch(() => [] as string[]);
  let copied = 0;
  for (const name of names) {
    const [source, target] = [path.join(root, name), path.join(to, 'files', name)];
    const found = await stat(source).catch(() => null);
    if (!found?.isFile() || name.endsWith('.part') || (await stat(target).catch(() => null))) continue;
    await mkdir(path.dirname(target), { recursive: true, mode: 0o700 });
    if (await copyFile(source, target, {})) copied += 1;
  }
  return copied;
}
