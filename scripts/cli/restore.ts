import { existsSync } from 'node:fs';
import { audit } from '../../src/kernel/audit.ts';
import type { Ctx } from '../../src/kernel/context.ts';
import { acrossTenants } from '../../src/kernel/system_db.ts';
import { filePath } from '../../src/platform/files.ts';
import { createLog } from '../../src/platform/log.ts';
import { openPools, type Pools } from '../../src/platform/postgres.ts';
import { ROLES } from '../../src/platform/roles.ts';
import { byDependency, type TenantTable, tenantTables } from './catalogue.ts';
import { type Call, type Command, Failure } from './command.ts';
import { dataDir } from './database.ts';
import { eraseRows, patiently } from './delete.ts';
import { TENANT_COLUMNS } from './export.ts';
import { inTenant, type KnownTenant, tenantNamed } from './operator.ts';

const FETCHED = 500;
/** What the tenant says of itself and the copy knows; whether it is suspended is said at the end. */
const FACTS = TENANT_COLUMNS.filter((column) => column !== 'suspended_at');

const listed = (columns: readonly string[]): string => columns.map((column) => `"${column}"`).join(', ');

/** The tables of both databases must be the same ones, or rows would be left out or refused halfway. @throws Failure */
function refuseOtherSchema(here: readonly TenantTable[], there: readonly TenantTable[]): void {
  const said = (tables: readonly TenantTable[]) =>
    new Set(tables.flatMap(({ name, columns }) => columns.map((column) => `${name}.${column}`)));
  const [own, other] = [said(here), said(there)];
  const differing = [...own.symmetricDifference(other)].sort();
  if (differing.length)
    throw new Failure(
      `Nothing changed: the two databases are not of the same version (${differing.slice(0, 5).join(', ')}). Migrate the copy: npm run migrate`,
    );
}

/** Copies a table's rows. Both sides see this one tenant alone, so nothing of another can be read or written. */
async function copyRows(from: Ctx, to: Ctx, { name, columns, key }: TenantTable): Promise<number> {
  await from.db.run(
    `declare copy_${name} no scroll cursor for select to_jsonb(x) as row
     from (select ${listed(columns)} from ${name} where tenant_id = :tenant order by ${listed(key)}) x`,
  );
  for (let count = 0; ; ) {
    const rows = await from.db.run(`fetch ${FETCHED} from copy_${name}`);
    if (!rows.length) return count;
    await to.db.run(
      `insert into ${name} (${listed(columns)}) select ${listed(columns)} from jsonb_populate_recordset(null::${name}, :rows::jsonb)`,
      { rows: JSON.stringify(rows.map(({ row }) => row)) },
    );
    count += rows.length;
  }
}

/** In one transaction here and one there: what the tenant has is replaced by what the copy has. */
async function replace(from: Ctx, to: Ctx): Promise<{ rows: number; files: string[] }> {
  await patiently(from);
  await patiently(to);
  const tables = byDependency(await tenantTables(to.db)).reverse();
  await eraseRows(to);
  await to.db.run(`set local role ${ROLES.app}`);
  let rows = 0;
  for (const table of tables) rows += await copyRows(from, to, table);
  const kept = await to.db.run('select file_key from imports where tenant_id = :tenant and purged_at is null');
  await audit(to, 'restored', { entity: 'tenant', id: to.tenant.id, title: to.tenant.name });
  return { rows, files: kept.map(({ file_key }) => file_key as string) };
}

/** The tenant itself, as the copy has it, suspended: nobody gets in before its rows are whole. */
async function bringTenant(here: Pools, there: Pools, tenant: KnownTenant): Promise<void> {
  const [facts] = await acrossTenants(there.platform, `select ${listed(FACTS)} from tenants where id = $1`, [
    tenant.id,
  ]);
  const taken = await acrossTenants<{ id: string }>(here.platform, 'select id from tenants where slug = $1', [
    tenant.slug,
  ]);
  if (taken[0] && taken[0].id !== tenant.id)
    throw new Failure(
      `Nothing changed: ${tenant.slug} is another tenant here (${taken[0].id}) than there (${tenant.id}).`,
    );
  const others = FACTS.filter((column) => column !== 'id');
  await acrossTenants(
    here.platform,
    `insert into tenants (${listed(FACTS)}, suspended_at)
     select ${listed(FACTS)}, now() from jsonb_populate_record(null::tenants, $1::jsonb)
     on conflict (id) do update set ${others.map((column) => `"${column}" = excluded."${column}"`).join(', ')}, suspended_at = now()`,
    [JSON.stringify(facts)],
  );
}

async function restoreTenant(call: Call, pools: Pools): Promise<void> {
  const slug = call.option('tenant');
  if (call.option('yes-replace') !== slug)
    throw new Failure(`Nothing changed: to replace all that ${slug} has, say --yes-replace ${slug}`);
  const copy = openPools(call.option('from'), createLog('error'), 2);
  try {
    const tenant = await tenantNamed(copy, slug);
    const both = <T>(work: (from: Ctx, to: Ctx) => Promise<T>) =>
      inTenant(copy, tenant, (from) => inTenant(pools, tenant, (to) => work(from, to)));
    await both(async (from, to) => refuseOtherSchema(await tenantTables(to.db), await tenantTables(from.db)));
    await bringTenant(pools, copy, tenant);
    const { rows, files } = await both(replace).catch((error) => {
      call.note(
        `${slug} stays suspended and has the rows it had. Run this again, or: npm run cli -- tenant resume --tenant ${slug}`,
      );
      throw error;
    });
    const [after] = await acrossTenants<{ suspended_at: string | null }>(
      pools.platform,
      'update tenants set suspended_at = $2 where id = $1 returning suspended_at',
      [tenant.id, tenant.suspended_at],
    );
    call.print(
      `${rows} rows of ${slug} are as in the copy${after?.suspended_at ? '; it is suspended, as it was there' : ''}.`,
    );
    const missing = files.filter((key) => !existsSync(filePath(dataDir(call.env), key)));
    for (const key of missing)
      call.note(`a file is missing, bring it from the backup of DATA_DIR: files/${key.slice(0, 2)}/${key}`);
    if (missing.length) throw new Failure(`${missing.length} of ${files.length} files are missing.`);
  } finally {
    await copy.end();
  }
}

export const RESTORE_COMMANDS: readonly Command[] = [
  {
    words: 'tenant restore',
    does: 'Replaces every row of a tenant by those of a copy of the database; others stay as they are.',
    options: {
      tenant: { value: 'SLUG', required: true, help: 'which' },
      from: { value: 'URL', required: true, help: 'the copy, restored beside this database (docs/backup.md)' },
      'yes-replace': { value: 'SLUG', required: true, help: 'the same once more' },
    },
    run: { kind: 'database', work: restoreTenant },
  },
];
