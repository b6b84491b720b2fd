import type { Request } from 'express';
import { ROLE_LABELS } from '#src/kernel/access.ts';
import { type Actor, actorOfUser } from '#src/kernel/actor.ts';
import { type Platform, saveSession } from '#src/kernel/http.ts';
import { type Reply, redirect } from '#src/kernel/routes.ts';
import { withTenant } from '#src/kernel/tenant_db.ts';
import { type Company, domainOf, normalEmail } from './accounts.service.ts';
import type { Claims } from './id_token.ts';
import { Refusal } from './id_token.ts';
import { type Person, userOfPerson } from './identity.service.ts';
import type { Provider } from './provider.service.ts';

/** What a test sign-in found; it stays in the session of the administrator who made it. */
export interface TestReport {
  at: string;
  checks: { text: string; ok: boolean; reason: string }[];
  claims: { name: string; value: string }[];
  outcome: string;
}

declare module 'express-session' {
  interface SessionData {
    sso_test?: TestReport;
  }
}

/** How far a test got. */
export interface GoneThrough {
  claims: Claims | null;
  person: Person | null;
}

interface Tested {
  company: Company;
  provider: Provider;
  gone: GoneThrough;
  error: unknown;
}

/** Thrown to take back everything a trial did. */
class TakeBack extends Error {
  readonly actor: Actor | null;
  readonly made: boolean;

  constructor(actor: Actor | null, made: boolean) {
    super('trial');
    this.actor = actor;
    this.made = made;
  }
}

/** Signs the person in for real, as far as the database is concerned, and takes it all back. */
async function trial(platform: Platform, { company, provider }: Tested, person: Person): Promise<[boolean, string]> {
  const from = { ip: null, user_agent: '', request_id: 'test sign-in' };
  try {
    await withTenant(platform.pools.app, company.id, async (db) => {
      const [before] = await db.run('select count(*)::int as n from users where tenant_id = :tenant');
      const id = await userOfPerson(db, company, provider, person, from);
      const [after] = await db.run('select count(*)::int as n from users where tenant_id = :tenant');
      throw new TakeBack(await actorOfUser(db, id), after!.n !== before!.n);
    });
  } catch (error) {
    if (error instanceof Refusal) return [false, `This person would be refused: ${error.text}`];
    if (!(error instanceof TakeBack)) throw error;
    const who = error.actor?.actor;
    if (!who) return [false, 'This person would be refused.'];
    const role = ROLE_LABELS[who.role];
    return [
      true,
      error.made ? `A new person would be added: ${who.email}, ${role}.` : `Signs in as ${who.name}, ${role}.`,
    ];
  }
  return [false, ''];
}

const SHOWN = new Set([
  'iss',
  'sub',
  'aud',
  'email',
  'email_verified',
  'name',
  'given_name',
  'family_name',
  'groups',
  'roles',
]);

const claimRows = (claims: Claims | null): TestReport['claims'] =>
  Object.entries(claims ?? {})
    .filter(([name]) => SHOWN.has(name))
    .map(([name, value]) => ({
      name,
      value: (typeof value === 'string' ? value : JSON.stringify(value)).slice(0, 300),
    }));

/** Keeps what a test found for the page of the settings, and leads there. */
export async function reportTest(platform: Platform, req: Request, tested: Tested): Promise<Reply> {
  const { gone, error, provider } = tested;
  const reason = error ? String((error as Error).message).slice(0, 300) : '';
  const checks: TestReport['checks'] = [
    {
      text: 'The provider sent somebody back and its token holds: signature, issuer, audience, time, nonce',
      ok: !!gone.claims,
      reason,
    },
  ];
  let outcome = 'Nobody could sign in like this.';
  if (gone.person) {
    const { email, email_verified } = gone.person;
    checks.push({
      text: `It names an e-mail address: ${email ?? 'none'}`,
      ok: email !== null,
      reason: email ? '' : 'Let it send the scope or claim "email".',
    });
    if (provider.just_in_time) {
      const domain = email ? domainOf(normalEmail(email)) : '';
      checks.push({
        text: 'It says that the address is verified',
        ok: email_verified,
        reason: email_verified ? '' : 'email_verified is not true: new people are not added.',
      });
      checks.push({
        text: `The address belongs to ${provider.email_domains.join(', ') || 'no domain of yours'}`,
        ok: provider.email_domains.includes(domain),
        reason: '',
      });
    }
    const [ok, words] = await trial(platform, tested, gone.person);
    checks.push({ text: 'This person gets in', ok, reason: ok ? '' : words });
    outcome = words;
  }
  req.session.sso_test = { at: new Date().toISOString(), checks, claims: claimRows(gone.claims), outcome };
  await saveSession(req);
  return redirect('/admin/sso');
}
