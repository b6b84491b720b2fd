import { allEntities, type Entity, entityAt, entityNamed, fieldLabel, writableFields } from '#src/kernel/entity.ts';
import { ID_HEADER, VERSION_HEADER } from '#src/kernel/export.ts';
import type { Field } from '#src/kernel/fields/field.ts';

/** Entities whose lists can be imported. Each has a find_matching_<table> function in the database (migration 0005). */
export const IMPORTABLE = ['customer', 'contact', 'lead'] as const;

/** The keys a row can be matched by, in the order in which they are tried. */
export const MATCH_KEYS = ['external_id', 'email', 'name'] as const;
export type MatchKey = (typeof MATCH_KEYS)[number];

/** What else must fit before two records of one name are taken for the same. */
const BESIDE_NAME: Record<string, { field: string; blank_fits: boolean; label: string }> = {
  customer: { field: 'city', blank_fits: true, label: 'Name and city' },
  contact: { field: 'customer_id', blank_fits: false, label: 'Name and customer' },
  lead: { field: 'company', blank_fits: false, label: 'Name and company' },
};
export const besideName = (entity: Entity) =>
  BESIDE_NAME[entity.name] ?? { field: '', blank_fits: false, label: 'Name' };

export const matchLabel = (entity: Entity, key: MatchKey): string =>
  key === 'name' ? besideName(entity).label : fieldLabel(entity, key);

/** The entity behind 'customers' or 'customer'; undefined for any other word. */
export const importable = (name: string): Entity | undefined =>
  entityAt(name) ?? allEntities().find((entity) => entity.name === name);

/** Can a file add records of this kind? Any kind can be changed by an edited export of its list. */
export const addable = (entity: Entity): boolean => IMPORTABLE.includes(entity.name as never);

/** Parts of a person's name that stand in columns of their own; together they become the name. */
export const NAME_PARTS = { first_name: 'First name', last_name: 'Last name' } as const;
export type NamePart = keyof typeof NAME_PARTS;
export const isNamePart = (field: string): field is NamePart => Object.hasOwn(NAME_PARTS, field);

const hasNameParts = (entity: Entity) => entity.name === 'contact' || entity.name === 'lead';

/** Columns of our own exports, which say which record a row is and which version of it was exported. Nothing writes them. */
export const RECORD_ID = '@id';
export const RECORD_VERSION = '@version';
const RECORD_LABELS: Record<string, string> = { [RECORD_ID]: ID_HEADER, [RECORD_VERSION]: VERSION_HEADER };
export const isRecordTarget = (field: string): boolean => Object.hasOwn(RECORD_LABELS, field);
/** Which of them a header names, if any. */
export const recordTarget = (header: string): string | undefined =>
  Object.keys(RECORD_LABELS).find((target) => RECORD_LABELS[target] === header);

/** What a customer's row may carry besides the customer. Each part is a record of its own that hangs on the customer. */
export const PARTS = [
  { name: 'contact', entity: 'contact', label: 'Contact' },
  { name: 'contact2', entity: 'contact', label: 'Second contact' },
  { name: 'contact3', entity: 'contact', label: 'Third contact' },
  { name: 'account', entity: 'account', label: 'Account' },
] as const;
export type Part = (typeof PARTS)[number];

/** References of a part are its customer's business; what it is tagged with, nobody's yet. */
const PART_KINDS = new Set(['ref', 'tags', 'list']);

export interface Target {
  /** what a mapping says: 'name', 'contact.email' */
  field: string;
  label: string;
  /** heading of the group it stands in; '' for the record's own fields */
  group: string;
}

function ownTargets(entity: Entity, prefix = '', group = ''): Target[] {
  const names = writableFields(entity).filter((name) => !group || !PART_KINDS.has(entity.fields[name]!.kind));
  const label = (text: string) => (group ? `${group}: ${text.toLowerCase()}` : text);
  return [
    ...names.map((name) => ({ field: prefix + name, label: label(fieldLabel(entity, name)), group })),
    ...(hasNameParts(entity)
      ? Object.entries(NAME_PARTS).map(([name, text]) => ({
          field: prefix + name,
          label: label(`${text} (part of the name)`),
          group,
        }))
      : []),
  ];
}

const known = new Map<string, Target[]>();

/** What a column can become: the fields that forms may write, never an id, a version, the tenant or a service's field. */
export function targets(entity: Entity): Target[] {
  const before = known.get(entity.name);
  if (before) return before;
  const parts = entity.name === 'customer' ? PARTS : [];
  const made = [
    ...ownTargets(entity),
    ...parts.flatMap((part) => ownTargets(entityNamed(part.entity), `${part.name}.`, part.label)),
  ];
  known.set(entity.name, made);
  return made;
}

/** The part that a target belongs to and the name of its field there; part null: the row's own record. */
export function splitTarget(target: string): { part: Part | null; field: string } {
  const dot = target.indexOf('.');
  const part = dot > 0 ? (PARTS.find(({ name }) => name === target.slice(0, dot)) ?? null) : null;
  return part ? { part, field: target.slice(dot + 1) } : { part: null, field: target };
}

/** The entity whose field a target is. */
export const targetEntity = (entity: Entity, target: string): Entity => {
  const { part } = splitTarget(target);
  return part ? entityNamed(part.entity) : entity;
};

/** The declared field behind a target; undefined for parts of a name and for the columns that name a record. */
export const targetField = (entity: Entity, target: string): Field | undefined =>
  targetEntity(entity, target).fields[splitTarget(target).field];

export const targetLabel = (entity: Entity, target: string): string =>
  RECORD_LABELS[target] ?? targets(entity).find(({ field }) => field === target)?.label ?? fieldLabel(entity, target);
