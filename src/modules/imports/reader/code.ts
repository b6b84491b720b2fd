/**
 * The code of the reader for its child processes. Taking the types out of it is three quarters of what it costs to start
 * one, in time and memory, so it is done once, by a process of its own, and given to each child along with its request.
 */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { ReadError } from './errors.ts';

const STRIP = fileURLToPath(new URL('./strip.ts', import.meta.url));
const MAX_CODE = 16 * 1024 * 1024;
let code: Promise<string> | undefined;

/** One line of JSON: an object with the text of each module by its address. Throws ReadError. */
export function readerCode(): Promise<string> {
  code ??= strippedCode().catch((error: unknown) => {
    code = undefined;
    throw new ReadError('crashed', { fault: String(error) });
  });
  return code;
}

async function strippedCode(): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, ['--no-warnings', STRIP], {
    env: {},
    maxBuffer: MAX_CODE,
  });
  return stdout;
}
