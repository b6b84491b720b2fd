import type { Application, Request, RequestHandler, Response } from 'express';
import express from 'express';
import type session from 'express-session';
import type { Config } from '#src/config.ts';
import type { Assets } from '#src/platform/assets.ts';
import { csrfToken, newSeed } from '#src/platform/csrf.ts';
import type { EventStreams } from '#src/platform/event_streams.ts';
import type { Limits } from '#src/platform/limits.ts';
import type { Logger } from '#src/platform/log.ts';
import type { Metrics } from '#src/platform/metrics.ts';
import type { Pools } from '#src/platform/postgres.ts';
import { planSid, type Sessions } from '#src/platform/sessions.ts';
import type { Ctx } from './context.ts';
import { readable } from './errors.ts';
import { formSeed } from './form_tokens.ts';
import { type Frames, sendPage, sendRedirect } from './render.ts';
import { type Proven, type Reply, type Route, type Said, safePath } from './routes.ts';
import { runRoute } from './run_route.ts';

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
  /** counts what a token asks. @throws 429 */
  limitToken(id: string): Promise<void>;
  frames(req: Request, res: Response, who: { ctx: Ctx | null; csrf: string; said: Said | null }): Frames;
  /** own origin, e.g. https://crm.example.com */
  origin(): string;
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
