import { TooManyTries } from '#src/platform/limits.ts';

/**
 * Errors that people may read. Whatever else is thrown is a fault of ours: it is logged with its stack and shown as
 * "something went wrong" with the request's id.
 */
export class AppError extends Error {
  readonly status: number;
  /** Field name -> what is wrong with it and what to do. */
  readonly details: Record<string, string>;

  constructor(status: number, message: string, details: Record<string, string> = {}) {
    super(message);
    this.name = 'AppError';
    this.status = status;
    this.details = details;
  }
}

/** 400: the address or the request itself is wrong. */
export const badRequest = (message: string, details?: Record<string, string>) => new AppError(400, message, details);
/** 403: known, but not allowed to do this at all. */
export const forbidden = (message = 'Your role does not allow this. Ask an administrator of your company.') =>
  new AppError(403, message);
/** 404: missing and invisible are the same. */
export const notFound = (message = 'There is nothing at this address, or you may not see it.') =>
  new AppError(404, message);
/** 422: the entries need correction; `details` names each field. */
export const invalid = (details: Record<string, string>, message = 'Some entries need correcting.') =>
  new AppError(422, message, details);
/** 429: too many tries; `seconds` until the next may succeed. */
export const tooMany = (seconds: number) =>
  new AppError(429, `Too many tries. Wait ${Math.max(1, Math.ceil(seconds / 60))} min and try again.`, {
    retry_after: String(Math.ceil(seconds)),
  });
/** 503: a part we depend on does not answer. */
export const unavailable = (message = 'Rapport cannot reach its database right now. Try again in a moment.') =>
  new AppError(503, message, { retry_after: '5' });

/** 409: somebody else changed the record since `base_version` was read. Carries what a person needs to choose. */
export class ConflictError extends AppError {
  readonly current: Record<string, unknown>;
  readonly yours: Record<string, unknown>;
  readonly base_version: number;

  constructor(current: Record<string, unknown>, yours: Record<string, unknown>, baseVersion: number) {
    super(409, 'Somebody else changed this record while you were editing it.');
    this.name = 'ConflictError';
    this.current = current;
    this.yours = yours;
    this.base_version = baseVersion;
  }
}

/** Thrown inside the transaction when a session or token no longer stands for anybody. */
export class SignedOut extends Error {}

const UNREACHABLE = /^(08|53|57P0)/;
/** Disk full, quota used up, file larger than allowed; PostgreSQL's disk full. */
const FULL = new Set(['ENOSPC', 'EDQUOT', 'EFBIG', '53100']);
/** What pg says without a code; Knex puts the statement before it. */
const LOST =
  /(^|- )(Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection)/;
const NETWORK = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND']);

/** What a person is told about any thrown value; null means: a fault of ours, say nothing specific. */
export function readable(error: unknown): AppError | null {
  if (error instanceof AppError) return error;
  if (error instanceof TooManyTries) return tooMany(error.seconds);
  const { code, message, status, type } = (error ?? {}) as {
    code?: string;
    message?: string;
    status?: number;
    type?: string;
  };
  if (code === '55P03') return unavailable('Somebody else is changing the same right now. Try again in a moment.');
  if (FULL.has(code ?? ''))
    return new AppError(507, 'There is no room left to keep this, so nothing was saved. Tell whoever runs Rapport.');
  if (code === '57014') return unavailable('This took too long and was stopped. Narrow the list with a filter.');
  if (typeof code === 'string' && (UNREACHABLE.test(code) || NETWORK.has(code))) return unavailable();
  if (LOST.test(message ?? '')) return unavailable();
  // body parsers and the router (URIError) mark what the client did wrong
  if (typeof status === 'number' && status >= 400 && status < 500)
    return new AppError(status, type === 'entity.too.large' ? 'This is too large.' : 'The request could not be read.');
  return null;
}
