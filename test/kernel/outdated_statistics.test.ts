// A company of which PostgreSQL believes that it is small, since it has grown or brought back what was in the trash: its lists
// must not be read and sorted whole.
import pg from 'pg';
import { entityNamed } from '../../src/kernel/entity.ts';
import { listPage } from '../../src/kernel/list_page.ts';
import { readListQuery, sortable } from '../../src/kernel/list_query.ts';
import '../../src/modules/index.ts';
import { startApp, type TestApp } from '../helpers/app.ts';
import { inTenant, makeTenant, rowsRead, type TestTenant } from '../helpers/fixture.ts';

const CUSTOMERS = 20_000;
const customer = entityNamed('customer');

let app: TestApp;
let owner: pg.Client;
let grown: TestTenant;

beforeAll(async () => {
  app = await startApp();
  owner = new pg.Client({ connectionString: app.database.url });
  await owner.connect();
  const emptied = await makeTenant(app.database.url, app.platform, 'emptied');
  grown = await makeTenant(app.database.url, app.platform, 'grown');
  await add(emptied, CUSTOMERS);
  await owner.query('update customers set deleted_at = now() where tenant_id = $1', [emptied.id]);
  // Believed to be some hundred and fifty: of fewer than a page has, all plans would seem to cost the same.
  await add(grown, CUSTOMERS / 10);
  await owner.query('vacuum (analyze) customers');
  await add(grown, CUSTOMERS);
}, 120_000);
afterAll(async () => {
  await owner?.end();
  await app?.stop();
});

/** Half of them the manager's. */
const add = ({ id, users }: TestTenant, customers: number) =>
  owner.query(
    `insert into customers (tenant_id, name, owner_id, created_by, arr, renewal_date)
     select $1, 'Customer ' || md5(i::text), case when i % 2 = 0 then $3::uuid end, $2, i, date '2026-01-01' + i % 400
     from generate_series(1, ${customers}) i`,
    [id, users.admin.id, users.manager.id],
  );

/** Customers that a page of a list reads. */
const read = (who: 'admin' | 'manager', query: Record<string, string>): Promise<number> =>
  inTenant(app.platform, grown, who, (ctx) =>
    rowsRead(ctx, 'customers', () => listPage(ctx, customer, readListQuery(ctx, customer, query))),
  );

const SORTS = sortable(customer).flatMap((sort) => [sort, `-${sort}`]);

test.each(SORTS)('its lists by %s read what they show, and of one’s own little more', async (sort) => {
  expect(await read('admin', { scope: 'all', sort })).toBeLessThan(60);
  expect(await read('admin', { scope: 'all', sort, limit: '50' })).toBeLessThan(60);
  expect(await read('manager', { scope: 'own', sort })).toBeLessThan(1_200);
});
