/** One run of the child process: starting it, listening to it, ending it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync, realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { ChildFailure } from './child.ts';
import { ReadError, type ReadErrorCode } from './errors.ts';
import { type Limits, OWN_STATUS } from './limits.ts';
import { type ReadEvent, rowFromWire } from './model.ts';
import type { WireEvent } from './output.ts';
import type { ReadRequest } from './read.ts';

const READER = fileURLToPath(new URL('.', import.meta.url));
const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));
const WATCH_EVERY_MS = 100;
const MAX_STDERR = 4000;
/** One event is a batch of rows; a longer line means the child is out of hand. */
const MAX_LINE = 64 * 1024 * 1024;

export class Reading {
  private readonly limits: Limits;
  private readonly child: ChildProcess;
  private readonly signal: AbortSignal | undefined;
  private readonly exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  private readonly watch: NodeJS.Timeout;
  private readonly onAbort = () => this.end('cancelled');
  private failure: ReadErrorCode | undefined;
  private stderr = '';
  private peakBytes = 0;
  private millisecondsLeft: number;

  /** @param code see `readerCode` */
  constructor(code: string, request: ReadRequest, signal: AbortSignal | undefined) {
    this.limits = request.limits;
    this.millisecondsLeft = request.limits.seconds * 1000;
    this.signal = signal;
    const [command, ...parameters] = childCommand(request);
    // an empty environment: nothing in the child knows a password or an address of this installation
    this.child = spawn(command as string, parameters, { cwd: ROOT, env: {}, stdio: ['pipe', 'pipe', 'pipe'] });
    this.exited = new Promise((resolve) => {
      this.child.once('error', (error) => {
        this.stderr += String(error);
        resolve({ code: -1, signal: null });
      });
      this.child.once('exit', (code, killedBy) => resolve({ code, signal: killedBy }));
    });
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr = (this.stderr + text).slice(-MAX_STDERR);
    });
    this.child.stdin?.on('error', () => {}); // it ended before it read: its exit tells why
    this.child.stdin?.end(`${code}\n${JSON.stringify(request)}`);
    this.watch = setInterval(() => this.watchMemory(), WATCH_EVERY_MS);
    this.watch.unref();
    signal?.addEventListener('abort', this.onAbort, { once: true });
  }

  /** Ends the child if it still runs and lets go of everything. */
  kill(): void {
    clearInterval(this.watch);
    this.signal?.removeEventListener('abort', this.onAbort);
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill('SIGKILL');
    this.child.stdout?.destroy();
    this.child.stderr?.destroy();
  }

  /** What the child says, up to `end`. Throws ReadError. */
  async *events(): AsyncGenerator<ReadEvent, void, undefined> {
    for await (const line of this.lines()) {
      const event = JSON.parse(line) as WireEvent | ChildFailure;
      if (event.type === 'error') throw this.reported(event);
      if (event.type === 'rows') yield { type: 'rows', sheet: event.sheet, rows: event.rows.map(rowFromWire) };
      else yield event;
      if (event.type === 'end') return;
    }
    throw await this.unreported();
  }

  /** Lines of the child's output. The clock runs only while we wait for it, not while our caller works. */
  private async *lines(): AsyncGenerator<string, void, undefined> {
    const { stdout } = this.child;
    if (!stdout) return;
    const chunks = stdout.setEncoding('utf8')[Symbol.asyncIterator]() as AsyncIterator<string>;
    let pending = '';
    while (true) {
      const chunk = await this.timed(chunks.next());
      if (chunk.done) return;
      const parts = (pending + chunk.value).split('\n');
      pending = parts.pop() ?? '';
      yield* parts;
      if (pending.length > MAX_LINE) this.end('crashed');
    }
  }

  private async timed<T>(waiting: Promise<T>): Promise<T> {
    const since = performance.now();
    const timer = setTimeout(() => this.end('timed_out'), Math.max(0, this.millisecondsLeft));
    try {
      return await waiting;
    } finally {
      clearTimeout(timer);
      this.millisecondsLeft -= performance.now() - since;
    }
  }

  private end(reason: ReadErrorCode): void {
    this.failure ??= reason;
    this.child.kill('SIGKILL');
  }

  /** Memory outside the JavaScript heap has no limit of its own; where /proc tells it, this one holds. */
  private watchMemory(): void {
    try {
      const status = readFileSync(`/proc/${this.child.pid}/status`, 'latin1');
      const kilobytes = (name: string) => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1] ?? 0);
      this.peakBytes = Math.max(this.peakBytes, kilobytes('VmHWM') * 1024);
      if (kilobytes('VmRSS') > this.limits.residentMegabytes * 1024) this.end('out_of_memory');
    } catch {
      // no /proc on this system, or the child has just ended
    }
  }

  private reported({ code, details, message, peakBytes, cpuSeconds }: ChildFailure): ReadError {
    if (code !== undefined) return new ReadError(code, { ...details, peakBytes, cpuSeconds });
    return new ReadError('crashed', { fault: message, peakBytes, cpuSeconds });
  }

  private async unreported(): Promise<ReadError> {
    const { code, signal } = await this.exited;
    const details = { fault: `exit code ${code}, signal ${signal}: ${this.stderr}`, peakBytes: this.peakBytes };
    if (this.failure === 'timed_out')
      return new ReadError('timed_out', { ...details, limit: `${this.limits.seconds} seconds` });
    if (this.failure) return new ReadError(this.failure, details);
    if (signal === 'SIGXCPU')
      return new ReadError('timed_out', { ...details, limit: `${this.limits.cpuSeconds} seconds` });
    if (signal === 'SIGABRT' || code === 134 || /out of memory|allocation failed/i.test(this.stderr)) {
      return new ReadError('out_of_memory', details);
    }
    return new ReadError('crashed', details);
  }
}

function childCommand({ path, limits }: ReadRequest): string[] {
  const readable = [READER, `${ROOT}node_modules`, `${ROOT}package.json`, path].map(realPath);
  const node = [
    process.execPath,
    `--max-old-space-size=${Math.ceil(limits.heapMegabytes)}`,
    '--max-semi-space-size=16',
    '--no-warnings',
    // no files but these, no processes, no threads, no native code
    '--permission',
    `--allow-fs-read=${OWN_STATUS}`,
    ...readable.map((one) => `--allow-fs-read=${one}`),
    fileURLToPath(new URL('./start.mjs', import.meta.url)),
  ];
  if (process.platform === 'win32') return node;
  // the shell sets the limit of processor time, which node cannot, and becomes the reader
  return [
    '/bin/sh',
    '-c',
    'ulimit -S -t "$1"; shift; exec "$@"',
    'reader',
    String(Math.ceil(limits.cpuSeconds)),
    ...node,
  ];
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
