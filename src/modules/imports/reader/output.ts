/** Where the readers put what they find: the pipe to the parent process, or an array in a test. */
import type { ReadEvent, WireRow } from './model.ts';

/** As `ReadEvent`, with rows in their compact form. */
export type WireEvent = Exclude<ReadEvent, { type: 'rows' }> | { type: 'rows'; sheet: number; rows: WireRow[] };

export interface Output {
  emit(event: WireEvent): void;
  /** A promise to wait for while the receiver is behind. */
  drained(): Promise<void> | undefined;
}

/** Which rows are wanted. */
export interface Selection {
  /** Sheets by index or name; all when undefined. */
  sheets?: (number | string)[] | undefined;
  /** At most this many rows of each sheet. */
  rowsPerSheet?: number | undefined;
}

/** Text and blanks count alike: a batch is sent when it has this many cells, or characters. */
const BATCH_CELLS = 4096;
const BATCH_CHARACTERS = 64 * 1024;

/** Sends the rows of one sheet in batches that are small enough to keep both processes busy. */
export class RowBatches {
  private readonly output: Output;
  private readonly sheet: number;
  private rows: WireRow[] = [];
  private cells = 0;
  private characters = 0;
  sent = 0;

  constructor(output: Output, sheet: number) {
    this.output = output;
    this.sheet = sheet;
  }

  /** `cells` counts blanks too, `characters` may be an estimate. */
  add(row: WireRow, cells: number, characters: number): void {
    this.rows.push(row);
    this.sent++;
    this.cells += cells;
    this.characters += characters;
    if (this.cells >= BATCH_CELLS || this.characters >= BATCH_CHARACTERS) this.flush();
  }

  flush(): void {
    if (this.rows.length === 0) return;
    this.output.emit({ type: 'rows', sheet: this.sheet, rows: this.rows });
    this.rows = [];
    this.cells = 0;
    this.characters = 0;
  }
}
