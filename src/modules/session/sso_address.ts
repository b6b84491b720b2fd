import type { Config } from '#src/config.ts';
import { seal, unseal } from '#src/platform/secrets.ts';

const HINT = 'sso hint';

/** Who is about to sign in, for the provider's form; sealed, because addresses of pages are logged everywhere. */
export const sealHint = (config: Config, email: string): string => seal(config.session_secret, HINT, email);

/** The e-mail in a hint; '' when it is none of ours. */
export function openHint(config: Config, hint: string): string {
  try {
    return hint ? unseal(config.session_secret, HINT, hint) : '';
  } catch {
    return '';
  }
}

/** Where signing in through a company's own provider starts. */
export function ssoAddress(slug: string, more: { next?: string; hint?: string; ticket?: string } = {}): string {
  const query = new URLSearchParams();
  if (more.next && more.next !== '/') query.set('next', more.next);
  if (more.hint) query.set('hint', more.hint);
  if (more.ticket) query.set('ticket', more.ticket);
  const text = query.toString();
  return `/login/sso/${encodeURIComponent(slug)}${text ? `?${text}` : ''}`;
}

/** Where the provider sends people back to: one address a company, under our own configured origin. */
export const callbackAddress = (origin: string, slug: string): string =>
  `${origin}/login/sso/${encodeURIComponent(slug)}/callback`;
