import type { Ctx } from '#src/kernel/context.ts';
import { brief } from '#src/kernel/fields/field.ts';
import { input } from '#src/kernel/forms.ts';
import type { InputView, Option } from '#src/kernel/views.ts';
import { type FirstLook, isText } from './file_reading.ts';
import { guessHeaderRow } from './headers.ts';
import { importHead } from './imports.view.ts';
import type { Import, SheetPreview } from './model.ts';
import { CSV_DELIMITERS, CSV_ENCODINGS, CSV_QUOTES, type CsvOption, type CsvOptions } from './reader/csv_options.ts';
import type { FirstRowsView, ImportSourceView, ReadingView } from './views.ts';

/** What of a sheet is shown; its file has the rest. */
const SHOWN = { rows: 12, columns: 20, characters: 60 };
/** Rows that may be said to name the columns. */
const HEADERS = 20;

/** A list to choose from. Nothing keeps the browser from remembering the choice, for whoever comes back to the page. */
export const select = (name: string, label: string, more: Partial<InputView>): InputView =>
  input('select', name, label, { required: true, autocomplete: '', ...more });

export const options = (list: readonly (readonly [value: string, label: string])[], chosen: string): Option[] =>
  list.map(([value, label]) => ({ value, label, selected: value === chosen }));

/** How a file is to be read, as far as somebody chose it. */
export interface ReadingChoice {
  sheet: number | null;
  header_row: number | null;
  csv: CsvOptions;
}

const filledSheets = (sheets: readonly SheetPreview[]) => sheets.filter((sheet) => sheet.rows.length > 0);

/** What was chosen for the reading that an import's page shows. A header row that was found is no choice. */
function choiceOf(found: Import): ReadingChoice {
  const sheet = found.sheets.find(({ index }) => index === found.sheet);
  const header_row = sheet && guessHeaderRow(sheet) === found.header_row ? null : found.header_row;
  return { sheet: found.sheet, header_row, csv: found.dialect };
}

const oneLine = (text: string): string => text.replace(/\s+/g, ' ').trim();

/** The row that names the columns: chosen, or found. */
function headerInput(sheet: SheetPreview | undefined, chosen: number | null): InputView {
  const guess = sheet ? guessHeaderRow(sheet) : 0;
  const rows = (sheet?.rows ?? []).slice(0, HEADERS).map(({ number, cells }) => {
    const filled = cells.map(oneLine).filter(Boolean);
    return [String(number), `Row ${number}: ${brief(filled.slice(0, 4).join(' · '), 80)}`] as const;
  });
  const list = [
    ['', `Found by itself: ${guess ? `row ${guess}` : 'no row'}`],
    ...rows,
    ['0', 'No row: the list begins at once'],
  ] as const;
  return select('header_row', 'The columns are named in', {
    options: options(list, chosen === null ? '' : String(chosen)),
    help: 'Rows above it are left out.',
  });
}

/** The first rows of a sheet, with the row that names the columns. */
function firstRows(
  sheet: SheetPreview | undefined,
  chosen: number | null,
  warnings: readonly string[],
  error: string,
): FirstRowsView {
  const header = chosen ?? (sheet ? guessHeaderRow(sheet) : 0);
  const rows = (sheet?.rows ?? []).slice(0, SHOWN.rows);
  const width = Math.min(SHOWN.columns, Math.max(0, ...rows.map(({ cells }) => cells.length)));
  return {
    header: headerInput(sheet, chosen),
    label: sheet ? `First rows of ${sheet.name}` : 'First rows',
    rows: rows.map(({ number, cells }) => ({
      number: String(number),
      state: number === header ? 'header' : number < header ? 'above' : 'row',
      note: number === header ? 'names the columns' : number < header ? 'left out' : '',
      cells: Array.from({ length: width }, (_, i) => oneLine(cells[i] ?? '').slice(0, SHOWN.characters)),
    })),
    notes: warnings.map((text) => ({ tone: 'amber' as const, text })),
    error: error || (rows.length ? '' : 'There are no rows to show.'),
  };
}

/** A choice between what was detected in a text file, '', and what it may be instead. */
function dialectInputs(found: Import, csv: CsvOptions): InputView[] {
  const parts = [
    ['encoding', 'Character set', CSV_ENCODINGS],
    ['delimiter', 'Columns are separated by', CSV_DELIMITERS],
    ['quote', 'Texts stand in', CSV_QUOTES],
  ] as const;
  return parts.map(([name, label, list]) => {
    const detected = found.dialect.found?.[name];
    const first = ['', detected ? `As detected: ${detected}` : 'To be detected'] as const;
    const all = [first, ...list.map((one) => [one.value, one.label] as const)];
    return select(name, label, { options: options(all, csv[name] ?? '') });
  });
}

/** How it is read, in a line. */
function saidReading(found: Import, choice: ReadingChoice, sheet: SheetPreview, several: boolean): string {
  const header = choice.header_row ?? guessHeaderRow(sheet);
  const part = (name: keyof CsvOptions, list: readonly CsvOption[]) =>
    list.find(({ value }) => value === choice.csv[name])?.label ?? found.dialect.found?.[name] ?? '';
  const [separator = ''] = part('delimiter', CSV_DELIMITERS).toLowerCase().split('  ');
  const text = isText(found) ? [part('encoding', CSV_ENCODINGS), `separated by ${separator}`] : [];
  const named = header ? `columns named in row ${header}` : 'no row names the columns';
  return [several ? sheet.name : '', ...text, named].filter(Boolean).join(' · ');
}

/**
 * How a file is read: its sheet, the row that names the columns, and of a text file its characters; with the first rows as
 * they come out. Null when the file leaves nothing to choose.
 * @param seen what came out when it was read as `choice` says; without it the page shows how it was read
 */
export function readingView(
  ctx: Pick<Ctx, 'csrf'>,
  found: Import,
  heading: string,
  seen: { choice: ReadingChoice; look: FirstLook | null; error: string } | null = null,
): ReadingView | null {
  const text = isText(found);
  const filled = filledSheets(found.sheets);
  if (!filled.length && !text) return null;
  const choice = seen?.choice ?? choiceOf(found);
  const sheets = seen?.look ? filledSheets(seen.look.sheets) : seen?.error ? [] : filled;
  const sheet = sheets.find(({ index }) => index === choice.sheet) ?? sheets[0];
  const named = filled.map((s) => [String(s.index), `${s.name}${s.hidden ? ' (hidden)' : ''}`] as const);
  const several = filled.length > 1;
  return {
    heading,
    said: sheet ? saidReading(found, choice, sheet, several) : '',
    open: seen !== null,
    action: `/imports/${found.id}/source`,
    preview_href: `/imports/${found.id}/preview`,
    csrf: ctx.csrf,
    hidden: several || !filled.length ? [] : [{ name: 'sheet', value: String(filled[0]!.index) }],
    inputs: [
      ...(several ? [select('sheet', 'Sheet', { options: options(named, String(sheet?.index ?? '')) })] : []),
      ...(text ? dialectInputs(found, choice.csv) : []),
    ],
    first_rows: firstRows(sheet, choice.header_row, seen?.look?.warnings ?? [], seen?.error ?? ''),
  };
}

/** The sheet that most looks like a list: one that is not hidden, and has most to say in its first rows. */
function likeliest(sheets: readonly SheetPreview[]): SheetPreview | undefined {
  const weight = ({ hidden, rows }: SheetPreview) =>
    rows.reduce((sum, { cells }) => sum + cells.filter(Boolean).length, 0) / (hidden ? 1_000 : 1);
  return [...sheets].sort((a, b) => weight(b) - weight(a))[0];
}

/** Which of several sheets holds the list. */
export function sheetsView(ctx: Pick<Ctx, 'csrf'>, found: Import): ImportSourceView {
  const filled = filledSheets(found.sheets);
  const first = likeliest(filled);
  return {
    head: importHead(found, 0),
    action: `/imports/${found.id}/source`,
    hidden: [{ name: '_csrf', value: ctx.csrf }],
    error: '',
    sheets: filled.map((sheet) => ({
      id: `sheet-${sheet.index}`,
      value: String(sheet.index),
      label: sheet.name,
      note: sheet.hidden ? 'hidden in the workbook' : '',
      checked: sheet === first,
      rows: firstRows({ ...sheet, rows: sheet.rows.slice(0, 5) }, guessHeaderRow(sheet), [], '').rows,
    })),
  };
}
