import { type ChildProcess, spawn } from 'node:child_process';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const PROJECT = path.join(import.meta.dirname, '..', '..');
const PARENT = path.join(PROJECT, 'src', 'platform', 'parent.ts');
/** Says when it is up and what it is told; ends when it is asked to, after a moment. */
const POLITE = `
  import { appendFileSync } from 'node:fs';
  import { stopOnSignals } from ${JSON.stringify(PARENT)};
  const say = (text) => appendFileSync(process.argv[2], text + '\\n');
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => say(signal));
  stopOnSignals(async () => {
    await new Promise((done) => setTimeout(done, 600));
    say('stopped');
  });
  setInterval(() => {}, 1000);
  say('up');
`;

let root: string;
let story: string;
const children: ChildProcess[] = [];

beforeEach(() => {
  root = fs.mkdtempSync(path.join(tmpdir(), 'rapport-run-'));
  story = path.join(root, 'story');
  write('scripts/run.mjs', fs.readFileSync(path.join(PROJECT, 'scripts', 'run.mjs'), 'utf8'));
  write('package.json', '{ "type": "module" }');
  writeLock('package-lock.json', { one: { version: '1.0.0' } });
  writeLock('node_modules/.package-lock.json', { one: { version: '1.0.0' } });
  fs.mkdirSync(path.join(root, 'node_modules', '.bin'));
  fs.symlinkSync(process.execPath, path.join(root, 'node_modules', '.bin', 'node'));
  write('polite.ts', POLITE);
});

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  fs.rmSync(root, { recursive: true, force: true });
});

describe('the target', () => {
  test('gets its arguments, and its exit code is ours', async () => {
    write('target.ts', 'process.exit(process.argv.length + (process.argv[2] === "a b" ? 0 : 100))');
    expect(await ended(run('target.ts', 'a b', 'c'))).toBe(4);
  });

  test('killed by a signal counts as 128 and its number', async () => {
    write('target.ts', 'process.kill(process.pid, "SIGKILL")');
    expect(await ended(run('target.ts'))).toBe(137);
  });

  test('gets a signal that arrives twice at once, from the terminal and from npm, only once', async () => {
    const runner = run('polite.ts', story);
    await told('up');
    runner.kill('SIGINT');
    await sleep(50);
    runner.kill('SIGINT');
    expect(await ended(runner)).toBe(0);
    expect(lines()).toEqual(['up', 'SIGINT', 'stopped']);
  });

  test('is forced by a second signal that a person sends', async () => {
    const runner = run('polite.ts', story);
    await told('up');
    runner.kill('SIGINT');
    await sleep(350);
    runner.kill('SIGINT');
    expect(await ended(runner)).toBe(1);
    expect(lines()).toEqual(['up', 'SIGINT', 'SIGINT']);
  });

  test('stops in order when the runner is killed', async () => {
    const runner = run('polite.ts', story);
    await told('up');
    runner.kill('SIGKILL');
    await told('stopped');
  });

  test('stops in order when npm above the runner is killed', async () => {
    const start = `require('node:child_process').spawn(process.execPath, ${JSON.stringify(['scripts/run.mjs', 'polite.ts', story])}, { stdio: 'inherit' })`;
    const npm = launch(['-e', start], { npm_lifecycle_event: 'demo' });
    await told('up');
    npm.kill('SIGKILL');
    await told('stopped');
  });
});

describe('packages', () => {
  beforeEach(() => {
    write('target.ts', '');
    // An npm that fails the first time and then does what `npm ci` does.
    const npm = `#!/bin/sh\necho "npm $*" >> ${story}\n[ $(wc -l < ${story}) -gt 1 ] || { echo no network; exit 1; }\ncp package-lock.json node_modules/.package-lock.json\n`;
    write('bin/npm', npm);
    fs.chmodSync(path.join(root, 'bin', 'npm'), 0o755);
  });

  test('are left alone when they are those of the lockfile', async () => {
    expect(await ended(run('target.ts'))).toBe(0);
    expect(lines()).toEqual([]);
  });

  test('are installed when the lockfile has moved on, with a second try', async () => {
    writeLock('package-lock.json', { one: { version: '1.0.1' } });
    expect(await ended(run('target.ts'))).toBe(0);
    const ci = 'npm ci --no-audit --no-fund --loglevel=error --include=dev';
    expect(lines()).toEqual([ci, ci]);
    expect(await ended(run('target.ts'))).toBe(0);
    expect(lines()).toHaveLength(2);
  });

  test('that are optional may be absent, those for development only where we serve', async () => {
    writeLock('package-lock.json', { one: { version: '1.0.0' }, two: { dev: true }, three: { optional: true } });
    write('src/main.ts', '');
    expect(await ended(run('src/main.ts'))).toBe(0);
    expect(await ended(run('target.ts', { NODE_ENV: 'production' }))).toBe(0);
    expect(lines()).toEqual([]);
    expect(await ended(run('target.ts'))).toBe(0);
    expect(lines()).toHaveLength(2);
  });
});

test('--watch starts the target again when a file is replaced, and stops with one signal', async () => {
  write('src/deep/file.ts', '');
  const runner = run('--watch', 'polite.ts', story);
  await told('up');
  for (const round of [2, 3]) {
    write('new', 'x');
    fs.renameSync(path.join(root, 'new'), path.join(root, 'src', 'deep', 'file.ts')); // as editors save
    await told('up', round);
  }
  runner.kill('SIGINT');
  expect(await ended(runner)).toBe(0);
  expect(lines().at(-1)).toBe('stopped');
});

function run(...words: (string | Record<string, string>)[]): ChildProcess {
  const env = words.find((word) => typeof word === 'object');
  return launch(['scripts/run.mjs', ...words.filter((word) => typeof word === 'string')], env);
}

function launch(args: string[], extra: Record<string, string> = {}): ChildProcess {
  const { npm_lifecycle_event: _, NODE_ENV: __, ...env } = process.env;
  const PATH = `${path.join(root, 'bin')}:${env.PATH}`;
  const child = spawn(process.execPath, args, { cwd: root, env: { ...env, PATH, ...extra }, stdio: 'ignore' });
  children.push(child);
  return child;
}

function ended(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => child.on('exit', resolve));
}

function lines(): string[] {
  return fs.existsSync(story) ? fs.readFileSync(story, 'utf8').trim().split('\n') : [];
}

async function told(what: string, times = 1): Promise<void> {
  for (let i = 0; i < 400; i++) {
    if (lines().filter((line) => line === what).length >= times) return;
    await sleep(25);
  }
  throw new Error(`waited for ${times} x "${what}", got: ${lines().join(', ')}`);
}

function write(name: string, text: string): void {
  const file = path.join(root, name);
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, text);
}

function writeLock(name: string, packages: Record<string, object>): void {
  const entries = Object.entries(packages).map(([key, value]) => [`node_modules/${key}`, value]);
  write(name, JSON.stringify({ lockfileVersion: 3, packages: Object.fromEntries([['', {}], ...entries]) }));
}
