import type { Entity } from '#src/kernel/entity.ts';

/** 12431 -> '12,431' */
export const count = (n: number): string => new Intl.NumberFormat('en').format(n);

/** '1 row', '12 rows' */
export const some = (n: number, one: string, many: string): string => `${count(n)} ${n === 1 ? one : many}`;

/** '1 customer', '12 customers' */
export const things = ({ label: [one, many] }: Pick<Entity, 'label'>, n: number): string =>
  some(n, one.toLowerCase(), many.toLowerCase());

/** 'a, b and c' */
export const listed = (parts: readonly string[]): string => new Intl.ListFormat('en-GB').format(parts);
