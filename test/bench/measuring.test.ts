// The harnesses that measure reports, pages and people at work still run from end to end, on one data set, and say all they
// promise; how quick it is is not asked here.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { bench } from './run_bench.ts';

const DATA = mkdtempSync(path.join(tmpdir(), 'rapport-bench-data-'));
const OPTIONS = ['--quick', '--customers', '200', '--tenants', '2', '--data', DATA];
const PEOPLE = ['administrator', 'sales, owns half', 'sales, owns 50'];
const PERIODS = ['12 months', 'this month', 'all time'];

afterAll(() => rmSync(DATA, { recursive: true, force: true }));

const tableOf = (out: string): string[][] =>
  out
    .split('\n')
    .filter((line) => line.startsWith('|') && !line.startsWith('|-'))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );

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

test('without a name the pages are measured, beside both floors, and one can be asked for alone', async () => {
  const one = await bench(...OPTIONS, '--only', 'record of leads');
  if (one.code !== 0) throw new Error(one.err);
  expect(one.out).toMatch(/^200 customers in the company asked, 2 companies, \d+ MB, built in \d+\.\d\d s$/m);
  const [heads, line, ...more] = tableOf(one.out);
  expect(more).toEqual([]);
  expect(heads?.slice(0, 3)).toEqual(['page', 'who', 'p50 / p95 / p99 at 1']);
  const [page, who, times, rate, cpu, size, small, verdict] = line!;
  expect([page, who]).toEqual(['record of leads', 'administrator']);
  expect(times).toMatch(/^\d+\.\d \/ \d+\.\d \/ \d+\.\d ms$/);
  expect(rate).toMatch(/^\d+$/);
  expect(cpu).toMatch(/^\d+\.\d\d \/ \d+\.\d\d ms$/);
  expect(size).toMatch(/^\d+ kB$/);
  expect(small).toMatch(/^\d+\.\d ms$/);
  expect(verdict).toMatch(/^<= 15 ms: (yes|NO)$/);

  const people = await bench('users', ...OPTIONS, '--users', '3', '--minutes', '0.2');
  if (people.code !== 0) throw new Error(people.err);
  expect(tableOf(people.out).map(([what]) => what)).toEqual(expect.arrayContaining(['what', 'list']));
  expect(people.out).toMatch(/^failed: 0 of \d+ \(<= 1 %: yes\)/m);
  expect(people.out).toMatch(/^memory of web: \d+ MB in the first third, \d+ MB in the last, \d+ MB at most/m);
}, 240_000);

test('what is asked for wrongly is refused before anything is built', async () => {
  for (const [args, text] of [
    [['--customers', '0'], '--customers takes a whole number'],
    [['users', '--users', 'some'], '--users takes a whole number'],
    [['users', '--minutes', '0'], '--minutes takes a number above 0'],
    [['--only', 'no such page', ...OPTIONS], '--only'],
  ] as const) {
    const { code, err } = await bench(...args);
    expect([code, err]).toEqual([1, expect.stringContaining(text)]);
  }
});
