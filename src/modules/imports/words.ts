/** 12431 -> '12,431' */
export const count = (n: number): string => new Intl.NumberFormat('en').format(n);

/** '1 row', '12 rows' */
export const some = (n: number, one: string, many: string): string => `${count(n)} ${n === 1 ? one : many}`;
