import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Request, Response } from 'express';
import type { Config } from '#src/config.ts';
import { seal, unseal } from '#src/platform/secrets.ts';
import { sentCookie } from './known_browser.ts';
import type { Flow } from './strategy.ts';

/** How long somebody may stay at the provider, in ms. */
const AWAY = 10 * 60_000;
/** Sign-ins under way in one browser; older ones give way, or their cookies would fill the request's head. */
const MOST_UNDER_WAY = 4;

/** What a browser that is away at a provider must bring back. */
export interface UnderWay extends Flow {
  tenant_id: string;
  next: string;
  purpose: Purpose;
  /** the session that asked to link or to test; '' for signing in */
  session_id: string;
  until: number;
}

/** To come in; to tie an account to the company's sign-in; to see what the provider says, without any effect. */
export type Purpose = 'sign_in' | 'link' | 'test';

/*
 * Each sign-in under way lives in a sealed cookie of its own: strangers cause no writes, several tabs do not overwrite
 * each other, and an answer fits only the browser, the tenant and the sign-in it belongs to.
 */
const prefix = (config: Config) => (config.secure ? '__Host-rapport-sso-' : 'rapport-sso-');
const cookieName = (config: Config, state: string) => `${prefix(config)}${state.slice(0, 10)}`;
const place = (tenantId: string) => `sso flow:${tenantId}`;
const options = (config: Config) => ({ httpOnly: true, sameSite: 'lax', secure: config.secure, path: '/' }) as const;

const namesOf = (req: Request): string[] =>
  (req.headers.cookie ?? '').split(';').map((part) => part.trim().split('=')[0] ?? '');

export const newSecrets = (): Pick<Flow, 'state' | 'verifier'> => ({
  state: randomBytes(24).toString('base64url'),
  verifier: randomBytes(32).toString('base64url'),
});

export function rememberFlow(config: Config, req: Request, res: Response, flow: Omit<UnderWay, 'until'>): void {
  const others = namesOf(req).filter((name) => name.startsWith(prefix(config)));
  for (const name of others.slice(0, Math.max(0, others.length - MOST_UNDER_WAY + 1)))
    res.clearCookie(name, options(config));
  const text = JSON.stringify({ ...flow, until: Date.now() + AWAY });
  const sealed = seal(config.session_secret, place(flow.tenant_id), text);
  res.cookie(cookieName(config, flow.state), sealed, { ...options(config), maxAge: AWAY });
}

/** The sign-in that an answer belongs to, once: its cookie goes. null when this browser has none, or it took too long. */
export function takeFlow(
  config: Config,
  req: Request,
  res: Response,
  tenantId: string,
  state: string,
): UnderWay | null {
  if (!/^[\w-]{20,64}$/.test(state)) return null;
  const name = cookieName(config, state);
  const flow = opened(config, tenantId, sentCookie(req, name));
  // An answer that strayed to another company leaves the sign-in that is under way alone.
  if (!flow || flow.state !== state || flow.tenant_id !== tenantId) return null;
  res.clearCookie(name, options(config));
  return flow.until > Date.now() ? flow : null;
}

function opened(config: Config, tenantId: string, sealed: string): UnderWay | null {
  try {
    return sealed ? (JSON.parse(unseal(config.session_secret, place(tenantId), sealed)) as UnderWay) : null;
  } catch {
    return null;
  }
}

const proofOf = (config: Config, sessionId: string, purpose: string, until: string): string =>
  createHmac('sha256', config.session_secret).update(`ticket:${purpose}:${sessionId}:${until}`).digest('base64url');

/** Lets a session start linking or testing by following a link; made only in answer to a form with its token. */
export function ticketFor(config: Config, sessionId: string, purpose: Exclude<Purpose, 'sign_in'>): string {
  const until = String(Date.now() + AWAY);
  return `${purpose}.${until}.${proofOf(config, sessionId, purpose, until)}`;
}

/** What a ticket is for; null when it is old or another session's. */
export function readTicket(config: Config, sessionId: string, ticket: string): Purpose | null {
  const [purpose = '', until = '', proof = ''] = ticket.split('.');
  const [expected, given] = [Buffer.from(proofOf(config, sessionId, purpose, until)), Buffer.from(proof)];
  const fits = expected.length === given.length && timingSafeEqual(expected, given) && Number(until) > Date.now();
  return fits ? (purpose as Purpose) : null;
}
