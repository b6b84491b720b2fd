// The same figures as spreadsheets: real numbers, nothing that runs, every row, and a line in the audit trail.
import { read, utils } from '@e965/xlsx';
import { type Agent, signIn, startApp, type TestApp } from '../../helpers/app.ts';
import { makeTenant, PASSWORD, type TestTenant } from '../../helpers/fixture.ts';
import { type Ground, openGround } from './ground.ts';

const FEW = '?from=2014-01-01&to=2014-01-31';
const MANY = '?from=2013-01-01&to=2013-01-31';
const HOSTILE = [
  '=HYPERLINK("http://evil.example","x")',
  '@SUM(1)',
  '-2+3+cmd|x',
  '<script>alert(1)</script>',
  'A, "B"; C',
];

let app: TestApp;
let acme: TestTenant;
let ground: Ground;
let agent: Agent;

beforeAll(async () => {
  app = await startApp();
  acme = await makeTenant(app.database.url, app.platform, 'acme');
  ground = await openGround(app, acme);
  for (const [i, name] of HOSTILE.entries())
    await ground.project({
      customer: await ground.customer(name),
      value: `${i + 1}.50`,
      created_at: '2014-01-10 12:00Z',
    });
  await ground.query(
    `with c as (insert into customers (tenant_id, name, created_by)
       select $1, 'Client ' || n, $2 from generate_series(1, 2500) n returning tenant_id, id)
     insert into projects (tenant_id, name, customer_id, status, value, created_at, created_by)
     select tenant_id, 'P', id, 'completed', 1.01, '2013-01-10 12:00Z', $2 from c`,
    [acme.id, acme.users.admin.id],
  );
  const bin = await ground.customer('Bin', { trashed: true });
  await ground.project({ customer: bin, value: '7', created_at: '2013-01-10 12:00Z' });
  agent = app.agent();
  await signIn(agent, acme.users.admin.email, PASSWORD);
}, 60_000);
afterAll(async () => {
  await ground?.end();
  await app?.stop();
});

const fetchFile = async (format: string, query: string) => {
  const answer = await agent
    .get(`/reports/revenue-by-client.${format}${query}`)
    .buffer(true)
    .parse((res, done) => {
      const chunks: Buffer[] = [];
      res.on('data', (chunk: Buffer) => chunks.push(chunk)).on('end', () => done(null, Buffer.concat(chunks)));
    });
  expect(answer.status).toBe(200);
  return answer;
};

test('CSV: names that would run are disarmed, the last line counts the rows', async () => {
  const answer = await fetchFile('csv', FEW);
  expect(answer.headers['content-type']).toBe('text/csv; charset=utf-8');
  expect(answer.headers['content-disposition']).toContain('revenue-by-client-2014-01-01-to-2014-01-31.csv');
  const text = String(answer.body);
  const lines = text.split('\r\n');
  expect(lines[0]).toBe('\ufeffClient,Currency,Projects,Total,Won,Open,Lost');
  expect(lines.slice(1)).toEqual([
    '"A, ""B""; C",EUR,1,5.5,0,5.5,0',
    '<script>alert(1)</script>,EUR,1,4.5,0,4.5,0',
    "'-2+3+cmd|x,EUR,1,3.5,0,3.5,0",
    "'@SUM(1),EUR,1,2.5,0,2.5,0",
    `"'=HYPERLINK(""http://evil.example"",""x"")",EUR,1,1.5,0,1.5,0`,
    '5 rows,,,,,,',
    '',
  ]);
});

test('Excel: numbers are numbers, names are text, the head is frozen, the last row counts', async () => {
  const { body } = await fetchFile('xlsx', `${FEW}&sort=client_name`);
  const book = read(body, { cellStyles: true });
  const sheet = book.Sheets[book.SheetNames[0]!]!;
  const rows = utils.sheet_to_json<unknown[]>(sheet, { header: 1 });
  expect(rows[0]).toEqual(['Client', 'Currency', 'Projects', 'Total', 'Won', 'Open', 'Lost']);
  expect(rows.slice(1, -1).map((row) => row[0])).toEqual(expect.arrayContaining(HOSTILE));
  expect(rows.slice(1, -1).every((row) => row.slice(2).every((figure) => typeof figure === 'number'))).toBe(true);
  expect(rows.at(-1)).toEqual(['5 rows']);
  for (const cell of Object.values(sheet)) expect((cell as { f?: string })?.f).toBeUndefined();
  expect(body.length).toBeGreaterThan(1000);
});

test('Excel: the rows can be filtered without the line that counts them; the charts’ data and what it is about are beside', async () => {
  const { body } = await fetchFile('xlsx', FEW);
  const book = read(body);
  expect(book.SheetNames).toEqual(['Revenue by client', 'Chart', 'About']);
  expect(book.Sheets['Revenue by client']!['!autofilter']).toEqual({ ref: 'A1:G6' });
  const rowsOf = (name: string) => utils.sheet_to_json<unknown[]>(book.Sheets[name]!, { header: 1 });
  expect(rowsOf('Chart').slice(0, 2)).toEqual([
    ['Clients by value', 'Won', 'Open', 'Lost'],
    ['A, "B"; C', 0, 5.5, 0],
  ]);
  const about = new Map(rowsOf('About').map(([label, value]) => [label, value]));
  expect(about.get('Report')).toBe('Revenue by client');
  expect(about.get('Company')).toBe('Acme');
  expect(about.get('Period')).toBe('1 Jan 2014 – 31 Jan 2014');
  expect(about.get('Printed by')).toBe('admin of Acme');
  expect(about.get('Rows on the page')).toBe('5 rows, all of them.');
});

test('the page shows 500 rows and says so; the export has all of them, and both have the same totals', async () => {
  const { text } = await agent.get(`/reports/revenue-by-client${MANY}`).expect(200);
  expect(text.match(/href="\/customers\/[\w-]{36}"/g)).toHaveLength(500);
  expect(text).toContain('The first 500 of 2,500 rows; the totals are of all of them. Excel and CSV hold every row.');
  expect(text).toContain('€2,525.00');
  const lines = String((await fetchFile('csv', MANY)).body).split('\r\n');
  expect(lines.at(-2)).toBe('2500 rows,,,,,,');
  expect(new Set(lines.slice(1, -2).map((line) => line.split(',')[0])).size).toBe(2500);
  expect(lines[1]).toBe('Client 1,EUR,1,1.01,1.01,0,0');
});

test('a total whose list would show more, and cannot name all that count, says so and is no link', async () => {
  const { text } = await agent.get(`/reports/revenue-by-client${MANY}`).expect(200);
  expect(text).toContain('One project is left out because its customer is in the trash.');
  const foot = text.slice(text.indexOf('<tfoot>'), text.indexOf('</tfoot>'));
  expect(foot).toContain('€2,525.00');
  expect(foot).not.toContain('href');
});

test('who took what along stands in the audit trail', async () => {
  await fetchFile('xlsx', FEW);
  const { rows } = await ground.query(
    `select verb, entity, record_title, actor_id from audit_log where tenant_id = $1 and entity = 'report' order by id desc`,
    [acme.id],
  );
  expect(rows[0]).toEqual({
    verb: 'exported',
    entity: 'report',
    record_title: `xlsx of /reports/revenue-by-client.xlsx${FEW}`,
    actor_id: acme.users.admin.id,
  });
});

test('names with markup are text on the page, in the chart and in its description', async () => {
  const { text } = await agent.get(`/reports/revenue-by-client${FEW}`).expect(200);
  expect(text).not.toContain('<script>alert(1)</script>');
  expect(text).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
  const chart = /data-chart="([^"]*)"/.exec(text)?.[1] ?? '';
  const data = JSON.parse(
    chart
      .replaceAll('&quot;', '"')
      .replaceAll('&#39;', "'")
      .replaceAll('&lt;', '<')
      .replaceAll('&gt;', '>')
      .replaceAll('&amp;', '&'),
  );
  expect(data.labels).toContain('<script>alert(1)</script>');
});
