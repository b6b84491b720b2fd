/**
 * Things about a file that are worth saying aloud although it could be read. `message` is for the person who uploaded
 * the file. One code speaks at most `SHOWN_PER_CODE` times with a row; the rest is counted in a closing sentence.
 */
export type WarningCode =
  | 'is_csv' // named like a workbook, is text
  | 'is_workbook' // named like text, is a workbook
  | 'sheet_missing'
  | 'sheet_name_repeated'
  | 'part_repeated'
  | 'part_checksum'
  | 'part_missing'
  | 'xml_repaired'
  | 'shared_string_missing'
  | 'formula_without_value'
  | 'number_unreadable'
  | 'date_out_of_range'
  | 'digits_lost'
  | 'cell_repeated'
  | 'row_repeated'
  | 'cell_cut'
  | 'characters_removed'
  | 'encoding_guessed'
  | 'encoding_doubtful'
  | 'bytes_unreadable'
  | 'quote_unclosed'
  | 'quote_stray'
  | 'separator_missing'
  | 'separator_doubtful'
  | 'other_separator'
  | 'other_quote'
  | 'scientific_number'
  | 'ragged_rows';

export interface Warning {
  code: WarningCode;
  message: string;
  sheet?: string;
  row?: number;
  /** Set in the closing sentence: how often the code was met altogether. */
  count?: number;
}

const SHOWN_PER_CODE = 20;

export interface WarningSink {
  add(code: WarningCode, message: string, row?: number): void;
}

/** Collects warnings for one sheet (or for the file, when `sheet` is undefined) and passes the first ones on at once. */
export class Warnings implements WarningSink {
  private readonly emit: (warning: Warning) => void;
  private readonly counts = new Map<string, { code: WarningCode; sheet: string | undefined; count: number }>();
  sheet: string | undefined;

  constructor(emit: (warning: Warning) => void) {
    this.emit = emit;
  }

  add(code: WarningCode, message: string, row?: number): void {
    const key = `${code}\n${this.sheet ?? ''}`;
    const seen = this.counts.get(key) ?? { code, sheet: this.sheet, count: 0 };
    seen.count++;
    this.counts.set(key, seen);
    if (seen.count > SHOWN_PER_CODE) return;
    const warning: Warning = { code, message };
    if (this.sheet !== undefined) warning.sheet = this.sheet;
    if (row !== undefined) warning.row = row;
    this.emit(warning);
  }

  /** Says how many more there were of the codes that were cut off. */
  close(): void {
    for (const { code, sheet, count } of this.counts.values()) {
      if (count <= SHOWN_PER_CODE) continue;
      const warning: Warning = { code, message: `The same was found ${count - SHOWN_PER_CODE} more times.`, count };
      if (sheet !== undefined) warning.sheet = sheet;
      this.emit(warning);
    }
    this.counts.clear();
  }
}
