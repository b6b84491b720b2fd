import type { Ctx } from '#src/kernel/context.ts';
import type { Row } from '#src/kernel/tenant_db.ts';

const SIZE = 1_000;

/**
 * Rows of a constant statement in batches, through a cursor of the transaction: memory stays flat, and however long
 * reading takes, all rows are of the same instant.
 * @param text a constant statement as `ctx.db.run` takes it
 */
export async function* inBatches(ctx: Ctx, text: string, values: Record<string, unknown>): AsyncGenerator<Row[]> {
  await ctx.db.run(`/* report.open */ declare report_rows no scroll cursor for ${text}`, values);
  for (;;) {
    const rows = await ctx.db.run(`/* report.fetch */ fetch forward ${SIZE} from report_rows`);
    if (rows.length) yield rows;
    if (rows.length < SIZE) break;
  }
  await ctx.db.run('close report_rows');
}
