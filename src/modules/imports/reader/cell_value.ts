/** Turns what a `c` element holds into a cell: by its type `t`, its style `s` and its value (ECMA-376 part 1, 18.3.1.4). */
import { type WireCell, wireCell } from './model.ts';
import type { NumberFormat, ShownNumber } from './number_format.ts';
import { isoDate, isoTime, momentOf, serialOfIso } from './serial_date.ts';
import { cleanText, type SharedStrings } from './shared_strings.ts';
import type { Styles } from './styles.ts';
import type { WarningSink } from './warnings.ts';
import { decodeEscapes } from './workbook.ts';

export interface RawCell {
  type: string;
  style: number;
  /** Content of `v`, undefined when there is no such element. */
  value: string | undefined;
  /** Text of `is`, undefined when there is no such element. */
  inline: string | undefined;
  formula: boolean;
  row: number;
}

export interface CellContext {
  strings: SharedStrings;
  styles: Styles;
  date1904: boolean;
  cellCharacters: number;
  warnings: WarningSink;
}

/** Mark of a cell whose text the workbook refers to but does not contain. */
const MISSING_TEXT = '#MISSING!';
/** Mark of a formula that was stored without its result. */
const NOT_CALCULATED = '#NOT_CALCULATED!';
const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const WHOLE_NUMBER = /^-?[1-9]\d{15,}$/;
const ERROR = /^#[A-Z0-9/_]+[!?]?$/;

/** Undefined for a cell without content. */
export function readCell(cell: RawCell, context: CellContext): WireCell | undefined {
  const { value } = cell;
  switch (cell.type) {
    case 's':
      return sharedText(cell, context);
    case 'inlineStr':
      return shownText(cell.inline ?? textValue(cell, context), cell, context);
    case 'str':
      if (cell.formula && value === undefined) return withoutResult(cell, context);
      return shownText(cell.value === undefined && cell.inline ? cell.inline : textValue(cell, context), cell, context);
    case 'b':
      return booleanCell(cell, context);
    case 'e':
      if (value === undefined || value === '') return undefined;
      return wireCell('error', value, value);
    case 'd':
      return isoCell(cell, context);
    default:
      if (value === undefined || value.trim() === '') {
        if (cell.formula) return withoutResult(cell, context);
        return cell.inline === undefined ? undefined : shownText(cell.inline, cell, context);
      }
      return numberCell(value.trim(), cell, context);
  }
}

function textValue(cell: RawCell, context: CellContext): string {
  return cleanText(decodeEscapes(cell.value ?? ''), context.cellCharacters, false, context.warnings, cell.row);
}

function sharedText(cell: RawCell, context: CellContext): WireCell | undefined {
  if (cell.value === undefined || cell.value.trim() === '') return undefined;
  const text = context.strings.get(Number(cell.value));
  if (text !== undefined) return shownText(text, cell, context);
  context.warnings.add(
    'shared_string_missing',
    `A cell refers to text number ${cell.value}, which the workbook does not contain; it is shown as ${MISSING_TEXT}.`,
    cell.row,
  );
  return wireCell('error', MISSING_TEXT, MISSING_TEXT);
}

function shownText(text: string, cell: RawCell, context: CellContext): WireCell | undefined {
  if (text === '') return undefined;
  const format = context.styles.format(cell.style);
  return wireCell('text', format.plain ? text : format.text(text), text);
}

function booleanCell(cell: RawCell, context: CellContext): WireCell | undefined {
  const value = cell.value?.trim().toLowerCase();
  if (value === undefined || value === '') return cell.formula ? withoutResult(cell, context) : undefined;
  const truth = value === '1' || value === 'true';
  if (!truth && value !== '0' && value !== 'false') return unreadable(value, cell, context, 'TRUE or FALSE');
  return wireCell('boolean', truth ? 'TRUE' : 'FALSE', truth ? 'true' : 'false');
}

function withoutResult(cell: RawCell, context: CellContext): WireCell {
  context.warnings.add(
    'formula_without_value',
    'A formula was saved without its result. Open the file in Excel, save it and upload it again.',
    cell.row,
  );
  return wireCell('error', '', NOT_CALCULATED);
}

function numberCell(value: string, cell: RawCell, context: CellContext): WireCell {
  const number = NUMBER.test(value) ? Number(value) : Number.NaN;
  if (!Number.isFinite(number)) return unreadable(value, cell, context);
  const format = context.styles.format(cell.style);
  if (WHOLE_NUMBER.test(value)) return longNumber(value, number, format, cell, context);
  const shown = format.number(number);
  if (Math.abs(number) >= 1e15) sayDigitsLost(shown.value, cell, context);
  if (shown.outOfRange) sayOutOfRange(shown, cell, context);
  return wireCell(shown.kind, shown.text, shown.value);
}

/**
 * Sixteen digits and more. Excel has only 15 and fills up with zeros; other programs write all digits (card and order
 * numbers), and then the digits of the file are better than what Excel would show.
 */
function longNumber(
  value: string,
  number: number,
  format: NumberFormat,
  cell: RawCell,
  context: CellContext,
): WireCell {
  if (value.replace(/^-/, '').replace(/0+$/, '').length <= 15) sayDigitsLost(value, cell, context);
  if (format.plain) return wireCell('number', value, value);
  return wireCell('number', format.number(number).text, value);
}

function sayDigitsLost(value: string, cell: RawCell, context: CellContext): void {
  context.warnings.add(
    'digits_lost',
    `The number ${value} has more than 15 digits, of which Excel keeps only the first 15. If it is a card or order number, format the column as text and enter it again.`,
    cell.row,
  );
}

function unreadable(value: string, cell: RawCell, context: CellContext, wanted = 'a number'): WireCell {
  if (ERROR.test(value)) return wireCell('error', value, value);
  context.warnings.add(
    'number_unreadable',
    `A cell should hold ${wanted} but holds "${value.slice(0, 40)}"; it was read as text.`,
    cell.row,
  );
  const text = textValue(cell, context);
  return wireCell('text', text, text);
}

function sayOutOfRange(shown: ShownNumber, cell: RawCell, context: CellContext): void {
  context.warnings.add(
    'date_out_of_range',
    `The number ${shown.value} has a date format but is no date (Excel shows ######); it was read as a number.`,
    cell.row,
  );
}

/** An ISO 8601 date cell; in its own format when that is one for dates, else in ISO form. */
function isoCell(cell: RawCell, context: CellContext): WireCell | undefined {
  const value = cell.value?.trim();
  if (value === undefined || value === '') return cell.formula ? withoutResult(cell, context) : undefined;
  const iso = serialOfIso(value, context.date1904);
  if (!iso) return NUMBER.test(value) ? numberCell(value, cell, context) : unreadable(value, cell, context);
  const format = context.styles.format(cell.style);
  const shown = format.plain ? undefined : format.number(iso.serial);
  if (shown && shown.kind !== 'number') return wireCell(shown.kind, shown.text, shown.value);
  const moment = momentOf(iso.serial, context.date1904);
  if (!moment) return wireCell('text', value, value);
  const kind = iso.hasDate ? (iso.hasTime ? 'datetime' : 'date') : 'time';
  const date = isoDate(moment);
  const time = isoTime(moment.time);
  const text = kind === 'date' ? date : kind === 'time' ? time : `${date} ${time}`;
  return wireCell(kind, text, kind === 'datetime' ? `${date}T${time}` : text);
}
