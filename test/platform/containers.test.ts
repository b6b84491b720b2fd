import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { readConfig } from '../../src/config.ts';
import { ROLES, RUNTIME_LOGIN } from '../../src/platform/roles.ts';

const ROOT = path.join(import.meta.dirname, '..', '..');
const read = (name: string) => readFileSync(path.join(ROOT, name), 'utf8');
const SET = {
  SESSION_SECRET: 'W3k9Qz-4mTn7Rb1Yx8Lc5Vd2Hs6Jf0Pg',
  POSTGRES_PASSWORD: 'a1b2c3',
  RUNTIME_PASSWORD: 'd4e5f6',
  BASE_URL: 'https://crm.example.com',
};

describe('the image', () => {
  const copied = [...read('Dockerfile').matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(
    (line) => line[1]?.split(' ') ?? [],
  );

  test('is built from files that exist', () => {
    expect(copied).toEqual(
      expect.arrayContaining(['package-lock.json', 'src', 'views', 'public', 'migrations', 'scripts']),
    );
    expect(copied.filter((name) => !existsSync(path.join(ROOT, name)))).toEqual([]);
  });

  test('finds each of them let through by .dockerignore, and nothing else', () => {
    const through = [...read('.dockerignore').matchAll(/^!(.+)$/gm)].map((line) => line[1]);
    expect(through.sort()).toEqual([...new Set(copied)].sort());
  });

  test('does not run as root', () => {
    const lastUser = [...read('Dockerfile').matchAll(/^USER (.+)$/gm)].at(-1)?.[1];
    expect(lastUser).toBe('node');
  });

  test('keeps the memory of a serving process small, as `npm start` does', () => {
    const { serving, malloc_arenas } = JSON.parse(read('package.json')).config;
    expect(read('Dockerfile')).toMatch(new RegExp(`^ENV .* MALLOC_ARENA_MAX=${malloc_arenas}$`, 'm'));
    expect(read('Dockerfile')).toContain(
      `CMD ${JSON.stringify(['node', ...serving.split(' '), 'src/main.ts']).replaceAll(',', ', ')}`,
    );
    expect(read('compose.yaml')).toMatch(/worker:\n(.+\n)+? {4}command: \[node, src\/main.ts\]/);
  });

  test('runs programs that are there', () => {
    const programs = `${read('Dockerfile')}\n${read('compose.yaml')}`.match(/\b(src|scripts)\/[\w/]+\.ts\b/g) ?? [];
    expect(programs.length).toBeGreaterThan(1);
    expect(programs.filter((name) => !existsSync(path.join(ROOT, name)))).toEqual([]);
  });
});

describe('compose.yaml', () => {
  const text = read('compose.yaml');

  test('names every secret it wants, and has none of its own', () => {
    const wanted = [...text.matchAll(/\$\{(\w+):\?/g)].map((match) => match[1]);
    expect([...new Set(wanted)].sort()).toEqual(Object.keys(SET).sort());
    expect(text).not.toMatch(/(PASSWORD|SECRET): [^$\s]/);
  });

  test.each(['web', 'worker'])('gives a %s process an environment that it starts with', (role) => {
    const block = /environment: &environment\n((?: {4}\w+: .+\n)+)/.exec(text)?.[1] ?? '';
    const given = [...block.matchAll(/^ {4}(\w+): (.+)$/gm)].map(([, name, value = '']) => [name, filled(value)]);
    const config = readConfig({ ...Object.fromEntries(given), ROLE: role });
    expect(config).toMatchObject({ mode: 'production', role, host: '0.0.0.0', data_dir: '/data', secure: true });
    expect(config.database_url).toBe('postgres://rapport_runtime:d4e5f6@postgres:5432/rapport');
    expect(text).toContain(`ROLE: ${role}`);
  });

  test('serves with a login of the roles that the migrations speak of', () => {
    expect(text).toContain(`create role ${RUNTIME_LOGIN} login noinherit`);
    expect(text).toContain(`grant ${ROLES.app}, ${ROLES.platform} to ${RUNTIME_LOGIN};`);
    expect(text).not.toContain(ROLES.owner);
  });
});

function filled(value: string): string {
  return value.replaceAll(/\$\{(\w+)[^}]*\}/g, (_, name) => SET[name as keyof typeof SET]);
}
