// A product with two companies that both use one real OpenID provider.
import type { Response } from 'supertest';
import { secretPlace } from '../../../src/modules/session/provider.service.ts';
import { seal } from '../../../src/platform/secrets.ts';
import { type Agent, startApp, type TestApp } from '../../helpers/app.ts';
import { makeTenant, type TestTenant } from '../../helpers/fixture.ts';
import { type Idp, startIdp, walkThrough } from '../../helpers/idp.ts';
import { sql } from './ground.ts';

export interface SsoGround {
  app: TestApp;
  idp: Idp;
  acme: TestTenant;
  globex: TestTenant;
  stop(): Promise<void>;
}

/** Characters that must survive the Authorization header. */
const ODD_SECRET = 'secret:with%odd+characters&=/?';

export async function ssoGround(env: Record<string, string> = {}): Promise<SsoGround> {
  const app = await startApp({ env });
  const acme = await makeTenant(app.database.url, app.platform, 'acme');
  const globex = await makeTenant(app.database.url, app.platform, 'globex');
  const back = (slug: string) => `${app.url}/login/sso/${slug}/callback`;
  const clients = [
    { id: 'rapport-acme', secret: ODD_SECRET, redirect: back('acme') },
    { id: 'rapport-globex', secret: 'plain', redirect: back('globex'), auth: 'client_secret_post' as const },
  ];
  const idp = await startIdp(clients, {
    'sub-anna': { email: 'anna@acme.example', email_verified: true, name: 'Anna Novak' },
  });
  for (const [tenant, client] of [
    [acme, clients[0]!],
    [globex, clients[1]!],
  ] as const)
    await sql(
      app,
      `insert into sso_providers (tenant_id, name, issuer, client_id, client_secret, token_auth, email_domains,
         just_in_time, default_role, enabled)
       values ($1, $2, $3, $4, $5, $6, $7, true, 'sales', true)`,
      [
        tenant.id,
        `${tenant.slug} account`,
        idp.issuer,
        client.id,
        seal(app.platform.config.session_secret, secretPlace(tenant.id), client.secret),
        'auth' in client ? 'post' : 'basic',
        [`${tenant.slug}.example`],
      ],
    );
  return {
    app,
    idp,
    acme,
    globex,
    stop: async () => {
      await app.stop();
      await idp.close();
    },
  };
}

/** Address at the provider that a browser is sent to. @param who subject or e-mail, filled in at the provider */
export async function leaveFor(agent: Agent, slug: string, who: string, query = ''): Promise<URL> {
  const answer = await agent.get(`/login/sso/${slug}${query}`);
  if (answer.status !== 303) throw new Error(`not sent away: ${answer.status} ${answer.text.slice(0, 400)}`);
  const url = new URL(answer.headers.location!);
  url.searchParams.set('login_hint', who);
  return url;
}

/** Path and query of the address a browser comes back to. */
export async function backFrom(away: URL): Promise<string> {
  const url = new URL(await walkThrough(away.href));
  return url.pathname + url.search;
}

/** The whole way: to the provider, back, in. */
export async function viaProvider(agent: Agent, slug: string, who: string, query = ''): Promise<Response> {
  return agent.get(await backFrom(await leaveFor(agent, slug, who, query)));
}
