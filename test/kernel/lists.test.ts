// Lists page by page: every row once in every order, both ways, whatever is equal, empty, accented or added meanwhile.
import pg from 'pg';
import type { Ctx } from '../../src/kernel/context.ts';
import { allEntities, type Entity, entityNamed } from '../../src/kernel/entity.ts';
import type { Value } from '../../src/kernel/fields/field.ts';
import { newId } from '../../src/kernel/ids.ts';
import { listPage, type Page } from '../../src/kernel/list_page.ts';
import { encodeCursor, type ListQuery, readListQuery, sortable } from '../../src/kernel/list_query.ts';
import { type Agent, signIn, startApp, type TestApp } from '../helpers/app.ts';
import { inTenant, makeRecord, makeTenant, PASSWORD, type TestTenant } from '../helpers/fixture.ts';
import { findViolations } from '../helpers/invariants.ts';
import { type Program, program } from '../helpers/program.ts';

let app: TestApp;
let acme: TestTenant;
let admin: Program;
let agent: Agent;
let client: pg.Client;

const NAMES = [
  'Zebra',
  'zebra',
  'Ärger',
  'arger',
  'Éclair',
  'eclair',
  'Ångström',
  'Łódź',
  'ABC',
  'abc',
  '10',
  '9',
  '',
  ' -',
];
const SAMPLES: Record<string, Value[]> = {
  text: NAMES.map((name) => `${name}x`),
  long_text: NAMES.map((name) => `${name}x`),
  money: [null, '0.00', '10.50', '10.50', '9.00', null, '1000.00'],
  date: [null, '2026-01-01', '1999-12-31', '2026-01-01', null],
  timestamp: ['2026-01-01T00:00:00Z', '2026-01-01T00:00:00.000Z', '2025-06-01T12:00:00Z'],
};

beforeAll(async () => {
  app = await startApp();
  acme = await makeTenant(app.database.url, app.platform, 'acme');
  admin = program(app, acme.users.admin);
  agent = app.agent();
  await signIn(agent, acme.users.admin.email, PASSWORD);
  client = new pg.Client({ connectionString: app.database.url });
  await client.connect();
  // Two transactions, so that created_at has two values, each shared by many rows.
  for (const half of [0, 1]) {
    await inTenant(app.platform, acme, 'admin', async (ctx) => {
      for (const entity of allEntities())
        for (let i = half * 14; i < half * 14 + 14; i += 1) await makeNth(ctx, entity, i);
    });
  }
}, 60_000);
afterAll(async () => {
  await client?.end();
  await app?.stop();
});

/** A record whose sortable fields take the samples in turn, so that many are equal or empty. */
function makeNth(ctx: Ctx, entity: Entity, i: number) {
  const values: Record<string, Value> = {};
  for (const name of sortable(entity)) {
    const samples = SAMPLES[entity.fields[name]?.kind ?? ''];
    if (samples) values[name] = samples[i % samples.length]!;
  }
  const unique = entity.name === 'tag' || name_is_unique(entity) ? newId() : '';
  if (entity.name === 'tag') values.name = `${values.name} ${unique}`;
  if (entity.fields.account_number) values.account_number = `${values.account_number} ${unique}`;
  if (entity.fields.external_id) values.external_id = newId();
  if (entity.fields.start_date) values.start_date = null;
  return makeRecord(ctx, entity, acme.records, values);
}
const name_is_unique = (entity: Entity) => !!entity.fields.account_number;

const asAdmin = <T>(work: (ctx: Ctx) => Promise<T>) => inTenant(app.platform, acme, 'admin', work);
const ids = (page: Page) => page.rows.map((row) => row.id as string);

/** Every page of the list from one end to the other. */
async function walk(ctx: Ctx, entity: Entity, query: Record<string, string>, way: 'after' | 'before', from = '') {
  const pages: string[][] = [];
  let cursor = from;
  for (let i = 0; i < 100; i += 1) {
    const list = readListQuery(ctx, entity, { scope: 'all', ...query, ...(cursor ? { [way]: cursor } : {}) });
    const page = await listPage(ctx, entity, list);
    pages.push(ids(page));
    cursor = way === 'after' ? page.next : page.previous;
    if (!cursor) return { pages, last: page };
  }
  throw new Error('the list does not end');
}

const ORDERS = allEntities().flatMap((entity) =>
  sortable(entity).flatMap((sort) => [`${entity.name} ${sort}`, `${entity.name} -${sort}`]),
);

test.each(ORDERS)(
  '%s: each row once from page to page, the same pages backwards, in the order of the database',
  async (order) => {
    const [name = '', sort = ''] = order.split(' ');
    const entity = entityNamed(name);
    await asAdmin(async (ctx) => {
      const { pages, last } = await walk(ctx, entity, { sort, limit: '4' }, 'after');
      const [column, way] = [sort.replace('-', ''), sort.startsWith('-') ? 'desc nulls last' : 'asc nulls first'];
      const expected = await client.query<{ id: string }>(
        `select id from ${entity.table} where tenant_id = $1 and deleted_at is null
       order by ${column} ${way}, id ${way.split(' ')[0]}`,
        [acme.id],
      );
      expect(expected.rows.length).toBeGreaterThan(25);
      expect(pages.flat()).toEqual(expected.rows.map((row) => row.id));
      const back = await walk(ctx, entity, { sort, limit: '4' }, 'before', last.previous);
      expect(back.pages.reverse()).toEqual(pages.slice(0, -1));
    });
  },
);

test('names stand as people file them: accents beside their letter, small before capital', async () => {
  const made: string[] = [];
  for (const name of ['zeta-o', 'Zeta-Ö', 'zeta-ö', 'Zeta-o', 'zeta-p', 'zeta-n'])
    made.push((await admin.post('/customers', { name })).body.data.id);
  const { body } = await admin.get('/customers?q=zeta-&sort=name');
  expect(body.items.map((row: { name: string }) => row.name)).toEqual([
    'zeta-n',
    'zeta-o',
    'Zeta-o',
    'zeta-ö',
    'Zeta-Ö',
    'zeta-p',
  ]);
  for (const id of made) await admin.remove(`/customers/${id}`);
});

test('what colleagues add or take away meanwhile neither repeats nor hides a row', async () => {
  const tag = async (name: string) => (await admin.post('/tags', { name })).body.data.id as string;
  const q = 'paging';
  for (const name of ['b', 'd', 'f', 'h', 'j']) await tag(`paging ${name}`);
  const first = (await admin.get(`/tags?q=${q}&sort=name&limit=2`)).body;
  await tag('paging a');
  const late = await tag('paging e');
  await admin.remove(`/tags/${first.items[1].id}`); // the row that the cursor stands on
  const second = (await admin.get(`/tags?q=${q}&sort=name&limit=2&after=${first.next_cursor}`)).body;
  const third = (await admin.get(`/tags?q=${q}&sort=name&limit=2&after=${second.next_cursor}`)).body;
  const seen = [first, second, third].map((page) => page.items.map((row: { name: string }) => row.name.slice(-1)));
  expect(seen).toEqual([
    ['b', 'd'],
    ['e', 'f'],
    ['h', 'j'],
  ]);
  expect(second.items[0].id).toBe(late);
  expect(third.next_cursor).toBeNull();
});

test('the pager of the page walks both ways and keeps what the address says', async () => {
  const rows = (html: string) => [...html.matchAll(/data-id="([^"]+)"/g)].map((found) => found[1]);
  const link = (html: string, rel: string) =>
    new RegExp(`href="([^"]+)" rel="${rel}"`).exec(html)?.[1]?.replaceAll('&amp;', '&') ?? '';
  const first = await agent.get('/customers?scope=all&sort=-name&limit=10&status=new&utm=x').expect(200);
  const second = await agent.get(link(first.text, 'next')).expect(200);
  const again = await agent.get(link(second.text, 'prev')).expect(200);
  expect(link(first.text, 'prev')).toBe('');
  expect(rows(second.text)).toHaveLength(10);
  expect(rows(first.text).filter((id) => rows(second.text).includes(id))).toEqual([]);
  expect(rows(again.text)).toEqual(rows(first.text));
  const at = new URL(link(first.text, 'next'), app.url).searchParams;
  expect([at.get('scope'), at.get('sort'), at.get('limit'), at.get('status'), at.get('utm')]).toEqual([
    'all',
    '-name',
    '10',
    'new',
    null,
  ]);
  // The count that is fetched later belongs to the page it is fetched for.
  const lazy = /id="count"><span data-total="" hx-get="([^"]+)"/.exec(second.text)?.[1]?.replaceAll('&amp;', '&') ?? '';
  const count = await agent
    .get(lazy)
    .set({ 'HX-Request': 'true', 'HX-Request-Type': 'partial', 'HX-Target': 'span#count' });
  expect(count.text).toContain('>10 of ');
});

test('the page behind the last one says so, and does not claim that there is nothing', async () => {
  const page: ListQuery['after'] = { value: 'zzzzzz', id: newId() };
  const { text } = await agent.get(`/customers?scope=all&sort=name&after=${encodeCursor(page)}`).expect(200);
  expect(text).not.toContain('There are no customers yet');
  expect(text).not.toMatch(/data-total="0"/);
  expect(text).toMatch(/rel="prev"/);
  expect(await findViolations(app.database.url)).toEqual([]);
});
