import { ROLES, type Role } from '#src/kernel/access.ts';
import { audit, type Changes, changed } from '#src/kernel/audit.ts';
import type { Ctx } from '#src/kernel/context.ts';
import { AppError, invalid, notFound } from '#src/kernel/errors.ts';
import { UUID } from '#src/kernel/fields/links.ts';
import { endSessions } from '#src/modules/session/own_sessions.service.ts';

export interface User {
  id: string;
  name: string;
  email: string;
  role: Role;
  deactivated_at: string | null;
  last_sign_in_at: string | null;
  version: number;
  teams: string[];
}

/** More than these are not shown on one page. */
const MOST_SHOWN = 500;
const MOST_TEAMS = 20;

const USERS = `
  select u.id, u.name, u.email, u.role, u.deactivated_at, u.last_sign_in_at, u.version,
    array(select t.name from team_members m join teams t on t.tenant_id = m.tenant_id and t.id = m.team_id
      where m.tenant_id = u.tenant_id and m.user_id = u.id order by t.name) as teams
  from users u where u.tenant_id = :tenant`;

/** Everybody of the tenant, active people first. */
export async function listUsers(ctx: Ctx): Promise<User[]> {
  const order = `order by (u.deactivated_at is not null), u.name, u.id limit ${MOST_SHOWN}`;
  return (await ctx.db.run(`/* users.list */ ${USERS} ${order}`)) as unknown as User[];
}

export async function countUsers(ctx: Ctx): Promise<{ active: number; closed: number }> {
  const [row] = await ctx.db.run(
    `/* users.count */ select count(*) filter (where deactivated_at is null)::int as active,
       count(*) filter (where deactivated_at is not null)::int as closed from users where tenant_id = :tenant`,
  );
  return row as unknown as { active: number; closed: number };
}

/** @throws 404 */
export async function getUser(ctx: Ctx, id: string): Promise<User> {
  const [row] = UUID.test(id) ? await ctx.db.run(`/* users.one */ ${USERS} and u.id = :id`, { id }) : [];
  if (!row) throw notFound();
  return row as unknown as User;
}

/** The same, held until the end of the transaction together with all administrators, so that two changes cannot pass. */
async function lockUser(ctx: Ctx, id: string): Promise<{ user: User; lastAdmin: boolean }> {
  const user = await getUser(ctx, id);
  const admins = await ctx.db.run(
    `/* users.admins */ select id from users
     where tenant_id = :tenant and role = 'admin' and deactivated_at is null order by id for update`,
  );
  return { user, lastAdmin: admins.length === 1 && admins[0]!.id === user.id };
}

const subject = (user: User, version: number) => ({ entity: 'user', id: user.id, title: user.name, version });

export interface UserChange {
  role: string;
  /** names; a new one makes a new team */
  teams: string[];
  version: number;
}

/** Changes role and teams; both hold from the person's next request on. @throws 404, 409, 422 */
export async function changeUser(ctx: Ctx, id: string, change: UserChange): Promise<void> {
  const { user, lastAdmin } = await lockUser(ctx, id);
  const role = ROLES.find((known) => known === change.role);
  if (!role) throw invalid({ role: 'Choose a role from the list.' });
  if (lastAdmin && role !== 'admin')
    throw invalid({ role: 'This is the only administrator. Make somebody else an administrator first.' });
  if (change.teams.length > MOST_TEAMS || change.teams.some((name) => name.length > 100))
    throw invalid({ teams: `At most ${MOST_TEAMS} teams, with names of at most 100 letters.` });
  const rows = await ctx.db.update(
    'users',
    { id, version: change.version },
    { role, version: change.version + 1, updated_at: new Date().toISOString() },
  );
  if (!rows.length)
    throw new AppError(
      409,
      'Somebody else changed this person while you were editing. Look at the present values and save again.',
    );
  await setTeams(ctx, id, change.teams);
  const after = await getUser(ctx, id);
  const changes = changed({ ...user }, { ...after }, ['role', 'teams']);
  await audit(ctx, 'updated', subject(user, after.version), changes);
}

async function setTeams(ctx: Ctx, userId: string, names: readonly string[]): Promise<void> {
  const ids: string[] = [];
  for (const name of names) {
    await ctx.db.insertOnce('teams', { name });
    const [team] = await ctx.db.run(
      '/* teams.named */ select id from teams where tenant_id = :tenant and lower(name) = lower(:name)',
      { name },
    );
    ids.push(team!.id as string);
  }
  await ctx.db.remove('team_members', { user_id: userId });
  await ctx.db.insert(
    'team_members',
    ids.map((team_id) => ({ team_id, user_id: userId })),
  );
}

async function setClosed(ctx: Ctx, user: User, closed: boolean): Promise<void> {
  const now = new Date().toISOString();
  const version = user.version + 1;
  await ctx.db.update('users', { id: user.id }, { deactivated_at: closed ? now : null, updated_at: now, version });
  const changes: Changes = { active: { old: closed, new: !closed } };
  await audit(ctx, 'updated', subject(user, version), changes);
}

/**
 * Closes an account: nobody gets in with it from the next request on, by session or token. Nothing is deleted.
 * @returns keys under which the store holds the ended sessions
 * @throws 404; 422 for oneself and for the last administrator
 */
export async function deactivateUser(ctx: Ctx, id: string): Promise<string[]> {
  const { user, lastAdmin } = await lockUser(ctx, id);
  if (user.deactivated_at) return [];
  if (lastAdmin) throw invalid({ user: 'This is the only administrator. Make somebody else an administrator first.' });
  if (user.id === ctx.actor.id) throw invalid({ user: 'Ask another administrator to close your own account.' });
  await setClosed(ctx, user, true);
  await ctx.db.run(
    '/* users.revoke_tokens */ update api_tokens set revoked_at = now() where tenant_id = :tenant and user_id = :user and revoked_at is null',
    { user: id },
  );
  return endSessions(ctx, id);
}

/** Opens a closed account again; sessions and tokens do not come back. @throws 404 */
export async function reactivateUser(ctx: Ctx, id: string): Promise<void> {
  const user = await getUser(ctx, id);
  if (user.deactivated_at) await setClosed(ctx, user, false);
}
