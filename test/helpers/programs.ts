// Programs that are no npm packages: found on the PATH, else installed where we may.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';

export interface Program {
  /** Names under which it may stand on the PATH. */
  names: string[];
  /** Its Debian package. */
  apt: string;
  /** What prints its version, to tell a program from a stub that only advertises one. */
  versionFlag: string;
}

export const REDIS: Program = { names: ['redis-server'], apt: 'redis-server', versionFlag: '--version' };
export const CHROMIUM: Program = {
  names: ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'],
  apt: 'chromium',
  versionFlag: '--version',
};
export const PDFTOPPM: Program = { names: ['pdftoppm'], apt: 'poppler-utils', versionFlag: '-v' };

/** Where a program that runs stands on the PATH, or undefined. */
export function findProgram(program: Program): string | undefined {
  const folders = (process.env.PATH ?? '').split(path.delimiter).filter((folder) => path.isAbsolute(folder));
  return program.names
    .flatMap((name) => folders.map((folder) => path.join(folder, name)))
    .find((file) => existsSync(file) && spawnSync(file, [program.versionFlag], { stdio: 'ignore' }).status === 0);
}

/**
 * Sees to it that all these programs can be run: installs missing ones with apt-get when we are root and have it.
 * Throws with a line that says what to install otherwise.
 */
export function ensurePrograms(programs: Program[]): void {
  const missing = () => programs.filter((program) => findProgram(program) === undefined).map(({ apt }) => apt);
  const wanted = missing();
  if (wanted.length === 0) return;
  const advice = `the tests need ${wanted.join(', ')}: install with \`apt-get install ${wanted.join(' ')}\` or the like`;
  if (process.getuid?.() !== 0 || aptGet('--version') !== undefined) throw new Error(advice);
  console.log(`installing ${wanted.join(', ')} with apt-get …`);
  const failure =
    aptGet('update', '-q') ?? aptGet('install', '-y', '-q', '--no-install-recommends', ...wanted) ?? undefined;
  if (missing().length > 0) throw new Error(failure ? `${advice}\n${failure}` : advice);
}

/** Undefined when it went well, else what it said. */
function aptGet(...args: string[]): string | undefined {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const run = spawnSync('apt-get', args, { env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  return run.status === 0 ? undefined : `${run.error ?? ''}${(run.stdout ?? '') + (run.stderr ?? '')}`.slice(-2000);
}
