import type { Ctx } from '#src/kernel/context.ts';
import { notFound } from '#src/kernel/errors.ts';
import type { Platform } from '#src/kernel/http.ts';
import { type Input, page, type Reply } from '#src/kernel/routes.ts';
import { ticketFor } from './flow.ts';
import { providerOf } from './provider.service.ts';
import { callbackAddress, ssoAddress } from './sso_address.ts';

export type { TestReport } from './test_sign_in.ts';

/** The redirect address to enter at the provider. */
export const callbackOf = (platform: Platform, ctx: Ctx): string => callbackAddress(platform.origin(), ctx.tenant.slug);

/** Hands an administrator on to the provider to see what comes back; it signs nobody in and writes nothing. */
export async function testSignIn(ctx: Ctx, { platform }: Input): Promise<Reply> {
  const provider = await providerOf(ctx.db);
  if (!provider || !ctx.session_id) throw notFound('There is no provider to test. Enter and save one first.');
  const data = {
    heading: `On to ${provider.name}`,
    text: 'Sign in there once; what it says about you is shown afterwards. Nothing is saved.',
    href: ssoAddress(ctx.tenant.slug, { ticket: ticketFor(platform.config, ctx.session_id, 'test') }),
    label: `Continue to ${provider.name}`,
  };
  return page('session/leave', data, 'Test sign-in', { frame: 'bare' });
}
