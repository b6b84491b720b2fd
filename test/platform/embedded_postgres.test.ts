import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { startEmbeddedPostgres } from '../../src/platform/embedded_postgres.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'rapport-embedded-')); // 0700: the server's user may not walk through it
const data = path.join(folder, 'postgres');
const children: ChildProcess[] = [];

beforeAll(async () => {
  await (await startEmbeddedPostgres(data, { durable: false })).stop();
});

afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await gone(data);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('what was written is there after a stop and a start', async () => {
  const first = await startEmbeddedPostgres(data, { durable: false });
  await query(first.url, 'create table kept as select 42 as answer');
  await first.stop();
  expect(existsSync(pidFile(data))).toBe(false);

  const second = await startEmbeddedPostgres(data, { durable: false });
  expect(second.adopted).toBe(false);
  expect(await query(second.url, 'select answer from kept')).toEqual([{ answer: 42 }]);
  await second.stop();
});

test('it is durable unless asked otherwise, in UTF-8, and listens on loopback only', async () => {
  const server = await startEmbeddedPostgres(data);
  const settings = `select current_setting('fsync') fsync, current_setting('server_encoding') encoding,
    current_setting('listen_addresses') addresses, current_setting('unix_socket_directories') sockets`;
  expect(await query(server.url, settings)).toEqual([
    { fsync: 'on', encoding: 'UTF8', addresses: '127.0.0.1', sockets: '' },
  ]);
  await server.stop();
});

test('only the right password opens it, and only its user reads the password', async () => {
  const server = await startEmbeddedPostgres(data, { durable: false });
  const wrong = server.url.replace(/:[^:@]+@/, ':wrong@');
  await expect(query(wrong, 'select 1')).rejects.toThrow(/password authentication failed/);
  expect(statSync(path.join(data, 'rapport.password')).mode & 0o777).toBe(0o600);
  await server.stop();
});

test('a process killed by SIGKILL leaves no server behind, and the next start works', async () => {
  const holder = await hold();
  const postmaster = Number(readFileSync(pidFile(data), 'utf8').split('\n')[0]);
  holder.child.kill('SIGKILL');
  const server = await startEmbeddedPostgres(data, { durable: false });
  expect(server.adopted).toBe(false);
  expect(isAlive(postmaster)).toBe(false);
  await server.stop();
});

test('after SIGKILL of the server itself the next start works and what was committed is there', async () => {
  const first = await startEmbeddedPostgres(data);
  await query(first.url, 'create table survived as select 42 as answer');
  process.kill(Number(readFileSync(pidFile(data), 'utf8').split('\n')[0]), 'SIGKILL');
  const second = await startEmbeddedPostgres(data);
  expect(second.adopted).toBe(false);
  expect(await query(second.url, 'select answer from survived')).toEqual([{ answer: 42 }]);
  await second.stop();
});

test('a server that runs already is adopted and left to its owner', async () => {
  const holder = await hold();
  const guest = await startEmbeddedPostgres(data, { durable: false });
  expect(guest).toMatchObject({ adopted: true, url: holder.url });
  await guest.stop();
  expect(await query(holder.url, 'select 1 as one')).toEqual([{ one: 1 }]);
});

test('two first starts at the same instant share one server', async () => {
  const fresh = path.join(folder, 'fresh');
  const both = await Promise.all([hold(fresh), hold(fresh)]);
  expect(both.map((one) => one.adopted).sort()).toEqual([false, true]);
  expect(both[0]?.url).toBe(both[1]?.url);
  for (const one of both) one.child.kill('SIGKILL');
  await gone(fresh);
});

test('a pid file that names a living process which is no server of this folder is cleared', async () => {
  writeFileSync(pidFile(data), `${process.pid}\n${data}\n1\n5432\n\n127.0.0.1\n`);
  const server = await startEmbeddedPostgres(data, { durable: false });
  expect(server.adopted).toBe(false);
  await server.stop();
});

test('a folder with other contents is refused and left alone', async () => {
  const letter = path.join(folder, 'letter.txt');
  writeFileSync(letter, 'mine');
  await expect(startEmbeddedPostgres(folder)).rejects.toThrow(/holds no database of ours/);
  expect(readFileSync(letter, 'utf8')).toBe('mine');
});

async function hold(dir = data): Promise<{ child: ChildProcess; adopted: boolean; url: string }> {
  const script = path.join(import.meta.dirname, 'hold_postgres.ts');
  const child = spawn(process.execPath, [script, dir], { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  const [line] = await once(createInterface(child.stdout), 'line');
  return { child, ...JSON.parse(line) };
}

/** A killed holder's server ends by itself within moments; its folder may be removed only then. */
async function gone(dir: string): Promise<void> {
  for (let i = 0; i < 200 && existsSync(pidFile(dir)); i++) await sleep(25);
}

function pidFile(dir: string): string {
  return path.join(dir, 'postmaster.pid');
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}
