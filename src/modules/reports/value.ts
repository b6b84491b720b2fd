import type { Ctx } from '#src/kernel/context.ts';
import type { ExportCell, ExportColumn } from '#src/kernel/export.ts';
import { formatDate } from '#src/kernel/fields/dates.ts';
import { cached, cell } from '#src/kernel/fields/field.ts';
import { formatMoney } from '#src/kernel/fields/numbers.ts';
import type { Cell } from '#src/kernel/views.ts';
import { formatCount, hundredths, jsonAmount } from './amounts.ts';

/** What a column of a report holds. name: what the row is about; text: what else is said about it. */
export type ValueKind = 'name' | 'text' | 'count' | 'money' | 'rate' | 'days' | 'day';

/**
 * One figure or word of a report, from which the page, the spreadsheet, the chart and JSON are made alike.
 * `value`: decimal text of a count, an amount, a percentage or a number of days; an ISO date of a day; a text as it is; null
 * where there is none, such as a rate of nothing. `href`: the list behind it, '' for none.
 */
export interface Value {
  kind: ValueKind;
  value: string | null;
  /** of money */
  currency: string;
  href: string;
}

const of = (kind: ValueKind, value: string | null, href: string, currency = ''): Value => ({
  kind,
  value,
  currency,
  href,
});

export const name = (text: string, href = ''): Value => of('name', text, href);
export const text = (said: string | null, href = ''): Value => of('text', said, href);
export const count = (number: number, href = ''): Value => of('count', String(number), number ? href : '');
export const money = (amount: string, currency: string, href = ''): Value =>
  of('money', amount, hundredths(amount) === 0n ? '' : href, currency);
export const day = (date: string | null, href = ''): Value => of('day', date, href);
/** @param number decimal text, rounded to tenths or hundredths; null when there was nothing to measure */
export const days = (number: string | null, href = ''): Value => of('days', number, href);

/** part / whole as a percentage with two decimals, rounded half up, exactly; null of nothing. @param part, whole from 0 */
export function percent(part: number | bigint, whole: number | bigint): string | null {
  const [p, w] = [BigInt(part), BigInt(whole)];
  if (w === 0n) return null;
  const scaled = ((p * 20_000n + w) / (2n * w)).toString().padStart(3, '0');
  return `${scaled.slice(0, -2)}.${scaled.slice(-2)}`;
}
export const rate = (part: number | bigint, whole: number | bigint, href = ''): Value =>
  of('rate', percent(part, whole), part ? href : '');

/** What stands in a table where there is nothing: no list is behind it, and the eye passes over it. */
const NIL = '–';

/** A number with at most two places. @param least places that are always written */
export const decimal = (number: string | number, { locale }: Pick<Ctx['tenant'], 'locale'>, least: number): string =>
  cached(
    `decimal:${least}:${locale}`,
    () => new Intl.NumberFormat(locale, { minimumFractionDigits: least, maximumFractionDigits: 2 }),
  ).format(Number(number));

/** A value in words, whole: '0' and '€0.00' too. */
export function valueText(ctx: Ctx, { kind, value, currency }: Value): string {
  if (value === null) return NIL;
  switch (kind) {
    case 'count':
      return formatCount(Number(value), ctx.tenant);
    case 'money':
      return formatMoney(value, currency, ctx.tenant);
    case 'rate':
      return `${decimal(value, ctx.tenant, 2)} %`;
    case 'days':
      return decimal(value, ctx.tenant, 0);
    case 'day':
      return formatDate(value, ctx.tenant);
    default:
      return value;
  }
}

const isFigure = (kind: ValueKind): boolean => kind !== 'name' && kind !== 'text' && kind !== 'day';

/** A value in a table of the page. */
export function valueCell(ctx: Ctx, shown: Value): Cell {
  const { kind, value, currency, href } = shown;
  if (kind === 'name' || kind === 'text') {
    if (value === null) return cell('text', NIL);
    return cell(href ? 'link' : 'text', value, { href, title: value });
  }
  if (value === null) return cell(kind === 'day' ? 'date' : 'number', NIL);
  if (kind === 'day') return cell('date', valueText(ctx, shown), { href, title: value });
  const zero = (kind === 'count' || kind === 'money') && hundredths(value) === 0n;
  const exact = kind === 'money' ? `${value} ${currency}` : kind === 'rate' ? `${value} %` : value;
  return cell('number', zero ? NIL : valueText(ctx, shown), { href, title: exact });
}

/** Heads and cells are right-aligned where figures stand, left where words do. */
export const numeric = (kind: ValueKind): boolean => isFigure(kind);

/** How a spreadsheet holds a column. */
export const excelOf = (kind: ValueKind): ExportColumn['excel'] =>
  kind === 'money' ? 'money' : kind === 'day' ? 'date' : isFigure(kind) ? 'number' : 'text';

export function valueExport({ kind, value }: Value): ExportCell {
  if (value === null) return null;
  if (kind === 'day') return new Date(`${value}T00:00:00Z`);
  return isFigure(kind) ? Number(value) : value;
}

/** A figure for JSON: exact as a number where a number can be, 0 for a rate of nothing. */
export const jsonFigure = ({ value }: Pick<Value, 'value'>): number | string =>
  value === null ? 0 : jsonAmount(value);

/** Smaller, equal or larger; where nothing stands comes last however it is sorted. */
export function compareValues(a: Value, b: Value, descending: boolean): number {
  if (a.value === null || b.value === null) return Number(a.value === null) - Number(b.value === null);
  const order = isFigure(a.kind)
    ? Number(a.value) - Number(b.value)
    : a.value.localeCompare(b.value, 'en', { sensitivity: 'base', numeric: true });
  return descending ? -order : order;
}
