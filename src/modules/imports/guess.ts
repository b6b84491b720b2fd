import { type Entity, entityNamed, fieldLabel, writableFields } from '#src/kernel/entity.ts';
import type { Field } from '#src/kernel/fields/field.ts';
import { doubledNames, namelessParts, type PartLabel, PERSONAL, partLabel } from './guess_parts.ts';
import type { ColumnInfo, ColumnMapping } from './model.ts';
import { meansValue, plain, synonymsOf } from './synonyms.ts';
import { isNamePart, RECORD_ID, recordTarget, splitTarget, targetField, targets } from './targets.ts';

/** Below this a guess would be more of a nuisance than a help. */
const ENOUGH = 50;

/** What columns are called that hold a field: whole names with how sure they are, and words that may stand in longer ones. */
interface Vocabulary {
  field: string;
  names: Map<string, number>;
  words: string[];
}

const vocabularies = new Map<string, Vocabulary[]>();

/** Of a record's own fields; what hangs on it is called by its own entity's words, see `partScores`. */
function vocabulary(entity: Entity): Vocabulary[] {
  const known = vocabularies.get(entity.name);
  if (known) return known;
  const own = targets(entity).filter(({ field }) => !splitTarget(field).part);
  const made = own.map(({ field }) => {
    const words = synonymsOf(entity.name, field);
    const names = new Map(words.map((name, place) => [name, 92 - Math.min(place, 20) * 0.5]));
    names.set(plain(field), 98);
    if (!isNamePart(field)) names.set(plain(fieldLabel(entity, field)), 100);
    return { field, names, words: words.filter((word) => word.length > 3) };
  });
  vocabularies.set(entity.name, made);
  return made;
}

/** How well a name fits each of a record's own fields: whole, as it stands. */
const wholeScores = (entity: Entity, name: string): [string, number][] =>
  vocabulary(entity).flatMap(({ field, names }): [string, number][] => {
    const score = names.get(name);
    return score ? [[field, score]] : [];
  });

/** "Customer e-mail", "E-mail (work)": a synonym stands in it whole. */
const wordScores = (entity: Entity, name: string): [string, number][] =>
  vocabulary(entity).flatMap(({ field, words }): [string, number][] => {
    const longest = Math.max(0, ...words.filter((word) => ` ${name} `.includes(` ${word} `)).map((w) => w.length));
    return longest ? [[field, 52 + Math.min(10, longest / 2)]] : [];
  });

/** What is sure of a part is a little less sure than the same said of the customer. */
const OF_A_PART = 0.9;

/** What a customer's list calls what hangs on the customer: 'Contact e-mail', 'Ansprechpartner Telefon', 'Account no'. */
function partScores(entity: Entity, { part, rest }: PartLabel): [string, number][] {
  const of = entityNamed(part.entity);
  const named = rest || part.entity !== 'contact' ? wholeScores(of, rest) : [[of.title, 100] as const];
  const fitting = named.length ? named : wordScores(of, rest);
  return fitting.flatMap(([field, score]): [string, number][] => {
    const target = `${part.name}.${field}`;
    return targets(entity).some((t) => t.field === target) ? [[target, score * OF_A_PART]] : [];
  });
}

/** How a header is understood depends on the others: some lists call their customers accounts. */
interface Reading {
  entity: Entity;
  accounts_are_customers: boolean;
}

function readingOf(entity: Entity, headers: readonly string[]): Reading {
  const names = headers.map((header) => plain(header));
  const isName = (name: string) => wholeScores(entity, name).some(([field]) => field === entity.title);
  return { entity, accounts_are_customers: !names.some((name) => isName(name) && !name.includes('account')) };
}

/** How well the name of a column fits each target, 0 to 100; a part of it counts only when the whole means nothing else. */
function labelScores({ entity, accounts_are_customers }: Reading, header: string): Map<string, number> {
  const [, bare, times] = /^(.*?)(?: \((\d+)\))?$/s.exec(header)!;
  const name = plain(bare!);
  if (!name) return new Map();
  const own = wholeScores(entity, name);
  const label = entity.name === 'customer' ? partLabel(name, Number(times ?? 1)) : null;
  if (!label) {
    const personal = entity.name === 'customer' && !own.length ? personalScores(name) : [];
    return new Map(own.length ? own : personal.length ? personal : wordScores(entity, name));
  }
  if (label.part.entity === 'account' && accounts_are_customers)
    return new Map(own.length ? own : wholeScores(entity, label.rest));
  // The customer's own fields win when a name fits both: an account manager is the customer's.
  const parts = partScores(entity, label);
  const clear = own.filter(([field]) => field !== 'external_id' && field !== entity.title);
  return new Map(clear.length ? clear : parts.length ? [...own.map(lower), ...parts] : own);
}

/** "Contact id" and "Account number" may be the customer's own, but only when they are nothing nearer. */
const lower = ([field, score]: [string, number]): [string, number] => [field, score * 0.6];

function personalScores(name: string): [string, number][] {
  const of = entityNamed('contact');
  return wholeScores(of, name).flatMap(([field, score]): [string, number][] =>
    PERSONAL.includes(field as never) ? [[`contact.${field}`, score * OF_A_PART]] : [],
  );
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
  const [best] = wholeScores(entity, plain(column.header)).filter(([, score]) => score >= 80);
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
  const headers = columns.map(({ header }) => header);
  const reading = readingOf(entity, headers);
  const labels = new Map(columns.map((column) => [column, labelScores(reading, column.header)]));
  const offers = columns.flatMap((column) =>
    column.filled === 0
      ? []
      : targets(entity).flatMap(({ field }) => {
          const label = labels.get(column)!.get(field) ?? 0;
          // An address that no header explains may be the customer's, but makes no contact.
          if (!label && splitTarget(field).part) return [];
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
  const doubled = doubledNames(taken, entity.title);
  const nameless = namelessParts(taken);
  for (const [column, target] of byColumn) {
    const { part, field } = splitTarget(target);
    const prefix = part ? `${part.name}.` : '';
    if ((isNamePart(field) && doubled.includes(prefix)) || (part && nameless.includes(part))) byColumn.delete(column);
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
