import type { Request, Response } from 'express';
import express from 'express';
import { badRequest } from '#src/kernel/errors.ts';
import { checkOrigin, checkToken, formSeed } from '#src/kernel/form_tokens.ts';
import type { Platform } from '#src/kernel/http.ts';
import type { Body } from '#src/kernel/routes.ts';
import type { Hidden } from '#src/kernel/views.ts';
import { csrfToken } from '#src/platform/csrf.ts';

/** Reads the forms of people who are not signed in; they are short. */
export const shortForm = express.urlencoded({ extended: false, limit: '20kb', parameterLimit: 20 });

/**
 * A form sent by somebody who is not signed in, checked to come from our own page in this browser: otherwise a foreign
 * page could sign its reader in to an account of its choice.
 * @throws 403 from elsewhere; 400 when an entry comes twice
 */
export function readPublicForm(platform: Platform, req: Request, res: Response): Body {
  checkOrigin(platform, req);
  const body: Body = Object.create(null);
  for (const [name, value] of Object.entries((req.body ?? {}) as object)) {
    if (typeof value !== 'string') throw badRequest('The form says something twice. Reload the page and try again.');
    body[name] = value;
  }
  checkToken(platform, req, res, body._csrf);
  return body;
}

/** The hidden fields of such a form. */
export const publicHidden = (
  platform: Platform,
  req: Request,
  res: Response,
  more: Record<string, string> = {},
): Hidden[] => [
  { name: '_csrf', value: csrfToken(platform.config.session_secret, formSeed(platform, req, res)) },
  ...Object.entries(more).map(([name, value]) => ({ name, value })),
];

/** A single text of the query; '' when absent or repeated. */
export const queryText = (req: Request, name: string): string => {
  const value = req.query[name];
  return typeof value === 'string' ? value : '';
};
