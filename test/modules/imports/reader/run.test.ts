/** The child process: what it gives, how it ends, and that the parent stays whole. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { limitsWith } from '#src/modules/imports/reader/limits.ts';
import { isHiddenColumn } from '#src/modules/imports/reader/model.ts';
import { inspectFile, ReadError, type ReadEvent, type ReadOptions, readFile } from '#src/modules/imports/reader/run.ts';
import { sheetFile, testFolder, workbookFile } from '../../../helpers/workbooks.ts';

const put = testFolder();
const many = (rows: number) =>
  Array.from({ length: rows }, (_, i) => `<row r="${i + 1}"><c r="A${i + 1}"><v>${i}</v></c></row>`).join('');

async function all(path: string, options: ReadOptions = {}): Promise<ReadEvent[]> {
  const events: ReadEvent[] = [];
  for await (const event of readFile(path, options)) events.push(event);
  return events;
}

/** Processes of ours that still read files. */
function children(): string[] {
  if (!existsSync('/proc')) return [];
  return readdirSync('/proc').filter((id) => {
    try {
      const status = readFileSync(`/proc/${id}/status`, 'latin1');
      const command = readFileSync(`/proc/${id}/cmdline`, 'latin1');
      return (
        status.includes(`PPid:\t${process.pid}\n`) && command.includes('reader/start.mjs') && !/State:\s+Z/.test(status)
      );
    } catch {
      return false;
    }
  });
}

async function noneLeft(): Promise<void> {
  for (let i = 0; i < 50 && children().length > 0; i++) await sleep(20);
  expect(children()).toEqual([]);
}

test('events come in order, with typed cells', async () => {
  const path = await put(
    'a.xlsx',
    sheetFile('<row r="2" hidden="1"><c r="B2" s="1"><v>44230</v></c></row>', { formats: ['dd.mm.yyyy'] }),
  );
  const events = await all(path, { name: 'customers.xlsx' });
  expect(events).toEqual([
    { type: 'file', format: 'xlsx', sheets: [{ index: 0, name: 'Customers', hidden: false }] },
    { type: 'sheet', sheet: { index: 0, name: 'Customers', hidden: false }, hiddenColumns: [] },
    {
      type: 'rows',
      sheet: 0,
      rows: [
        {
          number: 2,
          hidden: true,
          cells: [
            { text: '', kind: 'empty', value: '' },
            { text: '03.02.2021', kind: 'date', value: '2021-02-03' },
          ],
        },
      ],
    },
    { type: 'sheet_end', sheet: 0, rows: 1, lastRow: 2, merges: [], mergeCount: 0 },
    {
      type: 'end',
      stats: { rows: 1, seconds: expect.any(Number), cpuSeconds: expect.any(Number), peakBytes: expect.any(Number) },
    },
  ]);
});

test('an inspection gives the sheets with their first rows', async () => {
  const path = await put(
    'a.xlsx',
    workbookFile({
      sheets: [
        { name: 'Few', rows: many(3) },
        { name: 'Many', rows: many(500), before: '<cols><col min="2" max="3" hidden="1"/></cols>' },
      ],
    }),
  );
  const found = await inspectFile(path, { rowsPerSheet: 5 });
  expect(found.sheets.map((sheet) => [sheet.name, sheet.rows.length, sheet.complete])).toEqual([
    ['Few', 3, true],
    ['Many', 5, false],
  ]);
  const hidden = found.sheets[1]?.hiddenColumns ?? [];
  expect([0, 1, 2, 3].map((column) => isHiddenColumn(hidden, column))).toEqual([false, true, true, false]);
});

test('preview and whole file agree row by row', async () => {
  const path = await put('a.csv', `name,role\n${'"Ann\r\nadmin@x,owner",user\n'.repeat(200)}`);
  const preview = (await inspectFile(path, { rowsPerSheet: 50 })).sheets[0]?.rows;
  const whole = (await all(path)).flatMap((event) => (event.type === 'rows' ? event.rows : []));
  expect(preview).toEqual(whole.slice(0, 50));
  expect(whole).toHaveLength(201);
});

test('the name as uploaded names the sheet of a text file', async () => {
  const path = await put('b7f2', 'a,b\n1,2\n');
  const found = await inspectFile(path, { name: 'Kunden 2026.csv' });
  expect(found.sheets[0]?.name).toBe('Kunden 2026');
});

test('a consumer that stops early leaves no process behind', async () => {
  const path = await put('a.csv', 'a,b\n'.repeat(1_000_000));
  for await (const event of readFile(path)) if (event.type === 'rows') break;
  await noneLeft();
});

test('a signal stops the reading', async () => {
  const path = await put('a.csv', 'a,b\n'.repeat(1_000_000));
  const abort = new AbortController();
  const reading = (async () => {
    for await (const event of readFile(path, { signal: abort.signal })) if (event.type === 'rows') abort.abort();
  })();
  await expect(reading).rejects.toMatchObject({ code: 'cancelled' });
  await expect(all(path, { signal: abort.signal })).rejects.toMatchObject({ code: 'cancelled' });
  await noneLeft();
});

test('a slow consumer is waited for, and its time is its own', async () => {
  const path = await put('a.csv', `${'x'.repeat(50)},b\n`.repeat(200_000));
  let rows = 0;
  let pauses = 0;
  for await (const event of readFile(path, { limits: { seconds: 4 } })) {
    if (event.type === 'rows') rows += event.rows.length;
    if (pauses++ < 6) await sleep(800);
  }
  expect(rows).toBe(200_000);
}, 20_000);

test('limits of time, processor time and memory end the child', async () => {
  const path = await put('a.xlsx', sheetFile(many(1_000_000)));
  await expect(all(path, { limits: { seconds: 0.5 } })).rejects.toMatchObject({ code: 'timed_out' });
  await expect(all(path, { limits: { cpuSeconds: 1 } })).rejects.toMatchObject({ code: 'timed_out' });
  await expect(all(path, { limits: { residentMegabytes: 60 } })).rejects.toMatchObject({ code: 'out_of_memory' });
  await expect(all(path, { limits: { heapMegabytes: 8 } })).rejects.toMatchObject({ code: 'out_of_memory' });
  await noneLeft();
}, 30_000);

test('a child that is killed is an error, not the end of the parent', async () => {
  const path = await put('a.xlsx', sheetFile(many(300_000)));
  const reading = (async () => {
    for await (const event of readFile(path)) {
      if (event.type === 'rows') for (const id of children()) process.kill(Number(id), 'SIGKILL');
    }
  })();
  await expect(reading).rejects.toMatchObject({
    code: 'crashed',
    details: { fault: expect.stringContaining('SIGKILL') },
  });
}, 20_000);

test('the child sees no environment and no other file', async () => {
  const path = await put('a.csv', 'a,b\n'.repeat(1_000_000));
  for await (const event of readFile(path)) {
    if (event.type !== 'rows') continue;
    for (const id of children()) expect(readFileSync(join('/proc', id, 'environ'), 'latin1')).not.toContain('PATH=/');
    break;
  }
  await expect(all('/etc/hostname-that-is-not-there')).rejects.toMatchObject({ code: 'not_found' });
});

test('a broken limit tells the peak of memory', async () => {
  const path = await put('a.csv', 'a,b,c\n');
  const error = await all(path, { limits: { columns: 2 } }).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(ReadError);
  expect((error as ReadError).details.peakBytes).toBeGreaterThan(1_000_000);
});

test('limits are checked themselves', () => {
  expect(() => limitsWith({ rows: 0 })).toThrow('rows');
  expect(() => limitsWith({ row: 5 } as never)).toThrow('no such limit');
  expect(limitsWith({ rows: 5 })).toMatchObject({ rows: 5, columns: 16_384 });
});
