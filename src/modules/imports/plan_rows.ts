import { changed } from '#src/kernel/audit.ts';
import type { Ctx } from '#src/kernel/context.ts';
import { type Entity, fieldLabel, storedFields, writableFields } from '#src/kernel/entity.ts';
import type { Value } from '#src/kernel/fields/field.ts';
import { recordTitle } from '#src/kernel/presenters.ts';
import type { Row } from '#src/kernel/tenant_db.ts';
import { type Match, matchRows } from './match.ts';
import type { Choices, ColumnInfo, ColumnMapping, PlannedRow } from './model.ts';
import { resolveReferences } from './references.ts';
import { isBlank, type StagedCell } from './staged_cells.ts';
import { type MatchKey, matchLabel } from './targets.ts';
import { type ParsedRow, type RowReader, rowReader } from './values.ts';

/** A staged row as it comes from the table. */
export interface StagedRow {
  row_number: number;
  cells: StagedCell[];
}

/** What a row would do, with what writing it needs. */
export interface Outcome extends PlannedRow {
  /** the record as it will be: for create every column, for update the columns the file fills */
  after: Row;
  parsed: ParsedRow;
}

/** Everything about one import that planning a row needs; made once for a run. */
export interface Planner {
  entity: Entity;
  choices: Choices;
  reader: RowReader;
  keys: readonly MatchKey[];
  /** what a new record has before the file says anything */
  initial: Row;
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
  const reader = rowReader(ctx, entity, columns, mapping, choices);
  const initial: Row = {};
  for (const name of storedFields(entity)) {
    const { kind, options } = entity.fields[name]!;
    const value = kind === 'currency' ? (options.initial ?? ctx.tenant.currency) : options.initial;
    initial[name] = defaults.get(name) ?? value ?? (kind === 'list' ? [] : null);
  }
  if (entity.tag_field) initial[entity.tag_field] = defaults.get(entity.tag_field) ?? [];
  const keys = choices.match.filter((key) => reader.fields.includes(key));
  return { entity, choices, reader, keys, initial };
}

/** What each row would do to the records as they are now. The same for plan and commit, so both say the same. */
export async function planRows(ctx: Ctx, planner: Planner, staged: readonly StagedRow[]): Promise<Outcome[]> {
  const { entity, reader, keys } = planner;
  const rows = staged.map((row) => reader.read(row.row_number, row.cells));
  await resolveReferences(ctx, entity, rows);
  const matches = await matchRows(ctx, entity, keys, rows);
  return rows.map((row, index) => decide(planner, row, matches[index]!));
}

function decide(planner: Planner, row: ParsedRow, match: Match): Outcome {
  const { entity, choices } = planner;
  const one = entity.label[0].toLowerCase();
  const titled = {
    [entity.title]: row.values.get(entity.title) ?? ('record' in match ? match.record[entity.title] : ''),
  };
  const base = {
    row_number: row.row_number,
    title: titled[entity.title] ? recordTitle(entity, titled) : '',
    record_id: 'record' in match ? String(match.record.id) : null,
    record_version: 'record' in match ? Number(match.record.version) : null,
    problems: row.problems,
    changes: {},
    after: {},
    parsed: row,
  };
  const ended = (plan: 'skip' | 'error', message: string): Outcome => ({ ...base, plan, problems: [[-1, message]] });
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
    case 'trashed':
      return ended('skip', `This ${one} is in the trash (same ${by}). Restore it there if it should be used.`);
    case 'one':
      if (choices.mode === 'create') return ended('skip', `There already: a ${one} with the same ${by}.`);
      return update(planner, row, match.record, base);
    default:
      if (choices.mode === 'update')
        return ended(
          'skip',
          `There is no ${one} with this ${planner.keys.map((key) => matchLabel(entity, key).toLowerCase()).join(' or ') || 'key'}.`,
        );
      return create(planner, row, base);
  }
}

type Base = Omit<Outcome, 'plan'>;

function required(entity: Entity, after: Row): [number, string][] {
  return writableFields(entity).flatMap((name): [number, string][] => {
    const value = after[name];
    const missing = value === null || value === undefined || value === '';
    return entity.fields[name]!.options.required && missing ? [[-1, `${fieldLabel(entity, name)} is missing.`]] : [];
  });
}

function create(planner: Planner, row: ParsedRow, base: Base): Outcome {
  const after: Row = { ...planner.initial };
  for (const [name, value] of row.values) if (value !== null) after[name] = value;
  const missing = required(planner.entity, after).map(([, message]): [number, string] => {
    const column = row.columns.get(planner.entity.title);
    return [column !== undefined && row.blank.has(planner.entity.title) ? column : -1, message];
  });
  if (missing.length) return { ...base, plan: 'error', problems: missing };
  const { entity } = planner;
  const named = entity.field_names.filter((name) => {
    const value = after[name];
    return value !== null && value !== undefined && !(Array.isArray(value) && !value.length);
  });
  return { ...base, plan: 'create', after, changes: changed({}, after, named) };
}

function update(planner: Planner, row: ParsedRow, record: Row, base: Base): Outcome {
  const given = Object.fromEntries(row.values);
  if (planner.entity.tag_field && given[planner.entity.tag_field]) {
    // Tags have no order of their own; the database gives them by name.
    const tags = given[planner.entity.tag_field] as string[];
    const there = (record[planner.entity.tag_field] as string[]) ?? [];
    const same = tags.length === there.length && tags.every((tag) => there.some((t) => fold(t) === fold(tag)));
    if (same) given[planner.entity.tag_field] = there;
  }
  const after: Row = { ...record, ...given };
  const changes = changed(record, after, [...row.values.keys()]);
  if (!Object.keys(changes).length) return { ...base, plan: 'unchanged' };
  const missing = required(planner.entity, after);
  if (missing.length) return { ...base, plan: 'error', problems: missing };
  return { ...base, plan: 'update', after, changes };
}

const fold = (text: string) => text.toLowerCase();

/** Does this row only repeat the names of the columns, as printed lists do on every page? */
export function repeatsHeader(columns: readonly ColumnInfo[], cells: readonly StagedCell[]): boolean {
  let filled = 0;
  for (const [index, cell] of cells.entries()) {
    if (isBlank(cell)) continue;
    filled += 1;
    if (typeof cell !== 'string' || cell.trim() !== columns[index]?.header) return false;
  }
  return filled > 1;
}
