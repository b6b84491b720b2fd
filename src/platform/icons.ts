import { readFileSync } from 'node:fs';
import path from 'node:path';

/**
 * The icons we use, by their Tabler name. Templates write `<i class="icon i-pencil" aria-hidden="true"></i>`; presenters
 * give a name from this list. An unknown name shows nothing; a test looks for names that are missing here.
 */
export const ICONS = [
  'activity',
  'adjustments-horizontal',
  'alert-circle',
  'alert-triangle',
  'archive',
  'arrow-back-up',
  'arrow-down-right',
  'arrow-left',
  'arrow-right',
  'arrow-up',
  'arrow-up-right',
  'arrows-exchange',
  'bell',
  'book',
  'briefcase',
  'building',
  'building-community',
  'calendar',
  'calendar-event',
  'cash',
  'chart-bar',
  'chart-line',
  'check',
  'checkbox',
  'chevron-down',
  'chevron-left',
  'chevron-right',
  'chevron-up',
  'circle-check',
  'circle-dot',
  'circle-x',
  'clipboard',
  'clock',
  'copy',
  'credit-card',
  'database-import',
  'device-desktop',
  'device-mobile',
  'dots',
  'download',
  'edit',
  'external-link',
  'eye',
  'file',
  'file-invoice',
  'file-spreadsheet',
  'file-type-pdf',
  'filter',
  'flag',
  'folder',
  'heart',
  'heartbeat',
  'help-circle',
  'history',
  'home',
  'id-badge',
  'id-badge-2',
  'inbox',
  'info-circle',
  'key',
  'keyboard',
  'layout-dashboard',
  'layout-kanban',
  'layout-sidebar',
  'lifebuoy',
  'link',
  'list',
  'list-check',
  'lock',
  'logout',
  'mail',
  'map-pin',
  'menu-2',
  'message',
  'message-circle',
  'messages',
  'minus',
  'moon',
  'note',
  'notes',
  'pencil',
  'phone',
  'plug',
  'plus',
  'printer',
  'receipt',
  'refresh',
  'report-analytics',
  'rocket',
  'search',
  'send',
  'settings',
  'shield',
  'shield-lock',
  'star',
  'switch-horizontal',
  'tag',
  'target',
  'target-arrow',
  'ticket',
  'trash',
  'trending-up',
  'trophy',
  'upload',
  'user',
  'user-check',
  'user-circle',
  'user-cog',
  'user-plus',
  'user-search',
  'users',
  'users-group',
  'world',
  'x',
] as const;

const FOLDER = path.join(import.meta.dirname, '../../node_modules/@tabler/icons/icons/outline');

/** Name of an icon that the style sheet contains. */
export type Icon = (typeof ICONS)[number];

/**
 * Style rules that draw each icon as a mask in the colour of its text. They travel in the one immutable style sheet, so a
 * template needs no address, a page carries no drawings, and the policy's `img-src data:` is all that is needed.
 */
export function iconCss(): string {
  return ICONS.map((name) => {
    const file = path.join(FOLDER, `${name}.svg`);
    return `.i-${name}{--icon:url("${svgDataUri(readFileSync(file, 'utf8'))}")}`;
  }).join('\n');
}

/** A drawing as text inside url("…"): only what CSS or the URL would misread is encoded. */
export function svgDataUri(svg: string): string {
  const small = svg
    .replace(/<title>.*?<\/title>/g, '')
    .replace(/<!--[\s\S]*?-->/g, '')
    .replace(/<path stroke="none"[^>]*>/g, '')
    .replace(/ (?:class|width|height)="[^"]*"/g, '')
    .replace('stroke-width="2"', 'stroke-width="1.75"')
    .replaceAll('currentColor', '#000')
    .replace(/\s*\n\s*/g, ' ')
    .replaceAll(' />', '/>')
    .replaceAll('> <', '><')
    .trim();
  return `data:image/svg+xml,${small.replaceAll('"', "'").replace(/[%#<>]/g, encodeURIComponent)}`;
}
