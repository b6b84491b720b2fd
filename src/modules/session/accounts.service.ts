import { acrossTenants } from '#src/kernel/system_db.ts';
import type { Pools } from '#src/platform/postgres.ts';

/** A person of one tenant who may sign in with a password. */
export interface Account {
  tenant_id: string;
  user_id: string;
  password_hash: string;
}

/** One e-mail belongs to so many tenants at most, as far as signing in is concerned. */
const MOST_ACCOUNTS = 12;

/** As stored and compared: no spaces around, one form of accents, small letters. */
export const normalEmail = (text: string): string => text.trim().normalize('NFC').toLowerCase();

/** Could this be an address at all? '' and nonsense are answered before anything is counted or looked up. */
export const isEmail = (text: string): boolean => text.length <= 254 && /^[^\s@<>"]+@[^\s@<>"]+$/.test(text);

export const domainOf = (email: string): string => email.slice(email.lastIndexOf('@') + 1);

/**
 * Everybody with this e-mail who may use a password: active, in a tenant that is not suspended and does not insist on
 * its own provider. Administrators always may, so that no setting leaves a tenant without a way in.
 */
export const accountsOf = (pools: Pools, email: string): Promise<Account[]> =>
  acrossTenants<Account>(
    pools.platform,
    `/* sign_in.accounts */ select u.tenant_id, u.id as user_id, u.password_hash
     from users u join tenants t on t.id = u.tenant_id
     where lower(u.email) = lower($1) and u.password_hash is not null and u.deactivated_at is null
       and t.suspended_at is null and (t.password_sign_in or u.role = 'admin')
     order by u.tenant_id limit ${MOST_ACCOUNTS}`,
    [email],
  );

export interface Company {
  id: string;
  slug: string;
  name: string;
}

/** Names of tenants that are not suspended, by id. */
export const companies = (pools: Pools, ids: readonly string[]): Promise<Company[]> =>
  acrossTenants<Company>(
    pools.platform,
    `/* sign_in.companies */ select id, slug, name from tenants
     where id = any($1::uuid[]) and suspended_at is null order by name, id`,
    [ids],
  );

/** Tenants whose own sign-in serves an e-mail domain. */
export const companiesOfDomain = (pools: Pools, domain: string): Promise<Company[]> =>
  acrossTenants<Company>(
    pools.platform,
    `/* sign_in.domain */ select t.id, t.slug, t.name from sso_providers p join tenants t on t.id = p.tenant_id
     where p.enabled and $1 = any(p.email_domains) and t.suspended_at is null order by t.name, t.id limit 10`,
    [domain],
  );

/** Does any tenant have a sign-in of its own? */
export async function anyCompanySignIn(pools: Pools): Promise<boolean> {
  const rows = await acrossTenants(
    pools.platform,
    '/* sign_in.any */ select 1 from sso_providers where enabled limit 1',
  );
  return rows.length > 0;
}

/** The tenant behind the name in an address. */
export async function companyOfSlug(pools: Pools, slug: string): Promise<Company | null> {
  const [row] = await acrossTenants<Company>(
    pools.platform,
    `/* sign_in.slug */ select id, slug, name from tenants where slug = $1 and suspended_at is null`,
    [slug],
  );
  return row ?? null;
}
