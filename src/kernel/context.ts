import { type Role, type Rule, roleMay } from './access.ts';
import { forbidden } from './errors.ts';
import type { TenantDb } from './tenant_db.ts';

export interface Tenant {
  id: string;
  slug: string;
  name: string;
  /** IANA zone in which dates are shown and days begin */
  time_zone: string;
  /** BCP 47, for numbers and dates */
  locale: string;
  /** ISO 4217 */
  currency: string;
  /** month in which the fiscal year begins, from 1 */
  fiscal_year_start: number;
}

export interface Actor {
  id: string;
  name: string;
  email: string;
  role: Role;
  theme: string;
  /** ids of everybody who shares a team with the actor, the actor included */
  team: readonly string[];
}

export type Via = 'web' | 'api' | 'job' | 'cli' | 'import';

/** Who is asking, about which tenant, and the door to its data. A parameter, never ambient. */
export interface Ctx {
  actor: Actor;
  tenant: Tenant;
  db: TenantDb;
  via: Via;
  /** API tokens may be limited to reading. */
  read_only: boolean;
  ip: string | null;
  request_id: string;
  /** Tied to the session; '' for tokens, jobs and scripts. */
  csrf: string;
  session_id: string | null;
  /** another one whenever a name of a colleague or tag is; known to pages that write nothing */
  names_mark?: string | undefined;
}

/** Permissions are booleans. */
export const can = (ctx: Ctx, permission: string): boolean =>
  roleMay(ctx.actor.role, permission) && !(ctx.read_only && !/\.(read|export)$/.test(permission));

/** @throws 403 */
export function demand(ctx: Ctx, permission: string): void {
  if (!can(ctx, permission)) throw forbidden();
}

/** The users whose rows a rule reaches; null: no limit. */
export function viewers(ctx: Ctx, rule: Rule): readonly string[] | null {
  if (rule === 'all') return null;
  return rule === 'team' ? ctx.actor.team : [ctx.actor.id];
}
