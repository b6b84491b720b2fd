import { z } from 'zod';
import { brief, cell, clean, control, type Field, type FieldOptions, value, wrong } from './field.ts';

const printable = (max: number, read = clean) =>
  z
    .string()
    .transform(read)
    .pipe(z.string().min(1, 'Enter a text.').max(max, `Use at most ${max} characters.`));

/** One line, whoever sends it. */
const oneLine = (raw: string): string => clean(raw).replace(/\s+/g, ' ');

/** One line of text. */
export function text(options: FieldOptions & { max?: number } = {}): Field {
  const max = options.max ?? 200;
  return {
    kind: 'text',
    options,
    choices: [],
    to: '',
    schema: printable(max, oneLine),
    fromText(raw) {
      const cleaned = oneLine(raw);
      return cleaned.length > max
        ? wrong(`Use at most ${max} characters; this has ${cleaned.length}.`)
        : value(cleaned || null);
    },
    toText: (stored) => String(stored ?? ''),
    toCell: (stored) => cell('text', String(stored ?? '')),
    input: control('text', { max }),
    filter: 'equals',
    sql: { type: 'text', empty: null },
    excel: 'text',
  };
}

/** Several lines of plain text. */
export function long_text(options: FieldOptions & { max?: number } = {}): Field {
  const max = options.max ?? 20_000;
  return {
    ...text({ ...options, max }),
    kind: 'long_text',
    options,
    schema: printable(max),
    fromText(raw) {
      const cleaned = clean(raw.replaceAll('\r\n', '\n'));
      return cleaned.length > max
        ? wrong(`Use at most ${max} characters; this has ${cleaned.length}.`)
        : value(cleaned || null);
    },
    toCell: (stored) => cell('long', String(stored ?? '')),
    input: control('textarea', { max }),
    filter: 'none',
  };
}

/** An ordered list of short texts; typed and shown with commas between. */
export function list(options: FieldOptions = {}): Field {
  return {
    ...text(options),
    kind: 'list',
    options,
    schema: z.array(printable(100, oneLine)).max(50),
    fromText(raw) {
      const items = [
        ...new Set(
          raw
            .split(/[,;\n]/)
            .map(clean)
            .filter(Boolean),
        ),
      ];
      if (items.length > 50) return wrong('Use at most 50 entries.');
      const long = items.find((item) => item.length > 100);
      return long ? wrong(`"${brief(long, 30)}" is longer than 100 characters.`) : value(items);
    },
    toText: (stored) => (Array.isArray(stored) ? stored.join(', ') : ''),
    toCell(stored) {
      const items = Array.isArray(stored) ? [...stored] : [];
      return items.length ? cell('list', items.join(', '), { items }) : cell('empty', '');
    },
    input: control('text', { max: 2_000 }),
    filter: 'none',
  };
}
