import { declarePermission, type EntityAccess, type Role } from './access.ts';
import { words } from './fields/choice.ts';
import type { Field } from './fields/field.ts';

/**
 * What a plain entity is: data and access, nothing else. From it come the list, the record page, the forms, trash, Excel
 * and CSV, /api/v1, JSON Schema, audit, search and the test matrix. There is no layout, no widget and no negation here;
 * what is special is a function, a route and a page of its module. test/kernel/size.test.ts counts these keys.
 */
export interface Definition<F extends Record<string, Field> = Record<string, Field>> {
  /** singular, as references and permissions name it */
  name: string;
  /** table and address: /customers */
  table: string;
  label: readonly [one: string, many: string];
  /** the field that names a record */
  title: keyof F & string;
  fields: F;
  /** what a list shows behind the title */
  columns: readonly (keyof F & string)[];
  /** what a list may be sorted by, besides created_at and updated_at; each stands on an index. The first is the default. */
  sorts: readonly string[];
  /** what a list narrows by */
  filters: readonly (keyof F & string)[];
  /** columns behind the table's search_text; empty: no search */
  search: readonly (keyof F & string)[];
  /** user references that make a row somebody's own, besides created_by */
  owners: readonly (keyof F & string)[];
  /** a row is also visible to whoever may see what one of these references points to */
  through: readonly (keyof F & string)[];
  /** the instant at which it happened: makes it part of the timeline of what it refers to */
  happened: string | null;
  /** section of the sidebar, or null: reached from other records alone */
  section: 'Work' | 'Sales' | 'Success' | 'Support' | 'Insight' | 'Admin' | null;
  icon: string;
  access: EntityAccess;
}

export interface Entity extends Definition {
  field_names: readonly string[];
  /** what people call each field */
  labels: Readonly<Record<string, string>>;
  /** table of the tags of its records, when it has a tags field */
  tag_table: string | null;
  tag_field: string | null;
}

const entities = new Map<string, Entity>();

/** Who may be referred to without being an entity with pages of its own. */
const plainTargets = new Map([['user', { table: 'users', title: 'name' }]]);

/**
 * Declares an entity. Checked at boot, so that a slip never reaches a request.
 * @throws Error naming the entity and what is wrong with it
 */
export function defineEntity<const F extends Record<string, Field>>(definition: Definition<F>): Entity {
  const { name, fields, access } = definition;
  const fail = (problem: string): never => {
    throw new Error(`entity ${name}: ${problem}`);
  };
  if (entities.has(name)) fail('is declared twice');
  if (!access?.read) fail('declares no access');
  for (const key of ['columns', 'filters', 'search', 'owners', 'through'] as const) {
    for (const field of definition[key]) if (!fields[field]) fail(`${key} names the unknown field ${field}`);
  }
  for (const field of definition.filters) if (fields[field]?.filter === 'none') fail(`${field} cannot be a filter`);
  for (const field of definition.owners) if (fields[field]?.to !== 'user') fail(`${field} is no reference to a user`);
  const tagField = Object.keys(fields).find((field) => fields[field]?.kind === 'tags') ?? null;
  const entity: Entity = {
    ...definition,
    field_names: Object.keys(fields),
    labels: Object.fromEntries(
      Object.entries(fields).map(([field, { options }]) => [field, options.label ?? words(field.replace(/_id$/, ''))]),
    ),
    tag_field: tagField,
    tag_table: tagField ? `${name}_tags` : null,
  };
  declarePermission(`${name}.read`, Object.keys(access.read) as Role[]);
  for (const verb of ['create', 'update', 'remove', 'export'] as const)
    declarePermission(`${name}.${verb}`, access[verb]);
  entities.set(name, entity);
  return entity;
}

export const allEntities = (): readonly Entity[] => [...entities.values()];

export function entityNamed(name: string): Entity {
  const found = entities.get(name);
  if (!found) throw new Error(`there is no entity ${name}`);
  return found;
}

/** Entity by its table and address, e.g. 'customers'. */
export const entityAt = (table: string): Entity | undefined => allEntities().find((entity) => entity.table === table);

/** Where a reference points: table and naming column; `entity` when it has pages and rules of its own. */
export function refTarget(field: Field): { table: string; title: string; entity: Entity | null } {
  const plain = plainTargets.get(field.to);
  if (plain) return { ...plain, entity: null };
  const entity = entityNamed(field.to);
  return { table: entity.table, title: entity.title, entity };
}

/** Entities with a reference to this one, with the field that holds it. */
export function referrers(entity: Entity): { entity: Entity; field: string }[] {
  return allEntities().flatMap((other) =>
    other.field_names
      .filter((field) => other.fields[field]?.to === entity.name)
      .map((field) => ({ entity: other, field })),
  );
}

/** 'owner_id' -> 'Owner' unless the field says otherwise. */
export const fieldLabel = (entity: Entity, field: string): string =>
  entity.labels[field] ?? words(field.replace(/_id$/, ''));

/** Fields that forms, imports and the API may write. */
export const writableFields = (entity: Entity): string[] =>
  entity.field_names.filter((field) => entity.fields[field]?.options.writtenBy !== 'service');

/** Columns of the table behind the declared fields; tags live elsewhere. */
export const storedFields = (entity: Entity): string[] =>
  entity.field_names.filter((field) => entity.fields[field]?.kind !== 'tags');

/** Every entity's references point somewhere: called once all are declared. */
export function checkEntities(): void {
  for (const entity of entities.values()) {
    for (const field of Object.values(entity.fields)) if (field.kind === 'ref') refTarget(field);
    if (entity.through.some((field) => entityNamed(entity.fields[field]?.to ?? '').through.length)) {
      throw new Error(`entity ${entity.name}: visibility passes through one reference, not through a chain of them`);
    }
  }
}
