// A PostgreSQL of a test's own, to be stopped, killed and frozen, behind a gate that keeps its address the same.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { migrate } from '../../scripts/migrate.ts';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../src/platform/embedded_postgres.ts';
import { createRuntimeLogin } from '../../src/platform/roles.ts';
import { type Gate, openGate } from '../helpers/gate.ts';

export interface OwnPostgres {
  gate: Gate;
  /** The superuser's address, past the gate. */
  url(): string;
  /** The address that the product is given, through the gate. */
  runtimeUrl: string;
  /** Ends the server with a signal to its postmaster and waits until it is gone; the port is shut. */
  end(how: 'SIGINT' | 'SIGQUIT' | 'SIGKILL'): Promise<void>;
  start(): Promise<void>;
  /** Stops the postmaster and everything it started in the middle of what they do. */
  freeze(): void;
  thaw(): void;
  stop(): Promise<void>;
}

export interface PostgresOptions {
  /** false: an empty database, whose schema comes later through `migrate(url())` */
  migrated?: boolean;
  /** Where it lives, if not in a folder of its own among the temporary ones. */
  folder?: string;
  /** PostgreSQL's own, each `name=value`. */
  settings?: readonly string[];
}

export async function startOwnPostgres(options: PostgresOptions = {}): Promise<OwnPostgres> {
  const folder = options.folder ?? mkdtempSync(path.join(tmpdir(), 'rapport-faults-'));
  const home = path.join(folder, 'postgres');
  // Durable: what was acknowledged has to stay.
  const launch = (): Promise<EmbeddedPostgres> => startEmbeddedPostgres(home, { settings: options.settings ?? [] });
  let server = await launch();
  const gate = await openGate(portOf(server));
  const client = new pg.Client({ connectionString: server.url });
  await client.connect();
  if (options.migrated !== false) await migrate(server.url);
  await client.query('create role rapport_app nologin; create role rapport_platform nologin').catch(() => {});
  const runtime = new URL(await createRuntimeLogin(client, server.url, 'runtime-password'));
  await client.end();
  runtime.port = String(gate.port);
  const postmaster = () => Number(readFileSync(path.join(home, 'postmaster.pid'), 'utf8').split('\n')[0]);
  const all = () => [postmaster(), ...childrenOf(postmaster())];
  const signal = (name: NodeJS.Signals) => {
    for (const pid of all()) process.kill(pid, name);
  };
  return {
    gate,
    url: () => server.url,
    runtimeUrl: runtime.href,
    async end(how) {
      const gone = all();
      process.kill(gone[0]!, how);
      while (gone.some(isAlive)) await new Promise((resolve) => setTimeout(resolve, 20));
      await gate.shut();
    },
    async start() {
      const next = await launch();
      if (!next.adopted) server = next; // else it was about to end, and did not
      await gate.shut();
      gate.lead(portOf(server));
      await gate.open();
    },
    freeze: () => signal('SIGSTOP'),
    thaw: () => signal('SIGCONT'),
    async stop() {
      try {
        signal('SIGCONT');
      } catch {
        // it is down
      }
      await gate.shut().catch(() => {});
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const portOf = (server: EmbeddedPostgres): number => Number(new URL(server.url).port);

function childrenOf(parent: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => stateOf(pid)?.parent === parent);
}

const isAlive = (pid: number): boolean => !['Z', 'X', undefined].includes(stateOf(pid)?.state);

function stateOf(pid: number): { state: string; parent: number } | null {
  try {
    const [state = '', parent] = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    return { state, parent: Number(parent) };
  } catch {
    return null; // it ended while we looked
  }
}
