import { cached } from '#src/kernel/fields/field.ts';

/** Decimal text with at most two places -> hundredths, exactly. */
export function hundredths(amount: string): bigint {
  const [whole = '0', fraction = ''] = amount.replace('-', '').split('.');
  const value = BigInt(whole + fraction.slice(0, 2).padEnd(2, '0'));
  return amount.startsWith('-') ? -value : value;
}

/** Hundredths -> decimal text with two places. */
export function fromHundredths(value: bigint): string {
  const digits = (value < 0n ? -value : value).toString().padStart(3, '0');
  return `${value < 0n ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`;
}

/**
 * An amount for JSON: a number while a double holds its decimal digits exactly enough to be printed back unchanged (15
 * significant digits, so up to 9,999,999,999,999.99), else the decimal text itself.
 */
export const jsonAmount = (amount: string): number | string =>
  amount.replace(/[-.]/g, '').replace(/^0+/, '').length <= 15 ? Number(amount) : amount;

export const formatCount = (count: number, { locale }: { locale: string }): string =>
  cached(`count:${locale}`, () => new Intl.NumberFormat(locale)).format(count);

export interface Change {
  direction: 'up' | 'down' | 'flat';
  /** tenths of a per cent, rounded half away from zero; null when there was nothing before */
  per_mille: bigint | null;
}

/** (now − before) / before. @param now, before whole units, such as hundredths of a currency or a number of records */
export function change(now: bigint, before: bigint): Change {
  const direction = now > before ? 'up' : now < before ? 'down' : 'flat';
  if (before === 0n) return { direction, per_mille: null };
  const scaled = (now - before) * 2_000n + (now > before ? before : -before);
  return { direction, per_mille: scaled / (2n * before) };
}

/** '12.4 % more than in the 30 days before', 'as much as in …', 'none in …'. @param span e.g. 'in the 30 days before' */
export function changeText({ direction, per_mille }: Change, span: string, { locale }: { locale: string }): string {
  if (per_mille === null) return `none ${span}`;
  if (direction === 'flat') return `as much as ${span}`;
  const format = cached(`per_mille:${locale}`, () => new Intl.NumberFormat(locale, { maximumFractionDigits: 1 }));
  const size = per_mille < 0n ? -per_mille : per_mille;
  return `${format.format(Number(size) / 10)} % ${direction === 'up' ? 'more' : 'less'} than ${span}`;
}
