/** Reads any uploaded file in this process. The child does nothing else; the application goes through run.ts. */

import { readCsv } from './csv.ts';
import type { CsvChoice } from './csv_options.ts';
import type { Limits } from './limits.ts';
import type { Output, Selection } from './output.ts';
import { sniff } from './sniff.ts';
import { readWorkbook } from './xlsx.ts';

export interface ReadRequest extends Selection {
  path: string;
  /** The file name the person knows; the path is a random key. */
  name: string;
  csv?: CsvChoice | undefined;
  limits: Limits;
}

/** Emits everything but the final `end`. Throws ReadError. */
export async function readInto(request: ReadRequest, output: Output): Promise<void> {
  const { path, name, limits, sheets, rowsPerSheet } = request;
  const { format } = await sniff(path, limits);
  const selection: Selection = { sheets, rowsPerSheet };
  const extension = /\.([^.]+)$/.exec(name)?.[1]?.toLowerCase() ?? '';
  if (format === 'zip') {
    if (['csv', 'txt', 'tsv'].includes(extension)) {
      output.emit({
        type: 'warning',
        warning: {
          code: 'is_workbook',
          message: `The file is named .${extension} but is an Excel workbook; it was read as one.`,
        },
      });
    }
    await readWorkbook(path, output, limits, selection);
    return;
  }
  if (['xlsx', 'xlsm', 'xls', 'xlsb', 'xltx', 'ods', 'numbers'].includes(extension)) {
    output.emit({
      type: 'warning',
      warning: {
        code: 'is_csv',
        message: `The file is named .${extension} but contains plain text; it was read as CSV.`,
      },
    });
  }
  const sheetName = name.replace(/^.*[/\\]/, '').replace(/\.[^.]*$/, '') || 'Sheet1';
  await readCsv(path, sheetName, output, limits, request.csv, selection);
}
