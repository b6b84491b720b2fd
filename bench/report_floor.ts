// The least that a report's page could take: the statements that it sends, sent again by themselves.
import type pg from 'pg';
import { actorOfUser } from '../src/kernel/actor.ts';
import type { Ctx } from '../src/kernel/context.ts';
import { withTenant } from '../src/kernel/tenant_db.ts';
import '../src/modules/index.ts';
import { roomy } from '../src/modules/reports/kept.service.ts';
import { readQuestion } from '../src/modules/reports/question.ts';
import type { Report } from '../src/modules/reports/report.ts';
import { createLog } from '../src/platform/log.ts';
import { openPools } from '../src/platform/postgres.ts';
import type { BenchTenant } from './ground.ts';

type Statement = { text: string; values?: unknown[] };

export interface ReportFloor {
  /** Sends what the page sends, so many times. @returns milliseconds that each took, with BEGIN and COMMIT, rows unread */
  ask(report: Report, who: BenchTenant, query: Record<string, string>, times: number): Promise<number[]>;
  stop(): Promise<void>;
}

/** @param databaseUrl as the serving processes connect: the same roles, row-level security and prepared statements */
export function openReportFloor(databaseUrl: string): ReportFloor {
  const pools = openPools(databaseUrl, createLog('silent'), 2);
  return {
    async ask(report, who, query, times) {
      const client = await pools.app.connect();
      try {
        const statements = await recorded(client, report, who, query);
        const took: number[] = [];
        for (let i = 0; i < times; i += 1) {
          const begin = performance.now();
          await client.query(`begin; select set_config('app.tenant_id', '${who.id}', true)`);
          // A copy, because the driver writes into what it is given.
          for (const statement of statements) await client.query({ ...statement });
          await client.query('commit');
          took.push(performance.now() - begin);
        }
        return took;
      } finally {
        client.release();
      }
    },
    stop: () => pools.end(),
  };
}

/** Makes the page once in this process and keeps the statements that it sent. */
async function recorded(
  client: pg.PoolClient,
  report: Report,
  who: BenchTenant,
  query: Record<string, string>,
): Promise<Statement[]> {
  const statements: Statement[] = [];
  const overheard = {
    query(...args: unknown[]) {
      const [first] = args;
      // What is not an object is the transaction's own: begin, commit.
      if (typeof first === 'object') {
        const { text, values } = first as Statement;
        statements.push(values ? { text, values: [...values] } : { text });
      }
      return (client.query as (...all: unknown[]) => unknown).apply(client, args);
    },
    release() {},
  };
  const pool = { connect: async () => overheard } as unknown as pg.Pool;
  await withTenant(pool, who.id, async (db) => {
    const found = await actorOfUser(db, who.user_id);
    if (!found) throw new Error(`${who.user_id} may not sign in`);
    const ctx: Ctx = { ...found, db, via: 'web', ip: null, request_id: 'bench', csrf: '', session_id: null };
    statements.length = 0;
    await roomy(ctx, 0);
    await report.page(ctx, await readQuestion(ctx, report, query));
  });
  return statements;
}
