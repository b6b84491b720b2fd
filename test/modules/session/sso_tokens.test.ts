// What is wrong with an ID token, and that nobody gets in with it. OI-01, OI-02, OI-05, OI-14.
import { createHmac, generateKeyPairSync } from 'node:crypto';
import { SignJWT } from 'jose';
import { claimsOf, forged, resigned, type Tamper, unsigned } from '../../helpers/idp.ts';
import { isSignedIn, sql } from './ground.ts';
import { type SsoGround, ssoGround, viaProvider } from './sso_ground.ts';

let ground: SsoGround;
beforeAll(async () => {
  ground = await ssoGround();
}, 60_000);
afterAll(() => ground?.stop());
afterEach(() => {
  ground.idp.tamper = null;
});

const now = () => Math.floor(Date.now() / 1_000);
const asBoss = (claims: object) => ({ ...claims, sub: 'sub-boss', email: 'boss@acme.example' });
const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** HS256 with something an attacker may know: the client's secret, or the public key as text. */
const hmac =
  (key: string): Tamper =>
  async (token) => {
    const head = `${part({ alg: 'HS256', typ: 'JWT' })}.${part(asBoss(claimsOf(token)))}`;
    return `${head}.${createHmac('sha256', key).update(head).digest('base64url')}`;
  };

const otherKey = generateKeyPairSync('rsa', { modulusLength: 2048 });
const byOtherKey =
  (header: Record<string, unknown>): Tamper =>
  (token) =>
    new SignJWT(asBoss(claimsOf(token)) as never)
      .setProtectedHeader({ alg: 'RS256', ...header })
      .sign(otherKey.privateKey);

const jwk = otherKey.publicKey.export({ format: 'jwk' });

const attacks: [string, Tamper][] = [
  ['changed after signing', forged((c) => asBoss(c))],
  ['without a signature', unsigned],
  ['without a signature, changed', async (token) => `${part({ alg: 'none' })}.${part(asBoss(claimsOf(token)))}.`],
  ['with the signature cut off', async (token) => `${token.split('.').slice(0, 2).join('.')}.`],
  ['signed with the client secret', hmac('secret:with%odd+characters&=/?')],
  ['signed with a public key as a secret', hmac(otherKey.publicKey.export({ type: 'spki', format: 'pem' }).toString())],
  ['signed by a key of the same name', byOtherKey({ kid: 'test-key' })],
  ['signed by an unknown key', byOtherKey({ kid: 'unknown' })],
  ['with its key in the head', byOtherKey({ jwk, kid: 'test-key' })],
  ['with an address of its key in the head', byOtherKey({ jku: 'https://evil.example/keys', kid: 'test-key' })],
  ['of another issuer', resigned((c) => ({ ...c, iss: 'https://evil.example' }))],
  ['of the issuer with a slash more', resigned((c) => ({ ...c, iss: `${c.iss}/` }))],
  ['for another client', resigned((c) => ({ ...c, aud: 'rapport-globex' }))],
  ['for several without a party', resigned((c) => ({ ...c, aud: ['rapport-acme', 'other'], azp: undefined }))],
  ['issued to another party', resigned((c) => ({ ...c, aud: ['rapport-acme', 'other'], azp: 'other' }))],
  ['issued to another party alone', resigned((c) => ({ ...c, azp: 'other' }))],
  ['without audience', resigned(({ aud: _aud, ...c }) => c)],
  ['expired', resigned((c) => ({ ...c, exp: now() - 600 }))],
  ['without an end', resigned(({ exp: _exp, ...c }) => c)],
  ['not valid yet', resigned((c) => ({ ...c, nbf: now() + 600 }))],
  ['made an hour ago', resigned((c) => ({ ...c, iat: now() - 3_600, exp: now() + 3_600 }))],
  ['made in an hour', resigned((c) => ({ ...c, iat: now() + 3_600, exp: now() + 7_200 }))],
  ['of another sign-in', resigned((c) => ({ ...c, nonce: 'another-sign-in-altogether' }))],
  ['without nonce', resigned(({ nonce: _nonce, ...c }) => c)],
  ['about nobody', resigned((c) => ({ ...c, sub: '' }))],
  ['that is no token', async () => 'not.a.token'],
];

test.each(attacks)('an ID token %s lets nobody in', async (_what, tamper) => {
  const { app, idp } = ground;
  idp.tamper = tamper;
  const before = await sql(app, 'select count(*)::int as n from users');
  const agent = app.agent();
  const answer = await viaProvider(agent, 'acme', 'sub-anna');
  expect(answer.status).toBe(403);
  expect(answer.text).toContain('You were not signed in');
  expect(await isSignedIn(agent)).toBe(false);
  expect(await sql(app, 'select count(*)::int as n from users')).toEqual(before);
});

test('the positive control: signed again without a change, it lets in', async () => {
  const { app, idp } = ground;
  idp.tamper = resigned((claims) => claims);
  expect((await viaProvider(app.agent(), 'acme', 'sub-anna')).status).toBe(303);
});

test.each([-90, 90])('a provider whose clock is %i s off still works', async (off) => {
  const { app, idp } = ground;
  idp.tamper = resigned((c) => ({ ...c, iat: c.iat! + off, exp: now() + off + 300, nbf: now() + off }));
  expect((await viaProvider(app.agent(), 'acme', 'sub-anna')).status).toBe(303);
});

test('a token of an earlier sign-in is refused', async () => {
  const { app, idp } = ground;
  let first = '';
  idp.tamper = async (token) => {
    first ||= token;
    return first;
  };
  expect((await viaProvider(app.agent(), 'acme', 'sub-anna')).status).toBe(303);
  expect((await viaProvider(app.agent(), 'acme', 'sub-anna')).status).toBe(403);
});
