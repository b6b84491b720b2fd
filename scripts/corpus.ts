/**
 * npm run corpus -- FOLDER [--json FILE]
 *
 * Reads every .xlsx and .csv below FOLDER with the import's own reader, in its child process and under its limits, and
 * prints a line a file. A clean refusal is a good answer; the exit code is 1 when the reader itself failed (crash, hang,
 * out of memory) on any file, 2 when the command line is wrong.
 */

import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { OWN_FAULTS } from '../src/modules/imports/reader/errors.ts';
import { ReadError, type Row, readFile, type Warning } from '../src/modules/imports/reader/run.ts';

interface ReadSheet {
  name: string;
  hidden: boolean;
  rows: string[][];
}

interface Result {
  file: string;
  error?: { code: string; message: string };
  warnings: Warning[];
  sheets: ReadSheet[];
}

interface Outcome {
  result: Result;
  verdict: 'read' | 'refused' | 'FAILED';
  rows: number;
  seconds: number;
  peakBytes: number;
  message: string;
}

/** Blank rows are not delivered; here they come back, so that a row stands at its number. */
function putRow(rows: string[][], row: Row): void {
  while (rows.length < row.number - 1) rows.push([]);
  rows.push(row.cells.map((cell) => cell.text));
}

async function readOne(path: string, file: string, keepRows: boolean): Promise<Outcome> {
  const started = performance.now();
  const result: Result = { file, warnings: [], sheets: [] };
  const outcome: Outcome = { result, verdict: 'read', rows: 0, seconds: 0, peakBytes: 0, message: '' };
  try {
    for await (const event of readFile(path)) {
      if (event.type === 'sheet') {
        result.sheets.push({ name: event.sheet.name, hidden: event.sheet.hidden, rows: [] });
      } else if (event.type === 'rows') {
        const rows = result.sheets.at(-1)?.rows ?? [];
        if (keepRows) for (const row of event.rows) putRow(rows, row);
        outcome.rows += event.rows.length;
      } else if (event.type === 'warning') result.warnings.push(event.warning);
      else if (event.type === 'end') outcome.peakBytes = event.stats.peakBytes;
    }
    outcome.message = result.warnings[0]?.message ?? '';
  } catch (error) {
    // what came before an error is not the whole file
    result.sheets = [];
    const known = error instanceof ReadError ? error : undefined;
    outcome.verdict = known && !OWN_FAULTS.has(known.code) ? 'refused' : 'FAILED';
    outcome.peakBytes = known?.details.peakBytes ?? 0;
    outcome.message = known ? `${known.code}: ${known.message}` : String(error);
    if (known?.details.fault) outcome.message += ` (${known.details.fault.replace(/\s+/g, ' ').trim()})`;
    result.error = { code: known?.code ?? 'crashed', message: known?.message ?? String(error) };
  }
  outcome.seconds = (performance.now() - started) / 1000;
  return outcome;
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({ options: { json: { type: 'string' } }, allowPositionals: true });
  const [folder] = positionals;
  if (positionals.length !== 1 || folder === undefined) {
    console.error('usage: npm run corpus -- FOLDER [--json FILE]');
    return 2;
  }
  const root = resolve(folder);
  if (!(await stat(root).catch(() => undefined))?.isDirectory()) {
    console.error(`${root} is not a folder`);
    return 2;
  }
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile() && /\.(xlsx|csv)$/i.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  const json = values.json === undefined ? undefined : createWriteStream(values.json);
  const write = async (text: string) => {
    if (json && !json.write(text)) await once(json, 'drain');
  };
  const counts = { read: 0, refused: 0, FAILED: 0 };
  await write('[');
  for (const [at, path] of paths.entries()) {
    const outcome = await readOne(path, relative(root, path), json !== undefined);
    counts[outcome.verdict]++;
    console.log(line(outcome));
    await write(`${at === 0 ? '' : ','}\n${JSON.stringify(outcome.result)}`);
  }
  await write('\n]\n');
  if (json) await new Promise((done) => json.end(done));
  console.log(`${paths.length} files: ${counts.read} read, ${counts.refused} refused, ${counts.FAILED} failed`);
  return counts.FAILED > 0 ? 1 : 0;
}

function line({ verdict, result, rows, seconds, peakBytes, message }: Outcome): string {
  const figures = [
    verdict.padEnd(7),
    `${result.sheets.length} sheets`.padStart(10),
    `${rows} rows`.padStart(12),
    `${seconds.toFixed(2)} s`.padStart(8),
    `${Math.round(peakBytes / 1024 / 1024)} MB`.padStart(7),
  ];
  return `${figures.join(' ')}  ${result.file}${message ? `  ${message}` : ''}`;
}

process.exitCode = await main();
