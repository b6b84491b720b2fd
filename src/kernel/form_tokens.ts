import type { Request, Response } from 'express';
import type { Config } from '#src/config.ts';
import { csrfMatches, newSeed, sameOrigin } from '#src/platform/csrf.ts';
import { forbidden } from './errors.ts';
import type { Platform } from './http.ts';

/** The cookie that carries the seed of a form's token before there is a session. */
const seedCookie = (config: Config) => (config.secure ? '__Host-rapport-form' : 'rapport-form');

function cookie(req: Request, name: string): string {
  const found = (req.headers.cookie ?? '').split(';').find((part) => part.trim().startsWith(`${name}=`));
  const value = found?.slice(found.indexOf('=') + 1).trim() ?? '';
  return /^[\w-]{16,64}$/.test(value) ? value : '';
}

/** The seed this browser's forms are tied to; strangers get it in a cookie, so that no session is stored for them. */
export function formSeed(platform: Platform, req: Request, res: Response): string {
  const signedIn = req.session?.rapport?.seed;
  if (signedIn) return signedIn;
  const name = seedCookie(platform.config);
  const present = cookie(req, name);
  if (present) return present;
  const seed = newSeed();
  if (!res.headersSent) {
    res.cookie(name, seed, { httpOnly: true, sameSite: 'lax', secure: platform.config.secure, path: '/' });
    req.headers.cookie = [req.headers.cookie, `${name}=${seed}`].filter(Boolean).join('; ');
  }
  return seed;
}

/** Refuses writes that did not come from our own pages. @throws 403 */
export function checkOrigin(platform: Platform, req: Request): void {
  const own = { method: req.method, 'sec-fetch-site': req.get('sec-fetch-site'), origin: req.get('origin') };
  if (!sameOrigin(own, platform.origin())) throw forbidden('This was sent from another site, so it was not done.');
}

/** @throws 403 when the form's token is missing or belongs to another session */
export function checkToken(platform: Platform, req: Request, res: Response, sent: unknown): void {
  const seed = formSeed(platform, req, res);
  if (!csrfMatches(platform.config.session_secret, seed, req.get('x-csrf-token') ?? sent))
    throw forbidden(
      'This form is out of date, perhaps because you signed in again. Go back, reload the page and send it again.',
    );
}
