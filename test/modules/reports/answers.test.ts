// Pipeline, lead sources, conversion rate, project performance, user activity and forecast against answers made on paper.
import { startApp, type TestApp } from '../../helpers/app.ts';
import { makeTenant, type TestTenant } from '../../helpers/fixture.ts';
import { askJson, type Ground, openGround } from './ground.ts';

let app: TestApp;
let acme: TestTenant;
let globex: TestTenant;
let ground: Ground;

beforeAll(async () => {
  app = await startApp();
  acme = await makeTenant(app.database.url, app.platform, 'acme'); // Europe/Berlin, EUR
  globex = await makeTenant(app.database.url, app.platform, 'globex');
  ground = await openGround(app, acme);
  const other = await openGround(app, globex);
  // Look-alikes of another company in every period below: none of them may be counted.
  const theirs = await other.customer('North');
  for (const year of [2011, 2012, 2013, 2014, 2015, 2016]) {
    const created_at = `${year}-05-15 12:00Z`;
    await other.lead({ status: 'converted', source: 'Referral', created_at, converted_at: created_at });
    await other.project({ customer: theirs, status: 'completed', value: '1.00', created_at });
    await other.interaction({ customer: theirs, occurred_at: created_at });
  }
  await other.end();
}, 60_000);
afterAll(async () => {
  await ground?.end();
  await app?.stop();
});

const ask = async (slug: string, query: string, role: 'admin' | 'sales' = 'admin', tenant = acme) => {
  const { status, body } = await askJson(app, tenant, role, query, slug);
  expect(status).toBe(200);
  return body.data;
};

describe('sales pipeline', () => {
  const created_at = '2011-05-15 12:00Z';
  const period = '?from=2011-05-01&to=2011-05-31';

  beforeAll(async () => {
    const customer = await ground.customer('Pipeline');
    for (const status of ['new', 'new', 'contacted', 'qualified', 'lost', 'converted'] as const)
      await ground.lead({ status, created_at });
    await ground.lead({ status: 'new', created_at, trashed: true });
    await ground.lead({ status: 'new', created_at: '2011-04-30 21:59:59Z' }); // 30 April in Berlin
    await ground.lead({ status: 'lost', created_at: '2011-04-30 22:00:00Z', assigned_to: 'sales' }); // 1 May in Berlin
    await ground.project({ customer, status: 'active', value: '0.10', created_at });
    await ground.project({ customer, status: 'active', value: '0.20', created_at });
    await ground.project({ customer, status: 'completed', value: '7.00', created_at, owner: 'sales' });
    await ground.project({ customer, status: 'active', value: '5000.00', currency: 'USD', created_at });
    await ground.project({ customer, status: 'pending', value: null, created_at });
  });

  test('leads and projects by the status they have now; currencies stand apart; every status has its row', async () => {
    const { leads, projects } = await ask('pipeline', period);
    expect(leads).toEqual([
      { status: 'new', count: 2 },
      { status: 'contacted', count: 1 },
      { status: 'qualified', count: 1 },
      { status: 'lost', count: 2 },
      { status: 'converted', count: 1 },
    ]);
    expect(projects).toEqual([
      { status: 'active', count: 2, total_value: 0.3, currency: 'EUR' }, // 0.1 + 0.2 in floats is not 0.3
      { status: 'pending', count: 1, total_value: 0, currency: 'EUR' },
      { status: 'completed', count: 1, total_value: 7, currency: 'EUR' },
      { status: 'cancelled', count: 0, total_value: 0, currency: 'EUR' },
      { status: 'active', count: 1, total_value: 5000, currency: 'USD' },
    ]);
  });

  test('of one person alone', async () => {
    const { leads, projects } = await ask('pipeline', `${period}&user=${acme.users.sales.id}`);
    expect(leads.filter(({ count }: { count: number }) => count)).toEqual([{ status: 'lost', count: 1 }]);
    expect(projects.filter(({ count }: { count: number }) => count)).toEqual([
      { status: 'completed', count: 1, total_value: 7, currency: 'EUR' },
    ]);
  });

  test('what somebody may not see is not counted', async () => {
    const { leads } = await ask('pipeline', period, 'sales');
    expect(leads.reduce((sum: number, { count }: { count: number }) => sum + count, 0)).toBe(1);
  });

  test('an empty period has zeros and no currencies but the own one', async () => {
    const { leads, projects } = await ask('pipeline', '?from=1990-01-01&to=1990-12-31');
    expect(leads.every(({ count }: { count: number }) => count === 0)).toBe(true);
    expect(projects).toHaveLength(4);
    expect(projects[0]).toEqual({ status: 'active', count: 0, total_value: 0, currency: 'EUR' });
  });
});

describe('lead sources', () => {
  test('rates have two decimals; leads without a source stand apart; trash and other days do not count', async () => {
    const created_at = '2012-05-15 12:00Z';
    for (const status of ['converted', 'qualified', 'new'] as const)
      await ground.lead({ source: 'Referral', status, created_at });
    await ground.lead({ source: 'Website', status: 'lost', created_at });
    await ground.lead({ source: null, status: 'converted', created_at });
    await ground.lead({ source: 'Website', status: 'converted', created_at, trashed: true });
    await ground.lead({ source: 'Website', status: 'converted', created_at: '2012-06-01 12:00Z' });
    const { sources } = await ask('lead-source', '?from=2012-05-01&to=2012-05-31');
    expect(sources).toEqual([
      { source: 'Website', total_leads: 1, converted: 0, qualified: 0, conversion_rate: 0 },
      { source: 'Referral', total_leads: 3, converted: 1, qualified: 1, conversion_rate: 33.33 },
      { source: null, total_leads: 1, converted: 1, qualified: 0, conversion_rate: 100 },
    ]);
  });

  test('nothing in the period: no sources', async () => {
    expect((await ask('lead-source', '?from=1990-01-01&to=1990-12-31')).sources).toEqual([]);
  });
});

describe('conversion rate', () => {
  test('overall and by person; days from creation to conversion over the converted ones that have both', async () => {
    // The clocks went forward on 31 March 2013: four days after noon is 96 hours, whatever the clock says.
    await ground.lead({ status: 'converted', created_at: '2013-03-30 12:00Z', converted_at: '2013-04-03 12:00Z' });
    await ground.lead({ status: 'converted', created_at: '2013-03-30 12:00Z', converted_at: '2013-03-31 18:00Z' });
    await ground.lead({ status: 'converted', created_at: '2013-03-30 12:00Z', converted_at: null });
    await ground.lead({ status: 'lost', created_at: '2013-03-31 01:30Z', assigned_to: 'sales' });
    await ground.lead({ status: 'new', created_at: '2013-03-31 22:00Z', assigned_to: 'sales' }); // 1 April
    await ground.lead({ status: 'new', created_at: '2013-03-31 12:00Z', assigned_to: null });
    const data = await ask('conversion-rate', '?from=2013-03-30&to=2013-03-31');
    expect(data.overall).toEqual({
      total_leads: 5,
      converted: 3,
      conversion_rate: 60,
      avg_days_to_convert: 2.63, // (4 + 1.25) / 2 = 2.625
    });
    expect(data.by_user).toEqual(
      expect.arrayContaining([
        { user_email: acme.users.admin.email, total_leads: 3, converted: 3, conversion_rate: 100 },
        { user_email: acme.users.sales.email, total_leads: 1, converted: 0, conversion_rate: 0 },
        { user_email: null, total_leads: 1, converted: 0, conversion_rate: 0 },
      ]),
    );
    expect(data.by_user).toHaveLength(3);
  });

  test('of nothing: zeros', async () => {
    const data = await ask('conversion-rate', '?from=1990-01-01&to=1990-12-31');
    expect(data).toMatchObject({
      overall: { total_leads: 0, converted: 0, conversion_rate: 0, avg_days_to_convert: 0 },
      by_user: [],
    });
  });
});

describe('project performance', () => {
  const period = '?from=2014-05-01&to=2014-05-31';
  const created_at = '2014-05-15 12:00Z';

  beforeAll(async () => {
    const customer = await ground.customer('Performance');
    const took = async (id: string, start: string | null, end: string | null) =>
      ground.query('update projects set start_date = $2, end_date = $3 where id = $1', [id, start, end]);
    await took(
      await ground.project({ customer, status: 'completed', value: '100.00', created_at }),
      '2014-03-01',
      '2014-03-31',
    );
    await took(
      await ground.project({ customer, status: 'completed', value: '50.00', created_at }),
      '2014-01-01',
      '2014-01-02',
    );
    await took(await ground.project({ customer, status: 'completed', value: '0.01', created_at }), '2014-01-01', null);
    await took(
      await ground.project({ customer, status: 'cancelled', value: '9.00', created_at }),
      '2014-01-01',
      '2014-12-31',
    );
    await ground.project({ customer, status: 'active', value: null, created_at, owner: 'sales' });
    await ground.project({ customer, status: 'pending', value: '1.00', created_at, owner: null });
    await ground.project({ customer, status: 'pending', value: '900.00', created_at, currency: 'USD' });
    await ground.project({ customer, status: 'completed', value: '900.00', created_at, trashed: true });
  });

  test('won, lost and open; the rate of the decided ones; means of the own currency; days of the completed ones', async () => {
    const { summary, avg_values } = await ask('project-performance', period);
    expect(summary).toEqual({
      total_projects: 7,
      won: 3,
      lost: 1,
      pending: 3,
      win_rate: 75,
      avg_value: 26.67, // 160.01 / 6 = 26.668…
      avg_duration_days: 15.5, // (30 + 1) / 2
    });
    expect(avg_values).toEqual([
      { currency: 'EUR', avg_value: 26.67 },
      { currency: 'USD', avg_value: 900 },
    ]);
  });

  test('nothing decided: a win rate of zero and no division by zero', async () => {
    const { summary } = await ask('project-performance', `${period}&user=${acme.users.sales.id}`);
    expect(summary).toMatchObject({ total_projects: 1, won: 0, lost: 0, win_rate: 0, avg_duration_days: 0 });
  });
});

describe('user activity', () => {
  test('leads and clients as they are assigned now, interactions and projects of the period', async () => {
    const customer = await ground.customer('Activity', { owner: 'field_tech' });
    await ground.customer('Activity, trashed', { owner: 'field_tech', trashed: true });
    await ground.lead({ assigned_to: 'field_tech', created_at: '2001-01-01 12:00Z' });
    await ground.interaction({ customer, owner: 'field_tech', occurred_at: '2015-05-01 00:00+02' });
    await ground.interaction({ customer, owner: 'field_tech', occurred_at: '2015-05-31 23:59:59+02' });
    await ground.interaction({ customer, owner: 'field_tech', occurred_at: '2015-06-01 00:00+02' });
    await ground.interaction({ customer, owner: 'field_tech', occurred_at: '2015-05-10 12:00Z', trashed: true });
    await ground.project({ customer, owner: 'field_tech', created_at: '2015-05-10 12:00Z' });
    const { users } = await ask('user-activity', '?from=2015-05-01&to=2015-05-31');
    expect(users).toHaveLength(Object.keys(acme.users).length);
    expect(users).toContainEqual({
      user_email: acme.users.field_tech.email,
      assigned_leads: 1,
      assigned_clients: 1,
      interactions_logged: 2,
      projects_created: 1,
    });
    expect(users).toContainEqual(
      expect.objectContaining({ user_email: acme.users.read_only.email, interactions_logged: 0, assigned_leads: 0 }),
    );
    expect(JSON.stringify(users)).not.toContain('globex');
  });

  test('only administrators and managers may see it, and others are not shown the way', async () => {
    for (const [role, expected] of [
      ['admin', 200],
      ['manager', 200],
      ['sales', 403],
      ['read_only', 403],
    ] as const) {
      const { status } = await askJson(app, acme, role, '', 'user-activity');
      expect([role, status]).toEqual([role, expected]);
    }
  });
});

describe('revenue forecast', () => {
  test('pending 30 %, active 60 %, completed 100 %, cancelled nothing; by month of the end date', async () => {
    const created_at = '2016-05-15 12:00Z';
    const customer = await ground.customer('Forecast');
    const ends = async (day: string | null, id: string) =>
      ground.query('update projects set end_date = $2 where id = $1', [id, day]);
    await ends('2016-06-30', await ground.project({ customer, status: 'pending', value: '0.05', created_at })); // 0.015
    await ends('2016-06-01', await ground.project({ customer, status: 'active', value: '1000.00', created_at })); // 600
    await ends('2016-12-31', await ground.project({ customer, status: 'completed', value: '10.00', created_at })); // 10
    await ends(null, await ground.project({ customer, status: 'pending', value: '100.00', created_at })); // 30
    await ends('2016-07-01', await ground.project({ customer, status: 'cancelled', value: '5.00', created_at }));
    await ends(
      '2016-07-01',
      await ground.project({ customer, status: 'active', value: '50.00', currency: 'USD', created_at }),
    );
    const data = await ask('revenue-forecast', '?from=2016-05-01&to=2016-05-31');
    expect(data.forecast).toEqual({
      total_pipeline_value: 1110.05,
      weighted_forecast: 640.02, // 640.015
      won_value: 10,
      pending_value: 1100.05,
      currency: 'EUR',
    });
    expect(data.by_month).toEqual([
      { month: '2016-06', weighted_forecast: 600.02, currency: 'EUR' },
      { month: '2016-12', weighted_forecast: 10, currency: 'EUR' },
      { month: null, weighted_forecast: 30, currency: 'EUR' },
      { month: '2016-07', weighted_forecast: 30, currency: 'USD' },
    ]);
    expect(data.other_currencies).toEqual([
      { currency: 'USD', total_pipeline_value: 50, weighted_forecast: 30, won_value: 0, pending_value: 50 },
    ]);
  });
});

describe('client retention', () => {
  test('of active and inactive clients the part that stayed; interactions of the period with clients of each status', async () => {
    const [active, other, left] = [
      await ground.customer('Stays', { status: 'active', owner: 'field_tech' }),
      await ground.customer('Stays too', { status: 'active', owner: 'field_tech' }),
      await ground.customer('Left', { status: 'inactive', owner: 'field_tech' }),
    ];
    await ground.customer('Perhaps', { status: 'prospect', owner: 'field_tech' });
    await ground.customer('Gone', { status: 'inactive', owner: 'field_tech', trashed: true });
    const occurred_at = '2017-05-15 12:00Z';
    for (const customer of [active, active, other, left]) await ground.interaction({ customer, occurred_at });
    await ground.interaction({ customer: left, occurred_at: '2017-06-01 12:00Z' });
    await ground.interaction({ customer: left, occurred_at, trashed: true });
    await ground.query(`update customers set status = 'new' where tenant_id = $1 and name = 'Activity'`, [acme.id]);
    const data = await ask('client-retention', `?from=2017-05-01&to=2017-05-31&user=${acme.users.field_tech.id}`);
    expect(data).toMatchObject({ retention_rate: 66.67, churn_rate: 33.33, as_of: null });
    expect(data.status_breakdown).toEqual([
      { status: 'new', count: 1, recent_interactions: 0 },
      { status: 'prospect', count: 1, recent_interactions: 0 },
      { status: 'active', count: 2, recent_interactions: 3 },
      { status: 'inactive', count: 1, recent_interactions: 1 },
    ]);
  });

  test('without a client there is no rate', async () => {
    const data = await ask('client-retention', `?user=${acme.users.read_only.id}`);
    expect(data).toMatchObject({ retention_rate: 0, churn_rate: 0 });
  });
});
