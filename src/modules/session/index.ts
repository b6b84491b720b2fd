import { defineModule } from '#src/kernel/module.ts';
import { openLogin } from './login.pages.ts';
import { meRoutes } from './me.routes.ts';
import { ownIdentityRoutes } from './own_identities.ts';
import { ownSessionRoutes } from './own_sessions.routes.ts';
import { openSso } from './sso.pages.ts';
import './views.ts';

/** Who may come in, and how they leave: passwords, single sign-on, sessions. */
export const session = defineModule('session', {
  routes: [ownSessionRoutes, ownIdentityRoutes, meRoutes],
  open: (app, platform) => {
    openLogin(app, platform);
    openSso(app, platform);
  },
});
