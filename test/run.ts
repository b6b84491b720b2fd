// `npm test -- [PATTERN] [Jest's options]`: brings everything the tests need, runs them, takes it all down again.
// The last line is `N passed, N failed`; the exit code is not 0 if a test failed or was skipped, or if none ran.
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startEmbeddedPostgres } from '../src/platform/embedded_postgres.ts';
import { stopOnSignals } from '../src/platform/parent.ts';
import { CHROMIUM, ensurePrograms, PDFTOPPM, REDIS } from './helpers/programs.ts';
import { startRedis } from './helpers/servers.ts';
import { RECORDING, readComplaints } from './helpers/statements.ts';

const ROOT = path.dirname(import.meta.dirname);
/** Also the tests' folder for temporary files, so that nothing of an interrupted run stays. */
const work = mkdtempSync(path.join(tmpdir(), 'rapport-test-'));
/** Programs that tests start, a hundred times the same few, begin in half the time with what the first one compiled. */
const compiled = path.join(work, 'compiled');
/** What shells say of a program that Ctrl-C ended. */
const INTERRUPTED = 130;
const started: { stop(): Promise<void> }[] = [];
let jest: ChildProcess | undefined;
let stopped: Promise<void> | undefined;

let interrupted = false;
stopOnSignals(async () => {
  interrupted = true;
  await stopEverything();
  process.exit(INTERRUPTED);
});
const outcome = await run();
await stopEverything();
if (interrupted) process.exit(INTERRUPTED);
for (const line of outcome.complaints) console.error(line);
console.log(`${outcome.passed} passed, ${outcome.failed} failed`);
process.exit(outcome.failed > 0 || outcome.passed === 0 || outcome.complaints.length > 0 ? 1 : 0);

interface Outcome {
  passed: number;
  failed: number;
  /** Why the run counts as failed although perhaps no test did. */
  complaints: string[];
}

async function run(): Promise<Outcome> {
  try {
    ensurePrograms([CHROMIUM, PDFTOPPM, ...(process.env.TEST_REDIS_URL ? [] : [REDIS])]);
    const env = await startServers();
    const report = path.join(work, 'report.json');
    const outcome = read(report, await runJest(report, env));
    outcome.complaints.push(...readComplaints(work));
    return outcome;
  } catch (error) {
    return { passed: 0, failed: 1, complaints: [error instanceof Error ? error.message : String(error)] };
  }
}

/** PostgreSQL and Redis of this run, unless TEST_DATABASE_URL (a superuser's) and TEST_REDIS_URL name others. */
async function startServers(): Promise<Record<string, string>> {
  const env: Record<string, string> = {};
  if (!process.env.TEST_DATABASE_URL) {
    const postgres = await startEmbeddedPostgres(path.join(work, 'postgres'), { durable: false });
    started.push(postgres);
    env.TEST_DATABASE_URL = postgres.url;
  }
  if (!process.env.TEST_REDIS_URL) {
    const redis = await startRedis();
    started.push(redis);
    env.TEST_REDIS_URL = redis.url;
  }
  return env;
}

/** Runs Jest in a process group of its own, so that it can be ended with its workers and browsers. */
function runJest(report: string, env: Record<string, string>): Promise<number | null> {
  const options = ['--disable-warning=ExperimentalWarning', '--experimental-vm-modules'];
  const results = ['--ci', '--json', `--outputFile=${report}`];
  const program = path.join(ROOT, 'node_modules', 'jest', 'bin', 'jest.js');
  const child = spawn(process.execPath, [...options, program, ...results, ...process.argv.slice(2)], {
    cwd: ROOT,
    env: {
      ...process.env,
      ...RECORDING,
      NODE_ENV: 'test',
      TZ: 'UTC',
      TMPDIR: work,
      NODE_COMPILE_CACHE: compiled,
      ...env,
    },
    stdio: ['ignore', 'inherit', 'inherit'],
    detached: true,
  });
  jest = child;
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code) => resolve(code));
  });
}

function read(report: string, code: number | null): Outcome {
  if (!existsSync(report)) {
    return { passed: 0, failed: code === 0 ? 0 : 1, complaints: [`Jest ended with code ${code} and no results`] };
  }
  const result = JSON.parse(readFileSync(report, 'utf8'));
  const passed: number = result.numPassedTests;
  const failed: number = result.numFailedTests + result.numRuntimeErrorTestSuites;
  const idle: number = result.numPendingTests + result.numTodoTests;
  const byName = process.argv.some((arg) => /^(-t|--testNamePattern)/.test(arg)); // then the others are skipped on purpose
  const complaints: string[] = [];
  if (idle > 0 && !byName) complaints.push(`${idle} tests are skipped or only planned, which counts as a failure`);
  if (passed + failed === 0) complaints.push('no test ran');
  if (code !== 0 && failed === 0 && complaints.length === 0) complaints.push(`Jest ended with code ${code}`);
  return { passed, failed, complaints };
}

/** Takes everything down, once, however often it is asked. */
function stopEverything(): Promise<void> {
  stopped ??= takeDown();
  return stopped;
}

async function takeDown(): Promise<void> {
  if (jest && jest.exitCode === null && jest.signalCode === null) await endGroup(jest);
  await Promise.all(started.splice(0).map((server) => server.stop()));
  rmSync(work, { recursive: true, force: true });
}

async function endGroup(child: ChildProcess): Promise<void> {
  const exit = new Promise((resolve) => child.once('exit', resolve));
  const signal = (name: NodeJS.Signals) => {
    try {
      if (child.pid) process.kill(-child.pid, name);
    } catch {
      // the whole group is gone
    }
  };
  signal('SIGTERM');
  await exit;
  await sleep(200); // browsers close themselves on SIGTERM
  signal('SIGKILL');
}
