import { randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/** A file as it was kept: nothing of the name it came with is in its key. */
export interface StoredFile {
  key: string;
  bytes: number;
}

/** More bytes came than one file may have. */
export class FileTooLarge extends Error {}

const KEY = /^[0-9a-f]{32}$/;
/** A kept file, or one that is being written. */
const ORPHAN = /^[0-9a-f]{32}(\.part)?$/;

/** Where a kept file lies. @throws Error for anything that is no key of ours */
export function filePath(dataDir: string, key: string): string {
  if (!KEY.test(key)) throw new Error('not a key of a stored file');
  return path.join(path.resolve(dataDir), 'files', key.slice(0, 2), key);
}

/**
 * Keeps what a stream brings under a random key. Whatever goes wrong on the way (too large, cut off, disk full) leaves
 * nothing behind.
 * @param most bytes that are taken at most
 * @throws FileTooLarge, or what the stream or the disk says
 */
export async function keepFile(dataDir: string, content: Readable, most: number): Promise<StoredFile> {
  const key = randomBytes(16).toString('hex');
  const target = filePath(dataDir, key);
  const draft = `${target}.part`;
  let bytes = 0;
  try {
    await mkdir(path.dirname(target), { recursive: true, mode: 0o700 });
    await pipeline(
      content,
      async function* counted(source: AsyncIterable<Buffer>) {
        for await (const chunk of source) {
          bytes += chunk.length;
          if (bytes > most) throw new FileTooLarge(`more than ${most} bytes`);
          yield chunk;
        }
      },
      createWriteStream(draft, { mode: 0o600 }),
    );
    await rename(draft, target);
    return { key, bytes };
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}

/** So many files or fewer may all be orphans; of more at least half must belong to something. */
const PLAUSIBLE = 100;

/**
 * Removes the files that belong to nothing: what a process left that died between keeping a file and committing what it
 * belongs to, or while it was being sent. Safe to run in several processes at once.
 * @param known keys of all files that belong to something
 * @param before only files last written before this, as younger ones may be on their way; ms since 1970
 * @returns how many were removed
 * @throws Error when most files would go: then this is another installation's database or folder, and nothing is removed
 */
export async function removeOrphans(dataDir: string, known: ReadonlySet<string>, before: number): Promise<number> {
  const root = path.join(path.resolve(dataDir), 'files');
  const names = (await readdir(root, { recursive: true }).catch(() => [])).filter((name) =>
    ORPHAN.test(path.basename(name)),
  );
  const orphans: string[] = [];
  for (const name of names) {
    if (known.has(path.basename(name))) continue;
    const found = await stat(path.join(root, name)).catch(() => null); // another process may have been quicker
    if (found?.isFile() && found.mtimeMs < before) orphans.push(name);
  }
  if (orphans.length > PLAUSIBLE && orphans.length > names.length / 2)
    throw new Error(
      `${orphans.length} of ${names.length} files in ${root} belong to nothing in this database; none was removed. Check DATA_DIR and DATABASE_URL.`,
    );
  for (const name of orphans) await rm(path.join(root, name), { force: true });
  return orphans.length;
}

/** Removes a kept file; one that is gone already is fine. */
export async function removeFile(dataDir: string, key: string): Promise<void> {
  await rm(filePath(dataDir, key), { force: true });
}
