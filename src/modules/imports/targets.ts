import { type Entity, entityAt, entityNamed, fieldLabel, writableFields } from '#src/kernel/entity.ts';

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
export const besideName = (entity: Entity) => BESIDE_NAME[entity.name]!;

export const matchLabel = (entity: Entity, key: MatchKey): string =>
  key === 'name' ? besideName(entity).label : fieldLabel(entity, key);

/** The entity behind 'customers' or 'customer'; undefined for any that cannot be imported. */
export function importable(name: string): Entity | undefined {
  const entity = entityAt(name) ?? (IMPORTABLE.includes(name as never) ? entityNamed(name) : undefined);
  return entity && IMPORTABLE.includes(entity.name as never) ? entity : undefined;
}

/** Parts of a person's name that stand in columns of their own; together they become the name. */
export const NAME_PARTS = { first_name: 'First name', last_name: 'Last name' } as const;
export type NamePart = keyof typeof NAME_PARTS;
export const isNamePart = (field: string): field is NamePart => Object.hasOwn(NAME_PARTS, field);

const hasNameParts = (entity: Entity) => entity.name === 'contact' || entity.name === 'lead';

/** What a column can become: the fields that forms may write, never an id, a version, the tenant or a service's field. */
export const targets = (entity: Entity): { field: string; label: string }[] => [
  ...writableFields(entity).map((field) => ({ field, label: fieldLabel(entity, field) })),
  ...(hasNameParts(entity)
    ? Object.entries(NAME_PARTS).map(([field, label]) => ({ field, label: `${label} (part of the name)` }))
    : []),
];

export const targetLabel = (entity: Entity, field: string): string =>
  isNamePart(field) ? NAME_PARTS[field] : fieldLabel(entity, field);
