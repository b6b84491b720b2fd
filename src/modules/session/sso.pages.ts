import type { Application, Request, Response } from 'express';
import { notFound } from '#src/kernel/errors.ts';
import { answer, type Platform } from '#src/kernel/http.ts';
import { page, type Reply, redirect, safePath } from '#src/kernel/routes.ts';
import { withTenant } from '#src/kernel/tenant_db.ts';
import { addressKey } from '#src/platform/limits.ts';
import { callOut, OutboundError } from '#src/platform/outbound.ts';
import { type Company, companyOfSlug } from './accounts.service.ts';
import { visitor } from './begin.service.ts';
import { DiscoveryError } from './discovery.service.ts';
import { newSecrets, readTicket, rememberFlow, takeFlow, type UnderWay } from './flow.ts';
import { Refusal } from './id_token.ts';
import { linkPerson, type Person, userOfPerson } from './identity.service.ts';
import { enter } from './login.pages.ts';
import { type Provider, providerOf } from './provider.service.ts';
import { queryText } from './public_form.ts';
import { openHint } from './sso_address.ts';
import { Strategies } from './strategies.ts';
import { type Arrived, arrive, leave, type Returned, type SafeStrategy } from './strategy.ts';
import { type GoneThrough, reportTest } from './test_sign_in.ts';

/** What came of it, said on a page of its own, with the way back to the password. */
function problem(res: Response, status: number, heading: string, text: string): Reply {
  const action = { label: 'Back to sign-in', href: '/login', icon: 'arrow-left' };
  const data = { status, heading, text, request_id: String(res.locals.request_id ?? ''), action };
  return page('_part/error', data, heading, { status, frame: 'bare' });
}

async function companyAndProvider(
  platform: Platform,
  req: Request,
  disabledToo: boolean,
): Promise<[Company, Provider]> {
  const slug = String(req.params.tenant ?? '');
  const company = /^[a-z0-9-]{2,41}$/.test(slug) ? await companyOfSlug(platform.pools, slug) : null;
  const provider = company && (await withTenant(platform.pools.app, company.id, providerOf));
  // The same for an unknown company and for one without a provider: who uses Rapport is nobody's business.
  if (!company || !provider || !(provider.enabled || disabledToo))
    throw notFound('There is no company sign-in at this address.');
  return [company, provider];
}

/** Words for what went wrong, a line in the log, a number in the metrics. */
function refused(platform: Platform, req: Request, res: Response, company: Company, error: unknown): Reply {
  const told = { tenant: company.id, address: req.ip, reason: (error as Error).message };
  if (error instanceof Refusal) {
    platform.metrics.sign_ins.inc({ method: 'sso', outcome: 'refused' });
    platform.log.warn(told, 'single sign-on refused');
    return problem(res, 403, 'You were not signed in', error.text);
  }
  if (error instanceof DiscoveryError || error instanceof OutboundError) {
    platform.metrics.sign_ins.inc({ method: 'sso', outcome: 'unreachable' });
    platform.log.warn(told, 'identity provider unusable');
    const text = `The sign-in of ${company.name} does not answer as it should. Try again in a minute, or sign in with your password.`;
    return problem(res, 503, 'Your company’s sign-in is not available', text);
  }
  throw error;
}

/** What this start is for: signing in, or what a signed-in session holds a ticket for. @throws Refusal */
function purposeOf(platform: Platform, req: Request): Pick<UnderWay, 'purpose' | 'session_id'> {
  const ticket = queryText(req, 'ticket');
  if (!ticket) return { purpose: 'sign_in', session_id: '' };
  const own = req.session?.rapport;
  const purpose = own ? readTicket(platform.config, own.session_id, ticket) : null;
  if (!own || !purpose) throw new Refusal('ticket does not fit', 'This link is out of date. Go back and start again.');
  return { purpose, session_id: own.session_id };
}

async function start(platform: Platform, strategies: Strategies, req: Request, res: Response): Promise<Reply> {
  await platform.limits.consume('sso_start', addressKey(req.ip));
  const testing = queryText(req, 'ticket').startsWith('test.');
  const [company, provider] = await companyAndProvider(platform, req, testing);
  try {
    const purpose = purposeOf(platform, req);
    if (purpose.session_id && req.session.rapport?.tenant_id !== company.id)
      throw new Refusal('ticket of another company');
    const strategy = await strategies.of(company, provider);
    const hint = openHint(platform.config, queryText(req, 'hint'));
    const [url, flow] = await leave(strategy, newSecrets(), hint);
    const next = safePath(queryText(req, 'next') || '/');
    rememberFlow(platform.config, req, res, { ...flow, ...purpose, tenant_id: company.id, next });
    return { kind: 'redirect', to: url, said: null };
  } catch (error) {
    return refused(platform, req, res, company, error);
  }
}

/** What the provider sent along. @throws Refusal when it says no, or says things twice or not at all */
function returned(req: Request): Returned {
  for (const name of ['code', 'state', 'iss', 'error']) {
    if (Array.isArray(req.query[name])) throw new Refusal(`${name} came twice`);
  }
  const error = queryText(req, 'error');
  if (error === 'access_denied')
    throw new Refusal('access denied', 'You cancelled, or your company did not let you in.');
  if (error) throw new Refusal(`provider reported ${error.replace(/[^\w.-]/g, '').slice(0, 60)}`);
  const code = queryText(req, 'code');
  if (!code) throw new Refusal('neither code nor error');
  return { code, state: queryText(req, 'state'), iss: typeof req.query.iss === 'string' ? req.query.iss : null };
}

const textOf = (value: unknown): string | null => (typeof value === 'string' && value ? value : null);

/** Name and e-mail; from the ID token, else from where the provider keeps them, if that speaks of the same person. */
async function personOf(strategy: SafeStrategy, arrived: Arrived): Promise<Person> {
  const { metadata, settings } = strategy;
  let told: Record<string, unknown> = arrived.claims;
  if (told.email === undefined && metadata.userinfo_endpoint && arrived.access_token) {
    const headers = { authorization: `Bearer ${arrived.access_token}`, accept: 'application/json' };
    const answer = await callOut(metadata.userinfo_endpoint, { headers }, settings.allow_inside);
    if (answer.status === 200 && answer.type.startsWith('application/json')) {
      const more = JSON.parse(answer.body.toString('utf8')) as Record<string, unknown>;
      if (more?.sub !== arrived.claims.sub) throw new Refusal('userinfo speaks of somebody else');
      told = { ...more, ...arrived.claims };
    }
  }
  return {
    issuer: metadata.issuer,
    subject: arrived.claims.sub,
    email: textOf(told.email),
    email_verified: told.email_verified === true,
    name: textOf(told.name),
  };
}

interface Asking {
  user_id: string;
  session_id: string;
}

/** The session that asked to link or test, if it is the one that comes back. */
function askingSession(req: Request, flow: UnderWay | null): Asking | null {
  const own = req.session?.rapport;
  return own && flow && own.session_id === flow.session_id && own.tenant_id === flow.tenant_id ? own : null;
}

/** What follows when the provider has said who it is. */
async function settle(platform: Platform, req: Request, res: Response, came: Came): Promise<Reply> {
  const { company, provider, flow, person, asking } = came;
  const from = visitor(req, res);
  if (asking) {
    await withTenant(platform.pools.app, flow.tenant_id, (db) => linkPerson(db, asking, person, from));
    return redirect('/me/identity', {
      text: 'Linked. You can sign in through your company from now on.',
      tone: 'green',
    });
  }
  const user_id = await withTenant(platform.pools.app, company.id, (db) =>
    userOfPerson(db, company, provider, person, from),
  );
  const who = { tenant_id: company.id, user_id };
  const reply = await enter(platform, req, { who, method: 'sso', from }, [who], flow.next);
  if (!reply) throw new Refusal('closed meanwhile');
  platform.metrics.sign_ins.inc({ method: 'sso', outcome: 'right' });
  return reply;
}

interface Came {
  company: Company;
  provider: Provider;
  flow: UnderWay;
  person: Person;
  /** null for signing in */
  asking: Asking | null;
}

async function callback(platform: Platform, strategies: Strategies, req: Request, res: Response): Promise<Reply> {
  const known = await companyOfSlug(platform.pools, String(req.params.tenant ?? ''));
  const flow = known && takeFlow(platform.config, req, res, known.id, queryText(req, 'state'));
  const asking = askingSession(req, flow);
  const testing = flow?.purpose === 'test' && asking !== null;
  const [company, provider] = await companyAndProvider(platform, req, testing);
  const gone: GoneThrough = { claims: null, person: null };
  try {
    const sent = returned(req);
    if (!flow)
      throw new Refusal(
        'no such sign-in under way',
        'This sign-in began in another browser, or too long ago. Start again.',
      );
    if (flow.purpose !== 'sign_in' && !asking)
      throw new Refusal('another session came back', 'You were signed out meanwhile. Sign in and try again.');
    const strategy = await strategies.of(company, provider);
    const arrived = await arrive(strategy, flow, sent);
    gone.claims = arrived.claims;
    const person = await personOf(strategy, arrived);
    gone.person = person;
    if (testing) return await reportTest(platform, req, { company, provider, gone, error: null });
    return await settle(platform, req, res, { company, provider, flow, person, asking });
  } catch (error) {
    if (!gone.claims) strategies.doubt(company.id);
    if (testing) return await reportTest(platform, req, { company, provider, gone, error });
    return refused(platform, req, res, company, error);
  }
}

/** Sign-in through a company's own OpenID provider. */
export function openSso(app: Application, platform: Platform): void {
  const strategies = new Strategies(platform);
  app.get(
    '/login/sso/:tenant',
    answer(platform, (req, res) => start(platform, strategies, req, res)),
  );
  app.get(
    '/login/sso/:tenant/callback',
    answer(platform, (req, res) => callback(platform, strategies, req, res)),
  );
}
