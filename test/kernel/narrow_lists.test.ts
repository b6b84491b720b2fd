// Lists that show only some rows of a large table: the rows are right whichever way they were found, and what is read to find
// them does not grow with the table.
import pg from 'pg';
import type { Ctx } from '../../src/kernel/context.ts';
import { entityNamed } from '../../src/kernel/entity.ts';
import { batches, countRows, listPage, placeOf } from '../../src/kernel/list_page.ts';
import { encodeCursor, type ListQuery, readCursor, readListQuery } from '../../src/kernel/list_query.ts';
import { findRecords } from '../../src/kernel/records.ts';
import type { Row } from '../../src/kernel/tenant_db.ts';
import '../../src/modules/index.ts';
import { startApp, type TestApp } from '../helpers/app.ts';
import { inTenant, makeTenant, rowsRead, type TestTenant } from '../helpers/fixture.ts';

const CUSTOMERS = 30_000;
/** Every so many customers belong to somebody; the half of them that comes last by name belongs to the manager. */
const SALES_EVERY = 1_000;
const CSM_EVERY = 15;

let app: TestApp;
let acme: TestTenant;
let owner: pg.Client;

beforeAll(async () => {
  app = await startApp();
  acme = await makeTenant(app.database.url, app.platform, 'acme');
  owner = new pg.Client({ connectionString: app.database.url });
  await owner.connect();
  const { sales, csm, manager } = acme.users;
  await owner.query(
    `insert into customers (tenant_id, name, city, owner_id, csm_id, arr, renewal_date, created_by, country, industry, status)
     select $1, 'Customer ' || lpad(i::text, 6, '0') || case when i % 7 = 0 then ' Bergbau' else '' end
         || case when i % 4001 = 0 then ' Quarzwerk' else '' end || case when i > ${CUSTOMERS - 50} then ' Hinterland' else '' end,
       case when i % 2 = 0 then 'Jena' end, case when i % ${SALES_EVERY} = 0 then $2::uuid when i > ${CUSTOMERS / 2} then $4::uuid end,
       case when i % ${CSM_EVERY} = 0 then $3::uuid end, case when i % 3 > 0 then i end, case when i % 5 > 0 then date '2026-01-01' + i % 400 end,
       $5, case when i % 10 = 0 then 'Ireland' else 'France' end, case when i % 13 = 0 then 'Education' else 'Retail' end,
       case when i % 3 = 0 then 'new' else 'active' end
     from generate_series(1, ${CUSTOMERS}) i`,
    [acme.id, sales.id, csm.id, manager.id, acme.users.admin.id],
  );
  await owner.query(
    `insert into contacts (tenant_id, name, customer_id, created_by)
     select tenant_id, 'Contact of ' || name, id, $2 from customers where tenant_id = $1 and csm_id is not null`,
    [acme.id, acme.users.admin.id],
  );
  await owner.query('vacuum (analyze) customers');
  await owner.query('vacuum (analyze) contacts');
}, 120_000);
afterAll(async () => {
  await owner?.end();
  await app?.stop();
});

type Who = keyof TestTenant['users'];

const as = <T>(who: Who, work: (ctx: Ctx) => Promise<T>): Promise<T> => inTenant(app.platform, acme, who, work);

const listOf = (ctx: Ctx, entity: string, query: Record<string, string>): ListQuery =>
  readListQuery(ctx, entityNamed(entity), query);

/** Names on all pages, one page after the other. */
const everyPage = (who: Who, entity: string, query: Record<string, string>, pages = 400): Promise<string[]> =>
  as(who, async (ctx) => {
    const names: string[] = [];
    let list = listOf(ctx, entity, { limit: '100', ...query });
    for (let i = 0; i < pages; i += 1) {
      const { rows, next } = await listPage(ctx, entityNamed(entity), list);
      names.push(...rows.map((row) => String(row.name)));
      if (!next) break;
      list = { ...list, after: readCursor(next) };
    }
    return names;
  });

/** The same, asked of the table in the plainest way. */
async function expected(where: string, order = 'name, id', table = 'customers'): Promise<string[]> {
  const { rows } = await owner.query(
    `select name from ${table} where tenant_id = $1 and deleted_at is null and ${where} order by ${order}`,
    [acme.id],
  );
  return rows.map((row: Row) => String(row.name));
}

const WORD = (word: string) => `search_text like '%${word}%'`;

describe('rows', () => {
  test.each<[string, Who, Record<string, string>, () => string]>([
    ['somebody with 30', 'sales', { scope: 'own' }, () => `owner_id = '${acme.users.sales.id}'`],
    ['somebody with 2,000', 'csm', { scope: 'own' }, () => `csm_id = '${acme.users.csm.id}'`],
    ['a common word', 'admin', { scope: 'all', q: 'bergbau' }, () => WORD('bergbau')],
    ['a rare word', 'admin', { scope: 'all', q: 'quarz' }, () => WORD('quarz')],
    ['a word that only the last have', 'admin', { scope: 'all', q: 'hinterland' }, () => WORD('hinterland')],
    ['a word of two letters', 'admin', { scope: 'all', q: 'qu' }, () => WORD('qu')],
    ['two words', 'admin', { scope: 'all', q: 'berg quarz' }, () => `${WORD('berg')} and ${WORD('quarz')}`],
    ['a word nobody has', 'admin', { scope: 'all', q: 'xylophon' }, () => 'false'],
    [
      'a word among 2,000',
      'csm',
      { scope: 'own', q: 'bergbau' },
      () => `csm_id = '${acme.users.csm.id}' and ${WORD('bergbau')}`,
    ],
    [
      'several filters',
      'admin',
      { scope: 'all', country: 'Ireland', industry: 'Education', status: 'new' },
      () => `country = 'Ireland' and industry = 'Education' and status = 'new'`,
    ],
    ['a day', 'admin', { scope: 'all', renewal_date__from: '2027-02-03' }, () => `renewal_date >= '2027-02-03'`],
  ])('of %s are all there, once and in order', async (_of, who, query, where) => {
    expect(await everyPage(who, 'customer', query)).toEqual(await expected(where()));
  });

  test('of half of everything begin where the order begins', async () => {
    const where = `owner_id = '${acme.users.manager.id}'`;
    const wanted = await expected(where);
    expect(await everyPage('manager', 'customer', { scope: 'own' }, 30)).toEqual(wanted.slice(0, 3_000));
    expect(await everyPage('manager', 'customer', { scope: 'own', sort: '-arr' }, 5)).toEqual(
      (await expected(where, 'arr desc nulls last, id desc')).slice(0, 500),
    );
  });

  test.each([
    ['arr', 'arr nulls first, id'],
    ['-renewal_date', 'renewal_date desc nulls last, id desc'],
  ])('of somebody sorted by %s stand as they should, empty ones too', async (sort, order) => {
    const where = `csm_id = '${acme.users.csm.id}'`;
    expect(await everyPage('csm', 'customer', { scope: 'own', sort })).toEqual(await expected(where, order));
  });

  test("seen through somebody's customers are found by way of them", async () => {
    const theirs = `customer_id in (select id from customers where csm_id = '${acme.users.csm.id}')`;
    expect(await everyPage('csm', 'contact', { scope: 'own' })).toEqual(await expected(theirs, 'name, id', 'contacts'));
    const few = `customer_id in (select id from customers where owner_id = '${acme.users.sales.id}')`;
    expect(await everyPage('sales', 'contact', { scope: 'own' })).toEqual(await expected(few, 'name, id', 'contacts'));
    expect(await everyPage('sales', 'contact', { scope: 'own', q: 'quarz' })).toEqual(
      await expected(`${few} and ${WORD('quarz')}`, 'name, id', 'contacts'),
    );
  });

  test('hang on more customers than are looked up at once, most of which have none', async () => {
    const theirs = `customer_id in (select id from customers where owner_id = '${acme.users.manager.id}')`;
    const wanted = await expected(theirs, 'name, id', 'contacts');
    expect(wanted.length).toBeGreaterThan(500);
    expect(await everyPage('manager', 'contact', { scope: 'own' })).toEqual(wanted);
    const counted = await as('manager', (ctx) =>
      countRows(ctx, entityNamed('contact'), listOf(ctx, 'contact', { scope: 'own' })),
    );
    expect(counted).toBe(wanted.length);
  });

  test('are counted whichever way they are found', async () => {
    const count = (who: Who, query: Record<string, string>, cap?: number | null) =>
      as(who, (ctx) => countRows(ctx, entityNamed('customer'), listOf(ctx, 'customer', query), cap));
    expect(await count('sales', { scope: 'own' })).toBe(CUSTOMERS / SALES_EVERY);
    expect(await count('csm', { scope: 'own' })).toBe(CUSTOMERS / CSM_EVERY);
    expect(await count('manager', { scope: 'own' })).toBe(10_001);
    expect(await count('admin', { scope: 'all', q: 'bergbau' })).toBe(Math.floor(CUSTOMERS / 7));
    expect(await count('admin', { scope: 'all', q: 'customer' })).toBe(10_001);
    expect(await count('admin', { scope: 'all', q: 'customer' }, null)).toBe(CUSTOMERS);
    expect(await count('csm', { scope: 'own', q: 'xylophon' })).toBe(0);
  });
});

/** Rows of its table that a page of an entity's list reads, or whatever else is done. */
const readOf = (
  who: Who,
  entity: string,
  query: Record<string, string>,
  work = (ctx: Ctx): Promise<unknown> => listPage(ctx, entityNamed(entity), listOf(ctx, entity, query)),
): Promise<number> => as(who, (ctx) => rowsRead(ctx, entityNamed(entity).table, () => work(ctx)));

describe('what is read', () => {
  test.each<[string, Who, string, Record<string, string>, number]>([
    ['a page of everything', 'admin', 'customer', { scope: 'all' }, 100],
    [
      'a page deep in an order of amounts',
      'admin',
      'customer',
      { scope: 'all', sort: '-arr', after: cursor('900') },
      100,
    ],
    ['somebody with half of everything', 'manager', 'customer', { scope: 'own', sort: '-name' }, 3_000],
    ['a rare word', 'admin', 'customer', { scope: 'all', q: 'quarzwerk' }, 1_500],
    ['a word nobody has', 'admin', 'customer', { scope: 'all', q: 'xylophon' }, 1_500],
    ['a common word', 'admin', 'customer', { scope: 'all', q: 'bergbau' }, 1_100],
  ])('for %s is little of the table', async (_what, who, entity, query, most) => {
    expect(await readOf(who, entity, query)).toBeLessThan(most);
  });
});

test('a word with which very many begin, far behind in the order, is found at once, also among little of one’s own', async () => {
  await owner.query(
    `insert into customers (tenant_id, name, owner_id, created_by)
     select $1, 'Hotel ' || i, case when i < 12 then $3::uuid end, $2 from generate_series(1, 9000) i`,
    [acme.id, acme.users.admin.id, acme.users.sales.id],
  );
  await owner.query('vacuum (analyze) customers');
  const find = (ctx: Ctx) => findRecords(ctx, entityNamed('customer'), 'hotel', 8);
  expect((await as('admin', find)).map(({ name }) => name)).toEqual((await expected(`name like 'Hotel%'`)).slice(0, 8));
  expect(await as('sales', find)).toHaveLength(8);
  for (const who of ['admin', 'sales'] as const)
    expect(await readOf(who, 'customer', {}, find)).toBeLessThan(who === 'admin' ? 100 : 1_500);
});

describe('what a search finds', () => {
  /** Every name from the first page to the last, and from the last back to the first. */
  async function thereAndBack(who: Who, query: Record<string, string>): Promise<[string[], string[]]> {
    return as(who, async (ctx) => {
      const customer = entityNamed('customer');
      const [there, back]: string[][] = [[], []];
      let list = listOf(ctx, 'customer', query);
      let page = await listPage(ctx, customer, list);
      there!.push(...page.rows.map(({ name }) => String(name)));
      while (page.next) {
        list = { ...list, after: readCursor(page.next) };
        page = await listPage(ctx, customer, list);
        there!.push(...page.rows.map(({ name }) => String(name)));
      }
      back!.unshift(...page.rows.map(({ name }) => String(name)));
      while (page.previous) {
        list = { ...list, after: null, before: readCursor(page.previous) };
        page = await listPage(ctx, customer, list);
        back!.unshift(...page.rows.map(({ name }) => String(name)));
      }
      return [there!, back!];
    });
  }
  const GRAND = ['Adler Grand Hotel', 'Grand Hotel Jena', 'Zum Grand Hotel'];
  let wanted: string[];

  beforeAll(async () => {
    await owner.query(
      `insert into customers (tenant_id, name, owner_id, created_by, arr)
       select $1, name, $3::uuid, $2, 5 from unnest($4::text[]) as name`,
      [acme.id, acme.users.admin.id, acme.users.sales.id, GRAND],
    );
    wanted = [...(await expected(`name like 'Hotel%'`)), ...GRAND];
  });

  test('begins with what begins with the words, on every page and back again', async () => {
    const [there, back] = await thereAndBack('admin', { scope: 'all', q: 'hotel', limit: '100' });
    expect(there).toEqual(wanted);
    expect(back).toEqual(wanted);
    // Pages that hold some of both.
    const [own, ownBack] = await thereAndBack('sales', { scope: 'own', q: 'hotel', limit: '3' });
    expect(own).toEqual([...wanted.filter((name) => /^Hotel ([1-9]|1[01])$/.test(name)), ...GRAND]);
    expect(ownBack).toEqual(own);
  });

  test('is exported whole and in the same order, over the seam of its parts too', async () => {
    const exported = await as('admin', async (ctx) => {
      const names: string[] = [];
      for await (const rows of batches(
        ctx,
        entityNamed('customer'),
        listOf(ctx, 'customer', { scope: 'all', q: 'hotel' }),
      ))
        names.push(...rows.map(({ name }) => String(name)));
      return names;
    });
    expect(exported).toEqual(wanted);
  });

  test('stands in the order that was asked for, if one was', async () => {
    const sorted = await everyPage('sales', 'customer', { scope: 'own', q: 'hotel', sort: 'name' });
    expect(sorted).toEqual([...sorted].sort((a, b) => a.localeCompare(b)));
    expect(sorted.slice(0, 2)).toEqual(['Adler Grand Hotel', 'Grand Hotel Jena']);
    const amounts = await everyPage('sales', 'customer', { scope: 'own', q: 'hotel', sort: '-arr' });
    expect(amounts.slice(0, 3).sort()).toEqual(GRAND);
  });

  test('is found with few reads however common the words are and however far behind in the order', async () => {
    expect(await readOf('admin', 'customer', { scope: 'all', q: 'hotel' })).toBeLessThan(100);
    const [row] = (await owner.query(`select id from customers where name = 'Hotel 7000'`)).rows;
    const place = await as('admin', (ctx) =>
      placeOf(ctx, entityNamed('customer'), listOf(ctx, 'customer', { scope: 'all', q: 'hotel' }), row.id),
    );
    const next = wanted[wanted.indexOf('Hotel 7000') + 1];
    const page = { scope: 'all', q: 'hotel', limit: '1', after: encodeCursor(place!) };
    expect(await everyPage('admin', 'customer', page, 1)).toEqual([next]);
    expect(await readOf('admin', 'customer', page)).toBeLessThan(100);
  });
});

test('several filters are looked up in one index', async () => {
  const plan = await as('admin', (ctx) =>
    ctx.db.run(
      `explain select id from customers where tenant_id = :tenant and deleted_at is null
         and country = 'Ireland' and industry = 'Education' and status = 'new'`,
    ),
  );
  const text = plan.map((row) => row['QUERY PLAN']).join('\n');
  expect(text).toMatch(/Index Cond: .*country.*industry.*status.*tenant_id/);
});

function cursor(value: string): string {
  return Buffer.from(JSON.stringify([value, '00000000-0000-7000-8000-000000000000'])).toString('base64url');
}
