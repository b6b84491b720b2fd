import { z } from 'zod';
import { cell, clean, control, type Field, type FieldOptions, value, wrong } from './field.ts';
import { list, text } from './text.ts';

export const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/**
 * One record of another entity. Stored is its id; what people type is a title, which records.ts turns into the id among
 * the rows the actor may see.
 */
export function ref(to: string, options: FieldOptions = {}): Field {
  return {
    ...text(options),
    kind: 'ref',
    options,
    to,
    schema: z.string().regex(UUID, 'Send the id of a record.'),
    fromText: (raw) => (UUID.test(raw) ? value(raw) : wrong('Choose one from the list.')),
    toCell: (stored) => cell('text', String(stored ?? '')),
    input: control('ref', { max: 200 }),
    filter: 'ref',
    sql: { type: 'uuid', empty: null },
  };
}

/** Tags of the tenant by name, in a table of their own; new names become new tags. */
export function tags(options: FieldOptions = {}): Field {
  return {
    ...list(options),
    kind: 'tags',
    fromText(raw) {
      const names = [
        ...new Set(
          raw
            .split(/[,;\n]/)
            .map(clean)
            .filter(Boolean),
        ),
      ];
      if (names.length > 50) return wrong('Use at most 50 tags.');
      return names.some((n) => n.length > 100) ? wrong('A tag has at most 100 characters.') : value(names);
    },
    input: control('tags', { max: 2_000 }),
    filter: 'tags',
  };
}
