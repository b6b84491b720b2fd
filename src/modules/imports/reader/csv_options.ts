/**
 * What a person may choose instead of what the reader detects in a text file: short words for forms and for keeping, a
 * label for the eye. A choice that does not fit the file reads odd values and says so; it never fails.
 */
import { ReadError } from './errors.ts';
import type { CsvDialect } from './model.ts';

export interface CsvOption {
  readonly value: string;
  readonly label: string;
}

/** Each part replaces a detection; a part that is left out is detected. The values are those of the lists below. */
export interface CsvOptions {
  encoding?: string | undefined;
  delimiter?: string | undefined;
  quote?: string | undefined;
}

/** What stands in the file, as the parser wants it. */
export interface CsvChoice {
  encoding?: string | undefined;
  delimiter?: string | undefined;
  quote?: string | undefined;
  escape?: CsvDialect['escape'] | undefined;
}

/** All that a detection can find, the most usual first. */
export const CSV_ENCODINGS: readonly CsvOption[] = [
  { value: 'utf-8', label: 'Unicode (UTF-8)' },
  { value: 'utf-16', label: 'Unicode (UTF-16)' },
  { value: 'utf-32', label: 'Unicode (UTF-32)' },
  { value: 'windows-1252', label: 'Western European (Windows-1252)' },
  { value: 'iso-8859-1', label: 'Western European (ISO-8859-1, Latin 1)' },
  { value: 'iso-8859-15', label: 'Western European with € (ISO-8859-15)' },
  { value: 'macintosh', label: 'Western European (Macintosh)' },
  { value: 'cp850', label: 'Western European (DOS 850)' },
  { value: 'windows-1250', label: 'Central European (Windows-1250)' },
  { value: 'iso-8859-2', label: 'Central European (ISO-8859-2, Latin 2)' },
  { value: 'windows-1257', label: 'Baltic (Windows-1257)' },
  { value: 'windows-1251', label: 'Cyrillic (Windows-1251)' },
  { value: 'koi8-r', label: 'Cyrillic (KOI8-R)' },
  { value: 'cp866', label: 'Cyrillic (DOS 866)' },
  { value: 'windows-1253', label: 'Greek (Windows-1253)' },
  { value: 'iso-8859-7', label: 'Greek (ISO-8859-7)' },
  { value: 'windows-1254', label: 'Turkish (Windows-1254)' },
  { value: 'windows-1255', label: 'Hebrew (Windows-1255)' },
  { value: 'windows-1256', label: 'Arabic (Windows-1256)' },
  { value: 'windows-874', label: 'Thai (Windows-874)' },
  { value: 'shift_jis', label: 'Japanese (Shift_JIS)' },
  { value: 'euc-jp', label: 'Japanese (EUC-JP)' },
  { value: 'gb18030', label: 'Chinese, simplified (GB18030)' },
  { value: 'big5', label: 'Chinese, traditional (Big5)' },
  { value: 'euc-kr', label: 'Korean (EUC-KR)' },
];

export const CSV_DELIMITERS: readonly CsvOption[] = [
  { value: 'comma', label: 'Comma  ,' },
  { value: 'semicolon', label: 'Semicolon  ;' },
  { value: 'tab', label: 'Tab' },
  { value: 'pipe', label: 'Vertical bar  |' },
  { value: 'colon', label: 'Colon  :' },
  { value: 'space', label: 'Space' },
  { value: 'caret', label: 'Caret  ^' },
  { value: 'tilde', label: 'Tilde  ~' },
  { value: 'unit', label: 'Unit separator (character 31)' },
];

export const CSV_QUOTES: readonly CsvOption[] = [
  { value: 'double', label: 'Double quotation mark  "' },
  { value: 'single', label: "Single quotation mark  '" },
  { value: 'none', label: 'None' },
];

const DELIMITER: Readonly<Record<string, string>> = {
  comma: ',',
  semicolon: ';',
  tab: '\t',
  pipe: '|',
  colon: ':',
  space: ' ',
  caret: '^',
  tilde: '~',
  unit: '\u001f',
};
const QUOTE: Readonly<Record<string, string>> = { double: '"', single: "'", none: '' };

const LISTS = { encoding: CSV_ENCODINGS, delimiter: CSV_DELIMITERS, quote: CSV_QUOTES };

/**
 * Options from a form or an API request, where '' and undefined mean "detect it". Other keys are ignored.
 * @throws ReadError `bad_option` for a value that is not in the lists
 */
export function readCsvOptions(input: Readonly<Record<string, unknown>>): CsvOptions {
  const options: CsvOptions = {};
  for (const part of ['encoding', 'delimiter', 'quote'] as const) {
    const value = Object.hasOwn(input, part) ? input[part] : undefined;
    if (value === undefined || value === '') continue;
    const known = LISTS[part].find((option) => option.value === value);
    if (!known) throw new ReadError('bad_option', { detail: `${part} ${JSON.stringify(value)?.slice(0, 40)}` });
    options[part] = known.value;
  }
  return options;
}

/** @throws ReadError `bad_option` */
export function choiceOf(options: CsvOptions): CsvChoice {
  const { encoding, delimiter, quote } = readCsvOptions({ ...options });
  return {
    encoding,
    delimiter: delimiter === undefined ? undefined : DELIMITER[delimiter],
    quote: quote === undefined ? undefined : QUOTE[quote],
  };
}

/** The options that stand for what was used, to select them in a form; '' for a part that none of them stands for. */
export function optionsOf({
  encoding,
  delimiter,
  quote,
}: CsvDialect): Required<Readonly<Record<keyof CsvOptions, string>>> {
  const family = encoding.replace(/^(utf-16|utf-32)[lb]e$/, '$1');
  const bare = delimiter.trim() || delimiter;
  const keyOf = (list: Readonly<Record<string, string>>, wanted: string) =>
    Object.keys(list).find((key) => list[key] === wanted) ?? '';
  return {
    encoding: CSV_ENCODINGS.some(({ value }) => value === family) ? family : '',
    delimiter: keyOf(DELIMITER, bare),
    quote: keyOf(QUOTE, quote),
  };
}

/** The dialect in words for the eye; separators that are not in the list are shown as they are. */
export function describeDialect(dialect: CsvDialect): { encoding: string; delimiter: string; quote: string } {
  const known = optionsOf(dialect);
  const label = (part: keyof typeof LISTS, otherwise: string) =>
    LISTS[part].find(({ value }) => value === known[part])?.label ?? otherwise;
  return {
    encoding: label('encoding', dialect.encoding),
    delimiter: label('delimiter', dialect.delimiter),
    quote: label('quote', dialect.quote),
  };
}
