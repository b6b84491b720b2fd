/**
 * The application's door to the reader. Files of strangers are never parsed in this process: each is read by a child
 * with a bounded heap, bounded processor time and an empty environment, which is killed when a limit is broken, when
 * the caller stops iterating or when its signal aborts.
 */
import { realpath } from 'node:fs/promises';
import { basename } from 'node:path';
import { readerCode } from './code.ts';
import { type CsvOptions, choiceOf } from './csv_options.ts';
import { ReadError } from './errors.ts';
import { type Limits, limitsWith } from './limits.ts';
import type { CsvDialect, ReadEvent, ReadStats, Row, SheetInfo } from './model.ts';
import { Reading } from './reading.ts';
import type { Warning } from './warnings.ts';

export type { CsvDialect, CsvOptions, Limits, ReadEvent, ReadStats, Row, SheetInfo, Warning };
export { ReadError };

export interface ReadOptions {
  /** Name of the file as uploaded; decides nothing but names the sheet of a .csv and words a warning. */
  name?: string;
  /** Only these sheets, by index or name. */
  sheets?: (number | string)[];
  /** At most so many rows of each sheet. */
  rowsPerSheet?: number;
  /** What the person chose instead of what would be detected; see csv_options.ts. Of no meaning for a workbook. */
  csv?: CsvOptions;
  limits?: Partial<Limits>;
  /** Stops reading; the iteration then throws ReadError `cancelled`. */
  signal?: AbortSignal;
}

/**
 * Reads a file row by row. Yields `file`, then for each sheet `sheet`, `rows` …, `sheet_end`, with warnings in between,
 * and `end` last. Rows come as fast as they are taken: the child waits for a slow consumer. Throws ReadError, whose
 * message can be shown as it is; after an error nothing that was yielded may be kept.
 */
export async function* readFile(path: string, options: ReadOptions = {}): AsyncGenerator<ReadEvent, void, undefined> {
  const { signal, name, sheets, rowsPerSheet } = options;
  const csv = options.csv && choiceOf(options.csv);
  const limits = limitsWith(options.limits);
  if (signal?.aborted) throw new ReadError('cancelled');
  const file = await realpath(path).catch(() => {
    throw new ReadError('not_found');
  });
  const request = { path: file, name: name ?? basename(path), sheets, rowsPerSheet, csv, limits };
  const reading = new Reading(await readerCode(), request, signal);
  try {
    yield* reading.events();
  } finally {
    reading.kill();
  }
}

/** A sheet with its first rows. */
export interface InspectedSheet extends SheetInfo {
  hiddenColumns: [number, number][];
  rows: Row[];
  /** Whether `rows` are all there are. */
  complete: boolean;
  merges: string[];
}

export interface Inspection {
  format: 'xlsx' | 'csv';
  /** What was detected or chosen; only of a text file. `describeDialect` and `optionsOf` put it into words. */
  dialect: CsvDialect | undefined;
  sheets: InspectedSheet[];
  warnings: Warning[];
  stats: ReadStats;
}

/** The sheets of a file with the first rows of each (50 unless `rowsPerSheet` says otherwise). Throws ReadError. */
export async function inspectFile(path: string, options: ReadOptions = {}): Promise<Inspection> {
  const rowsPerSheet = options.rowsPerSheet ?? 50;
  const inspection: Inspection = {
    format: 'xlsx',
    dialect: undefined,
    sheets: [],
    warnings: [],
    stats: { rows: 0, seconds: 0, cpuSeconds: 0, peakBytes: 0 },
  };
  const byIndex = new Map<number, InspectedSheet>();
  for await (const event of readFile(path, { ...options, rowsPerSheet })) {
    switch (event.type) {
      case 'file':
        inspection.format = event.format;
        inspection.dialect = event.format === 'csv' ? event.dialect : undefined;
        break;
      case 'sheet': {
        const sheet = { ...event.sheet, hiddenColumns: event.hiddenColumns, rows: [], complete: false, merges: [] };
        byIndex.set(sheet.index, sheet);
        inspection.sheets.push(sheet);
        break;
      }
      case 'rows':
        byIndex.get(event.sheet)?.rows.push(...event.rows);
        break;
      case 'sheet_end': {
        const sheet = byIndex.get(event.sheet);
        if (sheet) [sheet.complete, sheet.merges] = [event.rows < rowsPerSheet, event.merges];
        break;
      }
      case 'warning':
        inspection.warnings.push(event.warning);
        break;
      case 'end':
        inspection.stats = event.stats;
    }
  }
  return inspection;
}
