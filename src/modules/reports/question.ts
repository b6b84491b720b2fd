import { type Ctx, can, demand } from '#src/kernel/context.ts';
import { badRequest, forbidden } from '#src/kernel/errors.ts';
import { UUID } from '#src/kernel/fields/links.ts';
import { one, type RawQuery } from '#src/kernel/list_query.ts';
import { readPeriod } from './period.ts';
import { BY_USER } from './permissions.ts';
import type { Question, Report } from './report.ts';

/** Reads a report's address. @throws 400, and 403 for a `user` from somebody who may not ask for one */
export async function readQuestion(ctx: Ctx, report: Report, query: RawQuery): Promise<Question> {
  if (report.needs) demand(ctx, report.needs);
  const period = report.standing ? STANDING : readPeriod(ctx, query);
  const text = one(query, 'sort') || report.default_sort;
  const sort = text.replace(/^-/, '');
  const names = report.columns.map((column) => column.name);
  if (sort && !names.includes(sort)) {
    throw badRequest(`This report cannot be sorted by "${sort.slice(0, 40)}". Use one of: ${names.join(', ')}.`);
  }
  const user = await readUser(ctx, report, one(query, 'user'));
  return { period, user, days: readDays(report, query), sort, descending: text.startsWith('-') };
}

/** The period of a report that is about how things stand. */
const STANDING: Question['period'] = { preset: 'all-time', days: null, compare: 'none', before: null };

function readDays({ days }: Report, query: RawQuery): number {
  if (!days) return 0;
  const text = one(query, days.name) || String(days.initial);
  if (/^\d{1,4}$/.test(text) && Number(text) >= 1 && Number(text) <= days.most) return Number(text);
  throw badRequest(`"${days.name}" takes a whole number of days from 1 to ${days.most}.`);
}

async function readUser(ctx: Ctx, report: Report, id: string): Promise<Question['user']> {
  if (!id || !report.user_label) return null;
  if (!can(ctx, BY_USER)) {
    throw forbidden(
      'Only administrators and managers may look at one person’s figures. Remove "user" from the address.',
    );
  }
  if (!UUID.test(id)) throw badRequest(`"user" takes the id of a person, and "${id.slice(0, 40)}" is none.`);
  const [person] = (await ctx.db.from('users', 'users', 'report.user').select('name').where({ id })) as {
    name: string;
  }[];
  // Nobody here has this id: an answer with nothing in it, as for anybody who owns nothing.
  return { id, name: person?.name ?? 'nobody known here' };
}
