/** Reads a workbook (.xlsx, .xlsm, .xltx): its sheets in the order of the tabs, each row by row. */
import { ReadError } from './errors.ts';
import type { Limits } from './limits.ts';
import type { SheetInfo } from './model.ts';
import type { Output, Selection } from './output.ts';
import { readSharedStrings } from './shared_strings.ts';
import { type SheetBudget, SheetReader } from './sheet.ts';
import { checkZipKind } from './sniff.ts';
import { readStyles } from './styles.ts';
import { Warnings } from './warnings.ts';
import { readStructure, type WorkbookSheet } from './workbook.ts';
import { scanXml } from './xml.ts';
import { openZip } from './zip.ts';

/** Emits `file`, then `sheet`, `rows` …, `sheet_end` for each wanted sheet, and warnings in between. Throws ReadError. */
export async function readWorkbook(
  path: string,
  output: Output,
  limits: Limits,
  selection: Selection = {},
): Promise<void> {
  const warnings = new Warnings((warning) => output.emit({ type: 'warning', warning }));
  const zip = await openZip(path, limits, warnings);
  try {
    checkZipKind(zip.names);
    const workbook = await readStructure(zip, limits, warnings);
    if (workbook.sheets.length === 0) throw new ReadError('no_sheets');
    const wanted = wantedSheets(workbook.sheets, selection.sheets);
    output.emit({ type: 'file', format: 'xlsx', sheets: workbook.sheets.map(sheetInfo) });
    const styles = await readStyles(zip, workbook.styles, workbook.date1904, limits, warnings);
    const strings = await readSharedStrings(zip, workbook.sharedStrings, limits, warnings);
    const budget: SheetBudget = { cells: limits.cells };
    const context = {
      strings,
      styles,
      date1904: workbook.date1904,
      cellCharacters: limits.cellCharacters,
      warnings,
    };
    for (const sheet of wanted) {
      warnings.sheet = sheet.name;
      const reader = new SheetReader(sheet, context, limits, output, budget, selection.rowsPerSheet);
      if (sheet.part !== undefined) await scanXml(zip.stream(sheet.part), sheet.part, reader, limits, warnings);
      else
        warnings.add('sheet_missing', `The sheet "${sheet.name}" is listed in the workbook but its cells are missing.`);
      reader.finish();
    }
    warnings.close();
  } finally {
    zip.close();
  }
}

function sheetInfo({ index, name, hidden }: WorkbookSheet): SheetInfo {
  return { index, name, hidden };
}

function wantedSheets(sheets: WorkbookSheet[], wanted: (number | string)[] | undefined): WorkbookSheet[] {
  if (wanted === undefined) return sheets;
  for (const one of wanted) {
    if (!sheets.some((sheet) => sheet.index === one || sheet.name === one)) {
      throw new ReadError('no_such_sheet', { detail: typeof one === 'number' ? `number ${one + 1}` : `"${one}"` });
    }
  }
  return sheets.filter((sheet) => wanted.includes(sheet.index) || wanted.includes(sheet.name));
}
