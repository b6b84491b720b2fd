// What the tests of sign-in share: people, forms as a browser sends them, looks behind the scenes.
import pg from 'pg';
import type { Response } from 'supertest';
import { type Agent, csrfToken, type TestApp } from '../../helpers/app.ts';
import { PASSWORD } from '../../helpers/fixture.ts';

export { PASSWORD };

/** One statement as superuser. */
export async function sql<T extends pg.QueryResultRow = pg.QueryResultRow>(
  app: TestApp,
  text: string,
  values: unknown[] = [],
): Promise<T[]> {
  const client = new pg.Client({ connectionString: app.database.url });
  await client.connect();
  try {
    return (await client.query<T>(text, values)).rows;
  } finally {
    await client.end();
  }
}

/** Fetches a page for its token and posts a form from it. */
export async function post(
  agent: Agent,
  path: string,
  fields: Record<string, string>,
  more: { from?: string; headers?: Record<string, string> } = {},
): Promise<Response> {
  const page = await agent.get(more.from ?? '/login');
  return agent
    .post(path)
    .set(more.headers ?? {})
    .type('form')
    .send({ _csrf: csrfToken(page.text), ...fields });
}

/** Tries a password the way the form does, from an address of one's own. */
export const tryPassword = (agent: Agent, email: string, password: string, address = '203.0.113.7', next?: string) =>
  post(agent, '/login', { email, password, ...(next ? { next } : {}) }, { headers: { 'x-forwarded-for': address } });

/** Sends one form again and again, as somebody does who guesses. @returns the status of each answer */
export async function tryAgain(
  agent: Agent,
  password: string,
  tries: readonly { email: string; from: string }[],
): Promise<number[]> {
  const statuses: number[] = [];
  const _csrf = csrfToken((await agent.get('/login')).text);
  for (const { email, from } of tries) {
    const form = { _csrf, email, password };
    statuses.push((await agent.post('/login').set('x-forwarded-for', from).type('form').send(form)).status);
  }
  return statuses;
}

/** Signed in means: the start page answers instead of leading to /login. */
export const isSignedIn = async (agent: Agent): Promise<boolean> => (await agent.get('/me/sessions')).status === 200;

/** The cookies an answer sets: name -> attributes with the value first. */
export function cookiesOf(answer: Response): Map<string, string> {
  const lines = (answer.headers['set-cookie'] ?? []) as unknown as string[];
  return new Map(lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]));
}

/** What differs on every page and says nothing: ids, tokens, nonces. */
export const plain = (html: string): string =>
  html.replace(/(value|content|nonce|href|src)="[^"]*"/g, '').replace(/[\w-]{36,}/g, '');
