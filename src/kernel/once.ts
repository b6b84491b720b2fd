import { createHash } from 'node:crypto';
import type { Ctx } from './context.ts';
import { AppError } from './errors.ts';

/**
 * Hash of a request's content, to tell a repeated request from a different one under the same key. The form's token is no
 * content: it is another one after signing in again.
 */
const bodyHash = (value: unknown): string =>
  createHash('sha256')
    .update(JSON.stringify(value ?? null, (name, part) => (name === '_csrf' ? undefined : part)))
    .digest('base64url');

/**
 * Makes a write safe to send twice: the first send does it and keeps what it answered, a repeat gets the same answer.
 * The key is taken in the transaction of the write, so a parallel repeat waits for the first and then sees its answer.
 * @param key '' when the sender gave none: then nothing is remembered
 * @param content what was sent; the same key with other content is refused
 * @throws 422 when the key was used for something else
 */
export async function onlyOnce<T extends object>(
  ctx: Ctx,
  key: string,
  content: unknown,
  work: () => Promise<T>,
): Promise<T> {
  if (!key) return work();
  const mine = { user_id: ctx.actor.id, key };
  const hash = bodyHash(content);
  const first = await ctx.db.insertOnce('request_keys', { ...mine, body_hash: hash });
  if (!first) {
    const [earlier] = (await ctx.db.from('request_keys').select('body_hash', 'reply').where(mine)) as {
      body_hash: string;
      reply: T | null;
    }[];
    if (earlier?.body_hash !== hash || !earlier.reply) {
      throw new AppError(422, 'This form was sent before with other entries. Reload the page before sending it again.');
    }
    return earlier.reply;
  }
  const reply = await work();
  await ctx.db.update('request_keys', mine, { reply: JSON.stringify(reply) });
  return reply;
}
