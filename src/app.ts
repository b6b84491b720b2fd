import { randomUUID } from 'node:crypto';
import http from 'node:http';
import { Socket } from 'node:net';
import express, { type Application, type Request, type Response } from 'express';
import helmet from 'helmet';
import { errorHandler } from './kernel/error_pages.ts';
import { notFound } from './kernel/errors.ts';
import { mountRoutes, type Platform } from './kernel/http.ts';
import { VARY } from './kernel/render.ts';
import { allRoutes, modules } from './modules/index.ts';

/** What the process knows about itself. */
export interface Health {
  /** can serve: database and session store answer, and we are not stopping */
  ready(): Promise<string | null>;
}

const REQUEST_ID = /^[\w-]{8,64}$/;

/** The order of middleware, on one screen. */
export function createApp(platform: Platform, health: Health): Application {
  const { config, log, metrics } = platform;
  // Nothing secret stands in a line of the access log, and looking for it takes longer than writing the line.
  const access = log.child({}, { redact: [] });
  const app = express();
  app.disable('x-powered-by');
  app.set('trust proxy', config.trust_proxy);
  app.set('query parser', 'simple');
  app.set('case sensitive routing', true);
  app.set('etag', false);

  app.use((req, res, next) => {
    const given = req.get('x-request-id') ?? '';
    res.locals.request_id = REQUEST_ID.test(given) ? given : randomUUID();
    res.locals.nonce = randomUUID(); // 122 random bits, of which Node keeps a supply: asking the system each time is slow
    res.set('X-Request-Id', res.locals.request_id);
    const started = performance.now();
    res.on('finish', () => {
      const ms = performance.now() - started;
      const route = (res.locals.route as string | undefined) ?? 'unmatched';
      metrics.requests.labels(req.method, route, String(res.statusCode)).observe(ms / 1000);
      const entry = {
        request_id: res.locals.request_id,
        method: req.method,
        route,
        status: res.statusCode,
        ms: Math.round(ms * 10) / 10,
        tenant: res.locals.ctx?.tenant.id,
        user: res.locals.ctx?.actor.id,
        ip: req.ip,
      };
      if (res.statusCode === 403) access.warn(entry, 'refused');
      else access.info(entry, 'request');
    });
    next();
  });

  app.use(securityHeaders(config.secure));
  app.get('/healthz', (_req, res) => void res.type('text').send('ok\n'));
  app.get('/readyz', async (_req, res) => {
    const reason = await health.ready();
    res
      .status(reason ? 503 : 200)
      .type('text')
      .send(`${reason ?? 'ready'}\n`);
  });
  app.get('/metrics', (req, res, next) => void metricsPage(platform, req, res).catch(next));
  app.use(platform.assets.handler);
  // A program has a token; it gets no session, and none is looked for.
  app.use((req, res, next) => (req.path.startsWith('/api/') ? next() : platform.sessions.middleware(req, res, next)));

  for (const module of modules) module.open?.(app, platform);
  mountRoutes(app, platform, allRoutes(platform));
  app.use(() => {
    throw notFound();
  });
  app.use(errorHandler(platform));
  return app;
}

/** Stands in the policy for the nonce, which is another with every answer. */
const NONCE = 'NONCE';

/** One policy for every answer, errors and downloads included; written once, since only the nonce changes. */
function securityHeaders(secure: boolean) {
  const policy = helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'", `'nonce-${NONCE}'`],
        styleSrc: ["'self'"],
        imgSrc: ["'self'", 'data:'],
        fontSrc: ["'self'"],
        connectSrc: ["'self'"],
        formAction: ["'self'"],
        frameAncestors: ["'none'"],
        baseUri: ["'none'"],
        objectSrc: ["'none'"],
      },
    },
    strictTransportSecurity: secure ? { maxAge: 63_072_000, includeSubDomains: true } : false,
    referrerPolicy: { policy: 'same-origin' },
    crossOriginOpenerPolicy: { policy: 'same-origin' },
    crossOriginResourcePolicy: { policy: 'same-origin' },
    xFrameOptions: { action: 'deny' },
  });
  const written = new http.ServerResponse(new http.IncomingMessage(new Socket()));
  written.setHeader('Cache-Control', 'private, no-store');
  written.setHeader('Vary', VARY);
  written.setHeader('Permissions-Policy', 'camera=(), geolocation=(), microphone=(), payment=(), usb=()');
  policy(written.req, written, (error?: unknown) => {
    if (error) throw error;
  });
  const CSP = 'content-security-policy';
  const [before, after] = String(written.getHeader(CSP)).split(NONCE);
  written.removeHeader(CSP);
  const headers = written.getHeaderNames().map((name) => [name, String(written.getHeader(name))] as const);
  return (_req: Request, res: Response, next: () => void) => {
    for (const [name, value] of headers) res.setHeader(name, value);
    res.setHeader(CSP, `${before}${res.locals.nonce}${after}`);
    next();
  };
}

/** Prometheus' page: for this machine, or for whoever has the token. */
async function metricsPage({ config, metrics }: Platform, req: Request, res: Response): Promise<void> {
  const local = /^(::1|(::ffff:)?127\.)/.test(req.socket.remoteAddress ?? '') && !req.get('x-forwarded-for');
  const allowed = config.metrics_token ? req.get('authorization') === `Bearer ${config.metrics_token}` : local;
  if (!allowed) throw notFound();
  res.type(metrics.type).send(await metrics.page());
}
