import { spawn } from 'node:child_process';
import path from 'node:path';

const ROOT = path.resolve(import.meta.dirname, '../..');

/** Runs the harness as `npm run bench` does. */
export function bench(...args: string[]): Promise<{ code: number | null; out: string; err: string }> {
  const flags = ['--disable-warning=ExperimentalWarning', 'bench/main.ts', ...args];
  const child = spawn(process.execPath, flags, { cwd: ROOT, env: { ...process.env, NODE_OPTIONS: '' } });
  let [out, err] = ['', ''];
  child.stdout.on('data', (part: Buffer) => {
    out += part;
  });
  child.stderr.on('data', (part: Buffer) => {
    err += part;
  });
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, out, err })));
}
