/**
 * Decimal digits of a double, the way Excel sees them: 15 significant digits, halves rounded away from zero.
 * Number.prototype.toFixed rounds the binary value instead (2.675 -> "2.67" where Excel shows 2.68).
 */
export interface Decimal {
  negative: boolean;
  /** Significant digits without leading or trailing zeros; '' for zero. */
  digits: string;
  /** The number is 0.DIGITS * 10^point. */
  point: number;
}

const MAX_DIGITS = 15;

export function toDecimal(value: number): Decimal {
  if (value === 0 || !Number.isFinite(value)) return { negative: false, digits: '', point: 0 };
  const [mantissa = '', exponent = '0'] = Math.abs(value)
    .toExponential(MAX_DIGITS - 1)
    .split('e');
  const digits = mantissa.replace('.', '').replace(/0+$/, '');
  return { negative: value < 0, digits, point: Number(exponent) + 1 };
}

/** Moves the decimal point: 10^places times the number. */
export function shift(decimal: Decimal, places: number): Decimal {
  return { ...decimal, point: decimal.point + places };
}

/** Rounds to a number of decimal places and gives the digits before and behind the point ("12", "50"); no sign. */
export function fixedParts(decimal: Decimal, places: number): [whole: string, fraction: string] {
  const { digits, point } = decimal;
  if (digits === '') return ['', '0'.repeat(places)];
  const keep = point + places;
  let kept = digits;
  if (keep < digits.length) {
    const up = keep >= 0 && digits.charCodeAt(keep) >= 53;
    kept = digits.slice(0, Math.max(0, keep));
    if (up) kept = increment(kept);
    // a carry makes one digit more: 99.5 -> 100
    if (up && kept.length > Math.max(0, keep)) return split(kept, point + 1, places);
  }
  return split(kept, point, places);
}

/** Plain decimal text without exponent: 1e21 -> "1000000000000000000000". */
export function plainText(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 1e15) return String(value === 0 ? 0 : value);
  const shortest = String(value);
  if (shortest.length <= MAX_DIGITS && !shortest.includes('e')) return shortest;
  const decimal = toDecimal(value);
  const places = Math.max(0, decimal.digits.length - decimal.point);
  const [whole, fraction] = fixedParts(decimal, places);
  return `${decimal.negative ? '-' : ''}${whole === '' ? '0' : whole}${fraction ? `.${fraction}` : ''}`;
}

function split(digits: string, point: number, places: number): [string, string] {
  const whole = point > 0 ? digits.slice(0, point).padEnd(point, '0') : '';
  const behind = point >= 0 ? digits.slice(Math.max(0, point)) : '0'.repeat(Math.min(-point, places)) + digits;
  return [whole, behind.slice(0, places).padEnd(places, '0')];
}

function increment(digits: string): string {
  let i = digits.length - 1;
  while (i >= 0 && digits[i] === '9') i--;
  const zeros = '0'.repeat(digits.length - 1 - i);
  if (i < 0) return `1${zeros}`;
  return digits.slice(0, i) + String.fromCharCode(digits.charCodeAt(i) + 1) + zeros;
}
