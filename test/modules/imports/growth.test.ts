// A company that grows from nothing: what the database reads for it grows with its rows, not with their square.
import { setTimeout as sleep } from 'node:timers/promises';
import { csv, useGround } from './ground.ts';

const ground = useGround();

const ROWS = 6_000;
const list = (of: string) =>
  csv(
    ['Customer no', 'Name', 'E-mail'],
    ...Array.from({ length: ROWS }, (_, i) => [`${of}-${i}`, `${of} ${i}`, `${of}${i}@growth.example`]),
  );

/** Entries of indexes and rows of tables that were read of customers, once the last numbers have come in. */
async function reads(): Promise<number> {
  await sleep(1_500);
  const [row] = await ground.sql<{ n: string }>(
    `select seq_tup_read + (select sum(idx_tup_read) from pg_stat_user_indexes where relname = 'customers') as n
     from pg_stat_user_tables where relname = 'customers'`,
  );
  return Number(row!.n);
}

test.each([
  ['into an empty installation', 'acme'],
  ['when the statistics know of another company alone', 'globex'],
] as const)(
  'the first list of a company, %s, costs so many reads a row',
  async (_when, name) => {
    const company = ground.of(ground[name]);
    await ground.sql('analyze customers');
    const before = await reads();
    const { state, created } = await company.run(list(name), { commit: true });
    expect([state, created]).toEqual(['committed', ROWS]);
    expect((await reads()) - before).toBeLessThan(ROWS * 60);
  },
  120_000,
);

test('statistics of anything but a table of companies are not refreshed, and not for a drop in the ocean', async () => {
  await expect(
    ground.as((ctx) => ctx.db.run('/* test */ call refresh_statistics(:table, 1)', { table: 'pg_authid' })),
  ).rejects.toThrow(/no table of companies/);
  const analysed = async () =>
    (await ground.sql(`select analyze_count from pg_stat_user_tables where relname = 'customers'`))[0];
  await ground.sql('analyze customers');
  const before = await analysed();
  await ground.as((ctx) => ctx.db.run('/* test */ call refresh_statistics(:table, 1)', { table: 'customers' }));
  await sleep(1_500);
  expect(await analysed()).toEqual(before);
});

test('rows of a file and of its plan belong to an import of their company', async () => {
  const list = await ground.run('Name\nSomebody');
  for (const table of ['import_rows', 'import_plan']) {
    const rest = table === 'import_rows' ? [`cells`, `'[]'`] : ['plan', `'create'`];
    const insert = (tenant: string, id: string) =>
      ground.sql(
        `insert into ${table} (tenant_id, import_id, row_number, ${rest[0]}) values ($1, $2, 99, ${rest[1]}), ($3, $4, 98, ${rest[1]})`,
        [tenant, id, ground.acme.id, list.id],
      );
    const foreign = { code: '23503', message: `${table}: there is no such import` };
    await expect(insert(ground.globex.id, list.id)).rejects.toMatchObject(foreign);
    await expect(insert(ground.acme.id, ground.acme.id)).rejects.toMatchObject(foreign);
    await insert(ground.acme.id, list.id);
  }
});
