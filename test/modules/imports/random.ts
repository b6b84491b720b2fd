// Chance that can be had again: the same seed, the same choices.

export interface Random {
  /** from 0 up to, but not including, 1 */
  next(): number;
  /** a whole number from 0 up to, but not including, `most` */
  below(most: number): number;
  /** true so often */
  maybe(share: number): boolean;
  one<T>(from: readonly T[]): T;
  /** so many of them, in any order */
  some<T>(from: readonly T[], count: number): T[];
}

/** @param seed a whole number (mulberry32) */
export function randomOf(seed: number): Random {
  let state = seed;
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (most: number) => Math.floor(next() * most);
  return {
    next,
    below,
    maybe: (share) => next() < share,
    one: (from) => from[below(from.length)]!,
    some: (from, count) => {
      const left = [...from];
      return Array.from({ length: Math.min(count, left.length) }, () => left.splice(below(left.length), 1)[0]!);
    },
  };
}

/** What the environment says, else what is usual. @throws Error when it is no whole number */
export function wholeNumber(name: string, usual: number): number {
  const value = Number(process.env[name] ?? usual);
  if (!Number.isInteger(value) || value < 0) throw new Error(`${name} takes a whole number`);
  return value;
}
