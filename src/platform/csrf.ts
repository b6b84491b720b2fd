import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { Kept } from './kept.ts';

/** Random material a token is tied to; kept in the session, or in a cookie before there is one. */
export const newSeed = (): string => randomBytes(16).toString('base64url');

const made = new Kept<string>(10_000);

/** The token that belongs to a seed. */
export const csrfToken = (secret: string, seed: string): string =>
  made.of(secret + seed, () => createHmac('sha256', secret).update(`csrf:${seed}`).digest('base64url'));

/** Constant-time check of what a form or a header sent. */
export function csrfMatches(secret: string, seed: string, sent: unknown): boolean {
  if (!seed || typeof sent !== 'string') return false;
  const expected = Buffer.from(csrfToken(secret, seed));
  const given = Buffer.from(sent);
  return expected.length === given.length && timingSafeEqual(expected, given);
}

interface Origin {
  method: string;
  'sec-fetch-site'?: string | undefined;
  origin?: string | undefined;
}

/**
 * Did the browser send this from our own pages? Sec-Fetch-Site where there is one, else Origin against our own address.
 * Programs send neither and are stopped by the token.
 */
export function sameOrigin(request: Origin, ownOrigin: string): boolean {
  if (request.method === 'GET' || request.method === 'HEAD') return true;
  const site = request['sec-fetch-site'];
  if (site !== undefined) return site === 'same-origin' || site === 'none';
  return request.origin === undefined || request.origin === ownOrigin;
}
