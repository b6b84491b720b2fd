// Lists taken along as Excel and CSV: real numbers and days, nothing that runs, what the list shows and no more.
import http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import XLSX from '@e965/xlsx';
import pg from 'pg';
import type { Response } from 'supertest';
import { inertCsv } from '../../src/kernel/export.ts';
import { type Agent, signIn, startApp, type TestApp } from '../helpers/app.ts';
import { makeTenant, PASSWORD, type TestTenant } from '../helpers/fixture.ts';
import { findViolations } from '../helpers/invariants.ts';
import { type Program, program } from '../helpers/program.ts';
import { readHere, testFolder } from '../helpers/workbooks.ts';

const put = testFolder();
let app: TestApp;
let acme: TestTenant;
let admin: Program;
let agent: Agent;
let client: pg.Client;

beforeAll(async () => {
  app = await startApp();
  acme = await makeTenant(app.database.url, app.platform, 'acme');
  admin = program(app, acme.users.admin);
  agent = app.agent();
  await signIn(agent, acme.users.admin.email, PASSWORD);
  client = new pg.Client({ connectionString: app.database.url });
  await client.connect();
}, 60_000);
afterAll(async () => {
  await client?.end();
  await app?.stop();
});

const make = async (path: string, values: object) => (await admin.post(path, values)).body.data.id as string;

const bytes = (path: string, who = agent): Promise<Response> =>
  who
    .get(path)
    .buffer(true)
    .parse((res, done) => {
      const parts: Buffer[] = [];
      res.on('data', (part: Buffer) => parts.push(part));
      res.on('end', () => done(null, Buffer.concat(parts)));
    }) as never;

/** Rows of an exported workbook by column label, as its cells hold them. */
async function workbook(path: string): Promise<Record<string, XLSX.CellObject>[]> {
  const { body } = await bytes(path);
  const book = XLSX.read(body as Buffer, { cellFormula: true, cellNF: true, cellDates: false });
  const sheet = book.Sheets[book.SheetNames[0]!]!;
  const range = XLSX.utils.decode_range(sheet['!ref']!);
  const at = (row: number, column: number) => sheet[XLSX.utils.encode_cell({ r: row, c: column })] as XLSX.CellObject;
  return Array.from({ length: range.e.r }, (_, row) =>
    Object.fromEntries(
      Array.from({ length: range.e.c + 1 }, (_, column) => [String(at(0, column).v), at(row + 1, column)]),
    ),
  );
}

/** A strict reader of RFC 4180. */
function readCsv(text: string): string[][] {
  const rows: string[][] = [[]];
  const cells = /("(?:[^"]|"")*"|[^",\r\n]*)(,|\r\n)/gy;
  let end = 0;
  for (const found of text.matchAll(cells)) {
    const cell = found[1]!;
    rows.at(-1)!.push(cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell);
    if (found[2] === '\r\n') rows.push([]);
    end = found.index + found[0].length;
  }
  if (end !== text.length || rows.at(-1)!.length)
    throw new Error(`not RFC 4180 at ${end}: ${text.slice(end, end + 40)}`);
  return rows.slice(0, -1);
}

test('a workbook holds real numbers, days and times; references by name, everything else as text', async () => {
  const owner = acme.users.sales.id;
  const customer = await make('/customers', {
    name: 'Sheet & Co',
    arr: '1234.50',
    renewal_date: '2026-03-29',
    owner_id: owner,
    tags: ['b', 'a'],
    products_owned: ['One', 'Two'],
    status: 'active',
    phone: '+49 30 123456',
    external_id: '00123',
  });
  await make('/interactions', {
    subject: 'Sheet talk',
    type: 'call',
    occurred_at: '2026-10-25T00:30:00Z',
    customer_id: customer,
  });
  const [row] = await workbook('/customers.xlsx?scope=all&q=sheet');
  expect(row!.ARR).toMatchObject({ t: 'n', v: 1234.5, z: '#,##0.00' });
  expect(row!['Renewal date']).toMatchObject({ t: 'n', z: 'yyyy-mm-dd' });
  expect(XLSX.SSF.format('yyyy-mm-dd', row!['Renewal date']!.v)).toBe('2026-03-29');
  for (const [label, text] of Object.entries({
    Name: 'Sheet & Co',
    Owner: 'sales of Acme',
    Tags: 'a, b',
    'Products owned': 'One, Two',
    Status: 'Active',
    Phone: '+49 30 123456',
    'External id': '00123',
  }))
    expect([label, row![label]]).toMatchObject([label, { t: 's', v: text }]);
  const [talk] = await workbook('/interactions.xlsx?scope=all&q=sheet');
  expect(XLSX.SSF.format('yyyy-mm-dd hh:mm', talk!.When!.v)).toBe('2026-10-25 02:30'); // the company's clock
  expect([talk!.Customer!.v, talk!.Type!.v]).toEqual(['Sheet & Co', 'Call']);
});

const DANGEROUS = [
  '=1+1',
  '+1+cmd',
  '-2+3+cmd|calc',
  '@SUM(A1)',
  '\t=1',
  '\r=1',
  ' =1',
  '\u00a0=1',
  '\u200b=1',
  '＝1',
  '＋1',
  '－1',
  '＠1',
  '|calc',
  '%0A=1',
  '=HYPERLINK("http://evil.test","x")',
  "=cmd|'/C calc'!A0",
  '@x',
  "=IMPORTXML(CONCAT(A1),'//x')",
  '\u0000=1',
  '\n=1',
];
const HARMLESS = [
  '+49 30 123456',
  '-5',
  '-1,234.50',
  '(5)',
  '00123',
  'a=b',
  'x\n=1',
  'quoted "word"',
  'a,b;c',
  '" =1"',
  'Ünï ☃ 😀',
  '3 - 2',
];

test.each(DANGEROUS)('the text %j becomes one that no spreadsheet runs', (text) => {
  expect(inertCsv(text)).toBe(`'${text}`);
  expect(inertCsv(inertCsv(text))).not.toBe(text);
});
test.each(HARMLESS)('the text %j stays as it is', (text) => {
  expect(inertCsv(text)).toBe(text);
});

test('what people typed arrives letter by letter: in Excel as text, in CSV disarmed and quoted as RFC 4180 says', async () => {
  const texts = [...DANGEROUS, ...HARMLESS, "'quoted'", 'line\r\nbreak', '<b>& co'];
  for (const [i, text] of texts.entries()) await make('/leads', { name: `odd ${i}`, company: text, description: text });
  const kept = new Map(
    (await admin.get('/leads?q=odd&limit=100')).body.items.map((row: Record<string, string>) => [
      row.name,
      row.company,
    ]),
  );
  const rows = await workbook('/leads.xlsx?scope=all&q=odd');
  expect(rows).toHaveLength(texts.length);
  for (const row of rows) {
    expect([row.Name!.v, row.Company?.t, row.Company?.v, row.Company?.f]).toEqual([
      row.Name!.v,
      's',
      kept.get(String(row.Name!.v)),
      undefined,
    ]);
    expect(row.Description?.f).toBeUndefined();
  }
  // Our own reader gives back the very letters, also those that Excel writes with a meaning.
  await make('/leads', { name: 'odd last', company: '<b>&amp;_x000D_&#10;' });
  const { body } = await bytes('/leads.xlsx?scope=all&q=odd%20last');
  const file = await readHere(await put('leads.xlsx', body as Buffer), 'leads.xlsx');
  expect(file.sheets[0]!.rows[1]!.cells[1]!.text).toBe('<b>&amp;_x000D_&#10;');
  const answer = await bytes('/leads.csv?scope=all&q=odd');
  const text = (answer.body as Buffer).toString('utf8');
  expect([text.charCodeAt(0), answer.headers['content-type']]).toEqual([0xfeff, 'text/csv; charset=utf-8']);
  const [head, ...lines] = readCsv(text.slice(1));
  const company = head!.indexOf('Company');
  expect(head).toEqual(expect.arrayContaining(['Name', 'Company', 'Status', 'Estimated value', 'Tags']));
  expect(lines).toHaveLength(texts.length + 1);
  for (const line of lines) {
    expect(line).toHaveLength(head!.length);
    if (kept.has(line[0]!)) expect(line[company]).toBe(inertCsv(String(kept.get(line[0]!))));
    expect(line[company]).not.toMatch(/^[\s\u00a0\u200b]*[=@|％＝＋－＠]/);
  }
});

test('an export follows the filters, leaves out the trash, and is a line in the trail', async () => {
  for (const name of ['keep', 'drop', 'trash'])
    await make('/projects', {
      name: `Export ${name}`,
      customer_id: acme.records.customer,
      status: name === 'drop' ? 'cancelled' : 'active',
    });
  const { body } = await admin.get('/projects?q=export%20trash');
  await admin.remove(`/projects/${body.items[0].id}`);
  const address = '/projects.xlsx?scope=all&status=active&q=export&sort=-name';
  expect((await workbook(address)).map((row) => row.Name!.v)).toEqual(['Export keep']);
  const { rows } = await client.query(
    `select actor_id, entity, record_title, changes from audit_log where verb = 'exported' order by id desc limit 1`,
  );
  expect(rows).toEqual([
    { actor_id: acme.users.admin.id, entity: 'project', record_title: `xlsx of ${address}`, changes: {} },
  ]);
  const viewer = app.agent();
  await signIn(viewer, acme.users.read_only.email, PASSWORD);
  expect((await viewer.get('/projects.csv')).status).toBe(403);
  expect((await viewer.get('/projects')).text).not.toContain('.csv');
  const headers = (await bytes(address)).headers;
  expect(headers['content-disposition']).toMatch(/^attachment; filename="projects-\d{4}-\d\d-\d\d\.xlsx"/);
  expect([headers['x-content-type-options'], headers['cache-control']]).toEqual(['nosniff', 'private, no-store']);
});

describe('a long list', () => {
  const ROWS = 5_003;
  beforeAll(async () => {
    await client.query(
      `insert into customers (tenant_id, name, created_by, description) select $1, 'Long ' || lpad(i::text, 5, '0'), $2, repeat(md5(i::text), 20)
       from generate_series(1, $3::int) i`,
      [acme.id, acme.users.admin.id, ROWS],
    );
  });

  test('is exported whole, each row once', async () => {
    const [, ...lines] = readCsv((await bytes('/customers.csv?scope=all&sort=name')).body.toString('utf8').slice(1));
    const long = lines.map((line) => line[0]!).filter((name) => name.startsWith('Long '));
    expect([long.length, new Set(long).size, long[0], long.at(-1)]).toEqual([
      ROWS,
      ROWS,
      'Long 00001',
      `Long 0${ROWS}`,
    ]);
    expect((await workbook('/customers.xlsx?scope=all&created_at__from=2020-01-01')).length).toBe(lines.length);
  });

  test.each(['csv', 'xlsx'])('as %s that is broken off half-way leaves nothing open', async (format) => {
    const cookie = (agent as unknown as { jar: { getCookies(at: object): { toValueString(): string } } }).jar
      .getCookies({ domain: '127.0.0.1', path: '/', secure: false, script: false })
      .toValueString();
    const open = async () =>
      Number(
        (
          await client.query(`select count(*) as n from pg_stat_activity
            where datname = current_database() and xact_start is not null and pid <> pg_backend_pid()`)
        ).rows[0].n,
      );
    for (let i = 0; i < 4; i += 1) {
      await new Promise<void>((resolve, reject) => {
        const request = http.get(`${app.url}/customers.${format}?scope=all`, { headers: { cookie } }, (res) => {
          if (res.statusCode !== 200) reject(new Error(String(res.statusCode)));
          res.once('data', () => {
            res.destroy();
            resolve();
          });
        });
        request.on('error', reject);
      });
    }
    for (let i = 0; i < 150 && (await open()) > 0; i += 1) await sleep(100);
    expect(await open()).toBe(0);
    expect((await agent.get('/customers?scope=all')).status).toBe(200);
  });
});

test('afterwards all is well', async () => {
  expect(await findViolations(app.database.url)).toEqual([]);
});
