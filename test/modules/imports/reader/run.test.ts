import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspectFile, ReadError, readFile } from '#src/modules/imports/reader/run.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'reader-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function put(name: string, content: string | Buffer): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

test('a text file comes with its dialect and rows', async () => {
  const path = await put('a.csv', 'name;city\r\nAnn;"Berlin; Mitte"\r\n');
  const found = await inspectFile(path);
  expect(found.dialect).toEqual({ encoding: 'utf-8', delimiter: ';', quote: '"', escape: 'doubled' });
  expect(found.sheets[0]?.rows.map((row) => row.cells.map((cell) => cell.text))).toEqual([
    ['name', 'city'],
    ['Ann', 'Berlin; Mitte'],
  ]);
});

test('a file that is no list is refused with a reason', async () => {
  const path = await put('a.xlsx', '<html><table></table></html>');
  await expect(inspectFile(path)).rejects.toMatchObject({ code: 'html' });
});

test('stopping early ends the child', async () => {
  const path = await put('long.csv', 'a,b\n'.repeat(500_000));
  for await (const event of readFile(path)) if (event.type === 'rows') break;
  const abort = new AbortController();
  const reading = (async () => {
    for await (const event of readFile(path, { signal: abort.signal })) if (event.type === 'rows') abort.abort();
  })();
  await expect(reading).rejects.toMatchObject({ code: 'cancelled' });
  await expect(reading).rejects.toBeInstanceOf(ReadError);
});
