/**
 * What the reader gives, the same for .xlsx and .csv and the same for preview, plan and commit.
 *
 * The types below are plain data. On their way from the child to its parent rows travel in a compact form (`WireRow`),
 * since most cells are plain text or blank.
 */
import type { Warning } from './warnings.ts';

export const CELL_KINDS = [
  'empty',
  'text',
  'number',
  'date',
  'datetime',
  'time',
  'duration',
  'boolean',
  'error',
] as const;

export type CellKind = (typeof CELL_KINDS)[number];

/**
 * One cell. `text` is what Excel shows, with one exception: whole numbers in General format keep all their digits
 * (Excel turns a phone number of 12 digits into 4.91511E+11).
 *
 * `value` is the canonical form, independent of format and locale:
 * - number: plain decimal, at most 15 significant digits as Excel keeps them ("0.05", "-1234.5")
 * - date "2021-02-03" (serial 60 of the 1900 system is "1900-02-29"), datetime "2021-02-03T04:05:06[.789]" without
 *   zone, time "04:05:06[.789]", duration in ISO 8601 hours, minutes, seconds ("PT26H30M", "-PT1.5S")
 * - boolean "true" or "false"; error: its code ("#N/A"), "#MISSING!" for a text the file refers to but does not hold,
 *   "#NOT_CALCULATED!" for a formula stored without its result (its text is empty)
 * - text and empty: the text as stored; it differs from `text` only where the number format decorates or hides it
 * Cells of a .csv file are always text or empty.
 */
export interface Cell {
  readonly text: string;
  readonly kind: CellKind;
  readonly value: string;
}

export interface Row {
  /** As shown at the left edge in Excel, from 1. In a .csv file blank lines count, a `sep=` line does not. */
  number: number;
  /** Hidden by hand or by a filter. */
  hidden: boolean;
  /** From column A on; blanks at the end are left out in workbooks. Rows without any content are not delivered. */
  cells: Cell[];
}

export interface SheetInfo {
  /** Position among the sheets with cells, in workbook order, from 0. */
  index: number;
  name: string;
  hidden: boolean;
}

/** What was found out about a text file, or what the caller asked for. */
export interface CsvDialect {
  encoding: string;
  delimiter: string;
  /** '' when the file does not quote. */
  quote: string;
  escape: 'doubled' | 'backslash';
}

export interface ReadStats {
  /** Rows delivered. */
  rows: number;
  /** Seconds from the start of the child to its last row. */
  seconds: number;
  /** Seconds of processor time of the child, all its threads together. */
  cpuSeconds: number;
  /** Peak resident memory of the child in bytes. */
  peakBytes: number;
}

export type ReadEvent =
  | { type: 'file'; format: 'xlsx'; sheets: SheetInfo[] }
  | { type: 'file'; format: 'csv'; sheets: SheetInfo[]; dialect: CsvDialect }
  /** Before the first row of a sheet. `hiddenColumns` are ranges of 0-based columns, both ends included. */
  | { type: 'sheet'; sheet: SheetInfo; hiddenColumns: [number, number][] }
  | { type: 'rows'; sheet: number; rows: Row[] }
  /** After the last row. `merges` are ranges as written ("A1:C1"), at most 1,000 of `mergeCount`. */
  | { type: 'sheet_end'; sheet: number; rows: number; lastRow: number; merges: string[]; mergeCount: number }
  | { type: 'warning'; warning: Warning }
  | { type: 'end'; stats: ReadStats };

/** Whether a 0-based column lies in one of the ranges of a `sheet` event. */
export function isHiddenColumn(hiddenColumns: readonly [number, number][], column: number): boolean {
  return hiddenColumns.some(([first, last]) => column >= first && column <= last);
}

export const EMPTY_CELL: Cell = Object.freeze({ text: '', kind: 'empty', value: '' });

/** A run of n blanks; a text; or [kind, text, value when it differs from text]. */
export type WireCell = number | string | [kind: number, text: string, value?: string];
export type WireRow = [number: number, hidden: 0 | 1, ...cells: WireCell[]];

const KIND_CODES: ReadonlyMap<CellKind, number> = new Map(CELL_KINDS.map((kind, code) => [kind, code]));

/** The compact form of a cell that is not blank. */
export function wireCell(kind: CellKind, text: string, value: string): WireCell {
  if (kind === 'text' && text === value) return text;
  const code = KIND_CODES.get(kind) ?? 1;
  return text === value ? [code, text] : [code, text, value];
}

/** Rebuilds a row from its compact form. */
export function rowFromWire(wire: WireRow): Row {
  const cells: Cell[] = [];
  for (let i = 2; i < wire.length; i++) {
    const cell = wire[i] as WireCell;
    if (typeof cell === 'string') {
      cells.push(cell === '' ? EMPTY_CELL : { text: cell, kind: 'text', value: cell });
    } else if (typeof cell === 'number') {
      for (let n = 0; n < cell; n++) cells.push(EMPTY_CELL);
    } else {
      cells.push({ text: cell[1], kind: CELL_KINDS[cell[0]] ?? 'text', value: cell[2] ?? cell[1] });
    }
  }
  return { number: wire[0], hidden: wire[1] === 1, cells };
}
