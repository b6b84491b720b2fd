import type { Request, Response } from 'express';
import { csrfToken } from '#src/platform/csrf.ts';
import { type Actor, actorOf, askWho, type Caller, presumed, stillIs, tokenOf } from './actor.ts';
import { type Ctx, demand } from './context.ts';
import { AppError, badRequest, SignedOut } from './errors.ts';
import { checkOrigin, checkToken } from './form_tokens.ts';
import type { Platform } from './http.ts';
import { type Body, entry, type Input, json, type Received, type Reply, type Route } from './routes.ts';
import { READ_ONLY, type Row, readTenant, TRIES, withTenant } from './tenant_db.ts';

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

/** Who asks: a program by its token, a browser by its session. @throws SignedOut when nobody does */
async function callerOf(platform: Platform, { surface }: Route, req: Request): Promise<Caller> {
  if (surface === 'api') {
    const token = await tokenOf(platform.pools, req.get('authorization') ?? '');
    if (token) return token;
  } else {
    const session = req.session?.rapport;
    if (session)
      return { by: 'session', id: session.session_id, tenant_id: session.tenant_id, user_id: session.user_id };
  }
  throw new SignedOut();
}

/** Somebody else than the last time, who was presumed to ask. */
class Changed extends Error {}

/** Runs a route for somebody signed in: one transaction, closed before anything is rendered. */
export async function runRoute(platform: Platform, route: Route, req: Request, res: Response): Promise<[Reply, Ctx]> {
  const api = route.surface === 'api';
  const caller = await callerOf(platform, route, req);
  if (api) await platform.limitToken(caller.id);
  if (!api && req.method !== 'GET' && req.method !== 'HEAD') {
    checkOrigin(platform, req);
    if (!route.receive) checkToken(platform, req, res, (req.body as Body | undefined)?._csrf);
  }
  const input = readInput(platform, req, route);
  const more = {
    via: api ? ('api' as const) : ('web' as const),
    ip: req.ip ?? null,
    request_id: String(res.locals.request_id),
    csrf: api ? '' : csrfToken(platform.config.session_secret, req.session.rapport!.seed),
    session_id: api ? null : caller.id,
  };
  const pool = platform.pools.app;
  const asks = async (actor: Actor, db: Ctx['db'], work: (ctx: Ctx) => Promise<Reply>): Promise<[Reply, Ctx]> => {
    const ctx = makeCtx(actor, db, more);
    if (req.method === 'GET') ctx.names_mark = actor.names_mark; // one that writes may be taken back, with the names it saw
    res.locals.ctx = ctx;
    if (route.access.kind === 'permission') demand(ctx, route.access.permission);
    return [await work(ctx), ctx];
  };
  const inTenant = (work: (ctx: Ctx) => Promise<Reply>) => {
    const enter = async (db: Ctx['db'], opened: Row[]) => {
      const actor = await actorOf(db, caller, opened);
      if (!actor) throw new SignedOut();
      return asks(actor, db, work);
    };
    return withTenant(pool, caller.tenant_id, enter, TRIES, askWho(caller));
  };
  // Begun as whoever it was the last time, which is known for certain before anything of it is used (decision 0012).
  const reading = async (work: (ctx: Ctx) => Promise<Reply>) => {
    const before = !route.writes && presumed(caller);
    if (!before) return inTenant(work);
    const enter = async (db: Ctx['db'], opened: Promise<Row[]>) => {
      const begun = asks(before.actor, db, work);
      await begun.catch(() => {}); // to its end, which needs the connection
      if (!stillIs(before, await opened)) throw new Changed();
      return begun;
    };
    try {
      return await readTenant(pool, caller.tenant_id, enter, askWho(caller));
    } catch (error) {
      const again = error instanceof Changed || (error as { code?: string }).code === READ_ONLY;
      if (!again) throw error;
      res.locals.ctx = undefined;
      return inTenant(work);
    }
  };
  let received: Received | null = null;
  try {
    if (route.receive) {
      await inTenant(async () => json(null)); // signed in and allowed, before a byte is taken
      received = await route.receive(input, (sent) => api || checkToken(platform, req, res, sent));
      Object.assign(input, { body: received.body, file: received.file, once: once(req, received.body) });
    }
    return await reading((ctx) => route.handler(ctx, input));
  } catch (error) {
    await received?.discard();
    const refused = error instanceof AppError && (error.status === 409 || error.status === 422) ? error : null;
    if (!refused || !route.refused) throw error;
    return await inTenant((ctx) => route.refused!(ctx, input, refused));
  }
}
