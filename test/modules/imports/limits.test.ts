// docs/limits.md is what people are promised: each of its limits is the program's, can be changed, is told and holds.
import { readFileSync } from 'node:fs';
import { readConfig } from '../../../src/config.ts';
import { UNDO_DAYS } from '../../../src/modules/imports/imports.service.ts';
import { DEFAULT_LIMITS, type Limits } from '../../../src/modules/imports/reader/limits.ts';
import { UNFINISHED_DAYS } from '../../../src/modules/imports/retention.service.ts';
import { MOST_STREAMS } from '../../../src/platform/event_streams.ts';
import { sheetFile } from '../../helpers/workbooks.ts';
import { csv, openGround, signedIn, useGround } from './ground.ts';

const text = readFileSync('docs/limits.md', 'utf8');
/** Lines of the tables whose first cell is code: name and number. */
const promised = [...text.matchAll(/^\| `(\w+)` \| ([\d,]+) \|/gm)].map(
  ([, name, value]) => [name!, Number(value!.replaceAll(',', ''))] as const,
);
const settings = promised.filter(([name]) => name === name.toUpperCase());
const fixed = promised.filter(([name]) => name !== name.toUpperCase());

const configured = (env: Record<string, string>) =>
  readConfig({ DATABASE_URL: 'postgres://x', RAPPORT_MODE: 'test', ...env });

test('the document names every setting of imports and every fixed limit of the reader', () => {
  const source = readFileSync('src/config.ts', 'utf8');
  const known = [...source.matchAll(/^ {2}((?:UPLOAD|IMPORTS?|LIVE)_\w+): z/gm)].map(([, name]) => name!);
  expect(settings.map(([name]) => name).sort()).toEqual(known.sort());
  expect(known.length).toBeGreaterThan(8);
  const set = ['fileBytes', 'inflatedBytes', 'seconds', 'cpuSeconds', 'heapMegabytes', 'residentMegabytes'];
  const all = Object.keys(DEFAULT_LIMITS).filter((name) => !set.includes(name) && name !== 'ratioFromBytes');
  expect(fixed.map(([name]) => name).sort()).toEqual(all.sort());
  for (const name of known) expect(readFileSync('README.md', 'utf8')).toContain(`\`${name}\``);
});

test.each(fixed)('the reader keeps to %s = %i', (name, value) => {
  expect(DEFAULT_LIMITS[name as keyof Limits]).toBe(value);
});

test.each(settings)('%s is %i when nothing is said, and can be changed', (name, value) => {
  expect(configured({ [name]: String(value) })).toEqual(configured({}));
  expect(configured({ [name]: String(value + 1) })).not.toEqual(configured({}));
  expect(() => configured({ [name]: 'many' })).toThrow(name);
});

test('what the document says in words is so too', () => {
  expect(text).toContain(`A session has at most ${MOST_STREAMS} streams`);
  expect(text).toContain(`Imports that nobody finished give up file and rows after ${UNFINISHED_DAYS} days`);
});

test('files are never kept for less time than an import can be undone', () => {
  expect(() => configured({ IMPORT_KEEP_DAYS: String(UNDO_DAYS) })).toThrow('IMPORT_KEEP_DAYS');
});

describe('on an installation with other limits', () => {
  const ground = useGround({
    UPLOAD_MB: '2',
    IMPORT_ROWS: '5',
    IMPORT_COLUMNS: '3',
    IMPORT_UNPACKED_MB: '3',
    IMPORT_KEEP_DAYS: '40',
  });

  test('the upload page states them', async () => {
    const { agent } = await signedIn(ground);
    const { text: html } = await agent.get('/imports/new').expect(200);
    expect(html).toContain('up to 2 MB, 5 rows and 3 columns. The file is kept for 40 days');
  });

  test('a file of more bytes is refused by name', async () => {
    await expect(ground.upload('x'.repeat(2 * 1024 * 1024 + 1))).rejects.toThrow('413');
  });

  test('one row too many refuses the file, the last one allowed does not', async () => {
    const rows = (n: number) => csv(['Name'], ...Array.from({ length: n }, (_, i) => [`Row ${i}`]));
    expect(await ground.run(rows(5))).toMatchObject({ state: 'planned', rows: 5 });
    expect(await ground.run(rows(6))).toMatchObject({
      state: 'failed',
      error: expect.stringContaining('more than 5 rows'),
    });
  });

  test('columns beyond the limit are left out, and the import says so', async () => {
    const three = await ground.run(csv(['Name', 'City', 'Phone'], ['A', 'Ulm', '1']));
    expect(three.notes).toEqual([]);
    const wide = await ground.run(csv(['Name', 'City', 'Phone', 'E-mail'], ['B', 'Ulm', '1', 'b@example.com']));
    expect(wide.columns).toHaveLength(3);
    expect(wide.notes).toEqual(['This sheet has 4 columns; the first 3 can be imported.']);
    // Also where the header is narrower than the rows.
    const bare = await ground.run(csv(['Name', 'City'], ['C', 'Ulm', '1', 'c@example.com']), { header_row: 1 });
    expect(bare.notes).toContain('This sheet has 4 columns; the first 3 can be imported.');
  });

  test('a workbook that unpacks to more is refused before it is read', async () => {
    const row = (n: number) =>
      `<row r="${n}"><c r="A${n}" t="inlineStr"><is><t>${'x'.repeat(30_000)}</t></is></c></row>`;
    const head = '<row r="1"><c r="A1" t="inlineStr"><is><t>Name</t></is></c></row>';
    const book = (rows: number) => sheetFile(head + Array.from({ length: rows }, (_, i) => row(i + 2)).join(''));
    expect(await ground.run(book(4), {}, 'customers', 'small.xlsx')).toMatchObject({ rows: 4 });
    expect(await ground.run(book(120), {}, 'customers', 'big.xlsx')).toMatchObject({
      state: 'failed',
      error: expect.stringContaining('grows to more than 3 MB'),
    });
  });
});

test('time and memory of the reader are what the installation says', async () => {
  const cell = (name: string, n: number) => `<c r="${name}${n}" t="s"><v>${n}</v></c>`;
  const book = (rows: number, text: (i: number) => string) =>
    sheetFile(
      Array.from({ length: rows }, (_, i) => {
        const cells = ['A', 'B', 'C', 'D', 'E'].map((name) => cell(name, i + 1));
        return `<row r="${i + 1}">${cells.join('')}</row>`;
      }).join(''),
      { strings: Array.from({ length: rows + 1 }, (_, i) => text(i)) },
    );
  const small = {
    // Many rows take time; long texts, of which the last ones stay decoded, take memory: seven times what is allowed.
    IMPORT_SECONDS: ['1', book(200_000, (i) => `${i} ${'text '.repeat(8)}`)],
    IMPORT_MEMORY_MB: ['8', book(3_000, (i) => Array.from({ length: 2_500 }, (_, j) => i * 7_919 + j * 31).join(' '))],
  } as const;
  const errors = [];
  for (const [name, [value, file]] of Object.entries(small)) {
    const limited = await openGround({ [name]: value, IMPORT_ROWS: '1000000' });
    errors.push((await limited.run(file, { header_row: 1 }, 'customers', 'large.xlsx')).error);
    await limited.stop();
  }
  expect(errors).toEqual([
    expect.stringContaining('took longer than 1 second'),
    expect.stringContaining('needs more memory than one upload may use'),
  ]);
}, 90_000);
