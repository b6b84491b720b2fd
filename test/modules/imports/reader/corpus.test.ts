/** npm run corpus, as the contract describes it. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sheetFile, workbookFile } from '../../../helpers/workbooks.ts';

const SCRIPT = fileURLToPath(new URL('../../../../scripts/corpus.ts', import.meta.url));
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'corpus-'));
  await mkdir(join(folder, 'sub'));
  const rows = '<row r="2"><c r="B2"><v>1</v></c></row>';
  await writeFile(
    join(folder, 'a.xlsx'),
    workbookFile({
      sheets: [
        { name: 'S', rows },
        { name: 'T', rows, state: 'hidden' },
      ],
    }),
  );
  await writeFile(join(folder, 'sub', 'b.CSV'), 'a;b\n1;2\n');
  await writeFile(join(folder, 'c.xlsx'), '<html>');
  await writeFile(join(folder, 'd.xlsx'), sheetFile('<row r="1"><c r="A1" t="s"><v>5</v></c></row>'));
  await writeFile(join(folder, 'readme.txt'), 'not a list');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function run(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [SCRIPT, ...args], (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code) : 0, stdout, stderr });
    });
  });
}

test('a line a file, and everything as JSON', async () => {
  const json = join(folder, 'out.json');
  const { code, stdout } = await run(folder, '--json', json);
  expect(code).toBe(0);
  const lines = stdout.trim().split('\n');
  expect(lines).toHaveLength(5);
  expect(lines[0]).toMatch(/^read +2 sheets +2 rows +[\d.]+ s +\d+ MB +a\.xlsx$/);
  expect(lines[1]).toMatch(/^refused +0 sheets +0 rows +[\d.]+ s +\d+ MB +c\.xlsx +html: This file is a web page/);
  expect(lines.at(-1)).toBe('4 files: 3 read, 1 refused, 0 failed');
  expect(JSON.parse(await readFile(json, 'utf8'))).toMatchObject([
    {
      file: 'a.xlsx',
      warnings: [],
      sheets: [
        { name: 'S', hidden: false, rows: [[], ['', '1']] },
        { name: 'T', hidden: true, rows: [[], ['', '1']] },
      ],
    },
    { file: 'c.xlsx', error: { code: 'html' }, sheets: [] },
    { file: 'd.xlsx', warnings: [{ code: 'shared_string_missing', row: 1 }] },
    {
      file: join('sub', 'b.CSV'),
      sheets: [
        {
          name: 'b',
          rows: [
            ['a', 'b'],
            ['1', '2'],
          ],
        },
      ],
    },
  ]);
}, 20_000);

test('a wrong command line says how', async () => {
  for (const args of [[], [join(folder, 'missing')], [folder, folder]]) expect((await run(...args)).code).toBe(2);
}, 20_000);
