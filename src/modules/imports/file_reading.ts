import type { Config } from '#src/config.ts';
import { AppError, invalid } from '#src/kernel/errors.ts';
import { cut } from '#src/kernel/fields/field.ts';
import { filePath } from '#src/platform/files.ts';
import type { Import, SheetPreview } from './model.ts';
import { type CsvOptions, describeDialect } from './reader/csv_options.ts';
import { type InspectedSheet, inspectFile, ReadError, type ReadOptions } from './reader/run.ts';
import { cellText, stageCell } from './staged_cells.ts';

/** What the page for choosing sheet and header row shows. */
const PREVIEW = { sheets: 100, rows: 30, columns: 50, characters: 100 };
/** Memory of the reader besides its heap: the program itself and its buffers, in MB. */
const BESIDES_HEAP = 144;

/** How a file is read: as its import's row says, with what one file may cost here. */
export function readingOptions(config: Config, found: Import, signal: AbortSignal): ReadOptions {
  const { upload_bytes, import_cost } = config;
  const limits = {
    fileBytes: upload_bytes,
    inflatedBytes: import_cost.unpacked_bytes,
    seconds: import_cost.seconds,
    cpuSeconds: import_cost.seconds,
    heapMegabytes: import_cost.memory_mb,
    residentMegabytes: import_cost.memory_mb + BESIDES_HEAP,
  };
  return { name: found.file_name, csv: found.dialect, signal, limits };
}

/** What a first look at a file shows of it. */
export interface FirstLook {
  format: 'xlsx' | 'csv';
  sheets: SheetPreview[];
  warnings: string[];
  /** how a text file was read, in words */
  found: Record<keyof CsvOptions, string> | null;
}

const shown = (sheet: InspectedSheet, csv: boolean): SheetPreview => ({
  index: sheet.index,
  name: cut(sheet.name, 100),
  hidden: sheet.hidden,
  rows: sheet.rows.map((row) => ({
    number: row.number,
    cells: row.cells.slice(0, PREVIEW.columns).map((cell) => cut(cellText(stageCell(cell, csv)), PREVIEW.characters)),
  })),
});

/** Which sheets there are, with their first rows. @throws ReadError */
export async function firstLook(config: Config, found: Import, options: ReadOptions): Promise<FirstLook> {
  const path = filePath(config.data_dir, found.file_key);
  const { format, sheets, warnings, dialect } = await inspectFile(path, { ...options, rowsPerSheet: PREVIEW.rows });
  return {
    format,
    sheets: sheets.slice(0, PREVIEW.sheets).map((sheet) => shown(sheet, format === 'csv')),
    warnings: [...new Set(warnings.map(({ message }) => message))],
    found: dialect ? describeDialect(dialect) : null,
  };
}

/** Is there text in it, which can be read in several ways? A file that could not be read is judged by its name. */
export const isText = ({ file_format, file_name }: Pick<Import, 'file_format' | 'file_name'>): boolean =>
  file_format ? file_format === 'csv' : /\.(csv|tsv|tab|txt)$/i.test(file_name);

/** Previews that this process reads at the same time, of all companies together; each holds a connection while it does. */
const MOST_AT_ONCE = 2;
/** A preview reads the beginning of a file only: it may cost a tenth of what the whole may. */
const PREVIEW_COST = { seconds: 10, cpuSeconds: 10, heapMegabytes: 128, residentMegabytes: 128 + BESIDES_HEAP };

const running = new Map<string, AbortController>();

/**
 * The beginning of a text file, read in the way that somebody considers. One at a time for an import: a newer one ends the
 * one before. @param gone aborts when nobody waits for it any more
 * @throws 409 when it was ended, 422 what is wrong with the file when it is read so, 429 when there are too many
 */
export async function previewText(
  config: Config,
  found: Import,
  csv: CsvOptions,
  gone: AbortSignal,
): Promise<FirstLook> {
  running.get(found.id)?.abort();
  running.delete(found.id);
  if (running.size >= MOST_AT_ONCE)
    throw new AppError(429, 'Several previews are being made right now. Try again in a moment.', { retry_after: '2' });
  const replaced = new AbortController();
  running.set(found.id, replaced);
  const options = readingOptions(config, found, AbortSignal.any([gone, replaced.signal]));
  try {
    return await firstLook(config, found, { ...options, csv, limits: { ...options.limits, ...PREVIEW_COST } });
  } catch (error) {
    if (!(error instanceof ReadError)) throw error;
    if (error.code === 'cancelled') throw new AppError(409, 'This preview was replaced by a newer one.');
    throw invalid({ preview: error.message });
  } finally {
    if (running.get(found.id) === replaced) running.delete(found.id);
  }
}
