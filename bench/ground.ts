// What a bench run stands on: servers of its own in a folder of its own, one web and one worker process as in production.
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { migrate } from '../scripts/migrate.ts';
import { hashToken } from '../src/kernel/actor.ts';
import { startEmbeddedPostgres } from '../src/platform/embedded_postgres.ts';
import { hashPassword } from '../src/platform/passwords.ts';
import { createRuntimeLogin } from '../src/platform/roles.ts';
import { freePort, startRedis } from '../test/helpers/servers.ts';
import { type Started, startServer } from './watched.ts';

const DATABASE = 'rapport';
/** What `npm start` tells Node and the C library about memory. */
const { serving, malloc_arenas }: Record<string, string> = JSON.parse(
  readFileSync(path.join(import.meta.dirname, '../package.json'), 'utf8'),
).config;
const HEAP = serving!.split(' ');
/** Of everybody whom the harness signs in. */
export const PASSWORD = 'correct horse battery staple';

export interface BenchTenant {
  id: string;
  user_id: string;
  /** for /api/v1 */
  token: string;
  /** of a session, for pages and downloads */
  cookie: string;
}

export interface Ground {
  url: string;
  /** as the serving processes connect */
  database_url: string;
  /** a superuser's, past all rules */
  owner_url: string;
  redis_url: string;
  web: Started;
  worker: Started;
  /** A folder for files of the run; it goes when the run ends. */
  folder: string;
  /** As superuser, past all rules: for filling tables and measuring floors. */
  sql<T = Record<string, unknown>>(text: string, values?: unknown[]): Promise<T[]>;
  /** A new company with one administrator, signed in. */
  tenant(slug: string): Promise<BenchTenant>;
  /** Somebody who is there already and has `PASSWORD`: signed in anew, with a new token. */
  member(email: string): Promise<BenchTenant>;
  stop(): Promise<void>;
}

/**
 * Starts everything.
 * @param nodeFlags of the web process (for profiles) @param home folder of a database that is kept; else it is a new one
 */
export async function openGround(nodeFlags: readonly string[] = [], home?: string): Promise<Ground> {
  const folder = mkdtempSync(path.join(tmpdir(), 'rapport-bench-'));
  const started: { stop(): Promise<unknown> }[] = [];
  const stop = async () => {
    for (const part of started.splice(0).reverse()) await part.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const postgres = await startEmbeddedPostgres(home ?? path.join(folder, 'postgres'));
    started.push(postgres);
    const redis = await startRedis();
    started.push(redis);
    const [client, runtimeUrl, ownerUrl] = await openDatabase(postgres.url);
    started.push({ stop: () => client.end() });
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const env = {
      NODE_ENV: 'production',
      DATABASE_URL: runtimeUrl,
      REDIS_URL: redis.url,
      SESSION_SECRET: randomBytes(48).toString('base64'),
      BASE_URL: url,
      DATA_DIR: path.join(folder, 'data'),
      PORT: String(port),
    };
    const web = await startServer({ ...env, ROLE: 'web', MALLOC_ARENA_MAX: malloc_arenas! }, [...HEAP, ...nodeFlags]);
    started.push(web);
    const worker = await startServer({ ...env, ROLE: 'worker' });
    started.push(worker);
    const sql: Ground['sql'] = async (text, values = []) => (await client.query(text, values)).rows as never;
    const member = (email: string) => signInMember(sql, url, email);
    const tenant = (slug: string) => makeTenant(sql, slug).then(member);
    const urls = { url, database_url: runtimeUrl, owner_url: ownerUrl, redis_url: redis.url };
    return { ...urls, web, worker, folder, sql, tenant, member, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The migrated database, made if it is not there. @returns a superuser's connection, the URL of the login that serves, the superuser's */
export async function openDatabase(serverUrl: string): Promise<[pg.Client, string, string]> {
  const server = new pg.Client({ connectionString: serverUrl });
  await server.connect();
  const { rowCount } = await server.query('select from pg_database where datname = $1', [DATABASE]);
  if (!rowCount) await server.query(`create database ${DATABASE}`);
  await server.end();
  const url = new URL(serverUrl);
  url.pathname = `/${DATABASE}`;
  await migrate(url.href);
  const client = new pg.Client({ connectionString: url.href });
  client.on('error', () => {});
  await client.connect();
  return [client, await createRuntimeLogin(client, url.href, url.password), url.href];
}

/** @returns the e-mail of its only person, an administrator */
async function makeTenant(sql: Ground['sql'], slug: string): Promise<string> {
  const email = `admin@${slug}.example`;
  const [tenant] = await sql<{ id: string }>(
    `insert into tenants (slug, name, time_zone, currency) values ($1, $1, 'Europe/Berlin', 'EUR') returning id`,
    [slug],
  );
  await sql(
    `insert into users (tenant_id, email, name, role, password_hash) values ($1, $2, 'Bench Admin', 'admin', $3)`,
    [tenant!.id, email, await hashPassword(PASSWORD)],
  );
  return email;
}

/** New tokens of one person, for as many programs. */
export async function makeTokens(
  sql: Ground['sql'],
  { id, user_id }: Pick<BenchTenant, 'id' | 'user_id'>,
  many: number,
): Promise<string[]> {
  const tokens = Array.from({ length: many }, () => `rpt_${randomBytes(30).toString('base64url')}`);
  await sql(
    `insert into api_tokens (tenant_id, user_id, name, token_hash) select $1, $2, 'bench', unnest($3::text[])`,
    [id, user_id, tokens.map(hashToken)],
  );
  return tokens;
}

async function signInMember(sql: Ground['sql'], url: string, email: string): Promise<BenchTenant> {
  const [user] = await sql<{ id: string; user_id: string }>(
    'select tenant_id as id, id as user_id from users where lower(email) = $1',
    [email],
  );
  if (!user) throw new Error(`there is nobody with the e-mail ${email}`);
  const [token] = (await makeTokens(sql, user, 1)) as [string];
  return { ...user, token, cookie: await signIn(url, email) };
}

/** Signs in through the form, as a browser does. @returns the session's cookie */
async function signIn(url: string, email: string): Promise<string> {
  const form = await fetch(`${url}/login`);
  const cookie = cookieOf(form);
  const csrf = /name="_csrf"[^>]*? value="([^"]+)"/.exec(await form.text())?.[1] ?? '';
  const answer = await fetch(`${url}/login`, {
    method: 'POST',
    redirect: 'manual',
    headers: { cookie },
    body: new URLSearchParams({ email, password: PASSWORD, _csrf: csrf }),
  });
  if (answer.status !== 303) throw new Error(`${email} was not signed in: ${answer.status} ${await answer.text()}`);
  return cookieOf(answer) || cookie;
}

const cookieOf = (answer: Response): string =>
  answer.headers
    .getSetCookie()
    .map((cookie) => cookie.split(';')[0])
    .join('; ');
