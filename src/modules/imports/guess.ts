import type { Entity } from '#src/kernel/entity.ts';
import { fieldLabel, writableFields } from '#src/kernel/entity.ts';
import type { Field } from '#src/kernel/fields/field.ts';
import type { ColumnInfo, ColumnMapping } from './model.ts';
import { meansValue, plain, synonymsOf } from './synonyms.ts';
import {
  isNamePart,
  type Part,
  RECORD_ID,
  recordTarget,
  splitTarget,
  targetEntity,
  targetField,
  targets,
} from './targets.ts';

/** Below this a guess would be more of a nuisance than a help. */
const ENOUGH = 50;

/** What columns are called that hold a field: whole names with how sure they are, and words that may stand in longer ones. */
interface Vocabulary {
  field: string;
  names: Map<string, number>;
  words: string[];
}

const vocabularies = new Map<string, Vocabulary[]>();

function vocabulary(entity: Entity): Vocabulary[] {
  const known = vocabularies.get(entity.name);
  if (known) return known;
  const made = targets(entity).map(({ field: target }) => {
    const { part, field } = splitTarget(target);
    const of = targetEntity(entity, target);
    if (part) return { field: target, names: partNames(part, of, field), words: [] };
    const words = synonymsOf(entity.name, field);
    const names = new Map(words.map((name, place) => [name, 92 - Math.min(place, 20) * 0.5]));
    names.set(plain(field), 98);
    if (!isNamePart(field)) names.set(plain(fieldLabel(entity, field)), 100);
    return { field: target, names, words: words.filter((word) => word.length > 3) };
  });
  vocabularies.set(entity.name, made);
  return made;
}

/** What lists call what hangs on a customer: 'Contact e-mail', 'Contact 2 phone', 'Ansprechpartner Telefon', 'Account number'. */
function partNames(part: Part, of: Entity, field: string): Map<string, number> {
  const number = /\d$/.exec(part.name)?.[0];
  const called = part.entity === 'contact' ? ['contact', 'contact person', 'ansprechpartner', 'kontakt'] : ['account'];
  const words = new Set([
    plain(field),
    plain(isNamePart(field) ? field : fieldLabel(of, field)),
    ...synonymsOf(of.name, field),
  ]);
  const names = new Map<string, number>();
  for (const who of called) {
    const whole = number ? `${who} ${number}` : who;
    for (const word of words) names.set(`${whole} ${word}`, 96);
    // Alone, the word means the person's name.
    if (part.entity === 'contact' && field === of.title) names.set(whole, 90);
  }
  return names;
}

/** How well the name of a column fits each field, 0 to 100; a part of it counts only when the whole means nothing else. */
function labelScores(entity: Entity, header: string): Map<string, number> {
  const name = plain(header.replace(/ \(\d+\)$/, ''));
  const scores = new Map<string, number>();
  if (!name) return scores;
  for (const { field, names } of vocabulary(entity)) {
    const score = names.get(name);
    if (score) scores.set(field, score);
  }
  if (scores.size) return scores;
  // "Customer e-mail", "E-mail (work)": a synonym stands in it whole.
  for (const { field, words } of vocabulary(entity)) {
    const longest = Math.max(0, ...words.filter((word) => ` ${name} `.includes(` ${word} `)).map((w) => w.length));
    if (longest) scores.set(field, 52 + Math.min(10, longest / 2));
  }
  return scores;
}

/** What the values say for or against a field. */
function contentScore(field: Field | undefined, column: ColumnInfo): number {
  const { looks, filled } = column;
  const seen = Math.min(filled, 500);
  if (!seen || !field) return 0;
  const share = (count: number) => count / seen;
  switch (field.kind) {
    case 'email':
      return share(looks.email) >= 0.6 ? 60 : share(looks.email) < 0.3 && seen >= 3 ? -60 : 0;
    case 'url':
      return share(looks.url) >= 0.6 ? 55 : share(looks.url) < 0.3 && seen >= 3 ? -60 : 0;
    case 'phone':
      return share(looks.phone + looks.number) >= 0.5 ? 12 : -40;
    case 'date':
      return share(looks.date) >= 0.5 ? 10 : -60;
    case 'money':
    case 'number':
      return share(looks.date) >= 0.5 || share(looks.email) >= 0.5 ? -60 : 0;
    case 'ref':
      // A colleague may stand there by e-mail address, a customer hardly.
      if (share(looks.email) >= 0.6) return field.to === 'user' ? 5 : -60;
      return share(looks.date) >= 0.6 || share(looks.url) >= 0.6 ? -60 : 0;
    case 'text':
      // A name is no address and no date.
      return share(looks.email) >= 0.6 || share(looks.url) >= 0.6 ? -60 : share(looks.date) >= 0.6 ? -30 : 0;
    case 'choice': {
      const known = (column.values ?? []).filter(([text]) => choiceValue(field, text) !== null).length;
      return column.values?.length && known / column.values.length >= 0.5 ? 25 : column.values ? -10 : -40;
    }
    default:
      return 0;
  }
}

/** The field that a column is named after although its values say otherwise; '' when there is none. */
export function namedAfter(entity: Entity, column: ColumnInfo): string {
  const [best] = [...labelScores(entity, column.header)].filter(([, score]) => score >= 80);
  return best && contentScore(targetField(entity, best[0]), column) < 0 ? best[0] : '';
}

/** The value of a choice that a text of the file names, by itself or by another common name; null when none. */
export function choiceValue(field: Field, text: string): string | null {
  const parsed = field.fromText(text, { locale: 'en-GB', time_zone: 'UTC', currency: 'EUR' });
  if (parsed.ok) return parsed.value === null ? null : String(parsed.value);
  return field.choices.find((choice) => meansValue(choice.value, text))?.value ?? null;
}

/** One target for every column; each field at most once, the surest first. */
export function guessMapping(entity: Entity, columns: readonly ColumnInfo[]): ColumnMapping[] {
  if (columns.some(({ header }) => recordTarget(header) === RECORD_ID)) return exportedMapping(entity, columns);
  const labels = new Map(columns.map((column) => [column, labelScores(entity, column.header)]));
  const offers = columns.flatMap((column) =>
    column.filled === 0
      ? []
      : targets(entity).flatMap(({ field }) => {
          const label = labels.get(column)!.get(field) ?? 0;
          const score = label + contentScore(targetField(entity, field), column);
          return score >= ENOUGH ? [{ column: column.index, field, score }] : [];
        }),
  );
  offers.sort((a, b) => b.score - a.score || a.column - b.column);
  const byColumn = new Map<number, string>();
  const taken = new Set<string>();
  for (const { column, field } of offers) {
    if (byColumn.has(column) || taken.has(field)) continue;
    byColumn.set(column, field);
    taken.add(field);
  }
  // A whole name and its parts would contradict each other.
  if (taken.has('name')) {
    for (const [column, field] of byColumn) if (isNamePart(field)) byColumn.delete(column);
  }
  return columns.map((column) =>
    completed(entity, column, { column: column.index, field: byColumn.get(column.index) ?? '' }),
  );
}

/** One of our own exports says itself what its columns are. */
function exportedMapping(entity: Entity, columns: readonly ColumnInfo[]): ColumnMapping[] {
  const byLabel = new Map(writableFields(entity).map((field) => [fieldLabel(entity, field), field]));
  return columns.map((column) => {
    const field = recordTarget(column.header) ?? byLabel.get(column.header) ?? '';
    return completed(entity, column, { column: column.index, field });
  });
}

/** Adds to a column's target what follows from it: known values of a choice, the order of day and month. */
export function completed(entity: Entity, column: ColumnInfo, mapping: ColumnMapping): ColumnMapping {
  const field = targetField(entity, mapping.field);
  const full: ColumnMapping = { ...mapping };
  if (field?.kind === 'choice') {
    const said = new Map(mapping.values ?? []);
    const values = (column.values ?? []).flatMap(([text]): [string, string][] => {
      const value = said.get(text) ?? choiceValue(field, text);
      return value === null ? [] : [[text, value]];
    });
    full.values = values.slice(0, 200);
  } else delete full.values;
  if (field?.kind === 'date') {
    const decided = column.day_order === 'dmy' || column.day_order === 'mdy' ? column.day_order : undefined;
    const order = mapping.day_order ?? decided;
    if (order) full.day_order = order;
  } else delete full.day_order;
  return full;
}

/** Values of a choice's column that nobody has said the meaning of yet. */
export function unknownValues(entity: Entity, column: ColumnInfo, mapping: ColumnMapping): string[] {
  if (targetField(entity, mapping.field)?.kind !== 'choice') return [];
  const said = new Set((mapping.values ?? []).map(([text]) => text));
  return (column.values ?? []).map(([text]) => text).filter((text) => !said.has(text));
}
