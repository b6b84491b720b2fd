import { actorOf, askWho, type Caller } from '#src/kernel/actor.ts';
import { audit } from '#src/kernel/audit.ts';
import type { Ctx } from '#src/kernel/context.ts';
import { notFound } from '#src/kernel/errors.ts';
import { UUID } from '#src/kernel/fields/links.ts';
import type { TenantDb } from '#src/kernel/tenant_db.ts';
import { type Company, domainOf, isEmail, normalEmail } from './accounts.service.ts';
import { ctxOfNewcomer, type Visitor } from './begin.service.ts';
import { Refusal } from './id_token.ts';
import type { Provider } from './provider.service.ts';

/** Who somebody is at their company's provider. */
export interface Person {
  issuer: string;
  subject: string;
  email: string | null;
  /** only a provider's plain `true` counts */
  email_verified: boolean;
  name: string | null;
}

/** The user an identity stands for. Issuer and subject identify, never the e-mail address. */
async function findIdentity(db: TenantDb, person: Person): Promise<{ id: string; user_id: string } | null> {
  const [row] = await db
    .from('identities', 'identities', 'sso.identity')
    .select('id', 'user_id')
    .where({ issuer: person.issuer, subject: person.subject });
  return (row as { id: string; user_id: string } | undefined) ?? null;
}

/**
 * The user who signs in, made on the way where the tenant wants that.
 * @throws Refusal with what to do instead
 */
export async function userOfPerson(
  db: TenantDb,
  company: Company,
  provider: Provider,
  person: Person,
  from: Visitor,
): Promise<string> {
  const known = await findIdentity(db, person);
  if (!known) return createUser(db, company, provider, person, from);
  const ctx = await ctxOfNewcomer(db, known.user_id, from);
  if (!ctx) throw new Refusal('deactivated', `Your account at ${company.name} is closed. Ask an administrator there.`);
  await db.update('identities', { id: known.id }, { last_used_at: new Date().toISOString() });
  return known.user_id;
}

async function createUser(
  db: TenantDb,
  company: Company,
  provider: Provider,
  person: Person,
  from: Visitor,
): Promise<string> {
  const email = person.email === null ? '' : normalEmail(person.email);
  const linkFirst = `If you have a password for ${company.name}, sign in with it and link your company sign-in under “Company sign-in”.`;
  if (!provider.just_in_time)
    throw new Refusal(
      'unknown person',
      `Your company sign-in is not linked to an account yet. ${linkFirst} Otherwise ask an administrator.`,
    );
  if (!isEmail(email) || !person.email_verified || !provider.email_domains.includes(domainOf(email)))
    throw new Refusal(
      'e-mail missing, not verified or of another domain',
      `${company.name} admits new people only with a confirmed e-mail address at ${provider.email_domains.join(' or ') || 'its own domain'}. Ask an administrator there.`,
    );
  const user = await insertUser(db, provider, email, person);
  if (!user) {
    // Somebody has this e-mail: the same person a moment ago in another tab, or an account that is to be linked by hand.
    const meanwhile = await findIdentity(db, person);
    if (meanwhile) return meanwhile.user_id;
    throw new Refusal('e-mail is taken', `There is an account with your e-mail address already. ${linkFirst}`);
  }
  await db.insert('identities', {
    user_id: user,
    issuer: person.issuer,
    subject: person.subject,
    last_used_at: new Date().toISOString(),
  });
  const ctx = await ctxOfNewcomer(db, user, from);
  if (!ctx) throw new Refusal('tenant closed');
  const changes = { email: { old: null, new: email }, role: { old: null, new: provider.default_role } };
  await audit(ctx, 'created', { entity: 'user', id: user, title: ctx.actor.name, version: 1 }, changes);
  return user;
}

async function insertUser(db: TenantDb, provider: Provider, email: string, person: Person): Promise<string | null> {
  const name = person.name?.trim().slice(0, 200) || email.slice(0, email.indexOf('@'));
  const row = await db.insertOnce('users', { email, name, role: provider.default_role });
  return (row?.id as string | undefined) ?? null;
}

/**
 * Ties a person at the provider to the user of a signed-in session, who asked for it.
 * @throws Refusal when the session has ended or either side is tied already
 */
export async function linkPerson(
  db: TenantDb,
  who: { user_id: string; session_id: string },
  person: Person,
  from: Visitor,
): Promise<void> {
  const caller: Caller = { by: 'session', id: who.session_id, tenant_id: db.tenant_id, user_id: who.user_id };
  const found = await actorOf(db, caller, await db.run(askWho(caller)));
  if (!found) throw new Refusal('session ended while linking', 'You were signed out meanwhile. Sign in and try again.');
  const ctx: Ctx = {
    ...found,
    db,
    via: 'web',
    ip: from.ip,
    request_id: from.request_id,
    csrf: '',
    session_id: who.session_id,
  };
  const known = await findIdentity(db, person);
  if (known?.user_id === who.user_id) return;
  if (known) throw new Refusal('identity is taken', 'This company sign-in is linked to somebody else already.');
  const own = await db
    .from('identities', 'identities', 'sso.own')
    .select('id')
    .where({ user_id: who.user_id, issuer: person.issuer });
  if (own.length) throw new Refusal('user is linked', 'You are linked to another company sign-in. Unlink that first.');
  const row = await db.insertOnce('identities', {
    user_id: who.user_id,
    issuer: person.issuer,
    subject: person.subject,
  });
  if (!row) throw new Refusal('identity is taken', 'This company sign-in is linked to somebody else already.');
  await audit(
    ctx,
    'linked',
    { entity: 'user', id: who.user_id, title: found.actor.name },
    {
      issuer: { old: null, new: person.issuer },
    },
  );
}

export interface OwnIdentity {
  id: string;
  issuer: string;
  created_at: string;
  last_used_at: string | null;
}

/** The company sign-ins the actor is linked to. */
export const ownIdentities = async (ctx: Ctx): Promise<OwnIdentity[]> =>
  (await ctx.db
    .from('identities', 'identities', 'sso.own')
    .select('id', 'issuer', 'created_at', 'last_used_at')
    .where('user_id', ctx.actor.id)
    .orderBy('created_at')) as OwnIdentity[];

/** Can the actor come back without the company's sign-in? */
export async function hasOwnWayIn(ctx: Ctx): Promise<boolean> {
  const [row] = await ctx.db.run(
    `/* sso.own_way */ select 1 from users u join tenants t on t.id = u.tenant_id
     where u.tenant_id = :tenant and u.id = :user and u.password_hash is not null
       and (t.password_sign_in or u.role = 'admin')`,
    { user: ctx.actor.id },
  );
  return row !== undefined;
}

/** Takes one of the actor's own links away. @throws 404 */
export async function unlink(ctx: Ctx, id: string): Promise<void> {
  const [row] = UUID.test(id) ? (await ownIdentities(ctx)).filter((own) => own.id === id) : [];
  if (!row || !(await hasOwnWayIn(ctx))) throw notFound('There is no link that could be taken away.');
  await ctx.db.remove('identities', { id });
  await audit(
    ctx,
    'linked',
    { entity: 'user', id: ctx.actor.id, title: ctx.actor.name },
    {
      issuer: { old: row.issuer, new: null },
    },
  );
}
