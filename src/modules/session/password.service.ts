import { createHmac } from 'node:crypto';
import type { Platform } from '#src/kernel/http.ts';
import type { Proven } from '#src/kernel/routes.ts';
import { withTenant } from '#src/kernel/tenant_db.ts';
import { addressKey, type LimitKind, TooManyTries, Turns } from '#src/platform/limits.ts';
import { hashPassword, isOutdated, matchPasswords } from '#src/platform/passwords.ts';
import { type Account, accountsOf } from './accounts.service.ts';

export interface Attempt {
  email: string;
  password: string;
  ip: string | null;
  /** of a browser that signed in to this account before */
  browser: string | null;
}

/** What a try is counted against; a known browser is spared what strangers use up. */
function counters({ email, ip, browser }: Attempt): [LimitKind, string][] {
  const address = addressKey(ip ?? undefined);
  const account: [LimitKind, string][] = browser
    ? [['sign_in_device', `${email} ${browser}`]]
    : [
        ['sign_in_account', `${email} ${address}`],
        ['sign_in_everywhere', email],
      ];
  return [['sign_in_address', address], ...account];
}

/** What the log says instead of an e-mail address: the same account reads the same, nobody reads who it is. */
const pseudonym = (platform: Platform, email: string): string =>
  createHmac('sha256', platform.config.session_secret).update(`account:${email}`).digest('base64url').slice(0, 12);

const turns = new Turns();

/**
 * The memberships a password opens, none if it is wrong. Takes the same time whatever there is to find, counts the try
 * if it was wrong, and says in log and metrics how it ended. Tries of one address and for one account take turns.
 * @throws TooManyTries
 */
export function checkPassword(platform: Platform, attempt: Attempt): Promise<Proven[]> {
  return turns.take(`address ${addressKey(attempt.ip ?? undefined)}`, () =>
    turns.take(`account ${attempt.email}`, () => tryPassword(platform, attempt)),
  );
}

async function tryPassword(platform: Platform, attempt: Attempt): Promise<Proven[]> {
  const { log, metrics, limits } = platform;
  const counted = counters(attempt);
  const told = { account: pseudonym(platform, attempt.email), address: attempt.ip };
  try {
    for (const [kind, key] of counted) await limits.check(kind, key);
  } catch (error) {
    metrics.sign_ins.inc({ method: 'password', outcome: 'throttled' });
    log.warn(told, 'sign-in throttled');
    throw error;
  }
  const accounts = await accountsOf(platform.pools, attempt.email);
  const right = await matchPasswords(
    accounts.map((a) => a.password_hash),
    attempt.password,
  );
  const matching = accounts.filter((_, i) => right[i]);
  metrics.sign_ins.inc({ method: 'password', outcome: matching.length ? 'right' : 'wrong' });
  if (!matching.length) {
    log.info(told, 'sign-in refused');
    for (const [kind, key] of counted) await count(platform, kind, key);
    return [];
  }
  for (const [kind, key] of counted) {
    if (kind === 'sign_in_account' || kind === 'sign_in_device') await limits.reset(kind, key);
  }
  await renewHashes(platform, matching, attempt.password);
  return matching.map(({ tenant_id, user_id }) => ({ tenant_id, user_id }));
}

/** The wrong try that reaches a limit is still answered as wrong; the next one is turned away. */
async function count(platform: Platform, kind: LimitKind, key: string): Promise<void> {
  await platform.limits.consume(kind, key).catch((error: unknown) => {
    if (!(error instanceof TooManyTries)) throw error;
  });
}

/** Replaces hashes made with a lesser cost than today's, while the password is at hand. */
async function renewHashes(platform: Platform, accounts: readonly Account[], password: string): Promise<void> {
  for (const account of accounts.filter((a) => isOutdated(a.password_hash))) {
    const password_hash = await hashPassword(password);
    await withTenant(platform.pools.app, account.tenant_id, (db) =>
      db.update('users', { id: account.user_id, password_hash: account.password_hash }, { password_hash }),
    );
  }
}
