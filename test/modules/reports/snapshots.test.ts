// What is kept of each day: last month's figures stay what they were, whatever changes afterwards.
import { DateTime } from 'luxon';
import { upkeep } from '../../../src/upkeep.ts';
import { signIn, startApp, type TestApp } from '../../helpers/app.ts';
import { makeTenant, PASSWORD, type TestTenant } from '../../helpers/fixture.ts';
import { askJson, type Ground, openGround } from './ground.ts';

let app: TestApp;
let acme: TestTenant;
let globex: TestTenant;
let ground: Ground;
const day = (back: number) => DateTime.now().setZone('Europe/Berlin').minus({ days: back }).toISODate()!;

beforeAll(async () => {
  app = await startApp();
  acme = await makeTenant(app.database.url, app.platform, 'acme');
  globex = await makeTenant(app.database.url, app.platform, 'globex');
  ground = await openGround(app, acme);
}, 60_000);
afterAll(async () => {
  await ground?.end();
  await app?.stop();
});

const ask = async (query: string, role: 'admin' | 'sales' = 'admin') =>
  (await askJson(app, acme, role, query, 'client-retention')).body.data;
const counts = (data: { status_breakdown: { status: string; count: number }[] }) =>
  Object.fromEntries(data.status_breakdown.map(({ status, count }) => [status, count]));
const keepUp = () => upkeep(app.platform, new AbortController().signal);
const kept = async (tenant: TestTenant) =>
  (await ground.query('select day::text from daily_snapshots where tenant_id = $1 order by 1', [tenant.id])).rows;

describe('how things stood at the end of a day', () => {
  let customers: string[];
  let before: Record<string, number>;

  beforeAll(async () => {
    customers = [];
    for (let n = 0; n < 3; n += 1)
      customers.push(await ground.customer(`Stayer ${n}`, { status: 'active', owner: 'sales' }));
    await ground.customer('Leaver', { status: 'inactive' });
    await ground.customer('Trashed', { status: 'inactive', trashed: true });
    await ground.project({ customer: customers[0]!, status: 'active', value: '12.34', created_at: '2020-01-01' });
    before = counts(await ask(''));
  });

  test('it is kept once a day for every company, by whoever keeps things up', async () => {
    await keepUp();
    await keepUp();
    expect(await kept(acme)).toEqual([{ day: day(1) }]);
    expect(await kept(globex)).toEqual([{ day: day(1) }]);
    const { rows } = await ground.query(
      `select status, currency, records::int, amount from daily_figures where tenant_id = $1 and entity = 'project' and person_id = $2
       and status = 'active' and currency = 'EUR'`,
      [acme.id, acme.users.admin.id],
    );
    expect(rows[0]).toMatchObject({ status: 'active', currency: 'EUR' });
    expect(Number(rows[0].amount)).toBeGreaterThanOrEqual(12.34);
  });

  test('a period that is over says what was so at its end, though everything changed since', async () => {
    await ground.query(`update customers set status = 'inactive' where tenant_id = $1 and id = any ($2)`, [
      acme.id,
      customers,
    ]);
    const now = counts(await ask(`?from=${day(30)}&to=${day(0)}`));
    expect(now.active).toBe(before.active! - 3);
    const then = await ask(`?from=${day(30)}&to=${day(1)}`);
    expect(counts(then)).toEqual(before);
    expect(then.as_of).toMatchObject({ day: day(1) });
    expect(then.retention_rate).toBe(Number(((before.active! / (before.active! + before.inactive!)) * 100).toFixed(2)));
  });

  test('the page says so, links nothing that cannot be listed any more, and keeps quiet about days that were not kept', async () => {
    const agent = app.agent();
    await signIn(agent, acme.users.admin.email, PASSWORD);
    const page = async (query: string) => (await agent.get(`/reports/client-retention${query}`).expect(200)).text;
    const then = await page(`?from=${day(30)}&to=${day(1)}`);
    expect(then).toMatch(/Clients as they stood at the end of .*?Kept on /);
    expect(then).not.toContain('href="/customers?');
    expect(await page(`?from=${day(60)}&to=${day(31)}`)).toMatch(/Nothing was kept for .*?as they stand now/);
    expect(await page('')).not.toContain('as they stood');
  });

  test('the pipeline of a period that is over also says how everything stood at its end; its records have moved on', async () => {
    const pipeline = async (query: string, role: 'admin' | 'sales' = 'admin') =>
      (await askJson(app, acme, role, query, 'pipeline')).body.data;
    const over = `?from=${day(30)}&to=${day(1)}`;
    const { rows } = await ground.query(
      `select count(*)::int as leads from leads where tenant_id = $1 and deleted_at is null`,
      [acme.id],
    );
    const sum = (lines: { count: number }[]) => lines.reduce((all, { count }) => all + count, 0);
    const before = (await pipeline(over)).as_it_stood;
    expect(before).toMatchObject({ day: day(1), taken_at: expect.any(String) });
    expect(sum(before.leads)).toBe(rows[0].leads);
    await ground.query(`update leads set status = 'lost' where tenant_id = $1`, [acme.id]);
    await ground.query(`update projects set status = 'cancelled', value = 0 where tenant_id = $1`, [acme.id]);
    expect((await pipeline(over)).as_it_stood).toEqual(before);
    expect(before.projects.find(({ status }: { status: string }) => status === 'active').total_value).toBeGreaterThan(
      12,
    );
    // Nothing is said of days that were not kept, of today, or to somebody who sees a part only.
    expect((await pipeline(`?from=${day(60)}&to=${day(31)}`)).as_it_stood).toBeNull();
    expect((await pipeline('')).as_it_stood).toBeNull();
    expect((await pipeline(over, 'sales')).as_it_stood).toBeNull();
    const agent = app.agent();
    await signIn(agent, acme.users.admin.email, PASSWORD);
    const { text } = await agent.get(`/reports/pipeline${over}`).expect(200);
    const then = text.slice(text.indexOf('All leads at the end of'));
    expect(then).toMatch(/What stood then was counted once\. Kept on /);
    expect(then.slice(0, then.indexOf('</table>'))).not.toContain('<td class="c-number"><a');
  });

  test('one person’s figures were kept apart', async () => {
    const of = async (role: 'sales' | 'csm') =>
      counts(await ask(`?from=${day(30)}&to=${day(1)}&user=${acme.users[role].id}`)).active;
    expect((await of('sales'))! - (await of('csm'))!).toBeGreaterThanOrEqual(3);
  });

  test('who does not see every client is shown what stands now, as far as it may be seen', async () => {
    const data = await ask(`?from=${day(30)}&to=${day(1)}`, 'sales');
    expect(data.as_of).toBeNull();
    expect(counts(data).inactive).toBeGreaterThanOrEqual(3); // the three stayers are theirs
  });

  test('nobody rewrites it, not even the application', async () => {
    const { rows } = await ground.query(
      `select has_table_privilege('rapport_app', t, 'update') as may from unnest(array['daily_figures', 'daily_snapshots']) t`,
    );
    expect(rows).toEqual([{ may: false }, { may: false }]);
  });

  test('after 400 days the last day of each month is kept, and the others go', async () => {
    const old = ['2020-01-30', '2020-01-31', '2020-02-28', '2020-02-29'];
    await ground.query('insert into daily_snapshots (tenant_id, day) select $1, unnest($2::date[])', [acme.id, old]);
    await ground.query('delete from daily_snapshots where tenant_id = $1 and day = $2', [acme.id, day(1)]);
    await keepUp();
    expect(await kept(acme)).toEqual([{ day: '2020-01-31' }, { day: '2020-02-29' }, { day: day(1) }]);
  });
});
