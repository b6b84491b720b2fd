import { declarePermission } from '#src/kernel/access.ts';

export const MANAGE_USERS = declarePermission('admin.users', ['admin']);
export const MANAGE_SSO = declarePermission('admin.sso', ['admin']);
