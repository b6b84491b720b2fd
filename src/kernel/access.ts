/** The roles every tenant has. Partner and portal users are kept apart from these. */
export const ROLES = ['admin', 'manager', 'sales', 'csm', 'support', 'field_tech', 'read_only'] as const;
export type Role = (typeof ROLES)[number];

export const ROLE_LABELS: Record<Role, string> = {
  admin: 'Administrator',
  manager: 'Manager',
  sales: 'Sales',
  csm: 'Customer success',
  support: 'Support',
  field_tech: 'Field technician',
  read_only: 'Read only',
};

/** Which rows: created by or assigned to me, to somebody of my teams, or everybody's. */
export type Rule = 'own' | 'team' | 'all';

/** Verbs of an entity. A role absent from a verb may not do it at all. */
export interface EntityAccess {
  /** Rows a role reaches, for every verb; a role that is missing here sees nothing. */
  read: Partial<Record<Role, Rule>>;
  create: readonly Role[];
  update: readonly Role[];
  remove: readonly Role[];
  export: readonly Role[];
}

const permissions = new Map<string, ReadonlySet<Role>>();

/** Declares a permission (a boolean) once, at boot; declaring it twice is a mistake of ours. */
export function declarePermission(name: string, roles: readonly Role[]): string {
  if (permissions.has(name)) throw new Error(`permission ${name} is declared twice`);
  permissions.set(name, new Set(roles));
  return name;
}

/** May this role do it at all? An unknown permission is a mistake of ours and refuses. */
export function roleMay(role: Role, permission: string): boolean {
  const roles = permissions.get(permission);
  if (!roles) throw new Error(`unknown permission ${permission}`);
  return roles.has(role);
}

/** Every permission with its roles, for the matrix test and the documentation. */
export const allPermissions = (): ReadonlyMap<string, ReadonlySet<Role>> => permissions;

/** What a route demands. A required argument of every route; one without it does not start. */
export type Access = { kind: 'public' } | { kind: 'signed_in' } | { kind: 'permission'; permission: string };

export const anyone = (): Access => ({ kind: 'public' });
export const signedIn = (): Access => ({ kind: 'signed_in' });
export function may(permission: string): Access {
  if (!permissions.has(permission)) throw new Error(`a route demands the unknown permission ${permission}`);
  return { kind: 'permission', permission };
}
