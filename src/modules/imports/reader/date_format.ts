/** Writes dates, times and durations in the tokens of a number format. */

import { fixedParts, toDecimal } from './decimal.ts';
import type { FormatSection, FormatToken } from './format_parse.ts';
import { languageOf, namesIn } from './locale_names.ts';
import { MILLISECONDS_PER_DAY, type Moment, momentOf, pad } from './serial_date.ts';

/** Which part of a moment a date format shows. */
export interface DateParts {
  date: boolean;
  time: boolean;
  elapsed: boolean;
}

export function datePartsOf(section: FormatSection): DateParts {
  const parts: DateParts = { date: false, time: false, elapsed: false };
  for (const token of section.tokens) {
    if (token.type === 'half_day' || token.type === 'fraction_seconds') parts.time = true;
    if (token.type !== 'date') continue;
    if (token.elapsed) parts.elapsed = true;
    else if ('hsM'.includes(token.letter)) parts.time = true;
    else parts.date = true;
  }
  if (section.locale === SYSTEM_LONG_DATE) return { date: true, time: false, elapsed: false };
  return parts;
}

const SYSTEM_LONG_DATE = 0xf800;
const LONG_DATE_TOKENS: FormatToken[] = [
  { type: 'date', letter: 'd', length: 4, elapsed: false },
  { type: 'literal', text: ', ' },
  { type: 'date', letter: 'm', length: 4, elapsed: false },
  { type: 'literal', text: ' ' },
  { type: 'date', letter: 'd', length: 1, elapsed: false },
  { type: 'literal', text: ', ' },
  { type: 'date', letter: 'y', length: 4, elapsed: false },
];

/** The text of a serial number in a date section, or undefined when Excel shows ##### for it. */
export function formatDate(section: FormatSection, serial: number, date1904: boolean): string | undefined {
  const tokens = section.locale === SYSTEM_LONG_DATE ? LONG_DATE_TOKENS : section.tokens;
  const resolution = resolutionOf(tokens);
  const elapsed = tokens.some((token) => token.type === 'date' && token.elapsed);
  if (elapsed) return formatElapsed(tokens, serial, resolution);
  const moment = momentOf(serial, date1904, resolution);
  if (!moment) return undefined;
  const twelve = tokens.some((token) => token.type === 'half_day');
  let text = '';
  for (const token of tokens) text += writeToken(token, moment, twelve, section.locale);
  return text;
}

/**
 * Milliseconds to which the moment is rounded before it is taken apart. Excel rounds a time to full seconds, or to the
 * fraction of a second shown, and only then leaves out what the format does not show: 0:59:59.99 is 1:00 in h:mm.
 */
function resolutionOf(tokens: FormatToken[]): number {
  let resolution = 1;
  for (const token of tokens) {
    if (token.type === 'fraction_seconds') return 10 ** Math.max(0, 3 - token.length);
    if (token.type === 'half_day' || (token.type === 'date' && 'hsM'.includes(token.letter))) resolution = 1000;
  }
  return resolution;
}

function writeToken(token: FormatToken, moment: Moment, twelve: boolean, locale: number | undefined): string {
  switch (token.type) {
    case 'literal':
      return token.text;
    case 'half_day':
      return moment.time < MILLISECONDS_PER_DAY / 2 ? token.am : token.pm;
    case 'fraction_seconds':
      return `.${pad(moment.time % 1000, 3)
        .padEnd(token.length, '0')
        .slice(0, token.length)}`;
    case 'date':
      return writeDate(token.letter, token.length, moment, twelve, locale);
    default:
      return '';
  }
}

function writeDate(
  letter: string,
  length: number,
  moment: Moment,
  twelve: boolean,
  locale: number | undefined,
): string {
  const names = () => namesIn(languageOf(locale));
  switch (letter) {
    case 'y':
      return length <= 2 ? pad(moment.year % 100, 2) : pad(moment.year, 4);
    case 'e':
      return String(moment.year);
    case 'b':
      return length <= 2 ? pad((moment.year + 543) % 100, 2) : String(moment.year + 543);
    case 'm':
      if (length === 5) return Array.from(names().long[moment.month - 1] ?? '')[0] ?? '';
      if (length >= 4) return names().long[moment.month - 1] ?? '';
      return length === 3 ? (names().short[moment.month - 1] ?? '') : pad(moment.month, length);
    case 'd':
      if (length >= 4) return names().weekdays[moment.weekday] ?? '';
      return length === 3 ? (names().shortWeekdays[moment.weekday] ?? '') : pad(moment.date, length);
    case 'a':
      return (length >= 4 ? names().weekdays : names().shortWeekdays)[moment.weekday] ?? '';
    case 'h': {
      const hour = Math.floor(moment.time / 3_600_000);
      return pad(twelve ? hour % 12 || 12 : hour, Math.min(length, 2));
    }
    case 'M':
      return pad(Math.floor(moment.time / 60_000) % 60, Math.min(length, 2));
    case 's':
      return pad(Math.floor(moment.time / 1000) % 60, Math.min(length, 2));
    default:
      return '';
  }
}

/** [h]:mm, [mm]:ss, [ss].00: bracketed units run on, the others restart. */
function formatElapsed(tokens: FormatToken[], serial: number, resolution: number): string {
  if (serial < 0) return `-${formatElapsed(tokens, -serial, resolution)}`;
  const total = Math.round((serial * MILLISECONDS_PER_DAY) / resolution) * resolution;
  const units: Record<string, number> = { h: 3_600_000, m: 60_000, M: 60_000, s: 1000 };
  const twelve = tokens.some((token) => token.type === 'half_day');
  let text = '';
  for (const token of tokens) {
    if (token.type === 'literal') text += token.text;
    else if (token.type === 'half_day')
      text += total % MILLISECONDS_PER_DAY < MILLISECONDS_PER_DAY / 2 ? token.am : token.pm;
    else if (token.type === 'fraction_seconds') {
      text += `.${fixedParts(toDecimal((total % 1000) / 1000), token.length)[1]}`;
    } else if (token.type === 'date') {
      const unit = units[token.letter];
      if (unit === undefined) continue;
      let count = Math.floor(total / unit);
      if (!token.elapsed) count %= token.letter === 'h' ? (twelve ? 12 : 24) : 60;
      text += pad(count, token.length);
    }
  }
  return text;
}
