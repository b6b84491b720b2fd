import type { Ctx } from '../../src/kernel/context.ts';
import { acrossTenants } from '../../src/kernel/system_db.ts';
import { removeFile } from '../../src/platform/files.ts';
import type { Pools } from '../../src/platform/postgres.ts';
import { ROLES } from '../../src/platform/roles.ts';
import { byDependency, tenantTables } from './catalogue.ts';
import { type Call, type Command, Failure } from './command.ts';
import { dataDir } from './database.ts';
import { inTenant, tenantNamed } from './operator.ts';

interface Gone {
  counts: Map<string, number>;
  files: string[];
}

/** Half an hour for what a large tenant takes. */
export const patiently = (ctx: Ctx) =>
  ctx.db.run(`set local statement_timeout = '30min'; set local idle_in_transaction_session_timeout = '30min'`);

/**
 * Deletes every row that belongs to the tenant, but not the tenant itself, what points before what it points to. The
 * application's role does the work under row-level security; where it may not delete (the trail) the platform role does, which
 * may only once the tenant is suspended (migrations/0004_operator.ts). At the end it is the platform role that works.
 */
export async function eraseRows(ctx: Ctx): Promise<Gone> {
  const { db } = ctx;
  const tables = byDependency(await tenantTables(db));
  const files: string[] = [];
  for (const { name, columns } of tables) {
    if (!columns.includes('file_key')) continue;
    const rows = await db.run(`select file_key from ${name} where tenant_id = :tenant and file_key is not null`);
    files.push(...rows.map((row) => row.file_key as string));
  }
  const sessions = await db.run('select store_key from user_sessions where tenant_id = :tenant');
  const counts = new Map<string, number>();
  for (const { name, deletable } of tables) {
    await db.run(`set local role ${deletable ? ROLES.app : ROLES.platform}`);
    counts.set(name, await rowsGone(ctx, `delete from ${name} where tenant_id = :tenant`));
  }
  await db.run(`set local role ${ROLES.platform}`);
  await db.run('delete from http_sessions where sid = any(:keys)', { keys: sessions.map((row) => row.store_key) });
  return { counts, files };
}

/** Deletes a tenant with everything it has, in one transaction. */
async function erase(ctx: Ctx): Promise<Gone> {
  await patiently(ctx);
  const gone = await eraseRows(ctx);
  gone.counts.set('tenants', await rowsGone(ctx, 'delete from tenants where id = :tenant'));
  return gone;
}

async function rowsGone(ctx: Ctx, statement: string): Promise<number> {
  const [row] = await ctx.db.run(`with gone as (${statement} returning 1) select count(*)::int as n from gone`);
  return row!.n as number;
}

async function deleteTenant(call: Call, pools: Pools): Promise<void> {
  const tenant = await tenantNamed(pools, call.option('tenant'));
  if (call.option('yes-delete') !== tenant.slug) {
    throw new Failure(`Nothing deleted: to delete ${tenant.slug} for good, say --yes-delete ${tenant.slug}`);
  }
  // From here on nobody gets in, so nothing is added while the rest goes.
  await acrossTenants(pools.platform, 'update tenants set suspended_at = coalesce(suspended_at, now()) where id = $1', [
    tenant.id,
  ]);
  const { counts, files } = await inTenant(pools, tenant, erase);
  for (const key of files) await removeFile(dataDir(call.env), key);
  for (const [table, n] of counts) if (n) call.print(`${String(n).padStart(9)} ${table}`);
  const total = [...counts.values()].reduce((sum, n) => sum + n, 0);
  call.print(`${total} rows and ${files.length} files of ${tenant.slug} are gone.`);
}

export const DELETE_COMMANDS: readonly Command[] = [
  {
    words: 'tenant delete',
    does: 'Deletes a tenant with every row it has, for good. Export it first.',
    options: {
      tenant: { value: 'SLUG', required: true, help: 'which' },
      'yes-delete': { value: 'SLUG', required: true, help: 'the same once more' },
    },
    run: { kind: 'database', work: deleteTenant },
  },
];
