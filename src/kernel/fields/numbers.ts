import { z } from 'zod';
import {
  brief,
  cached,
  cell,
  clean,
  control,
  type Field,
  type FieldOptions,
  type Locale,
  value,
  written,
  wrong,
} from './field.ts';
import { text } from './text.ts';

/** As programs write it; the long tails of their floats (0.30000000000000004) are rounded away. */
const PLAIN = /^-?\d{1,15}(\.\d{1,20})?$/;
/** Digits, and a point that cannot mean thousands: what most cells say, and it is what it says. */
const CLEAR = /^-?\d{1,15}(?:\.(?:\d{1,2}|\d{4,20}))?$/;
/** Nobody writes a longer number; what is longer could keep the patterns below busy for seconds. */
const LONGEST = 60;

/** The decimal mark of a locale. */
const decimalMark = (locale: string): string =>
  cached(`mark:${locale}`, () => new Intl.NumberFormat(locale))
    .formatToParts(1.5)
    .find((part) => part.type === 'decimal')?.value ?? '.';

/**
 * Reads a number as people write it: 1,234.50 and 1.234,50, spaces and apostrophes as thousands, a sign before or behind,
 * brackets for negative, currency marks around. Where one mark alone is ambiguous (1.234) the locale decides.
 * @returns plain decimal text, or null
 */
export function readNumber(raw: string, locale: string): string | null {
  if (CLEAR.test(raw)) return raw;
  if (raw.length > LONGEST) return null;
  // The minus sign and the dashes that word processors make of it, before anything is taken for a currency mark.
  let rest = clean(raw)
    .replace(/[\s\u00a0\u202f'’]/g, '')
    .replace(/[\u2010-\u2015\u2212\ufe63\uff0d]/g, '-');
  const bracketed = /^\((.*)\)$/.exec(rest);
  if (bracketed) rest = `-${bracketed[1]}`;
  rest = rest.replace(/^[^\d.,+-]{1,4}(?=[\d.,+-])/, '').replace(/(?<=[\d.,-])[^\d.,+-]{1,4}$/, '');
  rest = rest.replace(/^(.*\d)-$/, '-$1').replace(/^\+/, '');
  if (!/^-?[\d.,]*\d[\d.,]*$/.test(rest)) return null;
  const comma = rest.lastIndexOf(',');
  const dot = rest.lastIndexOf('.');
  let mark = '';
  if (comma >= 0 && dot >= 0) mark = comma > dot ? ',' : '.';
  else if (comma >= 0 || dot >= 0) {
    const only = comma >= 0 ? ',' : '.';
    const parts = rest.split(only);
    const grouped = parts.length > 1 && parts.slice(1).every((part) => part.length === 3) && parts[0]!.length <= 4;
    const many = parts.length > 2;
    if (many && !grouped) return null;
    mark = many || (grouped && decimalMark(locale) !== only) ? '' : only;
  }
  const [whole = '', fraction = '', ...more] = mark ? rest.split(mark) : [rest];
  if (more.length || /[.,]/.test(fraction)) return null;
  const groups = whole.replace('-', '').split(/[.,]/);
  if (groups.length > 1 && !groups.slice(1).every((group) => group.length === 3)) return null;
  const digits = `${whole.replace(/[.,]/g, '') || '0'}${fraction ? `.${fraction}` : ''}`;
  return digits.replace(/^-$/, '-0');
}

/** Rounds decimal text half away from zero. No floats: 1.005 has to become 1.01. */
export function roundDecimal(digits: string, places: number): string {
  const negative = digits.startsWith('-');
  const [whole = '0', fraction = ''] = digits.replace('-', '').split('.');
  const scaled = BigInt(whole + fraction.slice(0, places).padEnd(places, '0'));
  const up = (fraction[places] ?? '0') >= '5' ? 1n : 0n;
  const text = (scaled + up).toString().padStart(places + 1, '0');
  const result = places ? `${text.slice(0, -places)}.${text.slice(-places)}` : text;
  return negative && /[1-9]/.test(result) ? `-${result}` : result;
}

interface NumberOptions extends FieldOptions {
  min?: number;
  max?: number;
  /** digits behind the mark */
  decimals?: number;
  suffix?: string;
}

/** A decimal number; canonical form is plain decimal text, or a JSON number for whole ones. */
export function number(options: NumberOptions = {}): Field {
  const { min = -1e12, max = 1e12, decimals = 0, suffix = '' } = options;
  const range = (digits: string) =>
    Number(digits) < min || Number(digits) > max ? `Enter a number from ${min} to ${max}.` : null;
  const store = (digits: string) => (decimals ? roundDecimal(digits, decimals) : Number(roundDecimal(digits, 0)));
  return {
    ...text(options),
    kind: 'number',
    options,
    schema: z.union([z.number(), z.string().regex(PLAIN, 'Enter a number.')]).transform((v, issue) => {
      const digits = String(v);
      const problem = PLAIN.test(digits) ? range(digits) : 'Enter a number.';
      if (problem) issue.addIssue({ code: 'custom', message: problem });
      return problem ? 0 : store(digits);
    }),
    fromText(raw, { locale }) {
      const digits = readNumber(raw.replace(/%$/, ''), locale);
      if (digits === null || !PLAIN.test(digits)) return wrong(`"${brief(clean(raw), 30)}" is not a number.`);
      const problem = range(digits);
      return problem ? wrong(problem) : value(store(digits));
    },
    toText: (stored, { locale }) => (stored === null ? '' : String(stored).replace('.', decimalMark(locale))),
    toCell(stored, { locale }) {
      if (stored === null || stored === undefined) return cell('empty', '');
      const shown = cached(`number:${locale}`, () => new Intl.NumberFormat(locale)).format(stored as never);
      return cell('number', shown + suffix);
    },
    input: control('text', { max: 30, autocomplete: 'off' }),
    filter: 'range',
    sql: { type: 'numeric', empty: `'-Infinity'::numeric` },
    excel: 'number',
  };
}

/** 12345 as the locale groups it. */
export const formatCount = (count: number, { locale }: Pick<Locale, 'locale'>): string =>
  cached(`number:${locale}`, () => new Intl.NumberFormat(locale)).format(count);

/** '1234.5' with 'EUR' as the locale writes it. @param digits decimal text, exact */
export function formatMoney(digits: string, currency: string, { locale }: Pick<Locale, 'locale'>): string {
  const format = () => new Intl.NumberFormat(locale, { style: 'currency', currency });
  return written(`${digits} ${currency} ${locale}`, () =>
    cached(`money:${locale}:${currency}`, format).format(digits as never),
  );
}

/** An amount in the record's `currency`, exact to two places. */
export function money(options: FieldOptions & { min?: number } = {}): Field {
  const base = number({ ...options, min: options.min ?? 0, max: 9_999_999_999_999, decimals: 2 });
  return {
    ...base,
    kind: 'money',
    options,
    toCell(stored, locale, row) {
      if (stored === null || stored === undefined) return cell('empty', '');
      const code = String(row.currency ?? locale.currency);
      return cell('number', formatMoney(String(stored), code, locale), { title: `${stored} ${code}` });
    },
  };
}

const CODES = new Set(Intl.supportedValuesOf('currency'));

/** ISO 4217 code. */
export function currency(options: FieldOptions = {}): Field {
  const message = 'Enter a currency code of three letters, such as EUR.';
  return {
    ...text(options),
    kind: 'currency',
    options,
    schema: z.string().refine((code) => CODES.has(code), message) as z.ZodType<string>,
    fromText(raw) {
      const code = clean(raw).toUpperCase();
      return CODES.has(code) ? value(code) : wrong(message);
    },
    input: control('text', { max: 3 }),
  };
}
