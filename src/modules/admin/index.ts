import { may } from '#src/kernel/access.ts';
import { defineModule } from '#src/kernel/module.ts';
import { MANAGE_SSO, MANAGE_USERS } from './permissions.ts';
import { ssoRoutes } from './sso.routes.ts';
import { userRoutes } from './users.routes.ts';

/** People, roles and single sign-on of a tenant. */
export const admin = defineModule('admin', {
  routes: [userRoutes, ssoRoutes],
  nav: [
    { section: 'Admin', label: 'Users', href: '/admin/users', icon: 'users', access: may(MANAGE_USERS) },
    { section: 'Admin', label: 'Single sign-on', href: '/admin/sso', icon: 'shield-lock', access: may(MANAGE_SSO) },
  ],
});
