// Databases for test files: clones of the migrated template, made in about 30 ms.
import { createHash, randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { migrate } from '../../scripts/migrate.ts';
import { createRuntimeLogin, RUNTIME_LOGIN } from '../../src/platform/roles.ts';
import { databaseServerUrl, templateDatabase } from './servers.ts';

export interface TestDatabase {
  /** Connects as superuser. */
  url: string;
  /** Connects as the serving processes do in production: a login that owns nothing. */
  runtimeUrl: string;
  drop(): Promise<void>;
}

const OBJECT_IN_USE = '55006';

/** A migrated, empty database of one's own; one for each test file. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const template = templateDatabase();
  const name = `${template}_${randomBytes(6).toString('hex')}`;
  for (let attempt = 1; ; attempt++) {
    try {
      await onServer(`create database ${name} template ${template} strategy file_copy`);
      break;
    } catch (error) {
      if ((error as { code?: string }).code !== OBJECT_IN_USE || attempt === 20) throw error;
      await sleep(50 * attempt);
    }
  }
  return {
    url: urlOf(name),
    runtimeUrl: urlOf(name, RUNTIME_LOGIN, runtimePassword()),
    drop: () => onServer(`drop database if exists ${name} with (force)`),
  };
}

/** Makes and migrates the template of this run; nobody may connect to it afterwards, or cloning would fail. */
export async function createTemplate(): Promise<string> {
  const name = `rapport_template_${randomBytes(4).toString('hex')}`;
  await onServer(`create database ${name}`);
  await migrate(urlOf(name));
  await withClient(urlOf(name), (client) => createRuntimeLogin(client, urlOf(name), runtimePassword()));
  await onServer(`alter database ${name} allow_connections false`);
  return name;
}

/** Drops the template and whatever clones of it are left. */
export async function dropTemplate(name: string): Promise<void> {
  await withClient(databaseServerUrl(), async (client) => {
    const { rows } = await client.query('select datname from pg_database where starts_with(datname, $1)', [name]);
    for (const { datname } of rows) await client.query(`drop database if exists ${datname} with (force)`);
  });
}

async function onServer(sql: string): Promise<void> {
  await withClient(databaseServerUrl(), (client) => client.query(sql));
}

async function withClient<T>(url: string, use: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}

function urlOf(database: string, user?: string, password?: string): string {
  const url = new URL(databaseServerUrl());
  url.pathname = `/${database}`;
  if (user) url.username = user;
  if (password) url.password = password;
  return url.href;
}

/** The same for all test files of a server (logins belong to the server, not to a database), and as secret as its URL. */
function runtimePassword(): string {
  return createHash('sha256').update(databaseServerUrl()).digest('base64url');
}
