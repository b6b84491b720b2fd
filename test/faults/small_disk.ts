// A disk with little room, really full where mounting is allowed.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, mkdtempSync, openSync, readdirSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

export interface SmallDisk {
  /** An empty folder on it. */
  folder: string;
  /** Whether it is a disk; else a folder like any other, and something else has to set the limit. */
  real: boolean;
  /** Takes all the room that is left; of a disk that is not real, nothing. */
  fill(): void;
  /** Gives back what `fill` took. */
  makeRoom(): void;
  end(): void;
}

/** @param bytes how much fits on it */
export function smallDisk(bytes: number): SmallDisk {
  const root = mkdtempSync(path.join(tmpdir(), 'rapport-full-'));
  const real = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes},mode=755`, 'rapport-full', root]).status === 0;
  if (real) endWithUs(root);
  const folder = path.join(root, 'data');
  mkdirSync(folder);
  const ballast = path.join(root, 'ballast');
  return {
    folder,
    real,
    fill: () => {
      if (real) writeUntilFull(ballast);
    },
    makeRoom: () => rmSync(ballast, { force: true }),
    end: () => {
      if (real) execFileSync('umount', [root]);
      rmSync(root, { recursive: true, force: true });
    },
  };
}

/** Takes the disk away when our end of a pipe closes, so that an interrupted run leaves none behind. */
function endWithUs(root: string): void {
  const child = spawn('/bin/sh', ['-c', 'read _; umount -l "$0"', root], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  child.unref();
  (child.stdin as unknown as { unref(): void }).unref();
}

function writeUntilFull(file: string): void {
  const fd = openSync(file, 'a');
  try {
    for (let size = 2 ** 20; size >= 2 ** 12; ) {
      try {
        writeSync(fd, Buffer.alloc(size));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
        size /= 2;
      }
    }
  } finally {
    closeSync(fd);
  }
}

/** Uploaded files in DATA_DIR. */
export const filesIn = (folder: string): string[] =>
  (readdirSync(folder, { recursive: true }) as string[]).filter((name) => /[0-9a-f]{32}/.test(name));
