import type { Request, Response } from 'express';
import { actorOfUser } from '#src/kernel/actor.ts';
import { audit } from '#src/kernel/audit.ts';
import type { Ctx } from '#src/kernel/context.ts';
import type { Platform } from '#src/kernel/http.ts';
import type { Proven, SessionChange } from '#src/kernel/routes.ts';
import { type TenantDb, withTenant } from '#src/kernel/tenant_db.ts';
import { newSid, storeKey } from '#src/platform/sessions.ts';

/** Rows of ended or expired sessions are kept this long for whoever asks what happened, in days. */
const KEPT_DAYS = 90;

/** What is noted about the browser of a session. */
export interface Visitor {
  ip: string | null;
  user_agent: string;
  request_id: string;
}

export const visitor = (req: Request, res: Response): Visitor => ({
  ip: req.ip ?? null,
  user_agent: (req.get('user-agent') ?? '').slice(0, 300),
  request_id: String(res.locals.request_id ?? ''),
});

/** Ctx of somebody who has just been proven and has no session yet; null when they may not come in any more. */
export async function ctxOfNewcomer(db: TenantDb, userId: string, from: Visitor): Promise<Ctx | null> {
  const found = await actorOfUser(db, userId);
  return found && { ...found, db, via: 'web', ip: from.ip, request_id: from.request_id, csrf: '', session_id: null };
}

/** What a new session is for and how it was earned. */
export interface Entrance {
  who: Proven;
  method: 'password' | 'sso';
  from: Visitor;
}

/** A company may insist on its own sign-in; its administrators keep their password, so that they can always mend it. */
async function allowed(ctx: Ctx, method: Entrance['method']): Promise<boolean> {
  if (method === 'sso' || ctx.actor.role === 'admin') return true;
  const [tenant] = await ctx.db.run(
    '/* sign_in.allowed */ select password_sign_in from tenants where id = :tenant and password_sign_in',
  );
  return tenant !== undefined;
}

/**
 * Writes the row of a new session in its tenant; the HTTP layer makes the session itself from the answer.
 * @returns null when the person or the tenant may not come in any more
 */
export async function beginSession(
  platform: Platform,
  entrance: Entrance,
  proven: Proven[],
): Promise<SessionChange | null> {
  const { who, method, from } = entrance;
  const sid = newSid();
  const expires = new Date(Date.now() + platform.config.session_absolute_ms).toISOString();
  const session = await withTenant(platform.pools.app, who.tenant_id, async (db) => {
    const ctx = await ctxOfNewcomer(db, who.user_id, from);
    if (!ctx || !(await allowed(ctx, method))) return null;
    await db.update('users', { id: who.user_id }, { last_sign_in_at: new Date().toISOString() });
    await db.run(
      `/* sessions.forget_old */ delete from user_sessions
       where tenant_id = :tenant and user_id = :user and expires_at < now() - interval '${KEPT_DAYS} days'`,
      { user: who.user_id },
    );
    const [row] = await db.insert('user_sessions', {
      user_id: who.user_id,
      store_key: storeKey(sid),
      ip: from.ip,
      user_agent: from.user_agent,
      method,
      expires_at: expires,
    });
    await audit({ ...ctx, session_id: row!.id as string }, 'signed_in', {
      entity: 'user',
      id: who.user_id,
      title: ctx.actor.name,
    });
    return row!.id as string;
  });
  if (!session) return null;
  return { do: 'start', tenant_id: who.tenant_id, user_id: who.user_id, session_id: session, sid, proven };
}

/** Marks the session a browser still had as ended, before another takes its place. */
export async function endFormerSession(platform: Platform, req: Request): Promise<void> {
  const former = req.session?.rapport;
  if (!former) return;
  await withTenant(platform.pools.app, former.tenant_id, (db) =>
    db.run(
      `/* sessions.end_former */ update user_sessions set ended_at = now()
       where tenant_id = :tenant and id = :id and ended_at is null`,
      { id: former.session_id },
    ),
  );
}
