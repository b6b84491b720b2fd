import type { Config } from '#src/config.ts';
import { audit, type Changes, changed } from '#src/kernel/audit.ts';
import type { Ctx } from '#src/kernel/context.ts';
import { AppError, invalid } from '#src/kernel/errors.ts';
import { DiscoveryError, discover, type ProviderMetadata } from '#src/modules/session/discovery.service.ts';
import { type Provider, providerOf, secretPlace } from '#src/modules/session/provider.service.ts';
import { seal } from '#src/platform/secrets.ts';
import { problemsOf, type SsoSettings } from './sso_settings.ts';

const TRAIL = [
  'name',
  'issuer',
  'client_id',
  'client_secret',
  'token_auth',
  'email_domains',
  'just_in_time',
  'default_role',
  'enabled',
];

/** May people of this tenant use passwords? Administrators always may. */
export async function passwordsAllowed(ctx: Ctx): Promise<boolean> {
  const [row] = await ctx.db.run('/* sso.passwords */ select password_sign_in from tenants where id = :tenant');
  return row?.password_sign_in === true;
}

/** Active people who could not get in without a password today. */
export async function unlinkedPeople(ctx: Ctx): Promise<number> {
  const [row] = await ctx.db.run(
    `/* sso.unlinked */ select count(*)::int as n from users u
     where u.tenant_id = :tenant and u.deactivated_at is null and u.role <> 'admin'
       and not exists (select from identities i where i.tenant_id = u.tenant_id and i.user_id = u.id)`,
  );
  return row!.n as number;
}

/** An administrator who came in through this issuer before can mend what is wrong with it. */
async function anAdminIsLinked(ctx: Ctx, issuer: string): Promise<boolean> {
  const rows = await ctx.db.run(
    `/* sso.linked_admin */ select 1 from identities i join users u on u.tenant_id = i.tenant_id and u.id = i.user_id
     where i.tenant_id = :tenant and i.issuer = :issuer and u.role = 'admin' and u.deactivated_at is null limit 1`,
    { issuer },
  );
  return rows.length > 0;
}

/** @throws 422 naming the issuer when the provider cannot be used */
async function mustAnswer(config: Config, issuer: string): Promise<ProviderMetadata> {
  try {
    return await discover(issuer, config.sso_allow_private);
  } catch (error) {
    if (error instanceof DiscoveryError) throw invalid({ issuer: error.message });
    throw error;
  }
}

/**
 * Stores the provider. It can be switched on only when it answers as it should, and passwords switched off only while
 * it is on and an administrator is linked with it.
 * @param version of the provider as it was shown, 0 for none
 * @throws 409, 422
 */
export async function saveProvider(ctx: Ctx, config: Config, settings: SsoSettings, version: number): Promise<void> {
  const before = await providerOf(ctx.db);
  // A stored secret must not travel to another provider because somebody typed another address.
  const same = before !== null && before.issuer === settings.issuer && before.client_id === settings.client_id;
  const problems = problemsOf(settings, same);
  if (!settings.password_sign_in && !problems.password_sign_in && !(await anAdminIsLinked(ctx, settings.issuer)))
    problems.password_sign_in =
      'Link your own account first (your name, then “Company sign-in”), so that you know it works.';
  if (Object.keys(problems).length) throw invalid(problems);
  if ((before?.version ?? 0) !== version)
    throw new AppError(
      409,
      'Somebody else changed these settings while you were editing. Look at them and save again.',
    );
  if (settings.enabled) await mustAnswer(config, settings.issuer);
  const { password_sign_in, client_secret, ...plain } = settings;
  const secret = client_secret
    ? { client_secret: seal(config.session_secret, secretPlace(ctx.tenant.id), client_secret) }
    : {};
  const row = { ...plain, ...secret, version: version + 1, updated_at: new Date().toISOString() };
  const [after] = before
    ? await ctx.db.update('sso_providers', { id: before.id, version }, row)
    : await ctx.db.insert('sso_providers', row);
  if (!after) throw new AppError(409, 'Somebody else changed these settings at the same moment. Save again.');
  const changes = changed({ ...before }, after, TRAIL);
  Object.assign(changes, await setPasswords(ctx, password_sign_in));
  await audit(ctx, 'configured', { entity: 'sso_provider', id: after.id as string, title: settings.name }, changes);
}

/** Lets people use passwords or not; sessions begun with one end when they may not any more. */
async function setPasswords(ctx: Ctx, allowed: boolean): Promise<Changes> {
  const before = await passwordsAllowed(ctx);
  if (before === allowed) return {};
  await ctx.db.run(
    '/* sso.set_passwords */ update tenants set password_sign_in = :allowed, updated_at = now() where id = :tenant',
    { allowed },
  );
  if (!allowed) {
    await ctx.db.run(
      `/* sso.end_password_sessions */ update user_sessions s set ended_at = now() from users u
       where s.tenant_id = :tenant and s.method = 'password' and s.ended_at is null
         and u.tenant_id = s.tenant_id and u.id = s.user_id and u.role <> 'admin'`,
    );
  }
  return { password_sign_in: { old: before, new: allowed } };
}

export interface CheckLine {
  text: string;
  ok: boolean;
  reason: string;
}

/** What the stored provider says about itself, line by line, as seen from here. Nothing is stored. */
export async function checkProvider(config: Config, provider: Provider): Promise<CheckLine[]> {
  try {
    const found = await discover(provider.issuer, config.sso_allow_private);
    const way = provider.token_auth === 'basic' ? 'client_secret_basic' : 'client_secret_post';
    const fits = found.token_auth === null || found.token_auth.includes(way);
    return [
      { text: 'The provider answers and calls itself exactly as entered', ok: true, reason: '' },
      { text: `It signs with ${found.algorithms.join(', ')}`, ok: true, reason: '' },
      {
        text: `It takes the client secret as chosen (${way})`,
        ok: fits,
        reason: fits ? '' : `It takes: ${found.token_auth!.join(', ').slice(0, 200)}`,
      },
      {
        text: found.says_pkce ? 'It checks PKCE (S256)' : 'It does not say whether it checks PKCE; it is sent anyway',
        ok: true,
        reason: '',
      },
    ];
  } catch (error) {
    if (!(error instanceof DiscoveryError)) throw error;
    return [{ text: 'The provider does not answer as it should', ok: false, reason: error.message }];
  }
}
