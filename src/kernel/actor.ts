import { hash } from 'node:crypto';
import { Kept } from '#src/platform/kept.ts';
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

/** Who asks: somebody's session, or a program's token. */
export interface Caller {
  by: keyof typeof SEEN;
  id: string;
  tenant_id: string;
  /** of a session, which knows */
  user_id?: string;
}

/** Where it is written when a session or a token was last seen, and how often. */
const SEEN = {
  session: { table: 'user_sessions', column: 'last_seen_at', every: '5 minutes' },
  token: { table: 'api_tokens', column: 'last_used_at', every: '1 minute' },
} as const;

const WHO = `
  select u.id, u.name, u.email, u.role, u.theme, t.slug, t.name as tenant_name, t.time_zone, t.locale, t.currency,
    t.fiscal_year_start,
    array(select distinct mate.user_id::text from team_members mine
      join team_members mate on mate.tenant_id = mine.tenant_id and mate.team_id = mine.team_id
      where mine.tenant_id = u.tenant_id and mine.user_id = u.id) as mates`;

const toActor = (tenantId: string, row: Record<string, unknown>): Actor => ({
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
  read_only: row.read_only === true,
  names_mark: row.names_mark as string | undefined,
});

/**
 * Asks who a session or token stands for right now, as the opening statement of a transaction: a deactivated user, a
 * suspended tenant, an ended or expired session, a revoked token is nobody, from the next request on.
 * @throws Error when one of the ids is none
 */
export function askWho({ by, id, user_id: person }: Caller): string {
  const ids = by === 'session' ? [person ?? '', id] : [id];
  if (!ids.every((one) => UUID.test(one))) throw new Error(`a ${by} has ids`);
  return `select * from actor_of_${by}(${ids.map((one) => `'${one}'`).join(', ')}, '${SEEN[by].every}')`;
}

/** What was answered the last time, to the word, and who that is. */
interface Presumed {
  said: string;
  actor: Actor;
}

/** How many callers, and how many tokens, are remembered; forgetting them only costs a turn to the database. */
const REMEMBERED_MOST = 10_000;
const lately = new Kept<Presumed>(REMEMBERED_MOST);

/** Who it was the last time; whether it still is, `stillIs` says. */
export const presumed = ({ id }: Caller): Presumed | undefined => lately.get(id);

/** Whether the answer to `askWho` is that of the last time, and nothing has to be written down. */
export const stillIs = ({ said }: Presumed, [row]: readonly Row[]): boolean => JSON.stringify(row) === said;

/** What the answer to `askWho` says; null: nobody. */
export async function actorOf(db: TenantDb, { by, id }: Caller, [row]: readonly Row[]): Promise<Actor | null> {
  if (!row) return null;
  const { table, column } = SEEN[by];
  if (row.stale) await db.update(table, { id }, { [column]: new Date().toISOString() });
  const actor = toActor(db.tenant_id, row);
  lately.set(id, { said: JSON.stringify({ ...row, stale: false }), actor });
  return actor;
}

/** Who a job or a script acts as. */
export async function actorOfUser(db: TenantDb, userId: string): Promise<Actor | null> {
  const [row] = await db.run(
    `/* actor.user */ ${WHO} from users u join tenants t on t.id = u.tenant_id
     where u.tenant_id = :tenant and u.id = :user and u.deactivated_at is null and t.suspended_at is null`,
    { user: userId },
  );
  return row ? toActor(db.tenant_id, row) : null;
}

export const hashToken = (token: string): string => hash('sha256', token, 'base64url');

/** Tokens that were found, by their hash. */
const tokens = new Kept<Caller>(REMEMBERED_MOST);

/**
 * The token behind an Authorization header; null: there is none such. Whose it is never changes, so the process remembers it;
 * whether it still holds is asked with every request (`askWho`).
 */
export async function tokenOf(pools: Pools, header: string): Promise<Caller | null> {
  const token = /^Bearer (rpt_[\w-]{20,100})$/i.exec(header)?.[1];
  if (!token) return null;
  const key = hashToken(token);
  const known = tokens.get(key);
  if (known) return known;
  const [found] = await acrossTenants<{ id: string; tenant_id: string }>(
    pools.platform,
    `/* token.find */ select id, tenant_id from api_tokens
     where token_hash = $1 and revoked_at is null and (expires_at is null or expires_at > now())`,
    [key],
  );
  if (!found) return null;
  const caller: Caller = { by: 'token', ...found };
  tokens.set(key, caller);
  return caller;
}
