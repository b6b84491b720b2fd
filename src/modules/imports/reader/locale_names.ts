/** Names of months and weekdays in the language that a number format asks for (`[$-407]`). */

export interface MonthNames {
  long: string[];
  short: string[];
  weekdays: string[];
  shortWeekdays: string[];
}

/** Primary language of a Windows locale id (its low ten bits, [MS-LCID]) as BCP 47 tag. */
const LANGUAGES: Readonly<Record<number, string>> = {
  1: 'ar',
  2: 'bg',
  3: 'ca',
  4: 'zh',
  5: 'cs',
  6: 'da',
  7: 'de',
  8: 'el',
  9: 'en',
  10: 'es',
  11: 'fi',
  12: 'fr',
  13: 'he',
  14: 'hu',
  15: 'is',
  16: 'it',
  17: 'ja',
  18: 'ko',
  19: 'nl',
  20: 'nb',
  21: 'pl',
  22: 'pt',
  24: 'ro',
  25: 'ru',
  26: 'hr',
  27: 'sk',
  29: 'sv',
  30: 'th',
  31: 'tr',
  33: 'id',
  34: 'uk',
  36: 'sl',
  37: 'et',
  38: 'lv',
  39: 'lt',
  42: 'vi',
};

const cache = new Map<string, MonthNames>();

/** BCP 47 tag for the locale of a format; English where there is none, as in an English Excel. */
export function languageOf(locale: number | undefined): string {
  return locale === undefined ? 'en' : (LANGUAGES[locale & 0x3ff] ?? 'en');
}

export function namesIn(language: string): MonthNames {
  const known = cache.get(language);
  if (known) return known;
  // the form used inside a date ("января"), which is what Excel writes next to a day
  const month = (style: 'long' | 'short') => {
    const format = new Intl.DateTimeFormat(language, { month: style, day: 'numeric', timeZone: 'UTC' });
    return Array.from({ length: 12 }, (_, index) => partOf(format, Date.UTC(2021, index, 3), 'month'));
  };
  const weekday = (style: 'long' | 'short') => {
    const format = new Intl.DateTimeFormat(language, { weekday: style, timeZone: 'UTC' });
    return Array.from({ length: 7 }, (_, index) => partOf(format, Date.UTC(2021, 7, 1 + index), 'weekday'));
  };
  const names = {
    long: month('long'),
    short: language === 'en' ? month('long').map((name) => name.slice(0, 3)) : month('short'),
    weekdays: weekday('long'),
    shortWeekdays: weekday('short'),
  };
  cache.set(language, names);
  return names;
}

function partOf(format: Intl.DateTimeFormat, time: number, type: 'month' | 'weekday'): string {
  return format.formatToParts(time).find((part) => part.type === type)?.value ?? '';
}
