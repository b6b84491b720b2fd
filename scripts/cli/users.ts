import { ROLES, type Role } from '../../src/kernel/access.ts';
import { audit, changed } from '../../src/kernel/audit.ts';
import type { Ctx } from '../../src/kernel/context.ts';
import { normalEmail } from '../../src/kernel/fields/addresses.ts';
import { acrossTenants } from '../../src/kernel/system_db.ts';
import { deactivateUser } from '../../src/modules/admin/users.service.ts';
import { hashPassword } from '../../src/platform/passwords.ts';
import { type Command, Failure } from './command.ts';
import { inTenant, newPassword, PASSWORD_OPTION, tenantNamed } from './operator.ts';

const UNIQUE = '23505';

export interface NewUser {
  email: string;
  name: string;
  role: Role;
  password: string;
}

/** @throws Failure when it is no address */
export function emailOf(text: string): string {
  const email = normalEmail(text);
  if (!email) throw new Failure(`${text} is not an e-mail address.`);
  return email;
}

/** @throws Failure when it is empty or too long */
export function nameOf(text: string): string {
  const name = text.trim();
  if (!name || name.length > 200) throw new Failure('A name has 1 to 200 characters.');
  return name;
}

/** Adds somebody to the tenant. @throws Failure when the address is taken there */
export async function createUser(ctx: Ctx, user: NewUser): Promise<void> {
  const { email, name, role } = user;
  const password_hash = await hashPassword(user.password);
  const [row] = await ctx.db.insert('users', { email, name, role, password_hash }).catch((error) => {
    if ((error as { code?: string }).code !== UNIQUE) throw error;
    throw new Failure(`${email} has an account in ${ctx.tenant.slug} already.`);
  });
  const subject = { entity: 'user', id: row!.id as string, title: name, version: 1 };
  await audit(ctx, 'created', subject, changed({}, row!, ['email', 'name', 'role']));
}

/** @throws Failure when there is none */
export async function userNamed(ctx: Ctx, text: string): Promise<{ id: string; name: string; closed: boolean }> {
  const [user] = await ctx.db.run(
    `/* cli.user */ select id, name, deactivated_at is not null as closed from users
     where tenant_id = :tenant and lower(email) = lower(:email)`,
    { email: text.trim() },
  );
  if (!user) throw new Failure(`There is nobody with ${text} in ${ctx.tenant.slug}.`);
  return user as { id: string; name: string; closed: boolean };
}

export const USER_COMMANDS: readonly Command[] = [
  {
    words: 'user invite',
    does: 'Adds somebody to a tenant and prints a password once; sending it is up to you.',
    options: {
      tenant: { value: 'SLUG', required: true, help: 'where' },
      email: { value: 'ADDRESS', required: true, help: 'what the person signs in with' },
      name: { value: 'NAME', required: true, help: 'first and last name' },
      role: { value: 'ROLE', required: true, help: ROLES.join(', ') },
      ...PASSWORD_OPTION,
    },
    run: {
      kind: 'database',
      work: async (call, pools) => {
        const tenant = await tenantNamed(pools, call.option('tenant'));
        const [email, name] = [emailOf(call.option('email')), nameOf(call.option('name'))];
        const role = ROLES.find((known) => known === call.option('role'));
        if (!role) throw new Failure(`There is no role ${call.option('role')}; there are ${ROLES.join(', ')}.`);
        const { password, shown } = await newPassword(call, [name, email, tenant.name]);
        await inTenant(pools, tenant, (ctx) => createUser(ctx, { email, name, role, password }));
        call.print(`${name} <${email}> can sign in to ${tenant.slug} as ${role}.`);
        if (shown) call.print(`password: ${password}`);
      },
    },
  },
  {
    words: 'user deactivate',
    does: 'Closes an account: its sessions and tokens end at once, nothing is deleted.',
    options: {
      tenant: { value: 'SLUG', required: true, help: 'where' },
      email: { value: 'ADDRESS', required: true, help: 'whose' },
    },
    run: {
      kind: 'database',
      work: async (call, pools) => {
        const tenant = await tenantNamed(pools, call.option('tenant'));
        const { user, keys } = await inTenant(pools, tenant, async (ctx) => {
          const user = await userNamed(ctx, call.option('email'));
          return { user, keys: await deactivateUser(ctx, user.id) };
        });
        // Where sessions live in Redis they are gone for good when they expire; the ended row counts until then.
        await acrossTenants(pools.platform, 'delete from http_sessions where sid = any($1)', [keys]);
        call.print(
          user.closed
            ? `${user.name} was deactivated already.`
            : `${user.name} is deactivated; ${keys.length} sessions ended, tokens are revoked.`,
        );
      },
    },
  },
];
