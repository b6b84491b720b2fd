import { changed } from '#src/kernel/audit.ts';
import type { Ctx } from '#src/kernel/context.ts';
import { type Entity, entityNamed, fieldLabel, storedFields, writableFields } from '#src/kernel/entity.ts';
import type { Value } from '#src/kernel/fields/field.ts';
import { newId } from '#src/kernel/ids.ts';
import { recordTitle } from '#src/kernel/presenters.ts';
import type { Row } from '#src/kernel/tenant_db.ts';
import { headerText, nameColumns } from './headers.ts';
import { type Match, matchRows } from './match.ts';
import type { Choices, ColumnInfo, ColumnMapping, PlannedPart, PlannedRow, Problem } from './model.ts';
import { takeOriginals } from './originals.ts';
import { resolveReferences } from './references.ts';
import { cellText, isBlank, type StagedCell } from './staged_cells.ts';
import { addable, type MatchKey, matchLabel, PARTS, type Part } from './targets.ts';
import { linesOf, type ParsedRow, type RowReader, rowReader } from './values.ts';

/** A staged row as it comes from the table. */
export interface StagedRow {
  row_number: number;
  cells: StagedCell[];
}

/** What a row would do. */
export interface Outcome extends PlannedRow {
  parsed: ParsedRow;
  parts: PlannedPart[];
  /** the row of the file whose record this one means as well; its parts may still be new */
  repeats: number | null;
}

/** A record that rows can make or change, and how their cells are read for it. */
export interface Maker {
  entity: Entity;
  reader: RowReader;
  /** what a new record has before the file says anything */
  initial: Row;
}

/** Everything about one import that planning a row needs; made once for a run. */
export interface Planner extends Maker {
  choices: Choices;
  keys: readonly MatchKey[];
  parts: (Maker & { part: Part })[];
}

/** What a new record has by itself. @param defaults field -> value, for what the file does not say */
function initialRow(ctx: Ctx, entity: Entity, defaults: ReadonlyMap<string, Value>): Row {
  const initial: Row = {};
  for (const name of storedFields(entity)) {
    const { kind, options } = entity.fields[name]!;
    const value = kind === 'currency' ? (options.initial ?? ctx.tenant.currency) : options.initial;
    initial[name] = defaults.get(name) ?? value ?? (kind === 'list' ? [] : null);
  }
  if (entity.tag_field) initial[entity.tag_field] = defaults.get(entity.tag_field) ?? [];
  return initial;
}

/** @param defaults already read: field -> value */
export function makePlanner(
  ctx: Ctx,
  entity: Entity,
  columns: readonly ColumnInfo[],
  mapping: readonly ColumnMapping[],
  choices: Choices,
  defaults: ReadonlyMap<string, Value>,
): Planner {
  const reader = rowReader(ctx, entity, columns, linesOf(mapping, null), choices);
  const keys = choices.match.filter((key) => reader.fields.includes(key));
  const parts = PARTS.flatMap((part) => {
    const lines = linesOf(mapping, part);
    if (!lines.length) return [];
    const made = entityNamed(part.entity);
    // A customer without a second contact is no order to empty it.
    const partReader = rowReader(ctx, made, columns, lines, { blank: 'keep' });
    return [{ part, entity: made, reader: partReader, initial: initialRow(ctx, made, new Map()) }];
  });
  return { entity, choices, reader, keys, initial: initialRow(ctx, entity, defaults), parts };
}

/**
 * What each row would do to its own record as the records are now. The same for plan and commit, so both say the same.
 * Parts come later (plan_parts.ts): what they hang on is known when the file's own duplicates are.
 */
export async function planRows(ctx: Ctx, planner: Planner, staged: readonly StagedRow[]): Promise<Outcome[]> {
  const { entity, reader, keys } = planner;
  const rows = staged.map((row) => reader.read(row.row_number, row.cells));
  const originals = reader.names_records ? await takeOriginals(ctx, entity, staged, rows) : undefined;
  await resolveReferences(ctx, entity, rows);
  const matches = await matchRows(ctx, entity, keys, rows, originals);
  return rows.map((row, index) => decide(planner, row, matches[index]!));
}

function decide(planner: Planner, row: ParsedRow, match: Match): Outcome {
  const { entity, choices } = planner;
  const one = entity.label[0].toLowerCase();
  const record = 'record' in match ? match.record : null;
  const title = row.values.get(entity.title) ?? record?.[entity.title] ?? '';
  const base: Base = {
    row_number: row.row_number,
    title: title ? recordTitle(entity, { [entity.title]: title }) : '',
    record_id: record ? String(record.id) : null,
    record_version: record ? Number(record.version) : null,
    problems: row.problems,
    changes: {},
    after: null,
    parsed: row,
    parts: [],
    repeats: null,
  };
  const ended = (plan: 'skip' | 'error', message: string): Outcome => ({ ...base, plan, problems: [[-1, message]] });
  if (match.kind === 'gone')
    return ended('error', `The ${one} that this row was exported from is no longer there, or not yours to see.`);
  if (row.problems.length) return { ...base, plan: 'error' };
  const by = 'by' in match ? matchLabel(entity, match.by).toLowerCase() : '';
  switch (match.kind) {
    case 'several':
      return ended(
        'error',
        `${match.count} ${entity.label[1].toLowerCase()} have this ${by}. Add an external id or match by something else.`,
      );
    case 'hidden':
      return ended('error', `Another ${one} that you cannot see has this ${by}.`);
    case 'taken':
      return ended('error', `Another ${one} has this external id already.`);
    case 'trashed':
      return ended('skip', `This ${one} is in the trash (same ${by}). Restore it there if it should be used.`);
    case 'original':
      if (match.record.deleted_at)
        return ended('skip', `This ${one} is in the trash. Restore it there if it should be changed.`);
      return update(planner, row, match.record, base, match.base);
    case 'one':
      if (choices.mode === 'create') return ended('skip', `There already: a ${one} with the same ${by}.`);
      return update(planner, row, match.record, base);
    case 'none':
      if (!addable(entity))
        return ended('skip', `This row does not say which ${one} it is about. Add new ones in Rapport itself.`);
      if (choices.mode === 'update')
        return ended(
          'skip',
          `There is no ${one} with this ${planner.keys.map((key) => matchLabel(entity, key).toLowerCase()).join(' or ') || 'key'}.`,
        );
      return create(planner, row, base);
  }
}

type Base = Omit<Outcome, 'plan'>;

/** The fields that a record must have and this one has not. */
export const missingFields = (entity: Entity, after: Row): string[] =>
  writableFields(entity).filter((name) => entity.fields[name]!.options.required && isEmpty(after[name]));

const isEmpty = (value: unknown): boolean =>
  value === null || value === undefined || value === '' || (Array.isArray(value) && !value.length);

const missing = (entity: Entity, names: readonly string[], column: number): Problem[] =>
  names.map((name) => [column, `${fieldLabel(entity, name)} is missing.`]);

/** Everything that a new record will hold and that is not empty: what the file says above what it has by itself. */
export function newRecord(maker: Maker, row: ParsedRow): Row {
  const after: Row = {};
  for (const name in maker.initial) if (!isEmpty(maker.initial[name])) after[name] = maker.initial[name];
  for (const [name, value] of row.values) if (!isEmpty(value)) after[name] = value;
  return after;
}

function create(planner: Planner, row: ParsedRow, base: Base): Outcome {
  const { entity } = planner;
  const after = newRecord(planner, row);
  const names = missingFields(entity, after);
  const column = row.blank.has(entity.title) ? (row.columns.get(entity.title) ?? -1) : -1;
  if (names.length) return { ...base, plan: 'error', problems: missing(entity, names, column) };
  return { ...base, plan: 'create', record_id: newId(), after };
}

/** What the file says that an existing record may take over. */
export function givenValues(maker: Maker, row: ParsedRow, record: Row): Row {
  const { entity, reader } = maker;
  const given: Row = Object.fromEntries(row.values);
  for (const [name, when] of reader.when)
    if (name in given && (when === 'never' || !isEmpty(record[name]))) delete given[name];
  const tags = entity.tag_field ? (given[entity.tag_field] as string[] | undefined) : undefined;
  if (entity.tag_field && tags) {
    // Tags have no order of their own; the database gives them by name.
    const there = (record[entity.tag_field] as string[]) ?? [];
    const same = tags.length === there.length && tags.every((tag) => there.some((t) => fold(t) === fold(tag)));
    if (same) given[entity.tag_field] = there;
  }
  return given;
}

function update(planner: Planner, row: ParsedRow, record: Row, base: Base, original: Row = record): Outcome {
  const { entity } = planner;
  const given = givenValues(planner, row, record);
  const after: Row = { ...record, ...given };
  const changes = changed(record, after, Object.keys(given));
  if (!Object.keys(changes).length) return { ...base, plan: 'unchanged' };
  const meanwhile = Object.keys(changed(original, record, Object.keys(changes)));
  if (meanwhile.length) {
    const shown = Object.fromEntries(meanwhile.map((name) => [name, changes[name]!]));
    const problems = meanwhile.map((name) => conflict(entity, row, name));
    return { ...base, plan: 'error', problems, changes: shown };
  }
  const names = missingFields(entity, after);
  if (names.length) return { ...base, plan: 'error', problems: missing(entity, names, -1) };
  return { ...base, plan: 'update', changes };
}

const conflict = (entity: Entity, row: ParsedRow, name: string): Problem => [
  row.columns.get(name) ?? -1,
  `somebody edited ${fieldLabel(entity, name).toLowerCase()} in Rapport after this file was exported. Struck through is what stands there now; beside it stands what your file says.`,
];

const fold = (text: string) => text.toLowerCase();

/** Does this row only repeat the names of the columns, as printed lists do on every page? */
export function repeatsHeader(columns: readonly ColumnInfo[], cells: readonly StagedCell[]): boolean {
  const first = cells.findIndex((cell) => !isBlank(cell));
  // Nearly every row says something else in its first cell already.
  if (headerText(cellText(cells[first])) !== columns[first]?.header) return false;
  const names = nameColumns(cells.map(cellText), columns.length);
  const filled = cells.flatMap((cell, at) => (isBlank(cell) ? [] : [at]));
  return filled.length > 1 && filled.every((at) => names[at] === columns[at]?.header);
}
