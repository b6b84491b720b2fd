// What the drill loses and gets back: a server that archives its log, the product at work on it, and somebody who writes down
// every change that the product has confirmed.
import { mkdirSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { hashToken } from '../../src/kernel/actor.ts';
import { type Running, start } from '../../src/main.ts';
import type { EmbeddedPostgres } from '../../src/platform/embedded_postgres.ts';
import { createRuntimeLogin } from '../../src/platform/roles.ts';

const DATABASE = 'rapport';
const PASSWORD = 'of-the-drill';
export const TOKEN = 'rpt_0123456789012345678901234567890123456789';
/** Five a second: below what the product lets one person write. */
const PACE_MS = 210;

/** A change that was asked for. */
export interface Entry {
  name: string;
  /** ms since 1970 */
  asked: number;
  /** when the product confirmed it; null: it did not, and it may or may not be there */
  confirmed: number | null;
}

/** Our database on a server, as superuser. */
export function databaseOf(server: EmbeddedPostgres): string {
  const url = new URL(server.url);
  url.pathname = `/${DATABASE}`;
  return url.href;
}

export async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end().catch(() => {});
  }
}

/** PostgreSQL's own words for keeping its log beside its folder; `seconds` is how much of it may be lost. */
export const archiving = (seconds: number): string[] => [
  'archive_mode=on',
  'archive_command=test ! -f ../archive/%f && cp %p ../archive/%f.part && mv ../archive/%f.part ../archive/%f',
  `archive_timeout=${seconds}`,
];

/** And for reading it back, up to just before an instant (text of PostgreSQL) or as far as it goes. */
export const recovering = (until: string | null): string[] => [
  'restore_command=cp ../archive/%f %p',
  ...(until === null
    ? []
    : [`recovery_target_time=${until}`, 'recovery_target_inclusive=off', 'recovery_target_action=promote']),
];

/** Makes the database, lets `fill` write into it, and gives the drill a token of an administrator. @returns whose tenant */
export async function makeDatabase(server: EmbeddedPostgres, fill: (url: string) => Promise<void>): Promise<string> {
  await withClient(server.url, (client) => client.query(`create database ${DATABASE}`));
  const url = databaseOf(server);
  await fill(url);
  return withClient(url, async (client) => {
    const { rows } = await client.query<{ tenant_id: string; id: string }>(
      `select tenant_id, id from users where role = 'admin' order by tenant_id, id limit 1`,
    );
    if (!rows[0]) throw new Error('there is no administrator in the data of the drill');
    const { tenant_id, id } = rows[0];
    await client.query(`insert into api_tokens (tenant_id, user_id, name, token_hash) values ($1, $2, 'drill', $3)`, [
      tenant_id,
      id,
      hashToken(TOKEN),
    ]);
    const { rowCount } = await client.query('select distinct tenant_id from customers where tenant_id <> $1', [
      tenant_id,
    ]);
    if (!rowCount) throw new Error('the drill needs customers of a second company, which must stay as they are');
    return tenant_id;
  });
}

/** Starts the product on a server, with a login that can do no more than serve. */
export async function startProduct(server: EmbeddedPostgres, dataDir: string): Promise<Running> {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const url = databaseOf(server);
  const runtime = await withClient(url, (client) => createRuntimeLogin(client, url, PASSWORD));
  return start({
    RAPPORT_MODE: 'test',
    HOST: '127.0.0.1',
    PORT: '0',
    LOG_LEVEL: 'silent',
    DATABASE_URL: runtime,
    DATA_DIR: dataDir,
  });
}

const call = (running: Running, address: string, init: RequestInit = {}): Promise<Response> =>
  fetch(`${running.url}/api/v1/${address}`, {
    ...init,
    headers: { Authorization: `Bearer ${TOKEN}`, ...init.headers },
  });

/** Uploads a list, as people do; the product keeps the file. @throws Error when it is not taken */
export async function upload(running: Running, name: string): Promise<void> {
  const form = new FormData();
  form.set('entity', 'customer');
  form.set('file', new Blob([`Name,City\n${name},Vienna\n`], { type: 'text/csv' }), `${name}.csv`);
  const answer = await call(running, 'imports', { method: 'POST', body: form });
  if (answer.status !== 202 && answer.status !== 201)
    throw new Error(`the list was not taken: ${answer.status} ${await answer.text()}`);
}

/** That the restored product works: it reads a page of records and writes one. @throws Error with what it said */
export async function smoke(running: Running): Promise<void> {
  const list = await call(running, 'customers?limit=1');
  if (list.status !== 200) throw new Error(`the list of customers says ${list.status}: ${await list.text()}`);
  const made = await call(running, 'customers', customer('After the drill'));
  if (made.status !== 201) throw new Error(`a new customer is answered with ${made.status}: ${await made.text()}`);
}

const customer = (name: string): RequestInit => ({
  method: 'POST',
  headers: { 'Content-Type': 'application/json' },
  body: JSON.stringify({ name, external_id: name }),
});

/** Writes customers through the product, one after another, until it is stopped; and keeps the ledger. */
export class Writer {
  readonly ledger: Entry[] = [];
  readonly #running: Running;
  #goes = true;
  #paused = false;
  #asking = false;
  #work: Promise<void>;

  constructor(running: Running) {
    this.#running = running;
    this.#work = this.#write();
  }

  get confirmed(): Entry[] {
    return this.ledger.filter((entry) => entry.confirmed !== null);
  }

  async #write(): Promise<void> {
    while (this.#goes) {
      await sleep(PACE_MS);
      if (this.#paused || !this.#goes) continue;
      this.#asking = true;
      const entry: Entry = { name: `Ledger ${this.ledger.length + 1}`, asked: Date.now(), confirmed: null };
      this.ledger.push(entry);
      const answer = await call(this.#running, 'customers', customer(entry.name)).catch(() => null);
      if (answer?.status === 201) entry.confirmed = Date.now();
      await answer?.body?.cancel();
      this.#asking = false;
    }
  }

  /** Waits until that many more are confirmed. @throws Error when that takes longer than half a minute */
  async more(count: number): Promise<void> {
    const wanted = this.confirmed.length + count;
    for (const until = Date.now() + 30_000; this.confirmed.length < wanted; await sleep(20))
      if (Date.now() > until) throw new Error('the product confirms no changes');
  }

  /** Nothing is on its way while `work` runs. */
  async pausedFor<T>(work: () => Promise<T>): Promise<T> {
    this.#paused = true;
    do await sleep(PACE_MS + 20);
    while (this.#asking);
    try {
      return await work();
    } finally {
      this.#paused = false;
    }
  }

  async stop(): Promise<void> {
    this.#goes = false;
    await this.#work;
  }
}

/** The machine is gone: the server dies without a word, and its folder with it. */
export async function destroy(server: EmbeddedPostgres, home: string): Promise<void> {
  const [pid] = readFileSync(path.join(home, 'postmaster.pid'), 'utf8').split('\n');
  process.kill(Number(pid), 'SIGKILL');
  await server.stop();
  await rm(home, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
}
