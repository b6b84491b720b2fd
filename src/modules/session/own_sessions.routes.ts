import { signedIn } from '#src/kernel/access.ts';
import type { Ctx } from '#src/kernel/context.ts';
import { formatInstant } from '#src/kernel/fields/dates.ts';
import { button, type Input, page, type Reply, Routes, redirect } from '#src/kernel/routes.ts';
import type { SessionsView } from '#src/kernel/views_pages.ts';
import { describeDevice } from './device.ts';
import {
  dropFromStore,
  endOtherSessions,
  endOwnSession,
  type OwnSession,
  ownSessions,
  signOut,
} from './own_sessions.service.ts';

function sessionRow(ctx: Ctx, row: OwnSession): SessionsView['sessions'][number] {
  const [seen, seen_exact] = formatInstant(row.last_seen_at, ctx.tenant);
  const current = row.id === ctx.session_id;
  const method = row.method === 'sso' ? 'company sign-in' : 'password';
  return {
    device: describeDevice(row.user_agent),
    where: `${row.ip ?? 'Unknown address'} · ${method}, ${formatInstant(row.created_at, ctx.tenant)[0]}`,
    seen: current ? 'in use now' : `seen ${seen}`,
    seen_exact,
    current,
    end: button(ctx, current ? 'Sign out here' : 'Sign out there', `/me/sessions/${row.id}/end`, 'logout'),
  };
}

async function list(ctx: Ctx, { platform }: Input): Promise<Reply> {
  const rows = await ownSessions(ctx, platform.config.session_idle_ms);
  const others = rows.some((row) => row.id !== ctx.session_id);
  const data: SessionsView = {
    sessions: rows.map((row) => sessionRow(ctx, row)),
    end_others: others ? button(ctx, 'Sign out everywhere else', '/me/sessions/end-others', 'logout') : null,
  };
  return page('session/sessions', data, 'Your sessions');
}

async function end(ctx: Ctx, input: Input): Promise<Reply> {
  const id = input.params.id ?? '';
  const keys = await endOwnSession(ctx, id);
  if (id === ctx.session_id) return { kind: 'session', change: { do: 'end' }, to: '/login', said: null };
  await dropFromStore(input.platform, keys);
  return redirect('/me/sessions', { text: 'Signed out there.', tone: 'green' });
}

async function endOthers(ctx: Ctx, input: Input): Promise<Reply> {
  const keys = await endOtherSessions(ctx);
  await dropFromStore(input.platform, keys);
  const text = keys.length
    ? `Signed out in ${keys.length} other ${keys.length === 1 ? 'place' : 'places'}.`
    : 'You were signed in only here.';
  return redirect('/me/sessions', { text, tone: 'green' });
}

/** Where one is signed in, and ways out. */
export const ownSessionRoutes = new Routes()
  .get('/me/sessions', signedIn(), list)
  .post('/me/sessions/end-others', signedIn(), endOthers)
  .post('/me/sessions/:id/end', signedIn(), end)
  .post('/logout', signedIn(), async (ctx) => {
    await signOut(ctx);
    return { kind: 'session', change: { do: 'end' }, to: '/login', said: null };
  });
