// How the tables would be spread over several machines with Citus, worked out from the schema as it is, so that a new table is
// part of it without anyone asking. docs/scaling.md says when, and what was not tried here.
import pg from 'pg';
import { byDependency } from './cli/catalogue.ts';

export interface Distribution {
  /** the one optional migration, in its order; to be run in one transaction */
  statements: string[];
  /** tables whose rows go to the machine of their tenant, what is pointed to before what points to it */
  distributed: string[];
  /** tables of which every machine has a copy */
  copied: string[];
  /** tables that stay where they are; only statements that name no tenant use them */
  local: string[];
  /** triggers that fire on the machines: Citus asks for a word of consent */
  triggers: string[];
}

interface Table {
  name: string;
  has_tenant: boolean;
  needs: string[];
}

const TABLES = `
  select c.relname as name,
    exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'tenant_id') as has_tenant,
    array(select distinct f.confrelid::regclass::text from pg_constraint f
      where f.contype = 'f' and f.conrelid = c.oid and f.confrelid <> c.oid) as needs
  from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
  order by c.relname`;

/** A unique index that does not contain the column by which rows are spread could only be checked by asking every machine. */
const SPANNING = `
  select i.indexrelid::regclass::text as name, pg_get_indexdef(i.indexrelid) as definition from pg_index i
    join pg_attribute t on t.attrelid = i.indrelid and t.attname = 'tenant_id'
    join pg_class c on c.oid = i.indrelid and c.relnamespace = 'public'::regnamespace
  where i.indisunique and t.attnum <> all (i.indkey) order by 1`;

const TRIGGERS = `
  select g.tgrelid::regclass::text as on_table, g.tgname as name from pg_trigger g
    join pg_attribute t on t.attrelid = g.tgrelid and t.attname = 'tenant_id'
  where not g.tgisinternal order by 1, 2`;

/** Works it out. @param client any login of ours @throws Error where a table points to what cannot be next to it */
export async function planDistribution(client: pg.Client | pg.Pool): Promise<Distribution> {
  const { rows: tables } = await client.query<Table>(TABLES);
  const tenants = tables.filter((table) => table.has_tenant);
  const distributed = byDependency(tenants).reverse();
  const needed = new Set(tenants.flatMap((table) => table.needs));
  const shared = tables.filter((table) => !table.has_tenant);
  const copied = shared.filter((table) => needed.has(table.name));
  for (const table of shared)
    for (const name of table.needs)
      if (tenants.some((tenant) => tenant.name === name))
        throw new Error(`${table.name} has no tenant and points to ${name}, whose rows would be elsewhere`);
  const { rows: spanning } = await client.query<{ name: string; definition: string }>(SPANNING);
  const { rows: triggers } = await client.query<{ on_table: string; name: string }>(TRIGGERS);
  const first = distributed[0]?.name;
  return {
    statements: [
      // Tables that point to a table of which there are copies are distributed one connection at a time.
      `set local citus.multi_shard_modify_mode = 'sequential'`,
      ...(triggers.length ? ['set local citus.enable_unsafe_triggers = on'] : []),
      ...spanning.flatMap(({ name, definition }) => [
        `drop index ${name}`,
        definition.replace(/^CREATE UNIQUE INDEX/, 'create index'),
      ]),
      ...copied.map(({ name }) => `select create_reference_table('${name}')`),
      ...distributed.map(
        ({ name }) =>
          `select create_distributed_table('${name}', 'tenant_id', colocate_with => '${name === first ? 'none' : first}')`,
      ),
      // Carries SET LOCAL app.tenant_id to where the rows are, whose row-level security reads it.
      `do $$ begin execute format('alter database %I set citus.propagate_set_commands = ''local''', current_database()); end $$`,
    ],
    distributed: distributed.map(({ name }) => name),
    copied: copied.map(({ name }) => name),
    local: shared.filter((table) => !copied.includes(table)).map(({ name }) => name),
    triggers: triggers.map(({ on_table, name }) => `${on_table}.${name}`),
  };
}

/** The database is not ready for it; nothing changed. */
export class NotReady extends Error {}

/**
 * Runs it, in one transaction, and counts the rows before and after.
 * @param url of the coordinator, as superuser @returns the number of rows that moved
 * @throws NotReady without Citus, without its machines or for another login
 */
export async function distribute(url: string): Promise<number> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await refuseUnready(client);
    const plan = await planDistribution(client);
    await client.query('begin');
    const before = await countRows(client, plan.distributed);
    for (const statement of plan.statements) await client.query(statement);
    const after = await countRows(client, plan.distributed);
    for (const [table, rows] of before)
      if (after.get(table) !== rows)
        throw new Error(`${table} had ${rows} rows and would have ${after.get(table)}; nothing changed`);
    await client.query('commit');
    return [...after.values()].reduce((sum, rows) => sum + rows, 0);
  } finally {
    await client.end(); // without a commit the server takes everything back
  }
}

async function refuseUnready(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ citus: boolean; sees_all: boolean }>(
    `select exists (select from pg_extension where extname = 'citus') as citus,
       (select rolsuper from pg_roles where rolname = current_user) as sees_all`,
  );
  const { citus, sees_all } = rows[0]!;
  if (!citus)
    throw new NotReady(
      'Nothing changed: this database has no Citus. Install it on every machine and say CREATE EXTENSION citus; (docs/scaling.md).',
    );
  // Forced row-level security shows the owner of the tables no row: they would be distributed empty.
  if (!sees_all) throw new NotReady('Nothing changed: tables are distributed by a superuser, who sees every row.');
  const { rows: nodes } = await client.query('select from pg_dist_node where isactive and shouldhaveshards');
  if (!nodes.length)
    throw new NotReady('Nothing changed: no machine is there for the rows; say citus_add_node(…) first.');
}

async function countRows(client: pg.Client, tables: readonly string[]): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  for (const name of tables)
    counts.set(name, Number((await client.query<{ n: string }>(`select count(*) as n from ${name}`)).rows[0]!.n));
  return counts;
}
