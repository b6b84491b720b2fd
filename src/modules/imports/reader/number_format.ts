/**
 * Shows a stored number the way Excel shows it (ECMA-376 part 1, 18.8.31; built-in codes 18.8.30, English locale) and
 * tells what it means: a number, a date, a time, a duration.
 */
import { type DateParts, datePartsOf, formatDate } from './date_format.ts';
import { type Decimal, fixedParts, plainText, shift, toDecimal } from './decimal.ts';
import { type FormatSection, type FormatToken, parseFormat } from './format_parse.ts';
import { formatFraction } from './fraction_format.ts';
import type { CellKind } from './model.ts';
import { isoDate, isoDuration, isoTime, type Moment, momentOf } from './serial_date.ts';

export interface ShownNumber {
  text: string;
  kind: CellKind;
  value: string;
  /** A date format on a number that is no date: Excel shows ##### */
  outOfRange?: true;
}

/** A number format ready for use; made once a style, used for each of its cells. */
export interface NumberFormat {
  /** True for General and for text format: the fast way out for most cells. */
  readonly plain: boolean;
  number(value: number): ShownNumber;
  text(value: string): string;
}

/** Dates repeat in lists, and are dear to write: so many of a format are remembered. */
const MOST_DATES = 4096;

/** `date1904`: whether the workbook counts its days from 1904 on. */
export function compileFormat(code: string, date1904: boolean): NumberFormat {
  const sections = parseFormat(code);
  const parts = sections.map(datePartsOf);
  const first = sections[0];
  const plain =
    sections.length === 1 &&
    first?.tokens.length === 1 &&
    (first.kind === 'general' || first.kind === 'text') &&
    first.condition === undefined;
  const dates = new Map<number, ShownNumber>();
  return {
    plain,
    number: (value) => {
      if (plain) return plainNumber(value);
      const [index, signed] = chooseSection(sections, value);
      const section = sections[index];
      // no condition holds: Excel falls back to General where there is only one, else it shows #####
      if (!section) return { ...plainNumber(value), ...(sections.length > 1 && { text: '########' }) };
      if (section.kind === 'date') {
        const known = dates.get(value);
        if (known) return known;
        const shown = shownDate(section, parts[index] as DateParts, value, signed, date1904);
        if (dates.size >= MOST_DATES) dates.clear();
        dates.set(value, shown);
        return shown;
      }
      const text = numberText(section, signed ? value : Math.abs(value));
      return { text, kind: 'number', value: plainText(value) };
    },
    text: (value) => textIn(sections, value),
  };
}

function plainNumber(value: number): ShownNumber {
  const text = generalText(value);
  return { text, kind: 'number', value: Number.isInteger(value) && !text.includes('E') ? text : plainText(value) };
}

/**
 * General format. Fractions show as in a wide column of Excel: eleven characters. Whole numbers keep all digits that
 * Excel stores (15), since in customer lists they are phone numbers and ids.
 */
export function generalText(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 1e15) return String(value === 0 ? 0 : value);
  const shortest = String(value);
  if (shortest.length <= 11 && !shortest.includes('e')) return shortest;
  const decimal = toDecimal(value);
  const sign = decimal.negative ? '-' : '';
  const { point, digits } = decimal;
  if (point > 11 && !Number.isInteger(value)) {
    const whole = fixedParts(decimal, 0)[0];
    if (whole.length <= 15) return sign + whole;
  }
  if (point > 11 || (point <= -4 && digits.length - point > 9)) return sign + scientific(decimal, 5, true);
  const places = Math.max(0, Math.min(9, 10 - point));
  const [whole, fraction] = fixedParts(decimal, places);
  const rest = fraction.replace(/0+$/, '');
  return `${sign}${whole === '' ? '0' : whole}${rest ? `.${rest}` : ''}`;
}

/** 1.23457E+17; `trim` drops zeros at the end of the mantissa. */
function scientific(decimal: Decimal, places: number, trim: boolean): string {
  let { point } = decimal;
  let [whole, fraction] = fixedParts({ ...decimal, point: 1 }, places);
  if (whole.length > 1) {
    point++;
    [whole, fraction] = fixedParts({ digits: '1', negative: false, point: 1 }, places);
  }
  if (trim) fraction = fraction.replace(/0+$/, '');
  const exponent = point - 1;
  const power = String(Math.abs(exponent)).padStart(2, '0');
  return `${whole}${fraction ? `.${fraction}` : ''}E${exponent < 0 ? '-' : '+'}${power}`;
}

/** The section for a value, and whether the minus sign has to be written. Undefined section: no condition holds. */
function chooseSection(sections: FormatSection[], value: number): [index: number, signed: boolean] {
  const numeric = sections.length > 3 || sections.at(-1)?.kind === 'text' ? sections.slice(0, -1) : sections;
  const count = numeric.length;
  if (count === 0) return [0, true];
  if (!numeric.some((section) => section.condition)) {
    if (count === 1) return [0, true];
    if (value > 0 || (value === 0 && count === 2)) return [0, false];
    return [value < 0 ? 1 : 2, false];
  }
  for (let index = 0; index < count; index++) {
    const condition = numeric[index]?.condition;
    if (condition) {
      if (holds(condition, value)) return [index, !(condition.operator.startsWith('<') && condition.value <= 0)];
    } else if (index === count - 1) return [index, true];
    else if (index === 0 ? value > 0 : value < 0) return [index, false];
  }
  return [-1, true];
}

function holds({ operator, value: bound }: { operator: string; value: number }, value: number): boolean {
  switch (operator) {
    case '<':
      return value < bound;
    case '<=':
      return value <= bound;
    case '>':
      return value > bound;
    case '>=':
      return value >= bound;
    case '=':
      return value === bound;
    default:
      return value !== bound;
  }
}

function shownDate(
  section: FormatSection,
  parts: DateParts,
  value: number,
  signed: boolean,
  date1904: boolean,
): ShownNumber {
  const text = formatDate(section, signed ? value : Math.abs(value), date1904);
  if (parts.elapsed) return { text: text ?? isoDuration(value), kind: 'duration', value: isoDuration(value) };
  const exact = momentOf(value, date1904);
  const moment = parts.time ? snapped(exact, () => momentOf(value, date1904, 1000)) : exact;
  if (text === undefined || !moment) {
    return { text: generalText(value), kind: 'number', value: plainText(value), outOfRange: true };
  }
  // day 0 is a bare time of day; shown with a date format it is no date of any calendar
  const isTime = !parts.date || (moment.day === 0 && !date1904 && parts.time);
  if (isTime) return { text, kind: 'time', value: isoTime(moment.time) };
  if (moment.day === 0) return { text, kind: 'number', value: plainText(value) };
  if (!parts.time) return { text, kind: 'date', value: isoDate(moment) };
  return { text, kind: 'datetime', value: `${isoDate(moment)}T${isoTime(moment.time)}` };
}

/** A time of day this near to a full second is one, blurred by the fraction it is stored as. */
const BLUR_MS = 10;

function snapped(moment: Moment | undefined, rounded: () => Moment | undefined): Moment | undefined {
  if (!moment) return undefined;
  const rest = moment.time % 1000;
  return rest > 0 && (rest <= BLUR_MS || rest >= 1000 - BLUR_MS) ? rounded() : moment;
}

function textIn(sections: FormatSection[], value: string): string {
  const section = sections[3] ?? (sections.at(-1)?.kind === 'text' ? sections.at(-1) : undefined);
  if (!section) return value;
  let text = '';
  for (const token of section.tokens) {
    if (token.type === 'literal') text += token.text;
    else if (token.type === 'text' || token.type === 'general') text += value;
  }
  return text;
}

function numberText(section: FormatSection, value: number): string {
  const { tokens } = section;
  const minus = value < 0 ? '-' : '';
  if (section.kind === 'general' || section.kind === 'text') {
    const body = tokens.map((token) =>
      token.type === 'literal' ? token.text : isNumberMark(token) ? generalText(Math.abs(value)) : '',
    );
    return minus + body.join('');
  }
  if (!tokens.some((token) => token.type === 'digit')) {
    // only literals: the number itself does not show
    return tokens
      .map((token) => (token.type === 'literal' ? token.text : token.type === 'percent' ? '%' : ''))
      .join('');
  }
  if (tokens.some((token) => token.type === 'slash')) {
    const fraction = formatFraction(tokens, Math.abs(value));
    if (fraction !== undefined) return minus + fraction;
  }
  return minus + writeDigits(tokens, toDecimal(Math.abs(value)));
}

function isNumberMark(token: FormatToken): boolean {
  return token.type === 'general' || token.type === 'text';
}

function writeDigits(tokens: FormatToken[], decimal: Decimal): string {
  const exponentAt = tokens.findIndex((token) => token.type === 'exponent');
  const mantissa = exponentAt < 0 ? tokens : tokens.slice(0, exponentAt);
  const pointAt = mantissa.findIndex((token) => token.type === 'point');
  const whole = pointAt < 0 ? mantissa : mantissa.slice(0, pointAt);
  const behind = pointAt < 0 ? [] : mantissa.slice(pointAt + 1);
  const places = behind.filter((token) => token.type === 'digit').length;
  const percents = tokens.filter((token) => token.type === 'percent').length;
  const { grouped, thousands } = commasOf(whole, behind);
  let shown = shift(decimal, percents * 2 - thousands * 3);
  let exponent = 0;
  if (exponentAt >= 0 && decimal.digits !== '') {
    const width = Math.max(1, whole.filter((token) => token.type === 'digit').length);
    // ##0.0E+0 keeps the exponent a multiple of three
    exponent = width > 1 ? Math.floor((shown.point - 1) / width) * width : shown.point - 1;
    shown = shift(shown, -exponent);
    if (fixedParts(shown, places)[0].length > width) {
      const step = width > 1 ? width : 1;
      exponent += step;
      shown = shift(shown, -step);
    }
  }
  const [digits, fraction] = fixedParts(shown, places);
  let text = writeWhole(whole, digits, grouped);
  if (pointAt >= 0) text += `.${writeFraction(behind, fraction)}`;
  if (exponentAt >= 0) text += writeExponent(tokens.slice(exponentAt), exponent);
  return text;
}

/** A comma between digit places groups thousands; one behind the last digit place divides by a thousand. */
function commasOf(whole: FormatToken[], behind: FormatToken[]): { grouped: boolean; thousands: number } {
  let grouped = false;
  let thousands = 0;
  const lastDigit = whole.findLastIndex((token) => token.type === 'digit');
  whole.forEach((token, at) => {
    if (token.type !== 'comma') return;
    if (at < lastDigit) grouped = true;
    else thousands++;
  });
  const lastPlace = behind.findLastIndex((token) => token.type === 'digit');
  behind.forEach((token, at) => {
    if (token.type === 'comma' && at > lastPlace) thousands++;
  });
  return { grouped, thousands };
}

/** Fills the digit places before the point from the right; the first place takes all digits that are left. */
function writeWhole(tokens: FormatToken[], digits: string, grouped: boolean): string {
  const firstDigit = tokens.findIndex((token) => token.type === 'digit');
  let left = digits.length;
  let written = 0;
  let text = '';
  const put = (digit: string) => {
    if (grouped && written > 0 && written % 3 === 0) text = digit === ' ' ? ` ${text}` : `,${text}`;
    text = digit + text;
    written++;
  };
  for (let at = tokens.length - 1; at >= 0; at--) {
    const token = tokens[at] as FormatToken;
    if (token.type === 'literal') text = token.text + text;
    else if (token.type === 'percent') text = `%${text}`;
    else if (token.type === 'slash') text = `/${text}`;
    else if (token.type === 'digit') {
      if (left > 0) put(digits[--left] as string);
      else if (token.text === '0') put('0');
      else if (token.text === '?') put(' ');
      if (at === firstDigit) while (left > 0) put(digits[--left] as string);
    }
  }
  return text;
}

function writeFraction(tokens: FormatToken[], fraction: string): string {
  const significant = fraction.replace(/0+$/, '').length;
  let at = 0;
  let text = '';
  for (const token of tokens) {
    if (token.type === 'literal') text += token.text;
    else if (token.type === 'percent') text += '%';
    else if (token.type === 'slash') text += '/';
    else if (token.type === 'digit') {
      const digit = fraction[at] ?? '0';
      if (at < significant || token.text === '0') text += digit;
      else if (token.text === '?') text += ' ';
      at++;
    }
  }
  return text;
}

function writeExponent(tokens: FormatToken[], exponent: number): string {
  const plus = tokens[0]?.type === 'exponent' && tokens[0].plus;
  const width = tokens.filter((token) => token.type === 'digit').length;
  const sign = exponent < 0 ? '-' : plus ? '+' : '';
  let text = `E${sign}${String(Math.abs(exponent)).padStart(width, '0')}`;
  for (const token of tokens) {
    if (token.type === 'literal') text += token.text;
    else if (token.type === 'percent') text += '%';
  }
  return text;
}
