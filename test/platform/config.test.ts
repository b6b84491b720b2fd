// Production starts with everything it needs or says what is missing.
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { ConfigError, DEMO_SECRET, readConfig } from '../../src/config.ts';

const GOOD = {
  DATABASE_URL: 'postgres://rapport@127.0.0.1/rapport',
  REDIS_URL: 'redis://127.0.0.1',
  SESSION_SECRET: 'kD83jf0aPq7ZxW2mVb6nR5tYc1uHs9Lg',
  BASE_URL: 'https://crm.example.com/',
};

test('a complete environment is read once, with a __Host- cookie over https', () => {
  expect(readConfig(GOOD)).toMatchObject({
    mode: 'production',
    base_url: 'https://crm.example.com',
    secure: true,
    role: 'all',
  });
});

test.each(['DATABASE_URL', 'REDIS_URL', 'SESSION_SECRET', 'BASE_URL'])('without %s it names it', (name) => {
  expect(() => readConfig({ ...GOOD, [name]: undefined })).toThrow(`${name} is not set`);
  expect(() => readConfig({ ...GOOD, [name]: '' })).toThrow(ConfigError);
});

test.each([
  ['the demo secret', { SESSION_SECRET: DEMO_SECRET }, "demo's"],
  ['a short secret', { SESSION_SECRET: 'changeme' }, 'at least 32 characters'],
  ['a repeated secret', { SESSION_SECRET: 'ab'.repeat(20) }, 'repeats a few characters'],
  ['http on the internet', { BASE_URL: 'http://crm.example.com' }, 'must be https'],
  ['no address', { BASE_URL: 'crm.example.com' }, 'must be an address'],
  ['another database', { DATABASE_URL: 'mysql://x' }, 'DATABASE_URL'],
  ['a role that is none', { ROLE: 'cron' }, 'ROLE'],
  ['a port that is none', { PORT: '70000' }, 'PORT'],
])('%s is refused with the reason', (_what, change, reason) => {
  expect(() => readConfig({ ...GOOD, ...change })).toThrow(reason);
});

test('every problem is named at once', () => {
  expect(() => readConfig({})).toThrow(/DATABASE_URL[\s\S]*REDIS_URL[\s\S]*SESSION_SECRET[\s\S]*BASE_URL/);
});

test('the program ends with exit code 1 and the reasons, before anything listens', () => {
  const main = path.join(import.meta.dirname, '../../src/main.ts');
  const { status, stderr } = spawnSync(process.execPath, [main], { env: { PATH: process.env.PATH }, encoding: 'utf8' });
  expect(status).toBe(1);
  expect(stderr).toContain('Rapport cannot start');
  expect(stderr).toContain('SESSION_SECRET is not set');
});
