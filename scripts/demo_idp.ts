// The demo's identity provider: a real OpenID provider on loopback, with its own sign-in page, for acme's second domain.
import { randomBytes } from 'node:crypto';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
// oidc-provider ships no types.
// @ts-expect-error
import Provider from 'oidc-provider';
import type { Platform } from '../src/kernel/http.ts';
import { acrossTenants } from '../src/kernel/system_db.ts';
import { withTenant } from '../src/kernel/tenant_db.ts';
import { secretPlace } from '../src/modules/session/provider.service.ts';
import { callbackAddress } from '../src/modules/session/sso_address.ts';
import { seal } from '../src/platform/secrets.ts';

const TENANT = 'acme';
/** Whoever has an address here signs in at the provider. */
export const DEMO_DOMAIN = 'sso.acme.example';
const NAME = 'Demo provider';
const CLIENT = 'rapport-demo';

interface GrantContext {
  oidc: {
    client: { clientId: string };
    session: { accountId: string };
    provider: { Grant: new (o: object) => { addOIDCScope(scope: string): void; save(): Promise<string> } };
  };
}

/** Whatever name is typed at the provider becomes a person with a verified address. */
const claims = (login: string) => {
  const name = login.split('@')[0] ?? login;
  return { sub: login, name, email: login.includes('@') ? login : `${login}@${DEMO_DOMAIN}`, email_verified: true };
};

/**
 * Starts the provider and tells acme about it, unless acme has set up one of its own.
 * @returns what stops it
 */
export async function startDemoProvider(platform: Platform): Promise<{ stop(): Promise<void> }> {
  const secret = randomBytes(24).toString('base64url');
  let answer: http.RequestListener = (_req, res) => res.writeHead(503).end();
  const server = http.createServer((req, res) => answer(req, res));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: CLIENT,
        client_secret: secret,
        redirect_uris: [callbackAddress(platform.origin(), TENANT)],
        response_types: ['code'],
        grant_types: ['authorization_code'],
      },
    ],
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
    cookies: { keys: [randomBytes(16).toString('hex')] },
    findAccount: async (_ctx: unknown, login: string) => ({ accountId: login, claims: async () => claims(login) }),
    // Nobody is asked whether Rapport may know their name: it is their own company's.
    loadExistingGrant: async ({ oidc }: GrantContext) => {
      const grant = new oidc.provider.Grant({ clientId: oidc.client.clientId, accountId: oidc.session.accountId });
      grant.addOIDCScope('openid email profile');
      await grant.save();
      return grant;
    },
    pkce: { required: () => true },
    ttl: { Session: 3600, Interaction: 3600, Grant: 3600, IdToken: 3600, AccessToken: 3600, AuthorizationCode: 60 },
  });
  answer = provider.callback();
  await tellTenant(platform, issuer, secret);
  return {
    stop: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

/** Port and secret are new at every start, so what acme knows of the provider is written again. */
async function tellTenant({ pools, config }: Platform, issuer: string, secret: string): Promise<void> {
  const [tenant] = await acrossTenants<{ id: string }>(pools.platform, 'select id from tenants where slug = $1', [
    TENANT,
  ]);
  if (!tenant) return;
  await withTenant(pools.app, tenant.id, async (db) => {
    const known = {
      name: NAME,
      issuer,
      client_id: CLIENT,
      client_secret: seal(config.session_secret, secretPlace(tenant.id), secret),
      email_domains: [DEMO_DOMAIN],
      just_in_time: true,
      default_role: 'read_only',
      enabled: true,
    };
    const [present] = (await db.from('sso_providers').select('id', 'name', 'version')) as {
      id: string;
      name: string;
      version: number;
    }[];
    if (!present) await db.insert('sso_providers', known);
    else if (present.name === NAME)
      await db.update('sso_providers', { id: present.id }, { ...known, version: present.version + 1 });
  });
}
