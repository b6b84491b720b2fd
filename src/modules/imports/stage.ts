import { entityNamed } from '#src/kernel/entity.ts';
import { filePath } from '#src/platform/files.ts';
import { correctedImport } from './corrections.ts';
import { guessMapping } from './guess.ts';
import { guessHeaderRow, nameColumns } from './headers.ts';
import { ColumnGatherer } from './inspect_columns.ts';
import { readMapping } from './mapping.ts';
import {
  type Choices,
  type ColumnInfo,
  type ColumnMapping,
  type Import,
  PLAIN_CHOICES,
  type SheetPreview,
  type Wishes,
} from './model.ts';
import { type InspectedSheet, inspectFile, type ReadOptions, type Row, readFile } from './reader/run.ts';
import { cellText, isBlank, type StagedCell, stageCell } from './staged_cells.ts';
import { MATCH_KEYS, RECORD_ID } from './targets.ts';
import { count, some } from './words.ts';
import { failImport, type Work } from './work.ts';

/** What the page for choosing sheet and header row shows. */
const PREVIEW = { sheets: 100, rows: 30, columns: 50, characters: 100 };
/** Rows a transaction; keeps memory small and the import's lock short. */
const CHUNK = 1_000;
const MOST_NOTES = 12;

/** Memory of the reader besides its heap: the program itself and its buffers, in MB. */
const BESIDES_HEAP = 144;

function options({ platform, signal }: Work, found: Import): ReadOptions {
  const { upload_bytes, import_cost } = platform.config;
  const limits = {
    fileBytes: upload_bytes,
    inflatedBytes: import_cost.unpacked_bytes,
    seconds: import_cost.seconds,
    cpuSeconds: import_cost.seconds,
    heapMegabytes: import_cost.memory_mb,
    residentMegabytes: import_cost.memory_mb + BESIDES_HEAP,
  };
  return { name: found.file_name, signal, limits };
}

const preview = (sheet: InspectedSheet): SheetPreview => ({
  index: sheet.index,
  name: sheet.name.slice(0, 100),
  hidden: sheet.hidden,
  rows: sheet.rows.map((row) => ({
    number: row.number,
    cells: row.cells
      .slice(0, PREVIEW.columns)
      .map((cell) => cellText(stageCell(cell, false)).slice(0, PREVIEW.characters)),
  })),
});

/** The sheet to read: the one that was asked for, or the only one with rows; null when the person has to choose. */
function pickSheet(sheets: readonly SheetPreview[], found: Import): SheetPreview | null | string {
  const filled = sheets.filter((sheet) => sheet.rows.length > 0);
  const wished = found.choices.wishes?.sheet;
  if (wished !== undefined) {
    const match = sheets.find((sheet) => sheet.name === wished || sheet.index === wished);
    return match ?? `This file has no sheet “${String(wished).slice(0, 60)}”.`;
  }
  if (!filled.length)
    return 'There are no rows in this file. Check that the list is on one of its sheets and was saved.';
  const visible = filled.filter((sheet) => !sheet.hidden);
  const offered = visible.length ? visible : filled;
  return offered.length === 1 || found.choices.wishes ? offered[0]! : null;
}

/** First look: which sheets there are and where their lists begin. */
export async function inspectStep(work: Work, found: Import): Promise<void> {
  const path = filePath(work.platform.config.data_dir, found.file_key);
  const seen = await inspectFile(path, { ...options(work, found), rowsPerSheet: PREVIEW.rows });
  const sheets = seen.sheets.slice(0, PREVIEW.sheets).map(preview);
  const chosen = pickSheet(sheets, found);
  if (typeof chosen === 'string') return failImport(work, chosen);
  const known = { file_format: seen.format, sheets: JSON.stringify(sheets) };
  await work.step((ctx) =>
    work.note(
      ctx,
      chosen
        ? {
            ...known,
            state: 'reading',
            task: 'stage',
            sheet: chosen.index,
            header_row: found.choices.wishes?.header_row ?? null,
          }
        : { ...known, task: null },
    ),
  );
}

/** What the reader said, once each, in the words of the page. */
class Notes {
  readonly list: string[] = [];
  add(text: string): void {
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
  const flush = async () => {
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
    await work.step(async (ctx) => {
      await ctx.db.run(
        `/* import.stage */ insert into import_rows (tenant_id, import_id, row_number, hidden, cells)
         select :tenant, :import, r.n, r.h, r.c from json_to_recordset(:rows::json) as r (n integer, h boolean, c jsonb)`,
        { import: work.import_id, rows: JSON.stringify(batch) },
      );
      await work.note(ctx, { done: rows, attempts: 1 });
    });
  };
  const path = filePath(data_dir, found.file_key);
  for await (const event of readFile(path, { ...options(work, found), sheets: [sheet.index] })) {
    if (event.type === 'warning') notes.add(event.warning.message);
    if (event.type !== 'rows') continue;
    for (const row of event.rows) {
      waiting.push(row);
      if (waiting.length >= CHUNK) await flush();
    }
    if (rows > import_rows) break;
  }
  if (waiting.length) await flush();
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
      'There are no rows below the header of this sheet. Choose another sheet or upload another file.',
    );
  if (width > import_columns)
    notes.add(`This sheet has ${count(width)} columns; the first ${count(import_columns)} can be imported.`);
  if (hidden) notes.add(`${count(hidden)} of the rows are hidden in the file. They are imported too.`);
  const { wishes } = found.choices;
  const corrected = wishes?.mapping ? null : await work.step((ctx) => correctedImport(ctx, columns));
  const next = corrected ? asCorrection(corrected, columns, wishes) : afterStaging(found, columns);
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

/**
 * A person is shown the guessed mapping; a program's import goes on with its own or the guessed one.
 * @returns what the import's row says next, or why it cannot go on
 */
function afterStaging(found: Import, columns: ColumnInfo[]): Record<string, unknown> | string {
  const entity = entityNamed(found.entity);
  const guessed = guessMapping(entity, columns);
  const { wishes } = found.choices;
  // Somebody who empties a cell of an exported list means it; a list from elsewhere may just not know.
  const named = guessed.some(({ field }) => field === RECORD_ID);
  const plain: Choices = { ...PLAIN_CHOICES, blank: named ? 'clear' : 'keep' };
  if (!wishes)
    return { state: 'mapping', task: null, mapping: JSON.stringify(guessed), choices: JSON.stringify(plain) };
  const choices = { ...plain, ...wishes.choices, match: wishes.choices?.match ?? [...MATCH_KEYS] };
  const wished = wishes.mapping;
  const asked: ColumnMapping[] = wished
    ? columns.map(({ index, header }) => ({
        column: index,
        field: Object.hasOwn(wished, header) ? wished[header]! : '',
      }))
    : guessed;
  const unknown = Object.keys(wished ?? {}).filter((name) => !columns.some(({ header }) => header === name));
  if (unknown.length) return `The file has no column “${unknown[0]!.slice(0, 60)}”.`;
  const kept = JSON.stringify({ ...choices, wishes });
  try {
    const mapping = readMapping(entity, columns, asked, choices, false);
    return { state: 'mapping', task: 'plan', mapping: JSON.stringify(mapping), choices: kept };
  } catch (error) {
    const { message, details = {} } = error as Error & { details?: Record<string, string> };
    const [first] = Object.values(details);
    const names = columns.slice(0, 12).map(({ header }) => `“${header.slice(0, 40)}”`);
    return `${first ?? message} The columns are ${names.join(', ')}${columns.length > names.length ? ' …' : ''}.`;
  }
}
