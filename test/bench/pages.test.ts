// The harness that measures pages, and the one of people at work, still run from end to end and say all they promise; how quick
// it is is not asked here.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { bench } from './run_bench.ts';

const DATA = mkdtempSync(path.join(tmpdir(), 'rapport-bench-data-'));
const OPTIONS = ['--quick', '--customers', '200', '--tenants', '2', '--data', DATA];

afterAll(() => rmSync(DATA, { recursive: true, force: true }));

const rowsOf = (out: string): string[][] =>
  out
    .split('\n')
    .filter((line) => line.startsWith('|') && !line.startsWith('|-'))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );

test('without a name the pages are measured, beside both floors, and one can be asked for alone', async () => {
  const one = await bench(...OPTIONS, '--only', 'record of leads');
  if (one.code !== 0) throw new Error(one.err);
  expect(one.out).toMatch(/^200 customers in the company asked, 2 companies, \d+ MB, built in \d+\.\d\d s$/m);
  const [heads, line, ...more] = rowsOf(one.out);
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
  expect(rowsOf(people.out).map(([what]) => what)).toEqual(expect.arrayContaining(['what', 'list']));
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
