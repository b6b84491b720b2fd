import { createHash } from 'node:crypto';
import type { Ctx } from '#src/kernel/context.ts';
import { enqueue, type Job } from '#src/kernel/jobs.ts';
import { widestRule } from '#src/kernel/visibility.ts';
import { interaction } from '#src/modules/activity/interaction.entity.ts';
import { task } from '#src/modules/activity/task.entity.ts';
import { customer } from '#src/modules/customers/customer.entity.ts';
import { project } from '#src/modules/delivery/project.entity.ts';
import { lead } from '#src/modules/sales/lead.entity.ts';
import { reports } from './all.ts';
import { reportAddress } from './figures.ts';
import { readQuestion } from './question.ts';
import type { Parts, Question, Report } from './report.ts';

/** Those that a company has most of first. */
const COUNTED = [interaction, task, customer, lead, project];

/** What took less is computed each time it is asked for, in ms. */
const QUICK = 250;
/** Nothing is kept for a company that has fewer records of every kind, whatever a busy machine makes of them. */
const MANY = 50_000;
/** So long a kept answer is given as it is, in ms. */
const FRESH = 60_000;
/** So long it is given while a new one is computed behind it, in ms; after that whoever asks waits for the new one. */
const USABLE = 15 * 60_000;
/** How long a statement may take for a page, for whoever has to wait for it, and when nobody does, in ms. */
export const PATIENCE = { page: 1_000, asked: 20_000, behind: 120_000 };
/** What PostgreSQL says of a statement that took longer than it may. */
const TOO_LONG = '57014';

/** What a report is asked for. */
type Part = 'page' | 'json';
type Answers = { page: Parts; json: object };

export interface Kept<T> {
  answer: T;
  /** the instant its figures are of */
  computed_at: Date;
  /** computed before it was asked for */
  earlier: boolean;
}

/** Who sees every record shares an answer with whoever has the same role; everybody else has their own. */
const seesAll = (ctx: Ctx): boolean => COUNTED.every((entity) => widestRule(ctx, entity) === 'all');
const readerOf = (ctx: Ctx): string => (seesAll(ctx) ? ctx.actor.role : ctx.actor.id);

function keyOf(ctx: Ctx, report: Report, question: Question, part: Part): string {
  const asked = [readerOf(ctx), part, report.slug, ctx.tenant, question];
  return createHash('sha256').update(JSON.stringify(asked)).digest('base64url');
}

async function hasMany(ctx: Ctx): Promise<boolean> {
  for (const { table } of COUNTED) {
    const [row] = await ctx.db.run(
      `/* report.has_many */ select exists (select from ${table} where tenant_id = :tenant offset ${MANY}) as yes`,
    );
    if (row?.yes) return true;
  }
  return false;
}

/**
 * Room for the transaction's statements: each is planned for its own days, and joins find their hash tables in memory.
 * @param ms how long a statement may take; 0: as the transaction has it
 * @returns the instant of the transaction
 */
export async function roomy(ctx: Ctx, ms: number): Promise<Date> {
  const [row] = await ctx.db.run(
    `/* report.room */ select set_config('work_mem', '64MB', true), set_config('plan_cache_mode', 'force_custom_plan', true),
      set_config('statement_timeout', case :ms::int when 0 then current_setting('statement_timeout') else :ms::text end, true),
      now() as now`,
    { ms },
  );
  return new Date(row!.now as string);
}

/**
 * A report's answer of now, kept where that took long. Within the transaction of `ctx`, which it gives room.
 * @param patience how long a statement may take, in ms; 0: as the transaction has it
 */
export async function askNow<P extends Part>(
  ctx: Ctx,
  report: Report,
  question: Question,
  part: P,
  patience: number = PATIENCE.asked,
): Promise<Kept<Answers[P]>> {
  const computed_at = await roomy(ctx, patience);
  const began = performance.now();
  const answer = (await report[part](ctx, question)) as Answers[P];
  if (performance.now() - began > QUICK && (await hasMany(ctx))) {
    await ctx.db.run(
      `/* report.keep */ insert into report_answers (tenant_id, key, computed_at, answer)
      values (:tenant, :key, :computed_at, :answer::jsonb)
      on conflict (tenant_id, key) do update set computed_at = excluded.computed_at, answer = excluded.answer
      where report_answers.computed_at < excluded.computed_at`,
      { key: keyOf(ctx, report, question, part), computed_at, answer: JSON.stringify(answer) },
    );
  }
  return { answer, computed_at, earlier: false };
}

/** An answer of a moment ago, or null; the next is computed behind one that gets old. */
async function keptAnswer<P extends Part>(
  ctx: Ctx,
  report: Report,
  question: Question,
  part: P,
): Promise<Kept<Answers[P]> | null> {
  const key = keyOf(ctx, report, question, part);
  const [row] = await ctx.db.run(
    `/* report.kept */ select computed_at, answer, extract(epoch from now() - computed_at) * 1000 as age
    from report_answers where tenant_id = :tenant and key = :key`,
    { key },
  );
  const age = Number(row?.age ?? Number.POSITIVE_INFINITY);
  // What somebody may see can shrink, so an answer of their own gets no older than a minute.
  if (age > (seesAll(ctx) ? USABLE : FRESH)) return null;
  if (age > FRESH) await computeBehind(ctx, report, question, part);
  return { answer: row!.answer as Answers[P], computed_at: new Date(row!.computed_at as string), earlier: true };
}

/**
 * A report's answer: of now, or among very many records one of a moment ago, which says so. Within the transaction of `ctx`.
 * @param patience how long a statement may take, in ms; 0: as the transaction has it
 */
export const ask = async <P extends Part>(
  ctx: Ctx,
  report: Report,
  question: Question,
  part: P,
  patience: number = PATIENCE.asked,
): Promise<Kept<Answers[P]>> =>
  (await keptAnswer(ctx, report, question, part)) ?? (await askNow(ctx, report, question, part, patience));

/**
 * The same for a page that somebody looks at: null when it takes longer than anybody likes to wait. A worker computes it then.
 * @param waiting somebody was told so and asks again: nothing is computed for them here
 */
export async function askSoon(
  ctx: Ctx,
  report: Report,
  question: Question,
  waiting: boolean,
): Promise<Kept<Parts> | null> {
  const kept = await keptAnswer(ctx, report, question, 'page');
  if (kept) return kept;
  if (!waiting) {
    await ctx.db.run('savepoint report');
    try {
      return await askNow(ctx, report, question, 'page', PATIENCE.page);
    } catch (error) {
      if ((error as { code?: string }).code !== TOO_LONG) throw error;
      await ctx.db.run('rollback to savepoint report');
    }
  }
  if (!(await hasMany(ctx))) return askNow(ctx, report, question, 'page');
  await computeBehind(ctx, report, question, 'page');
  return null;
}

/** Has an answer computed by a worker, so that it is there when it is asked for again. */
export async function computeBehind(ctx: Ctx, report: Report, question: Question, part: Part): Promise<void> {
  const [, query = ''] = reportAddress(report, question).split('?');
  const key = `report:${ctx.tenant.id}:${keyOf(ctx, report, question, part)}`;
  await enqueue(ctx, computing, { slug: report.slug, query, part }, key);
}

/** Computes a report for somebody who is not waiting for it. */
export const computing: Job = {
  name: 'reports.compute',
  run: (inTenant, payload) =>
    inTenant(async (ctx) => {
      const report = reports.find(({ slug }) => slug === payload.slug);
      if (!report) return;
      const question = await readQuestion(ctx, report, Object.fromEntries(new URLSearchParams(String(payload.query))));
      await askNow(ctx, report, question, payload.part === 'json' ? 'json' : 'page', PATIENCE.behind);
    }),
};

/** Forgets what nobody asked for again. Called by upkeep. */
export const forgetAnswers = (ctx: Ctx): Promise<unknown> =>
  ctx.db.run(
    `/* report.forget */ delete from report_answers where tenant_id = :tenant and computed_at < now() - interval '1 day'`,
  );
