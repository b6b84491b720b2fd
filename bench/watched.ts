// A process of ours under observation: what Linux says about its memory and processor time.
import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

/** Clock ticks a second in /proc; Linux has shown 100 to programs for decades. */
const TICKS = 100;
const KIB = 1024;
const MOST_FAULTS = 5;

const status = (pid: number, key: string): number => {
  const text = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(new RegExp(`^${key}:\\s+(\\d+)`, 'm').exec(text)?.[1] ?? 0) * KIB;
};

/** Resident memory in bytes, now. */
export const memoryOf = (pid: number): number => status(pid, 'VmRSS');

/** Most resident memory in bytes since `forgetPeak`, or since the process began. */
export const peakOf = (pid: number): number => status(pid, 'VmHWM');

/** Lets the kernel count the peak anew; where it does not let us, the peak is that of the whole life. */
export function forgetPeak(pid: number): void {
  try {
    writeFileSync(`/proc/${pid}/clear_refs`, '5');
  } catch {
    // not ours to reset (a hardened kernel): the older peak stands, which only looks worse
  }
}

/** Fields of /proc/PID/stat behind the program's name, which may hold blanks. */
const statOf = (pid: number): string[] =>
  readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ');

/** Seconds of processor time that the process has used, all its threads together. */
export function cpuOf(pid: number): number {
  const fields = statOf(pid);
  return (Number(fields[11]) + Number(fields[12])) / TICKS;
}

function childrenOf(pid: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((other) => {
      try {
        return parentOf(other) === pid;
      } catch {
        return false; // ended while we looked
      }
    });
}

/**
 * Seconds of processor time of a process, its children and those of them that have ended: of all of a PostgreSQL server,
 * when asked about the parent of a backend.
 */
export function familyCpuOf(pid: number): number {
  const fields = statOf(pid);
  const ended = (Number(fields[13]) + Number(fields[14])) / TICKS;
  return childrenOf(pid).reduce((sum, child) => sum + cpuIfThere(child), cpuOf(pid) + ended);
}

function cpuIfThere(pid: number): number {
  try {
    return cpuOf(pid);
  } catch {
    return 0; // ended while we looked
  }
}

/** Process that started this one. */
export const parentOf = (pid: number): number => Number(statOf(pid)[1]);

/** Watches the children that a process starts and ends again. @returns stop, which gives the largest of their peaks in bytes */
export function watchChildren(pid: number): () => number {
  let most = 0;
  const timer = setInterval(() => {
    for (const child of childrenOf(pid)) {
      try {
        most = Math.max(most, peakOf(child));
      } catch {
        // ended while we looked
      }
    }
  }, 100);
  return () => {
    clearInterval(timer);
    return most;
  };
}

export interface Started {
  pid: number;
  /** The last errors and warnings in its log, slow statements aside. */
  faults(): string[];
  stop(): Promise<void>;
}

/**
 * Starts `src/main.ts` as production does, or another program, and waits until it says that it is ready. It ends when we do,
 * however we do.
 * @throws Error with what it said
 */
export async function startServer(
  env: Record<string, string>,
  nodeFlags: readonly string[] = [],
  program = 'src/main.ts',
): Promise<Started> {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', ...nodeFlags, program], {
    env: { PATH: process.env.PATH, NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE, ...env },
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  let said = '';
  const faults: string[] = [];
  createInterface({ input: child.stdout! }).on('line', (line) => {
    said = `${said}${line}\n`.slice(-2_000);
    if (/"level":"(error|warn)"/.test(line) && !line.includes('slow statement')) faults.push(line.slice(0, 1_000));
    if (faults.length > MOST_FAULTS) faults.shift();
  });
  for (let i = 0; i < 600; i += 1) {
    if (/^ready /m.test(said)) return { pid: child.pid!, faults: () => faults, stop: () => end(child) };
    if (child.exitCode !== null) break;
    await sleep(50);
  }
  await end(child);
  throw new Error(`${env.ROLE ? `the ${env.ROLE} process` : program} did not start:\n${said}`);
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  const late = setTimeout(() => child.kill('SIGKILL'), 15_000);
  await gone;
  clearTimeout(late);
}
