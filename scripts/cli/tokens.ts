import { randomBytes } from 'node:crypto';
import { hashToken } from '../../src/kernel/actor.ts';
import { audit } from '../../src/kernel/audit.ts';
import { type Call, type Command, Failure } from './command.ts';
import { inTenant, tenantNamed } from './operator.ts';
import { userNamed } from './users.ts';

const SCOPES = ['read', 'write'];
const MOST_DAYS = 3_650;
const DAY = 86_400_000;
const RANDOM_BYTES = 30;

function scopesOf(call: Call): string[] {
  const scopes = [
    ...new Set(
      call
        .option('scopes')
        .split(',')
        .map((scope) => scope.trim()),
    ),
  ];
  const unknown = scopes.find((scope) => !SCOPES.includes(scope));
  if (unknown !== undefined) throw new Failure(`There is no scope "${unknown}"; there are ${SCOPES.join(' and ')}.`);
  if (!scopes.includes('read')) throw new Failure('A token that may not read is of no use: --scopes read,write');
  return scopes;
}

function daysOf(call: Call): number {
  const days = Number(call.option('days'));
  if (!Number.isInteger(days) || days < 1 || days > MOST_DAYS)
    throw new Failure(`--days is a number from 1 to ${MOST_DAYS}.`);
  return days;
}

export const TOKEN_COMMANDS: readonly Command[] = [
  {
    words: 'token create',
    does: 'Prints a new API token of somebody. It is shown once; only its hash is kept.',
    options: {
      tenant: { value: 'SLUG', required: true, help: 'where' },
      email: { value: 'ADDRESS', required: true, help: 'whose: it may do what this person may' },
      name: { value: 'TEXT', initial: 'operator', help: 'what it is for' },
      scopes: { value: 'LIST', initial: 'read,write', help: 'read, or read,write' },
      days: { value: 'N', initial: '90', help: 'how long it works' },
    },
    run: {
      kind: 'database',
      work: async (call, pools) => {
        const tenant = await tenantNamed(pools, call.option('tenant'));
        const [scopes, days] = [scopesOf(call), daysOf(call)];
        const name = call.option('name').trim().slice(0, 100) || 'operator';
        const expires_at = new Date(Date.now() + days * DAY).toISOString();
        const token = `rpt_${randomBytes(RANDOM_BYTES).toString('base64url')}`;
        const user = await inTenant(pools, tenant, async (ctx) => {
          const user = await userNamed(ctx, call.option('email'));
          if (user.closed) throw new Failure(`${user.name} is deactivated, so a token would not work.`);
          const values = { user_id: user.id, name, scopes, expires_at };
          const [row] = await ctx.db.insert('api_tokens', { ...values, token_hash: hashToken(token) });
          const changes = Object.fromEntries(Object.entries(values).map(([key, v]) => [key, { old: null, new: v }]));
          await audit(ctx, 'created', { entity: 'api_token', id: row!.id as string, title: name }, changes);
          return user;
        });
        call.print(token);
        call.note(
          `Acts as ${user.name} in ${tenant.slug} (${scopes.join(', ')}) for ${days} days. Keep it: it is not shown again.`,
        );
      },
    },
  },
];
