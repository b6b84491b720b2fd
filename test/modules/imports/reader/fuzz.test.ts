/** Damaged files: whatever is done to them, there is a verdict with words, and soon. `npm run test:faults` tries more of them. */
import { writeFile } from 'node:fs/promises';
import fc from 'fast-check';
import { READ_ERRORS, ReadError } from '#src/modules/imports/reader/errors.ts';
import { inspectFile } from '#src/modules/imports/reader/run.ts';
import { readHere, testFolder } from '../../../helpers/workbooks.ts';
import { wholeNumber } from '../random.ts';
import { damagedArchive, damagedPart, damagedText } from './mutations.ts';

const put = testFolder();
const SEED = 20261121;
/** Of each kind. */
const RUNS = wholeNumber('FUZZ_RUNS', 200);
const MOST_SECONDS = 5;

async function verdict(path: string, name: string): Promise<void> {
  const started = performance.now();
  try {
    await readHere(path, name);
  } catch (error) {
    // anything else is a fault of the reader
    if (!(error instanceof ReadError)) throw error;
    expect(READ_ERRORS).toHaveProperty(error.code);
    expect(error.message).not.toContain('{');
  }
  expect((performance.now() - started) / 1000).toBeLessThan(MOST_SECONDS);
}

test.each([
  ['parts of a workbook', 'a.xlsx', damagedPart],
  ['archives', 'a.xlsx', damagedArchive],
  ['texts', 'a.csv', damagedText],
] as const)(
  'damaged %s',
  async (_kind, name, damaged) => {
    const path = await put(name, '');
    const property = fc.asyncProperty(damaged, async (content) => {
      await writeFile(path, content);
      await verdict(path, name);
    });
    await fc.assert(property, { numRuns: RUNS, seed: SEED });
  },
  300_000,
);

test('the process that asked lives on, and the one that reads stays small', async () => {
  for (const content of [damagedPart, damagedArchive, damagedText].flatMap((one) =>
    fc.sample(one, { numRuns: 4, seed: SEED }),
  )) {
    const path = await put('a.xlsx', content);
    const outcome = await inspectFile(path).catch((error: unknown) => error);
    if (outcome instanceof Error) {
      expect(outcome).toBeInstanceOf(ReadError);
      expect((outcome as ReadError).code).not.toMatch(/crashed|out_of_memory|timed_out/);
    } else expect((outcome as { stats: { peakBytes: number } }).stats.peakBytes).toBeLessThan(256 * 1024 * 1024);
  }
}, 60_000);
