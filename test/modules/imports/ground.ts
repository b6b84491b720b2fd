// What the tests of imports stand on: an app without a worker, whose work is driven by hand, so that it can be stopped anywhere.
import pg from 'pg';
import type { Ctx } from '../../../src/kernel/context.ts';
import { type InTenant, runJob } from '../../../src/kernel/jobs.ts';
import { withTenant } from '../../../src/kernel/tenant_db.ts';
import type { Counts, Import } from '../../../src/modules/imports/model.ts';
import { work } from '../../../src/modules/imports/work.job.ts';
import { csrfToken, signIn, startApp, type TestApp } from '../../helpers/app.ts';
import { inTenant, makeTenant, PASSWORD, type TestTenant } from '../../helpers/fixture.ts';
import { findViolations } from '../../helpers/invariants.ts';

export interface Ground {
  app: TestApp;
  acme: TestTenant;
  globex: TestTenant;
  sql<T = Record<string, unknown>>(text: string, values?: unknown[]): Promise<T[]>;
  /** Uploads through the API. @returns the import's id */
  upload(content: string | Buffer, options?: object, entity?: string, name?: string): Promise<string>;
  /** Runs what the queue would run, once, for the company that the import belongs to. */
  drive(id: string): Promise<void>;
  load(id: string): Promise<Import>;
  /** upload, read, plan and (options.commit) commit */
  run(content: string | Buffer, options?: object, entity?: string, name?: string): Promise<Import>;
  as<T>(work: (ctx: Ctx) => Promise<T>): Promise<T>;
  /** The same with another company in the place of acme. */
  of(tenant: TestTenant): Ground;
  stop(): Promise<void>;
}

export async function openGround(env: Record<string, string> = {}): Promise<Ground> {
  const app = await startApp({ env: { ROLE: 'web', ...env } });
  const acme = await makeTenant(app.database.url, app.platform, 'acme');
  const globex = await makeTenant(app.database.url, app.platform, 'globex');
  const pool = new pg.Pool({ connectionString: app.database.url, max: 4 });
  // The database goes with the app, a moment before the last of these knows that it has ended.
  pool.on('error', () => {});
  const sql: Ground['sql'] = async (text, values = []) => (await pool.query(text, values)).rows as never;
  const groundOf = (acme: TestTenant): Ground => {
    const ground: Ground = {
      app,
      acme,
      globex,
      sql,
      as: (job) => inTenant(app.platform, acme, 'admin', job),
      async upload(content, options = {}, entity = 'customers', name = 'list.csv') {
        const answer = await app
          .agent()
          .post('/api/v1/imports')
          .set('Authorization', `Bearer ${acme.users.admin.token}`)
          .field('entity', entity)
          .field('options', JSON.stringify(options))
          .attach('file', Buffer.from(content as string), name);
        if (answer.status !== 202) throw new Error(`${answer.status} ${answer.text}`);
        return answer.body.data.id as string;
      },
      async drive(id) {
        const { run, tenant_id, created_by } = (await ground.load(id)) as Import & { tenant_id: string };
        const payload = { import_id: id, run, tenant_id, actor_id: created_by };
        await runJob(app.platform, work, payload, new AbortController().signal);
      },
      load: async (id) => (await sql('select * from imports where id = $1', [id]))[0] as unknown as Import,
      async run(content, options, entity, name) {
        const id = await ground.upload(content, options, entity, name);
        await ground.drive(id);
        return ground.load(id);
      },
      of: groundOf,
      stop: async () => {
        await pool.end();
        await app.stop();
      },
    };
    return ground;
  };
  return groundOf(acme);
}

/**
 * A ground for the tests of a file or of a `describe`, filled before the first of them and taken away after the last.
 * @param atEnd what is looked at, or has to stop, while it is still there
 */
export function useGround(
  env: Record<string, string> = {},
  atEnd: (ground: Ground) => unknown = () => undefined,
): Ground {
  const ground = {} as Ground;
  beforeAll(async () => {
    Object.assign(ground, await openGround(env));
  }, 60_000);
  afterAll(async () => {
    try {
      await atEnd(ground);
    } finally {
      await ground.stop?.();
    }
  });
  return ground;
}

/** What has to be true of any database, whatever the tests did to it. */
export const staysSound = async ({ app }: Ground): Promise<void> =>
  expect(await findViolations(app.database.url)).toEqual([]);

/** The job as the queue runs it, except that the process "dies" (nothing more happens) before its nth transaction. */
export async function driveUntil(ground: Ground, id: string, deadBefore: number): Promise<boolean> {
  const { run } = await ground.load(id);
  const { acme, app } = ground;
  class Killed extends Error {}
  let steps = 0;
  const dying: InTenant = (step) =>
    withTenant(app.platform.pools.app, acme.id, async (db) => {
      steps += 1;
      if (steps >= deadBefore) throw new Killed();
      return inTenantCtx(ground, db, step);
    });
  const alive = work
    .run(dying, { import_id: id, run }, app.platform, new AbortController().signal)
    .then(() => true)
    .catch((error) => {
      if (error instanceof Killed) return false;
      throw error;
    });
  return alive;
}

async function inTenantCtx<T>(ground: Ground, db: Ctx['db'], step: (ctx: Ctx) => Promise<T>): Promise<T> {
  const { actorOfUser } = await import('../../../src/kernel/actor.ts');
  const actor = (await actorOfUser(db, ground.acme.users.admin.id))!;
  return step({ ...actor, db, via: 'job', ip: null, request_id: 'test', csrf: '', session_id: null });
}

export const countsOf = ({ rows, created, updated, unchanged, skipped, failed }: Import): Counts => ({
  rows,
  created,
  updated,
  unchanged,
  skipped,
  failed,
});

/** A line of a .csv file for each row, with quotes where they are needed. */
export const csv = (...rows: (string | number)[][]): string =>
  rows.map((row) => row.map((cell) => `"${String(cell).replaceAll('"', '""')}"`).join(',')).join('\r\n');

export async function signedIn(ground: Ground, role: 'admin' | 'manager' | 'sales' = 'admin') {
  const agent = ground.app.agent();
  await signIn(agent, ground.acme.users[role].email, PASSWORD);
  const { text } = await agent.get('/customers');
  return { agent, csrf: csrfToken(text) };
}

/** Reason of each row that has one, by row number. */
export async function reasons(ground: Ground, id: string): Promise<Record<number, string>> {
  const rows = await ground.sql<{ row_number: number; plan: string; problems: [number, string][] }>(
    'select row_number, plan, problems from import_plan where import_id = $1 order by 1',
    [id],
  );
  return Object.fromEntries(
    rows
      .filter((r) => r.problems.length)
      .map((r) => [r.row_number, `${r.plan}: ${r.problems.map((p) => p[1]).join(' ')}`]),
  );
}
