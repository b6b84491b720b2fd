import { Kept } from '#src/platform/kept.ts';
import { type Ctx, can } from './context.ts';
import { type Entity, fieldLabel, refTarget, writableFields } from './entity.ts';
import { invalid } from './errors.ts';
import { clean, type Field, type Value } from './fields/field.ts';
import { UUID } from './fields/links.ts';
import { newId } from './ids.ts';
import { patterns } from './list_sql.ts';
import type { Titles } from './presenters.ts';
import type { Values } from './records.ts';
import { type Body, entry } from './routes.ts';
import type { Row } from './tenant_db.ts';
import type { FormView, Hidden, InputView, Option } from './views.ts';
import { visible } from './visibility.ts';

/** Stands in a form for a record that the reader may not see, or that is in the trash; sent back, it stays as it is. */
const UNSEEN = 'Not visible to you';

/** More people than this are found by typing instead of choosing from a list. */
const MOST_OPTIONS = 200;
const MOST_TAGS = 100;

export interface Person {
  id: string;
  title: string;
}

/** So many lists of names are kept, of two kinds a company. */
const kept = new Kept<{ mark: string; names: readonly unknown[] }>(1_000);

/** Names as they were when their company was last marked as it is now (decision 0011): every list and form offers them. */
async function names<T>(ctx: Ctx, kind: string, load: () => PromiseLike<unknown>): Promise<readonly T[]> {
  const [key, mark] = [`${kind} of ${ctx.db.tenant_id}`, ctx.names_mark];
  const known = kept.get(key);
  if (mark && known?.mark === mark) return known.names as T[];
  const found = (await load()) as T[];
  if (!mark) return found;
  kept.set(key, { mark, names: found });
  return found;
}

/** Colleagues a record can be given to. */
export const activePeople = (ctx: Ctx): Promise<readonly Person[]> =>
  names(ctx, 'people', () =>
    ctx.db
      .from('users', 'users', 'users.options')
      .select('id', 'name as title')
      .whereNull('deactivated_at')
      .orderBy('name')
      .orderBy('id')
      .limit(MOST_OPTIONS),
  );

const tagNames = (ctx: Ctx): Promise<readonly string[]> =>
  names(ctx, 'tags', () =>
    ctx.db.from('tags', 'tags', 'tags.options').whereNull('deleted_at').orderBy('name').limit(MOST_TAGS).pluck('name'),
  );

/** What a list can be narrowed by: colleagues, where people are among its filters, and tags, where it has any. */
export async function listNames(
  ctx: Ctx,
  entity: Entity,
): Promise<{ people: readonly Person[]; tags: readonly string[] }> {
  const byPeople = entity.filters.some((name) => entity.fields[name]?.to === 'user');
  const [people, tags] = await Promise.all([byPeople ? activePeople(ctx) : [], entity.tag_field ? tagNames(ctx) : []]);
  return { people, tags };
}

const PLAIN_INPUT: Omit<InputView, 'id' | 'name' | 'label' | 'control'> = {
  value: '',
  ref_id: '',
  lookup: '',
  checked: false,
  options: [],
  required: false,
  help: '',
  error: '',
  max: 0,
  step: '',
  autocomplete: 'off',
  autofocus: false,
};

/** One control of a form that no entity describes; empty but for what `more` says. */
export const input = (
  control: InputView['control'],
  name: string,
  label: string,
  more: Partial<InputView> = {},
): InputView => ({ ...PLAIN_INPUT, id: `field-${name}`, name, label, control, ...more });

/** The summary above a form, from its controls. */
export const errorsOf = (inputs: readonly InputView[]): FormView['errors'] =>
  inputs.filter((one) => one.error).map((one) => ({ id: one.id, label: one.label, message: one.error }));

/** Text of a form for a stored or initial value. */
const textOf = (ctx: Ctx, field: Field, value: Value | undefined): string =>
  value === undefined || value === null ? '' : field.toText(value, ctx.tenant);

interface Shown {
  /** what stands in the record, or the initial values */
  row: Row;
  titles: Titles;
  people: readonly Person[];
  /** what was typed, when the form comes back */
  typed: Body | null;
  problems: Record<string, string>;
  /** put before every id, so that several forms live on one page */
  prefix?: string;
}

/** One control per field. */
export function inputs(ctx: Ctx, entity: Entity, names: readonly string[], shown: Shown): InputView[] {
  const wrongFirst = names.find((name) => shown.problems[name]);
  return names.map((name, index) => {
    const field = entity.fields[name]!;
    const typed = shown.typed && Object.hasOwn(shown.typed, name) ? shown.typed[name]! : null;
    const stored = shown.row[name] as Value;
    const people = field.to === 'user';
    const text =
      field.kind === 'ref' && !people
        ? stored
          ? (shown.titles.get(String(stored)) ?? UNSEEN)
          : ''
        : textOf(ctx, field, stored);
    const value = typed ?? text;
    return {
      id: `${shown.prefix ?? 'field'}-${name}`,
      name,
      label: fieldLabel(entity, name),
      ...field.input,
      control: people ? 'select' : field.input.control,
      value,
      ref_id:
        field.kind === 'ref' && !people ? (shown.typed ? entry(shown.typed, `${name}__id`) : String(stored ?? '')) : '',
      lookup:
        field.kind === 'ref' && !people
          ? `/${refTarget(field).table}/lookup`
          : field.kind === 'tags'
            ? '/tags/lookup'
            : '',
      checked: field.kind === 'boolean' && value === 'true',
      options: options(field, value, shown),
      required: !!field.options.required,
      help: field.options.help ?? '',
      error: shown.problems[name] ?? '',
      autofocus: wrongFirst ? name === wrongFirst : index === 0 && !shown.prefix,
    };
  });
}

function options(field: Field, value: string, { people, titles }: Pick<Shown, 'people' | 'titles'>): Option[] {
  // Who left, or is one of too many to list, keeps what was given to them until somebody chooses otherwise.
  const gone = field.to === 'user' && value && !people.some((p) => p.id === value);
  const all =
    field.to === 'user'
      ? [...(gone ? [{ id: value, title: titles.get(value) ?? UNSEEN }] : []), ...people].map((p) => ({
          value: p.id,
          label: p.title,
        }))
      : field.kind === 'choice'
        ? field.choices.filter((c) => !c.instead || c.value === value).map((c) => ({ value: c.value, label: c.label }))
        : [];
  if (!all.length && field.kind !== 'choice') return [];
  const empty = field.options.required && value ? [] : [{ value: '', label: '—' }];
  return [...empty, ...all].map((o) => ({ ...o, selected: o.value === value }));
}

/** Fields that a form must carry so that it can be read back: token, version, key of a repeated send, checkboxes. */
export function hiddenFields(ctx: Ctx, more: Record<string, string> = {}): Hidden[] {
  return Object.entries({ _csrf: ctx.csrf, ...more }).map(([name, value]) => ({ name, value }));
}

/** An unchecked box sends nothing; this says that it was on the form. */
export const checkboxes = (entity: Entity, names: readonly string[]): Record<string, string> => {
  const boxes = names.filter((name) => entity.fields[name]?.kind === 'boolean');
  return boxes.length ? { _boxes: boxes.join(',') } : {};
};

/** A form to make a new record, with the key that makes sending it twice safe. */
export function newForm(
  ctx: Ctx,
  entity: Entity,
  names: readonly string[],
  shown: Shown,
  more: { hidden?: Record<string, string>; cancel?: string; heading?: string } = {},
): FormView {
  const one = entity.label[0].toLowerCase();
  return formView(entity, inputs(ctx, entity, names, shown), shown, {
    heading: more.heading ?? `New ${one}`,
    action: `/${entity.table}`,
    submit: `Add ${one}`,
    cancel: more.cancel ?? '',
    hidden: hiddenFields(ctx, {
      _once: shown.typed ? entry(shown.typed, '_once') || newId() : newId(),
      ...checkboxes(entity, names),
      ...more.hidden,
    }),
  });
}

/** The form around the controls, with a summary of what is wrong that links to each. */
export function formView(
  entity: Entity,
  controls: InputView[],
  shown: Pick<Shown, 'problems' | 'prefix'>,
  rest: Pick<FormView, 'heading' | 'action' | 'submit' | 'cancel' | 'hidden'>,
): FormView {
  const errors = Object.entries(shown.problems).map(([name, message]) => ({
    id: `${shown.prefix ?? 'field'}-${name}`,
    label: entity.fields[name] ? fieldLabel(entity, name) : entity.label[0],
    message,
  }));
  return { base: `/${entity.table}`, ...rest, errors, inputs: controls };
}

/** Initial values of a new record, the owner being whoever makes it. */
export function initialRow(ctx: Ctx, entity: Entity): Row {
  const row: Row = {};
  for (const name of writableFields(entity)) {
    const { kind, options: settings } = entity.fields[name]!;
    row[name] = settings.initial ?? (kind === 'currency' ? ctx.tenant.currency : null);
  }
  const mine = entity.owners[0];
  if (mine && can(ctx, `${entity.name}.create`)) row[mine] = ctx.actor.id;
  return row;
}

/**
 * Reads a form. Only fields that are on the form are returned; '' clears a field.
 * @throws 422 with what is wrong per field
 */
export async function readForm(ctx: Ctx, entity: Entity, body: Body): Promise<Values> {
  const values: Values = {};
  const problems: Record<string, string> = {};
  for (const name of entry(body, '_boxes').split(','))
    if (entity.fields[name]?.kind === 'boolean') values[name] = false;
  for (const name of writableFields(entity)) {
    if (!Object.hasOwn(body, name)) continue;
    const field = entity.fields[name]!;
    const raw = body[name]!;
    if (!clean(raw)) {
      values[name] = field.kind === 'tags' || field.kind === 'list' ? [] : field.kind === 'boolean' ? false : null;
      // Said together with what else is wrong, so that nobody has to send a form twice to learn both.
      const { required, initial } = field.options;
      if (required && initial === undefined && field.kind !== 'currency')
        problems[name] = `${fieldLabel(entity, name)} is required.`;
      continue;
    }
    const parsed =
      field.kind === 'ref'
        ? await readReference(ctx, field, raw, entry(body, `${name}__id`))
        : field.fromText(raw, ctx.tenant);
    if (parsed.ok) values[name] = parsed.value;
    else problems[name] = parsed.message;
  }
  if (Object.keys(problems).length) throw invalid(problems);
  return values;
}

/** A reference as typed: an id, a title chosen from the list (its id came along), or a title that is clear by itself. */
async function readReference(ctx: Ctx, field: Field, raw: string, id: string) {
  const text = clean(raw);
  if (UUID.test(text)) return { ok: true as const, value: text };
  if (text === UNSEEN && UUID.test(id)) return { ok: true as const, value: id };
  const target = refTarget(field);
  if (!target.entity) return { ok: false as const, message: 'Choose one from the list.' };
  const title = `${target.table}.${target.title}`;
  const named = () =>
    visible(ctx, target.entity!, `${field.to}.by_title`)
      .select(`${target.table}.id`)
      .whereRaw(`lower(${title}) = lower(?)`, [text]);
  // Picked from the list: its id came along and still has this name.
  if (UUID.test(id) && ((await named().where(`${target.table}.id`, id)) as Row[]).length)
    return { ok: true as const, value: id };
  const found = (await named()
    .whereRaw(
      `${target.table}.id in (select find_${target.table}(array[${patterns(text)
        .map(() => 'fold(?)')
        .join(', ')}], null, 1000))`,
      patterns(text),
    )
    .limit(20)) as { id: string }[];
  if (found.length === 1) return { ok: true as const, value: found[0]!.id };
  const [one, many] = target.entity.label;
  return {
    ok: false as const,
    message: found.length
      ? `${found.length} ${many.toLowerCase()} are called that. Choose the right one from the list that appears while typing.`
      : `There is no ${one.toLowerCase()} called “${text.slice(0, 60)}” that you can see.`,
  };
}
