/** One table, made dirty in every way that is known of text files: read exactly, or with a warning at the right row. */
import type { WarningCode } from '#src/modules/imports/reader/warnings.ts';
import { readHere, testFolder, texts } from '../../../helpers/workbooks.ts';
import { type Polluted, pollutions, trimmed } from './pollution.ts';

const put = testFolder();
/** Kinds in which the file keeps all that is needed: every one of them is read exactly. */
const EXACT = new Set([
  'clean',
  'file name',
  'line ends',
  'encoding',
  'quotation mark',
  'escape',
  'header',
  'rows',
  'preamble',
  'footer',
  'two tables',
  'quotation mark too many',
  'opening mark missing',
  'closing mark missing',
  'quotation mark of one row',
  'escape of one row',
  'line end of one row',
  'fields of one row',
]);
/** A value went to another column or lost its border: nobody can tell, but it is seen. */
const LEAST_EXACT: Readonly<Record<string, number>> = {
  separator: 0.9,
  'separator too many': 0.05,
  'separator missing': 0.25,
  'separator of one row': 0.75,
};
const ABOUT_THE_FILE: readonly WarningCode[] = ['separator_doubtful', 'encoding_guessed', 'bytes_unreadable'];

async function verdict({ kind, name, content, expected, doubtful }: Polluted): Promise<'exact' | 'told' | 'silent'> {
  const fileName = kind === 'file name' ? name : 'list.csv';
  const file = await readHere(await put('a', content), fileName);
  if (JSON.stringify(trimmed(texts(file))) === JSON.stringify(expected)) return 'exact';
  const told = file.warnings.some(
    ({ code, row }) => (doubtful && row === doubtful) || (!doubtful && ABOUT_THE_FILE.includes(code)),
  );
  return told ? 'told' : 'silent';
}

test('no pollution is read wrongly without a word, and most are read exactly', async () => {
  const counts = new Map<string, { files: number; exact: number; inexact: string[] }>();
  for (const polluted of pollutions(30, 4)) {
    const count = counts.get(polluted.kind) ?? { files: 0, exact: 0, inexact: [] };
    counts.set(polluted.kind, count);
    count.files++;
    const found = await verdict(polluted);
    expect([polluted.kind, polluted.name, found]).not.toContain('silent');
    if (found === 'exact') count.exact++;
    else count.inexact.push(polluted.name);
  }
  for (const [kind, { files, exact, inexact }] of counts) {
    if (EXACT.has(kind)) expect([kind, inexact]).toEqual([kind, []]);
    else expect(exact / files).toBeGreaterThanOrEqual(LEAST_EXACT[kind] ?? 1);
  }
  expect([...counts.keys()].sort()).toEqual([...EXACT, ...Object.keys(LEAST_EXACT)].sort());
}, 60_000);
