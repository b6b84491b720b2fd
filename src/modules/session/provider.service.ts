import type { Role } from '#src/kernel/access.ts';
import type { TenantDb } from '#src/kernel/tenant_db.ts';

/** A tenant's identity provider as it is stored. */
export interface Provider {
  id: string;
  name: string;
  issuer: string;
  client_id: string;
  /** sealed; see `secretPlace` */
  client_secret: string;
  token_auth: 'basic' | 'post';
  email_domains: string[];
  just_in_time: boolean;
  default_role: Role;
  enabled: boolean;
  version: number;
}

/** Where a tenant's client secret belongs; it cannot be opened as another tenant's. */
export const secretPlace = (tenantId: string): string => `sso_providers.client_secret:${tenantId}`;

/** The tenant's provider, or null when none was set up. */
export async function providerOf(db: TenantDb): Promise<Provider | null> {
  const [row] = await db
    .from('sso_providers', 'sso_providers', 'sso.provider')
    .select(
      'id',
      'name',
      'issuer',
      'client_id',
      'client_secret',
      'token_auth',
      'email_domains',
      'just_in_time',
      'default_role',
      'enabled',
      'version',
    )
    .limit(1);
  return (row as Provider | undefined) ?? null;
}
