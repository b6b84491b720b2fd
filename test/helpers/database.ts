// Databases for test files: clones of the migrated template, made in about 30 ms.
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { migrate } from '../../scripts/migrate.ts';
import { databaseServerUrl, templateDatabase } from './servers.ts';

export interface TestDatabase {
  /** Connects as superuser. */
  url: string;
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
  return { url: urlOf(name), drop: () => onServer(`drop database if exists ${name} with (force)`) };
}

/** Makes and migrates the template of this run; nobody may connect to it afterwards, or cloning would fail. */
export async function createTemplate(): Promise<string> {
  const name = `rapport_template_${randomBytes(4).toString('hex')}`;
  await onServer(`create database ${name}`);
  await migrate(urlOf(name));
  await onServer(`alter database ${name} allow_connections false`);
  return name;
}

/** Drops the template and whatever clones of it are left. */
export async function dropTemplate(name: string): Promise<void> {
  const client = await connect();
  try {
    const { rows } = await client.query('select datname from pg_database where starts_with(datname, $1)', [name]);
    for (const { datname } of rows) await client.query(`drop database if exists ${datname} with (force)`);
  } finally {
    await client.end();
  }
}

async function onServer(sql: string): Promise<void> {
  const client = await connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

async function connect(): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: databaseServerUrl() });
  client.on('error', () => {});
  await client.connect();
  return client;
}

function urlOf(database: string): string {
  const url = new URL(databaseServerUrl());
  url.pathname = `/${database}`;
  return url.href;
}
