/**
 * The disposable process that reads one file. start.mjs hands it the request; it answers on stdout with one line of JSON
 * an event; the last one is `end` or `error`. It has no environment, no database and no network use, and its parent
 * kills it when it takes too long.
 */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { ReadError, type ReadErrorCode, type ReadErrorDetails } from './errors.ts';
import { OWN_STATUS } from './limits.ts';
import type { Output, WireEvent } from './output.ts';
import { type ReadRequest, readInto } from './read.ts';

/** What a failing child says last. */
export interface ChildFailure {
  type: 'error';
  /** Undefined for a fault of the reader itself. */
  code: ReadErrorCode | undefined;
  details: ReadErrorDetails;
  message: string;
  cpuSeconds: number;
  peakBytes: number;
}

// hostile files can raise a great many errors inside the parser; a stack for each is dear
Error.stackTraceLimit = 5;
const started = performance.now();
let rows = 0;

function send(event: WireEvent | ChildFailure): void {
  process.stdout.write(`${JSON.stringify(event)}\n`);
}

/**
 * Peak resident memory and processor time of this process. maxRSS also counts what the process that started us had at
 * that moment, so Linux' own figure for this program comes first; both are in kilobytes.
 */
function cost(): { cpuSeconds: number; peakBytes: number } {
  const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage();
  return { cpuSeconds: (userCPUTime + systemCPUTime) / 1e6, peakBytes: (highWaterMark() ?? maxRSS) * 1024 };
}

function highWaterMark(): number | undefined {
  try {
    const found = /VmHWM:\s+(\d+)/.exec(readFileSync(OWN_STATUS, 'utf8'))?.[1];
    return found === undefined ? undefined : Number(found);
  } catch {
    return undefined; // not Linux
  }
}

const output: Output = {
  emit: (event) => {
    if (event.type === 'rows') rows += event.rows.length;
    send(event);
  },
  drained: () => (process.stdout.writableNeedDrain ? once(process.stdout, 'drain').then(() => {}) : undefined),
};

// the parent going away closes the pipe: there is nobody left to read for
process.stdout.on('error', () => process.exit(1));

export async function answer(request: ReadRequest): Promise<void> {
  try {
    await readInto(request, output);
    send({ type: 'end', stats: { rows, seconds: (performance.now() - started) / 1000, ...cost() } });
  } catch (error) {
    const known = error instanceof ReadError ? error : undefined;
    const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
    send({ type: 'error', code: known?.code, details: known?.details ?? {}, message, ...cost() });
  }
}
