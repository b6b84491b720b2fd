import { inertCsv } from '#src/kernel/export.ts';
import { clean } from '#src/kernel/fields/field.ts';
import type { Cell, CellKind } from './reader/model.ts';

/** A cell as import_rows keeps it: a blank, a plain text, or kind and text and (where it differs) the exact value. */
export type StagedCell = null | string | [kind: CellKind, text: string, value?: string];

/** PostgreSQL's jsonb takes neither NUL nor half a surrogate pair. */
export const storable = (text: string): string => text.toWellFormed().replaceAll('\u0000', '');

/**
 * What spreadsheets show where a formula failed, in English, German, French and Spanish, and what our reader says. As plain
 * text, in a .csv file or a workbook of errors, it is no less an error than in the cell it comes from.
 */
const ERROR =
  /^#(N\/A|REF!|VALUE!|NAME\?|DIV\/0!|NULL!|NUM!|SPILL!|CALC!|FIELD!|GETTING_DATA|NV|BEZUG!|WERT!|ZAHL!|N\/D|VALEUR!|NOM\?|NOMBRE!|¡(REF|VALOR|DIV\/0|NUM|NULO)!|¿NOMBRE\?|MISSING!|NOT_CALCULATED!)$/;

/** @param csv cells of a text file: an apostrophe that our own export put in front is taken away again */
export function stageCell(cell: Cell, csv: boolean): StagedCell {
  if (cell.kind === 'empty' && !cell.text) return null;
  const text = storable(cell.text);
  if (csv && text.startsWith("'") && inertCsv(text.slice(1)) === text) return text.slice(1);
  if (cell.kind === 'text' || cell.kind === 'empty') {
    if (text === '') return null;
    return text[0] === '#' && ERROR.test(text) ? ['error', text] : text;
  }
  const value = storable(cell.value);
  return value === text ? [cell.kind, text] : [cell.kind, text, value];
}

export const cellText = (cell: StagedCell | undefined): string =>
  cell === null || cell === undefined ? '' : typeof cell === 'string' ? cell : cell[1];

export const cellKind = (cell: StagedCell | undefined): CellKind =>
  cell === null || cell === undefined ? 'empty' : typeof cell === 'string' ? 'text' : cell[0];

export const cellValue = (cell: StagedCell | undefined): string =>
  typeof cell === 'object' && cell !== null ? (cell[2] ?? cell[1]) : cellText(cell);

/** Begins with what is no blank: nearly every cell, told without cleaning it. */
const BEGINS = /^[!-~]/;

/** Nothing to read in it; an error cell and a formula without result are not blank. */
export const isBlank = (cell: StagedCell | undefined): boolean =>
  !(typeof cell === 'string' && BEGINS.test(cell)) && cellKind(cell) !== 'error' && clean(cellText(cell)) === '';
