// Signing in with a password: equal answers, limits, secure cookies, a store that is away. PW-01..PW-08, SE-05, SE-15.
import { hash } from '@node-rs/argon2';
import request from 'supertest';
import type { LimitKind } from '../../../src/platform/limits.ts';
import { csrfToken, signIn, startApp, type TestApp } from '../../helpers/app.ts';
import { makeTenant, type TestTenant } from '../../helpers/fixture.ts';
import { startRedis, type TestRedis } from '../../helpers/servers.ts';
import { cookiesOf, isSignedIn, PASSWORD, plain, post, sql, tryAgain, tryPassword } from './ground.ts';

const WRONG = 'this is not it at all';
/** The same thing so many times, or as many as there are numbers. */
const times = <T>(count: number, one: (n: number) => T): T[] => Array.from({ length: count }, (_, n) => one(n));

describe.each([
  ['PostgreSQL', false],
  ['Redis', true],
])('with counts in %s', (_name, redis) => {
  let app: TestApp;
  let acme: TestTenant;
  beforeAll(async () => {
    app = await startApp({ redis });
    acme = await makeTenant(app.database.url, app.platform, 'acme');
  }, 90_000);
  afterAll(() => app?.stop());

  let last = 0;
  /** An address nobody used yet. */
  const address = () => {
    last += 1;
    return `198.18.${last >> 8}.${last & 255}`;
  };

  /** So many wrong tries went before: each takes as long as three passwords, so they are only counted. */
  const counted = async (kind: LimitKind, key: string, tries: number) => {
    for (let n = 0; n < tries; n += 1) await app.platform.limits.consume(kind, key);
  };

  test('ten wrong tries close the account for that address, not for others; the right one then waits', async () => {
    const [from, email] = [address(), acme.users.sales.email];
    expect(
      await tryAgain(
        app.agent(),
        WRONG,
        times(10, () => ({ email, from })),
      ),
    ).toEqual(Array(10).fill(401));
    const closed = await tryPassword(app.agent(), email, PASSWORD, from);
    expect(closed.status).toBe(429);
    expect(Number(closed.headers['retry-after'])).toBeGreaterThan(0);
    expect(Number(closed.headers['retry-after'])).toBeLessThanOrEqual(600);
    expect(closed.text).toContain('Too many tries');
    expect((await tryPassword(app.agent(), email, PASSWORD, address())).status).toBe(303);
    // After the window the right password works again.
    await app.platform.limits.reset('sign_in_account', `${email} ${from}`);
    expect((await tryPassword(app.agent(), email, PASSWORD, from)).status).toBe(303);
  }, 90_000);

  test('twenty wrong tries at the same instant count one by one', async () => {
    const [from, email] = [address(), acme.users.support.email];
    const answers = await Promise.all(Array.from({ length: 20 }, () => tryPassword(app.agent(), email, WRONG, from)));
    const statuses = answers.map((answer) => answer.status);
    expect(statuses.filter((status) => status === 401)).toHaveLength(10);
    expect(statuses.filter((status) => status === 429)).toHaveLength(10);
  }, 90_000);

  test('a right password forgets the wrong ones before it', async () => {
    const [from, email] = [address(), acme.users.csm.email];
    const nine = times(9, () => ({ email, from }));
    await tryAgain(app.agent(), WRONG, nine);
    expect((await tryPassword(app.agent(), email, PASSWORD, from)).status).toBe(303);
    expect(await tryAgain(app.agent(), WRONG, nine)).toEqual(Array(9).fill(401));
  }, 90_000);

  test('one address that tries many accounts is stopped', async () => {
    const from = address();
    await counted('sign_in_address', from, 55);
    const tries = times(7, (n) => ({ email: `nobody${n}@acme.example`, from }));
    expect(await tryAgain(app.agent(), WRONG, tries)).toEqual([...Array(5).fill(401), 429, 429]);
  }, 90_000);

  test('many addresses against one account are stopped, but not the browser of its owner', async () => {
    const email = acme.users.manager.email;
    const owner = app.agent();
    expect((await tryPassword(owner, email, PASSWORD, address())).status).toBe(303);
    await post(owner, '/logout', {}, { from: '/me/sessions' });
    await counted('sign_in_everywhere', email, 25);
    await tryAgain(
      app.agent(),
      WRONG,
      times(5, () => ({ email, from: address() })),
    );
    expect((await tryPassword(app.agent(), email, PASSWORD, address())).status).toBe(429);
    expect((await tryPassword(owner, email, PASSWORD, address())).status).toBe(303);
    // The owner's mark is for the owner's account alone, and cannot be made up.
    const thief = app.agent();
    const forged = await thief
      .get('/login')
      .set('Cookie', 'rapport-known=AAAAAAAAAAAAAAAAAAAAAA.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA');
    expect(forged.status).toBe(200);
  }, 90_000);

  test('what a stranger claims about his address does not help him when he is no proxy', async () => {
    // The test's own address is loopback, a trusted proxy; what came through it is what counts, not what it says itself.
    const chain = (n: number) => `203.0.113.${n}, 192.0.2.77`;
    const { email } = acme.users.field_tech;
    await tryAgain(
      app.agent(),
      WRONG,
      times(10, (n) => ({ email, from: chain(n) })),
    );
    expect((await tryPassword(app.agent(), email, PASSWORD, chain(99))).status).toBe(429);
  }, 90_000);
});

describe('answers', () => {
  let app: TestApp;
  let acme: TestTenant;
  const kinds: Record<string, string> = {
    'unknown e-mail': 'nobody@acme.example',
    'wrong password': 'admin@acme.example',
    'only single sign-on': 'manager@acme.example',
    'closed account': 'sales@acme.example',
    'password switched off': 'csm@globex.example',
    'suspended company': 'admin@closed.example',
  };

  beforeAll(async () => {
    app = await startApp();
    acme = await makeTenant(app.database.url, app.platform, 'acme');
    const globex = await makeTenant(app.database.url, app.platform, 'globex');
    const closed = await makeTenant(app.database.url, app.platform, 'closed');
    await sql(app, 'update users set password_hash = null where id = $1', [acme.users.manager.id]);
    await sql(app, 'update users set deactivated_at = now() where id = $1', [acme.users.sales.id]);
    await sql(app, 'update tenants set password_sign_in = false where id = $1', [globex.id]);
    await sql(app, 'update tenants set suspended_at = now() where id = $1', [closed.id]);
  }, 90_000);
  afterAll(() => app?.stop());

  test('are the same to the letter, whatever is wrong', async () => {
    const seen = new Map<string, string>();
    for (const [kind, email] of Object.entries(kinds)) {
      const answer = await tryPassword(
        app.agent(),
        email,
        kind === 'wrong password' ? WRONG : PASSWORD,
        '198.51.100.1',
      );
      expect(`${kind}: ${answer.status}`).toBe(`${kind}: 401`);
      expect(cookiesOf(answer).has('rapport-known')).toBe(false);
      seen.set(kind, plain(answer.text).replaceAll(email, ''));
    }
    expect(new Set(seen.values()).size).toBe(1);
  }, 90_000);

  test('take the same time, of the processor, since other work on the machine is not in that', async () => {
    const { checkPassword } = await import('../../../src/modules/session/password.service.ts');
    const median = (list: number[]) => list.sort((a, b) => a - b)[list.length >> 1]!;
    const taken: Record<string, number[]> = Object.fromEntries(Object.keys(kinds).map((kind) => [kind, []]));
    for (let round = 0; round < 9; round += 1) {
      for (const [kind, email] of Object.entries(kinds)) {
        const before = process.cpuUsage();
        await checkPassword(app.platform, { email, password: WRONG, ip: `10.${round}.0.1`, browser: null });
        const { user, system } = process.cpuUsage(before); // of all threads: hashing has some of its own
        taken[kind]!.push(user + system);
      }
    }
    const medians = Object.values(taken).map(median);
    // Without the padding an unknown e-mail would be answered in a tenth of the time of a known one.
    expect(Math.min(...medians)).toBeGreaterThan(0.6 * Math.max(...medians));
  }, 90_000);

  test('an administrator can use a password where others cannot', async () => {
    expect((await tryPassword(app.agent(), 'admin@globex.example', PASSWORD, '198.51.100.2')).status).toBe(303);
  });

  test.each([
    ['no e-mail', { email: '', password: PASSWORD }, 422],
    ['no address', { email: 'not an address', password: PASSWORD }, 422],
    ['a password of 129 letters', { email: 'admin@acme.example', password: 'x'.repeat(129) }, 422],
    ['a password of 1 MB', { email: 'admin@acme.example', password: 'x'.repeat(1_000_000) }, 413],
  ])('%s is answered at once', async (_what, fields, status) => {
    const answer = await post(app.agent(), '/login', fields as Record<string, string>);
    expect(answer.status).toBe(status);
  });

  test('e-mail in other letters and with spaces is the same', async () => {
    const answer = await tryPassword(app.agent(), '  ADMIN@Acme.Example ', PASSWORD, '198.51.100.3');
    expect(answer.status).toBe(303);
  });

  test('a hash of lesser cost is replaced when its password is used', async () => {
    const cheap = await hash(PASSWORD, { memoryCost: 4_096, timeCost: 1, parallelism: 1 });
    await sql(app, 'update users set password_hash = $2 where id = $1', [acme.users.support.id, cheap]);
    await signIn(app.agent(), acme.users.support.email, PASSWORD);
    const [row] = await sql(app, 'select password_hash from users where id = $1', [acme.users.support.id]);
    expect(row!.password_hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    await signIn(app.agent(), acme.users.support.email, PASSWORD);
  });

  test('nothing about sign-in reads strangers’ text as markup', async () => {
    const evil = '"><script>alert(1)</script>@x.example';
    const answer = await post(app.agent(), '/login', { email: evil, password: 'x' });
    expect(answer.text).not.toContain('<script>alert');
  });
});

describe('over https', () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startApp({ env: { BASE_URL: 'https://crm.example.com' } });
    await makeTenant(app.database.url, app.platform, 'acme');
  }, 90_000);
  afterAll(() => app?.stop());

  test('every cookie is locked to this host and to https', async () => {
    const form = await request(app.url).get('/login').set('X-Forwarded-Proto', 'https');
    const seed = cookiesOf(form);
    expect([...seed.keys()]).toEqual(['__Host-rapport-form']);
    const answer = await request(app.url)
      .post('/login')
      .set({
        'X-Forwarded-Proto': 'https',
        Cookie: `__Host-rapport-form=${seed.get('__Host-rapport-form')!.split(';')[0]}`,
      })
      .set({ Origin: 'https://crm.example.com' })
      .type('form')
      .send({ email: 'admin@acme.example', password: PASSWORD, _csrf: csrfToken(form.text) });
    expect(answer.status).toBe(303);
    const cookies = new Map([...seed, ...cookiesOf(answer)]);
    expect([...cookies.keys()].sort()).toEqual(['__Host-rapport', '__Host-rapport-form', '__Host-rapport-known']);
    for (const [name, value] of cookies) {
      const attributes = value.split('; ').slice(1);
      expect(`${name}: ${attributes.includes('Secure')}`).toBe(`${name}: true`);
      expect(attributes).toEqual(expect.arrayContaining(['HttpOnly', 'SameSite=Lax', 'Path=/']));
      expect(value).not.toMatch(/Domain=/i);
    }
    expect(answer.headers['strict-transport-security']).toMatch(/max-age=\d{8}/);
  });
});

describe('when Redis goes away', () => {
  let redis: TestRedis;
  let app: TestApp;
  let acme: TestTenant;
  beforeAll(async () => {
    redis = await startRedis();
    app = await startApp({ env: { REDIS_URL: redis.url } });
    acme = await makeTenant(app.database.url, app.platform, 'acme');
  }, 90_000);
  afterAll(async () => {
    await app?.stop();
    await redis?.stop();
  });

  test('pages say so at once, nobody is told they are in, limits still count, and it mends itself', async () => {
    const agent = app.agent();
    await signIn(agent, acme.users.sales.email, PASSWORD);
    await redis.kill();
    const started = performance.now();
    const page = await agent.get('/customers');
    expect(page.status).toBe(503);
    expect(performance.now() - started).toBeLessThan(2_000);

    const stranger = app.agent();
    expect((await stranger.get('/login')).status).toBe(200);
    const signIn503 = await tryPassword(stranger, acme.users.admin.email, PASSWORD, '203.0.113.50');
    expect(signIn503.status).toBe(503);
    expect(cookiesOf(signIn503).has('rapport')).toBe(false);

    const tries = times(12, () => ({ email: acme.users.csm.email, from: '203.0.113.51' }));
    const statuses = await tryAgain(app.agent(), WRONG, tries);
    expect(statuses.slice(0, 10)).toEqual(Array(10).fill(401));
    expect(statuses.slice(10)).toEqual([429, 429]);

    await redis.restart();
    for (let i = 0; i < 50 && (await app.agent().get('/readyz')).status !== 200; i += 1)
      await new Promise((resolve) => setTimeout(resolve, 100));
    const again = app.agent();
    await signIn(again, acme.users.sales.email, PASSWORD);
    expect(await isSignedIn(again)).toBe(true);
  }, 90_000);
});
