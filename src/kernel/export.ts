import type { ServerResponse } from 'node:http';
import ExcelJS from 'exceljs';
import { audit } from './audit.ts';
import type { Ctx } from './context.ts';
import { type Entity, fieldLabel } from './entity.ts';
import { instant } from './fields/dates.ts';
import type { Field } from './fields/field.ts';
import type { ListQuery } from './list_query.ts';
import { batches } from './list_sql.ts';
import type { Titles } from './presenters.ts';
import { tagsOf, titlesOf } from './records.ts';
import type { Row } from './tenant_db.ts';

/** Heads of the last two columns of every exported list, by which an import of the edited file knows its records. */
export const ID_HEADER = 'Rapport id';
export const VERSION_HEADER = 'Rapport version';

/** What an exported cell holds: a spreadsheet's own kinds, never a formula. */
export type ExportCell = string | number | boolean | Date | null;

export interface ExportColumn {
  label: string;
  excel: Field['excel'] | 'money';
  width: number;
  /** Not shown when the workbook is opened; a .csv hides nothing. */
  hidden?: boolean;
}

/** A table to be written out: heads, and rows in batches so that memory stays flat. */
export interface Table {
  title: string;
  columns: ExportColumn[];
  rows: AsyncIterable<ExportCell[][]>;
}

// A spreadsheet runs cells that begin so; OWASP's list with the full-width twins and what stands behind leading blanks.
// biome-ignore lint/suspicious/noControlCharactersInRegex: tab and carriage return are on the list
const FORMULA = /^[\s\u00a0\u200b]*[=+\-@\t\r\u0000＝＋－＠|%]/;
/** Numbers and phone numbers may begin with + or -; nothing can hide in digits. */
const HARMLESS = /^[+-]?[\d\s()./,-]+$/;

/** A text cell for CSV: an apostrophe in front disarms it; import takes that apostrophe away again. */
export const inertCsv = (text: string): string =>
  (FORMULA.test(text) && !HARMLESS.test(text)) || text.startsWith("'") ? `'${text}` : text;

const quoted = (text: string): string => (/[",\r\n;]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

/** A cell in words: days as 2026-04-03, times of the company's clock as 2026-04-03 10:30:00. */
function cellText(cell: ExportCell, excel: ExportColumn['excel']): string {
  if (!(cell instanceof Date)) return String(cell ?? '');
  return cell
    .toISOString()
    .slice(0, excel === 'date' ? 10 : 19)
    .replace('T', ' ');
}

const csvCell = (cell: ExportCell, { excel }: ExportColumn): string =>
  typeof cell === 'string' ? quoted(inertCsv(cell)) : cellText(cell, excel);

/** Waits while the reader is slower than we are; gives up when the reader is gone. */
async function push(out: ServerResponse, text: string): Promise<void> {
  if (out.destroyed) throw new Error('the download was cancelled');
  if (out.write(text)) return;
  await new Promise<void>((resolve, reject) => {
    out.once('drain', resolve);
    out.once('close', () => reject(new Error('the download was cancelled')));
  });
}

/** RFC 4180 with a byte order mark, which Excel needs to read it as UTF-8. */
export async function writeCsv(table: Table, out: ServerResponse): Promise<void> {
  const { columns } = table;
  await push(out, `\ufeff${columns.map((c) => quoted(inertCsv(c.label))).join(',')}\r\n`);
  for await (const rows of table.rows)
    await push(out, rows.map((row) => `${row.map((cell, i) => csvCell(cell, columns[i]!)).join(',')}\r\n`).join(''));
  out.end();
}

const FORMATS: Partial<Record<ExportColumn['excel'], string>> = {
  date: 'yyyy-mm-dd',
  timestamp: 'yyyy-mm-dd hh:mm',
  money: '#,##0.00',
  text: '@',
};

/** Excel reads _x000D_ in a text as the character of that number; somebody who typed just that means the letters. */
const literal = (cell: ExportCell): ExportCell =>
  typeof cell === 'string' ? cell.replace(/_(?=x[0-9a-f]{4}_)/gi, '_x005F_') : cell;

/** A workbook with real numbers and dates, a frozen head and string cells for everything else. */
export async function writeXlsx(table: Table, out: ServerResponse): Promise<void> {
  const book = new ExcelJS.stream.xlsx.WorkbookWriter({ stream: out, useStyles: true, useSharedStrings: false });
  const sheet = book.addWorksheet(table.title.replace(/[\\/*?:[\]]/g, ' ').slice(0, 31) || 'Export', {
    views: [{ state: 'frozen', ySplit: 1 }],
  });
  sheet.columns = table.columns.map((c) => ({
    width: c.width,
    hidden: c.hidden ?? false,
    style: FORMATS[c.excel] ? { numFmt: FORMATS[c.excel] as string } : {},
  }));
  const head = sheet.addRow(table.columns.map((c) => c.label));
  head.font = { bold: true };
  head.commit();
  for await (const rows of table.rows) {
    if (out.destroyed) throw new Error('the download was cancelled');
    for (const row of rows) sheet.addRow(row.map(literal)).commit();
    // Let the network breathe: the writer buffers as fast as rows come.
    if (out.writableNeedDrain) await new Promise<void>((resolve) => out.once('drain', resolve).once('close', resolve));
  }
  sheet.commit();
  await book.commit();
}

/** A stored value as a spreadsheet holds it; references by name, tags and lists as one text, times to the second. */
export function exportCell(field: Field, value: unknown, titles: Titles, ctx: Pick<Ctx, 'tenant'>): ExportCell {
  if (value === null || value === undefined) return null;
  if (Array.isArray(value)) return value.join(', ');
  if (field.kind === 'ref') return titles.get(String(value)) ?? null;
  switch (field.excel) {
    case 'number':
      return Number(value);
    case 'boolean':
      return value ? 'yes' : 'no';
    case 'date':
      return new Date(`${value}T00:00:00Z`);
    case 'timestamp':
      return instant(String(value), ctx.tenant.time_zone)
        .startOf('second')
        .setZone('utc', { keepLocalTime: true })
        .toJSDate();
    default:
      return field.choices.find((c) => c.value === value)?.label ?? String(value);
  }
}

/**
 * What an exported cell of this value reads as, '' for none: the text in a .csv (before it is quoted and disarmed) and the
 * exact value in a workbook, where a time has a T for the blank. A file's cell that says just this was not touched.
 */
export const exportText = (field: Field, value: unknown, titles: Titles, ctx: Pick<Ctx, 'tenant'>): string =>
  cellText(exportCell(field, value, titles, ctx), field.excel);

/** The list as filtered, un-capped. Runs inside the transaction of `ctx`. */
export function listTable(ctx: Ctx, entity: Entity, list: ListQuery): Table {
  const names = entity.field_names;
  async function* rows(): AsyncGenerator<ExportCell[][]> {
    for await (const batch of batches(ctx, entity, list)) {
      const titles = await titlesOf(ctx, entity, batch, names);
      const tags = await tagsOf(
        ctx,
        entity,
        batch.map((row) => row.id as string),
      );
      yield batch.map((row: Row) => [
        ...names.map((name) => {
          const field = entity.fields[name]!;
          const value = field.kind === 'tags' ? (tags.get(row.id as string) ?? null) : row[name];
          return exportCell(field, value, titles, ctx);
        }),
        row.id as string,
        row.version as number,
      ]);
    }
  }
  const columns = names.map((name): ExportColumn => {
    const { kind, excel } = entity.fields[name]!;
    const width = name === entity.title ? 32 : kind === 'long_text' ? 40 : 16;
    return { label: fieldLabel(entity, name), excel: kind === 'money' ? 'money' : excel, width };
  });
  columns.push({ label: ID_HEADER, excel: 'text', width: 38, hidden: true });
  columns.push({ label: VERSION_HEADER, excel: 'number', width: 16, hidden: true });
  return { title: entity.label[1], columns, rows: rows() };
}

/** Who took the list along, with which filters. */
export const auditExport = (ctx: Ctx, entity: Entity, format: string, address: string): Promise<void> =>
  audit(ctx, 'exported', { entity: entity.name, title: `${format} of ${address}`.slice(0, 200) });
