// Every figure of every report is a link to the list behind it, and the list adds up to it: followed for three roles of
// two companies.
import { read, utils } from '@e965/xlsx';
import { DateTime } from 'luxon';
import type { Role } from '../../../src/kernel/access.ts';
import { reports } from '../../../src/modules/reports/all.ts';
import { fromHundredths, hundredths } from '../../../src/modules/reports/amounts.ts';
import { type Agent, signIn, startApp, type TestApp } from '../../helpers/app.ts';
import { makeTenant, PASSWORD, type TestTenant } from '../../helpers/fixture.ts';
import { type Ground, openGround } from './ground.ts';

const PERIOD = '?from=2022-03-01&to=2022-03-31';
const CURRENCIES = ['EUR', 'USD', 'CHF'];
const STATUSES = ['active', 'pending', 'completed', 'cancelled'] as const;
const OWNERS: (Role | null)[] = ['admin', 'sales', 'csm', 'manager', null];

/** The day so many days from today, of a company in Berlin. */
const day = (days: number) => DateTime.now().setZone('Europe/Berlin').plus({ days }).toISODate()!;

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
    await ground.customer(`Stranger ${i}`, { owner, created_at: '2022-03-15T12:00:00Z' });
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
      await ground.lead({
        status: next(['new', 'contacted', 'qualified', 'lost', 'converted']),
        source: next(['Website', 'Referral', 'Trade Show', null]),
        created_at: next([...days, '2022-03-15T12:00:00Z']),
        converted_at: next([null, '2022-04-01T12:00:00Z']),
        assigned_to: next(OWNERS),
        trashed: n === 12,
      });
      await ground.interaction({
        customer,
        owner: next(OWNERS),
        occurred_at: next([...days, '2022-03-15T12:00:00Z', '2024-01-01T12:00:00Z', `${day(3)}T12:00:00Z`]),
        next_follow_up: next([null, '2023-01-01', day(0), day(5), day(40)]),
        trashed: n === 11,
      });
      await ground.task({
        customer,
        assigned_to: next(OWNERS),
        status: next(['open', 'in_progress', 'done', 'cancelled']),
        due_date: next([null, '2023-01-01', day(0), day(5), day(40)]),
        trashed: n === 10,
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

interface Figure {
  /** head of its column, label of its tile or of its series */
  label: string;
  text: string;
  href: string;
}

const plain = (html: string) => decode(html.replaceAll(/<[^>]*>/g, '')).trim();
const link = (html: string) => /<a [^>]*?href="([^"]*)"[^>]*>([^<]*)<\/a>/.exec(html);

/** Every figure of the page that leads somewhere: tiles, cells of tables, bars and points of charts. */
function figures(html: string): Figure[] {
  const found: Figure[] = [];
  const take = (label: string, part: string) => {
    const [, href, text] = link(part) ?? [];
    if (href) found.push({ label, text: decode(text!).trim(), href: decode(href) });
  };
  for (const [tile] of html.matchAll(/<div class="tile">[\s\S]*?<\/div>/g))
    take(plain(/<dt[^>]*>([\s\S]*?)<\/dt>/.exec(tile)![1]!), tile);
  for (const [table] of html.matchAll(/<table class="sheet figures">[\s\S]*?<\/table>/g)) {
    const [head, ...rows] = [...table.matchAll(/<tr>[\s\S]*?<\/tr>/g)].map(([row]) =>
      [...row.matchAll(/<t[hd][^>]*>[\s\S]*?<\/t[hd]>/g)].map(([cell]) => cell),
    );
    for (const row of rows) for (const [i, cell] of row.entries()) take(plain(head![i]!), cell);
  }
  for (const [, json] of html.matchAll(/data-chart="([^"]*)"/g))
    for (const { label, texts, hrefs = [] } of JSON.parse(decode(json!)).series)
      for (const [i, href] of hrefs.entries()) if (href) found.push({ label, text: texts[i], href });
  return found;
}

interface Behind {
  count: number;
  sum: bigint;
  weighted: bigint;
  currencies: string[];
}

const WEIGHTS: Record<string, bigint> = { Pending: 30n, Active: 60n, Completed: 100n, Cancelled: 0n };

/** '€1,000,000.10' -> '1000000.10' */
const digits = (text: string) => text.replaceAll(/[^\d.]/g, '');

/** What the head of a list page counts. */
async function countOf(agent: Agent, href: string): Promise<number> {
  const { text } = await agent.get(`${href}&count=exact`).expect(200);
  return Number(digits(/id="total"[^>]*>([^<]*)</.exec(text)![1]!));
}

/** The list behind a figure, as its own export has it; for who may not export, its count. */
async function listBehind(agent: Agent, href: string): Promise<Behind> {
  const { status, text } = await agent.get(href.replace('?', '.csv?'));
  if (status === 403) return { count: await countOf(agent, href), sum: 0n, weighted: 0n, currencies: [] };
  expect(status).toBe(200);
  const sheet = Object.values(read(text, { type: 'string', raw: true }).Sheets)[0]!;
  const rows = utils.sheet_to_json<Record<string, string>>(sheet, { defval: '' });
  const sum = (weight: (row: Record<string, string>) => bigint) =>
    rows.reduce((total, row) => total + hundredths(row.Value || '0') * weight(row), 0n);
  return {
    count: rows.length,
    sum: sum(() => 1n),
    weighted: (sum(({ Status }) => WEIGHTS[Status!] ?? 0n) + 50n) / 100n,
    currencies: [...new Set(rows.map((row) => row.Currency!))],
  };
}

/** What a figure has to say for the list it leads to; null where the list only shows which records count. */
function saidOf({ label, text }: Figure, { count, sum, weighted, currencies }: Behind): string | null {
  if (text.endsWith('%') || label.startsWith('Days ')) return null;
  if (/^[\d,]+$/.test(text)) return String(count);
  expect(currencies).toHaveLength(1);
  if (label.startsWith('Weighted')) return fromHundredths(weighted);
  if (label.startsWith('Mean')) return fromHundredths((2n * sum + BigInt(count)) / (2n * BigInt(count)));
  return fromHundredths(sum);
}

const ROLES = ['admin', 'sales', 'csm'] as const;
const PAGES = reports.map(({ slug, standing }) => `/reports/${slug}${standing ? '' : PERIOD}`);

describe.each([0, 1])('company %i', (which) => {
  describe.each(ROLES)('as %s', (role) => {
    let agent: Agent;
    const lists = new Map<string, Promise<Behind>>();
    const behind = (href: string): Promise<Behind> => {
      const known = lists.get(href) ?? listBehind(agent, href);
      lists.set(href, known);
      return known;
    };
    const tenant = () => tenants[which]!;

    beforeAll(async () => {
      agent = app.agent();
      await signIn(agent, tenant().users[role].email, PASSWORD);
    });

    test.each(PAGES)(
      'every figure of %s leads to rows that add up to it',
      async (address) => {
        const page = await agent.get(address);
        if (page.status === 403) {
          expect(`${role} ${address}`).toContain('user-activity');
          return;
        }
        const found = figures(page.text);
        expect(found.length).toBeGreaterThan(2);
        for (const figure of found) {
          if (!figure.href.includes('?')) {
            await agent.get(figure.href).expect(200);
            continue;
          }
          const list = await behind(figure.href);
          expect(list.count).toBeGreaterThan(0);
          const said = saidOf(figure, list);
          if (said !== null)
            expect(`${figure.label}: ${figure.href} adds up to ${said}`).toBe(
              `${figure.label}: ${figure.href} adds up to ${digits(figure.text)}`,
            );
        }
        expect(page.text).not.toContain(tenants[1 - which]!.records.customer!);
      },
      120_000,
    );

    test('a total whose clients are partly in the trash names those that count; the list page counts the same', async () => {
      const { text: html } = await agent.get(`/reports/revenue-by-client${PERIOD}`).expect(200);
      const foot = html.slice(html.indexOf('<tfoot>'), html.indexOf('</tfoot>'));
      const totals = [...foot.matchAll(/href="([^"]*)"/g)].map(([, href]) => href!);
      expect(totals.length).toBeGreaterThan(2);
      if (role === 'admin') expect(totals.every((href) => /customer_id=[\w-]{36},/.test(href))).toBe(true);
      const counted = figures(html).find(({ text }) => /^[\d,]+$/.test(text))!;
      expect(String(await countOf(agent, counted.href))).toBe(digits(counted.text));
    });
  });
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
