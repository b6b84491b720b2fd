import type { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { dateText, type ExportCell, type ExportColumn, type Table } from '#src/platform/xlsx_writer.ts';
import { audit } from './audit.ts';
import type { Ctx } from './context.ts';
import { type Entity, fieldLabel } from './entity.ts';
import { instant } from './fields/dates.ts';
import type { Field } from './fields/field.ts';
import { batches } from './list_page.ts';
import type { ListQuery } from './list_query.ts';
import type { Titles } from './presenters.ts';
import { tagsOf, titlesOf } from './records.ts';
import type { Row } from './tenant_db.ts';

export { type ExportCell, type ExportColumn, type Table, writeXlsx } from '#src/platform/xlsx_writer.ts';

/** Heads of the last two columns of every exported list, by which an import of the edited file knows its records. */
export const ID_HEADER = 'Rapport id';
export const VERSION_HEADER = 'Rapport version';

// A spreadsheet runs cells that begin so; OWASP's list with the full-width twins and what stands behind leading blanks.
// biome-ignore lint/suspicious/noControlCharactersInRegex: tab and carriage return are on the list
const FORMULA = /^[\s\u00a0\u200b]*[=+\-@\t\r\u0000＝＋－＠|%]/;
/** Numbers and phone numbers may begin with + or -; nothing can hide in digits. */
const HARMLESS = /^[+-]?[\d\s()./,-]+$/;

/** A text cell for CSV: an apostrophe in front disarms it; import takes that apostrophe away again. */
export const inertCsv = (text: string): string =>
  (FORMULA.test(text) && !HARMLESS.test(text)) || text.startsWith("'") ? `'${text}` : text;

const quoted = (text: string): string => (/[",\r\n;]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

/** A cell in words. */
const cellText = (cell: ExportCell, excel: ExportColumn['excel']): string =>
  cell instanceof Date ? dateText(cell, excel) : String(cell ?? '');

const csvCell = (cell: ExportCell, { excel }: ExportColumn): string =>
  typeof cell === 'string' ? quoted(inertCsv(cell)) : cellText(cell, excel);

/** RFC 4180 with a byte order mark, which Excel needs to read it as UTF-8. Gives up when the reader is gone. */
export async function writeCsv({ columns, rows }: Table, out: Writable): Promise<void> {
  async function* lines() {
    yield `\ufeff${columns.map((c) => quoted(inertCsv(c.label))).join(',')}\r\n`;
    for await (const batch of rows)
      yield batch.map((row) => `${row.map((cell, i) => csvCell(cell, columns[i]!)).join(',')}\r\n`).join('');
  }
  await pipeline(lines, out);
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
  return { title: entity.label[1], columns, rows: rows(), filter: true };
}

/** Who took the list along, with which filters. */
export const auditExport = (ctx: Ctx, entity: Entity, format: string, address: string): Promise<void> =>
  audit(ctx, 'exported', { entity: entity.name, title: `${format} of ${address}`.slice(0, 200) });
