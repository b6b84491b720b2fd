import { createWriteStream, existsSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { audit } from '../../src/kernel/audit.ts';
import type { Ctx } from '../../src/kernel/context.ts';
import type { Pools } from '../../src/platform/postgres.ts';
import { byDependency, type TenantTable, tenantTables } from './catalogue.ts';
import { type Call, type Command, Failure } from './command.ts';
import { inTenant, type KnownTenant, tenantNamed } from './operator.ts';

const FETCHED = 500;

/** A column of such a name stays inside unless it is known to be harmless, so that a new secret is not exported by mistake. */
const SECRET = /password|secret|token|hash|store_key/;
const HARMLESS = new Set(['tenants.password_sign_in', 'sso_providers.token_auth']);

const open = (table: string, columns: readonly string[]): string[] =>
  columns.filter((column) => !SECRET.test(column) || HARMLESS.has(`${table}.${column}`));

export const TENANT_COLUMNS = [
  'id',
  'slug',
  'name',
  'time_zone',
  'locale',
  'currency',
  'fiscal_year_start',
  'password_sign_in',
  'suspended_at',
  'created_at',
  'updated_at',
];

/**
 * The tenant as lines of JSON, {"table": …, "row": …}, each table after those it points to. Every table is read from a
 * cursor, and all cursors are opened before the first row leaves: what changes meanwhile is not half in it.
 */
async function* lines(ctx: Ctx, tables: readonly TenantTable[], counts: Map<string, number>): AsyncGenerator<string> {
  await ctx.db.run(`set local statement_timeout = '10min'; set local idle_in_transaction_session_timeout = '10min'`);
  const sources = [
    { name: 'tenants', columns: open('tenants', TENANT_COLUMNS), scope: 'id = :tenant', order: 'id' },
    ...tables.map(({ name, columns, key }) => ({
      name,
      columns: open(name, columns),
      scope: 'tenant_id = :tenant',
      order: key.join(', '),
    })),
  ];
  for (const { name, columns, scope, order } of sources) {
    const list = columns.map((column) => `"${column}"`).join(', ');
    await ctx.db.run(
      `declare export_${name} no scroll cursor for select row_to_json(x)::text as line
       from (select ${list} from ${name} where ${scope} order by ${order}) x`,
    );
  }
  for (const { name } of sources) {
    for (;;) {
      const rows = await ctx.db.run(`fetch ${FETCHED} from export_${name}`);
      if (!rows.length) break;
      counts.set(name, (counts.get(name) ?? 0) + rows.length);
      yield rows.map((row) => `{"table":"${name}","row":${row.line}}\n`).join('');
    }
  }
}

async function exportTenant(call: Call, pools: Pools): Promise<void> {
  const tenant = await tenantNamed(pools, call.option('tenant'));
  const file = path.resolve(call.option('out'));
  if (existsSync(file)) throw new Failure(`${file} exists already; name another file or remove it.`);
  const draft = `${file}.part`;
  const counts = new Map<string, number>();
  try {
    await inTenant(pools, tenant, async (ctx) => {
      const tables = byDependency(await tenantTables(ctx.db)).reverse();
      await pipeline(Readable.from(lines(ctx, tables, counts)), createWriteStream(draft, { mode: 0o600 }));
    });
    await rename(draft, file);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
  await note(pools, tenant, counts);
  const total = [...counts.values()].reduce((sum, n) => sum + n, 0);
  call.print(`${total} rows of ${counts.size} tables of ${tenant.slug} are in ${file}`);
}

/** Afterwards, so that the file does not speak of itself. */
const note = (pools: Pools, tenant: KnownTenant, counts: Map<string, number>): Promise<void> =>
  inTenant(pools, tenant, (ctx) =>
    audit(
      ctx,
      'exported',
      { entity: 'tenant', id: tenant.id, title: tenant.name },
      { rows: { old: null, new: Object.fromEntries(counts) } },
    ),
  );

export const EXPORT_COMMANDS: readonly Command[] = [
  {
    words: 'tenant export',
    does: 'Writes every row of a tenant to a file, a line of JSON each, without its secrets.',
    options: {
      tenant: { value: 'SLUG', required: true, help: 'which' },
      out: { value: 'FILE', required: true, help: 'a file that does not exist yet' },
    },
    run: { kind: 'database', work: exportTenant },
  },
];
