import { randomInt } from 'node:crypto';
import type { Ctx, Tenant } from '../../src/kernel/context.ts';
import { acrossTenants } from '../../src/kernel/system_db.ts';
import { type TenantDb, withTenant } from '../../src/kernel/tenant_db.ts';
import { passwordProblem } from '../../src/platform/passwords.ts';
import type { Pools } from '../../src/platform/postgres.ts';
import { type Call, Failure } from './command.ts';

/** Nothing that is mistaken for something else when it is read out on the phone. */
const LETTERS = 'abcdefghjkmnpqrstuvwxyz23456789';
const GROUPS = 5;
const GROUP = 4;

export interface KnownTenant extends Tenant {
  suspended_at: string | null;
}

/** @throws Failure when there is none */
export async function tenantNamed(pools: Pools, slug: string): Promise<KnownTenant> {
  const [tenant] = await acrossTenants<KnownTenant>(
    pools.platform,
    'select id, slug, name, time_zone, locale, currency, suspended_at from tenants where slug = $1',
    [slug],
  );
  if (!tenant) throw new Failure(`There is no tenant ${slug}.`);
  return tenant;
}

/**
 * The operator at work in a tenant. Not one of its people: the trail says "operator" and names no user, which its column
 * allows, so the id is null here and must not be used for anything else.
 */
function operator(db: TenantDb, tenant: Tenant): Ctx {
  const nobody = null as unknown as string;
  return {
    actor: { id: nobody, name: 'operator', email: '', role: 'admin', theme: '', team: [] },
    tenant,
    db,
    via: 'cli',
    read_only: false,
    ip: null,
    request_id: 'cli',
    csrf: '',
    session_id: null,
  };
}

/** Runs `work` in one transaction of the tenant, as the operator. */
export const inTenant = <T>(pools: Pools, tenant: Tenant, work: (ctx: Ctx) => Promise<T>): Promise<T> =>
  withTenant(pools.app, tenant.id, (db) => work(operator(db, tenant)));

/** About 98 bits, in groups that can be read out. */
const generated = (): string =>
  Array.from({ length: GROUPS }, () =>
    Array.from({ length: GROUP }, () => LETTERS[randomInt(LETTERS.length)]).join(''),
  ).join('-');

/**
 * The password of a new account: from standard input with --password-stdin, else a generated one that is printed once.
 * @param about what a guesser would try
 * @throws Failure when the given one is not accepted
 */
export async function newPassword(call: Call, about: readonly string[]): Promise<{ password: string; shown: boolean }> {
  if (!call.given('password-stdin')) return { password: generated(), shown: true };
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  const password = Buffer.concat(chunks).toString('utf8').split(/\r?\n/)[0] ?? '';
  const problem = passwordProblem(password, about);
  if (problem) throw new Failure(`The password from standard input is not accepted. ${problem}`);
  return { password, shown: false };
}

export const PASSWORD_OPTION = {
  'password-stdin': { help: 'take the password from standard input instead of printing a generated one' },
} as const;
