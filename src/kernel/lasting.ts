/** What lasting data looks like, as the function said that rendered it last. */
interface Rendered {
  by: unknown;
  html: string;
}

const known = new WeakMap<object, Rendered>();

/** Says of data that it stays as it is, so that a part of a page that shows it is rendered once. */
export function lasting<T extends object>(data: T): T {
  known.set(Object.freeze(data), { by: null, html: '' });
  return data;
}

/** The HTML of data: the one of the last time, if the data is lasting and the same function rendered it. */
export function renderedOnce(data: object, render: (data: object) => string): string {
  const found = known.get(data);
  if (!found) return render(data);
  if (found.by !== render) Object.assign(found, { by: render, html: render(data) });
  return found.html;
}
