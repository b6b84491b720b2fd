// Starts a TypeScript target on the pinned Node: `node scripts/run.mjs [--watch] TARGET [args]`.
// Plain JavaScript for Node 20 and later, with nothing installed: it is the first thing every `npm run …` executes.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, watch } from 'node:fs';
import { constants } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const BIN = path.join(ROOT, 'node_modules', '.bin');
const PINNED_NODE = path.join(BIN, 'node');
const WATCHED = ['src', 'views', 'public', 'migrations', 'seeds'];
const SIGNALS = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']);
/** Ctrl-C reaches us twice, from the terminal and from npm: the same signal within this time counts once. */
const SAME_SIGNAL_MS = 300;
const PARENT_POLL_MS = 500;
/** A watched target that does not stop by itself within this time is killed before the restart. */
const RESTART_PATIENCE_MS = 10_000;

const args = process.argv.slice(2);
const watching = args[0] === '--watch';
if (watching) args.shift();
const [target, ...rest] = args;
if (target === undefined) fail('usage: node scripts/run.mjs [--watch] TARGET [args]');

const production = process.env.NODE_ENV === 'production';
/** The server itself runs without the packages for development, which then need not be there. */
const serving = production || target === 'src/main.ts';
if (!packagesMatchLock()) installPackages();
const node = chooseNode();

/** @type {import('node:child_process').ChildProcess | undefined} */
let child;
let stopping = false;
let restarting = false;
let forwarded = 0;

start();
for (const signal of SIGNALS) forwardSignal(signal);
stopWhenParentDies();
if (watching) restartOnChange();

/** Starts the target in its own process group, so that Ctrl-C reaches it once (through us) and not also from the terminal. */
function start() {
  const memory = frugal();
  child = spawn(node, ['--disable-warning=ExperimentalWarning', ...memory.flags, path.resolve(ROOT, target), ...rest], {
    cwd: ROOT,
    env: { ...memory.env, ...process.env },
    detached: true,
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'], // the channel tells the target when we are killed (src/platform/parent.ts)
  });
  child.on('error', (error) => fail(`cannot start ${node}: ${error.message}`));
  child.on('exit', (code, signal) => {
    if (restarting) {
      restarting = false;
      start();
    } else if (watching && !stopping) {
      console.error(`${target} stopped (${signal ?? `exit code ${code}`}); waiting for a change`);
      child = undefined;
    } else {
      process.exit(code ?? 128 + (constants.signals[signal ?? 'SIGTERM'] ?? 0));
    }
  });
}

/**
 * How far a serving process grows before it looks for what is no longer needed: Node lets a heap grow to several times of what
 * is in use, and 420 MB became 225 at 32 connections, for 5 % more processor time. Each thread that the C library gives memory
 * of its own keeps some of it for good, 23 MB together. A worker is better off with the memory.
 * @returns {{ flags: string[], env: Record<string, string> }}
 */
function frugal() {
  if (target !== 'src/main.ts' || process.env.ROLE === 'worker') return { flags: [], env: {} };
  const { config } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8'));
  return { flags: config?.serving.split(' ') ?? [], env: { MALLOC_ARENA_MAX: config?.malloc_arenas ?? '' } };
}

/** @param {NodeJS.Signals} signal */
function forwardSignal(signal) {
  let last = Number.NEGATIVE_INFINITY;
  process.on(signal, () => {
    const now = performance.now();
    const repeated = now - last < SAME_SIGNAL_MS;
    last = now;
    if (!repeated) stop(signal);
  });
}

/** The first two signals are passed on (the second forces a stop), any further one kills. @param {NodeJS.Signals} signal */
function stop(signal) {
  stopping = true;
  restarting = false;
  if (!child) process.exit(0);
  forwarded += 1;
  child.kill(forwarded > 2 ? 'SIGKILL' : signal);
}

/** npm passes on SIGINT and SIGTERM, but not its own death by SIGKILL or SIGHUP; our changed parent shows it. */
function stopWhenParentDies() {
  if (process.env.npm_lifecycle_event === undefined) return; // started by hand or by a supervisor: outliving it is allowed
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    stop('SIGTERM');
  }, PARENT_POLL_MS);
  timer.unref();
}

/**
 * Watches every folder by itself: Node's recursive watching loses files that an editor replaces by renaming. Folders
 * may come and go, so the watches are laid anew after each change.
 */
function restartOnChange() {
  /** @type {NodeJS.Timeout | undefined} */
  let settled;
  const changed = () => {
    clearTimeout(settled);
    settled = setTimeout(() => {
      for (const watcher of watchers) watcher.close();
      watchers = watchFolders();
      restart();
    }, 150);
  };
  const watchFolders = () =>
    WATCHED.flatMap((name) => foldersBelow(path.join(ROOT, name))).map((dir) => watch(dir, changed));
  let watchers = watchFolders();
}

/** @param {string} dir @returns {string[]} */
function foldersBelow(dir) {
  if (!existsSync(dir)) return [];
  const inner = readdirSync(dir, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return [dir, ...inner.flatMap((entry) => foldersBelow(path.join(dir, entry.name)))];
}

function restart() {
  if (stopping || restarting) return;
  if (!child) return start();
  console.error('changed, restarting');
  restarting = true;
  const old = child;
  old.kill('SIGTERM');
  const late = setTimeout(() => old.kill('SIGKILL'), RESTART_PATIENCE_MS);
  old.once('exit', () => clearTimeout(late));
}

/**
 * Compares what npm says it installed with the lockfile. Contents, not times: a checkout touches times, and a copied
 * node_modules keeps them. Packages for other platforms are optional and may be absent, for serving also dev packages.
 */
function packagesMatchLock() {
  const wanted = lockedPackages(path.join(ROOT, 'package-lock.json'));
  const present = lockedPackages(path.join(ROOT, 'node_modules', '.package-lock.json'));
  if (!wanted) fail('package-lock.json is missing or unreadable');
  if (!present) return false;
  return Object.entries(wanted).every(([name, entry]) => {
    if (name === '') return true;
    const installed = present[name];
    if (installed) return installed.version === entry.version && installed.integrity === entry.integrity;
    return entry.optional || entry.devOptional || (serving && entry.dev);
  });
}

/**
 * @param {string} file
 * @returns {Record<string, {version?: string, integrity?: string, optional?: boolean, dev?: boolean, devOptional?: boolean}> | undefined}
 */
function lockedPackages(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages;
  } catch {
    return undefined;
  }
}

/** Runs `npm ci`, once more if it failed (a registry can be away for a moment); silent unless both fail. */
function installPackages() {
  console.error('installing packages (about half a minute) …');
  const dev = production ? [] : ['--include=dev'];
  const once = () => npm(['ci', '--no-audit', '--no-fund', '--loglevel=error', ...dev]);
  let result = once();
  if (result.status !== 0) {
    console.error('npm ci failed, trying once more …');
    result = once();
  }
  if (result.status !== 0) fail(`npm ci failed:\n${result.stdout}${result.stderr}${result.error ?? ''}`);
}

/** @param {string[]} parameters */
function npm(parameters) {
  // Without node_modules/.bin in front, or npm would run on the very files that it is replacing.
  const PATH = (process.env.PATH ?? '').split(path.delimiter).filter((entry) => path.resolve(entry) !== BIN);
  const options = { cwd: ROOT, encoding: /** @type {const} */ ('utf8'), maxBuffer: 64 << 20 };
  return spawnSync('npm', parameters, {
    ...options,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, PATH: PATH.join(path.delimiter) },
  });
}

/** The pinned Node from node_modules; where it is not installed (production images), our own if it is new enough. */
function chooseNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const ownIsNewEnough = major > 24 || (major === 24 && minor >= 12);
  if (!existsSync(PINNED_NODE) && !ownIsNewEnough && !production) npm(['rebuild', 'node']); // its install script was blocked or offline
  if (existsSync(PINNED_NODE)) return PINNED_NODE;
  if (ownIsNewEnough) return process.execPath;
  return fail(
    `Node 24.12 or later is needed (this is ${process.versions.node}); ` +
      'the pinned one is not in node_modules: run `npm ci` with install scripts allowed, or install Node 24',
  );
}

/** @param {string} message @returns {never} */
function fail(message) {
  console.error(message);
  process.exit(1);
}
