// Follow-ups against answers counted on paper: whose silence is too long, by the days of the company, as far as each may see.
import { DateTime } from 'luxon';
import type { Role } from '../../../src/kernel/access.ts';
import {
  CLIENTS,
  LEADS,
  overdueFollowUps,
  silences,
  silentRecords,
} from '../../../src/modules/reports/follow_ups.sql.ts';
import type { Question } from '../../../src/modules/reports/report.ts';
import { startApp, type TestApp } from '../../helpers/app.ts';
import { inTenant, makeTenant, type TestTenant } from '../../helpers/fixture.ts';
import { askJson, type CustomerFacts, type Ground, openGround } from './ground.ts';

let app: TestApp;
let acme: TestTenant;
let globex: TestTenant;
let ground: Ground;

const NOW = DateTime.now().setZone('Europe/Berlin');
/** Noon in Berlin of so many days ago; today it may not be noon yet, and what is still to come is no contact. */
const ago = (days: number) => (days ? NOW.minus({ days }).set({ hour: 12, minute: 0 }) : NOW).toISO()!;
const day = (days: number) => NOW.minus({ days }).toISODate()!;
const ask = async (role: Role = 'admin', query = '') => {
  const { status, body } = await askJson(app, acme, role, query, 'follow-ups');
  expect(status).toBe(200);
  return body.data;
};

async function clear(tenant: TestTenant): Promise<void> {
  for (const table of ['interactions', 'customers', 'leads'])
    await ground.query(`update ${table} set deleted_at = now() where tenant_id = $1`, [tenant.id]);
}

beforeAll(async () => {
  app = await startApp();
  acme = await makeTenant(app.database.url, app.platform, 'acme');
  globex = await makeTenant(app.database.url, app.platform, 'globex');
  ground = await openGround(app, globex);
  await clear(globex);
  await silentClient('Theirs', 99, {}, day(3));
  await ground.end();
  ground = await openGround(app, acme);
  await clear(acme);
}, 60_000);
afterAll(async () => {
  await ground.end();
  await app.stop();
});
afterEach(() => clear(acme));

async function silentClient(
  name: string,
  days: number,
  more: CustomerFacts = {},
  next_follow_up: string | null = null,
): Promise<string> {
  const id = await ground.customer(name, { created_at: ago(400), ...more });
  await ground.interaction({ customer: id, occurred_at: ago(days), owner: more.owner ?? 'admin', next_follow_up });
  return id;
}

test('nothing to follow up is an answer with nothing in it', async () => {
  expect(await ask()).toEqual({
    inactive_days: 30,
    overdue_interactions: 0,
    inactive_clients: [],
    inactive_leads: [],
    totals: { inactive_clients: 0, clients_never_contacted: 0, inactive_leads: 0, leads_never_contacted: 0 },
    truncated: false,
    period: { from: null, to: null, time_zone: 'Europe/Berlin' },
    computed_at: expect.any(String),
  });
});

test('clients and leads count from the day after the last that was asked for, the longest silence first', async () => {
  const old = await silentClient('Old', 100);
  await silentClient('At the edge', 31);
  await silentClient('Not yet', 30);
  await silentClient('Today', 0);
  await silentClient('Given up', 90, { status: 'inactive' });
  await silentClient('In the trash', 90, { trashed: true });
  const never = await ground.customer('Never', { created_at: ago(45) });
  await ground.customer('New', { created_at: ago(30) });
  const lead = await ground.lead({ name: 'Lead', created_at: ago(300), status: 'qualified' });
  await ground.interaction({ lead, occurred_at: ago(200) });
  for (const status of ['lost', 'converted'] as const) await ground.lead({ created_at: ago(300), status });
  const found = await ask();
  expect(found.inactive_clients).toEqual([
    {
      client_name: 'Old',
      id: old,
      status: 'new',
      owner: 'admin of Acme',
      days_since_interaction: 100,
      last_interaction_date: day(100),
      days_without_contact: 100,
      link: `/customers/${old}`,
    },
    {
      client_name: 'Never',
      id: never,
      status: 'new',
      owner: 'admin of Acme',
      days_since_interaction: null,
      last_interaction_date: null,
      days_without_contact: 45,
      link: `/customers/${never}`,
    },
    expect.objectContaining({ client_name: 'At the edge', days_since_interaction: 31 }),
  ]);
  expect(found.inactive_leads).toEqual([
    expect.objectContaining({ lead_name: 'Lead', days_since_interaction: 200, link: `/leads/${lead}` }),
  ]);
  expect(found.totals).toEqual({
    inactive_clients: 3,
    clients_never_contacted: 1,
    inactive_leads: 1,
    leads_never_contacted: 0,
  });
  const few = await ask('admin', '?inactive_days=99');
  expect(few.inactive_clients.map((one: { client_name: string }) => one.client_name)).toEqual(['Old']);
  expect((await ask('admin', '?inactive_days=400')).inactive_clients).toEqual([]);
});

test('only what took place and is not in the trash ends a silence', async () => {
  const client = await silentClient('Client', 50);
  await ground.interaction({ customer: client, occurred_at: ago(5), trashed: true });
  await ground.interaction({ customer: client, occurred_at: ago(-5) });
  expect((await ask()).inactive_clients).toEqual([expect.objectContaining({ days_since_interaction: 50 })]);
  await ground.interaction({ customer: client, occurred_at: ago(5) });
  expect((await ask()).inactive_clients).toEqual([]);
});

test('a follow-up is overdue from the day after its own until it is cleared, whoever talked since', async () => {
  const client = await silentClient('Client', 3);
  const promised = await ground.interaction({ customer: client, occurred_at: ago(9), next_follow_up: day(1) });
  await ground.interaction({ customer: client, next_follow_up: day(0) });
  await ground.interaction({ customer: client, next_follow_up: day(2), trashed: true });
  expect((await ask()).overdue_interactions).toBe(1);
  await ground.query('update interactions set next_follow_up = null where id = $1', [promised]);
  expect((await ask()).overdue_interactions).toBe(0);
});

test('each counts what they may see; one person’s figures are those of their own', async () => {
  const mine = await silentClient('Of sales', 60, { owner: 'sales', by: 'sales' });
  await silentClient('Of the manager', 70, { owner: 'manager' });
  await ground.interaction({ customer: mine, owner: 'sales', next_follow_up: day(4), occurred_at: ago(60) });
  await ground.lead({ name: 'Lead of sales', assigned_to: 'sales', created_at: ago(80) });
  await ground.lead({ assigned_to: 'manager', created_at: ago(80) });
  const said = (data: Awaited<ReturnType<typeof ask>>) => [
    data.overdue_interactions,
    data.inactive_clients.map((one: { client_name: string }) => one.client_name),
    data.inactive_leads.length,
  ];
  expect(said(await ask())).toEqual([1, ['Of the manager', 'Of sales'], 2]);
  expect(said(await ask('sales'))).toEqual([1, ['Of sales'], 1]);
  expect(said(await ask('manager', `?user=${acme.users.sales.id}`))).toEqual([1, ['Of sales'], 1]);
  expect(said(await ask('field_tech'))).toEqual([0, [], 0]);
  expect((await askJson(app, globex, 'admin', '', 'follow-ups')).body.data).toMatchObject({
    overdue_interactions: 1,
    inactive_clients: [{ client_name: 'Theirs', days_since_interaction: 99 }],
  });
});

/** What is asked on a day of its own. */
const question = (days: number, more: Partial<Question> = {}): Question => ({
  period: { preset: 'all-time', days: null, compare: 'none', before: null },
  user: null,
  days,
  sort: 'days',
  descending: true,
  ...more,
});

test('days are those of the company: across the night the clocks change, and in a zone half a day away', async () => {
  // The 29th of March 2026 has 23 hours in Berlin: 22:59 UTC of the 28th is the last minute of that day.
  const silent = async (name: string, at: string) => {
    const customer = await ground.customer(name, { created_at: '2025-01-01T00:00:00Z' });
    await ground.interaction({ customer, occurred_at: at, next_follow_up: '2026-03-29' });
  };
  await silent('On the 28th', '2026-03-28T22:59:00Z');
  await silent('On the 29th', '2026-03-28T23:00:00Z');
  await silent('Late on the 29th', '2026-03-29T21:59:00Z');
  await silent('On the 30th', '2026-03-29T22:00:00Z');
  const on = (today: string, days: number, zone = 'Europe/Berlin') =>
    inTenant(app.platform, acme, 'admin', async (ctx) => {
      const there = { ...ctx, tenant: { ...ctx.tenant, time_zone: zone } };
      const rows = await silentRecords(there, question(days), CLIENTS, today, 10);
      return [
        ...rows.map((row) => `${row.name}: ${row.days_since_contact} since ${row.last_contact}`),
        await overdueFollowUps(there, question(days), today),
      ];
    });
  expect(await on('2026-03-30', 1)).toEqual(['On the 28th: 2 since 2026-03-28', 4]);
  expect(await on('2026-03-31', 1)).toEqual([
    'On the 28th: 3 since 2026-03-28',
    'On the 29th: 2 since 2026-03-29',
    'Late on the 29th: 2 since 2026-03-29',
    4,
  ]);
  expect(await on('2026-03-29', 1)).toEqual([0]);
  expect(await on('2026-03-31', 1, 'Pacific/Auckland')).toEqual([
    'On the 28th: 2 since 2026-03-29',
    'On the 29th: 2 since 2026-03-29',
    4,
  ]);
});

test('the steps of the chart lie beside each other without a gap and without counting anybody twice', async () => {
  for (const days of [10, 11, 20, 21, 30, 31, 60, 61, 120, 121, 390]) await silentClient(`Silent ${days}`, days);
  await ground.customer('Never', { created_at: ago(11) });
  await ground.customer('New', { created_at: ago(10) });
  await ground.lead({ created_at: ago(11) });
  const [clients, leads] = await inTenant(app.platform, acme, 'admin', async (ctx) => [
    await silences(ctx, question(10), CLIENTS, day(0)),
    await silences(ctx, question(10), LEADS, day(0)),
  ]);
  expect(clients).toEqual([2, 2, 2, 2, 2, 1]);
  expect(leads).toEqual([0, 0, 0, 0, 0, 1]);
});

test('the table is sorted by each of its columns, and the cut keeps what comes first', async () => {
  await silentClient('Anna', 40, { owner: 'sales' });
  await silentClient('Ćiro', 90, { owner: 'admin', status: 'active' });
  await silentClient('Berta', 60, { owner: null, status: 'prospect' });
  await ground.customer('Dora', { created_at: ago(70), owner: 'manager' });
  const sorted = (sort: string, descending: boolean, most = 10) =>
    inTenant(app.platform, acme, 'admin', async (ctx) =>
      (await silentRecords(ctx, question(30, { sort, descending }), CLIENTS, day(0), most))
        .map(({ name }) => name[0])
        .join(''),
    );
  expect(await sorted('days', true)).toBe('ĆDBA');
  expect(await sorted('days', false)).toBe('ABDĆ');
  expect(await sorted('client_name', false)).toBe('ABĆD');
  expect(await sorted('client_name', true)).toBe('DĆBA');
  expect(await sorted('last_contact', false)).toBe('ĆBAD');
  expect(await sorted('last_contact', true)).toBe('ABĆD');
  expect(await sorted('owner', false)).toBe('ĆDAB');
  expect(await sorted('lead_name', true)).toBe('ĆDBA');
  expect(await sorted('days', true, 2)).toBe('ĆD');
  expect(await sorted('client_name', true, 1)).toBe('D');
});

test('numbers of days that make no sense are refused in words', async () => {
  for (const days of ['0', '3651', '-1', '1.5', 'many'])
    expect((await askJson(app, acme, 'admin', `?inactive_days=${days}`, 'follow-ups')).status).toBe(400);
});
