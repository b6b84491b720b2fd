// When a customer or lead was last talked to: kept by the database, whatever way an interaction is written.
import pg from 'pg';
import { countPlannedContacts } from '../../../src/modules/activity/last_contact.service.ts';
import { upkeep } from '../../../src/upkeep.ts';
import { startApp, type TestApp } from '../../helpers/app.ts';
import { inTenant, makeTenant, type TestTenant } from '../../helpers/fixture.ts';
import { findViolations } from '../../helpers/invariants.ts';
import { type Program, program } from '../../helpers/program.ts';
import { type Ground, openGround } from '../reports/ground.ts';

const [MAY, JUNE, JULY] = ['2026-05-01T10:00:00Z', '2026-06-01T10:00:00Z', '2026-07-01T10:00:00Z'];

let app: TestApp;
let acme: TestTenant;
let globex: TestTenant;
let ground: Ground;
let admin: Program;

beforeAll(async () => {
  app = await startApp();
  acme = await makeTenant(app.database.url, app.platform, 'acme');
  globex = await makeTenant(app.database.url, app.platform, 'globex');
  ground = await openGround(app, acme);
  admin = program(app, acme.users.admin);
}, 60_000);
afterAll(async () => {
  await ground.end();
  // What is kept says what looking at every interaction says.
  for (const [table, column] of [
    ['customers', 'customer_id'],
    ['leads', 'lead_id'],
  ]) {
    const client = await connected();
    const { rows } = await client.query(
      `select p.name, p.last_contact_at, f.at from ${table} p left join lateral (select max(i.occurred_at) as at from interactions i
         where i.tenant_id = p.tenant_id and i.${column} = p.id and i.deleted_at is null and i.occurred_at <= now()) f on true
       where p.last_contact_at is distinct from f.at`,
    );
    await client.end();
    expect(rows).toEqual([]);
  }
  expect(await findViolations(app.database.url)).toEqual([]);
  await app.stop();
});

async function connected(): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: app.database.url });
  await client.connect();
  return client;
}

/** ISO text of the last contact; null for none. */
async function lastContact(id: string, table: 'customers' | 'leads' = 'customers'): Promise<string | null> {
  const { rows } = await ground.query(`select last_contact_at as at from ${table} where id = $1`, [id]);
  return rows[0].at && (rows[0].at as Date).toISOString().replace('.000Z', 'Z');
}

async function talk(values: object): Promise<{ id: string; version: number }> {
  const { status, body } = await admin.post('/interactions', { subject: 'Talk', type: 'call', ...values });
  if (status !== 201) throw new Error(`${status} ${JSON.stringify(body)}`);
  return body.data;
}

test('the latest interaction counts, in whatever order they are logged, for the customer and the lead it names', async () => {
  const [customer, lead] = [await ground.customer('Order'), await ground.lead()];
  expect(await lastContact(customer)).toBeNull();
  await talk({ customer_id: customer, occurred_at: JUNE });
  await talk({ customer_id: customer, lead_id: lead, occurred_at: MAY });
  expect([await lastContact(customer), await lastContact(lead, 'leads')]).toEqual([JUNE, MAY]);
  await talk({ customer_id: customer, occurred_at: JULY });
  expect([await lastContact(customer), await lastContact(lead, 'leads')]).toEqual([JULY, MAY]);
  await talk({});
});

test('an interaction without a time counts as of now, and the record shows it', async () => {
  const customer = await ground.customer('Now');
  const begin = Date.now();
  await talk({ customer_id: customer });
  const { body } = await admin.get(`/customers/${customer}`);
  expect(Math.abs(Date.parse(body.data.last_contact_at) - begin)).toBeLessThan(10_000);
});

test('editing the time, moving it to another customer, the trash and back are all followed', async () => {
  const [one, other] = [await ground.customer('One'), await ground.customer('Other')];
  await talk({ customer_id: one, occurred_at: MAY });
  const { id, version } = await talk({ customer_id: one, occurred_at: JULY });
  await admin.patch(`/interactions/${id}`, { version, occurred_at: JUNE });
  expect(await lastContact(one)).toBe(JUNE);
  await admin.patch(`/interactions/${id}`, { version: version + 1, customer_id: other });
  expect([await lastContact(one), await lastContact(other)]).toEqual([MAY, JUNE]);
  await admin.remove(`/interactions/${id}`);
  expect([await lastContact(one), await lastContact(other)]).toEqual([MAY, null]);
  await ground.query('update interactions set deleted_at = null where id = $1', [id]);
  expect(await lastContact(other)).toBe(JUNE);
  await ground.query('delete from interactions where id = $1', [id]);
  expect(await lastContact(other)).toBeNull();
});

test('it is nobody’s edit: version, time of change and trail of the customer stay as they were', async () => {
  const { body } = await admin.post('/customers', { name: 'Untouched' });
  const before = body.data;
  await talk({ customer_id: before.id, occurred_at: MAY });
  const after = (await admin.get(`/customers/${before.id}`)).body.data;
  expect(after).toEqual({ ...before, last_contact_at: after.last_contact_at });
  expect(Date.parse(after.last_contact_at)).toBe(Date.parse(MAY));
  const { rows } = await ground.query('select count(*)::int as n from audit_log where record_id = $1', [before.id]);
  expect(rows[0].n).toBe(1);
  // An edit on the version from before the talk is no conflict; the field itself is not for writing.
  expect((await admin.patch(`/customers/${before.id}`, { version: before.version, city: 'Linz' })).status).toBe(200);
  const written = await admin.patch(`/customers/${before.id}`, { version: before.version + 1, last_contact_at: JULY });
  expect(written.status).toBe(422);
  expect(await lastContact(before.id)).toBe(MAY);
});

test('what is planned counts when its time has come, by the hourly upkeep', async () => {
  const [customer, lead] = [await ground.customer('Planned'), await ground.lead()];
  await talk({ customer_id: customer, occurred_at: MAY });
  const soon = new Date(Date.now() + 86_400_000).toISOString();
  const { id } = await talk({ customer_id: customer, lead_id: lead, occurred_at: soon });
  await inTenant(app.platform, acme, 'admin', countPlannedContacts);
  expect([await lastContact(customer), await lastContact(lead, 'leads')]).toEqual([MAY, null]);
  // A day goes by: time moves for the row alone, and no statement of anybody tells the database.
  const came = new Date(Date.now() - 3_600_000).toISOString();
  const client = await connected();
  await client.query(`set session_replication_role = replica`);
  await client.query('update interactions set occurred_at = $2 where id = $1', [id, came]);
  await client.end();
  expect(await lastContact(customer)).toBe(MAY);
  await upkeep(app.platform, new AbortController().signal);
  expect([await lastContact(customer), await lastContact(lead, 'leads')]).toEqual([came, came]);
  expect(await inTenant(app.platform, acme, 'admin', countPlannedContacts)).toBe(0);
});

const LOG = `insert into interactions (tenant_id, subject, type, customer_id, occurred_at, created_by)
  values ($1, 'At once', 'call', $2, $3, $4) returning id`;

test('two at once do not lose the later one, whichever ends first, nor one that stays when the latest is trashed', async () => {
  const customer = await ground.customer('At once');
  const [a, b] = [await connected(), await connected()];
  const log = async (client: pg.Client, at: string) =>
    (await client.query(LOG, [acme.id, customer, at, acme.users.admin.id])).rows[0].id as string;
  const waiting = async () => {
    for (;;) {
      const { rows } = await ground.query(
        `select 1 from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`,
      );
      if (rows.length) return;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  };
  /** Both in transactions that overlap: the second waits until the first is over. */
  const together = async (first: () => Promise<unknown>, second: () => Promise<unknown>) => {
    await a.query('begin');
    await b.query('begin');
    await first();
    const then = second();
    await waiting();
    await a.query('commit');
    await then;
    await b.query('commit');
  };
  await together(
    () => log(a, JUNE),
    () => log(b, MAY),
  );
  expect(await lastContact(customer)).toBe(JUNE);
  let latest = '';
  await together(
    () => log(a, MAY),
    async () => {
      latest = await log(b, JULY);
    },
  );
  expect(await lastContact(customer)).toBe(JULY);
  await ground.query(`update interactions set deleted_at = now() where customer_id = $1 and id <> $2`, [
    customer,
    latest,
  ]);
  const trash = (client: pg.Client) =>
    client.query('update interactions set deleted_at = now() where id = $1', [latest]);
  await together(
    () => log(a, MAY),
    () => trash(b),
  );
  expect(await lastContact(customer)).toBe(MAY);
  await a.end();
  await b.end();
});

test('many in one statement, about many customers in any order, from two sides at once: none is lost, nobody is in the other’s way', async () => {
  const { rows } = await ground.query(
    `insert into customers (tenant_id, name, created_by) select $1, 'Many ' || n, $2 from generate_series(1, 90) n returning id`,
    [acme.id, acme.users.admin.id],
  );
  const ids: string[] = rows.map((row) => row.id);
  const many = async (list: string[], at: string) => {
    const client = await connected();
    for (let i = 0; i < 5; i += 1)
      await client.query(
        `insert into interactions (tenant_id, subject, type, customer_id, occurred_at, created_by)
         select $1, 'Many', 'email', id, $3::timestamptz + interval '1 minute' * n, $4
         from unnest($2::uuid[]) as id cross join generate_series(0, 3) n`,
        [acme.id, list, at, acme.users.admin.id],
      );
    await client.end();
  };
  await Promise.all([many(ids, JUNE), many([...ids].reverse(), MAY), many(ids.slice(30), JULY)]);
  const found = await ground.query(
    `select last_contact_at as at, count(*)::int as n from customers where id = any ($1) group by 1 order by 1`,
    [ids],
  );
  expect(found.rows.map((row) => [(row.at as Date).toISOString(), row.n])).toEqual([
    ['2026-06-01T10:03:00.000Z', 30],
    ['2026-07-01T10:03:00.000Z', 60],
  ]);
});

test('lists sort and narrow by it, also to those nobody ever talked to, and another company’s talks are none of ours', async () => {
  const names = async (query: string): Promise<string> => {
    const { body } = await admin.get(`/customers?limit=100&status=prospect&${query}`);
    return body.items.map((row: { name: string }) => row.name).join(' ');
  };
  for (const [name, at] of [
    ['Silent', '2026-03-28T22:59:59Z'],
    ['Recent', '2026-03-29T21:59:59Z'],
    ['Never', null],
  ] as const) {
    const customer = await ground.customer(name, { status: 'prospect' });
    if (at) await talk({ customer_id: customer, occurred_at: at });
  }
  expect(await names('sort=last_contact_at')).toBe('Never Silent Recent');
  expect(await names('sort=-last_contact_at')).toBe('Recent Silent Never');
  expect(await names('last_contact_at=none')).toBe('Never');
  expect(await names('last_contact_at__to=2026-03-28')).toBe('Silent');
  expect(await names('last_contact_at__from=2026-03-29&last_contact_at__to=2026-03-29')).toBe('Recent');
  const theirs = await openGround(app, globex);
  const { rows } = await theirs.query('select last_contact_at from customers where id = $1', [globex.records.customer]);
  expect(rows[0].last_contact_at.toISOString()).toBe('2026-03-29T00:30:00.000Z');
  await theirs.end();
});
