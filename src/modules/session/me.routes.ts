import type { Request } from 'express';
import { ROLE_LABELS, signedIn } from '#src/kernel/access.ts';
import { audit } from '#src/kernel/audit.ts';
import type { Ctx } from '#src/kernel/context.ts';
import { badRequest, forbidden } from '#src/kernel/errors.ts';
import { initials } from '#src/kernel/presenters.ts';
import { entry, type Input, type Proven, page, type Reply, Routes, redirect } from '#src/kernel/routes.ts';
import { companies } from './accounts.service.ts';
import { beginSession, visitor } from './begin.service.ts';
import { signOut } from './own_sessions.service.ts';

const THEMES = [
  { value: '', label: 'Like the system', help: 'Light or dark, as this device is set.' },
  { value: 'light', label: 'Light', help: '' },
  { value: 'dark', label: 'Dark', help: '' },
];

const hidden = (ctx: Ctx) => [{ name: '_csrf', value: ctx.csrf }];

const requestOf = (input: Input): Request => input.request as Request;

/** The memberships whose credentials were shown in this session. */
const provenOf = (input: Input): readonly Proven[] => requestOf(input).session.rapport?.proven ?? [];

async function switchPage(ctx: Ctx, input: Input): Promise<Reply> {
  const found = await companies(
    input.platform.pools,
    provenOf(input).map((p) => p.tenant_id),
  );
  const data = {
    action: '/me/tenant',
    hidden: hidden(ctx),
    tenants: found.map((c) => ({
      id: c.id,
      name: c.name,
      initials: initials(c.name),
      role: c.id === ctx.tenant.id ? ROLE_LABELS[ctx.actor.role] : '',
      current: c.id === ctx.tenant.id,
    })),
  };
  // In the bare frame, because the frame of signed-in people stays in place when htmx swaps a page.
  return page('session/choose_tenant', data, 'Switch company', { frame: 'bare' });
}

async function switchTo(ctx: Ctx, input: Input): Promise<Reply> {
  const proven = provenOf(input);
  const chosen = proven.find((p) => p.tenant_id === entry(input.body, 'tenant_id'));
  if (!chosen) throw forbidden('You have not signed in to this company. Sign out and sign in to it.');
  if (chosen.tenant_id === ctx.tenant.id) return redirect('/');
  const from = visitor(requestOf(input), requestOf(input).res!);
  const change = await beginSession(input.platform, { who: chosen, method: 'password', from }, [...proven]);
  if (!change) throw forbidden('This company no longer lets you in with your password. Ask its administrator.');
  await signOut(ctx);
  return { kind: 'session', change, to: '/', said: null };
}

async function appearance(ctx: Ctx): Promise<Reply> {
  const themes = THEMES.map((theme) => ({ ...theme, checked: theme.value === ctx.actor.theme }));
  return page('session/appearance', { hidden: hidden(ctx), themes }, 'Appearance');
}

async function setAppearance(ctx: Ctx, input: Input): Promise<Reply> {
  const theme = entry(input.body, 'theme');
  if (!THEMES.some((known) => known.value === theme)) throw badRequest('Choose light, dark or like the system.');
  await ctx.db.update('users', { id: ctx.actor.id }, { theme });
  await audit(
    ctx,
    'updated',
    { entity: 'user', id: ctx.actor.id, title: ctx.actor.name },
    { theme: { old: ctx.actor.theme, new: theme } },
  );
  return redirect('/me/appearance', { text: 'Saved.', tone: 'green' });
}

/** What belongs to a person alone. */
export const meRoutes = new Routes()
  .get('/me/tenant', signedIn(), switchPage)
  .post('/me/tenant', signedIn(), switchTo)
  .get('/me/appearance', signedIn(), appearance)
  .post('/me/appearance', signedIn(), setAppearance);
