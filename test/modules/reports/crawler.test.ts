// Every figure is a link to the list behind it, and the list adds up to it: followed for three roles of two companies.
import { read, utils } from '@e965/xlsx';
import type { Role } from '../../../src/kernel/access.ts';
import { fromHundredths, hundredths } from '../../../src/modules/reports/amounts.ts';
import { type Agent, signIn, startApp, type TestApp } from '../../helpers/app.ts';
import { makeTenant, PASSWORD, type TestTenant } from '../../helpers/fixture.ts';
import { type Ground, openGround } from './ground.ts';

const PERIOD = '?from=2022-03-01&to=2022-03-31';
const CURRENCIES = ['EUR', 'USD', 'CHF'];
const STATUSES = ['active', 'pending', 'completed', 'cancelled'] as const;
const OWNERS: (Role | null)[] = ['admin', 'sales', 'csm', 'manager', null];

let app: TestApp;
const tenants: TestTenant[] = [];

/** Customers of all kinds of owners, projects of all statuses in and around the period; a part of both in the trash. */
async function fill(ground: Ground, tenant: TestTenant, step: number): Promise<void> {
  await ground.query('insert into teams (tenant_id, id, name) values ($1, new_id(), $2)', [tenant.id, 'North']);
  for (const role of ['csm', 'support'] as const)
    await ground.query(
      'insert into team_members (tenant_id, team_id, user_id) select tenant_id, id, $2 from teams where tenant_id = $1',
      [tenant.id, tenant.users[role].id],
    );
  let turn = step;
  const next = <T>(list: readonly T[]): T => {
    turn = (turn * 48_271) % 2_147_483_647;
    return list[turn % list.length]!;
  };
  const days = ['2022-02-28T22:59:59Z', '2022-02-28T23:00:00Z', '2022-03-31T21:59:59Z', '2022-03-31T22:00:00Z'];
  for (const [i, owner] of (['admin', 'sales', 'csm', 'support', 'manager', 'sales'] as const).entries()) {
    const customer = await ground.customer(`Client ${i}`, { owner, trashed: i === 5 });
    for (let n = 0; n < 14; n += 1) {
      await ground.project({
        customer,
        status: next(STATUSES),
        currency: next(CURRENCIES),
        value: next(['0.01', '19.99', '1000000.10', null, '333.33', '7']),
        created_at: next([...days, '2022-03-27T01:30:00Z', '2022-03-15T12:00:00Z']),
        owner: next(OWNERS),
        trashed: n === 13,
      });
    }
  }
}

beforeAll(async () => {
  app = await startApp();
  for (const [i, slug] of ['acme', 'globex'].entries()) {
    const tenant = await makeTenant(app.database.url, app.platform, slug);
    const ground = await openGround(app, tenant);
    await fill(ground, tenant, 7 + i);
    await ground.end();
    tenants.push(tenant);
  }
}, 60_000);
afterAll(() => app?.stop());

const decode = (html: string) => html.replaceAll('&amp;', '&').replaceAll('&#39;', "'").replaceAll('&quot;', '"');

/** Every figure of the page that is a link: what it says, and where it leads. */
function figures(html: string): { text: string; href: string }[] {
  return [...html.matchAll(/<a [^>]*?href="(\/projects\?[^"]*)"[^>]*>([^<]*)<\/a>/g)].map(([, href, text]) => ({
    href: decode(href!),
    text: text!,
  }));
}

/** The list behind a figure, as its own export has it. */
async function listBehind(agent: Agent, href: string): Promise<{ count: number; sum: string; currencies: string[] }> {
  const { text } = await agent.get(href.replace('/projects?', '/projects.csv?')).expect(200);
  const sheet = Object.values(read(text, { type: 'string', raw: true }).Sheets)[0]!;
  const rows = utils.sheet_to_json<Record<string, string>>(sheet, { defval: '' });
  const sum = rows.reduce((total, row) => total + hundredths(row.Value || '0'), 0n);
  return { count: rows.length, sum: fromHundredths(sum), currencies: [...new Set(rows.map((row) => row.Currency!))] };
}

/** '€1,000,000.10' -> '1000000.10' */
const digits = (text: string) => text.replaceAll(/[^\d.]/g, '');

describe.each([0, 1])('company %i', (which) => {
  test.each(['admin', 'sales', 'csm'] as const)(
    'as %s every figure leads to rows that add up to it',
    async (role) => {
      const tenant = tenants[which]!;
      const agent = app.agent();
      await signIn(agent, tenant.users[role].email, PASSWORD);
      const { text: html } = await agent.get(`/reports/revenue-by-client${PERIOD}`).expect(200);
      const found = figures(html);
      expect(found.length).toBeGreaterThan(20);
      for (const { text, href } of found) {
        const { count, sum, currencies } = await listBehind(agent, href);
        expect(count).toBeGreaterThan(0);
        expect(currencies).toHaveLength(1);
        const adds = /^[\d,]+$/.test(text) ? String(count) : sum;
        expect(`${href} adds up to ${adds}`).toBe(`${href} adds up to ${digits(text)}`);
        expect(html).not.toContain(tenants[1 - which]!.records.customer!);
      }
      // totals lead somewhere too: their lists name the clients that count, since one client is in the trash
      const foot = html.slice(html.indexOf('<tfoot>'), html.indexOf('</tfoot>'));
      expect(figures(foot).length).toBeGreaterThan(2);
      if (role === 'admin') expect(figures(foot).every(({ href }) => /customer_id=[\w-]{36},/.test(href))).toBe(true);
      // the list page itself counts the same
      const counted = found.find(({ text }) => /^[\d,]+$/.test(text))!;
      const list = await agent.get(`${counted.href}&count=exact`).expect(200);
      expect(/id="total"[^>]*>([^<]*)</.exec(list.text)?.[1]).toBe(counted.text);
    },
    120_000,
  );
});

test('what the roles see differs, and no total is larger than that of the administrator', async () => {
  const totals: Record<string, bigint> = {};
  for (const role of ['admin', 'sales', 'csm', 'field_tech', 'support'] as const) {
    const answer = await app
      .agent()
      .get(`/api/v1/reports/revenue-by-client${PERIOD}`)
      .set('Authorization', `Bearer ${tenants[0]!.users[role].token}`);
    const [own] = answer.body.data.totals;
    totals[role] = own ? hundredths(String(own.total_value)) : 0n;
  }
  expect(totals.support).toBe(totals.admin);
  expect(totals.field_tech).toBe(0n);
  expect(totals.sales! > 0n && totals.sales! < totals.admin!).toBe(true);
  expect(totals.csm! > 0n && totals.csm! < totals.admin!).toBe(true);
  expect(totals.csm).not.toBe(totals.sales);
});
