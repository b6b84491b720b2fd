import { type Ctx, can } from '#src/kernel/context.ts';
import { type Entity, fieldLabel, writableFields } from '#src/kernel/entity.ts';
import { activePeople, type Person } from '#src/kernel/forms.ts';
import type { FormView, Hidden, InputView, Option } from '#src/kernel/views.ts';
import type { MappingColumn, MappingView } from '#src/kernel/views_pages.ts';
import { dayOrderInput, defaultInput, LEAVE_EMPTY, matchInput, valueInput } from './forms.ts';
import { namedAfter } from './guess.ts';
import { importHead } from './imports.view.ts';
import { columnInput } from './mapping.ts';
import { type Choices, type ColumnInfo, type ColumnMapping, type Import, letter, PLAIN_CHOICES } from './model.ts';
import { MATCH_KEYS, matchLabel, recordTarget, targetField, targetLabel, targets } from './targets.ts';
import { count } from './words.ts';

const input = (name: string, label: string, more: Partial<InputView>): InputView => ({
  id: `field-${name}`,
  name,
  label,
  control: 'select',
  value: '',
  ref_id: '',
  lookup: '',
  checked: false,
  options: [],
  required: true,
  help: '',
  error: '',
  max: 0,
  step: '',
  autocomplete: '',
  autofocus: false,
  ...more,
});

const options = (list: readonly (readonly [value: string, label: string])[], chosen: string): Option[] =>
  list.map(([value, label]) => ({ value, label, selected: value === chosen }));

/** Which sheet is read and which row names the columns; null when the file leaves nothing to choose. */
export function sourceForm(ctx: Ctx, found: Import, heading: string): FormView {
  const filled = found.sheets.filter((sheet) => sheet.rows.length > 0);
  const sheet = found.sheets.find((s) => s.index === found.sheet) ?? filled[0]!;
  const sheets = filled.map((s) => [String(s.index), `${s.name}${s.hidden ? ' (hidden)' : ''}`] as const);
  const headers = sheet.rows.slice(0, 20).map((row) => {
    const cells = row.cells.map((text) => text.replace(/\s+/g, ' ').trim()).filter(Boolean);
    return [String(row.number), `Row ${row.number}: ${cells.slice(0, 4).join(' · ').slice(0, 80)}`] as const;
  });
  const header = found.header_row ?? -1;
  const inputs = [
    ...(filled.length > 1 ? [input('sheet', 'Sheet', { options: options(sheets, String(sheet.index)) })] : []),
    ...(found.header_row === null
      ? []
      : [
          input('header_row', 'The columns are named in', {
            options: options([...headers, ['0', 'No row: the list begins at once'] as const], String(header)),
            help: 'Rows above it are left out.',
          }),
        ]),
  ];
  const hidden: Hidden[] = [{ name: '_csrf', value: ctx.csrf }];
  if (filled.length <= 1) hidden.push({ name: 'sheet', value: String(sheet.index) });
  return {
    base: '/imports',
    heading,
    action: `/imports/${found.id}/source`,
    submit: 'Read again',
    cancel: '',
    hidden,
    errors: [],
    inputs,
  };
}

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
      return input(
        valueInput(column.index, index),
        `“${text.slice(0, 60)}” in ${count(times)} ${times === 1 ? 'row' : 'rows'}`,
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
        input(dayOrderInput(column.index), 'How dates are written', {
          options: options(chosen ? list : [['', 'Choose'], ...list], chosen),
        }),
      ],
      chosen === 'mdy' ? 'Month first' : chosen === 'dmy' ? 'Day first' : 'Day or month first?',
    ];
  }
  return [[], ''];
}

function noteOf(entity: Entity, column: ColumnInfo, line: ColumnMapping): string {
  if (column.filled === 0) return 'This column is empty.';
  const named = line.field ? '' : namedAfter(entity, column);
  return named ? `The name says ${targetLabel(entity, named)}, the values do not look like it.` : '';
}

function columnView(
  entity: Entity,
  column: ColumnInfo,
  line: ColumnMapping,
  problems: Record<string, string>,
): MappingColumn {
  const name = columnInput(column.index);
  const [inputs, label] = details(entity, column, line);
  const own = recordTarget(column.header);
  const offered = [...(own ? [own] : []), ...targets(entity).map(({ field }) => field)];
  return {
    name,
    id: `field-${name}`,
    letter: letter(column.index),
    header: column.header,
    samples: column.samples,
    options: options([['', 'Do not import'], ...offered.map((t) => [t, targetLabel(entity, t)] as const)], line.field),
    note: noteOf(entity, column, line),
    error: problems[name] ?? '',
    details: inputs,
    details_label: label,
    details_open: inputs.some((one) => one.options.some((option) => option.selected && option.value === '')),
  };
}

/** Mode, keys and blank cells. */
function choiceInputs(entity: Entity, choices: Choices, problems: Record<string, string>): InputView[] {
  const many = entity.label[1].toLowerCase();
  return [
    input('mode', 'What is imported', {
      options: options(
        [
          ['both', `New ${many} are added, known ones are updated`],
          ['create', `Only new ${many} are added`],
          ['update', `Only known ${many} are updated`],
        ],
        choices.mode,
      ),
    }),
    ...MATCH_KEYS.filter((key) => entity.fields[key] || key === 'name').map((key, index) =>
      input(matchInput(key), `Known by: ${matchLabel(entity, key).toLowerCase()}`, {
        control: 'checkbox',
        checked: choices.match.includes(key),
        error: index === 0 ? (problems.match ?? '') : '',
      }),
    ),
    input('blank', 'A blank cell', {
      options: options(
        [
          ['keep', 'keeps what is there'],
          ['clear', 'empties the field'],
        ],
        choices.blank,
      ),
    }),
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
        input(id, fieldLabel(entity, name), {
          ...base,
          options: options(list, chosen ?? String(field.options.initial ?? '')),
        }),
      ];
    }
    if (name === entity.owners[0]) {
      const list = [['', 'Nobody'] as const, ...people.map((p) => [p.id, p.title] as const)];
      return [input(id, fieldLabel(entity, name), { ...base, required: false, options: options(list, chosen ?? '') })];
    }
    return [];
  });
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
  const label = (name: string) => {
    const column = found.columns.find((c) => columnInput(c.index) === name);
    return column?.header ?? (name === 'match' ? 'Known by' : 'Columns');
  };
  const source = sourceForm(ctx, found, 'Sheet and header row');
  return {
    head: importHead(found, 1),
    action: `/imports/${found.id}/mapping`,
    hidden: [{ name: '_csrf', value: ctx.csrf }],
    errors: Object.entries(problems).map(([name, message]) => ({
      id: name === 'mapping' ? 'field-column_0' : name === 'match' ? 'field-match_external_id' : `field-${name}`,
      label: label(name),
      message,
    })),
    notes: found.notes.map((text) => ({ tone: 'amber' as const, text })),
    source,
    columns: found.columns.map((column) =>
      columnView(entity, column, lines.get(column.index) ?? { column: column.index, field: '' }, problems),
    ),
    choices: choiceInputs(entity, choices, problems),
    defaults: defaultInputs(
      entity,
      choices,
      used,
      can(ctx, `${entity.name}.create`) ? await activePeople(ctx) : [],
      problems,
    ),
    submit: 'Show the plan',
    cancel: null,
  };
}
