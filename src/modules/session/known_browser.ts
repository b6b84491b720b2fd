import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Request, Response } from 'express';
import type { Config } from '#src/config.ts';

/** How long a browser stays known to an account it signed in to, in ms. */
const KNOWN_FOR = 180 * 86_400_000;

const cookieName = (config: Config) => (config.secure ? '__Host-rapport-known' : 'rapport-known');

const proof = (config: Config, id: string, email: string): string =>
  createHmac('sha256', config.session_secret).update(`known:${id}:${email}`).digest('base64url');

/** The value of a cookie of ours as it was sent; '' when it is absent. */
export function sentCookie(req: Request, name: string): string {
  const found = (req.headers.cookie ?? '').split(';').find((part) => part.trim().startsWith(`${name}=`));
  return found?.slice(found.indexOf('=') + 1).trim() ?? '';
}

/**
 * Names this browser if it has signed in to the account before; null otherwise. It proves nothing about the person: it
 * only keeps strangers who guess at an account from using up the tries of its owner.
 */
export function knownBrowser(config: Config, req: Request, email: string): string | null {
  const [id, given] = sentCookie(req, cookieName(config)).split('.');
  if (!id || !given) return null;
  const [expected, sent] = [Buffer.from(proof(config, id, email)), Buffer.from(given)];
  return expected.length === sent.length && timingSafeEqual(expected, sent) ? id : null;
}

/** After a right password: this browser is known to the account from now on. */
export function rememberBrowser(config: Config, res: Response, email: string): void {
  const id = randomBytes(16).toString('base64url');
  res.cookie(cookieName(config), `${id}.${proof(config, id, email)}`, {
    httpOnly: true,
    sameSite: 'lax',
    secure: config.secure,
    path: '/',
    maxAge: KNOWN_FOR,
  });
}
