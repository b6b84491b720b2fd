// Lists of customers as no two companies send them: columns in any order and language, titles above them, blank, hidden and
// repeated rows, workbooks and texts. The same seed makes the same list.
import { escapeXml, workbookFile } from '../../helpers/workbooks.ts';
import { blankCell, type Cell, COLUMNS, type Column, errorCell, FORMATS, type Place } from './generated_cells.ts';
import { type Random, randomOf } from './random.ts';

export interface GeneratedList {
  name: string;
  content: Buffer;
  /** as a program sends them */
  options: ListOptions;
  /** the row that names the columns, as Excel counts; 0: none does */
  header_row: number;
  /** what each column is meant to be, in their order; '' for what nobody imports */
  meant: string[];
  /** the rows below the header that say anything, in their order */
  lines: Line[];
  /** every row has one, and rows are known by it alone */
  key: 'external_id' | 'email' | null;
}

export interface ListOptions {
  mode?: 'create' | 'update' | 'both';
  match?: string[];
  blank?: 'keep' | 'clear';
  overwrite?: Record<string, 'always' | 'empty' | 'never'>;
  mapping?: Record<string, string>;
  defaults?: Record<string, string>;
  header_row?: number;
  sheet?: string;
}

export interface Line {
  /** about a new customer, one that is there, the same as an earlier row; or the header once more */
  kind: 'new' | 'known' | 'repeat' | 'header';
  /** by field; only what is meant to be imported */
  cells: Map<string, Cell>;
}

/** A customer that is there already. */
export interface Known {
  external_id: string;
  email: string;
  name: string;
}

const MOST_ROWS = 38;
const EXTRA = ['Zeile', 'Legacy flag', '', '', 'Intern', '__proto__', 'constructor', 'x'.repeat(150), 'Intern'];

/** @param number in its run, part of every key that the list makes up */
export function generateList(
  seed: number,
  number: number,
  known: readonly Known[],
  people: Place['people'],
): GeneratedList {
  const random = randomOf(seed + number * 7_919);
  const workbook = random.maybe(0.6);
  const key = random.maybe(0.35) ? random.one(['external_id', 'email'] as const) : null;
  const columns = chooseColumns(random, key);
  const place = (row: number): Place => ({
    random,
    workbook,
    from1904,
    order,
    token: `w${number}r${row}`,
    number: 4_000_000_000 + number * 1_000 + row,
    people,
  });
  const from1904 = random.maybe(0.15);
  const order = random.one(['dmy', 'mdy'] as const);
  const lines: Line[] = [];
  const rows = 1 + random.below(MOST_ROWS);
  for (let row = 1; row <= rows; row += 1) lines.push(makeLine(place(row), columns, key, lines, known));
  const headers = columns.map((column) => (column ? spelt(random, random.one(column.headers)) : random.one(EXTRA)));
  const table = layOut(random, headers, columns, lines, workbook);
  const options = chooseOptions(random, key, headers, columns, table.header_row, table.certain);
  const name = workbook ? 'Kunden.xlsx' : random.one(['customers.csv', 'list.txt']);
  const content = workbook ? asWorkbook(random, table.rows, from1904, options) : asText(random, table.rows);
  const meant = columns.map((column) => column?.field ?? '');
  return { name, content, options, header_row: table.header_row, meant, lines: table.lines, key };
}

/** null: a column that means nothing to us */
function chooseColumns(random: Random, key: GeneratedList['key']): (Column | null)[] {
  const [name, ...others] = COLUMNS as [Column, ...Column[]];
  const allowed = others.filter(({ field }) => key !== 'email' || field !== 'external_id');
  const chosen = random.some(
    allowed.filter(({ field }) => field !== key),
    random.below(10),
  );
  const keyed = COLUMNS.filter(({ field }) => field === key);
  const extra = Array.from({ length: random.below(3) }, () => null);
  const all = [...(random.maybe(0.97) ? [name] : []), ...keyed, ...chosen, ...extra];
  return random.some(all, all.length);
}

/** Capitals, colons, stars and blanks around a header. */
function spelt(random: Random, header: string): string {
  const text = random.maybe(0.15) ? header.toUpperCase() : random.maybe(0.1) ? header.toLowerCase() : header;
  return random.maybe(0.15) ? random.one([` ${text}`, `${text}:`, `${text} *`, `${text}\u00a0`]) : text;
}

function makeLine(
  place: Place,
  columns: readonly (Column | null)[],
  key: GeneratedList['key'],
  before: readonly Line[],
  known: readonly Known[],
): Line {
  const { random, workbook } = place;
  const cells = new Map<string, Cell>();
  for (const column of columns) {
    if (!column) continue;
    const needed = column.field === key || (column.field === 'name' && random.maybe(0.97));
    const blank = !needed && random.maybe(0.2);
    const broken = workbook && column.field !== key && random.maybe(0.006);
    cells.set(column.field, blank ? blankCell(random) : broken ? errorCell(random) : column.cell(place));
  }
  const twin = before.filter(({ kind }) => kind === 'new')[random.below(40)];
  if (twin && random.maybe(0.5)) return { kind: 'repeat', cells: asTwin(random, cells, twin, key) };
  if (random.maybe(0.2)) return { kind: 'known', cells: asKnown(random, cells, random.one(known), key) };
  return { kind: 'new', cells };
}

function asTwin(random: Random, cells: Map<string, Cell>, twin: Line, key: GeneratedList['key']): Map<string, Cell> {
  for (const field of ['name', 'external_id', 'email'] as const) {
    const there = twin.cells.get(field);
    if (there && cells.has(field) && (field === key || random.maybe(0.5))) cells.set(field, there);
  }
  return cells;
}

function asKnown(random: Random, cells: Map<string, Cell>, known: Known, key: GeneratedList['key']): Map<string, Cell> {
  for (const field of ['name', 'external_id', 'email'] as const) {
    if (!cells.has(field) || !(field === key || random.maybe(0.5))) continue;
    const text = random.maybe(0.3) && field !== 'name' ? known[field].toUpperCase() : known[field];
    cells.set(field, { text, stored: field === 'email' ? known.email : text });
  }
  return cells;
}

interface Laid {
  hidden: boolean;
  /** null: not even a row */
  cells: (Cell | null)[];
}

/** Puts a title above the table, blank rows and the header once more into it. */
function layOut(
  random: Random,
  headers: readonly string[],
  columns: readonly (Column | null)[],
  made: readonly Line[],
  workbook: boolean,
): { rows: Laid[]; lines: Line[]; header_row: number; certain: boolean } {
  const row = (cells: (Cell | null)[], hidden = false): Laid => ({ hidden, cells });
  const said = (text: string): Cell => ({ text });
  const rows: Laid[] = [];
  const certain = !random.maybe(0.06);
  const title = certain && random.maybe(0.25);
  if (title) rows.push(row([said(random.one(['Customers 2026', 'Kundenliste, Stand Mai', 'Export']))]));
  if (title && workbook && random.maybe(0.5)) rows.push(row([]));
  if (certain) rows.push(row(headers.map(said)));
  const header_row = certain ? rows.length : 0;
  const lines: Line[] = [];
  for (const line of made) {
    if (random.maybe(0.06)) rows.push(row(random.maybe(0.5) ? [] : columns.map(() => blankCell(random))));
    if (certain && lines.length && headers.filter((header) => header.trim()).length > 1 && random.maybe(0.01)) {
      rows.push(row(headers.map(said)));
      lines.push({ kind: 'header', cells: new Map() });
    }
    const extra = () => (random.maybe(0.5) ? said(random.one(['x', '12', 'ja', 'Größe 3', '01.02.2020'])) : null);
    const cells = columns.map((column) => (column ? line.cells.get(column.field)! : extra()));
    rows.push(row(cells, random.maybe(0.08)));
    const empty = cells.every((cell) => !cell || (!cell.xml && cell.text.trim() === ''));
    if (!empty) lines.push(line);
  }
  return { rows, lines, header_row, certain };
}

function chooseOptions(
  random: Random,
  key: GeneratedList['key'],
  headers: readonly string[],
  columns: readonly (Column | null)[],
  header_row: number,
  certain: boolean,
): ListOptions {
  const options: ListOptions = {};
  const named = (index: number) => (certain ? headers[index]! : `Column ${String.fromCharCode(65 + index)}`);
  const mapped = columns.flatMap((column, index) => (column ? [[named(index), column.field] as const] : []));
  if (!certain || random.maybe(0.6)) options.mapping = Object.fromEntries(mapped);
  if (!certain || random.maybe(0.4)) options.header_row = header_row;
  if (random.maybe(0.5)) options.mode = random.one(['create', 'update', 'both', 'both']);
  if (key) options.match = [key];
  else if (random.maybe(0.5)) options.match = random.some(['external_id', 'email', 'name'], random.below(4));
  if (random.maybe(0.4)) options.blank = random.one(['keep', 'clear']);
  if (options.mapping && random.maybe(0.4)) {
    const some = random.some(mapped, 1 + random.below(3));
    options.overwrite = Object.fromEntries(some.map(([header]) => [header, random.one(['always', 'empty', 'never'])]));
  }
  // What is emptied by a blank cell and filled by a default would change at every import, as it was told to.
  const free = !columns.some((column) => column?.field === 'industry') || options.blank !== 'clear';
  if (free && random.maybe(0.2)) options.defaults = { industry: 'Unknown so far' };
  return options;
}

const letter = (index: number): string => String.fromCharCode(65 + index);

function asWorkbook(random: Random, rows: readonly Laid[], from1904: boolean, options: ListOptions): Buffer {
  const strings: string[] = [];
  const textXml = (text: string): string => {
    const safe = escapeXml(text);
    switch (random.below(3)) {
      case 0:
        return ` t="inlineStr"><is><t xml:space="preserve">${safe}</t></is></c>`;
      case 1:
        return ` t="str"><f>A1&amp;""</f><v>${safe}</v></c>`;
      default:
        strings.push(`<t xml:space="preserve">${safe}</t>`);
        return ` t="s"><v>${strings.length - 1}</v></c>`;
    }
  };
  const xml = rows.flatMap(({ cells, hidden }, at) => {
    const inside = cells.map((cell, index) => {
      if (!cell || (!cell.xml && cell.text === '' && random.maybe(0.8))) return '';
      return `<c r="${letter(index)}${at + 1}"${cell.xml ?? textXml(cell.text)}`;
    });
    if (!inside.some(Boolean) && random.maybe(0.5)) return [];
    return [`<row r="${at + 1}"${hidden ? ' hidden="1"' : ''}>${inside.join('')}</row>`];
  });
  const hiddenColumn = random.maybe(0.2) ? '<cols><col min="2" max="2" width="9" hidden="1"/></cols>' : '';
  const list = { name: random.one(['Kunden', 'Sheet1', 'Übersicht & Co']), rows: xml.join(''), before: hiddenColumn };
  const other = '<row r="1"><c r="A1"><v>1</v></c></row>';
  if (random.maybe(0.2)) options.sheet = list.name;
  const sheets = [
    ...(random.maybe(0.1) ? [{ name: 'Secret', rows: other, state: 'hidden' }] : []),
    ...(random.maybe(0.1) ? [{ name: 'Empty' }] : []),
    list,
    ...(random.maybe(0.2) ? [{ name: 'Legend', rows: other }] : []),
  ];
  return workbookFile({ sheets, strings, formats: FORMATS, ...(from1904 && { date1904: '1' }) });
}

function asText(random: Random, rows: readonly Laid[]): Buffer {
  const mark = random.one([',', ';', '\t', '|']);
  const end = random.one(['\r\n', '\n']);
  const always = random.maybe(0.5);
  const quoted = (text: string) =>
    always || /["\r\n,;\t|]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  const lines = rows.map(({ cells }) => cells.map((cell) => quoted(cell?.text ?? '')).join(mark));
  const text = lines.join(end) + (random.maybe(0.7) ? end : '');
  if (random.maybe(0.1)) return Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(text, 'utf16le')]);
  return Buffer.from((random.maybe(0.3) ? '\ufeff' : '') + text);
}
