import { DateTime } from 'luxon';
import { type Ctx, can } from '#src/kernel/context.ts';
import { type Entity, fieldLabel, writableFields } from '#src/kernel/entity.ts';
import { ID_HEADER } from '#src/kernel/export.ts';
import { instant } from '#src/kernel/fields/dates.ts';
import { brief } from '#src/kernel/fields/field.ts';
import { activePeople, input, type Person } from '#src/kernel/forms.ts';
import { button } from '#src/kernel/routes.ts';
import type { InputView } from '#src/kernel/views.ts';
import { BY_RECORD, dayOrderInput, defaultInput, LEAVE_EMPTY, matchInput, valueInput, whenInput } from './forms.ts';
import { namedAfter } from './guess.ts';
import { importHead } from './imports.view.ts';
import { columnInput, onlyChanged } from './mapping.ts';
import { type Choices, type ColumnInfo, type ColumnMapping, type Import, letter, PLAIN_CHOICES } from './model.ts';
import { options, readingView, select } from './reading.view.ts';
import {
  addable,
  MATCH_KEYS,
  matchLabel,
  RECORD_ID,
  recordTarget,
  targetEntity,
  targetField,
  targetLabel,
  targets,
} from './targets.ts';
import type { MappingColumn, MappingView } from './views.ts';
import { count } from './words.ts';

/** What a field may be told about a column beyond its target: meanings of values, order of day and month. */
function details(entity: Entity, column: ColumnInfo, line: ColumnMapping): [InputView[], string] {
  const field = targetField(entity, line.field);
  if (field?.kind === 'choice' && column.values?.length) {
    const said = new Map(line.values ?? []);
    const choices = [
      ...field.choices.map((c) => [c.value, c.label] as const),
      [LEAVE_EMPTY, 'Leave it empty'] as const,
    ];
    const inputs = column.values.map(([text, times], index) => {
      const meant = said.get(text);
      return select(
        valueInput(column.index, index),
        `“${brief(text, 60)}” in ${count(times)} ${times === 1 ? 'row' : 'rows'}`,
        {
          options: options(
            [...(meant === undefined ? [['', 'Choose what it means'] as const] : []), ...choices],
            meant === '' ? LEAVE_EMPTY : (meant ?? ''),
          ),
        },
      );
    });
    const unknown = column.values.filter(([text]) => !said.has(text)).length;
    const known = column.values.length - unknown;
    return [
      inputs,
      unknown
        ? `${count(unknown)} ${unknown === 1 ? 'value is' : 'values are'} not known here`
        : `${count(known)} ${known === 1 ? 'value' : 'values'}`,
    ];
  }
  if (field?.kind === 'date' && column.day_order) {
    const chosen = line.day_order ?? '';
    const list = [
      ['dmy', 'Day first: 31/12/2026'],
      ['mdy', 'Month first: 12/31/2026'],
    ] as const;
    return [
      [
        select(dayOrderInput(column.index), 'How dates are written', {
          options: options(chosen ? list : [['', 'Choose'], ...list], chosen),
        }),
      ],
      chosen === 'mdy' ? 'Month first' : chosen === 'dmy' ? 'Day first' : 'Day or month first?',
    ];
  }
  return [[], ''];
}

function noteOf(entity: Entity, column: ColumnInfo, line: ColumnMapping, exported: boolean): string {
  if (column.filled === 0) return 'This column is empty.';
  if (line.field) return '';
  const own = exported && entity.field_names.find((name) => fieldLabel(entity, name) === column.header);
  if (own && !writableFields(entity).includes(own)) return 'Rapport writes this itself; a file cannot change it.';
  const named = namedAfter(entity, column);
  return named ? `The name says ${targetLabel(entity, named)}, the values do not look like it.` : '';
}

/** What a column can become: the record's own fields first, then those of what hangs on it. */
function targetGroups(entity: Entity, chosen: string): MappingColumn['groups'] {
  const groups = new Map<string, [string, string][]>([['', [['', 'Do not import']]]]);
  for (const { field, label, group } of targets(entity))
    groups.set(group, [...(groups.get(group) ?? []), [field, label]]);
  return [...groups].map(([label, list]) => ({ label, options: options(list, chosen) }));
}

/** What the columns of our own exports say about the row. */
const fixedText = (entity: Entity, target: string): string =>
  target === RECORD_ID
    ? `Tells which ${entity.label[0].toLowerCase()} each row is.`
    : 'Tells from which state it was exported.';

/** What a column may overwrite. */
function whenSelect(entity: Entity, column: ColumnInfo, line: ColumnMapping): MappingColumn['when'] {
  const many = targetEntity(entity, line.field).label[1].toLowerCase();
  const list = [
    ['', 'overwrites what is there'],
    ['empty', 'fills what is empty'],
    ...(addable(entity) ? [['never', `only for new ${many}`] as const] : []),
  ] as const;
  const name = whenInput(column.index);
  return { id: `field-${name}`, name, options: options(list, line.when ?? '') };
}

function columnView(
  entity: Entity,
  column: ColumnInfo,
  line: ColumnMapping,
  problems: Record<string, string>,
  exported: boolean,
): MappingColumn {
  const name = columnInput(column.index);
  const own = recordTarget(column.header);
  const [inputs, label] = details(entity, column, line);
  return {
    name,
    id: `field-${name}`,
    letter: letter(column.index),
    header: column.header,
    samples: own ? [] : column.samples,
    fixed: own ? fixedText(entity, own) : '',
    groups: own ? [] : targetGroups(entity, line.field),
    when: own ? null : whenSelect(entity, column, line),
    note: own ? '' : noteOf(entity, column, line, exported),
    error: problems[name] ?? '',
    details: inputs,
    details_label: label,
    details_open: inputs.some((one) => one.options.some((option) => option.selected && option.value === '')),
  };
}

/** Mode, match keys and blank cells. A kind that no file can add is only ever changed, by the rows' own ids. */
function choiceInputs(
  entity: Entity,
  choices: Choices,
  by_record: boolean | null,
  problems: Record<string, string>,
): InputView[] {
  const many = entity.label[1].toLowerCase();
  const error = problems.match ?? '';
  const mode = select('mode', 'What is imported', {
    options: options(
      [
        ['both', `New ${many} are added, known ones are updated`],
        ['create', `Only new ${many} are added`],
        ['update', `Only known ${many} are updated`],
      ],
      choices.mode,
    ),
  });
  const keys = MATCH_KEYS.filter((key) => entity.fields[key] || key === 'name').map((key, index) =>
    input('checkbox', matchInput(key), `Known by: ${matchLabel(entity, key).toLowerCase()}`, {
      checked: choices.match.includes(key),
      error: index === 0 ? error : '',
    }),
  );
  const record = input('checkbox', BY_RECORD, `Known by: the column “${ID_HEADER}” of this export`, {
    checked: by_record === true,
  });
  const blank = select('blank', 'A blank cell', {
    options: options(
      [
        ['keep', 'keeps what is there'],
        ['clear', 'empties the field'],
      ],
      choices.blank,
    ),
  });
  return [
    ...(addable(entity) ? [mode] : []),
    ...(by_record === null ? [] : [record]),
    ...(addable(entity) ? keys : []),
    blank,
  ];
}

/** Values for what the file does not say: choices that every record needs, and whose it is. */
function defaultInputs(
  entity: Entity,
  choices: Choices,
  used: ReadonlySet<string>,
  people: readonly Person[],
  problems: Record<string, string>,
): InputView[] {
  return writableFields(entity).flatMap((name) => {
    const field = entity.fields[name]!;
    if (used.has(name)) return [];
    const id = defaultInput(name);
    const chosen = choices.defaults[name];
    const base = { help: '', error: problems[id] ?? '' };
    if (field.kind === 'choice' && field.options.required) {
      const list = field.choices.map((c) => [c.value, c.label] as const);
      return [
        select(id, fieldLabel(entity, name), {
          ...base,
          options: options(list, chosen ?? String(field.options.initial ?? '')),
        }),
      ];
    }
    if (name === entity.owners[0]) {
      const list = [['', 'Nobody'] as const, ...people.map((p) => [p.id, p.title] as const)];
      return [select(id, fieldLabel(entity, name), { ...base, required: false, options: options(list, chosen ?? '') })];
    }
    return [];
  });
}

/** 'Matched as on 3 March by Anna Novak for the same columns.', and the way to the guess. */
function likeBefore(ctx: Ctx, found: Import): MappingView['like'] {
  const { like } = found.choices;
  if (!like) return null;
  const at = instant(like.at, ctx.tenant.time_zone).setLocale(ctx.tenant.locale);
  const year = at.year === DateTime.now().year ? {} : ({ year: 'numeric' } as const);
  return {
    text: `Matched as on ${at.toLocaleString({ day: 'numeric', month: 'long', ...year })} by ${like.who} for the same columns.`,
    action: button(ctx, 'Start from the guess instead', `/imports/${found.id}/guess`),
  };
}

/** What is odd about the file, and what is to be known about its kind. */
function notesOf(found: Import, entity: Entity, exported: boolean): MappingView['notes'] {
  const many = entity.label[1].toLowerCase();
  return [
    ...(found.choices.recognised
      ? [{ tone: 'accent' as const, text: `This is an edited export of ${many}, so its rows are read as ${many}.` }]
      : []),
    ...(addable(entity) || exported ? [] : [{ tone: 'amber' as const, text: onlyChanged(entity) }]),
    ...found.notes.map((text) => ({ tone: 'amber' as const, text })),
  ];
}

/** Where the summary leads for a problem. */
function placeOf(entity: Entity, columns: readonly MappingColumn[], problem: string): string {
  const key = MATCH_KEYS.find((name) => entity.fields[name] || name === 'name')!;
  if (problem === 'mapping') return columns.find(({ fixed }) => !fixed)?.id ?? '';
  return problem === 'match' ? `field-${matchInput(key)}` : `field-${problem}`;
}

/** The page on which columns are matched to fields. */
export async function mappingView(
  ctx: Ctx,
  found: Import,
  entity: Entity,
  problems: Record<string, string>,
): Promise<MappingView> {
  const choices: Choices = { ...PLAIN_CHOICES, ...found.choices };
  const lines = new Map((found.mapping ?? []).map((line) => [line.column, line]));
  const used = new Set((found.mapping ?? []).map((line) => line.field));
  const exported = found.columns.some(({ header }) => recordTarget(header) === RECORD_ID);
  const label = (name: string) => {
    const column = found.columns.find((c) => columnInput(c.index) === name);
    return column?.header ?? (name === 'match' ? 'Known by' : 'Columns');
  };
  const columns = found.columns.map((column) =>
    columnView(entity, column, lines.get(column.index) ?? { column: column.index, field: '' }, problems, exported),
  );
  const people = can(ctx, `${entity.name}.create`) && addable(entity) ? await activePeople(ctx) : [];
  return {
    head: importHead(found, 1),
    action: `/imports/${found.id}/mapping`,
    hidden: [{ name: '_csrf', value: ctx.csrf }],
    errors: Object.entries(problems).map(([name, message]) => ({
      id: placeOf(entity, columns, name),
      label: label(name),
      message,
    })),
    notes: notesOf(found, entity, exported),
    reading: readingView(ctx, found, 'How the file is read'),
    like: likeBefore(ctx, found),
    columns,
    choices: choiceInputs(entity, choices, exported ? used.has(RECORD_ID) : null, problems),
    defaults: addable(entity) ? defaultInputs(entity, choices, used, people, problems) : [],
    submit: 'Show the plan',
    cancel: null,
  };
}
