// The product itself for tests: started in this process on a free port, with a database of its own.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import request from 'supertest';
import { start } from '../../src/main.ts';
import { createTestDatabase, type TestDatabase } from './database.ts';
import { freshRedis } from './servers.ts';

/** A browser without a screen: keeps its cookies, follows no redirects unless told to. */
export type Agent = ReturnType<typeof request.agent>;

export interface TestApp {
  url: string;
  /** For looking behind the scenes; as superuser, so without row-level security. */
  database: TestDatabase;
  platform: Awaited<ReturnType<typeof start>>['platform'];
  /** A new visitor. */
  agent(): Agent;
  stop(): Promise<void>;
}

export interface AppOptions {
  /** Sessions and rate limits in Redis; else in PostgreSQL, as in the demo. */
  redis?: boolean;
  /** Fills the database before the start. */
  prepare?(database: TestDatabase): Promise<void>;
  /** Environment on top of the usual one of tests. */
  env?: Record<string, string>;
}

/** Starts the product; once for each test file, in `beforeAll`, stopped in `afterAll`. */
export async function startApp(options: AppOptions = {}): Promise<TestApp> {
  const database = await createTestDatabase();
  const files = mkdtempSync(path.join(tmpdir(), 'rapport-files-'));
  const cleanUp = async () => {
    await database.drop();
    rmSync(files, { recursive: true, force: true });
  };
  try {
    await options.prepare?.(database);
    const app = await start({
      RAPPORT_MODE: 'test',
      HOST: '127.0.0.1',
      PORT: '0',
      LOG_LEVEL: 'silent',
      DATABASE_URL: database.runtimeUrl,
      DATA_DIR: files,
      ...(options.redis && { REDIS_URL: await freshRedis() }),
      ...options.env,
    });
    return {
      url: app.url,
      database,
      platform: app.platform,
      agent: () => request.agent(app.url),
      stop: async () => {
        await app.stop();
        await cleanUp();
      },
    };
  } catch (error) {
    await cleanUp();
    throw error;
  }
}

/**
 * Signs a visitor in through the form, as a person does.
 * @returns the answer to the form, a redirect
 */
export async function signIn(agent: Agent, email: string, password: string): Promise<request.Response> {
  const form = await agent.get('/login');
  const answer = await agent
    .post('/login')
    .type('form')
    .send({ email, password, _csrf: csrfToken(form.text) });
  if (answer.status !== 303)
    throw new Error(`${email} was not signed in: ${answer.status} ${answer.text.slice(0, 500)}`);
  return answer;
}

/** The token of a page, from its head or from a form. */
export function csrfToken(html: string): string {
  const found =
    /<meta name="csrf-token" content="([^"]+)"/.exec(html) ?? /name="_csrf"[^>]*? value="([^"]+)"/.exec(html);
  if (!found?.[1]) throw new Error(`no _csrf on this page: ${html.slice(0, 500)}`);
  return found[1];
}
