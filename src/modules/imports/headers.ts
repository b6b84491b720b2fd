import { clean, cut } from '#src/kernel/fields/field.ts';
import { letter, type SheetPreview } from './model.ts';
import { knownLabel } from './synonyms.ts';

/** A header as it is shown and compared: one line, at most 100 characters. */
export const headerText = (raw: string): string => cut(clean(raw).replace(/\s+/g, ' '), 100);

/** Headers of all columns: blank ones are named by their letter, repeated ones are numbered, none is lost. */
export function nameColumns(cells: readonly string[], width: number): string[] {
  const seen = new Map<string, number>();
  return Array.from({ length: width }, (_, index) => {
    const text = headerText(cells[index] ?? '') || `Column ${letter(index)}`;
    const times = (seen.get(text.toLowerCase()) ?? 0) + 1;
    seen.set(text.toLowerCase(), times);
    return times === 1 ? text : `${text} (${times})`;
  });
}

const DATA = /@|^https?:|^\+?[\d\s()./:,-]{3,}$/;

/** How much a row looks like the names of columns: 0 to 1, and more for names that we know. */
function headerScore(cells: readonly string[], width: number): number {
  const filled = cells.map(headerText).filter(Boolean);
  if (!filled.length) return 0;
  const words = filled.filter((text) => !DATA.test(text) && text.length <= 60);
  const different = new Set(filled.map((text) => text.toLowerCase())).size;
  const known = filled.filter(knownLabel).length;
  return (
    (filled.length / width) * (words.length / filled.length) * (different / filled.length) + (known / filled.length) * 2
  );
}

/**
 * The row that names the columns, among the first ones of a sheet.
 * @returns its number in the file; 0 when the list begins without one
 */
export function guessHeaderRow(sheet: SheetPreview): number {
  const rows = sheet.rows.slice(0, 25);
  // Workbooks that we wrote say so.
  const ours = rows.find((row) => row.cells.some((text) => /^Rapport (id|import)$/.test(headerText(text))));
  if (ours) return ours.number;
  const width = Math.max(1, ...rows.map((row) => row.cells.filter((text) => headerText(text)).length));
  let best = { number: 0, score: 0.45 };
  for (const row of rows) {
    const filled = row.cells.filter((text) => headerText(text)).length;
    // A title above the list fills a cell or two; the names of columns fill most of them.
    if (filled < width / 2 && !(filled >= 2 && row.cells.filter((text) => knownLabel(headerText(text))).length >= 2))
      continue;
    const score = headerScore(row.cells, width);
    if (score > best.score + 0.15) best = { number: row.number, score };
    // The first row that will do is taken unless a later one is clearly better.
    if (best.number && row.number > best.number + 5) break;
  }
  return best.number;
}
