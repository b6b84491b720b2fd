// Entities, before whatever uses them: this is the order in which the sidebar and the pages of records show them.
import './customers/customer.entity.ts';
import './customers/contact.entity.ts';
import './customers/account.entity.ts';
import './delivery/project.entity.ts';
import './sales/lead.entity.ts';
import './activity/interaction.entity.ts';
import './activity/note.entity.ts';
import './activity/task.entity.ts';
import './tags/tag.entity.ts';
import { may, signedIn } from '#src/kernel/access.ts';
import { apiRoutes } from '#src/kernel/api.ts';
import { openApi } from '#src/kernel/contracts.ts';
import { entityRoutes } from '#src/kernel/crud.ts';
import { allEntities, checkEntities } from '#src/kernel/entity.ts';
import type { FrameParts } from '#src/kernel/frame.ts';
import type { Platform } from '#src/kernel/http.ts';
import type { Module } from '#src/kernel/module.ts';
import { json, type Route, Routes } from '#src/kernel/routes.ts';
import { activity } from './activity/index.ts';
import { admin } from './admin/index.ts';
import { home } from './home/index.ts';
import { imports } from './imports/index.ts';
import { reports } from './reports/index.ts';
import { sales } from './sales/index.ts';
import { session } from './session/index.ts';

/** The table of contents: what the product consists of. */
export const modules: readonly Module[] = [session, home, activity, sales, imports, reports, admin];

/** Every route of the product: what modules wrote, then what the kernel derives from entities. */
export function allRoutes(platform: Platform): Route[] {
  checkEntities();
  const written = modules.flatMap((module) => module.routes.flatMap((routes) => routes.list));
  const description = new Routes('api').get('/api/v1/openapi.json', signedIn(), async () => json(openApi(routes)));
  const taken = new Set(written.map((route) => `${route.method} ${route.path}`));
  const derived = allEntities().flatMap((entity) => [
    ...entityRoutes(entity, platform).list,
    ...apiRoutes(entity).list,
  ]);
  // A page written by its module replaces the derived one whole.
  const routes = [...written, ...description.list, ...derived.filter((r) => !taken.has(`${r.method} ${r.path}`))];
  // Express takes the first that fits: /leads/trash must be asked before /leads/:id, whoever wrote which.
  const order = (route: Route) => route.path.replaceAll(':', '\uffff');
  return routes.sort((a, b) => (order(a) < order(b) ? -1 : order(a) > order(b) ? 1 : 0));
}

/** Sidebar, create menu and personal menu. */
export function frameParts(): Omit<FrameParts, 'assets'> {
  const lists = allEntities().flatMap((entity) =>
    entity.section
      ? [
          {
            section: entity.section,
            label: entity.label[1],
            href: `/${entity.table}`,
            icon: entity.icon,
            access: may(`${entity.name}.read`),
          },
        ]
      : [],
  );
  const others = modules.filter((module) => module !== home && module !== activity);
  return {
    // What the lists say together comes before them.
    nav: [...home.nav, ...activity.nav, ...lists, ...others.flatMap((module) => module.nav)],
    create: allEntities()
      .filter((entity) => entity.section && entity.section !== 'Admin')
      .map((entity) => ({
        label: entity.label[0],
        href: `/${entity.table}/new`,
        icon: entity.icon,
        permission: `${entity.name}.create`,
      })),
    menu: [
      { label: 'Appearance', href: '/me/appearance', icon: 'moon' },
      { label: 'Your sessions', href: '/me/sessions', icon: 'device-desktop' },
      { label: 'Company sign-in', href: '/me/identity', icon: 'shield-lock' },
    ],
  };
}
