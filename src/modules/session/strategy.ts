import { createHash } from 'node:crypto';
import passport from 'passport';
// passport-openidconnect ships no types; what is used of it is described below.
// @ts-expect-error
import OpenIDConnectStrategy from 'passport-openidconnect';
import { callOut } from '#src/platform/outbound.ts';
import type { ProviderMetadata } from './discovery.service.ts';
import { type Claims, Refusal, type TokenCheck, tokenCheck } from './id_token.ts';

export interface ProviderSettings {
  client_id: string;
  client_secret: string;
  token_auth: 'basic' | 'post';
  callback: string;
  allow_inside: boolean;
}

/** What must still be known when somebody comes back from the provider. */
export interface Flow {
  state: string;
  nonce: string;
  verifier: string;
}

type Exchange = (
  code: string,
  params: Record<string, string>,
  done: (error: unknown, ...result: unknown[]) => void,
) => void;
type Verify = (...given: unknown[]) => void;

/** The parts of passport-openidconnect 0.1.2 that are stood upon. */
interface Base {
  authenticate(req: { query: Record<string, string> }, options: object): void;
  success(user: unknown): void;
  fail(info: { message?: string } | undefined): void;
  error(error: unknown): void;
  redirect(url: string): void;
  _oauth2: { getOAuthAccessToken: Exchange };
  _stateStore: {
    store(
      req: unknown,
      ctx: { nonce: string },
      state: unknown,
      meta: unknown,
      done: (e: unknown, state?: string) => void,
    ): void;
    verify(req: unknown, handle: string, done: (e: unknown, ctx: { nonce: string }) => void): void;
  };
}
const Strategy = OpenIDConnectStrategy as new (options: object, verify: Verify) => Base;

/** Nobody may reach the library's own storage: each request brings its own. */
const NO_STORE = {
  store: () => {
    throw new Error('a request brings its own state');
  },
  verify: () => {
    throw new Error('a request brings its own state');
  },
};

/**
 * passport-openidconnect made safe. By itself it never checks the ID token's signature, knows no PKCE, keeps one state
 * per host and speaks to the provider by itself (STACK.md, item 5); here every one of these is replaced.
 * One instance serves a provider, but never a request: `leave` and `arrive` work on an object of their own.
 */
export class SafeStrategy extends Strategy {
  readonly metadata: ProviderMetadata;
  readonly settings: ProviderSettings;
  readonly check: TokenCheck;

  constructor(settings: ProviderSettings, metadata: ProviderMetadata) {
    // Nine arguments, the request among them, make the library hand over the token answer, in which the verified claims travel.
    const verify: Verify = (_req, _issuer, _profile, _context, _token, _access, _refresh, answer, done) =>
      (done as (error: unknown, user: unknown) => void)(null, answer);
    super(
      {
        issuer: metadata.issuer,
        authorizationURL: metadata.authorization_endpoint,
        tokenURL: metadata.token_endpoint,
        clientID: settings.client_id,
        callbackURL: settings.callback,
        scope: ['email', 'profile'],
        nonce: true,
        passReqToCallback: true,
        skipUserProfile: true,
        store: NO_STORE,
      },
      verify,
    );
    this.metadata = metadata;
    this.settings = settings;
    this.check = tokenCheck(metadata, settings.allow_inside);
  }

  /** Called by the library: what the address of the provider carries besides the usual. */
  authorizationParams({ challenge }: { challenge: string }): Record<string, string> {
    return { code_challenge: challenge, code_challenge_method: 'S256' };
  }
}

interface Tokens {
  id_token: string;
  access_token: string | null;
}

async function exchange(strategy: SafeStrategy, code: string, params: Record<string, string>): Promise<Tokens> {
  const { settings, metadata } = strategy;
  const form = new URLSearchParams({ ...params, code });
  const headers: Record<string, string> = {
    'content-type': 'application/x-www-form-urlencoded',
    accept: 'application/json',
  };
  if (settings.token_auth === 'basic') {
    const [id, secret] = [settings.client_id, settings.client_secret].map(formEncoded);
    headers.authorization = `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`;
  } else {
    form.set('client_id', settings.client_id);
    form.set('client_secret', settings.client_secret);
  }
  const call = { method: 'POST' as const, headers, body: form.toString() };
  const answer = await callOut(metadata.token_endpoint, call, settings.allow_inside);
  const body = parsed(answer.body);
  if (answer.status !== 200) {
    const code = typeof body.error === 'string' ? body.error.replace(/[^\w.-]/g, '').slice(0, 60) : 'no reason given';
    throw new Refusal(`token endpoint answered ${answer.status}: ${code}`);
  }
  if (typeof body.id_token !== 'string') throw new Refusal('token endpoint sent no ID token');
  return { id_token: body.id_token, access_token: typeof body.access_token === 'string' ? body.access_token : null };
}

/** RFC 6749, 2.3.1: both halves are form-encoded before they are joined. */
const formEncoded = (text: string): string => new URLSearchParams({ '': text }).toString().slice(1);

function parsed(body: Buffer): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    return value && typeof value === 'object' ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

/**
 * The address to send somebody to.
 * @param hint an e-mail to fill in at the provider; ''
 * @returns the address and what `arrive` will need
 */
export function leave(
  strategy: SafeStrategy,
  secrets: Pick<Flow, 'state' | 'verifier'>,
  hint: string,
): Promise<[string, Flow]> {
  const one = Object.create(strategy) as SafeStrategy;
  const challenge = createHash('sha256').update(secrets.verifier).digest('base64url');
  return new Promise((resolve, reject) => {
    let nonce = '';
    one._stateStore = {
      ...NO_STORE,
      store: (_req, ctx, _state, _meta, done) => {
        nonce = ctx.nonce;
        done(null, secrets.state);
      },
    };
    one.redirect = (url) => resolve([url, { ...secrets, nonce }]);
    one.error = reject;
    one.fail = (info) => reject(new Error(info?.message ?? 'could not start'));
    one.authenticate({ query: {} }, { challenge, ...(hint ? { loginHint: hint } : {}) });
  });
}

/** What the provider sent along, once each. */
export interface Returned {
  code: string;
  state: string;
  iss: string | null;
}

export interface Arrived {
  claims: Claims;
  access_token: string | null;
}

/**
 * Who came back. @throws Refusal when anything does not fit; OutboundError when the provider does not answer
 */
export async function arrive(strategy: SafeStrategy, flow: Flow, returned: Returned): Promise<Arrived> {
  const { metadata, settings, check } = strategy;
  if (returned.state !== flow.state) throw new Refusal('state belongs to another sign-in');
  if (returned.iss === null ? metadata.sends_issuer : returned.iss !== metadata.issuer)
    throw new Refusal('the answer came from another provider (iss)');
  const one = Object.create(strategy) as SafeStrategy;
  return new Promise((resolve, reject) => {
    one._stateStore = { ...NO_STORE, verify: (_req, _handle, done) => done(null, { nonce: flow.nonce }) };
    one._oauth2 = Object.create(strategy._oauth2);
    one._oauth2.getOAuthAccessToken = (code, params, done) => {
      const work = async () => {
        const tokens = await exchange(strategy, code, { ...params, code_verifier: flow.verifier });
        const claims = await check(tokens.id_token, { client_id: settings.client_id, nonce: flow.nonce });
        done(null, tokens.access_token, undefined, { ...tokens, claims });
      };
      work().catch(reject);
    };
    const outcome = (error: unknown, answer: unknown, info?: { message?: string }) => {
      if (error) return reject(error);
      if (!answer) return reject(new Refusal(info?.message ?? 'refused by the strategy'));
      const { claims, access_token } = answer as Arrived;
      resolve({ claims, access_token });
    };
    // A bare object stands in for the request: the library sees the answer's code and state, and no session.
    const request = { query: { code: returned.code, state: returned.state } };
    passport.authenticate(one as never, { session: false }, outcome)(request as never, {} as never, reject);
  });
}
