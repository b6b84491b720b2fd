// The PostgreSQL of the demo, of development and of the tests: the real server, in a folder, with nothing to install.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { type Binaries, embeddedBinaries, type RunAs, runAs } from './embedded_postgres_binaries.ts';

export interface EmbeddedPostgres {
  /** Connects as the superuser `postgres` to the database `postgres`. */
  url: string;
  /** True when the server was running already; then its owner stops it and `stop` does nothing. */
  adopted: boolean;
  stop(): Promise<void>;
}

const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 30_000;
/** Short, because the kernel still takes connections for a server that was killed this moment, and nobody answers. */
const CONNECT_TIMEOUT_MS = 1_000;
const PASSWORD_FILE = 'rapport.password';
const LOG_KEPT_BYTES = 1 << 20;
/** PostgreSQL asks for next to nothing by itself; a sixteenth of the machine keeps the indexes of a large list in memory. */
const MEMORY = [
  `shared_buffers=${Math.min(1024, Math.max(128, Math.floor(os.totalmem() / 2 ** 24)))}MB`,
  'max_wal_size=4GB',
];
/** A crash may lose everything: for databases that live as long as a test run. */
const HASTY = ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off'];
/** What a start says when a predecessor or a rival is still about: worth another try. */
const PASSES = /already exists|in use|could not bind/i;

/**
 * Runs postgres and stops it when our end of its standard input closes, which happens even when we are killed by
 * SIGKILL: no orphan. It stands in a session of its own, so Ctrl-C reaches only us and we stop it in order.
 */
const WRAPPER =
  'exec 3<&0; "$@" </dev/null 3<&- & p=$!; (read _ <&3; kill -INT $p 2>/dev/null) & w=$!; wait $p; rc=$?; kill $w 2>/dev/null; exit $rc';

/**
 * Starts PostgreSQL with its data in `dir` (made on the first start), on a free port of 127.0.0.1, with a random
 * password kept in a file that only its user reads. A server that already runs there is adopted; what a killed
 * server left behind is cleared. `durable: false` trades crash safety for speed (tests); `settings` are PostgreSQL's
 * own, each `name=value`.
 * Throws when this platform has no embedded PostgreSQL or it does not start, with the end of its log (`<dir>.log`).
 */
export async function startEmbeddedPostgres(
  dir: string,
  options: { durable?: boolean; settings?: readonly string[] } = {},
): Promise<EmbeddedPostgres> {
  const durable = options.durable ?? true;
  const settings = [...MEMORY, ...(durable ? [] : HASTY), ...(options.settings ?? [])];
  const home = path.resolve(dir);
  const who = ownerOf(home) ?? runAs();
  const programs = embeddedBinaries(who);
  if (!isCluster(home)) await initialise(home, programs, who, durable);
  const password = fs.readFileSync(path.join(home, PASSWORD_FILE), 'utf8').trim();

  const deadline = Date.now() + START_TIMEOUT_MS;
  for (;;) {
    const running = await findRunning(home, password, deadline);
    if (running) return running;
    const attempt = await launch(home, programs, who, password, settings);
    if (!('failure' in attempt)) return attempt;
    if (!PASSES.test(attempt.failure) || Date.now() > deadline) {
      throw new Error(`PostgreSQL did not start in ${home}:\n${attempt.failure}`);
    }
    await sleep(200);
  }
}

function isCluster(home: string): boolean {
  return fs.existsSync(path.join(home, PASSWORD_FILE));
}

/** A folder that exists belongs to the user it was made for, even if we would choose another one today. */
function ownerOf(home: string): RunAs | undefined {
  const self = process.getuid?.();
  if (self === undefined || !fs.existsSync(home)) return undefined;
  const { uid, gid } = fs.statSync(home);
  if (self === 0) return uid === 0 ? undefined : { uid, gid };
  if (uid !== self) throw new Error(`${home} belongs to another user: run as that user, or choose another DATA_DIR`);
  return {};
}

/**
 * The data folder as PostgreSQL is told it. Run for another user, it starts inside the folder and calls it its
 * current one: so it never has to walk there through folders that this user may not enter (root's home, mktemp -d).
 */
function folderName(home: string, who: RunAs): string {
  return who.uid !== undefined && process.platform === 'linux' ? '/proc/self/cwd' : home;
}

function surroundings(home: string, who: RunAs) {
  return { ...who, cwd: home, env: { PATH: '/usr/local/bin:/usr/bin:/bin', LC_ALL: 'C' } };
}

/** Builds the cluster beside its place and renames it when whole: cut short, it leaves nothing that looks finished. */
async function initialise(home: string, programs: Binaries, who: RunAs, durable: boolean): Promise<void> {
  if (fs.existsSync(home) && fs.readdirSync(home).length > 0) {
    throw new Error(`${home} is not empty and holds no database of ours: choose another DATA_DIR or remove it`);
  }
  const draft = `${home}.new-${process.pid}`;
  removeDrafts(home);
  fs.mkdirSync(draft, { recursive: true, mode: 0o700 });
  give(draft, who);
  try {
    const password = randomBytes(18).toString('base64url');
    await initdb(draft, programs, who, password, durable);
    const file = path.join(draft, PASSWORD_FILE);
    fs.writeFileSync(file, `${password}\n`, { mode: 0o600 });
    give(file, who);
    fs.renameSync(draft, home);
  } catch (error) {
    fs.rmSync(draft, { recursive: true, force: true });
    if (!isCluster(home)) throw error; // else another start was quicker, and its cluster will do
  }
}

/** Clears what starts that were killed in the middle left behind (and, by chance of number, our own name). */
function removeDrafts(home: string): void {
  const parent = path.dirname(home);
  if (!fs.existsSync(parent)) return;
  const draft = new RegExp(`^${RegExp.escape(path.basename(home))}\\.new-(\\d+)(\\.password)?$`);
  for (const name of fs.readdirSync(parent)) {
    const pid = draft.exec(name)?.[1];
    if (pid === undefined || (Number(pid) !== process.pid && isAlive(Number(pid)))) continue;
    fs.rmSync(path.join(parent, name), { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function give(name: string, who: RunAs): void {
  if (who.uid !== undefined && who.gid !== undefined) fs.chownSync(name, who.uid, who.gid);
}

async function initdb(draft: string, programs: Binaries, who: RunAs, password: string, durable: boolean) {
  const secret = `${draft}.password`; // beside the folder, which initdb wants empty
  fs.writeFileSync(secret, `${password}\n`, { mode: 0o600 });
  give(secret, who);
  const fd = fs.openSync(secret, 'r');
  const passwordFile = process.platform === 'linux' ? '/proc/self/fd/3' : secret; // reached like the folder, see above
  // Without these it follows LANG and can end up as SQL_ASCII.
  const locale = ['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'];
  const access = ['-U', 'postgres', `--pwfile=${passwordFile}`, '--auth=scram-sha-256'];
  const flags = ['-D', folderName(draft, who), ...access, ...locale, ...(durable ? [] : ['--no-sync'])];
  try {
    const stdio = ['ignore', 'ignore', 'pipe', fd] as const;
    const child = spawn(programs.initdb, flags, { ...surroundings(draft, who), stdio: [...stdio] });
    let said = '';
    child.stderr?.on('data', (chunk) => {
      said += chunk;
    });
    const code = await new Promise<number | null>((resolve, reject) => {
      child.on('error', reject);
      child.on('close', resolve);
    });
    if (code !== 0) throw new Error(`initdb failed for ${draft}:\n${said}`);
  } finally {
    fs.closeSync(fd);
    fs.rmSync(secret, { force: true });
  }
}

/**
 * A live server in this folder, or undefined once there is none. One that is going down is waited for; the pid file
 * of a dead one is removed, because its number may belong to another process by now, which PostgreSQL would respect.
 */
async function findRunning(home: string, password: string, deadline: number): Promise<EmbeddedPostgres | undefined> {
  const file = path.join(home, 'postmaster.pid');
  while (Date.now() < deadline) {
    const [pid, , , port] = readLines(file);
    if (pid === undefined) return undefined;
    if (!isServerOf(home, Number(pid))) {
      fs.rmSync(file, { force: true });
      return undefined;
    }
    const url = urlOf(password, Number(port));
    if (port && (await accepts(url))) return { url, adopted: true, stop: async () => {} };
    await sleep(50);
  }
  throw new Error(`a PostgreSQL in ${home} neither answers nor ends (see ${file})`);
}

function readLines(file: string): string[] {
  try {
    const text = fs.readFileSync(file, 'utf8').trim();
    return text === '' ? [] : text.split('\n');
  } catch {
    return [];
  }
}

/** Whether this process is alive and is the server of this folder, not some later process with the same number. */
function isServerOf(home: string, pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 1) return false;
  try {
    if (process.platform === 'linux') {
      const ended = /^State:\s+[ZX]/m.test(fs.readFileSync(`/proc/${pid}/status`, 'utf8'));
      return !ended && fs.readlinkSync(`/proc/${pid}/cwd`) === fs.realpathSync(home);
    }
    return execFileSync('ps', ['-p', String(pid), '-o', 'command='], { encoding: 'utf8' }).includes(home);
  } catch {
    return false;
  }
}

async function launch(
  home: string,
  programs: Binaries,
  who: RunAs,
  password: string,
  settings: readonly string[],
): Promise<EmbeddedPostgres | { failure: string }> {
  const port = await freePort();
  const all = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', ...settings];
  const flags = ['-D', folderName(home, who), '-p', String(port), ...all.flatMap((setting) => ['-c', setting])];
  const log = openLog(`${home}.log`);
  const child = spawn('/bin/sh', ['-c', WRAPPER, 'rapport-postgres', programs.postgres, ...flags], {
    ...surroundings(home, who),
    stdio: ['pipe', 'ignore', log.fd],
    detached: true,
  });
  fs.closeSync(log.fd);
  let ended = false;
  const exit = new Promise<void>((resolve) => {
    const end = () => {
      ended = true;
      resolve();
    };
    child.on('error', end);
    child.on('exit', end);
  });
  child.stdin?.on('error', () => {}); // it may be gone when we close our end
  const url = urlOf(password, port);
  const giveUp = Date.now() + START_TIMEOUT_MS;
  while (!ended && Date.now() < giveUp) {
    if (await accepts(url)) {
      child.unref(); // the server alone does not keep our process alive; when that ends, the server does too
      return { url, adopted: false, stop: () => stop(child, exit) };
    }
    await Promise.race([exit, sleep(20)]);
  }
  await stop(child, exit);
  return { failure: log.since() };
}

async function stop(child: ChildProcess, exit: Promise<void>): Promise<void> {
  child.ref();
  child.stdin?.end();
  const late = setTimeout(() => killGroup(child), STOP_TIMEOUT_MS);
  await exit;
  clearTimeout(late);
}

function killGroup(child: ChildProcess): void {
  try {
    if (child.pid) process.kill(-child.pid, 'SIGKILL');
  } catch {
    // it ended by itself just now
  }
}

/** A file and not a pipe: a pipe fills up and stops the server while our event loop is busy. */
function openLog(file: string): { fd: number; since(): string } {
  const size = fs.existsSync(file) ? fs.statSync(file).size : 0;
  if (size > LOG_KEPT_BYTES) fs.truncateSync(file);
  const start = size > LOG_KEPT_BYTES ? 0 : size;
  const fd = fs.openSync(file, 'a', 0o600);
  return { fd, since: () => fs.readFileSync(file).subarray(start).toString('utf8').slice(-4000) };
}

function urlOf(password: string, port: number): string {
  return `postgres://postgres:${password}@127.0.0.1:${port}/postgres`;
}

async function accepts(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: CONNECT_TIMEOUT_MS });
  client.on('error', () => {});
  try {
    await client.connect();
    await client.query('select 1');
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => {});
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = net.createServer().on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as net.AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
