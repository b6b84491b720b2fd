/** Tells what a file is by its first bytes. The name is only a hint: people rename files. */
import { open } from 'node:fs/promises';
import { formatBytes, ReadError, type ReadErrorCode } from './errors.ts';
import type { Limits } from './limits.ts';

export interface Sniffed {
  format: 'zip' | 'text';
  size: number;
}

/** Kinds of files that are recognised in order to say what to do instead. */
const SIGNATURES: [bytes: string, code: ReadErrorCode][] = [
  ['%PDF-', 'pdf'],
  ['{\\rtf', 'other_office'],
  ['\x89PNG', 'not_a_list'],
  ['\xff\xd8\xff', 'not_a_list'],
  ['GIF8', 'not_a_list'],
  ['\x1f\x8b', 'zip_archive'],
  ['7z\xbc\xaf\x27\x1c', 'zip_archive'],
  ['Rar!', 'zip_archive'],
  ['SQLite format 3', 'not_a_list'],
  ['\x00\x01\x00\x00Standard', 'not_a_list'],
  // .xls before it had a container: BIFF 2 to 4
  ['\x09\x00\x04\x00', 'old_excel'],
  ['\x09\x02\x06\x00', 'old_excel'],
  ['\x09\x04\x06\x00', 'old_excel'],
];
const COMPOUND_FILE = '\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1';
const HEAD_BYTES = 4096;

/** Throws ReadError for files that are neither a zip archive nor text. */
export async function sniff(path: string, limits: Limits): Promise<Sniffed> {
  const file = await open(path, 'r').catch(() => {
    throw new ReadError('not_found');
  });
  try {
    const { size } = await file.stat();
    if (size === 0) throw new ReadError('empty_file');
    if (size > limits.fileBytes) throw new ReadError('file_too_large', { limit: formatBytes(limits.fileBytes) });
    const { bytesRead, buffer } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    const head = buffer.subarray(0, bytesRead);
    const start = head.toString('latin1');
    if (start.startsWith('PK\x03\x04') || start.startsWith('PK\x05\x06') || start.startsWith('PK00PK')) {
      return { format: 'zip', size };
    }
    if (start.startsWith(COMPOUND_FILE)) throw new ReadError(await compoundKind(file, size));
    // a program put something before the archive (a blank line, a byte order mark): Excel does not open it either
    if (start.slice(0, 1024).includes('PK\x03\x04')) throw new ReadError('damaged_zip');
    const known = SIGNATURES.find(([bytes]) => start.startsWith(bytes));
    if (known) throw new ReadError(known[1]);
    sniffText(head);
    return { format: 'text', size };
  } finally {
    await file.close();
  }
}

/** A compound file holds an encrypted .xlsx ([MS-OFFCRYPTO] 2.3) or a document of the old formats. */
async function compoundKind(file: Awaited<ReturnType<typeof open>>, size: number): Promise<ReadErrorCode> {
  const name = (text: string) => Buffer.from(text, 'utf16le');
  const chunk = Buffer.alloc(1024 * 1024);
  const overlap = 64;
  let old = false;
  let word = false;
  for (let position = 0; position < size; position += chunk.length - overlap) {
    const { bytesRead } = await file.read(chunk, 0, chunk.length, position);
    const part = chunk.subarray(0, bytesRead);
    if (part.includes(name('EncryptedPackage')) || part.includes(name('EncryptionInfo'))) return 'encrypted';
    if (part.includes(name('Workbook\0')) || part.includes(name('Book\0'))) old = true;
    if (part.includes(name('WordDocument')) || part.includes(name('PowerPoint Document'))) word = true;
    if (bytesRead < chunk.length) break;
  }
  return word && !old ? 'other_office' : 'old_excel';
}

/** Looks at text through its possible encodings for markup and JSON. */
function sniffText(head: Buffer): void {
  // UTF-16 and UTF-32 become readable once their zero bytes are left out
  const text = head
    .toString('latin1')
    .replace(/^(?:\xef\xbb\xbf|\xff\xfe|\xfe\xff|\0\0\xfe\xff)/, '')
    .replaceAll('\0', '')
    .trimStart();
  if (text === '') throw new ReadError('empty_file');
  const start = text.slice(0, 1024).toLowerCase();
  if (/^<\?xml/.test(start) && /urn:schemas-microsoft-com:office:spreadsheet|progid="excel/.test(text.toLowerCase())) {
    throw new ReadError('xml_spreadsheet');
  }
  if (/^<\?xml/.test(start) && /opendocument|office:document/.test(start)) throw new ReadError('opendocument');
  if (
    /^(?:<\?xml[^>]*>\s*)?(?:<!--[\s\S]*?-->\s*)?<(?:!doctype html|html|head|body|table|meta|div|style|script)\b/.test(
      start,
    )
  ) {
    throw new ReadError('html');
  }
  if (/^mime-version:/.test(start)) throw new ReadError('html');
  if (/^<\?xml/.test(start)) throw new ReadError('not_a_list');
  if (/^(?:\[\s*[[{"]|\{\s*")/.test(start) && /^(?:\[\s*)?[[{]?\s*(?:\{\s*)?"[^"\n]*"\s*:/.test(start))
    throw new ReadError('json_file');
}

/** What a zip archive is, by the names of its entries; throws ReadError unless it is a workbook that can be read. */
export function checkZipKind(names: string[]): void {
  const has = (pattern: RegExp) => names.some((name) => pattern.test(name));
  if (has(/(^|\/)workbook\d*\.xml$/i) || has(/(^|\/)worksheets\/[^/]+\.xml$/i)) return;
  if (has(/(^|\/)workbook\.bin$/i)) throw new ReadError('binary_excel');
  if (has(/^Index\/.*\.iwa$|^Index\.zip$/i)) throw new ReadError('numbers');
  if (has(/^mimetype$/) && has(/^content\.xml$/)) throw new ReadError('opendocument');
  if (has(/^(word|ppt|visio)\//i)) throw new ReadError('other_office');
  if (has(/^\[Content_Types\]\.xml$/i)) return;
  throw new ReadError('zip_archive');
}
