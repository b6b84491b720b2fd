// The report as a file to send on: the same figures as the page, on the paper that is customary, whatever the names are.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Role } from '../../../src/kernel/access.ts';
import { type Agent, signIn, startApp, type TestApp } from '../../helpers/app.ts';
import { makeTenant, PASSWORD, type TestTenant } from '../../helpers/fixture.ts';
import { type Ground, openGround } from './ground.ts';

const FEW = '?from=2014-01-01&to=2014-01-31';
const FEW_LISTS = 'created_at__from=2014-01-01&created_at__to=2014-01-31';
const HOSTILE = '?from=2013-01-01&to=2013-01-31';
const MANY = '?from=2012-01-01&to=2012-01-31';
const SEVERAL = '?from=2011-01-01&to=2011-01-31';
const NONE = '?from=2010-01-01&to=2010-01-31';
const MANY_CLIENTS = 1_234;

let app: TestApp;
let acme: TestTenant;
let globex: TestTenant;
let ground: Ground;
let folder: string;
const agents = new Map<Role, Agent>();

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'rapport-pdf-'));
  app = await startApp();
  acme = await makeTenant(app.database.url, app.platform, 'acme');
  globex = await makeTenant(app.database.url, app.platform, 'globex');
  ground = await openGround(app, acme);
  const put = async (day: string, name: string, value: string, currency = 'EUR') =>
    ground.project({
      customer: await ground.customer(name),
      value,
      currency,
      status: 'completed',
      created_at: `${day} 12:00Z`,
    });
  await put('2014-01-10', 'Zakłady Łódź Sp. z o.o.', '1234.56');
  await put('2014-01-11', 'Ελλάδα Ναυτιλιακή', '99.10');
  await put('2014-01-12', 'Жовтень Київ', '7');
  const names = [
    'Bell\u0007 and\u0000 tab\tand\r\nline'.replace('\u0000', ''),
    'x'.repeat(200),
    `Long ${'word '.repeat(39)}`.trim(),
    'مؤسسة النور',
    '東京株式会社',
    'Smile 😀 Dental',
    '\u202egnp.exe',
    ') Tj ET (evil',
    '<script>alert(1)</script>',
    '\\(unbalanced',
  ];
  for (const name of names) await put('2013-01-10', name, '1.25');
  for (const currency of ['EUR', 'PLN', 'USD'])
    for (const name of ['First', 'Second']) await put('2011-01-10', `${name} in ${currency}`, '5000', currency);
  await ground.query(
    `with c as (insert into customers (tenant_id, name, created_by)
       select $1, 'Client ' || n, $2 from generate_series(1, $3::int) n returning tenant_id, id)
     insert into projects (tenant_id, name, customer_id, status, value, created_at, created_by)
     select tenant_id, 'P', id, 'completed', 1.01, '2012-01-10 12:00Z', $2 from c`,
    [acme.id, acme.users.admin.id, MANY_CLIENTS],
  );
  const other = await openGround(app, globex);
  await other.project({ customer: await other.customer('Foreign'), value: '5', created_at: '2014-01-10 12:00Z' });
  await other.end();
}, 60_000);
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await ground?.end();
  await app?.stop();
});

async function agentOf(role: Role): Promise<Agent> {
  const agent = agents.get(role) ?? app.agent();
  if (!agents.has(role)) await signIn(agent, acme.users[role].email, PASSWORD);
  agents.set(role, agent);
  return agent;
}

/** A report as PDF, as poppler reads it. */
async function read(query: string, role: Role = 'admin') {
  const answer = await (await agentOf(role))
    .get(`/reports/revenue-by-client.pdf${query}`)
    .buffer(true)
    .parse((res, done) => {
      const chunks: Buffer[] = [];
      res.on('data', (chunk: Buffer) => chunks.push(chunk)).on('end', () => done(null, Buffer.concat(chunks)));
    });
  expect(answer.status).toBe(200);
  const file = path.join(folder, 'report.pdf');
  writeFileSync(file, answer.body);
  const poppler = (program: string, ...args: string[]) => execFileSync(program, args, { encoding: 'utf8' });
  const pages = poppler('pdftotext', '-layout', file, '-').split('\f').slice(0, -1);
  return {
    headers: answer.headers,
    pages,
    /** all words, single blanks between them */
    text: pages.join(' ').replaceAll(/\s+/g, ' '),
    facts: poppler('pdfinfo', file),
    fonts: poppler('pdffonts', file),
    links: poppler('pdfinfo', '-url', file),
  };
}

const words = (html: string): string =>
  html
    .replaceAll(/<[^>]+>/g, ' ')
    .replaceAll('&amp;', '&')
    .replaceAll('&#39;', "'")
    .replaceAll(/\s+/g, ' ')
    .trim();

test('the file says whose figures these are, of when, who printed them, and has every figure of the page', async () => {
  const { headers, text, facts, fonts, links } = await read(FEW);
  expect(headers['content-type']).toBe('application/pdf');
  expect(headers['content-disposition']).toContain('revenue-by-client-2014-01-01-to-2014-01-31.pdf');
  for (const said of ['Acme', 'Revenue by client', '1 Jan 2014 – 31 Jan 2014', 'Europe/Berlin', 'Everyone'])
    expect(text).toContain(said);
  expect(text).toMatch(/As of \d+ \w+ 20\d\d, \d\d:\d\d \S+ · Printed by admin of Acme/);
  expect(text).toContain('Page 1 of 1');
  for (const name of ['Zakłady Łódź Sp. z o.o.', 'Ελλάδα Ναυτιλιακή', 'Жовтень Київ']) expect(text).toContain(name);
  expect(facts).toMatch(/Title:\s+Revenue by client, Acme/);
  // Every font is embedded, as a subset, and tells its letters.
  for (const line of fonts.trim().split('\n').slice(2)) expect(line).toMatch(/Inter.*yes +yes +yes/);

  const { text: page } = await (await agentOf('admin')).get(`/reports/revenue-by-client${FEW}`).expect(200);
  const figures = [...page.matchAll(/<(?:td|th|dd)\b[^>]*>([\s\S]*?)<\/(?:td|th|dd)>/g)].map(([, cell]) =>
    words(cell!),
  );
  expect(figures.length).toBeGreaterThan(30);
  for (const figure of figures.filter((one) => !/\d\d:\d\d/.test(one))) expect(text).toContain(figure);
  expect(text).toContain(words(/<p class="muted small">(.*?)<\/p>/.exec(page)![1]!));

  const behind = [...page.slice(page.indexOf('<tbody>')).matchAll(/<a class="num" href="([^"]+)"/g)].map(([, href]) =>
    href!.replaceAll('&amp;', '&'),
  );
  expect(behind.length).toBeGreaterThan(8);
  for (const href of behind) expect(links).toContain(new URL(href, app.platform.origin()).href);
  expect(links).toContain(FEW_LISTS);
});

test('the paper is the one that was asked for, else the customary one', async () => {
  expect((await read(FEW)).facts).toMatch(/Page size:\s+595\.28 x 841\.89 pts \(A4\)/);
  expect((await read(`${FEW}&paper=letter`)).facts).toMatch(/Page size:\s+612 x 792 pts \(letter\)/);
  await ground.query(`update tenants set locale = 'en-US' where id = $1`, [acme.id]);
  expect((await read(FEW)).facts).toContain('(letter)');
  expect((await read(`${FEW}&paper=a4`)).facts).toContain('(A4)');
  await ground.query(`update tenants set locale = 'en-GB' where id = $1`, [acme.id]);
  const { text } = await (await agentOf('admin')).get(`/reports/revenue-by-client.pdf${FEW}&paper=a0`).expect(400);
  expect(text).toContain('There is no paper');
});

test('every row is there however many the page shows, no row is cut, every page has a head and its number', async () => {
  const { pages, text } = await read(MANY);
  expect(pages.length).toBeGreaterThan(25);
  for (const [i, page] of pages.entries()) {
    expect(page).toContain(`Page ${i + 1} of ${pages.length}`);
    if (/Client \d+ +EUR/.test(page)) expect(page).toMatch(/Client\s+Currency\s+Projects\s+Total\s+Won\s+Open\s+Lost/);
    if (i > 0) expect(page.split('\n').slice(0, 3).join(' ')).toMatch(/Acme.*Revenue by client · 1 Jan 2012/);
  }
  const rows = text.match(/Client \d+ EUR 1 1\.01 1\.01 – –/g) ?? [];
  expect(new Set(rows).size).toBe(MANY_CLIENTS);
  expect(rows).toHaveLength(MANY_CLIENTS);
  expect(text).toContain('All clients 1,234 €1,246.34');
  expect(text).toContain('1,234 rows, all of them.');
  expect(text).not.toContain('The first 500');
}, 60_000);

test('several currencies stand in tables of their own, with their own totals', async () => {
  const { text } = await read(SEVERAL);
  for (const [currency, sum] of [
    ['EUR', '€10,000.00'],
    ['PLN', 'PLN 10,000.00'],
    ['USD', 'US$10,000.00'],
  ]) {
    expect(text).toContain(`Clients, ${currency} Client Projects`);
    expect(text).toContain(`All clients, ${currency} 2 ${sum}`);
  }
});

test('a report of nothing says so on one page', async () => {
  const { text, pages } = await read(NONE);
  expect(pages).toHaveLength(1);
  expect(text).toContain('There are no projects with a client in this period.');
  expect(text).toContain('How is this computed?');
});

test('names that would break a file are printed as text; letters the font does not have are boxes, and that is said', async () => {
  const { text, facts } = await read(HOSTILE);
  expect(facts).toMatch(/Pages:\s+[12]\n/);
  for (const name of [
    'Bell and tab and line',
    'Smile □ Dental',
    ') Tj ET (evil',
    '<script>alert(1)</script>',
    '\\(unbalanced',
  ])
    expect(text).toContain(name);
  expect(text).toContain('gnp.exe');
  expect(text).toContain('□□□□□□');
  expect(text).toContain('xxxxxxxxxxxxxxxxxxxxxxxxx');
  expect(text).toContain('Letters that the font of this file does not have are printed as □');
  expect(text).toContain('10 rows, all of them.');
});

test('only who may export gets it, only of their own company, and it is noted', async () => {
  const address = `/reports/revenue-by-client.pdf${FEW}`;
  for (const role of ['support', 'read_only', 'field_tech'] as const)
    await (await agentOf(role)).get(address).expect(403);
  const { status } = await app.agent().get(address);
  expect([302, 303, 401]).toContain(status);
  await (await agentOf('sales')).get(`${address}&user=${acme.users.admin.id}`).expect(403);
  expect((await read(FEW)).text).not.toContain('Foreign');
  const { rows } = await ground.query(
    `select record_title, actor_id from audit_log where tenant_id = $1 and verb = 'exported' order by id desc limit 1`,
    [acme.id],
  );
  expect(rows[0]).toEqual({ record_title: `pdf of ${address}`, actor_id: acme.users.admin.id });
  const { text } = await (await agentOf('admin')).get(`/reports/revenue-by-client${FEW}`);
  expect(text).toContain(`href="/reports/revenue-by-client.pdf${FEW.replace('&', '&amp;')}"`);
});
