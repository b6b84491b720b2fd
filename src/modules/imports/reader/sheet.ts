/** Reads the cells of one sheet row by row. */
import { type CellContext, type RawCell, readCell } from './cell_value.ts';
import { formatCount, ReadError } from './errors.ts';
import type { Limits } from './limits.ts';
import type { WireCell, WireRow } from './model.ts';
import { type Output, RowBatches } from './output.ts';
import { lookOf, plainRow } from './row_plain.ts';
import { cleanText, TextItem } from './shared_strings.ts';
import { decodeEscapes, type WorkbookSheet } from './workbook.ts';
import { type Attributes, isTrue, type XmlHandler } from './xml.ts';

/** What all sheets of a file share. */
export interface SheetBudget {
  cells: number;
}

const MAX_MERGES_TOLD = 1000;
const MAX_COLUMN_RANGES = 1000;

/**
 * Handles the XML of a worksheet part. Rows come out with strictly rising numbers; cells covered by a merge come out as
 * they stand in the file, i.e. blank, since Excel keeps the value in the top left one.
 */
export class SheetReader implements XmlHandler {
  readonly plain = {
    container: 'sheetData',
    item: 'row',
    take: (text: string, start: number) => this.takeRow(text, start),
  };
  private readonly sheet: WorkbookSheet;
  private readonly limits: Limits;
  private readonly context: CellContext;
  private readonly output: Output;
  private readonly budget: SheetBudget;
  private readonly maxRows: number;
  private readonly batches: RowBatches;
  private readonly inlineText: TextItem;
  private readonly hiddenColumns: [number, number][] = [];
  private readonly merges: string[] = [];
  private mergeCount = 0;
  private started = false;
  private inData = false;
  private inCell = false;
  private inInline = false;
  private inValue = false;
  private rowNumber = 0;
  private rowHidden = false;
  /** Whether the row element had a number of its own; without one the references of its cells decide. */
  private rowNumbered = false;
  private lastRow = 0;
  private column = -1;
  private characters = 0;
  private inOrder = true;
  private columns: number[] = [];
  private cells: WireCell[] = [];
  private cell: RawCell = { type: '', style: 0, value: undefined, inline: undefined, formula: false, row: 0 };

  constructor(
    sheet: WorkbookSheet,
    context: CellContext,
    limits: Limits,
    output: Output,
    budget: SheetBudget,
    maxRows = Number.POSITIVE_INFINITY,
  ) {
    this.sheet = sheet;
    this.context = context;
    this.limits = limits;
    this.output = output;
    this.budget = budget;
    this.maxRows = maxRows;
    this.batches = new RowBatches(output, sheet.index);
    this.inlineText = new TextItem(limits);
  }

  open(name: string, attributes: Attributes): void {
    if (this.inCell) {
      if (name === 'v') {
        this.inValue = true;
        this.cell.value = '';
      } else if (name === 'f') this.cell.formula = true;
      else if (name === 'is') {
        this.inInline = true;
        this.inlineText.begin();
      } else if (this.inInline) this.inlineText.open(name);
    } else if (this.inData) {
      if (name === 'c') this.beginCell(attributes);
      else if (name === 'row')
        this.beginRow(attributes.r === undefined ? Number.NaN : Number(attributes.r), attributes);
    } else if (name === 'sheetData') {
      this.start();
      this.inData = true;
    } else if (name === 'col') this.readColumns(attributes);
    else if (name === 'mergeCell') {
      this.mergeCount++;
      if (this.merges.length < MAX_MERGES_TOLD && attributes.ref) this.merges.push(attributes.ref.slice(0, 30));
    }
  }

  close(name: string): void {
    if (this.inCell) {
      if (name === 'v') this.inValue = false;
      else if (name === 'is') {
        this.inInline = false;
        this.cell.inline = this.inlineText.end(this.context.warnings, this.cell.row);
      } else if (this.inInline) this.inlineText.close(name);
      else if (name === 'c') this.endCell();
    } else if (this.inData) {
      if (name === 'row') this.endRow();
      else if (name === 'sheetData') this.inData = false;
    }
  }

  text(text: string): void {
    if (this.inValue) this.cell.value += text;
    else if (this.inInline) this.inlineText.text(text);
  }

  pause(): Promise<boolean> | undefined {
    if (this.batches.sent >= this.maxRows) return Promise.resolve(false);
    return this.output.drained()?.then(() => true);
  }

  /** Ends the sheet; also for one without a part. */
  finish(): void {
    this.start();
    this.batches.flush();
    this.output.emit({
      type: 'sheet_end',
      sheet: this.sheet.index,
      rows: this.batches.sent,
      lastRow: this.lastRow,
      merges: this.merges,
      mergeCount: this.mergeCount,
    });
  }

  private start(): void {
    if (this.started) return;
    this.started = true;
    const { index, name, hidden } = this.sheet;
    this.output.emit({ type: 'sheet', sheet: { index, name, hidden }, hiddenColumns: this.hiddenColumns });
  }

  private readColumns(attributes: Attributes): void {
    if (!isTrue(attributes.hidden) && attributes.width !== '0') return;
    const first = Number(attributes.min) - 1;
    const last = Math.min(Number(attributes.max), this.limits.columns) - 1;
    if (!(first >= 0 && last >= first) || this.hiddenColumns.length >= MAX_COLUMN_RANGES) return;
    this.hiddenColumns.push([first, last]);
  }

  private beginRow(number: number, attributes: Attributes): void {
    this.rowNumbered = Number.isInteger(number) && number > 0;
    this.rowHidden = isTrue(attributes.hidden) || attributes.ht === '0';
    this.column = -1;
    this.characters = 0;
    this.inOrder = true;
    this.columns = [];
    this.cells = [];
    this.setRow(this.rowNumbered ? number : this.rowNumber + 1);
  }

  private setRow(number: number): void {
    if (number > this.limits.rows) throw this.tooManyRows();
    if (number <= this.lastRow) {
      this.context.warnings.add(
        'row_repeated',
        `Row ${number} stands twice or too late in the sheet; it is shown as row ${this.lastRow + 1}.`,
        this.lastRow + 1,
      );
      this.rowNumber = this.lastRow + 1;
      if (this.rowNumber > this.limits.rows) throw this.tooManyRows();
    } else this.rowNumber = number;
  }

  private tooManyRows(): ReadError {
    return new ReadError('too_many_rows', { limit: formatCount(this.limits.rows), sheet: this.sheet.name });
  }

  private beginCell(attributes: Attributes): void {
    const { r: reference } = attributes;
    let column = reference === undefined ? -1 : columnOf(reference);
    if (column < 0) column = this.column + 1;
    else if (!this.rowNumbered && this.cells.length === 0) this.takeRowFrom(reference as string);
    this.enterColumn(column);
    this.inCell = true;
    const { type, style } = lookOf(attributes);
    this.cell = { type, style, value: undefined, inline: undefined, formula: false, row: this.rowNumber };
  }

  private enterColumn(column: number): void {
    if (column >= this.limits.columns) {
      throw new ReadError('too_many_columns', {
        limit: formatCount(this.limits.columns),
        row: this.rowNumber,
        sheet: this.sheet.name,
      });
    }
    if (column <= this.column) this.inOrder = false;
    this.column = column;
  }

  /** The quick way for a whole row, without the events. */
  private takeRow(text: string, start: number): number {
    const row = plainRow(text, start);
    if (!row) return -1;
    this.beginRow(row.number, row.attributes);
    const { cellCharacters, warnings } = this.context;
    for (const cell of row.cells) {
      this.enterColumn(columnOf(cell.letters));
      cell.row = this.rowNumber;
      if (cell.inline) cell.inline = cleanText(decodeEscapes(cell.inline), cellCharacters, false, warnings, cell.row);
      this.cell = cell;
      this.endCell();
    }
    this.endRow();
    return row.end;
  }

  private takeRowFrom(reference: string): void {
    const number = Number(/\d+$/.exec(reference)?.[0]);
    if (number > this.rowNumber) this.setRow(number);
    this.rowNumbered = true;
  }

  private endCell(): void {
    this.inCell = false;
    this.inValue = false;
    const cell = readCell(this.cell, this.context);
    if (cell === undefined) return;
    this.columns.push(this.column);
    this.cells.push(cell);
    this.characters += typeof cell === 'string' ? cell.length : 16;
  }

  private endRow(): void {
    if (this.cells.length === 0 || this.batches.sent >= this.maxRows) return;
    if (!this.inOrder) this.sortCells();
    const { cells } = this;
    this.cells = [];
    const row: WireRow = [this.rowNumber, this.rowHidden ? 1 : 0];
    let next = 0;
    for (let i = 0; i < cells.length; i++) {
      const column = this.columns[i] as number;
      if (column > next) row.push(column - next);
      row.push(cells[i] as WireCell);
      next = column + 1;
    }
    this.budget.cells -= next;
    if (this.budget.cells < 0) throw new ReadError('too_many_cells', { limit: formatCount(this.limits.cells) });
    this.lastRow = this.rowNumber;
    this.batches.add(row, next, this.characters);
  }

  /** Cells out of order, or two in one place: the later one counts, as in Excel. */
  private sortCells(): void {
    const byColumn = new Map<number, WireCell>();
    this.columns.forEach((column, i) => {
      if (byColumn.has(column)) {
        this.context.warnings.add(
          'cell_repeated',
          `Column ${column + 1} has two values in one row; the last one was read.`,
          this.rowNumber,
        );
      }
      byColumn.set(column, this.cells[i] as WireCell);
    });
    this.columns = [...byColumn.keys()].sort((a, b) => a - b);
    this.cells = this.columns.map((column) => byColumn.get(column) as WireCell);
  }
}

/** 0-based column of a reference like "AB12" or "$AB$12"; -1 when it has no letters. */
export function columnOf(reference: string): number {
  let column = 0;
  for (let i = 0; i < reference.length; i++) {
    const code = reference.charCodeAt(i);
    if (code === 36) continue; // $
    const letter = (code & ~32) - 64;
    if (letter < 1 || letter > 26 || code < 65) break;
    column = column * 26 + letter;
    if (column > 1_000_000) break;
  }
  // R1C1 is a reference of another kind
  return column === 18 && /^R\d+C/i.test(reference) ? -1 : column - 1;
}
