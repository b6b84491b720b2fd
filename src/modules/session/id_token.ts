import { createRemoteJWKSet, customFetch, errors, type JWTPayload, jwtVerify } from 'jose';
import { callOut } from '#src/platform/outbound.ts';
import type { ProviderMetadata } from './discovery.service.ts';

/** How far a provider's clock may be off, in seconds. */
const SKEW = 120;
/** Oldest token accepted: it was made for the sign-in that is just ending, in seconds. */
const MOST_AGE = 600;

/** Why somebody was not let in; `message` is for the log, `text` for the person. */
export class Refusal extends Error {
  readonly text: string;

  constructor(
    message: string,
    text = 'Your company’s sign-in did not confirm who you are. Try again.',
    cause?: unknown,
  ) {
    super(message, { cause });
    this.name = 'Refusal';
    this.text = text;
  }
}

/** What a verified ID token says. */
export interface Claims extends JWTPayload {
  sub: string;
  nonce: string;
}

export interface Expected {
  client_id: string;
  nonce: string;
}

export type TokenCheck = (token: string, expected: Expected) => Promise<Claims>;

/**
 * Makes the check of a provider's ID tokens: signature by a key from its own key set and by nothing that the token
 * names itself, allowed algorithm, issuer, audience, authorised party, time, nonce. Nothing in a token is looked at
 * before its signature holds. Keys are fetched when an unknown one is named, at most every 30 s.
 */
export function tokenCheck(metadata: ProviderMetadata, allowInside: boolean): TokenCheck {
  const keys = createRemoteJWKSet(new URL(metadata.jwks_uri), {
    timeoutDuration: 5_000,
    [customFetch]: async (url, { headers, signal }) => {
      const answer = await callOut(url, { headers: Object.fromEntries(headers), signal }, allowInside);
      return new Response(new Uint8Array(answer.body), {
        status: answer.status,
        headers: { 'content-type': answer.type },
      });
    },
  });
  return async (token, expected) => {
    const claims = await verified(token, keys, metadata, expected);
    const parties = Array.isArray(claims.aud) ? claims.aud : [claims.aud];
    if (parties.length > 1 && claims.azp === undefined)
      throw new Refusal('ID token for several, authorised party missing');
    if (claims.azp !== undefined && claims.azp !== expected.client_id)
      throw new Refusal('ID token was issued to another client');
    if (!claims.sub || claims.sub.length > 255) throw new Refusal('ID token names nobody');
    if (claims.nonce !== expected.nonce) throw new Refusal('ID token belongs to another sign-in (nonce)');
    return claims;
  };
}

async function verified(
  token: string,
  keys: ReturnType<typeof createRemoteJWKSet>,
  metadata: ProviderMetadata,
  expected: Expected,
): Promise<Claims> {
  try {
    const { payload } = await jwtVerify<Claims>(token, keys, {
      issuer: metadata.issuer,
      audience: expected.client_id,
      algorithms: metadata.algorithms,
      clockTolerance: SKEW,
      maxTokenAge: MOST_AGE,
      requiredClaims: ['sub', 'exp', 'iat', 'nonce'],
    });
    return payload;
  } catch (error) {
    if (error instanceof errors.JOSEError) throw new Refusal(`ID token refused: ${error.message}`, undefined, error);
    throw error;
  }
}
