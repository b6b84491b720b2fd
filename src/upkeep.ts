import type { Ctx, Tenant } from './kernel/context.ts';
import type { Platform } from './kernel/http.ts';
import { acrossTenants } from './kernel/system_db.ts';
import { type TenantDb, withTenant } from './kernel/tenant_db.ts';
import { countPlannedContacts } from './modules/activity/last_contact.service.ts';
import { keptFiles, purgeImports } from './modules/imports/retention.service.ts';
import { forgetAnswers } from './modules/reports/kept.service.ts';
import { keepYesterday } from './modules/reports/snapshots.service.ts';
import { removeOrphans } from './platform/files.ts';

/** How long a stored file may belong to nothing yet: its row is written when it is complete, in ms. */
const GRACE = 3_600_000;

/** What makes a write that is sent twice happen once; nobody sends one again after that long. */
const forgetSentWrites = ({ db }: Ctx) =>
  db.run(
    `/* upkeep.request_keys */ delete from request_keys where tenant_id = :tenant and created_at < now() - interval '30 days'`,
  );

/** Rapport itself at work in a tenant: the trail says so and names no user, so the id must not be used for anything else. */
function rapport(db: TenantDb, tenant: Tenant): Ctx {
  const nobody = null as unknown as string;
  return {
    actor: { id: nobody, name: 'Rapport', email: '', role: 'admin', theme: '', team: [] },
    tenant,
    db,
    via: 'job',
    read_only: false,
    ip: null,
    request_id: 'upkeep',
    csrf: '',
    session_id: null,
  };
}

/**
 * What has served its time goes: old files and rows of imports in every tenant, suspended ones too, then stored files that
 * belong to nothing. What was planned counts once its time has come, and how things stood at the end of a day is kept. Runs
 * hourly in a worker; safe to repeat and to run in several at once.
 * @throws the first failure, after everything else is done; unless all tenants were seen, no file counts as an orphan
 */
export async function upkeep(platform: Platform, signal: AbortSignal): Promise<void> {
  const { config, pools, log } = platform;
  const began = Date.now();
  const tenants = await acrossTenants<Tenant>(
    pools.platform,
    'select id, slug, name, time_zone, locale, currency, fiscal_year_start from tenants order by id',
  );
  const known = new Set<string>();
  const failures: unknown[] = [];
  for (const tenant of tenants) {
    signal.throwIfAborted();
    const inTenant = <T>(work: (ctx: Ctx) => Promise<T>) =>
      withTenant(pools.app, tenant.id, (db) => work(rapport(db, tenant)));
    try {
      await inTenant(countPlannedContacts);
      await inTenant((ctx) => keepYesterday(ctx));
      await inTenant(forgetAnswers);
      await inTenant(forgetSentWrites);
      const purged = await purgeImports(inTenant, config, signal);
      if (purged) log.info({ tenant: tenant.id, imports: purged }, 'removed what imports no longer need');
      for (const key of await inTenant(keptFiles)) known.add(key);
    } catch (error) {
      log.error({ err: error, tenant: tenant.id }, 'upkeep of a tenant failed');
      failures.push(error);
    }
  }
  if (failures.length) throw failures[0];
  const orphans = await removeOrphans(config.data_dir, known, began - GRACE);
  if (orphans) log.info({ files: orphans }, 'removed stored files that belong to nothing');
}
