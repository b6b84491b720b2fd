import type { Ctx } from '#src/kernel/context.ts';
import { type Entity, fieldLabel } from '#src/kernel/entity.ts';
import { clean, cut, type Field, type Locale, type Parsed, type Value } from '#src/kernel/fields/field.ts';
import { UUID } from '#src/kernel/fields/links.ts';
import type { Choices, ColumnInfo, ColumnMapping, Problem } from './model.ts';
import { cellKind, cellText, cellValue, isBlank, type StagedCell } from './staged_cells.ts';
import { isNamePart, isRecordTarget, type Part, RECORD_ID, RECORD_VERSION, splitTarget } from './targets.ts';

/** A row of the file in the terms of the entity. */
export interface ParsedRow {
  row_number: number;
  values: Map<string, Value>;
  /** mapped fields whose cell is blank */
  blank: Set<string>;
  /** references still by name, to be looked up for many rows at once */
  refs: Map<string, string>;
  /** the column that fills a field, to say where a problem is */
  columns: ReadonlyMap<string, number>;
  problems: Problem[];
  /** the record and its version that the row itself names, as our exports do; '' when it names none */
  record_id: string;
  record_version: string;
}

/** Reads rows as one mapping says; made once for a run. */
export interface RowReader {
  entity: Entity;
  /** fields that the file fills, references and the name included */
  fields: readonly string[];
  /** may rows name their record? */
  names_records: boolean;
  /** fields with a rule about what they may overwrite */
  when: ReadonlyMap<string, 'empty' | 'never'>;
  read(row_number: number, cells: readonly StagedCell[]): ParsedRow;
}

const ORDER_LOCALE = { dmy: 'en-GB', mdy: 'en-US' } as const;

/** Different texts of a column whose reading is remembered: dates, amounts and cities come again and again. */
const REMEMBERED = 2_000;

/** Reads a column's cells, each different one once while there is room. */
function remembering(field: Field, locale: Locale): (cell: StagedCell) => Parsed {
  const known = new Map<string, Parsed>();
  return (cell) => {
    const key = typeof cell === 'string' ? cell : JSON.stringify(cell);
    const before = known.get(key);
    if (before) return before;
    const parsed = readCell(field, cell, locale);
    if (known.size < REMEMBERED) known.set(key, parsed);
    return parsed;
  };
}

/** Why a cell with an error cannot be read. @param code '#N/A' */
const errorText = (code: string): string =>
  code === '#NOT_CALCULATED!'
    ? 'a formula stands here without its result. Open the file in Excel, save it and upload it again.'
    : `the cell shows ${code}.`;

/** What a cell says for a field: exact values of numbers, dates and truths, shown text for everything else. */
function readCell(field: Field, cell: StagedCell, locale: Locale): Parsed {
  const kind = cellKind(cell);
  const text = cellText(cell);
  const value = cellValue(cell);
  if (kind === 'error') return { ok: false, message: errorText(text || value) };
  if (kind === 'number' && (field.kind === 'number' || field.kind === 'money'))
    return field.fromText(value, { ...locale, locale: 'en-US' });
  if (kind === 'boolean' && field.kind === 'boolean') return field.fromText(value, locale);
  if (kind === 'date' || kind === 'datetime') {
    if (field.kind === 'date') return field.fromText(value.slice(0, 10), locale);
    if (field.kind === 'timestamp') return field.fromText(value.slice(0, 16), locale);
  }
  return field.fromText(text, locale);
}

/** 'Use at most 200 characters.' -> 'use at most 200 characters.', but not 'E-mail' or 'ARR'. */
const lower = (message: string): string =>
  /^[A-Z][a-z]+ /.test(message) ? message.charAt(0).toLowerCase() + message.slice(1) : message;

/** Compiles a mapping into a reader of rows. @param mapping lines of this entity alone, see `linesOf` */
export function rowReader(
  ctx: Pick<Ctx, 'tenant'>,
  entity: Entity,
  columns: readonly ColumnInfo[],
  mapping: readonly ColumnMapping[],
  choices: Pick<Choices, 'blank'>,
): RowReader {
  const filled = mapping.filter((line) => line.field && columns[line.column]);
  const lines = filled.filter((line) => !isRecordTarget(line.field));
  const columnOf = (target: string) => filled.find((line) => line.field === target)?.column ?? -1;
  const [idColumn, versionColumn] = [columnOf(RECORD_ID), columnOf(RECORD_VERSION)];
  const byField = new Map(lines.map((line) => [isNamePart(line.field) ? entity.title : line.field, line.column]));
  const readers = lines.map((line) => {
    const column = line.column;
    const locale = line.day_order ? { ...ctx.tenant, locale: ORDER_LOCALE[line.day_order] } : ctx.tenant;
    const said = new Map(line.values ?? []);
    const field = entity.fields[line.field];
    return { column, name: line.field, field, parse: field ? remembering(field, locale) : null, said };
  });

  function read(row_number: number, cells: readonly StagedCell[]): ParsedRow {
    const row: ParsedRow = {
      row_number,
      values: new Map(),
      blank: new Set(),
      refs: new Map(),
      columns: byField,
      problems: [],
      record_id: clean(cellText(cells[idColumn])).toLowerCase(),
      record_version: clean(cellText(cells[versionColumn])),
    };
    const parts: Record<string, string> = {};
    for (const { column, name, field, parse, said } of readers) {
      const cell = cells[column] ?? null;
      if (isNamePart(name) && cellKind(cell) === 'error')
        row.problems.push([column, errorText(cellText(cell) || cellValue(cell))]);
      else if (isNamePart(name)) parts[name] = clean(cellText(cell));
      else if (isBlank(cell)) row.blank.add(name);
      else if (field && parse) readField(row, column, name, field, cell, parse, said);
    }
    if (parts.first_name !== undefined || parts.last_name !== undefined) joinName(row, entity, parts);
    if (choices.blank === 'clear') clearBlanks(row, entity);
    return row;
  }
  const when = new Map(lines.flatMap((line) => (line.when ? [[line.field, line.when] as const] : [])));
  return { entity, fields: [...byField.keys()], names_records: idColumn >= 0, when, read };
}

/** The lines of a mapping that fill the row's own record, or one of its parts. */
export const linesOf = (mapping: readonly ColumnMapping[], part: Part | null): ColumnMapping[] =>
  mapping.flatMap((line) => {
    const target = splitTarget(line.field);
    return target.part === part ? [{ ...line, field: target.field }] : [];
  });

function readField(
  row: ParsedRow,
  column: number,
  name: string,
  field: Field,
  cell: StagedCell,
  parse: (cell: StagedCell) => Parsed,
  said: ReadonlyMap<string, string>,
): void {
  const text = clean(cellText(cell));
  if (field.kind === 'choice' && said.has(text)) {
    const meant = said.get(text)!;
    if (meant) row.values.set(name, meant);
    else row.blank.add(name);
    return;
  }
  if (field.kind === 'ref' && cellKind(cell) !== 'error' && !UUID.test(text)) {
    row.refs.set(name, cut(text.replace(/\s+/g, ' '), 300));
    return;
  }
  const parsed = parse(cell);
  if (!parsed.ok) row.problems.push([column, lower(parsed.message)]);
  else if (parsed.value === null) row.blank.add(name);
  else if (field.kind === 'ref') row.refs.set(name, String(parsed.value));
  else row.values.set(name, parsed.value);
}

function joinName(row: ParsedRow, entity: Entity, parts: Record<string, string>): void {
  const name = [parts.first_name, parts.last_name].filter(Boolean).join(' ');
  const parsed = name
    ? entity.fields[entity.title]!.fromText(name, { locale: 'en-GB', time_zone: 'UTC', currency: '' })
    : null;
  if (!parsed) row.blank.add(entity.title);
  else if (parsed.ok) row.values.set(entity.title, parsed.value);
  else row.problems.push([row.columns.get(entity.title) ?? -1, lower(parsed.message)]);
}

/** A blank cell empties its field, where the field may be empty. */
function clearBlanks(row: ParsedRow, entity: Entity): void {
  for (const name of row.blank) {
    const { kind, options } = entity.fields[name]!;
    if (!options.required)
      row.values.set(name, kind === 'tags' || kind === 'list' ? [] : kind === 'boolean' ? false : null);
  }
}

/** A row's problems as a person reads them: 'Renewal date: the date 31/02/2024 does not exist.' */
export const problemText = (entity: Entity, columns: readonly ColumnInfo[], [column, message]: Problem): string =>
  column < 0 ? message : `${columns[column]?.header ?? fieldLabel(entity, entity.title)}: ${message}`;
