import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Access } from './access.ts';
import type { Ctx } from './context.ts';
import { type AppError, badRequest } from './errors.ts';
import type { Platform } from './http.ts';
import type { RawQuery } from './list_query.ts';
import type { Action, Views } from './views.ts';

/** Entries of a form: one text a name, on a null prototype. */
export type Body = Record<string, string>;

export interface Input {
  params: Record<string, string>;
  query: RawQuery;
  body: Body;
  /** JSON of the API as it came, unparsed by any schema */
  json: unknown;
  /** path and query as asked for */
  url: string;
  /** API: value of Idempotency-Key, or a form's `_once` */
  once: string;
  /** the raw request, for what streams (uploads, events); everything else is above */
  request: IncomingMessage;
  /** the file that came with the form, on routes that `receive` one */
  file: Upload | null;
  /** for the few handlers that end sessions or call out; services take what they need as arguments */
  platform: Platform;
}

/** An uploaded file, kept under a key of ours; `name` is what its owner called it, cleaned. */
export interface Upload {
  key: string;
  bytes: number;
  name: string;
}

/** What an upload consisted of; `discard` is called when the handler refuses it. */
export interface Received {
  body: Body;
  file: Upload;
  discard(): Promise<void>;
}

/**
 * Reads the stream of an upload, outside of any transaction: a slow sender must not hold a connection of the database.
 * Runs for people and tokens that may use the route; `allow` checks the form's token and must be called before the file.
 */
export type Receive = (input: Input, allow: (token: unknown) => void) => Promise<Received>;

/** What happened, said on the next page, with a way back. */
export interface Said {
  text: string;
  tone?: 'green' | 'amber' | 'red' | 'neutral';
  undo?: { label: string; action: string };
}

/** A page; `fragments` names the view to send when htmx asked for the element of that id alone. */
export interface PageReply<K extends keyof Views = keyof Views> {
  kind: 'page';
  view: K;
  data: Views[K];
  title: string;
  status: number;
  fragments: Partial<Record<string, { view: keyof Views; data: unknown }>>;
  /** 'layout': the frame for signed-in people; 'bare': sign-in, print; 'none': the part alone */
  frame: 'layout' | 'bare' | 'none';
}

export type Reply =
  | PageReply
  | { kind: 'redirect'; to: string; said: Said | null }
  | { kind: 'json'; status: number; body: unknown; headers: Record<string, string> }
  /** stays open and says when one of the topics was announced; the handler is asked again at every heartbeat */
  | { kind: 'events'; topics: readonly string[] }
  | { kind: 'stream'; type: string; file_name: string; write: (out: ServerResponse) => Promise<void> }
  | { kind: 'session'; change: SessionChange; to: string; said: Said | null };

/** What only the HTTP layer can do to the session. */
export type SessionChange =
  | {
      do: 'start';
      tenant_id: string;
      user_id: string;
      session_id: string;
      /** id of the new session, whose hash stands in user_sessions already */
      sid: string;
      proven: Proven[];
    }
  | { do: 'end' };

/** A membership whose credentials were shown in this session. */
export interface Proven {
  tenant_id: string;
  user_id: string;
}

export function page<K extends keyof Views>(
  view: K,
  data: Views[K],
  title: string,
  more: Partial<Pick<PageReply, 'status' | 'fragments' | 'frame'>> = {},
): Reply {
  return { kind: 'page', view, data, title, status: 200, fragments: {}, frame: 'layout', ...more } as Reply;
}

/** 303 to one of our own pages. @param to a path; anything else is a mistake of ours and throws */
export function redirect(to: string, said: Said | null = null): Reply {
  return { kind: 'redirect', to: safePath(to), said };
}

export const json = (body: unknown, status = 200, headers: Record<string, string> = {}): Reply => ({
  kind: 'json',
  status,
  body,
  headers,
});

/** A download; `write` runs after the request's transaction and opens its own. */
export const stream = (type: string, fileName: string, write: (out: ServerResponse) => Promise<void>): Reply => ({
  kind: 'stream',
  type,
  file_name: fileName,
  write,
});

/** Server-sent events about what other transactions announce. @param topics of the actor's tenant, see platform/live.ts */
export const events = (...topics: string[]): Reply => ({ kind: 'events', topics });

/** A path of our own site, or '/' for anything that would leave it. */
export function safePath(to: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: browsers drop them, which turns /\t/evil into //evil
  if (!to.startsWith('/') || /[\\\u0000-\u001f]/.test(to)) return '/';
  const here = 'http://rapport.invalid';
  const url = URL.canParse(to, here) ? new URL(to, here) : null;
  return url?.origin === here && !url.pathname.startsWith('//') ? url.pathname + url.search + url.hash : '/';
}

export type Handler = (ctx: Ctx, input: Input) => Promise<Reply>;
/** Turns a refused write (409, 422) into a page that keeps what was typed; runs in a new transaction. */
export type Refused = (ctx: Ctx, input: Input, error: AppError) => Promise<Reply>;

export interface Route {
  method: 'get' | 'post' | 'delete' | 'patch';
  path: string;
  access: Access;
  handler: Handler;
  refused: Refused | null;
  /** 'web' answers pages to sessions, 'api' answers JSON to tokens */
  surface: 'web' | 'api';
  /** the request body is a stream which this reads before the handler runs */
  receive: Receive | null;
  /** name of the entity whose id is `:id`, for the test matrix */
  entity: string | null;
  /** what GET asks for has something written: the line in the trail for an export, an answer that is kept */
  writes: boolean;
  /** operation object of OpenAPI, for what no entity describes */
  describes: Record<string, unknown> | null;
}

interface Options {
  refused?: Refused;
  receive?: Receive;
  entity?: string;
  writes?: boolean;
  describes?: Record<string, unknown>;
}

/** Collects a module's routes; the access is a required argument. */
export class Routes {
  readonly list: Route[] = [];
  readonly #surface: Route['surface'];

  constructor(surface: Route['surface'] = 'web') {
    this.#surface = surface;
  }

  #add(method: Route['method'], path: string, access: Access, handler: Handler, options: Options): this {
    if (!access) throw new Error(`${method} ${path} names no access`);
    this.list.push({
      method,
      path,
      access,
      handler,
      refused: options.refused ?? null,
      surface: this.#surface,
      receive: options.receive ?? null,
      entity: options.entity ?? null,
      writes: options.writes ?? method !== 'get',
      describes: options.describes ?? null,
    });
    return this;
  }

  get(path: string, access: Access, handler: Handler, options: Options = {}): this {
    return this.#add('get', path, access, handler, options);
  }

  post(path: string, access: Access, handler: Handler, options: Options = {}): this {
    return this.#add('post', path, access, handler, options);
  }

  patch(path: string, access: Access, handler: Handler, options: Options = {}): this {
    return this.#add('patch', path, access, handler, options);
  }

  delete(path: string, access: Access, handler: Handler, options: Options = {}): this {
    return this.#add('delete', path, access, handler, options);
  }
}

/** One entry of a form, '' when absent. */
export const entry = (body: Body, name: string): string => (Object.hasOwn(body, name) ? body[name]! : '');

/** A whole number a form must carry, such as a version. @throws 400 */
export function wholeNumber(text: string, what: string): number {
  if (!/^\d{1,9}$/.test(text))
    throw badRequest(`The form is incomplete: ${what} is missing. Reload the page and try again.`);
  return Number(text);
}

/** A button that posts, with the token it needs. */
export const button = (
  ctx: Pick<Ctx, 'csrf'>,
  label: string,
  action: string,
  icon = '',
  more: { name: string; value: string }[] = [],
): Action => ({
  label,
  action,
  icon,
  tone: 'neutral',
  hidden: [{ name: '_csrf', value: ctx.csrf }, ...more],
});
