/**
 * Makes files for tests of the reader: zip archives byte by byte (so that they can lie), workbooks from raw XML (so that
 * they can be odd), and a way to read a file in this process.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32, createDeflateRaw, deflateRawSync } from 'node:zlib';
import type { CsvChoice } from '#src/modules/imports/reader/csv_options.ts';
import { type Limits, limitsWith } from '#src/modules/imports/reader/limits.ts';
import {
  type Cell,
  type CsvDialect,
  type Row,
  rowFromWire,
  type SheetInfo,
} from '#src/modules/imports/reader/model.ts';
import { readInto } from '#src/modules/imports/reader/read.ts';
import type { Warning } from '#src/modules/imports/reader/warnings.ts';

export const MAIN = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main';
const RELATIONS = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';
const PACKAGE_RELATIONS = 'http://schemas.openxmlformats.org/package/2006/relationships';

export interface ZipEntry {
  name: string;
  data: string | Buffer;
  /** Already deflated; then `size` and `crc` are those of the plain data. */
  deflated?: { size: number; crc: number };
  /** 8 unless said otherwise. */
  method?: number;
  /** General purpose bits; 1 is encrypted. */
  flags?: number;
  /** What the directory claims, instead of the truth. */
  claimedSize?: number;
  claimedCrc?: number;
}

/** A zip archive with the entries in this order. */
export function zipOf(entries: ZipEntry[]): Buffer {
  const bodies: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const entry of entries) {
    const name = Buffer.from(entry.name);
    const plain = Buffer.from(entry.data as string);
    const method = entry.method ?? 8;
    const packed = entry.deflated ? plain : method === 8 ? deflateRawSync(plain) : plain;
    const header = Buffer.alloc(26);
    header.writeUInt16LE(20, 0);
    header.writeUInt16LE(entry.flags ?? 0, 2);
    header.writeUInt16LE(method, 4);
    header.writeUInt32LE(entry.claimedCrc ?? entry.deflated?.crc ?? crc32(plain), 10);
    header.writeUInt32LE(packed.length, 14);
    header.writeUInt32LE(entry.claimedSize ?? entry.deflated?.size ?? plain.length, 18);
    header.writeUInt16LE(name.length, 22);
    bodies.push(Buffer.from('PK\x03\x04'), header, name, packed);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(offset, 10);
    directory.push(Buffer.from('PK\x01\x02\x14\x00', 'latin1'), header, tail, name);
    offset += 30 + name.length + packed.length;
  }
  const size = directory.reduce((sum, part) => sum + part.length, 0);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(size, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...bodies, ...directory, end]);
}

/** A zip entry whose content is far larger than this process wants to hold: `piece` over and over. */
export async function repeatedEntry(
  name: string,
  start: string,
  piece: string,
  times: number,
  end: string,
): Promise<ZipEntry> {
  const deflate = createDeflateRaw({ level: 6 });
  const packed: Buffer[] = [];
  deflate.on('data', (chunk: Buffer) => packed.push(chunk));
  const done = new Promise((resolve) => deflate.on('end', resolve));
  let size = 0;
  let crc = 0;
  const put = async (text: Buffer) => {
    size += text.length;
    crc = crc32(text, crc);
    if (!deflate.write(text)) await new Promise((resolve) => deflate.once('drain', resolve));
  };
  await put(Buffer.from(start));
  const block = Math.max(1, Math.min(times, Math.floor(1_000_000 / piece.length)));
  const pieces = Buffer.from(piece.repeat(block));
  let left = times;
  for (; left >= block; left -= block) await put(pieces);
  await put(Buffer.from(piece.repeat(left) + end));
  deflate.end();
  await done;
  return { name, data: Buffer.concat(packed), deflated: { size, crc } };
}

export interface RawSheet {
  name: string;
  /** What stands between <sheetData> and its end tag. */
  rows?: string;
  /** The whole part, instead of `rows`. */
  xml?: string | Buffer;
  /** Put before and behind sheetData. */
  before?: string;
  after?: string;
  state?: string;
}

export interface RawWorkbook {
  sheets: RawSheet[];
  /** Each is the content of an `si` element, or a text when it has no tags. */
  strings?: string[];
  /** Number format codes; cell style n+1 has the n-th of them, style 0 is General. */
  formats?: string[];
  date1904?: string;
  /** Parts to add or replace; null leaves one out. */
  parts?: Record<string, string | Buffer | null>;
}

const XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n';

/** The parts of a workbook, in the order in which Excel writes them. */
export function workbookParts(book: RawWorkbook): Map<string, string | Buffer> {
  const parts = new Map<string, string | Buffer>();
  parts.set(
    '[Content_Types].xml',
    `${XML}<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>`,
  );
  parts.set('_rels/.rels', relationships([['rId1', 'officeDocument', 'xl/workbook.xml']]));
  const sheets = book.sheets.map(
    ({ name, state }, i) =>
      `<sheet name="${escapeXml(name)}" sheetId="${i + 1}"${state ? ` state="${state}"` : ''} r:id="rId${i + 1}"/>`,
  );
  const properties = book.date1904 === undefined ? '' : `<workbookPr date1904="${book.date1904}"/>`;
  parts.set(
    'xl/workbook.xml',
    `${XML}<workbook xmlns="${MAIN}" xmlns:r="${RELATIONS}">${properties}<sheets>${sheets.join('')}</sheets></workbook>`,
  );
  parts.set(
    'xl/_rels/workbook.xml.rels',
    relationships([
      ...book.sheets.map((_, i): [string, string, string] => [
        `rId${i + 1}`,
        'worksheet',
        `worksheets/sheet${i + 1}.xml`,
      ]),
      ['rIdS', 'styles', 'styles.xml'],
      ['rIdT', 'sharedStrings', 'sharedStrings.xml'],
    ]),
  );
  book.sheets.forEach((sheet, i) => {
    const { before = '', rows = '', after = '' } = sheet;
    const xml = `${XML}<worksheet xmlns="${MAIN}">${before}<sheetData>${rows}</sheetData>${after}</worksheet>`;
    parts.set(`xl/worksheets/sheet${i + 1}.xml`, sheet.xml ?? xml);
  });
  parts.set('xl/styles.xml', styles(book.formats ?? []));
  if (book.strings) {
    const items = book.strings.map((text) =>
      text.startsWith('<') ? `<si>${text}</si>` : `<si><t>${escapeXml(text)}</t></si>`,
    );
    parts.set('xl/sharedStrings.xml', `${XML}<sst xmlns="${MAIN}">${items.join('')}</sst>`);
  }
  for (const [name, part] of Object.entries(book.parts ?? {})) {
    if (part === null) parts.delete(name);
    else parts.set(name, part);
  }
  return parts;
}

export function workbookFile(book: RawWorkbook): Buffer {
  return zipOf([...workbookParts(book)].map(([name, data]) => ({ name, data })));
}

/** A workbook of one sheet with these rows of XML. */
export function sheetFile(rows: string, book: Partial<RawWorkbook> = {}): Buffer {
  return workbookFile({ ...book, sheets: [{ name: 'Customers', rows }] });
}

export function relationships(list: [id: string, type: string, target: string][]): string {
  const items = list.map(
    ([id, type, target]) => `<Relationship Id="${id}" Type="${RELATIONS}/${type}" Target="${target}"/>`,
  );
  return `${XML}<Relationships xmlns="${PACKAGE_RELATIONS}">${items.join('')}</Relationships>`;
}

function styles(formats: string[]): string {
  const codes = formats.map((code, i) => `<numFmt numFmtId="${200 + i}" formatCode="${escapeXml(code)}"/>`);
  const cells = ['<xf numFmtId="0"/>', ...formats.map((_, i) => `<xf numFmtId="${200 + i}"/>`)];
  return `${XML}<styleSheet xmlns="${MAIN}"><numFmts>${codes.join('')}</numFmts><cellXfs>${cells.join('')}</cellXfs></styleSheet>`;
}

export function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

/** A folder for the files of one test file; registers its own removal. */
export function testFolder(): (name: string, content: string | Buffer) => Promise<string> {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'reader-test-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));
  let count = 0;
  return async (name, content) => {
    const path = join(folder, `${++count}-${name}`);
    await writeFile(path, content);
    return path;
  };
}

export interface ReadSheet extends SheetInfo {
  hiddenColumns: [number, number][];
  merges: string[];
  lastRow: number;
  rows: Row[];
}

export interface ReadFile {
  format: 'xlsx' | 'csv';
  dialect: CsvDialect | undefined;
  listed: SheetInfo[];
  sheets: ReadSheet[];
  warnings: Warning[];
}

export interface ReadHereOptions {
  limits?: Partial<Limits>;
  csv?: CsvChoice;
  sheets?: (number | string)[];
  rowsPerSheet?: number;
}

/** Reads a file in this process, without the child: for everything that is not about processes. Throws ReadError. */
export async function readHere(path: string, name: string, options: ReadHereOptions = {}): Promise<ReadFile> {
  const { limits, ...rest } = options;
  const file: ReadFile = { format: 'xlsx', dialect: undefined, listed: [], sheets: [], warnings: [] };
  await readInto(
    { path, name, limits: limitsWith(limits), ...rest },
    {
      drained: () => undefined,
      emit: (event) => {
        if (event.type === 'file') {
          file.format = event.format;
          file.listed = event.sheets;
          file.dialect = event.format === 'csv' ? event.dialect : undefined;
        } else if (event.type === 'sheet') {
          file.sheets.push({ ...event.sheet, hiddenColumns: event.hiddenColumns, merges: [], lastRow: 0, rows: [] });
        } else if (event.type === 'rows') {
          // through JSON, as on the way from the child
          const rows = JSON.parse(JSON.stringify(event.rows)) as typeof event.rows;
          file.sheets.at(-1)?.rows.push(...rows.map(rowFromWire));
        } else if (event.type === 'sheet_end') {
          Object.assign(file.sheets.at(-1) ?? {}, { merges: event.merges, lastRow: event.lastRow });
        } else if (event.type === 'warning') file.warnings.push(event.warning);
      },
    },
  );
  return file;
}

/** The texts of the first sheet, a row an array. */
export function texts(file: ReadFile, sheet = 0): string[][] {
  return (file.sheets[sheet]?.rows ?? []).map((row) => row.cells.map((cell) => cell.text));
}

/** A cell of the first sheet by 0-based position in the list of rows delivered. */
export function cellAt(file: ReadFile, row: number, column: number): Cell | undefined {
  return file.sheets[0]?.rows[row]?.cells[column];
}

export function warningCodes(file: ReadFile): string[] {
  return file.warnings.map((warning) => warning.code);
}
