// What a restored database must be, compared with what was known before the loss. A drill that compared nothing has failed.
import type { Entry } from './scene.ts';

export type Fingerprint = Record<string, string>;

/** What was known before everything was lost. */
export interface Known {
  ledger: readonly Entry[];
  /** how many entries of the ledger are from before the mistake */
  before: number;
  /** what stood in every table just before the mistake: equal means the same rows */
  tables: Fingerprint;
  /** what was wrong with the rows to begin with, as with made-up ones that have no trail */
  flaws: readonly string[];
  /** ms since 1970 at which the machine was lost */
  lost: number;
}

/** What stands in a restored database and beside it. */
export interface Found {
  /** of the changes that the ledger is about */
  names: ReadonlySet<string>;
  /** customers that the mistake reached, and companies besides the one it was made in */
  spoilt: number;
  elsewhere: number;
  /** sentences about what is wrong with the rows */
  violations: readonly string[];
  tables: Fingerprint;
  /** kept files that the database speaks of, and those that are not there as it says */
  files: number;
  missing: readonly string[];
}

function general(known: Known, found: Found): string[] {
  const violations = found.violations.filter((sentence) => !known.flaws.includes(sentence));
  const complaints = [...violations, ...found.missing.map((file) => `a kept file is not there: ${file}`)];
  if (!known.ledger.some((entry) => entry.confirmed !== null))
    complaints.push('no change was confirmed: none was compared');
  if (!found.files) complaints.push('no kept file: none was compared');
  if (!Object.keys(found.tables).length) complaints.push('no table: none was compared');
  if (found.elsewhere) complaints.push(`the mistake reached ${found.elsewhere} other companies`);
  const asked = new Set(known.ledger.map((entry) => entry.name));
  for (const name of found.names) if (!asked.has(name)) complaints.push(`${name} was never asked for`);
  return complaints;
}

/**
 * Restored as far as the archive goes: everything that was confirmed, but for what the archive may be behind.
 * @param behind seconds
 * @returns what is wrong, and the confirmed changes that are gone
 */
export function judgeNewest(known: Known, found: Found, behind: number): [complaints: string[], lost: Entry[]] {
  const complaints = general(known, found);
  if (!found.spoilt) complaints.push('what happened after the base backup is missing: the archive was not read');
  const confirmed = known.ledger.filter((entry) => entry.confirmed !== null);
  const lost = confirmed.filter((entry) => !found.names.has(entry.name));
  for (const entry of lost) {
    const seconds = (known.lost - entry.confirmed!) / 1000;
    if (seconds > behind)
      complaints.push(
        `${entry.name} is gone, which was confirmed ${seconds.toFixed(1)} s before the loss (at most ${behind} s)`,
      );
  }
  const first = lost[0];
  if (first && confirmed.some((entry) => entry.asked > first.asked && found.names.has(entry.name)))
    complaints.push(`${first.name} is gone although later changes are there`);
  return [complaints, lost];
}

/** Restored to just before the mistake: every row as it was then. */
export function judgeEarlier(known: Known, found: Found): string[] {
  const complaints = general(known, found);
  if (found.spoilt) complaints.push(`the mistake is still there, in ${found.spoilt} customers`);
  known.ledger.forEach((entry, at) => {
    const there = found.names.has(entry.name);
    if (at < known.before && entry.confirmed !== null && !there)
      complaints.push(`${entry.name} is gone, which was confirmed before the mistake`);
    if (at >= known.before && there) complaints.push(`${entry.name} is there, which came after the mistake`);
  });
  if (!known.ledger.slice(0, known.before).some((entry) => entry.confirmed !== null))
    complaints.push('no change was confirmed before the mistake: none was compared');
  for (const table of new Set([...Object.keys(known.tables), ...Object.keys(found.tables)]))
    if (known.tables[table] !== found.tables[table]) complaints.push(`${table} is not as it was before the mistake`);
  return complaints;
}
