// A real OpenID provider on loopback for tests. It signs in whoever login_hint names, without pages, and can be told to
// misbehave the way an attacker or a broken provider would.
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, type JWTPayload, SignJWT, UnsecuredJWT } from 'jose';
// oidc-provider ships no types.
// @ts-expect-error
import Provider from 'oidc-provider';

export interface IdpUser {
  email?: string;
  email_verified?: unknown;
  name?: string;
  [claim: string]: unknown;
}

export interface IdpClient {
  id: string;
  secret: string;
  redirect: string;
  auth?: 'client_secret_basic' | 'client_secret_post';
}

/** Rewrites the ID token of the next answers. @returns the token to send instead */
export type Tamper = (token: string, keys: TamperKeys) => Promise<string>;

export interface TamperKeys {
  /** the key whose public half stands in the provider's key set */
  own: KeyObject;
  kid: string;
  issuer: string;
}

export interface Idp {
  issuer: string;
  /** subject -> claims; may be changed while it runs */
  users: Record<string, IdpUser>;
  /** null: an honest provider */
  tamper: Tamper | null;
  /** answers to these paths, in place of the provider's own */
  override: Map<string, http.RequestListener>;
  /** paths asked for so far */
  asked: string[];
  close(): Promise<void>;
}

/** Claims of a token, unchecked. */
export const claimsOf = (token: string): JWTPayload =>
  JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString());

/** Signs changed claims with the provider's own key: only what the claims say is wrong then. */
export const resigned =
  (change: (claims: JWTPayload) => JWTPayload, header: Record<string, unknown> = {}): Tamper =>
  (token, { own, kid }) =>
    new SignJWT(change(claimsOf(token))).setProtectedHeader({ alg: 'RS256', kid, ...header }).sign(own);

/** The same claims without any signature. */
export const unsigned: Tamper = async (token) => new UnsecuredJWT(claimsOf(token)).encode();

/** Changed claims under the old signature. */
export const forged =
  (change: (claims: JWTPayload) => JWTPayload): Tamper =>
  async (token) => {
    const parts = token.split('.');
    parts[1] = Buffer.from(JSON.stringify(change(claimsOf(token)))).toString('base64url');
    return parts.join('.');
  };

type Finish = (chunk: Buffer | string) => unknown;

/** Replaces the ID token in an answer of the token endpoint. */
function tampering(response: http.ServerResponse, tamper: Tamper, keys: TamperKeys): void {
  const end = response.end.bind(response) as Finish;
  (response as { end: unknown }).end = (chunk: Buffer | string) => {
    const body = JSON.parse(chunk.toString()) as { id_token?: string };
    if (!body.id_token) return end(chunk);
    void tamper(body.id_token, keys).then((id_token) => {
      const out = JSON.stringify({ ...body, id_token });
      response.setHeader('content-length', Buffer.byteLength(out));
      end(out);
    });
  };
}

/** Starts a provider that knows these clients and people. */
export async function startIdp(clients: readonly IdpClient[], users: Record<string, IdpUser>): Promise<Idp> {
  let handler: http.RequestListener = (_req, res) => res.writeHead(503).end();
  const server = http.createServer((req, res) => handler(req, res));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const kid = 'test-key';
  const provider = new Provider(issuer, {
    clients: clients.map((client) => ({
      client_id: client.id,
      client_secret: client.secret,
      redirect_uris: [client.redirect],
      response_types: ['code'],
      grant_types: ['authorization_code'],
      token_endpoint_auth_method: client.auth ?? 'client_secret_basic',
    })),
    jwks: { keys: [{ ...(await exportJWK(privateKey)), kid, alg: 'RS256', use: 'sig' }] },
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name', 'role', 'groups', 'tenant_id'] },
    conformIdTokenClaims: false,
    pkce: { required: () => true },
    cookies: { keys: ['only for tests'] },
    findAccount: async (_ctx: unknown, id: string) => ({
      accountId: id,
      claims: async () => ({ sub: id, ...idp.users[id] }),
    }),
    loadExistingGrant: async (ctx: never) => {
      const { oidc } = ctx as {
        oidc: {
          client: { clientId: string };
          session: { accountId: string };
          provider: { Grant: new (o: object) => { addOIDCScope(scope: string): void; save(): Promise<string> } };
        };
      };
      const grant = new oidc.provider.Grant({ clientId: oidc.client.clientId, accountId: oidc.session.accountId });
      grant.addOIDCScope('openid email profile');
      await grant.save();
      return grant;
    },
    interactions: { url: (_ctx: unknown, interaction: { uid: string }) => `/interaction/${interaction.uid}` },
    features: { devInteractions: { enabled: false } },
    ttl: { Session: 600, Interaction: 600, Grant: 600, IdToken: 600, AccessToken: 600, AuthorizationCode: 60 },
  } as never);
  const serve = provider.callback();
  const idp: Idp = {
    issuer,
    users,
    tamper: null,
    override: new Map(),
    asked: [],
    close: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
  const interact: http.RequestListener = async (req, res) => {
    const { params } = await provider.interactionDetails(req, res);
    const accountId = Object.keys(idp.users).find(
      (id) => idp.users[id]!.email === params.login_hint || id === params.login_hint,
    );
    await provider.interactionFinished(req, res, { login: { accountId: accountId ?? Object.keys(idp.users)[0]! } });
  };
  handler = (req, res) => {
    const path = req.url!.split('?')[0]!;
    idp.asked.push(path);
    const own = idp.override.get(path);
    if (own) return void own(req, res);
    if (path.startsWith('/interaction/')) return void interact(req, res);
    if (path === '/token' && idp.tamper) tampering(res, idp.tamper, { own: privateKey, kid, issuer });
    void serve(req, res);
  };
  return idp;
}

/**
 * Walks a browser through the provider, with a jar of its own there.
 * @param start address at the provider
 * @returns the address it sends the browser back to
 */
export async function walkThrough(start: string): Promise<string> {
  const own = new URL(start).origin;
  const jar = new Map<string, string>();
  let url = start;
  for (let i = 0; i < 10; i += 1) {
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
    const answer = await fetch(url, { redirect: 'manual', headers: cookie ? { cookie } : {} });
    for (const line of answer.headers.getSetCookie()) {
      const [pair = ''] = line.split(';');
      jar.set(pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1));
    }
    const location = answer.headers.get('location');
    if (!location)
      throw new Error(
        `the provider stays at ${url}: ${answer.status} ${(await answer.text()).replace(/<style.*?<\/style>|<[^>]*>/gs, ' ').slice(0, 300)}`,
      );
    url = new URL(location, url).href;
    if (!url.startsWith(own)) return url;
  }
  throw new Error('the provider redirects without end');
}
