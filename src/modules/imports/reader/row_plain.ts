/** Rows as nearly every program writes them, taken apart without an XML parser. */
import type { RawCell } from './cell_value.ts';
import type { Attributes } from './xml.ts';
import { PLAIN_ATTRIBUTES, PLAIN_TEXT, plainAttributes, plainText } from './xml_plain.ts';

export interface PlainRow {
  /** Where it ends in the text. */
  end: number;
  number: number;
  attributes: Attributes;
  cells: PlainCell[];
}

/** Texts are as they stand in the file, with entities decoded but not the escapes of workbooks. */
export interface PlainCell extends RawCell {
  /** Letters of its reference. */
  letters: string;
}

const ROW = new RegExp(`<row r="([1-9][0-9]*)"(${PLAIN_ATTRIBUTES}) ?(/?)>`, 'y');
const CELL = new RegExp(
  `<c r="([A-Z]{1,3})[0-9]+"(${PLAIN_ATTRIBUTES}) ?(?:/>|>` +
    `(?:(?:<f(${PLAIN_ATTRIBUTES})(?:/>|>(${PLAIN_TEXT})</f>))?(?:<v>(${PLAIN_TEXT})</v>)?` +
    `|<is><t(?: xml:space="preserve")?>(${PLAIN_TEXT})</t></is>)</c>)`,
  'y',
);
const END = '</row>';

/** The row that begins there; undefined when it is not plain or not complete. */
export function plainRow(text: string, start: number): PlainRow | undefined {
  ROW.lastIndex = start;
  const match = ROW.exec(text);
  const attributes = match ? attributesBehind(match[2] as string) : undefined;
  if (!match || !attributes) return undefined;
  const row: PlainRow = { number: Number(match[1]), attributes, cells: [], end: ROW.lastIndex };
  if (match[3] === '/') return row;
  CELL.lastIndex = row.end;
  for (let found = CELL.exec(text); found; found = CELL.exec(text)) {
    const cell = plainCell(found, row.number);
    if (!cell) return undefined;
    row.cells.push(cell);
    row.end = CELL.lastIndex;
  }
  if (!text.startsWith(END, row.end)) return undefined;
  row.end += END.length;
  return row;
}

function plainCell(match: RegExpExecArray, row: number): PlainCell | undefined {
  const [, letters, behind, formulaAttributes, formula, rawValue, rawInline] = match;
  const attributes = attributesBehind(behind as string);
  // a formula is of no interest, but a fault in it is
  if (!attributes || (formulaAttributes && !plainAttributes(formulaAttributes))) return undefined;
  if (formula && plainText(formula) === undefined) return undefined;
  const value = rawValue && plainText(rawValue);
  const inline = rawInline && plainText(rawInline);
  if ((rawValue && value === undefined) || (rawInline && inline === undefined)) return undefined;
  const { type, style } = lookOf(attributes);
  return { letters: letters as string, type, style, value, inline, formula: formulaAttributes !== undefined, row };
}

/** The attributes behind `r`; undefined when it comes again. */
function attributesBehind(text: string): Attributes | undefined {
  const attributes = plainAttributes(text);
  return attributes?.r === undefined ? attributes : undefined;
}

/** Type and style of a cell by the attributes of its element. */
export function lookOf(attributes: Attributes): Pick<RawCell, 'type' | 'style'> {
  return { type: attributes.t ?? 'n', style: attributes.s === undefined ? 0 : Number(attributes.s) };
}
