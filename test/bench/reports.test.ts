// The harness that measures reports still runs from end to end and says all it promises; how quick they are is not asked here.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { bench } from './run_bench.ts';

const DATA = mkdtempSync(path.join(tmpdir(), 'rapport-bench-data-'));
const OPTIONS = ['--quick', '--customers', '200', '--tenants', '2', '--data', DATA];
const PEOPLE = ['administrator', 'sales, owns half', 'sales, owns 50'];
const PERIODS = ['12 months', 'this month', 'all time'];

afterAll(() => rmSync(DATA, { recursive: true, force: true }));

test('a run builds its data set, asks for a report as three people over three periods, and the next run uses the set again', async () => {
  const { code, out, err } = await bench('reports', ...OPTIONS, '--only', 'revenue-by-client');
  if (code !== 0) throw new Error(err);
  expect(err).toMatch(/data set of 200 customers, 2 tenants: built now; building took \d+\.\d\d s, \d+ MB on disk/);
  expect(out).toMatch(/^200 customers in the company asked, 2 companies, \d+ MB, built in \d+\.\d\d s$/m);
  const lines = out
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .slice(2)
    .map((line) => line.split('|').map((cell) => cell.trim()));
  expect(lines.map(([, report, who, period]) => [report, who, period])).toEqual(
    PEOPLE.flatMap((who) => PERIODS.map((period) => ['revenue-by-client', who, period])),
  );
  for (const [, , , , rows, page, json, cpu, floor, ratio, verdict] of lines) {
    expect(rows).toMatch(/^\d+$/);
    for (const three of [page, json]) expect(three).toMatch(/^\d+\.\d \/ \d+\.\d \/ \d+\.\d ms$/);
    for (const one of [cpu, floor]) expect(one).toMatch(/^\d+\.\d ms$/);
    expect(ratio).toMatch(/^\d+\.\d$/);
    expect(verdict).toMatch(/^(yes|NO)$/);
  }
  // All time has at least what twelve months have, and everybody's at least what one salesperson's are.
  const rowsOf = (who: number, period: number) => Number(lines[who * 3 + period]![4]);
  expect(rowsOf(0, 2)).toBeGreaterThan(rowsOf(0, 1));
  expect(rowsOf(0, 2)).toBeGreaterThan(rowsOf(2, 2));
  expect(rowsOf(2, 2)).toBeGreaterThan(0);

  const again = await bench('reports', ...OPTIONS, '--only', 'none-of-that-name');
  expect([again.code, again.err]).toEqual([1, expect.stringContaining('--only takes one of')]);
  const kept = await bench('reports', ...OPTIONS, '--only', 'lead-source');
  expect([kept.code, kept.err]).toEqual([0, expect.stringContaining('kept from an earlier run')]);
}, 240_000);

test('a size that is none is refused before anything is built', async () => {
  for (const [name, value] of [
    ['--customers', '0'],
    ['--tenants', 'many'],
  ]) {
    const { code, err } = await bench('reports', '--data', DATA, name!, value!);
    expect([code, err]).toEqual([1, expect.stringContaining(`${name} takes a whole number`)]);
  }
});
