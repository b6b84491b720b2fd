// An exported list can be edited and imported again: each row says which record it is, each cell what it said.
import type { Response } from 'supertest';
import { allEntities, type Entity } from '../../src/kernel/entity.ts';
import { exportText, ID_HEADER, VERSION_HEADER } from '../../src/kernel/export.ts';
import { f } from '../../src/kernel/fields/index.ts';
import { loadRecord, titlesOf } from '../../src/kernel/records.ts';
import { isHiddenColumn } from '../../src/modules/imports/reader/model.ts';
import { cellText, cellValue, stageCell } from '../../src/modules/imports/staged_cells.ts';
import { type Agent, signIn, startApp, type TestApp } from '../helpers/app.ts';
import { inTenant, makeRecord, makeTenant, PASSWORD, type TestTenant } from '../helpers/fixture.ts';
import { readHere, testFolder } from '../helpers/workbooks.ts';

const put = testFolder();
let app: TestApp;
let acme: TestTenant;
let agent: Agent;

/** What a person may type into a name, each hard on a file in its own way. */
const ODD = [
  '=1+1',
  "'quoted'",
  '-5',
  '+49 30 1',
  '@x',
  '00123',
  'a\nb',
  ' ＝1',
  '"; drop',
  'Zoë ☃ 😀',
  '_x000D_ & <b>',
];

beforeAll(async () => {
  app = await startApp();
  acme = await makeTenant(app.database.url, app.platform, 'acme');
  await inTenant(app.platform, acme, 'admin', async (ctx) => {
    for (const entity of allEntities())
      for (const text of ODD) await makeRecord(ctx, entity, acme.records, { [entity.title]: text });
    const interaction = allEntities().find(({ name }) => name === 'interaction')!;
    for (const occurred_at of ['2026-10-25T00:30:00Z', '2026-10-25T01:30:00Z', '2026-03-28T23:00:00.999999Z'])
      await makeRecord(ctx, interaction, acme.records, { occurred_at });
  });
  agent = app.agent();
  await signIn(agent, acme.users.admin.email, PASSWORD);
}, 60_000);
afterAll(() => app?.stop());

const download = (path: string): Promise<Response> =>
  agent.get(path).responseType('blob').expect(200) as unknown as Promise<Response>;

/** The cells as the import keeps them, and which columns the workbook hides. */
async function exported(entity: Entity, format: 'xlsx' | 'csv') {
  const name = `list.${format}`;
  const { body } = await download(`/${entity.table}.${format}?scope=all`);
  const { sheets } = await readHere(await put(name, body as Buffer), name);
  const [head, ...rows] = sheets[0]!.rows.map((row) => row.cells.map((cell) => stageCell(cell, format === 'csv')));
  return { head: head!.map(cellText), rows, hidden: sheets[0]!.hiddenColumns };
}

const FORMATS = allEntities().flatMap((entity) =>
  (['xlsx', 'csv'] as const).map((format) => [`${entity.table} as ${format}`, entity, format] as const),
);

test.each(FORMATS)(
  '%s: every cell says what its record says, and the last two name it',
  async (_name, entity, format) => {
    const { head, rows, hidden } = await exported(entity, format);
    const width = head.length;
    expect(head.slice(-2)).toEqual([ID_HEADER, VERSION_HEADER]);
    expect(width).toBe(entity.field_names.length + 2);
    expect(head.map((_, column) => isHiddenColumn(hidden, column))).toEqual(
      head.map((_, column) => format === 'xlsx' && column >= width - 2),
    );
    expect(rows.length).toBeGreaterThan(ODD.length);
    await inTenant(app.platform, acme, 'admin', async (ctx) => {
      for (const cells of rows) {
        const record = await loadRecord(ctx, entity, cellValue(cells[width - 2]));
        const titles = await titlesOf(ctx, entity, [record]);
        expect(cellValue(cells[width - 1])).toBe(String(record.version));
        for (const [at, name] of entity.field_names.entries()) {
          const said = cellValue(cells[at]).replace(/^(\d{4}-\d\d-\d\d)T/, '$1 ');
          expect([name, said]).toEqual([name, exportText(entity.fields[name]!, record[name], titles, ctx)]);
        }
      }
    });
  },
);

test('times are written to the second on the clock of the company, days and midnights in full', () => {
  const ctx = { tenant: { time_zone: 'Europe/Berlin' } } as never;
  const said = (field: Parameters<typeof exportText>[0], value: unknown) => exportText(field, value, new Map(), ctx);
  expect(said(f.timestamp(), '2026-03-29 00:30:15.999999+00')).toBe('2026-03-29 01:30:15');
  expect(said(f.timestamp(), '2026-03-28 23:00:00+00')).toBe('2026-03-29 00:00:00');
  expect([said(f.date(), '2026-03-29'), said(f.date(), null)]).toEqual(['2026-03-29', '']);
  expect([said(f.money(), '1234.50'), said(f.money(), '0.00'), said(f.money(), '9999999999999.99')]).toEqual([
    '1234.5',
    '0',
    '9999999999999.99',
  ]);
  expect([said(f.boolean(), true), said(f.boolean(), false), said(f.tags(), ['a', 'b'])]).toEqual([
    'yes',
    'no',
    'a, b',
  ]);
  expect(said(f.ref('user'), 'nobody that may be seen')).toBe('');
});
