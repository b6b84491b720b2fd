// The harness that measures imports and exports still runs from end to end and tells all it promises; how quick is not asked here.
import { bench } from './run_bench.ts';

const IMPORT = [
  'file to plan',
  'commit',
  'file to records',
  'the same file again, to plan',
  'the same file again, commit of nothing',
  'undo',
  'reader alone, processor',
  'worker, processor',
  'COPY without indexes',
  'peak of web',
  'peak of worker',
  'peak of the reading process',
];
const PAGES = ['xlsx: list page while committing, p50 of N', 'xlsx: list page while committing, p95'];
const EXPORT = ['', ', processor of web', ', size', ', peak of web'];

test('a run over 500 rows imports, imports again, exports and undoes them, and prints a figure for each', async () => {
  const { code, out, err } = await bench('import', '--rows', '500', '--million');
  if (code !== 0) throw new Error(err);
  const [about, rows] = out.split('\n');
  expect(about).toMatch(
    /^\d+ cores \(.+\), \d+ GB, Node \d+\.\d+\.\d+, PostgreSQL \d+\.\d+, load before( \d+\.\d\d){3}$/,
  );
  expect(rows).toBe('500 rows of 12 columns; targets are for 100000');
  const lines = out
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .slice(2)
    .map((line) => line.split('|').map((cell) => cell.trim()));
  const named = (format: string) => IMPORT.map((what) => `${format}: ${what}`);
  const exported = (what: string) => EXPORT.map((end) => what + end);
  expect(lines.map(([, what]) => what!.replace(/p50 of [1-9]\d*$/, 'p50 of N'))).toEqual([
    ...named('csv'),
    ...exported('export to .xlsx'),
    ...named('xlsx'),
    ...PAGES,
    ...exported('export of 5000 to .csv'),
    'export of 5000 to .csv, memory of web at 25, 50, 75, 100 %',
  ]);
  for (const [, what, , measured, floor, ratio] of lines) {
    expect([what, measured]).toEqual([what, expect.stringMatching(/^(\d+(\.\d+)? (s|ms|MB)(, )?)+$/)]);
    expect([what, ratio]).toEqual([what, floor ? expect.stringMatching(/^\d+\.\d$/) : '']);
  }
}, 240_000);

test('asked for something unknown it says what there is', async () => {
  for (const args of [['toString'], ['unknown']]) {
    const { code, err } = await bench(...args);
    expect([code, err]).toEqual([2, expect.stringContaining('npm run bench -- import [--rows N]')]);
  }
});
