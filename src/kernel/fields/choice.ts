import { z } from 'zod';
import { lasting } from '../lasting.ts';
import type { Cell } from '../views.ts';
import {
  brief,
  type Choice,
  cell,
  clean,
  control,
  type Field,
  type FieldOptions,
  type Value,
  value,
  wrong,
} from './field.ts';
import { text } from './text.ts';

/** 'cold_call' -> 'Cold call' */
export const words = (name: string): string => {
  const spaced = name.replaceAll('_', ' ');
  return spaced.charAt(0).toUpperCase() + spaced.slice(1);
};

const same = (a: string) =>
  clean(a)
    .toLowerCase()
    .replace(/[\s_-]+/g, ' ');

/** One of a fixed list. @param choices values, or value -> label and tone, in the order they are shown */
export function choice<const T extends string>(
  choices: readonly T[] | Record<T, { label?: string; tone?: Choice['tone']; instead?: string }>,
  options: FieldOptions & { initial?: NoInfer<T> } = {},
): Field {
  const known: Choice[] = Array.isArray(choices)
    ? (choices as readonly string[]).map((v) => ({ value: v, label: words(v), tone: 'neutral', instead: '' }))
    : Object.entries(choices as Record<string, { label?: string; tone?: Choice['tone']; instead?: string }>).map(
        ([v, c]) => ({
          value: v,
          label: c.label ?? words(v),
          tone: c.tone ?? 'neutral',
          instead: c.instead ?? '',
        }),
      );
  const message = `Choose one of: ${known.map((c) => c.label).join(', ')}.`;
  const cells = new Map<Value, Cell>(
    known.map(({ value: stored, label, tone }) => [stored, lasting(cell('badge', label, { tone }))]),
  );
  return {
    ...text(options),
    kind: 'choice',
    options,
    choices: known,
    schema: z.enum(known.map((c) => c.value) as [string, ...string[]], message),
    fromText(raw) {
      const wanted = same(raw);
      const found = known.find((c) => same(c.value) === wanted || same(c.label) === wanted);
      return found ? value(found.value) : wrong(`"${brief(clean(raw), 40)}" is not known here. ${message}`);
    },
    toText: (stored) => String(stored ?? ''),
    toCell: (stored) => cells.get(stored) ?? cell('text', String(stored ?? '')),
    input: control('select'),
    filter: 'choice',
  };
}

const YES = new Set(['1', 'true', 'yes', 'y', 'x', 'on', 'ja', 'oui', 'si', 'sí', 'tak', 'wahr', '✓']);
const NO = new Set(['0', 'false', 'no', 'n', 'off', 'nein', 'non', 'nie', 'falsch', '-']);

export function boolean(options: FieldOptions = {}): Field {
  return {
    ...text(options),
    kind: 'boolean',
    options,
    choices: [
      { value: 'true', label: 'Yes', tone: 'neutral', instead: '' },
      { value: 'false', label: 'No', tone: 'neutral', instead: '' },
    ],
    schema: z.boolean(),
    fromText(raw) {
      const wanted = same(raw);
      if (YES.has(wanted)) return value(true);
      return NO.has(wanted) ? value(false) : wrong('Write yes or no.');
    },
    toText: (stored) => (stored ? 'true' : ''),
    toCell: (stored) => cell('text', stored ? 'Yes' : 'No'),
    input: control('checkbox'),
    filter: 'choice',
    sql: { type: 'boolean', empty: null },
    excel: 'boolean',
  };
}
