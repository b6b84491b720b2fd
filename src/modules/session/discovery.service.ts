import { z } from 'zod';
import { callOut, OutboundError } from '#src/platform/outbound.ts';

/** Signatures by a key that only the provider has; `none` and the HS family (our own secret) are not among them. */
const ALGORITHMS = new Set([
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  ...['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'],
]);

const address = z.string().max(2_000);
const Document = z.object({
  issuer: z.string(),
  authorization_endpoint: address,
  token_endpoint: address,
  jwks_uri: address,
  userinfo_endpoint: address.optional(),
  response_types_supported: z.array(z.string()).optional(),
  id_token_signing_alg_values_supported: z.array(z.string()).optional(),
  code_challenge_methods_supported: z.array(z.string()).optional(),
  token_endpoint_auth_methods_supported: z.array(z.string()).optional(),
  authorization_response_iss_parameter_supported: z.boolean().optional(),
});

/** What a provider says about itself, checked. */
export interface ProviderMetadata {
  issuer: string;
  authorization_endpoint: string;
  token_endpoint: string;
  jwks_uri: string;
  userinfo_endpoint: string | null;
  /** accepted signatures of ID tokens, never empty */
  algorithms: string[];
  /** answers carry `iss`, so one without is refused (RFC 9207) */
  sends_issuer: boolean;
  /** ways to show the client secret; null: not said */
  token_auth: string[] | null;
  /** the provider says that it checks PKCE; many do without saying so */
  says_pkce: boolean;
}

/** Why a provider cannot be used, in words for the administrator who entered it. */
export class DiscoveryError extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'DiscoveryError';
  }
}

/** An address people or we are sent to: https, or anything on a private network where that is allowed. */
function checkEndpoint(name: string, value: string, allowInside: boolean): void {
  const url = URL.canParse(value) ? new URL(value) : null;
  if (!url || !(url.protocol === 'https:' || (allowInside && url.protocol === 'http:')) || url.username || url.hash)
    throw new DiscoveryError(`The provider's ${name} is not an https address: ${value.slice(0, 200)}`);
}

async function fetchDocument(issuer: string, allowInside: boolean): Promise<unknown> {
  const where = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
  try {
    const answer = await callOut(where, { headers: { accept: 'application/json' } }, allowInside);
    if (answer.status !== 200)
      throw new DiscoveryError(`${where} answers with status ${answer.status}. Check the issuer for typing errors.`);
    return JSON.parse(answer.body.toString('utf8'));
  } catch (error) {
    if (error instanceof OutboundError) throw new DiscoveryError(error.message, error);
    if (error instanceof SyntaxError)
      throw new DiscoveryError(`${where} is not a description of a provider (no JSON). Check the issuer.`, error);
    throw error;
  }
}

/**
 * Reads a provider's description from its issuer alone.
 * @throws DiscoveryError when it cannot be read, speaks for another issuer, or cannot sign in a way we trust
 */
export async function discover(issuer: string, allowInside: boolean): Promise<ProviderMetadata> {
  const parsed = Document.safeParse(await fetchDocument(issuer, allowInside));
  if (!parsed.success) {
    const missing = [...new Set(parsed.error.issues.map((i) => i.path.join('.')))].join(', ');
    throw new DiscoveryError(`The provider's description lacks or garbles: ${missing}.`);
  }
  const found = parsed.data;
  if (found.issuer !== issuer)
    throw new DiscoveryError(
      `The provider calls itself "${found.issuer.slice(0, 200)}". Enter exactly that as issuer, to the last slash.`,
    );
  for (const name of ['authorization_endpoint', 'token_endpoint', 'jwks_uri', 'userinfo_endpoint'] as const) {
    if (found[name] !== undefined) checkEndpoint(name, found[name], allowInside);
  }
  const algorithms = (found.id_token_signing_alg_values_supported ?? ['RS256']).filter((a) => ALGORITHMS.has(a));
  if (!algorithms.length)
    throw new DiscoveryError('The provider signs in no way that can be trusted (RS256 or better).');
  if (found.response_types_supported && !found.response_types_supported.includes('code'))
    throw new DiscoveryError('The provider does not offer the authorisation code flow.');
  const pkce = found.code_challenge_methods_supported;
  if (pkce && !pkce.includes('S256')) throw new DiscoveryError('The provider does not offer PKCE with S256.');
  return {
    issuer,
    authorization_endpoint: found.authorization_endpoint,
    token_endpoint: found.token_endpoint,
    jwks_uri: found.jwks_uri,
    userinfo_endpoint: found.userinfo_endpoint ?? null,
    algorithms,
    sends_issuer: found.authorization_response_iss_parameter_supported ?? false,
    token_auth: found.token_endpoint_auth_methods_supported ?? null,
    says_pkce: pkce !== undefined,
  };
}
