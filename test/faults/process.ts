// The product as a process of its own, started as production starts it, to be watched and killed.
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../helpers/servers.ts';

export interface Running {
  url: string;
  pid: number;
  /** Everything it said so far, standard error included. */
  said(): string;
  /** The errors in its log: faults of ours, not of what it needs. */
  faults(): string[];
  /** Resolves when it said `ready`. @throws Error with what it said instead */
  ready(): Promise<void>;
  alive(): boolean;
  /** Closes our ends of its output. */
  deaf(): void;
  /** Sends a signal and waits for the end. @returns exit code, or the signal that ended it */
  end(signal?: NodeJS.Signals): Promise<number | string>;
}

export interface ProcessOptions {
  /** What runs before the program in the shell, such as a limit. */
  before?: string;
  /** Where standard output goes instead of to us. */
  output?: string;
}

/** So much of its output is kept, in characters: of a process that tells of every request, some ten thousand of them. */
const MOST_SAID = 5_000_000;

/** Starts `src/main.ts` on a free port; it ends when we do. */
export async function startProcess(env: Record<string, string>, options: ProcessOptions = {}): Promise<Running> {
  const port = env.PORT ?? String(await freePort());
  const shell = `${options.before ?? ':'}; exec "$0" --disable-warning=ExperimentalWarning src/main.ts${options.output ? ` >${options.output}` : ''}`;
  const child: ChildProcess = spawn('/bin/sh', ['-c', shell, process.execPath], {
    env: {
      PATH: process.env.PATH,
      NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE,
      RAPPORT_MODE: 'test',
      HOST: '127.0.0.1',
      LOG_LEVEL: 'warn',
      SESSION_SECRET: 'faults-W3k9Qz-4mTn7Rb1Yx8Lc5Vd2Hs6Jf0',
      ...env,
      PORT: port,
    },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-MOST_SAID);
    });
  const ended = new Promise<number | string>((resolve) =>
    child.once('exit', (code, signal) => resolve(signal ?? code ?? -1)),
  );
  const alive = () => child.exitCode === null && child.signalCode === null;
  const running: Running = {
    url: `http://127.0.0.1:${port}`,
    pid: child.pid!,
    said: () => said,
    faults: () => said.split('\n').filter((line) => /"level":"(error|fatal)"/.test(line)),
    alive,
    deaf: () => {
      child.stdout?.destroy();
      child.stderr?.destroy();
    },
    ready: async () => {
      for (let i = 0; i < 3_000 && alive() && !/^ready /m.test(said); i += 1) await sleep(20);
      if (!/^ready /m.test(said)) throw new Error(`the process is not ready; it said:\n${said}`);
    },
    end: async (signal = 'SIGTERM') => {
      if (alive()) child.kill(signal);
      return ended;
    },
  };
  return running;
}

/** Waits until something is so. @throws Error with `what` */
export async function until(what: string, done: () => boolean | Promise<boolean>, patience = 15_000): Promise<void> {
  const deadline = Date.now() + patience;
  while (!(await done())) {
    if (Date.now() > deadline) throw new Error(`waited ${patience} ms for: ${what}`);
    await sleep(20);
  }
}

/** It is up when it said so for that long, whichever of its processes was asked, in ms. */
const STEADY = 2_000;

/**
 * Waits until a product of several processes has them all, and all say that they are ready.
 * @returns when one of them said last that it is not, or `since`
 */
export async function steady(product: Running, processes: number, since: number): Promise<number> {
  let [last, began] = [since, Date.now()];
  const look = async () => {
    const answer = await fetch(`${product.url}/readyz`, { headers: { connection: 'close' } }).catch(() => null);
    await answer?.text();
    if (answer?.status !== 200) last = Date.now();
    if (answer?.status !== 200 || childrenOf(product.pid).length !== processes) began = Date.now();
    return Date.now() - began > STEADY;
  };
  await until('the product to be ready', look, 60_000);
  return last;
}

/** Processes that this one started. */
export const childrenOf = (pid: number): number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number);

/** The most resident memory that it had, in bytes. */
export const peakMemoryOf = (pid: number): number =>
  Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024;

/** Resident memory, in bytes. */
export const memoryOf = (pid: number): number =>
  Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024;

/** What a process of ours was started for. */
export const roleOf = (pid: number): string | undefined =>
  /(?:^|\0)ROLE=([a-z]+)/.exec(readFileSync(`/proc/${pid}/environ`, 'latin1'))?.[1];
