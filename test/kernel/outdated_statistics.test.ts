// A company of which PostgreSQL believes that it is small, since it has grown or brought back what was in the trash: its lists
// must not be read and sorted whole.
import pg from 'pg';
import { actorOfUser } from '../../src/kernel/actor.ts';
import type { Ctx } from '../../src/kernel/context.ts';
import { entityNamed } from '../../src/kernel/entity.ts';
import { readListQuery, sortable } from '../../src/kernel/list_query.ts';
import { listPage } from '../../src/kernel/list_sql.ts';
import { withTenant } from '../../src/kernel/tenant_db.ts';
import '../../src/modules/index.ts';
import { startApp, type TestApp } from '../helpers/app.ts';
import { makeTenant, type TestTenant } from '../helpers/fixture.ts';

const CUSTOMERS = 20_000;

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
  await add(grown, CUSTOMERS / 20);
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
const rowsRead = (who: 'admin' | 'manager', query: Record<string, string>): Promise<number> =>
  withTenant(app.platform.pools.app, grown.id, async (db) => {
    const found = await actorOfUser(db, grown.users[who].id);
    const ctx: Ctx = { ...found!, db, via: 'web', ip: null, request_id: 'test', csrf: '', session_id: null };
    const read = async () => {
      const [row] = await db.run(
        `/* test */ select (seq_tup_read + idx_tup_fetch)::integer as so_far from pg_stat_xact_user_tables
         where relname = 'customers' and :tenant::uuid is not null`,
      );
      return row!.so_far as number;
    };
    const before = await read();
    const customer = entityNamed('customer');
    await listPage(ctx, customer, readListQuery(ctx, customer, query));
    return (await read()) - before;
  });

const SORTS = sortable(entityNamed('customer')).flatMap((sort) => [sort, `-${sort}`]);

test.each(SORTS)('its lists by %s read what they show, and of one’s own little more', async (sort) => {
  expect(await rowsRead('admin', { scope: 'all', sort })).toBeLessThan(60);
  expect(await rowsRead('admin', { scope: 'all', sort, limit: '50' })).toBeLessThan(60);
  expect(await rowsRead('manager', { scope: 'own', sort })).toBeLessThan(1_200);
});
