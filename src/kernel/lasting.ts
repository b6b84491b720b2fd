/** What lasting data looks like, and which part of which set of templates rendered it last. */
interface Rendered {
  part: string;
  set: object | null;
  html: string;
}

const known = new WeakMap<object, Rendered>();

/** Says of data that it stays as it is, so that a part of a page that shows it is rendered once. */
export function lasting<T extends object>(data: T): T {
  known.set(Object.freeze(data), { part: '', set: null, html: '' });
  return data;
}

/** Where the HTML of lasting data is kept; nothing for other data. */
export const keptHtml = (data: object): Rendered | undefined => known.get(data);
