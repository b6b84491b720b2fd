import type { Assets } from '#src/platform/assets.ts';
import { ROLE_LABELS } from './access.ts';
import { type Ctx, can } from './context.ts';
import type { NavEntry } from './module.ts';
import { initials } from './presenters.ts';
import type { Frames } from './render.ts';
import { button, type Said } from './routes.ts';
import type { Link, NavSection } from './views.ts';

const SECTIONS = ['Work', 'Sales', 'Success', 'Support', 'Insight', 'Admin'] as const;

const mayOpen = (ctx: Ctx, entry: NavEntry): boolean =>
  entry.access.kind !== 'permission' || can(ctx, entry.access.permission);

/** The sidebar: only what exists and what the person may open. */
export function sections(ctx: Ctx, entries: readonly NavEntry[], path: string): NavSection[] {
  return SECTIONS.flatMap((label) => {
    const items = entries
      .filter((entry) => entry.section === label && mayOpen(ctx, entry))
      .map(({ label: text, href, icon }) => ({
        label: text,
        href,
        icon,
        current: path === href || path.startsWith(`${href}/`),
      }));
    return items.length ? [{ label, items }] : [];
  });
}

export interface FrameParts {
  assets: Assets;
  nav: readonly NavEntry[];
  create: readonly (Link & { permission: string })[];
  menu: readonly Link[];
}

/** The frame around a page of one request. */
export function frames(
  parts: FrameParts,
  request: { path: string; nonce: string; q: string },
  who: { ctx: Ctx | null; csrf: string; said: Said | null; can_switch: boolean },
): Frames {
  const { ctx, csrf } = who;
  const common = (title: string, body: string) => ({
    title,
    body,
    csrf,
    nonce: request.nonce,
    theme: ctx?.actor.theme ?? '',
    locale: 'en',
    assets: parts.assets.page(),
  });
  return {
    bare: common,
    layout: (title, body) => {
      if (!ctx) throw new Error('the full frame is for people who are signed in');
      const { actor, tenant } = ctx;
      return {
        ...common(title, body),
        sections: sections(ctx, parts.nav, request.path),
        create: parts.create.filter((link) => can(ctx, link.permission)),
        search: { action: '/search', q: request.path === '/search' ? request.q : '', shown: true },
        tenant: { name: tenant.name, initials: initials(tenant.name) },
        person: {
          name: actor.name,
          email: actor.email,
          initials: initials(actor.name),
          role: ROLE_LABELS[actor.role],
        },
        can_switch: who.can_switch,
        menu: [
          ...(who.can_switch ? [{ label: 'Switch company', href: '/me/tenant', icon: 'switch-horizontal' }] : []),
          ...parts.menu,
        ],
        notice: who.said && {
          tone: who.said.tone ?? 'neutral',
          text: who.said.text,
          undo: who.said.undo ? button(ctx, who.said.undo.label, who.said.undo.action, 'arrow-back-up') : null,
        },
      };
    },
  };
}
