// Every order that a list offers is read from an index, never sorted: as quick among a million rows as among ten.
import pg from 'pg';
import { actorOfUser } from '../../src/kernel/actor.ts';
import type { Ctx } from '../../src/kernel/context.ts';
import { allEntities, entityNamed } from '../../src/kernel/entity.ts';
import { listPage } from '../../src/kernel/list_page.ts';
import { encodeCursor, readListQuery, sortable } from '../../src/kernel/list_query.ts';
import { withTenant } from '../../src/kernel/tenant_db.ts';
import '../../src/modules/index.ts';
import { openPools } from '../../src/platform/postgres.ts';
import { startApp, type TestApp } from '../helpers/app.ts';
import { makeTenant, type TestTenant } from '../helpers/fixture.ts';

let app: TestApp;
let acme: TestTenant;

beforeAll(async () => {
  app = await startApp();
  acme = await makeTenant(app.database.url, app.platform, 'acme');
}, 60_000);
afterAll(() => app?.stop());

/**
 * The plan of a page of a list, as PostgreSQL makes it where sorting and reading whole tables cost more than anything: then
 * they stand in it only where there is no other way.
 */
async function planOf(entity: string, query: Record<string, string>): Promise<string> {
  const client = await app.platform.pools.app.connect();
  try {
    let plan = '';
    const overheard = {
      async query(...args: unknown[]) {
        const [first] = args as [string | { text: string; values?: unknown[] }];
        const send = (statement: unknown) => (client.query as (one: unknown) => Promise<pg.QueryResult>)(statement);
        if (typeof first === 'object' && first.text.includes(`/* ${entity}.list */`)) {
          await send(
            'set local enable_sort = off; set local enable_seqscan = off; set local enable_incremental_sort = off',
          );
          const { rows } = await send({ text: `explain ${first.text}`, values: [...(first.values ?? [])] });
          plan = rows.map((row) => row['QUERY PLAN']).join('\n');
        }
        return (client.query as (...all: unknown[]) => unknown).apply(client, args);
      },
      release() {},
    };
    const pool = { connect: async () => overheard } as unknown as pg.Pool;
    await withTenant(pool, acme.id, async (db) => {
      const found = await actorOfUser(db, acme.users.admin.id);
      const ctx: Ctx = { ...found!, db, via: 'web', ip: null, request_id: 'test', csrf: '', session_id: null };
      await listPage(ctx, entityNamed(entity), readListQuery(ctx, entityNamed(entity), { scope: 'all', ...query }));
    });
    return plan;
  } finally {
    client.release();
  }
}

const SORTS = allEntities().flatMap((entity) =>
  sortable(entity).flatMap((sort) => [
    [entity.name, sort],
    [entity.name, `-${sort}`],
  ]),
);

test.each(SORTS)('%s sorted by %s', async (entity, sort) => {
  const plan = await planOf(entity!, { sort: sort! });
  expect(plan).toMatch(/Index (Only )?Scan/);
  expect(plan).not.toMatch(/Sort|Seq Scan/);
});

/** A place in the middle of an order: what its index would be asked for. */
const PLACES: [RegExp, string][] = [
  [/_order$|^(arr|value|estimated_value)$/, '5'],
  [/_at$/, '2026-01-01 00:00:00+00'],
  [/date$|follow_up$/, '2026-01-01'],
  [/./, 'M'],
];

test.each(SORTS)('a later page of %s sorted by %s begins where its cursor says', async (entity, sort) => {
  const [, value] = PLACES.find(([name]) => name.test(sort!.replace('-', '')))!;
  const after = encodeCursor({ value, id: acme.id });
  const plan = await planOf(entity!, { sort: sort!, after });
  expect(plan).toMatch(/Index Cond: .*ROW\(/);
  expect(plan).not.toMatch(/Filter: .*ROW\(/);
});

test('the plan of a list is made a few times and kept; a size that is not the usual one makes no statement of its own', async () => {
  const customer = entityNamed('customer');
  const pools = openPools(app.database.runtimeUrl, app.platform.log, 1);
  const kept = await withTenant(pools.app, acme.id, async (db) => {
    const found = await actorOfUser(db, acme.users.admin.id);
    const ctx: Ctx = { ...found!, db, via: 'web', ip: null, request_id: 'test', csrf: '', session_id: null };
    const open = (query: object) => listPage(ctx, customer, readListQuery(ctx, customer, { scope: 'all', ...query }));
    for (let i = 0; i < 10; i++) await open({});
    for (const limit of ['7', '8', '9']) await open({ limit });
    return db.run(`/* test.kept */ select generic_plans::int as kept, custom_plans::int as made from pg_prepared_statements
      where statement like '/* customer.list%' and :tenant::uuid is not null order by 1 desc`);
  });
  await pools.end();
  expect(kept).toEqual([
    { kept: 5, made: 5 },
    { kept: 0, made: 3 },
  ]);
});

test('a list without its index would be noticed', async () => {
  const owner = new pg.Client({ connectionString: app.database.url });
  await owner.connect();
  await owner.query('drop index interactions_by_occurred_at');
  await owner.end();
  expect(await planOf('interaction', { sort: '-occurred_at' })).toMatch(/Sort/);
});
