// What a run found, as a table that people read and that docs/benchmarks.md keeps.
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, totalmem } from 'node:os';
import path from 'node:path';

const DOCUMENT = path.resolve(import.meta.dirname, '../docs/benchmarks.md');

export interface Line {
  what: string;
  /** '' when there is none */
  target: string;
  measured: string;
  /** what the least possible took, and how many times that ours took; '' where there is nothing to compare with */
  floor: string;
  ratio: string;
}

export const seconds = (value: number): string => `${value.toFixed(2)} s`;
export const megabytes = (bytes: number): string => `${Math.round(bytes / 1_000_000)} MB`;
export const milliseconds = (value: number): string => `${value.toFixed(1)} ms`;

/** The value below which this share of the values lies. @param share 0 to 1 */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

/** The machine and its programs; asked for before the work, so that the load is that of others. */
export function machine(postgres: string): string {
  const processors = cpus();
  const load = loadavg().map((value) => value.toFixed(2));
  return [
    `${processors.length} cores (${processors[0]?.model.trim()})`,
    `${Math.round(totalmem() / 2 ** 30)} GB`,
    `Node ${process.versions.node}`,
    `PostgreSQL ${postgres}`,
    `load before ${load.join(' ')}`,
  ].join(', ');
}

const HEADS: Record<keyof Line, string> = {
  what: 'what',
  target: 'target',
  measured: 'measured',
  floor: 'floor',
  ratio: 'times the floor',
};

/** The lines as a Markdown table whose columns stand under each other. */
export const tableOf = (lines: readonly Line[]): string => tableUnder(HEADS, lines);

/** The same with other columns. @param heads of the columns, in their order */
export function tableUnder<K extends string>(heads: Record<K, string>, lines: readonly Record<K, string>[]): string {
  const keys = Object.keys(heads) as K[];
  const width = (key: K) => Math.max(...[heads, ...lines].map((line) => line[key].length));
  const widths = new Map(keys.map((key) => [key, width(key)]));
  const row = (line: Record<K, string>) => `| ${keys.map((key) => line[key].padEnd(widths.get(key)!)).join(' | ')} |`;
  const rule = `|${keys.map((key) => '-'.repeat(widths.get(key)! + 2)).join('|')}|`;
  return [row(heads), rule, ...lines.map(row)].join('\n');
}

/** Puts a text between a command's marks in docs/benchmarks.md. @throws Error when the marks are not there */
export function writeDown(command: string, text: string): void {
  const [begin, end] = [`<!-- ${command} -->`, `<!-- end of ${command} -->`];
  const before = readFileSync(DOCUMENT, 'utf8');
  const [from, to] = [before.indexOf(begin), before.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`${DOCUMENT} has no marks ${begin} and ${end}`);
  writeFileSync(DOCUMENT, `${before.slice(0, from + begin.length)}\n${text}\n${before.slice(to)}`);
}
