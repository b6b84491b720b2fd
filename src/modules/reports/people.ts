import type { Ctx } from '#src/kernel/context.ts';

/** A colleague as reports name them. */
export interface Colleague {
  id: string;
  name: string;
  email: string;
}

/** Colleagues by id, former ones too. @param ids '' among them is passed over */
export async function colleagues(ctx: Ctx, ids: readonly string[]): Promise<Map<string, Colleague>> {
  const found = (await ctx.db
    .from('users', 'users', 'report.people')
    .select('id', 'name', 'email')
    .whereIn('id', ids.filter(Boolean))) as unknown as Colleague[];
  return new Map(found.map((one) => [one.id, one]));
}

/** Everybody of the company, former colleagues too. */
export async function everybody(ctx: Ctx): Promise<(Colleague & { former: boolean })[]> {
  return (await ctx.db
    .from('users', 'users', 'report.everybody')
    .select('id', 'name', 'email', ctx.db.sql('deactivated_at is not null as former'))) as never;
}

/** What stands where nobody is responsible. */
export const NOBODY = 'Nobody';
