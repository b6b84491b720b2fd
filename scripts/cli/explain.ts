import { ROLES } from '../../src/kernel/access.ts';
import { allEntities, type Entity, fieldLabel } from '../../src/kernel/entity.ts';
import type { Field } from '../../src/kernel/fields/field.ts';
import { type Command, Failure } from './command.ts';

const WRITES = ['create', 'update', 'remove', 'export'] as const;
const NARROWS: Record<Field['filter'], string> = {
  choice: 'one or more of its values',
  equals: 'equal to',
  range: 'from … to',
  ref: 'points to',
  tags: 'has the tag',
  none: '',
};

const table = (rows: readonly (readonly string[])[]): string[] => {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => row[i]!.length)));
  return rows.map((row) => `  ${row.map((text, i) => text.padEnd(widths[i]!)).join('  ')}`.trimEnd());
};

/** What a field is, in words: 'choice: new, active', 'ref to customer'. */
function typeOf(field: Field): string {
  if (field.kind === 'choice') return `choice: ${field.choices.map((choice) => choice.value).join(', ')}`;
  return field.kind === 'ref' ? `ref to ${field.to}` : field.kind;
}

function remarks(field: Field): string {
  const { required, initial, writtenBy, help } = field.options;
  return [
    required && 'required',
    initial !== undefined && initial !== '' && `starts as ${initial}`,
    writtenBy === 'service' && 'written by the product alone',
    help,
  ]
    .filter(Boolean)
    .join('; ');
}

/** Everything an entity declares, as text. */
export function explain(entity: Entity): string {
  const fields = entity.field_names.map((name) => {
    const field = entity.fields[name]!;
    return [name, fieldLabel(entity, name), typeOf(field), remarks(field)];
  });
  const filters = entity.filters.map((name) => [name, NARROWS[entity.fields[name]!.filter]]);
  const access = ROLES.map((role) => [
    role,
    entity.access.read[role] ?? '–',
    ...WRITES.map((verb) => (entity.access[verb].includes(role) ? 'yes' : '–')),
  ]);
  const sorts = [...new Set([...entity.sorts, 'created_at', 'updated_at'])];
  return [
    `${entity.label[0]} (${entity.name}): table ${entity.table}, pages at /${entity.table}, API at /api/v1/${entity.table}`,
    `Named by ${entity.title}; a list shows ${[entity.title, ...entity.columns].join(', ')}.`,
    '',
    'Fields',
    ...table([['name', 'label', 'type', 'remarks'], ...fields]),
    '',
    filters.length ? 'Filters' : 'No filters.',
    ...table(filters),
    '',
    `Sorts: ${sorts.join(', ')} (- in front of it: descending; the first is the default)`,
    entity.search.length ? `Search looks into ${entity.search.join(', ')}.` : 'No search.',
    '',
    'Access: which rows a role reaches, and what it may do with them',
    ...table([['role', 'reads', ...WRITES], ...access]),
    '',
    `Own are rows created by the person${entity.owners.length ? ` or naming the person in ${entity.owners.join(' or ')}` : ''}.`,
    ...(entity.through ? [`Whoever sees what ${entity.through} points to sees the row as well.`] : []),
  ].join('\n');
}

export const EXPLAIN_COMMANDS: readonly Command[] = [
  {
    words: 'explain',
    does: 'What an entity is: fields, filters, sorts, who may do what.',
    options: {},
    takes: ['ENTITY'],
    run: {
      kind: 'plain',
      work: async (call) => {
        await import('../../src/modules/index.ts'); // declares them all
        const wanted = call.taken[0]!.toLowerCase();
        const entity = allEntities().find((one) => [one.name, one.table].includes(wanted));
        if (!entity) {
          const known = allEntities().map((one) => one.name);
          throw new Failure(`There is no entity ${wanted}; there are ${known.sort().join(', ')}.`);
        }
        call.print(explain(entity));
      },
    },
  },
];
