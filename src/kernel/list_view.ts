import { keptFor } from '#src/platform/kept.ts';
import type { Rule } from './access.ts';
import { type Ctx, can } from './context.ts';
import { type Entity, entityNamed, fieldLabel } from './entity.ts';
import type { Choice } from './fields/field.ts';
import { formatCount } from './fields/numbers.ts';
import type { Person } from './forms.ts';
import { lasting } from './lasting.ts';
import type { Page } from './list_page.ts';
import { encodeCursor, type Filter, hasParts, type ListQuery, sortable } from './list_query.ts';
import { columnLabel, isNumeric, listRows, shownColumns, type Titles } from './presenters.ts';
import type { FilterView, Hidden, ListColumn, ListView, Option } from './views.ts';
import { scopes } from './visibility.ts';

/** What an address calls a filter. @param through the reference whose record it narrows, '' for the row itself */
const filterName = ({ field, op }: Filter, through = ''): string =>
  `${through && `${through}.`}${field}${op === 'in' ? '' : `__${op}`}`;
const filterText = ({ values }: Filter): string =>
  values.length === 1 ? values[0] || 'none' : values.map((value) => value || 'none').join(',');

/** The order as an address says it; '' for the one that a list, or a search, has by itself. */
function sortAsked(entity: Entity, list: ListQuery): string {
  const sort = `${list.descending ? '-' : ''}${list.sort}`;
  return list.relevant || (sort === entity.sorts[0] && !hasParts(entity, list.q)) ? '' : sort;
}

/** What an address says of a list, in its order. */
function listState(entity: Entity, list: ListQuery): Map<string, string> {
  const state = new Map<string, string>();
  if (list.q) state.set('q', list.q);
  for (const filter of list.filters) state.set(filterName(filter), filterText(filter));
  for (const { field, filter } of list.through) state.set(filterName(filter, field), filterText(filter));
  state.set('sort', sortAsked(entity, list));
  state.set('limit', list.limit === 25 ? '' : String(list.limit));
  state.set('scope', list.scope);
  return state;
}

/** Stands in a query string as it is. */
const PLAIN = /^[\w.-]*$/;
/** One entry of a query string. A page has some twenty addresses, of which nearly all are plain. */
const inQuery = (name: string, value: string): string =>
  PLAIN.test(value) ? `${name}=${value}` : new URLSearchParams([[name, value]]).toString();

/** Address of the list in a state. `change` overrides; null drops. */
export function listAddress(entity: Entity, list: ListQuery, change: Record<string, string | null> = {}): string {
  const state = listState(entity, list);
  for (const name in change) state.set(name, change[name] ?? '');
  let address = `/${entity.table}${list.trashed ? '/trash' : ''}`;
  let mark = '?';
  for (const [name, value] of state) {
    if (!value) continue;
    address += mark + inQuery(name, value);
    mark = '&';
  }
  return address;
}

const SCOPE_LABELS: Record<Rule, string> = { own: 'Mine', team: 'My team', all: 'Everyone' };

function columnHeads(entity: Entity, list: ListQuery): ListColumn[] {
  const orders = sortable(entity);
  const heads: ListColumn[] = [];
  for (const name of [entity.title, ...shownColumns(entity)]) {
    const sorted = list.sort === name && !list.relevant;
    const descending = sorted ? !list.descending : isNumeric(entity, name) || !entity.fields[name];
    heads.push({
      name,
      label: columnLabel(entity, name),
      numeric: isNumeric(entity, name),
      sort_href: orders.includes(name) ? listAddress(entity, list, { sort: `${descending ? '-' : ''}${name}` }) : '',
      sorted: sorted ? (list.descending ? 'descending' : 'ascending') : '',
    });
  }
  return heads;
}

const option = (value: string, label: string): Option => lasting({ value, label, selected: false });
const NONE = option('none', 'None');
const personOptions = keptFor((people: readonly Person[]) => people.map(({ id, title }) => option(id, title)));
const tagOptions = keptFor((tags: readonly string[]) => tags.map((tag) => option(tag, tag)));
const choiceOptions = keptFor((choices: readonly Choice[]) => choices.map(({ value, label }) => option(value, label)));

/** The people that can be chosen, with the one who asks as "me". */
function colleagues(ctx: Ctx, people: readonly Person[]): readonly Option[] {
  const options = [...personOptions(people)];
  const me = options.findIndex(({ value }) => value === ctx.actor.id);
  if (me >= 0) options[me] = { ...options[me]!, label: `${options[me]!.label} (me)` };
  return options;
}

/** What narrows a list by a field. */
function filterBy(list: ListQuery, name: string, op: Filter['op']): Filter | null {
  for (const filter of list.filters) if (filter.field === name && filter.op === op) return filter;
  return null;
}

/** Puts what is chosen among what can be; several at once are a choice of their own. */
function withChosen(options: readonly Option[], chosen: Filter | null): readonly Option[] {
  if (!chosen) return options;
  const value = filterText(chosen);
  const several = chosen.values.length;
  if (several > 1) return [{ value, label: `${several} chosen`, selected: true }, ...options];
  return options.map((one) => (one.value === value ? { ...one, selected: true } : one));
}

/** Quick filters: what a list narrows by, as the address has it now. */
function filterViews(
  ctx: Ctx,
  entity: Entity,
  list: ListQuery,
  people: readonly Person[],
  tags: readonly string[],
): FilterView[] {
  const persons = colleagues(ctx, people);
  const views: FilterView[] = [];
  for (const name of entity.filters) {
    const field = entity.fields[name]!;
    const chosen = filterBy(list, name, 'in');
    let control: FilterView['control'] = 'select';
    let options: readonly Option[] = [];
    switch (field.filter) {
      case 'choice':
        options = choiceOptions(field.choices);
        if (!field.options.required && field.kind !== 'boolean') options = [...options, NONE];
        break;
      case 'ref':
        if (field.to !== 'user') continue;
        options = [...persons, NONE];
        break;
      case 'tags':
        if (!tags.length && !chosen) continue;
        options = tagOptions(tags);
        break;
      case 'range':
        // Amounts narrow through the address (reports link so); days have a control.
        if (field.kind !== 'date' && field.kind !== 'timestamp') continue;
        control = 'date_range';
        break;
      default:
        control = 'text';
    }
    const [from, to] = [filterBy(list, name, 'from'), filterBy(list, name, 'to')];
    const isRange = control === 'date_range';
    views.push({
      name,
      label: fieldLabel(entity, name),
      control,
      value: chosen && !isRange ? filterText(chosen) : '',
      from: from ? filterText(from) : '',
      to: to ? filterText(to) : '',
      options: withChosen(options, chosen),
      active: isRange ? !!(from || to) : !!chosen,
    });
  }
  return views;
}

/** Chips of what narrows the list, each with the address without it. */
function chips(entity: Entity, list: ListQuery, titles: Titles): ListView['chips'] {
  const chip = (of: Entity, filter: Filter, through = '') => {
    const field = of.fields[filter.field];
    const shown = filter.values.map((value) => {
      if (value === '') return 'none';
      if (!field) return value;
      if (field.kind === 'ref') return titles.get(value) ?? 'one record';
      return field.choices.find((c) => c.value === value)?.label ?? value;
    });
    const word = filter.op === 'in' ? '' : filter.op === 'from' ? 'from ' : 'up to ';
    return {
      label: (through && `${fieldLabel(entity, through)}: `) + columnLabel(of, filter.field),
      value: word + shown.join(' or '),
      remove_href: listAddress(entity, list, { [filterName(filter, through)]: null }),
    };
  };
  const found = [
    ...list.filters.map((filter) => chip(entity, filter)),
    ...list.through.map(({ field, filter }) => chip(entityNamed(entity.fields[field]?.to ?? ''), filter, field)),
  ];
  if (list.q)
    found.unshift({ label: 'Search', value: `“${list.q}”`, remove_href: listAddress(entity, list, { q: null }) });
  return found;
}

export interface ListParts {
  list: ListQuery;
  found: Page;
  titles: Titles;
  people: readonly Person[];
  tags: readonly string[];
  /** rows in all, when it was counted */
  total: { count: number; capped: boolean } | null;
}

/** '312', '10,000+' */
const totalText = (ctx: Ctx, total: { count: number; capped: boolean }): string =>
  `${formatCount(total.count, ctx.tenant)}${total.capped ? '+' : ''}`;

/** The pager: what is shown, where to go, and how to learn the total. */
function pagerView(ctx: Ctx, entity: Entity, parts: Omit<ListParts, 'people' | 'tags' | 'titles'>): ListView['pager'] {
  const { list, found } = parts;
  const first = !list.after && !list.before && !list.offset;
  const whole = first && !found.next;
  // A count that comes later is shown beside the same rows.
  const here = {
    after: list.after && encodeCursor(list.after),
    before: list.before && encodeCursor(list.before),
    offset: list.offset ? String(list.offset) : null,
  };
  const total = parts.total ?? (whole ? { count: found.rows.length, capped: false } : null);
  const text = total ? totalText(ctx, total) : '';
  const shown = found.rows.length;
  return {
    label:
      shown === 0
        ? 'Nothing to show'
        : first && text
          ? `1–${shown} of ${text}`
          : text
            ? `${shown} of ${text}`
            : `${shown} shown`,
    prev_href: found.previous ? listAddress(entity, list, { before: found.previous }) : '',
    next_href: found.next ? listAddress(entity, list, { after: found.next }) : '',
    count_href: total ? '' : listAddress(entity, list, { ...here, count: 'capped' }),
    exact_href: total?.capped ? listAddress(entity, list, { ...here, count: 'exact' }) : '',
    total: text,
    sizes: [25, 50, 100].map((size) => ({
      label: String(size),
      href: listAddress(entity, list, { limit: size === 25 ? null : String(size) }),
      current: list.limit === size,
    })),
  };
}

/** Where lists of an entity are imported, and who may; a module says so, the kernel knows of no module. */
const importers = new Map<string, { permission: string; href: string }>();
export const offerImport = (entity: string, permission: string, href: string): void => {
  importers.set(entity, { permission, href });
};

function importAddress(ctx: Ctx, entity: Entity, creating: boolean): string {
  const importer = importers.get(entity.name);
  return importer && creating && can(ctx, importer.permission) ? importer.href : '';
}

const QUICK_FILTERS = 5;

/** The first few filters and whatever is active stand in the open, the rest behind "More filters". */
function filterParts(all: FilterView[]): Pick<ListView, 'filters' | 'more_filters'> {
  const parts: Pick<ListView, 'filters' | 'more_filters'> = { filters: [], more_filters: [] };
  for (const [index, filter] of all.entries())
    (index < QUICK_FILTERS || filter.active ? parts.filters : parts.more_filters).push(filter);
  return parts;
}

/** The whole list page. */
export function listView(ctx: Ctx, entity: Entity, parts: ListParts): ListView {
  const { list, found, titles } = parts;
  const base = `/${entity.table}`;
  const [one, many] = entity.label;
  const offered = scopes(ctx, entity);
  const narrowed = list.q !== '' || list.filters.length > 0 || !!list.after || !!list.before || list.offset > 0;
  const keep: Hidden[] = [{ name: 'scope', value: list.scope }];
  const sort = sortAsked(entity, list);
  if (sort) keep.push({ name: 'sort', value: sort });
  if (list.limit !== 25) keep.push({ name: 'limit', value: String(list.limit) });
  for (const filter of list.filters) {
    // References and days that came with a link have no control of their own and must survive the form.
    const field = entity.fields[filter.field];
    const shown =
      entity.filters.includes(filter.field) &&
      !(field?.kind === 'ref' && field.to !== 'user') &&
      !(field?.kind === 'money' || field?.kind === 'number') &&
      !(filter.op === 'in' && field?.filter === 'range');
    if (!shown) keep.push({ name: filterName(filter), value: filterText(filter) });
  }
  for (const { field, filter } of list.through)
    keep.push({ name: filterName(filter, field), value: filterText(filter) });
  const exporting = can(ctx, `${entity.name}.export`) && !list.trashed;
  const exportAddress = (ending: string) =>
    exporting ? listAddress(entity, list, {}).replace(base, `${base}.${ending}`) : '';
  const creating = can(ctx, `${entity.name}.create`) && !list.trashed;
  return {
    noun: list.trashed ? `Trash of ${many.toLowerCase()}` : many,
    noun_one: one.toLowerCase(),
    base: `${base}${list.trashed ? '/trash' : ''}`,
    here: listAddress(entity, list),
    q: list.q,
    searchable: entity.search.length > 0,
    search_label: `Search ${many.toLowerCase()}`,
    ...filterParts(list.trashed ? [] : filterViews(ctx, entity, list, parts.people, parts.tags)),
    keep,
    chips: chips(entity, list, titles),
    clear_href: `${base}${list.trashed ? '/trash' : ''}?scope=${list.scope}`,
    scopes:
      offered.length > 1
        ? offered.map((rule) => ({
            label: SCOPE_LABELS[rule],
            href: listAddress(entity, list, { scope: rule }),
            current: rule === list.scope,
          }))
        : [],
    columns: columnHeads(entity, list),
    rows: listRows(ctx, entity, found.rows, titles, shownColumns(entity)),
    pager: pagerView(ctx, entity, parts),
    new_href: creating ? `${base}/new` : '',
    import_href: importAddress(ctx, entity, creating),
    trash_href: can(ctx, `${entity.name}.remove`) && !list.trashed ? `${base}/trash` : '',
    export_xlsx: exportAddress('xlsx'),
    export_csv: exportAddress('csv'),
    is_trash: list.trashed,
    restore:
      list.trashed && can(ctx, `${entity.name}.remove`)
        ? { action_prefix: `${base}/`, hidden: [{ name: '_csrf', value: ctx.csrf }] }
        : null,
    empty: emptyState(entity, list, narrowed, creating),
  };
}

function emptyState(entity: Entity, list: ListQuery, narrowed: boolean, creating: boolean): ListView['empty'] {
  const [one, many] = [entity.label[0].toLowerCase(), entity.label[1].toLowerCase()];
  if (list.trashed)
    return {
      title: 'The trash is empty',
      text: `${entity.label[1]} moved to the trash wait here until they are restored.`,
      action: null,
    };
  if (narrowed) {
    return {
      title: `No ${many} match`,
      text: 'Remove a filter or search for less.',
      action: { label: 'Clear all filters', href: `/${entity.table}?scope=${list.scope}`, icon: 'x' },
    };
  }
  return {
    title: list.scope === 'own' ? `You have no ${many} yet` : `There are no ${many} yet`,
    text: creating
      ? `Add the first ${one}; it will stand in this list for everybody who may see it.`
      : `What colleagues share with you will stand here.`,
    action: creating ? { label: `New ${one}`, href: `/${entity.table}/new`, icon: 'plus' } : null,
  };
}
