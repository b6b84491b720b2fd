import type { Application, Request, Response } from 'express';
import { answer, type Platform, renewSession, saveSession } from '#src/kernel/http.ts';
import { initials } from '#src/kernel/presenters.ts';
import { entry, type Proven, page, type Reply, redirect, safePath } from '#src/kernel/routes.ts';
import { addressKey } from '#src/platform/limits.ts';
import { PASSWORD_MOST } from '#src/platform/passwords.ts';
import { anyCompanySignIn, companies, companiesOfDomain, domainOf, isEmail, normalEmail } from './accounts.service.ts';
import { beginSession, type Entrance, endFormerSession, visitor } from './begin.service.ts';
import { knownBrowser, rememberBrowser } from './known_browser.ts';
import { checkPassword } from './password.service.ts';
import { publicHidden, queryText, readPublicForm, shortForm } from './public_form.ts';
import { sealHint, ssoAddress } from './sso_address.ts';

/** Time to choose between companies after a right password, in ms. */
const CHOICE_TIME = 10 * 60_000;

declare module 'express-session' {
  interface SessionData {
    /** a right password that opens several companies; nobody is signed in yet */
    choosing?: { proven: Proven[]; next: string; until: number };
  }
}

/** One answer for an unknown e-mail, a wrong password, a deactivated person, a suspended company, single sign-on only. */
const WRONG = 'E-mail and password do not belong together. Check both, also capital letters.';

interface Shown {
  email?: string;
  next: string;
  error?: string;
  notice?: string;
  status?: number;
}

async function loginPage(platform: Platform, req: Request, res: Response, shown: Shown): Promise<Reply> {
  const { email = '', next } = shown;
  const data = {
    action: '/login',
    hidden: publicHidden(platform, req, res, next === '/' ? {} : { next }),
    email,
    error: shown.error ?? '',
    notice: shown.notice ?? '',
    sso_action: (await anyCompanySignIn(platform.pools)) ? '/login/sso' : '',
    provider: null,
    provider_only: false,
    reset_href: '',
  };
  return page('session/sign_in', data, 'Sign in', { frame: 'bare', status: shown.status ?? 200 });
}

/** The page that hands over to an identity provider. A redirect would be refused: the policy lets forms lead only to us. */
export const leavePage = (name: string, href: string): Reply =>
  page(
    'session/leave',
    { heading: `On to ${name}`, text: 'You are taken to your company’s sign-in.', href, label: `Continue to ${name}` },
    'Sign in',
    { frame: 'bare' },
  );

/** E-mail alone: its domain decides between the company's own sign-in and a password. */
async function byDomain(platform: Platform, req: Request, res: Response, email: string, next: string): Promise<Reply> {
  await platform.limits.consume('sso_start', addressKey(req.ip));
  const chosen = entry(req.body as Record<string, string>, 'tenant_id');
  const found = await companiesOfDomain(platform.pools, domainOf(email));
  const only = found.length === 1 ? found[0] : found.find((c) => c.id === chosen);
  if (only) return leavePage(only.name, ssoAddress(only.slug, { next, hint: sealHint(platform.config, email) }));
  const notice = 'There is no company sign-in for this e-mail. Enter your password.';
  if (!found.length) return loginPage(platform, req, res, { email, next, notice });
  const data = {
    action: '/login/sso',
    hidden: publicHidden(platform, req, res, { email, next }),
    tenants: found.map((c) => ({
      id: c.id,
      name: c.name,
      initials: initials(c.name),
      role: 'Company sign-in',
      current: false,
    })),
  };
  return page('session/choose_tenant', data, 'Choose a company', { frame: 'bare' });
}

/** Makes the session of one membership. @returns null when it is closed by now */
export async function enter(
  platform: Platform,
  req: Request,
  entrance: Entrance,
  proven: readonly Proven[],
  next: string,
): Promise<Reply | null> {
  const change = await beginSession(platform, entrance, [...proven]);
  if (!change) return null;
  await endFormerSession(platform, req);
  return { kind: 'session', change, to: safePath(next), said: null };
}

interface Sent {
  email: string;
  password: string;
  next: string;
}

async function byPassword(platform: Platform, req: Request, res: Response, sent: Sent): Promise<Reply> {
  const { email, password, next } = sent;
  const browser = knownBrowser(platform.config, req, email);
  const matches = await checkPassword(platform, { email, password, ip: req.ip ?? null, browser });
  const [first] = matches;
  const wrong = () => loginPage(platform, req, res, { email, next, error: WRONG, status: 401 });
  if (!first) return wrong();
  rememberBrowser(platform.config, res, email);
  if (matches.length > 1) return offerChoice(platform, req, matches, next);
  const entrance: Entrance = { who: first, method: 'password', from: visitor(req, res) };
  return (await enter(platform, req, entrance, matches, next)) ?? wrong();
}

/** Keeps the proof in a session of its own, under a new id, until a company is chosen. */
async function offerChoice(platform: Platform, req: Request, matches: Proven[], next: string): Promise<Reply> {
  await endFormerSession(platform, req);
  await renewSession(req);
  req.session.cookie.maxAge = CHOICE_TIME;
  req.session.choosing = { proven: matches, next, until: Date.now() + CHOICE_TIME };
  await saveSession(req);
  return redirect('/login/tenant');
}

const choiceOf = (req: Request) => {
  const choice = req.session?.choosing;
  return choice && choice.until > Date.now() ? choice : null;
};

async function choosePage(platform: Platform, req: Request, res: Response): Promise<Reply> {
  const choice = choiceOf(req);
  if (!choice) return redirect('/login');
  const found = await companies(
    platform.pools,
    choice.proven.map((p) => p.tenant_id),
  );
  const data = {
    action: '/login/tenant',
    hidden: publicHidden(platform, req, res),
    tenants: found.map((c) => ({ id: c.id, name: c.name, initials: initials(c.name), role: '', current: false })),
  };
  return page('session/choose_tenant', data, 'Choose a company', { frame: 'bare' });
}

async function choose(platform: Platform, req: Request, res: Response): Promise<Reply> {
  const body = readPublicForm(platform, req, res);
  const choice = choiceOf(req);
  const chosen = choice?.proven.find((p) => p.tenant_id === entry(body, 'tenant_id'));
  if (!choice || !chosen) return redirect('/login');
  const entrance: Entrance = { who: chosen, method: 'password', from: visitor(req, res) };
  return (await enter(platform, req, entrance, choice.proven, choice.next)) ?? redirect('/login/tenant');
}

/** @param alone the e-mail decides, whatever stands in the password */
async function login(platform: Platform, req: Request, res: Response, alone = false): Promise<Reply> {
  const body = readPublicForm(platform, req, res);
  const email = normalEmail(entry(body, 'email'));
  const password = entry(body, 'password');
  const next = safePath(entry(body, 'next') || '/');
  const refuse = (error: string) => loginPage(platform, req, res, { email, next, error, status: 422 });
  if (!isEmail(email)) return refuse('Enter your e-mail address, for example anna@example.com.');
  if (alone || !password) return byDomain(platform, req, res, email, next);
  if ([...password].length > PASSWORD_MOST) return refuse(`A password has at most ${PASSWORD_MOST} characters.`);
  return byPassword(platform, req, res, { email, password, next });
}

/** Sign-in with e-mail and password, for people who are not signed in. */
export function openLogin(app: Application, platform: Platform): void {
  app.get(
    '/login',
    answer(platform, async (req, res) => {
      const next = safePath(queryText(req, 'next') || '/');
      return req.session?.rapport ? redirect(next) : loginPage(platform, req, res, { next });
    }),
  );
  app.get(
    '/login/tenant',
    answer(platform, (req, res) => choosePage(platform, req, res)),
  );
  const forms: Record<string, (req: Request, res: Response) => Promise<Reply>> = {
    '/login': (req, res) => login(platform, req, res),
    '/login/sso': (req, res) => login(platform, req, res, true),
    '/login/tenant': (req, res) => choose(platform, req, res),
  };
  for (const [path, work] of Object.entries(forms)) app.post(path, shortForm, answer(platform, work));
}
