// Revenue by client against sums made on paper.
import { startApp, type TestApp } from '../../helpers/app.ts';
import { makeTenant, type TestTenant } from '../../helpers/fixture.ts';
import { askJson, type Ground, openGround } from './ground.ts';

let app: TestApp;
let acme: TestTenant;
let ground: Ground;

beforeAll(async () => {
  app = await startApp();
  acme = await makeTenant(app.database.url, app.platform, 'acme'); // Europe/Berlin, EUR
  ground = await openGround(app, acme);
}, 60_000);
afterAll(async () => {
  await ground?.end();
  await app?.stop();
});

const ask = async (query: string) => {
  const { status, body } = await askJson(app, acme, 'admin', query);
  expect(status).toBe(200);
  return body.data;
};
const short = (data: { clients: Record<string, unknown>[] }) =>
  data.clients.map((c) => [
    c.client_name,
    c.currency,
    c.total_projects,
    c.total_value,
    c.won_value,
    c.pending_value,
    c.lost_value,
  ]);

test('total is won and open and lost; a project without a value counts with 0; trash is left out', async () => {
  const [north, south, bin] = [
    await ground.customer('North'),
    await ground.customer('South'),
    await ground.customer('Bin', { trashed: true }),
  ];
  const created_at = '2019-03-10 12:00Z';
  await ground.project({ customer: north, status: 'completed', value: '1000.10', created_at });
  await ground.project({ customer: north, status: 'active', value: '200.20', created_at });
  await ground.project({ customer: north, status: 'pending', value: '30.03', created_at });
  await ground.project({ customer: north, status: 'cancelled', value: '4.44', created_at });
  await ground.project({ customer: north, status: 'completed', value: null, created_at });
  await ground.project({ customer: north, status: 'completed', value: '9999.99', created_at, trashed: true });
  await ground.project({ customer: south, status: 'completed', value: '0.10', created_at });
  await ground.project({ customer: south, status: 'completed', value: '0.20', created_at });
  await ground.project({ customer: bin, status: 'completed', value: '777.00', created_at });
  const data = await ask('?from=2019-03-01&to=2019-03-31');
  expect(short(data)).toEqual([
    ['North', 'EUR', 5, 1234.77, 1000.1, 230.23, 4.44],
    ['South', 'EUR', 2, 0.3, 0.3, 0, 0], // 0.1 + 0.2 in floats would be 0.30000000000000004
  ]);
  expect(data.totals).toEqual([
    expect.objectContaining({
      currency: 'EUR',
      clients: 2,
      total_projects: 7,
      total_value: 1235.07,
      won_value: 1000.4,
      pending_value: 230.23,
      lost_value: 4.44,
    }),
  ]);
  expect(data.period).toEqual({ from: '2019-03-01', to: '2019-03-31', time_zone: 'Europe/Berlin' });
  expect(data).toMatchObject({ rows: 2, truncated: false });
});

test('currencies stand apart: a row for each client and currency, totals for each currency, the own one first', async () => {
  const [one, two] = [await ground.customer('One'), await ground.customer('Two')];
  const created_at = '2018-05-05 12:00Z';
  await ground.project({ customer: one, value: '10', currency: 'USD', created_at });
  await ground.project({ customer: one, value: '20', currency: 'EUR', created_at });
  await ground.project({ customer: two, value: '5000', currency: 'CHF', created_at });
  await ground.project({ customer: two, value: '30', currency: 'EUR', created_at });
  const data = await ask('?from=2018-05-01&to=2018-05-31');
  expect(short(data).map((row) => row.slice(0, 4))).toEqual([
    ['Two', 'EUR', 1, 30],
    ['One', 'EUR', 1, 20],
    ['Two', 'CHF', 1, 5000],
    ['One', 'USD', 1, 10],
  ]);
  expect(data.totals.map((t: Record<string, unknown>) => [t.currency, t.total_value, t.clients])).toEqual([
    ['EUR', 50, 2],
    ['CHF', 5000, 1],
    ['USD', 10, 1],
  ]);
});

test('days begin at midnight in the zone of the company, also when clocks change', async () => {
  const edge = await ground.customer('Edge');
  const at = (created_at: string, value: string) => ground.project({ customer: edge, value, created_at });
  // 29 Mar 2020 has 23 hours in Berlin: from 23:00Z of the day before to 22:00Z.
  await at('2020-03-28T22:59:59.999999Z', '1');
  await at('2020-03-28T23:00:00Z', '2');
  await at('2020-03-29T21:59:59.999999Z', '4');
  await at('2020-03-29T22:00:00Z', '8');
  // 25 Oct 2020 has 25 hours: from 22:00Z of the day before to 23:00Z.
  await at('2020-10-24T21:59:59.999999Z', '16');
  await at('2020-10-24T22:00:00Z', '32');
  await at('2020-10-25T22:59:59.999999Z', '64');
  await at('2020-10-25T23:00:00Z', '128');
  const total = async (from: string, to: string) => (await ask(`?from=${from}&to=${to}`)).totals[0]?.total_value ?? 0;
  expect(await total('2020-03-29', '2020-03-29')).toBe(6);
  expect(await total('2020-10-25', '2020-10-25')).toBe(96);
  expect(await total('2020-03-28', '2020-03-28')).toBe(1);
  expect(await total('2020-03-30', '2020-10-24')).toBe(8 + 16);
  const days = ['2020-03-28', '2020-03-29', '2020-03-30', '2020-10-24', '2020-10-25', '2020-10-26'];
  let sum = 0;
  for (const day of days) sum += await total(day, day);
  expect(sum).toBe(255);
  expect(await total('2020-01-01', '2020-12-31')).toBe(255);
});

test('a period in which nothing happened is an empty table and not an error', async () => {
  expect(await ask('?from=1999-01-01&to=1999-12-31')).toEqual({
    clients: [],
    totals: [],
    rows: 0,
    truncated: false,
    period: { from: '1999-01-01', to: '1999-12-31', time_zone: 'Europe/Berlin' },
    computed_at: expect.any(String),
  });
});

test('the ends of the calendar are fine', async () => {
  const data = await ask('?from=0001-01-01&to=9999-12-31');
  expect(data.rows).toBeGreaterThan(3);
  const all = await ask('?period=all-time');
  expect(all.clients).toHaveLength(data.rows);
});

test('amounts beyond what a double holds exactly come as decimal text', async () => {
  const giant = await ground.customer('Giant');
  const created_at = '2017-01-01 12:00Z';
  for (let i = 0; i < 2; i += 1)
    await ground.project({ customer: giant, value: '9999999999999.99', created_at, status: 'completed' });
  await ground.project({ customer: giant, value: '9999999999999.99', created_at, status: 'active' });
  const [client] = (await ask('?from=2017-01-01&to=2017-01-01')).clients;
  expect(client).toMatchObject({
    total_value: '29999999999999.97',
    won_value: '19999999999999.98',
    pending_value: 9999999999999.99,
  });
});

test('rows are sorted by any column of the report and by nothing else', async () => {
  const names = async (sort: string) =>
    short(await ask(`?from=2019-03-01&to=2019-03-31&sort=${sort}`)).map(([name]) => name);
  expect(await names('client_name')).toEqual(['North', 'South']);
  expect(await names('-client_name')).toEqual(['South', 'North']);
  expect(await names('won_value')).toEqual(['South', 'North']);
  expect(await names('-total_projects')).toEqual(['North', 'South']);
  const wrong = await askJson(app, acme, 'admin', '?sort=password_hash');
  expect(wrong.status).toBe(400);
  expect(wrong.body.error).toContain('cannot be sorted by "password_hash"');
});

test.each([
  ['?from=2026-02-30', '"from": the date 2026-02-30 does not exist'],
  ['?to=yesterday', '"to": "yesterday" is not a date. Write it as 2026-04-03.'],
  ['?from=2026-03-02&to=2026-03-01', 'The period begins on 2026-03-02 but ends on 2026-03-01'],
  ['?from=9000-01-01', 'but ends today'],
  ['?from=2026-01-01&from=2026-01-02', 'more than once'],
  ['?period=fortnight', 'There is no period "fortnight"'],
  ['?user=42', '"user" takes the id of a person'],
])('%s is a 400 that says why', async (query, words) => {
  const { status, body } = await askJson(app, acme, 'admin', query);
  expect(status).toBe(400);
  expect(body.error).toContain(words);
});
