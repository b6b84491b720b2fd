// Every statement that the suite makes the application send is checked when the run ends (test/helpers/statements.ts). Here: that
// the check finds what it is there for, and lets pass what is right.
import { readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { type Row, withTenant } from '../../src/kernel/tenant_db.ts';
import { createLog } from '../../src/platform/log.ts';
import { openPools } from '../../src/platform/postgres.ts';
import { createTestDatabase, type TestDatabase } from '../helpers/database.ts';
import { complaintOf, tenantTables } from '../helpers/statements.ts';

let database: TestDatabase;
let client: pg.Client;
let tables: ReadonlySet<string>;

beforeAll(async () => {
  database = await createTestDatabase();
  client = new pg.Client({ connectionString: database.url });
  await client.connect();
  tables = await tenantTables(client);
});
afterAll(async () => {
  await client.end();
  await database.drop();
});

const complaint = (statement: string) => complaintOf(client, tables, statement);

test.each([
  ['row-level security alone', 'select name from customers where id = $1', 'customers'],
  ['an OR that widens', 'select name from customers where tenant_id = $1 or id = $2', 'customers'],
  ['a condition that is not equality', 'select name from customers where tenant_id <> $1', 'customers'],
  [
    'a join by id alone',
    'select c.name from customers c join contacts p on p.customer_id = c.id where c.tenant_id = $1',
    'contacts',
  ],
  [
    'a look inside an expression',
    'select (select count(*) from leads l where l.customer_id = c.id) from customers c where c.tenant_id = $1',
    'leads',
  ],
  [
    'an exists on nothing but an id',
    'select from customers c where c.tenant_id = $1 and exists (select from tasks t where t.customer_id = c.id)',
    'tasks',
  ],
  ['a change', 'update tasks set status = $1 where id = $2', 'tasks'],
  [
    'a change that is fed by another company',
    'update tasks t set title = n.body from notes n where t.tenant_id = $1 and n.id = t.id',
    'notes',
  ],
  ['a deletion', 'delete from customer_tags where tag_id = $1', 'customer_tags'],
  ['rows that are copied', 'insert into tags (tenant_id, name) select $1::uuid, name from tags', 'tags'],
  ['a cursor', 'declare c cursor for select * from audit_log', 'audit_log'],
  ['what stands behind a label', '/* nice.name */ select * from users where email = $1', 'users'],
])('%s does not name the company', async (_what, statement, table) => {
  expect(await complaint(statement)).toContain(`looks at ${table} without its tenant`);
});

test.each([
  [
    'the scoped door',
    'select * from (select * from customers where tenant_id = $1) as customers where id = $2 or name = $3',
  ],
  [
    'a join inside the company',
    'select from customers c left join contacts p on p.tenant_id = c.tenant_id and p.customer_id = c.id where c.tenant_id = $1',
  ],
  ['using', 'select from customers c join users u using (tenant_id) where c.tenant_id = $1'],
  ['the company of the transaction', 'select from leads where tenant_id = current_tenant()'],
  ['an insertion', 'insert into tags (tenant_id, name) values ($1, $2) on conflict do nothing'],
  ['a change', 'update tasks set status = $1 where tenant_id = $2 and id = any ($3)'],
  ['what belongs to nobody', 'select from tenants where slug = $1'],
  ['the beginning of a transaction', `begin; set local app.tenant_id = '00000000-0000-7000-8000-000000000000'`],
])('%s is in order', async (_what, statement) => {
  expect(await complaint(statement)).toBeNull();
});

test('a statement that PostgreSQL cannot plan is not taken to be right', async () => {
  expect(await complaint('select no_such_column from customers where tenant_id = $1')).toContain('cannot be planned');
});

test('what the application sends is written down for the end of the run, and its company travels as SET LOCAL', async () => {
  const pools = openPools(database.runtimeUrl, createLog('silent'), 2);
  try {
    const id = '0192a0d4-7f00-7000-8000-00000000abcd';
    const rows: Row[] = await withTenant(pools.app, id, (db) =>
      db.run(`/* statements.test */ select current_setting('app.tenant_id') as tenant where :tenant <> ''`),
    );
    expect(rows).toEqual([{ tenant: id }]);
  } finally {
    await pools.end();
  }
  const folder = path.join(tmpdir(), 'statements');
  const written = readdirSync(folder).map((name) => readFileSync(path.join(folder, name), 'utf8'));
  expect(written.join('')).toContain('/* statements.test */ select');
  expect(written.join('')).toContain('begin; set local app.tenant_id');
});
