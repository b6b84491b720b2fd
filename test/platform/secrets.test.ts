import { hashPassword, isOutdated, matchPasswords, passwordProblem } from '../../src/platform/passwords.ts';
import { seal, unseal } from '../../src/platform/secrets.ts';

describe('sealed secrets', () => {
  const [key, place] = ['a secret of at least 32 characters, yes', 'tenant one'];

  test('open where they belong and nowhere else', () => {
    const sealed = seal(key, place, 'the client secret é');
    expect(sealed).not.toContain('client');
    expect(unseal(key, place, sealed)).toBe('the client secret é');
    expect(seal(key, place, 'x')).not.toBe(seal(key, place, 'x'));
    expect(() => unseal(key, 'tenant two', sealed)).toThrow();
    expect(() => unseal(`${key}!`, place, sealed)).toThrow();
  });

  test.each(['', 'v1', 'v1.a.b', 'v2.a.b.c', 'v1.AAAA.AAAA.AAAA', 'v1....'])('%j does not open', (sealed) => {
    expect(() => unseal(key, place, sealed)).toThrow();
  });

  test('a changed letter or a short tag is noticed', () => {
    const [v, iv, tag, data] = seal(key, place, 'secret').split('.') as [string, string, string, string];
    const flipped = data[0] === 'A' ? `B${data.slice(1)}` : `A${data.slice(1)}`;
    expect(() => unseal(key, place, [v, iv, tag, flipped].join('.'))).toThrow();
    expect(() => unseal(key, place, [v, iv, tag.slice(0, 6), data].join('.'))).toThrow();
  });
});

describe('passwords', () => {
  test('are argon2id with the present cost; all of their letters count', async () => {
    const long = `${'x'.repeat(74)}A rest`;
    const hash = await hashPassword(long);
    expect(hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    expect(isOutdated(hash)).toBe(false);
    expect(isOutdated('$argon2id$v=19$m=4096,t=1,p=1$c2FsdHNhbHQ$x')).toBe(true);
    expect(await matchPasswords([hash], long)).toEqual([true]);
    expect(await matchPasswords([hash], `${'x'.repeat(74)}B rest`)).toEqual([false]);
    expect(await matchPasswords([hash], `${long} `)).toEqual([false]);
  });

  test('are the same however the accents were typed; zero bytes and emoji count', async () => {
    const hash = await hashPassword('café au lait 😀\0end'.normalize('NFC'));
    expect(await matchPasswords([hash], 'café au lait 😀\0end'.normalize('NFD'))).toEqual([true]);
    expect(await matchPasswords([hash], 'café au lait 😀')).toEqual([false]);
  });

  test('several are told apart, and broken ones match nothing', async () => {
    const [one, two] = await Promise.all([hashPassword('one of them'), hashPassword('the other')]);
    expect(await matchPasswords([one, 'no hash', two, '', one], 'one of them')).toEqual([
      true,
      false,
      false,
      false,
      true,
    ]);
    expect(await matchPasswords([], 'anything')).toEqual([]);
  });

  test.each([
    ['short', 'at least 12'],
    ['x'.repeat(129), 'at most 128'],
    ['aaaaaaaaaaaaaa', 'repeats'],
    ['password1234', 'first passwords'],
    ['Qwertz123456!', 'first passwords'],
    ['acme-anna-novak', 'name'],
  ])('%j is not accepted: %s', (password, words) => {
    expect(passwordProblem(password, ['Anna Novak', 'anna@acme.example', 'Acme'])).toContain(words);
  });

  test.each(['rapport-demo', 'correct horse battery staple', 'пароль из многих слов', '😀 many different words'])(
    '%j is accepted',
    (password) => expect(passwordProblem(password, ['Anna Novak'])).toBeNull(),
  );
});
