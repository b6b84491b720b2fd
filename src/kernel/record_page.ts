import { type Ctx, can } from './context.ts';
import { type Entity, fieldLabel, referrers, writableFields } from './entity.ts';
import { formatInstant } from './fields/dates.ts';
import { activePeople, initialRow, newForm, type Person } from './forms.ts';
import { listPage, placeOf } from './list_page.ts';
import type { ListQuery } from './list_query.ts';
import { listAddress } from './list_view.ts';
import { columnsBehind, fieldCell, initials, listRows, recordTitle, subtitleField, type Titles } from './presenters.ts';
import { type Referring, titlesOfAll } from './records.ts';
import { button } from './routes.ts';
import type { Row } from './tenant_db.ts';
import { timeline } from './timeline.ts';
import type { Fact, FormView, RecordView, RelatedView } from './views.ts';
import { visible } from './visibility.ts';

const SHORT = 5;

/** One fact as it stands, with the way to edit it. */
export function factView(ctx: Ctx, entity: Entity, row: Row, name: string, titles: Titles): Fact {
  const editable =
    can(ctx, `${entity.name}.update`) && !row.deleted_at && entity.fields[name]?.options.writtenBy !== 'service';
  return {
    name,
    label: fieldLabel(entity, name),
    cell: fieldCell(ctx, entity, name, row, titles),
    edit_href: editable ? `/${entity.table}/${row.id}/facts/${name}` : '',
  };
}

/** Fields of a form on another record's page: what is required and what the list shows. */
export const shortFields = (entity: Entity, parent: string): string[] =>
  writableFields(entity).filter((name) => {
    const field = entity.fields[name]!;
    const wanted =
      (field.options.required && field.options.initial === undefined && field.kind !== 'currency') ||
      entity.columns.includes(name) ||
      name === 'body';
    return name !== parent && wanted && !(field.kind === 'ref' && field.to !== 'user' && !field.options.required);
  });

const mayAdd = (ctx: Ctx, other: Entity, field: string): boolean =>
  can(ctx, `${other.name}.create`) && writableFields(other).includes(field);

function addForm(
  ctx: Ctx,
  other: Entity,
  field: string,
  record: Row,
  back: string,
  people: readonly Person[],
): FormView | null {
  if (!mayAdd(ctx, other, field)) return null;
  const names = shortFields(other, field);
  const row = initialRow(ctx, other);
  if (other.happened) row[other.happened] = null;
  return newForm(
    ctx,
    other,
    names,
    { row, titles: new Map(), people, typed: null, problems: {}, prefix: `new-${other.name}` },
    {
      heading: other.label[0],
      hidden: { [field]: String(record.id), _back: back },
    },
  );
}

/** A short table of what refers to the record, before the names it mentions are known. */
interface Related extends Referring {
  fields: string[];
  view: (titles: Titles) => RelatedView;
}

async function relatedTable(ctx: Ctx, other: Entity, field: string, record: Row, here: string): Promise<Related> {
  const columns = other.columns.filter((c) => c !== field && other.fields[c]?.to !== 'user').slice(0, 3);
  const rows = (await visible(ctx, other, `${other.name}.related`)
    .select(...columnsBehind(other, columns).map((c) => `${other.table}.${c}`))
    .where(`${other.table}.${field}`, record.id as string)
    .orderBy(`${other.table}.created_at`, 'desc')
    .limit(SHORT + 1)) as Row[];
  const shown = rows.slice(0, SHORT);
  const view = (titles: Titles): RelatedView => ({
    id: other.table,
    label: other.label[1],
    count: rows.length > SHORT ? `${SHORT}+` : String(rows.length),
    columns: [other.title, ...columns].map((name) => ({
      label: fieldLabel(other, name),
      numeric: other.fields[name]?.kind === 'money' || other.fields[name]?.kind === 'number',
    })),
    rows: listRows(ctx, other, shown, titles, columns),
    all_href: rows.length ? `/${other.table}?${field}=${record.id}&scope=all` : '',
    // Fetched when it is opened: a record has five of these, and most are never looked at.
    add_href:
      !record.deleted_at && mayAdd(ctx, other, field)
        ? `/${other.table}/new?${new URLSearchParams({ [field]: String(record.id), _parent: field, _back: here })}`
        : '',
    add_label: `Add ${other.label[0].toLowerCase()}`,
    empty: `No ${other.label[1].toLowerCase()} yet.`,
  });
  return { entity: other, rows: shown, fields: columns, view };
}

/** Addresses of the neighbours in the list the reader came from. */
async function neighbours(
  ctx: Ctx,
  entity: Entity,
  row: Row,
  list: ListQuery,
  suffix: string,
): Promise<[string, string]> {
  const cursor = await placeOf(ctx, entity, list, String(row.id));
  if (!cursor) return ['', ''];
  const near = async (side: Partial<ListQuery>) => {
    const beside = { ...list, limit: 1, after: null, before: null, offset: 0, ...side };
    const { rows } = await listPage(ctx, entity, beside, ['id']);
    return rows[0] ? `/${entity.table}/${rows[0].id}${suffix}` : '';
  };
  return Promise.all([near({ before: cursor }), near({ after: cursor })]);
}

/** Everything about a record on one page. @param list the list the reader came from @param suffix how addresses name it, '' when there was none */
export async function recordView(
  ctx: Ctx,
  entity: Entity,
  row: Row,
  list: ListQuery,
  suffix: string,
): Promise<RecordView> {
  const base = `/${entity.table}`;
  const here = `${base}/${row.id}`;
  const live = !row.deleted_at;
  const readable = referrers(entity).filter(({ entity: other }) => other.access.read[ctx.actor.role]);
  const [people, history, [previous, next], ...related] = await Promise.all([
    live ? activePeople(ctx) : [],
    timeline(ctx, entity, row, null),
    live && suffix ? neighbours(ctx, entity, row, list, suffix) : ['', ''],
    ...readable.flatMap(({ entity: other, field }) =>
      other.happened ? [] : [relatedTable(ctx, other, field, row, here)],
    ),
  ]);
  const composers = readable.flatMap(
    ({ entity: other, field }) => (live && other.happened && addForm(ctx, other, field, row, here, people)) || [],
  );
  // The shortest form first: a note is what one writes most.
  composers.sort((a, b) => a.inputs.length - b.inputs.length);
  // What hangs on the record names it.
  const known = new Map(
    [{ id: String(row.id), title: recordTitle(entity, row) }, ...people].map((k) => [k.id, k.title]),
  );
  const titles = await titlesOfAll(ctx, [{ entity, rows: [row] }, ...history.referring, ...related], known);
  const badges = entity.columns.filter((name) => entity.fields[name]?.kind === 'choice' && row[name]);
  const [deleted] = live ? [''] : formatInstant(String(row.deleted_at), ctx.tenant);
  const second = subtitleField(entity);
  const one = entity.label[0].toLowerCase();
  return {
    noun: entity.label[1],
    noun_one: one,
    base: listAddress(entity, list),
    id: String(row.id),
    version: String(row.version),
    title: recordTitle(entity, row),
    subtitle: second && row[second] ? String(row[second]) : '',
    initials: initials(String(row[entity.title] ?? '')),
    badges: badges.map((name) => {
      const { text, tone } = fieldCell(ctx, entity, name, row, titles);
      return { label: fieldLabel(entity, name), text, tone };
    }),
    previous_href: previous,
    next_href: next,
    edit_href: live && can(ctx, `${entity.name}.update`) ? `${here}/edit` : '',
    trash:
      live && can(ctx, `${entity.name}.remove`)
        ? { ...button(ctx, 'Move to trash', `${here}/trash`, 'trash'), tone: 'red' }
        : null,
    restore:
      !live && can(ctx, `${entity.name}.remove`) ? button(ctx, 'Restore', `${here}/restoration`, 'restore') : null,
    actions: [],
    trashed_text: live ? '' : `This ${one} was moved to the trash ${deleted}.`,
    facts: entity.field_names
      .filter((name) => name !== entity.title || entity.fields[name]?.kind === 'long_text')
      .map((name) => factView(ctx, entity, row, name, titles)),
    composers,
    timeline: history.items(titles),
    timeline_more_href: history.next ? `${here}/timeline?before=${encodeURIComponent(history.next)}` : '',
    related: related.map(({ view }) => view(titles)),
  };
}
