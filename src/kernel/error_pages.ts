import type { NextFunction, Request, Response } from 'express';
import { csrfToken } from '#src/platform/csrf.ts';
import type { Ctx } from './context.ts';
import { readable, SignedOut } from './errors.ts';
import type { Platform } from './http.ts';
import { sendPage, sendRedirect } from './render.ts';
import { safePath } from './routes.ts';

const WORDS: Record<number, string> = {
  400: 'That did not work',
  401: 'Please sign in',
  403: 'Not allowed',
  404: 'Nothing here',
  409: 'Changed by somebody else',
  413: 'Too large',
  422: 'Please correct this',
  429: 'Slow down',
  500: 'Something went wrong on our side',
  503: 'Not available right now',
  507: 'No room left',
};

/** The last stop of every request: what went wrong in words a person can act on, with the id to quote. */
export function errorHandler(platform: Platform) {
  return async (error: unknown, req: Request, res: Response, next: NextFunction): Promise<void> => {
    const api = req.path.startsWith('/api/');
    const requestId = String(res.locals.request_id ?? '');
    if (res.headersSent) {
      platform.log.error({ err: error, request_id: requestId }, 'failed while answering');
      next(error);
      return;
    }
    if (error instanceof SignedOut) {
      if (api) {
        res
          .status(401)
          .set('WWW-Authenticate', 'Bearer')
          .json({ error: 'Send a valid token: Authorization: Bearer …', details: {}, request_id: requestId });
        return;
      }
      if (req.session?.rapport) await new Promise<void>((resolve) => req.session.destroy(() => resolve()));
      const here = req.method === 'GET' ? req.originalUrl : '/';
      sendRedirect(req, res, `/login?next=${encodeURIComponent(safePath(here))}`);
      return;
    }
    res.removeHeader('Content-Disposition'); // a download that failed before it began is a page after all
    const known = readable(error);
    const status = known?.status ?? 500;
    if (!known) platform.log.error({ err: error, request_id: requestId, route: res.locals.route }, 'request failed');
    else if (status >= 503) platform.log.warn({ err: error, request_id: requestId }, 'dependency unavailable');
    if (known?.details.retry_after) res.set('Retry-After', known.details.retry_after);
    const text = known?.message ?? 'The fault is noted. Try again; if it happens again, tell us the number below.';
    if (api) {
      res.status(status).json({ error: text, details: known?.details ?? {}, request_id: requestId });
      return;
    }
    const ctx = (res.locals.ctx as Ctx | undefined) ?? null;
    const data = {
      status,
      heading: WORDS[status] ?? 'That did not work',
      text: [text, ...Object.values(known?.details ?? {}).filter((d) => !/^\d+$/.test(d))].join(' '),
      request_id: requestId,
      action: { label: 'Go to the start page', href: '/', icon: 'home' },
    };
    const reply = {
      kind: 'page',
      view: '_part/error',
      data,
      title: data.heading,
      status,
      fragments: {},
      frame: ctx ? 'layout' : 'bare',
    } as const;
    const seed = req.session?.rapport?.seed ?? '';
    const csrf = seed ? csrfToken(platform.config.session_secret, seed) : '';
    sendPage(req, res, reply, platform.frames(req, res, { ctx, csrf, said: null }));
  };
}
