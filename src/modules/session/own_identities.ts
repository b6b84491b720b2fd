import { signedIn } from '#src/kernel/access.ts';
import type { Ctx } from '#src/kernel/context.ts';
import { notFound } from '#src/kernel/errors.ts';
import { formatInstant } from '#src/kernel/fields/dates.ts';
import { button, type Input, page, type Reply, Routes, redirect } from '#src/kernel/routes.ts';
import { ticketFor } from './flow.ts';
import { hasOwnWayIn, ownIdentities, unlink } from './identity.service.ts';
import { providerOf } from './provider.service.ts';
import { ssoAddress } from './sso_address.ts';

async function companySignIn(ctx: Ctx): Promise<Reply> {
  const provider = await providerOf(ctx.db);
  const own = await ownIdentities(ctx);
  const mayUnlink = own.length > 0 && (await hasOwnWayIn(ctx));
  const data = {
    text: provider?.enabled
      ? 'Link this account once, then sign in through your company instead of with a password.'
      : 'Your company has not set up a sign-in of its own.',
    linked: own.map((one) => ({
      text: `Linked ${formatInstant(one.created_at, ctx.tenant)[0]} with ${one.issuer}`,
      unlink: mayUnlink ? button(ctx, 'Unlink', `/me/identity/${one.id}/removal`, 'x') : null,
    })),
    link: provider?.enabled && !own.length ? button(ctx, `Link with ${provider.name}`, '/me/identity', 'link') : null,
  };
  return page('session/company', data, 'Company sign-in');
}

async function startLinking(ctx: Ctx, { platform }: Input): Promise<Reply> {
  const provider = await providerOf(ctx.db);
  if (!provider?.enabled || !ctx.session_id) throw notFound('Your company has no sign-in of its own.');
  const data = {
    heading: `On to ${provider.name}`,
    text: 'Sign in there once, and this account is linked with it.',
    href: ssoAddress(ctx.tenant.slug, { ticket: ticketFor(platform.config, ctx.session_id, 'link') }),
    label: `Continue to ${provider.name}`,
  };
  return page('session/leave', data, 'Link your company sign-in', { frame: 'bare' });
}

export const ownIdentityRoutes = new Routes()
  .get('/me/identity', signedIn(), companySignIn)
  .post('/me/identity', signedIn(), startLinking)
  .post('/me/identity/:id/removal', signedIn(), async (ctx, input) => {
    await unlink(ctx, input.params.id ?? '');
    return redirect('/me/identity', { text: 'Unlinked. Sign in with your password from now on.', tone: 'green' });
  });
