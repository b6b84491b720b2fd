import { createHash } from 'node:crypto';
import type { Pools } from '#src/platform/postgres.ts';
import type { Role } from './access.ts';
import type { Ctx, Tenant } from './context.ts';
import { UUID } from './fields/links.ts';
import { acrossTenants } from './system_db.ts';
import type { Row, TenantDb } from './tenant_db.ts';

export interface Actor {
  actor: Ctx['actor'];
  tenant: Tenant;
  read_only: boolean;
  /** of the company, for whoever came by a session; see Ctx */
  names_mark?: string | undefined;
}

/** How often, in minutes, a session's "last seen" is written. */
const SEEN_EVERY = 5;

const WHO = `
  select u.id, u.name, u.email, u.role, u.theme, t.slug, t.name as tenant_name, t.time_zone, t.locale, t.currency,
    t.fiscal_year_start,
    array(select distinct mate.user_id::text from team_members mine
      join team_members mate on mate.tenant_id = mine.tenant_id and mate.team_id = mine.team_id
      where mine.tenant_id = u.tenant_id and mine.user_id = u.id) as mates`;

const toActor = (tenantId: string, row: Record<string, unknown>, readOnly: boolean): Actor => ({
  actor: {
    id: row.id as string,
    name: row.name as string,
    email: row.email as string,
    role: row.role as Role,
    theme: row.theme as string,
    team: [...new Set([row.id as string, ...(row.mates as string[])])],
  },
  tenant: {
    id: tenantId,
    slug: row.slug as string,
    name: row.tenant_name as string,
    time_zone: row.time_zone as string,
    locale: row.locale as string,
    currency: row.currency as string,
    fiscal_year_start: row.fiscal_year_start as number,
  },
  read_only: readOnly,
  names_mark: row.names_mark as string | undefined,
});

/**
 * Asks who a session stands for right now, as the opening statement of a transaction: a deactivated user, a suspended
 * tenant, an ended or expired session is nobody, from the next request on.
 * @throws Error when one of the ids is none
 */
export function askForSession(userId: string, sessionId: string): string {
  if (!UUID.test(userId) || !UUID.test(sessionId)) throw new Error('a user and a session have ids');
  return `select * from actor_of_session('${userId}', '${sessionId}', '${SEEN_EVERY} minutes')`;
}

/** What the answer to `askForSession` says; null: nobody. */
export async function actorOfSession(db: TenantDb, [row]: readonly Row[], sessionId: string): Promise<Actor | null> {
  if (!row) return null;
  if (row.stale) await db.update('user_sessions', { id: sessionId }, { last_seen_at: new Date().toISOString() });
  return toActor(db.tenant_id, row, false);
}

/** Who a job or a script acts as. */
export async function actorOfUser(db: TenantDb, userId: string): Promise<Actor | null> {
  const [row] = await db.run(
    `/* actor.user */ ${WHO} from users u join tenants t on t.id = u.tenant_id
     where u.tenant_id = :tenant and u.id = :user and u.deactivated_at is null and t.suspended_at is null`,
    { user: userId },
  );
  return row ? toActor(db.tenant_id, row, false) : null;
}

export const hashToken = (token: string): string => createHash('sha256').update(token).digest('base64url');

/** The token behind an Authorization header, or null; `load` rebuilds its user inside the tenant's transaction. */
export async function actorOfToken(
  pools: Pools,
  header: string,
): Promise<{ id: string; tenant_id: string; load: (db: TenantDb) => Promise<Actor | null> } | null> {
  const token = /^Bearer (rpt_[\w-]{20,100})$/i.exec(header)?.[1];
  if (!token) return null;
  const [row] = await acrossTenants<{ id: string; tenant_id: string; user_id: string; scopes: string[] }>(
    pools.platform,
    `/* token.actor */ select id, tenant_id, user_id, scopes from api_tokens
     where token_hash = $1 and revoked_at is null and (expires_at is null or expires_at > now())`,
    [hashToken(token)],
  );
  if (!row) return null;
  return {
    id: row.id,
    tenant_id: row.tenant_id,
    load: async (db) => {
      const actor = await actorOfUser(db, row.user_id);
      if (!actor) return null;
      await db.run(
        `update api_tokens set last_used_at = now() where tenant_id = :tenant and id = :id
         and (last_used_at is null or last_used_at < now() - interval '1 minute')`,
        { id: row.id },
      );
      return { ...actor, read_only: !row.scopes.includes('write') };
    },
  };
}
