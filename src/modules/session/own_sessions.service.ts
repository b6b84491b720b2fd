import { audit } from '#src/kernel/audit.ts';
import type { Ctx } from '#src/kernel/context.ts';
import { notFound } from '#src/kernel/errors.ts';
import { UUID } from '#src/kernel/fields/links.ts';
import type { Platform } from '#src/kernel/http.ts';

export interface OwnSession {
  id: string;
  ip: string | null;
  user_agent: string | null;
  method: 'password' | 'sso';
  created_at: string;
  last_seen_at: string;
}

/** More than these are not shown; "end all others" reaches them all. */
const MOST_SHOWN = 100;

/** Sessions of the actor that still work. @param idleMs after how long without use one expires by itself */
export async function ownSessions(ctx: Ctx, idleMs: number): Promise<OwnSession[]> {
  // "Last seen" is written every few minutes only, so that much is added to be on the safe side.
  const since = new Date(Date.now() - idleMs - 10 * 60_000).toISOString();
  return (await ctx.db
    .from('user_sessions', 'user_sessions', 'sessions.own')
    .select('id', 'ip', 'user_agent', 'method', 'created_at', 'last_seen_at')
    .where('user_id', ctx.actor.id)
    .whereNull('ended_at')
    .where('expires_at', '>', ctx.db.sql('now()'))
    .where('last_seen_at', '>', since)
    .orderBy('last_seen_at', 'desc')
    .orderBy('id')
    .limit(MOST_SHOWN)) as OwnSession[];
}

/** Ends sessions of a user. @returns keys under which the store holds them */
export async function endSessions(
  ctx: Ctx,
  userId: string,
  which: { only?: string; except?: string } = {},
): Promise<string[]> {
  const rows = await ctx.db.run(
    `/* sessions.end */ update user_sessions set ended_at = now()
     where tenant_id = :tenant and user_id = :user and ended_at is null
       and (cast(:only as uuid) is null or id = cast(:only as uuid))
       and (cast(:except as uuid) is null or id <> cast(:except as uuid))
     returning store_key`,
    { user: userId, only: which.only ?? null, except: which.except ?? null },
  );
  return rows.map((row) => row.store_key as string);
}

/** Frees the store; the row that was ended counts, so a store that is away does not keep anybody signed in. */
export async function dropFromStore(platform: Platform, keys: readonly string[]): Promise<void> {
  for (const key of keys) {
    await platform.sessions
      .destroy(key)
      .catch((error: Error) => platform.log.warn({ err: error }, 'an ended session stays in the store'));
  }
}

/** Ends one of the actor's own sessions. @throws 404 when it is not one of theirs or ended already */
export async function endOwnSession(ctx: Ctx, id: string): Promise<string[]> {
  const keys = UUID.test(id) ? await endSessions(ctx, ctx.actor.id, { only: id }) : [];
  if (!keys.length) throw notFound('This session is not there any more.');
  await audit(ctx, 'session_ended', { entity: 'user', id: ctx.actor.id, title: ctx.actor.name });
  return keys;
}

/** Ends every other session of the actor. */
export async function endOtherSessions(ctx: Ctx): Promise<string[]> {
  const keys = await endSessions(ctx, ctx.actor.id, ctx.session_id ? { except: ctx.session_id } : {});
  if (keys.length) await audit(ctx, 'session_ended', { entity: 'user', id: ctx.actor.id, title: ctx.actor.name });
  return keys;
}

/** Ends the session that asks. */
export async function signOut(ctx: Ctx): Promise<void> {
  if (ctx.session_id) await endSessions(ctx, ctx.actor.id, { only: ctx.session_id });
  await audit(ctx, 'signed_out', { entity: 'user', id: ctx.actor.id, title: ctx.actor.name });
}
