import { randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
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

/** Removes a kept file; one that is gone already is fine. */
export async function removeFile(dataDir: string, key: string): Promise<void> {
  await rm(filePath(dataDir, key), { force: true });
}
