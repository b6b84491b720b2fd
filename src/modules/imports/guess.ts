import type { Entity } from '#src/kernel/entity.ts';
import { fieldLabel } from '#src/kernel/entity.ts';
import type { Field } from '#src/kernel/fields/field.ts';
import type { ColumnInfo, ColumnMapping } from './model.ts';
import { meansValue, plain, synonymsOf } from './synonyms.ts';
import { isNamePart, targets } from './targets.ts';

/** Below this a guess would be more of a nuisance than a help. */
const ENOUGH = 50;

/** How well the name of a column fits a field, 0 to 100. */
function labelScore(entity: Entity, field: string, header: string): number {
  const name = plain(header.replace(/ \(\d+\)$/, ''));
  if (!name) return 0;
  if (name === plain(field)) return 98;
  if (!isNamePart(field) && name === plain(fieldLabel(entity, field))) return 100;
  const synonyms = synonymsOf(entity.name, field);
  const place = synonyms.indexOf(name);
  if (place >= 0) return 92 - Math.min(place, 20) * 0.5;
  // "Customer e-mail", "E-mail (work)": a synonym of two letters or more words stands in it whole.
  const within = synonyms.filter((s) => s.length > 3 && ` ${name} `.includes(` ${s} `));
  return within.length ? 52 + Math.min(10, Math.max(...within.map((s) => s.length)) / 2) : 0;
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
  const best = targets(entity).find(({ field }) => labelScore(entity, field, column.header) >= 80);
  return best && contentScore(entity.fields[best.field], column) < 0 ? best.field : '';
}

/** The value of a choice that a text of the file names, by itself or by another common name; null when none. */
export function choiceValue(field: Field, text: string): string | null {
  const parsed = field.fromText(text, { locale: 'en-GB', time_zone: 'UTC', currency: 'EUR' });
  if (parsed.ok) return parsed.value === null ? null : String(parsed.value);
  return field.choices.find((choice) => meansValue(choice.value, text))?.value ?? null;
}

/** One target for every column; each field at most once, the surest first. */
export function guessMapping(entity: Entity, columns: readonly ColumnInfo[]): ColumnMapping[] {
  const offers = columns.flatMap((column) =>
    column.filled === 0
      ? []
      : targets(entity).flatMap(({ field }) => {
          const label = labelScore(entity, field, column.header);
          const score = label + contentScore(entity.fields[field], column);
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

/** Adds to a column's target what follows from it: known values of a choice, the order of day and month. */
export function completed(entity: Entity, column: ColumnInfo, mapping: ColumnMapping): ColumnMapping {
  const field = entity.fields[mapping.field];
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
  if (entity.fields[mapping.field]?.kind !== 'choice') return [];
  const said = new Set((mapping.values ?? []).map(([text]) => text));
  return (column.values ?? []).map(([text]) => text).filter((text) => !said.has(text));
}
