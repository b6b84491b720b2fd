import type { Application, Request, RequestHandler, Response } from 'express';
import express from 'express';
import type session from 'express-session';
import type { Config } from '#src/config.ts';
import type { Assets } from '#src/platform/assets.ts';
import { csrfMatches, csrfToken, newSeed, sameOrigin } from '#src/platform/csrf.ts';
import type { EventStreams } from '#src/platform/event_streams.ts';
import type { Limits } from '#src/platform/limits.ts';
import type { Logger } from '#src/platform/log.ts';
import type { Metrics } from '#src/platform/metrics.ts';
import type { Pools } from '#src/platform/postgres.ts';
import { planSid, type Sessions } from '#src/platform/sessions.ts';
import { type Actor, actorOfSession, actorOfToken, askForSession } from './actor.ts';
import { type Ctx, demand } from './context.ts';
import { AppError, badRequest, forbidden, readable, SignedOut } from './errors.ts';
import { type Frames, sendPage, sendRedirect } from './render.ts';
import {
  type Body,
  entry,
  type Input,
  json,
  type Proven,
  type Received,
  type Reply,
  type Route,
  type Said,
  safePath,
} from './routes.ts';
import { type Row, TRIES, withTenant } from './tenant_db.ts';

/** The store's own session object, to which ours is added below. */
export type HttpSession = session.Session;

/** What the browser's session holds: who was proven, nothing else that matters. */
export interface SessionData {
  tenant_id: string;
  user_id: string;
  session_id: string;
  proven: Proven[];
  seed: string;
  said?: Said;
}

declare module 'express-session' {
  interface SessionData {
    rapport?: import('./http.ts').SessionData;
  }
}

/** Everything outside a request that answering one needs. */
export interface Platform {
  config: Config;
  log: Logger;
  metrics: Metrics;
  pools: Pools;
  assets: Assets;
  limits: Limits;
  sessions: Sessions;
  events: EventStreams;
  /** counts a try against a limit. @throws 429 */
  limit(kind: 'api' | 'write', key: string): Promise<void>;
  frames(req: Request, res: Response, who: { ctx: Ctx | null; csrf: string; said: Said | null }): Frames;
  /** own origin, e.g. https://crm.example.com */
  origin(): string;
}

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

/** A form as flat text on a null prototype. @throws 400 for a name that comes twice */
function readBody(raw: unknown): Body {
  const body: Body = Object.create(null);
  for (const [name, value] of Object.entries((raw ?? {}) as object)) {
    if (typeof value !== 'string') throw badRequest(`The form says "${name.slice(0, 40)}" more than once.`);
    body[name] = value;
  }
  return body;
}

const once = (req: Request, body: Body): string => {
  const key = req.get('idempotency-key') ?? entry(body, '_once');
  if (key && !/^[\w.:-]{8,200}$/.test(key))
    throw badRequest('The Idempotency-Key takes 8 to 200 letters, digits, - or _.');
  return key;
};

function readInput(platform: Platform, req: Request, route: Route): Input {
  const body = route.surface === 'web' && !route.receive ? readBody(req.body) : Object.create(null);
  return {
    params: { ...(req.params as Record<string, string>) },
    query: req.query,
    body,
    json: route.surface === 'api' ? req.body : undefined,
    url: req.originalUrl,
    once: once(req, body),
    request: req,
    file: null,
    platform,
  };
}

/** Ctx for somebody whose actor was loaded inside this transaction. */
const makeCtx = (
  actor: Actor,
  db: Ctx['db'],
  more: Pick<Ctx, 'via' | 'ip' | 'request_id' | 'csrf' | 'session_id'>,
): Ctx => ({
  actor: actor.actor,
  tenant: actor.tenant,
  read_only: actor.read_only,
  db,
  ...more,
});

/** Runs a route for somebody signed in: one transaction, closed before anything is rendered. */
async function runRoute(platform: Platform, route: Route, req: Request, res: Response): Promise<[Reply, Ctx]> {
  const api = route.surface === 'api';
  const token = api ? await actorOfToken(platform.pools, req.get('authorization') ?? '') : null;
  const session = api ? null : (req.session?.rapport ?? null);
  if (!token && !session) throw new SignedOut();
  const tenantId = token?.tenant_id ?? session!.tenant_id;
  if (token) await platform.limit('api', token.id);
  if (!api && req.method !== 'GET' && req.method !== 'HEAD') {
    checkOrigin(platform, req);
    if (!route.receive) checkToken(platform, req, res, (req.body as Body | undefined)?._csrf);
  }
  const input = readInput(platform, req, route);
  const csrf = session ? csrfToken(platform.config.session_secret, session.seed) : '';
  const more = {
    via: api ? ('api' as const) : ('web' as const),
    ip: req.ip ?? null,
    request_id: String(res.locals.request_id),
    csrf,
    session_id: session?.session_id ?? null,
  };
  const inTenant = (work: (ctx: Ctx) => Promise<Reply>) => {
    const enter = async (db: Ctx['db'], opened: Row[]): Promise<[Reply, Ctx]> => {
      const actor = token ? await token.load(db) : await actorOfSession(db, opened, session!.session_id);
      if (!actor) throw new SignedOut();
      const ctx = makeCtx(actor, db, more);
      if (req.method === 'GET') ctx.names_mark = actor.names_mark; // one that writes may be taken back, with the names it saw
      res.locals.ctx = ctx;
      if (route.access.kind === 'permission') demand(ctx, route.access.permission);
      return [await work(ctx), ctx];
    };
    const opening = session ? askForSession(session.user_id, session.session_id) : '';
    return withTenant(platform.pools.app, tenantId, enter, TRIES, opening);
  };
  let received: Received | null = null;
  try {
    if (route.receive) {
      await inTenant(async () => json(null)); // signed in and allowed, before a byte is taken
      received = await route.receive(input, (sent) => api || checkToken(platform, req, res, sent));
      Object.assign(input, { body: received.body, file: received.file, once: once(req, received.body) });
    }
    return await inTenant((ctx) => route.handler(ctx, input));
  } catch (error) {
    await received?.discard();
    const refused = error instanceof AppError && (error.status === 409 || error.status === 422) ? error : null;
    if (!refused || !route.refused) throw error;
    return await inTenant((ctx) => route.refused!(ctx, input, refused));
  }
}

/** Content-Disposition for a download, safe for any name (RFC 6266). */
function attachment(name: string): string {
  const plain = name.replace(/[^\w.() -]/g, '_').slice(0, 100);
  return `attachment; filename="${plain}"; filename*=UTF-8''${encodeURIComponent(name).replace(/['()*]/g, escape)}`;
}

async function send(platform: Platform, req: Request, res: Response, reply: Reply, ctx: Ctx | null): Promise<void> {
  switch (reply.kind) {
    case 'json':
      res.status(reply.status).set(reply.headers).json(reply.body);
      return;
    case 'stream':
      res.status(200).set({ 'Content-Type': reply.type, 'Content-Disposition': attachment(reply.file_name) });
      await reply.write(res);
      return;
    case 'redirect':
      if (reply.said && req.session?.rapport) {
        req.session.rapport.said = reply.said;
        await saveSession(req);
      }
      sendRedirect(req, res, reply.to);
      return;
    case 'session':
      await changeSession(platform, req, res, reply.change, reply.said);
      sendRedirect(req, res, safePath(reply.to));
      return;
    case 'page': {
      const said = req.session?.rapport?.said ?? null;
      if (said && reply.frame === 'layout') {
        delete req.session.rapport!.said;
        await saveSession(req);
      }
      const csrf = ctx?.csrf || csrfToken(platform.config.session_secret, formSeed(platform, req, res));
      sendPage(req, res, reply, platform.frames(req, res, { ctx, csrf, said }));
    }
  }
}

type StoreCall = (done: (error?: unknown) => void) => unknown;

/** A store that fails leaves the request without a session: no cookie goes out for one that does not exist. */
const inStore = (req: Request, call: StoreCall): Promise<void> =>
  new Promise((resolve, reject) =>
    call((error) => {
      if (!error) return resolve();
      (req as { session?: unknown }).session = undefined;
      reject(error);
    }),
  );

/** Resolves when the store has it, so that no answer promises a session that does not exist. */
export const saveSession = (req: Request): Promise<void> => inStore(req, (done) => req.session.save(done));

/** A new, empty session under a new id; the old one is gone from the store. */
export const renewSession = (req: Request): Promise<void> => inStore(req, (done) => req.session.regenerate(done));

/** A new id at every sign-in and switch; the old one is dead. */
async function changeSession(
  platform: Platform,
  req: Request,
  res: Response,
  change: Extract<Reply, { kind: 'session' }>['change'],
  said: Said | null,
): Promise<void> {
  if (change.do === 'end') {
    await inStore(req, (done) => req.session.destroy(done));
    platform.sessions.clearCookie(res);
    res.set('Clear-Site-Data', '"cache", "storage"');
    return;
  }
  planSid(req, change.sid);
  await renewSession(req);
  req.session.rapport = {
    tenant_id: change.tenant_id,
    user_id: change.user_id,
    session_id: change.session_id,
    proven: change.proven,
    seed: newSeed(),
    ...(said ? { said } : {}),
  };
  await saveSession(req);
}

const handle =
  (platform: Platform, route: Route): RequestHandler =>
  async (req, res) => {
    res.locals.route = route.path;
    const [reply, ctx] = await runRoute(platform, route, req, res);
    if (reply.kind === 'events') {
      const viewer = { tenant: ctx.tenant.id, session: ctx.session_id ?? ctx.actor.id };
      const stays = (error: unknown) => readable(error)?.status === 503; // a restart of the database takes nobody's rights
      const ask = () => runRoute(platform, route, req, res).then(() => true, stays);
      return platform.events.open(req, res, viewer, reply.topics, ask);
    }
    await send(platform, req, res, reply, ctx);
  };

/** Wires declared routes into Express. Public ones are ordinary middleware of their module (sign-in). */
export function mountRoutes(app: Application, platform: Platform, routes: readonly Route[]): void {
  const form = express.urlencoded({ extended: false, limit: '200kb', parameterLimit: 2_000 });
  const body = express.json({ limit: '200kb', strict: true });
  const routers = new Map<string, express.Router>();
  for (const route of routes) {
    const before: RequestHandler[] = [];
    if (route.method !== 'get' && !route.receive) before.push(route.surface === 'api' ? body : form);
    const key = firstSegment(route.path);
    const router = routers.get(key) ?? express.Router({ caseSensitive: true });
    routers.set(key, router);
    router[route.method](route.path, ...before, handle(platform, route));
  }
  // Express tries one route after the other, some three hundred here; few begin alike.
  app.use((req, res, next) => {
    const router = routers.get(firstSegment(req.path));
    if (router) router(req, res, next);
    else next();
  });
}

/** '/customers/:id' -> 'customers', '/api/v1/customers' -> 'api/v1/customers' */
function firstSegment(path: string): string {
  const [, first = '', second = '', third = ''] = path.split('/', 4);
  return first === 'api' ? `${first}/${second}/${third}` : first;
}

/** Wires a reply of a public handler (no actor, no tenant) the same way. */
export const answer =
  (platform: Platform, work: (req: Request, res: Response) => Promise<Reply>): RequestHandler =>
  async (req, res) => {
    res.locals.route = req.route?.path;
    await send(platform, req, res, await work(req, res), null);
  };
