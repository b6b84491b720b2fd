import { Kept, keptFor } from '#src/platform/kept.ts';
import { type Ctx, can } from './context.ts';
import { type Entity, fieldLabel, refTarget } from './entity.ts';
import { formatInstant } from './fields/dates.ts';
import { brief, cell, EMPTY, type Field, type Value } from './fields/field.ts';
import { lasting } from './lasting.ts';
import type { Row } from './tenant_db.ts';
import type { Cell, ListRow } from './views.ts';

/** What rows refer to, by id. */
export type Titles = Map<string, string>;

const initialsOf = (name: string): string => {
  const words = name
    .trim()
    .split(/\s+/)
    .filter((word) => /[\p{L}\p{N}]/u.test(word));
  const first = [...(words[0]?.match(/[\p{L}\p{N}]/u) ?? '?')][0];
  const last = words.length > 1 ? [...(words.at(-1)?.match(/[\p{L}\p{N}]/u) ?? '')][0] : '';
  return `${first}${last ?? ''}`.toUpperCase();
};
const lately = new Kept<string>(2_000);
/** 'Anna Maria Novak' -> 'AN' */
export const initials = (name: string): string => lately.of(name, () => initialsOf(name));

/** A field's value as a person reads it. */
export function fieldCell(ctx: Ctx, entity: Entity, name: string, row: Row, titles: Titles): Cell {
  const field = entity.fields[name];
  const value = row[name] as Value;
  if (value === null || value === undefined) return EMPTY;
  if (!field) {
    const [shown, exact] = formatInstant(String(value), ctx.tenant);
    return cell('date', shown, { title: exact });
  }
  if (field.kind === 'ref') return refCell(field, String(value), titles);
  return field.toCell(value, ctx.tenant, row);
}

function refCell(field: Field, id: string, titles: Titles): Cell {
  const title = titles.get(id);
  // The reader may not see what it points to: not even its name.
  if (title === undefined) return cell('text', 'Not visible to you');
  const { entity } = refTarget(field);
  return entity ? cell('link', title, { href: `/${entity.table}/${id}`, title }) : cell('text', title, { title });
}

/** A record's name; notes are named by their beginning. */
export const recordTitle = (entity: Entity, row: Row): string => {
  const stored = String(row[entity.title] ?? '');
  const text = /\s\s|[^\S ]/.test(stored) ? stored.replace(/\s+/g, ' ') : stored;
  return brief(text, 120) || entity.label[0];
};

/** The second line under a name: whatever says most in one line. */
export const subtitleField = (entity: Entity): string =>
  ['email', 'account_number', 'company'].find((name) => entity.fields[name] && !entity.columns.includes(name)) ?? '';

/** The columns behind the name. Notes and interactions also say when. */
export const shownColumns = keptFor((entity: Entity): readonly string[] =>
  entity.happened === 'created_at' ? [...entity.columns, 'created_at'] : entity.columns,
);

/** Columns of the table behind what a list shows of its rows. */
export const listColumns = keptFor((entity: Entity) => columnsBehind(entity, shownColumns(entity)));

/** Columns of the table behind the name and these. */
export function columnsBehind(entity: Entity, columns: readonly string[]): readonly string[] {
  const shown = [entity.title, subtitleField(entity), ...columns];
  const money = shown.some((name) => entity.fields[name]?.kind === 'money');
  return [...new Set(['id', 'deleted_at', ...shown, money ? 'currency' : ''])].filter(
    (name) => name && entity.fields[name]?.kind !== 'tags',
  );
}

export const columnLabel = (entity: Entity, name: string): string =>
  entity.fields[name] ? fieldLabel(entity, name) : name === 'created_at' ? 'Created' : 'Updated';

export const isNumeric = (entity: Entity, name: string): boolean =>
  entity.fields[name]?.kind === 'money' || entity.fields[name]?.kind === 'number';

/** An empty amount stays in its column's right-aligned line. */
const NO_AMOUNT = lasting(cell('number', '–'));

/** Rows of a list or of a short table on another page. */
export function listRows(
  ctx: Ctx,
  entity: Entity,
  rows: readonly Row[],
  titles: Titles,
  columns: readonly string[],
): ListRow[] {
  const second = subtitleField(entity);
  const editable = can(ctx, `${entity.name}.update`);
  const shown: { name: string; label: string; none: Cell }[] = [];
  for (const name of columns)
    shown.push({ name, label: columnLabel(entity, name), none: isNumeric(entity, name) ? NO_AMOUNT : EMPTY });
  const listed: ListRow[] = [];
  for (const row of rows) {
    const href = `/${entity.table}/${row.id}`;
    const cells: ListRow['cells'] = [];
    for (const { name, label, none } of shown) {
      const found = fieldCell(ctx, entity, name, row, titles);
      cells.push({ label, shown: found.kind === 'empty' ? none : found });
    }
    listed.push({
      id: String(row.id),
      href,
      edit_href: editable && !row.deleted_at ? `${href}/edit` : '',
      title: recordTitle(entity, row),
      subtitle: second && row[second] ? String(row[second]) : '',
      cells,
    });
  }
  return listed;
}
