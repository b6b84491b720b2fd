import type { Application, Request, Response } from 'express';
import { answer, type Platform, saveSession } from '#src/kernel/http.ts';
import { initials } from '#src/kernel/presenters.ts';
import { entry, type Proven, page, type Reply, redirect, safePath } from '#src/kernel/routes.ts';
import { PASSWORD_MOST } from '#src/platform/passwords.ts';
import { companies, companiesOfDomain, domainOf, isEmail, normalEmail } from './accounts.service.ts';
import { beginSession, type Entrance, endFormerSession, visitor } from './begin.service.ts';
import { knownBrowser, rememberBrowser } from './known_browser.ts';
import { checkPassword } from './password.service.ts';
import { publicHidden, queryText, readPublicForm, shortForm } from './public_form.ts';
import { sealHint, ssoAddress } from './sso_address.ts';
import type { LoginView } from './views.ts';

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
  settled?: boolean;
  sso?: LoginView['sso'];
  status?: number;
}

function loginPage(platform: Platform, req: Request, res: Response, shown: Shown): Reply {
  const { email = '', next, settled = false, sso = [] } = shown;
  const keep: Record<string, string> = next === '/' ? {} : { next };
  const data: LoginView = {
    heading: 'Sign in',
    text: sso.length ? 'Your company has its own sign-in.' : '',
    error: shown.error ?? '',
    hidden: publicHidden(platform, req, res, settled ? { ...keep, email } : keep),
    email,
    email_settled: settled,
    other_href: `/login${next === '/' ? '' : `?next=${encodeURIComponent(next)}`}`,
    sso,
  };
  return page('session/login', data, 'Sign in', { frame: 'bare', status: shown.status ?? 200 });
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
  const found = await companiesOfDomain(platform.pools, domainOf(email));
  const [only] = found;
  const hint = sealHint(platform.config, email);
  if (only && found.length === 1) return leavePage(only.name, ssoAddress(only.slug, { next, hint }));
  const sso = found.map((c) => ({
    label: `Sign in with ${c.name}`,
    href: ssoAddress(c.slug, { next, hint }),
    icon: 'building',
  }));
  return loginPage(platform, req, res, { email, next, settled: true, sso });
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
  await new Promise<void>((resolve, reject) => req.session.regenerate((error) => (error ? reject(error) : resolve())));
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
    heading: 'Choose a company',
    text: 'Your e-mail and password belong to several. You can switch between them later.',
    companies: found.map((c) => ({
      name: c.name,
      initials: initials(c.name),
      current: false,
      action: '/login/tenant',
      hidden: publicHidden(platform, req, res, { tenant: c.id }),
    })),
  };
  return page('session/choose', data, 'Choose a company', { frame: 'bare' });
}

async function choose(platform: Platform, req: Request, res: Response): Promise<Reply> {
  const body = readPublicForm(platform, req, res);
  const choice = choiceOf(req);
  const chosen = choice?.proven.find((p) => p.tenant_id === entry(body, 'tenant'));
  if (!choice || !chosen) return redirect('/login');
  const entrance: Entrance = { who: chosen, method: 'password', from: visitor(req, res) };
  return (await enter(platform, req, entrance, choice.proven, choice.next)) ?? redirect('/login/tenant');
}

async function login(platform: Platform, req: Request, res: Response): Promise<Reply> {
  const body = readPublicForm(platform, req, res);
  const email = normalEmail(entry(body, 'email'));
  const password = entry(body, 'password');
  const next = safePath(entry(body, 'next') || '/');
  const refuse = (error: string) => loginPage(platform, req, res, { email, next, error, status: 422 });
  if (!isEmail(email)) return refuse('Enter your e-mail address, for example anna@example.com.');
  if (!password) return byDomain(platform, req, res, email, next);
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
  app.post(
    '/login',
    shortForm,
    answer(platform, (req, res) => login(platform, req, res)),
  );
  app.get(
    '/login/tenant',
    answer(platform, (req, res) => choosePage(platform, req, res)),
  );
  app.post(
    '/login/tenant',
    shortForm,
    answer(platform, (req, res) => choose(platform, req, res)),
  );
}
