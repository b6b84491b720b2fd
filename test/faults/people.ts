// People at work, who note what they were answered: what was acknowledged has to be there, once.
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import { text as readText } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { PASSWORD, type TestUser } from '../helpers/fixture.ts';

export interface Answer {
  status: number;
  text: string;
  headers: Headers;
  /** from the request to the end of the answer */
  ms: number;
  /** when it came, ms since 1970 */
  at: number;
}

/** Nobody waits longer for a page, in ms. */
const PATIENCE = 20_000;

/** A browser without a screen and somebody in front of it. */
export class Person {
  url: string;
  /** How long an answer is waited for, in ms. */
  patience = PATIENCE;
  #cookies = new Map<string, string>();
  #token = '';
  readonly #agent: http.Agent;
  #user: Pick<TestUser, 'email'> | null = null;

  /** @param kept false: every request goes over a connection of its own, so that any of several processes may answer */
  constructor(url: string, kept = true) {
    this.url = url;
    this.#agent = new http.Agent({ keepAlive: kept });
  }

  async send(path: string, form?: Record<string, string>): Promise<Answer> {
    const began = Date.now();
    const body = form && new URLSearchParams({ _csrf: this.#token, ...form }).toString();
    const sent = http.request(this.url + path, {
      method: form ? 'POST' : 'GET',
      agent: this.#agent,
      signal: AbortSignal.timeout(this.patience),
      headers: {
        cookie: this.cookie,
        ...(body && { 'content-type': 'application/x-www-form-urlencoded', 'content-length': Buffer.byteLength(body) }),
      },
    });
    sent.end(body);
    const [received] = (await once(sent, 'response')) as [http.IncomingMessage];
    const text = await readText(received);
    const headers = new Headers();
    for (const [name, value] of Object.entries(received.headersDistinct))
      for (const one of value ?? []) headers.append(name, one);
    for (const line of headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line)!;
      this.#cookies.set(name!, value!);
    }
    this.#token = /name="(?:csrf-token|_csrf)"[^>]*? (?:content|value)="([^"]+)"/.exec(text)?.[1] ?? this.#token;
    return { status: received.statusCode!, text, headers, ms: Date.now() - began, at: Date.now() };
  }

  get cookie(): string {
    return [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  }

  /** @returns the answer to the form with the password */
  async signIn(user: Pick<TestUser, 'email'>): Promise<Answer> {
    this.#user = user;
    await this.send('/login');
    const answer = await this.send('/login', { email: user.email, password: PASSWORD });
    if (answer.status === 303) await this.send('/customers'); // where the token of this session stands
    return answer;
  }

  /** After an answer that leads to the sign-in: the session is gone. */
  async signInAgain(): Promise<void> {
    if (this.#user) await this.signIn(this.#user);
  }
}

/** A customer that somebody wanted to exist: sent until it was acknowledged, always with the same key. */
interface Wish {
  name: string;
  key: string;
  acknowledged: number;
}

/** A page that somebody wanted to see, from the request to the end of the answer, in ms since 1970. */
interface Read {
  from: number;
  to: number;
  /** of the answer; null without one */
  status: number | null;
}

/** How long somebody tries to get a customer acknowledged, in ms. */
const PERSISTENCE = 60_000;

/** What people were answered while something was wrong. */
export class Ledger {
  readonly answers: Answer[] = [];
  readonly reads: Read[] = [];
  /** How often people were asked to sign in again. */
  signedOut = 0;
  /** Requests without an answer. */
  readonly failures: string[] = [];
  readonly wishes: Wish[] = [];
  #stopping = false;
  #working: Promise<void>[] = [];

  /** Lets these people work side by side until `finish`: they write, look at lists and at what they wrote. */
  begin(people: readonly Person[]): void {
    this.#working = people.map((person) => this.#work(person));
  }

  /** Everybody ends with what they are at: a wish is sent again until it is acknowledged. */
  async finish(): Promise<void> {
    this.#stopping = true;
    await Promise.all(this.#working);
  }

  async #work(person: Person): Promise<void> {
    while (!this.#stopping) {
      const wish = { name: `Wish ${randomUUID()}`, key: randomUUID(), acknowledged: 0 };
      this.wishes.push(wish);
      for (const end = Date.now() + PERSISTENCE; !wish.acknowledged && Date.now() < end; ) {
        const answer = await this.#ask(person, '/customers', { name: wish.name, currency: 'EUR', _once: wish.key });
        if (answer?.status === 303) wish.acknowledged += 1;
        else await sleep(50);
      }
      const lists = ['/customers', `/customers?q=${encodeURIComponent(wish.name)}`, '/tasks'];
      for (const path of lists) await this.#ask(person, path);
      await sleep(10);
    }
  }

  async #ask(person: Person, path: string, form?: Record<string, string>): Promise<Answer | null> {
    const from = Date.now();
    const answer = await person.send(path, form).catch((error: Error) => {
      this.failures.push(`${path}: ${error.cause ?? error}`);
      return null;
    });
    const out = answer?.headers.get('location')?.startsWith('/login') ?? false;
    if (!form) this.reads.push({ from, to: Date.now(), status: answer?.status ?? null });
    if (answer) this.answers.push(answer);
    else await sleep(50);
    if (!out) return answer;
    this.signedOut += 1;
    await person.signInAgain().catch(() => {}); // else at the next answer
    return null;
  }

  /** Different statuses with how often they came: '200 ×12'. */
  statuses(): string[] {
    const counts = Map.groupBy(this.answers, ({ status }) => status);
    return [...counts].map(([status, list]) => `${status} ×${list.length}`).sort();
  }

  /** Which answers are neither what was asked for nor a clear "not now". @param also statuses that are clear too */
  odd(also: readonly number[] = []): string[] {
    return this.answers
      .filter(({ status }) => ![200, 303, 503, ...also].includes(status))
      .map(
        ({ status, text }) =>
          `${status} ${text
            .replace(/^.*<main/s, '')
            .replace(/<[^>]*>|\s+/g, ' ')
            .slice(0, 300)}`,
      );
  }

  /** Sentences about wishes that are missing or there twice; none when all is well. */
  async differences(client: pg.Client): Promise<string[]> {
    const { rows } = await client.query<{ name: string; n: string }>(
      'select name, count(*) as n from customers where name = any($1) group by 1',
      [this.wishes.map(({ name }) => name)],
    );
    const there = new Map(rows.map(({ name, n }) => [name, Number(n)]));
    return this.wishes.flatMap(({ name, acknowledged }) => {
      const n = there.get(name) ?? 0;
      if (n > 1) return [`${name} is there ${n} times`];
      return acknowledged !== n ? [`${name}: acknowledged ${acknowledged}, there ${n}`] : [];
    });
  }
}
