import type { z } from 'zod';
import { Kept } from '#src/platform/kept.ts';
import { lasting } from '../lasting.ts';
import type { Cell, InputView } from '../views.ts';

/** How values are read and shown: the tenant's habits. */
export interface Locale {
  locale: string;
  time_zone: string;
  currency: string;
}

/** A value as it is stored and as the API speaks it: money and numbers are decimal text, dates are ISO text. */
export type Value = string | number | boolean | readonly string[] | null;

export type Parsed = { ok: true; value: Value } | { ok: false; message: string };
export const value = (v: Value): Parsed => ({ ok: true, value: v });
export const wrong = (message: string): Parsed => ({ ok: false, message });

export type FieldKind =
  | 'text'
  | 'long_text'
  | 'email'
  | 'phone'
  | 'url'
  | 'choice'
  | 'boolean'
  | 'number'
  | 'money'
  | 'currency'
  | 'date'
  | 'timestamp'
  | 'ref'
  | 'tags'
  | 'list';

export interface FieldOptions {
  label?: string;
  required?: boolean;
  help?: string;
  /** Value of a new record. A literal: behaviour belongs into a service. */
  initial?: Value;
  /** 'service': forms, imports and the API show it but never write it. */
  writtenBy?: 'service';
}

/** One field type behind a narrow interface; a file each in this folder. */
export interface Field {
  kind: FieldKind;
  options: FieldOptions;
  /** Values of a choice, in their order. */
  choices: readonly Choice[];
  /** ref: name of the entity it points to. */
  to: string;
  /** Reads one canonical value, as the API sends it. */
  schema: z.ZodType<Value>;
  /** Reads what a person typed or a spreadsheet shows; '' never arrives here. */
  fromText(text: string, locale: Locale): Parsed;
  /** The text of a form control for a stored value. */
  toText(value: Value, locale: Locale): string;
  /** For people. `row` gives a money its currency; refs and tags are replaced by the presenter, which knows titles. */
  toCell(value: Value, locale: Locale, row: Record<string, unknown>): Cell;
  input: Pick<InputView, 'control' | 'max' | 'step' | 'autocomplete'>;
  /** How a list narrows by it; 'none' when it cannot. */
  filter: 'choice' | 'equals' | 'range' | 'ref' | 'tags' | 'none';
  /** PostgreSQL's type for casting a cursor, and the stand-in for an empty value in a sort index. */
  sql: { type: string; empty: string | null };
  /** What the spreadsheet cell is. */
  excel: 'text' | 'number' | 'date' | 'timestamp' | 'boolean';
}

export interface Choice {
  value: string;
  label: string;
  tone: Cell['tone'];
  /** What a person must do instead of choosing it; '' for values that may be chosen. */
  instead: string;
}

export const EMPTY: Cell = lasting({
  kind: 'empty',
  text: '',
  title: '',
  href: '',
  tone: 'neutral',
  items: [],
});

/** A cell of the given kind; whatever is not said is empty. */
export const cell = (
  kind: Cell['kind'],
  text: string,
  { title = '', href = '', tone = 'neutral', items = EMPTY.items }: Partial<Cell> = {},
): Cell => ({ kind: text === '' && kind !== 'list' ? 'empty' : kind, text, title, href, tone, items });

export const control = (kind: InputView['control'], more: Partial<Field['input']> = {}): Field['input'] => ({
  control: kind,
  max: 0,
  step: '',
  autocomplete: 'off',
  ...more,
});

/** Control characters have no place in a name and PostgreSQL cannot hold NUL; line breaks are for long text. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const CONTROL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/g;
/** Nothing to clean but spaces at the ends: nearly every text, told apart in a tenth of the time. */
const PLAIN = /^[ -~]*$/;
export const clean = (text: string): string =>
  PLAIN.test(text) ? text.trim() : text.toWellFormed().normalize('NFC').replace(CONTROL, '').trim();

/** At most so many UTF-16 units of a text, and no half of a character: neither an address nor jsonb takes one. */
export const cut = (text: string, most: number): string => text.slice(0, most).replace(/[\ud800-\udbff]$/, '');

/** The same for people, who see that something is missing. */
export const brief = (text: string, most: number): string => (text.length > most ? `${cut(text, most - 1)}…` : text);

const lately = new Kept<string>(20_000);
/** A text as it was written lately: lists say the same few over and over, and Intl takes 1 to 2 µs for each. */
export const written = (key: string, write: () => string): string => lately.of(key, write);

const formats = new Map<string, Intl.NumberFormat | Intl.DateTimeFormat>();
/** Intl objects cost 16 µs to make and 0.3 µs to use. */
export function cached<T extends Intl.NumberFormat | Intl.DateTimeFormat>(key: string, make: () => T): T {
  let found = formats.get(key) as T | undefined;
  if (!found) {
    found = make();
    formats.set(key, found);
  }
  return found;
}
