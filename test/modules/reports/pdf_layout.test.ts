// Paper without a database: what any report may ask of it, and what readers that go away do.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type { ExportCell, Table } from '../../../src/kernel/export.ts';
import { cell } from '../../../src/kernel/fields/field.ts';
import type { ChartData, ReportTable, ReportView } from '../../../src/kernel/views_pages.ts';
import { customaryPaper } from '../../../src/modules/reports/pdf/size.ts';
import { ticks } from '../../../src/modules/reports/pdf/upright.ts';
import { type Print, writePdf } from '../../../src/modules/reports/pdf.ts';

const tenant = {
  id: '',
  slug: 'acme',
  name: 'Acme',
  time_zone: 'Europe/Warsaw',
  locale: 'en-GB',
  currency: 'EUR',
  fiscal_year_start: 1,
};

const view: ReportView = {
  heading: 'Sample',
  text: 'What stands here.',
  back_href: '',
  title_block: [
    { label: 'Company', value: 'Acme' },
    { label: 'Period', value: 'All time' },
    { label: 'As of', value: '21 Nov 2026' },
    { label: 'Printed by', value: 'Anna' },
  ],
  action: '',
  presets: [],
  controls: [],
  keep: [],
  tiles: [],
  charts: [],
  tables: [],
  computed: [],
  exports: [],
  note: '',
  waiting_href: '',
};

const table = (columns: number, names: string[]): ReportTable => ({
  title: 'Clients',
  columns: Array.from({ length: columns }, (_, i) => ({
    name: `c${i}`,
    label: i ? `Figure ${i}` : 'Client',
    numeric: i > 0,
    sort_href: '',
    sorted: '' as const,
  })),
  rows: names.map((name) => [
    cell('text', name),
    ...Array.from({ length: columns - 1 }, (_, i) => cell('number', `€1,234,${i}00.00`)),
  ]),
  total: null,
  empty: 'Nothing.',
});

const chart = (data: ChartData) => ({ title: `As ${data.kind}`, text: '', json: JSON.stringify(data) });

async function* rows(most: number, ended = () => {}): AsyncGenerator<ExportCell[][]> {
  try {
    for (let i = 0; i < most; i += 1_000)
      yield Array.from({ length: 1_000 }, (_, at) => [`Row ${i + at}`, i + at, 1.5, new Date('2026-04-03')]);
  } finally {
    ended();
  }
}
const columns: Table['columns'] = [
  { label: 'Name', excel: 'text', width: 10 },
  { label: 'Count', excel: 'number', width: 10 },
  { label: 'Amount', excel: 'money', width: 10 },
  { label: 'Day', excel: 'date', width: 10 },
];

const print = (
  more: Partial<ReportView>,
  table: Print['table'] = () => ({ title: 'All', columns, rows: rows(0) }),
) => ({
  view: { ...view, ...more },
  table,
  size: 'a4' as const,
  origin: 'https://crm.example.com',
});

async function read(printed: Print) {
  const folder = mkdtempSync(path.join(tmpdir(), 'rapport-paper-'));
  const out = new PassThrough();
  const [content] = await Promise.all([buffer(out), writePdf({ tenant }, printed, out)]);
  const file = path.join(folder, 'a.pdf');
  writeFileSync(file, content);
  const pages = execFileSync('pdftotext', ['-layout', file, '-'], { encoding: 'utf8' }).split('\f').slice(0, -1);
  const facts = execFileSync('pdfinfo', ['-url', file], { encoding: 'utf8' });
  const size = execFileSync('pdfinfo', [file], { encoding: 'utf8' });
  rmSync(folder, { recursive: true });
  return { pages, text: pages.join(' ').replaceAll(/\s+/g, ' '), links: facts, size };
}

test('a table that is too wide for upright paper lies, and loses no column; a narrow one stands', async () => {
  expect((await read(print({ tables: [table(6, ['Ann'])] }))).size).toContain('595.28 x 841.89');
  const wide = await read(print({ tables: [table(9, ['Ann'])] }));
  expect(wide.size).toContain('841.89 x 595.28');
  for (let i = 1; i < 9; i += 1) expect(wide.text).toContain(`€1,234,${i - 1}00.00`);
  // More than any paper holds in letters of the usual size.
  const widest = await read(print({ tables: [table(16, ['Ann'])] }));
  for (let i = 1; i < 16; i += 1) expect(widest.text.replaceAll(' ', '')).toContain(`1,234,${i - 1}00.00`);
});

test('a name of 10,000 letters takes four lines, and its figures stand beside the first', async () => {
  const { pages } = await read(print({ tables: [table(4, ['y'.repeat(10_000), 'Ann'])] }));
  expect(pages).toHaveLength(1);
  const lines = pages[0]!.split('\n').filter((line) => line.includes('yyyyyyyy'));
  expect(lines).toHaveLength(4);
  expect(lines[0]).toContain('€1,234,000.00');
  expect(lines[3]).toMatch(/y…/);
});

test.each(['bars', 'columns', 'stacks', 'lines', 'doughnut', 'funnel'] as const)(
  'a chart of %s is drawn with its labels, whatever its values are',
  async (kind) => {
    const labels = ['Łódź', 'Ελλάδα', 'Third'];
    const several = kind !== 'doughnut' && kind !== 'funnel';
    const series = (values: number[], label: string) => ({
      label,
      values,
      texts: values.map((value) => `is${value}`),
      hrefs: ['/leads?status=new', '', ''],
    });
    const given: ChartData[] = [
      { kind, labels, series: [series([5, 3, 1], 'One')] },
      { kind, labels, series: [series([0, 0, 0], 'One')] },
      { kind, labels, series: [series([7, 0, 0], 'One')] },
      { kind, labels: [], series: [series([], 'One')] },
      ...(several ? [{ kind, labels, series: [series([5, -3, 1], 'One'), series([1e12, 2, 0], 'Two')] }] : []),
    ];
    const { text, links } = await read(print({ charts: given.map(chart) }));
    for (const label of labels) expect(text).toContain(label);
    if (kind !== 'lines') expect(text).toContain('is5');
    if (several) expect(text).toMatch(/One\s+Two/);
    expect(links).toContain('https://crm.example.com/leads?status=new');
    expect(text).not.toMatch(/NaN|Infinity|undefined/);
  },
);

test('an axis has round steps that hold all values, and no halves of things that are counted', () => {
  expect(ticks(0, 412, true)).toEqual([0, 100, 200, 300, 400, 500]);
  expect(ticks(0, 1, true)).toEqual([0, 1]);
  expect(ticks(0, 0, true)).toEqual([0, 1]);
  expect(ticks(-3, 7, true)).toEqual([-4, -2, 0, 2, 4, 6, 8]);
  expect(ticks(0, 0.9, false).at(-1)).toBeGreaterThanOrEqual(0.9);
});

const full = {
  tables: [
    table(
      4,
      Array.from({ length: 500 }, (_, i) => `Row ${i}`),
    ),
  ],
};

test('pages are sent as they fill, not kept until the last row is there', async () => {
  const out = new PassThrough();
  const [sent, sentWhenAsked]: [{ bytes: number }, number[]] = [{ bytes: 0 }, []];
  out.on('data', (chunk: Buffer) => {
    sent.bytes += chunk.length;
  });
  async function* watched() {
    for await (const batch of rows(20_000)) {
      sentWhenAsked.push(sent.bytes);
      yield batch;
    }
  }
  await writePdf(
    { tenant },
    print(full, () => ({ title: 'All', columns, rows: watched() })),
    out,
  );
  expect(sentWhenAsked).toHaveLength(20);
  expect(sentWhenAsked[10]! / sent.bytes).toBeGreaterThan(0.3);
  expect(sentWhenAsked[19]! / sent.bytes).toBeGreaterThan(0.7);
}, 60_000);

test('dates, counts and amounts of streamed rows read as the company writes them', async () => {
  const { text } = await read(print(full, () => ({ title: 'All', columns, rows: rows(2_000) })));
  expect(text).toContain('Row 1234 1,234 1.50 3 Apr 2026');
  expect(text).toContain('2,000 rows, all of them.');
}, 30_000);

test('when the reader goes away, the rows are no longer asked for', async () => {
  let ended = false;
  const out = new PassThrough({ highWaterMark: 1_000 });
  const table = () => ({ title: 'All', columns, rows: rows(1_000_000, () => (ended = true)) });
  const written = writePdf({ tenant }, print(full, table), out);
  out.once('data', () => setTimeout(() => out.destroy(), 50));
  await expect(written).rejects.toThrow();
  expect(ended).toBe(true);
});

test('what fails on the way breaks the download instead of ending it', async () => {
  const out = new PassThrough();
  out.resume();
  const failing = async function* (): AsyncGenerator<ExportCell[][]> {
    yield [['Row', 1, 1, null]];
    throw new Error('the database went away');
  };
  await expect(
    writePdf(
      { tenant },
      print(full, () => ({ title: 'All', columns, rows: failing() })),
      out,
    ),
  ).rejects.toThrow('the database went away');
  expect(out.destroyed).toBe(true);
  expect(out.readableEnded).toBe(false);
});

test('paper is Letter where that is customary', () => {
  expect(['en-US', 'fr-CA', 'es-MX'].map(customaryPaper)).toEqual(['letter', 'letter', 'letter']);
  expect(['en-GB', 'pl-PL', 'en', 'de'].map(customaryPaper)).toEqual(['a4', 'a4', 'a4', 'a4']);
});
