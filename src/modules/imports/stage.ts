import type { Ctx } from '#src/kernel/context.ts';
import { entityNamed } from '#src/kernel/entity.ts';
import { brief } from '#src/kernel/fields/field.ts';
import { filePath } from '#src/platform/files.ts';
import { correctedImport } from './corrections.ts';
import { type FirstLook, firstLook, readingOptions } from './file_reading.ts';
import { firstMapping, guessed } from './first_mapping.ts';
import { guessHeaderRow, nameColumns } from './headers.ts';
import { ColumnGatherer } from './inspect_columns.ts';
import { readMapping } from './mapping.ts';
import type { ColumnInfo, Import, SheetPreview, Wishes } from './model.ts';
import { type Row, readFile } from './reader/run.ts';
import { cellText, isBlank, type StagedCell, stageCell, storable } from './staged_cells.ts';
import { MATCH_KEYS } from './targets.ts';
import { columnsInWords, sheetsInWords, wishedMapping } from './wishes.ts';
import { count, some } from './words.ts';
import { failImport, inLanes, type Lanes, type Work } from './work.ts';

/** Rows a transaction; keeps memory small and the import's lock short. */
const CHUNK = 1_000;
/** Chunks being written while the next is read. */
const LANES = 4;
const MOST_NOTES = 12;

/** The sheet to read: the one that was asked for, or the only one with rows; null when the person has to choose. */
function pickSheet(sheets: readonly SheetPreview[], found: Import): SheetPreview | null | string {
  const filled = sheets.filter((sheet) => sheet.rows.length > 0);
  const wished = found.choices.wishes?.sheet;
  if (wished !== undefined) {
    const match = sheets.find((sheet) => sheet.name === wished || sheet.index === wished);
    return match ?? `This file has no sheet “${brief(String(wished), 60)}”.${sheetsInWords(sheets)}`;
  }
  if (!filled.length)
    return 'There are no rows in this file. Check that the list is on one of its sheets and was saved.';
  const visible = filled.filter((sheet) => !sheet.hidden);
  const offered = visible.length ? visible : filled;
  return offered.length === 1 || found.choices.wishes ? offered[0]! : null;
}

/** First look: which sheets there are and where their lists begin. */
export async function inspectStep(work: Work, found: Import): Promise<void> {
  const { config } = work.platform;
  const seen = await firstLook(config, found, readingOptions(config, found, work.signal));
  const chosen = pickSheet(seen.sheets, found);
  if (typeof chosen === 'string') return failImport(work, chosen);
  const known = {
    file_format: seen.format,
    sheets: JSON.stringify(seen.sheets),
    dialect: JSON.stringify(withDetected(found.dialect, seen)),
  };
  await work.step((ctx) =>
    work.note(
      ctx,
      chosen
        ? {
            ...known,
            state: 'reading',
            task: 'stage',
            sheet: chosen.index,
            header_row: found.choices.wishes?.header_row ?? found.header_row,
          }
        : { ...known, task: null },
    ),
  );
}

/** What was detected in a text file stays known when a person chooses something else. */
function withDetected(dialect: Import['dialect'], seen: FirstLook): Import['dialect'] {
  const chosen = dialect.encoding || dialect.delimiter || dialect.quote;
  return chosen || !seen.found ? dialect : { ...dialect, found: seen.found };
}

/** What the reader said, once each, in the words of the page. */
class Notes {
  readonly list: string[] = [];
  add(said: string): void {
    const text = storable(said);
    if (this.list.length < MOST_NOTES && !this.list.includes(text)) this.list.push(text);
  }
}

/** Reads the chosen sheet row by row into import_rows and learns what stands in its columns. */
export async function stageStep(work: Work, found: Import): Promise<void> {
  const { data_dir, import_rows, import_columns } = work.platform.config;
  const sheet = found.sheets.find((s) => s.index === found.sheet);
  if (!sheet) return failImport(work, 'The sheet that was chosen is not in this file.');
  const headerRow = found.header_row ?? guessHeaderRow(sheet);
  const notes = new Notes();
  const gatherer = new ColumnGatherer(import_columns);
  let header: string[] = [];
  let rows = 0;
  let hidden = 0;
  let waiting: Row[] = [];

  await work.step(async (ctx) => {
    await ctx.db.remove('import_plan', { import_id: work.import_id });
    await ctx.db.remove('import_rows', { import_id: work.import_id });
    await work.note(ctx, { header_row: headerRow, rows: 0, done: 0, total: 0 });
  });
  const flush = async (lanes: Lanes) => {
    const batch = waiting.map((row) => {
      const cells = row.cells.map((cell) => stageCell(cell, found.file_format === 'csv'));
      if (row.number === headerRow) header = cells.map(cellText);
      if (row.number > headerRow && cells.some((cell) => !isBlank(cell))) {
        gatherer.add(cells);
        rows += 1;
        if (row.hidden) hidden += 1;
      }
      return { n: row.number, h: row.hidden, c: cells satisfies StagedCell[] };
    });
    waiting = [];
    const done = rows;
    await lanes.add(async () => {
      await work.step((ctx) =>
        ctx.db.run(
          `/* import.stage */ insert into import_rows (tenant_id, import_id, row_number, hidden, cells)
           select :tenant, :import, r.n, r.h, r.c from json_to_recordset(:rows::json) as r (n integer, h boolean, c jsonb)`,
          { import: work.import_id, rows: JSON.stringify(batch) },
        ),
      );
      await work.progress(done);
    });
  };
  const path = filePath(data_dir, found.file_key);
  const options = readingOptions(work.platform.config, found, work.signal);
  await inLanes(LANES, async (lanes) => {
    for await (const event of readFile(path, { ...options, sheets: [sheet.index] })) {
      if (event.type === 'warning') notes.add(event.warning.message);
      if (event.type !== 'rows') continue;
      for (const row of event.rows) {
        waiting.push(row);
        if (waiting.length >= CHUNK) await flush(lanes);
      }
      if (rows > import_rows) break;
    }
    if (waiting.length) await flush(lanes);
  });
  if (rows > import_rows)
    return failImport(
      work,
      `This sheet has more than ${some(import_rows, 'row', 'rows')}. Split it into smaller files.`,
    );
  const width = Math.max(header.length, gatherer.width);
  const columns = gatherer.finish(nameColumns(header, width));
  if (!rows)
    return failImport(
      work,
      `There are no rows below the row that names the columns. Choose another ${found.file_format === 'csv' ? '' : 'sheet or '}row for that, or upload another file.`,
    );
  if (width > import_columns)
    notes.add(`This sheet has ${count(width)} columns; the first ${count(import_columns)} can be imported.`);
  if (hidden) notes.add(`${count(hidden)} of the rows are hidden in the file. They are imported too.`);
  const { wishes } = found.choices;
  const corrected = wishes?.mapping ? null : await work.step((ctx) => correctedImport(ctx, columns));
  const next = corrected
    ? asCorrection(corrected, columns, wishes)
    : wishes
      ? asWished(found, columns, wishes)
      : await work.step((ctx) => asShown(ctx, found, columns));
  if (typeof next === 'string') return failImport(work, next);
  const known = { columns: JSON.stringify(columns), notes: JSON.stringify(notes.list) };
  await work.step((ctx) => work.note(ctx, { ...known, rows, done: rows, total: rows, ...next }));
}

/** Corrected rows go the way the first import went, without being asked again. */
function asCorrection(
  { id, entity, mapping, choices }: Pick<Import, 'id' | 'entity' | 'mapping' | 'choices'>,
  columns: readonly ColumnInfo[],
  wishes: Wishes | undefined,
): Record<string, unknown> {
  const lines = new Map((mapping ?? []).map((line) => [line.column, line]));
  const full = columns.map(({ index }) => lines.get(index) ?? { column: index, field: '' });
  const chosen = JSON.stringify({ ...choices, ...wishes?.choices, wishes });
  const said = { entity, mapping: JSON.stringify(full), choices: chosen, corrects: id };
  return { state: 'mapping', task: 'plan', ...said };
}

/** A person is shown what the columns look like, or what was said about them before. */
async function asShown(ctx: Ctx, found: Import, columns: ColumnInfo[]): Promise<Record<string, unknown>> {
  const { entity, mapping, choices } = await firstMapping(ctx, found, columns);
  return { state: 'mapping', task: null, entity, mapping: JSON.stringify(mapping), choices: JSON.stringify(choices) };
}

/**
 * A program's import goes on with its own mapping or the guessed one.
 * @returns what the import's row says next, or why it cannot go on
 */
function asWished(found: Import, columns: ColumnInfo[], wishes: Wishes): Record<string, unknown> | string {
  const entity = entityNamed(found.entity);
  const guess = guessed(entity, columns);
  const choices = { ...guess.choices, ...wishes.choices, match: wishes.choices?.match ?? [...MATCH_KEYS] };
  const asked = wishedMapping(columns, wishes, guess.mapping);
  if (typeof asked === 'string') return asked;
  const kept = JSON.stringify({ ...choices, wishes });
  try {
    const mapping = readMapping(entity, columns, asked, choices, false);
    return { state: 'mapping', task: 'plan', mapping: JSON.stringify(mapping), choices: kept };
  } catch (error) {
    const { message, details = {} } = error as Error & { details?: Record<string, string> };
    const [first] = Object.values(details);
    return `${first ?? message} ${columnsInWords(columns)}`;
  }
}
