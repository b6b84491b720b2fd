import type { Assets } from '#src/platform/assets.ts';
import { ROLE_LABELS } from './access.ts';
import { type Ctx, can } from './context.ts';
import type { NavEntry } from './module.ts';
import { initials } from './presenters.ts';
import type { Frames } from './render.ts';
import { button, type Said } from './routes.ts';
import type { BareView, LayoutView, Link, NavSection } from './views.ts';

const SECTIONS = ['Work', 'Sales', 'Success', 'Support', 'Insight', 'Admin'] as const;

const mayOpen = (ctx: Ctx, entry: NavEntry): boolean =>
  entry.access.kind !== 'permission' || can(ctx, entry.access.permission);

/** The sidebar: only what exists and what the person may open. */
export function sections(ctx: Ctx, entries: readonly NavEntry[], path: string): NavSection[] {
  const found: NavSection[] = [];
  for (const label of SECTIONS) {
    const items: NavSection['items'] = [];
    for (const entry of entries) {
      if (entry.section !== label || !mayOpen(ctx, entry)) continue;
      const { label: text, href, icon } = entry;
      items.push({ label: text, href, icon, current: path === href || path.startsWith(`${href}/`) });
    }
    if (items.length) found.push({ label, items });
  }
  return found;
}

export interface FrameParts {
  assets: Assets;
  nav: readonly NavEntry[];
  create: readonly (Link & { permission: string })[];
  menu: readonly Link[];
}

interface Who {
  ctx: Ctx | null;
  csrf: string;
  said: Said | null;
  can_switch: boolean;
}

const SWITCH: Link = { label: 'Switch company', href: '/me/tenant', icon: 'switch-horizontal' };

/** The frame around a page of one request. */
export class PageFrames implements Frames {
  readonly #parts: FrameParts;
  readonly #request: { path: string; nonce: string; q: string };
  readonly #who: Who;

  constructor(parts: FrameParts, request: { path: string; nonce: string; q: string }, who: Who) {
    this.#parts = parts;
    this.#request = request;
    this.#who = who;
  }

  bare(title: string, body: string): BareView {
    return {
      title,
      body,
      csrf: this.#who.csrf,
      nonce: this.#request.nonce,
      theme: this.#who.ctx?.actor.theme ?? '',
      locale: 'en',
      assets: this.#parts.assets.page(),
    };
  }

  layout(title: string, body: string): LayoutView {
    const { ctx, said, can_switch } = this.#who;
    if (!ctx) throw new Error('the full frame is for people who are signed in');
    const { actor, tenant } = ctx;
    const { nav, menu } = this.#parts;
    const { path, q } = this.#request;
    const create: Link[] = [];
    for (const link of this.#parts.create) if (can(ctx, link.permission)) create.push(link);
    return {
      ...this.bare(title, body),
      sections: sections(ctx, nav, path),
      create,
      search: { action: '/search', q: path === '/search' ? q : '', shown: true },
      tenant: { name: tenant.name, initials: initials(tenant.name) },
      person: {
        name: actor.name,
        email: actor.email,
        initials: initials(actor.name),
        role: ROLE_LABELS[actor.role],
      },
      can_switch,
      menu: can_switch ? [SWITCH, ...menu] : menu,
      notice: said && {
        tone: said.tone ?? 'neutral',
        text: said.text,
        undo: said.undo ? button(ctx, said.undo.label, said.undo.action, 'arrow-back-up') : null,
      },
    };
  }
}
