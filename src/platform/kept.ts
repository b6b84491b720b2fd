/**
 * What can always be made again, kept in the process by a key. It forgets everything when it is full: simpler than forgetting
 * the oldest, and it costs nothing as long as it is not.
 */
export class Kept<V, K = string> extends Map<K, V> {
  readonly #most: number;

  /** @param most so many are kept */
  constructor(most: number) {
    super();
    this.#most = most;
  }

  override set(key: K, value: V): this {
    if (this.size >= this.#most && !this.has(key)) this.clear();
    return super.set(key, value);
  }

  /** The one of this key, made now unless it is kept. */
  of(key: K, make: () => V): V {
    let found = this.get(key);
    if (found === undefined) {
      found = make();
      this.set(key, found);
    }
    return found;
  }
}

/** What follows from something alone, worked out once; it goes with what it follows from. */
export function keptFor<S extends object, T>(work: (source: S) => T): (source: S) => T {
  const known = new WeakMap<S, T>();
  return (source) => {
    if (!known.has(source)) known.set(source, work(source));
    return known.get(source) as T;
  };
}
