/** The parts of a workbook: a zip archive read by its directory, part by part, with limits counted while inflating. */
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { crc32, createInflateRaw } from 'node:zlib';
import yauzl, { type Entry, type ZipFile } from 'yauzl';
import { formatBytes, formatCount, ReadError } from './errors.ts';
import type { Limits } from './limits.ts';
import type { WarningSink } from './warnings.ts';

const STORED = 0;
const DEFLATED = 8;
const END_MARK = 'PK\x05\x06';
const LOOK_BACK = 1024 * 1024;

export interface Zip {
  /** Names as written, with forward slashes and without a leading one. */
  names: string[];
  has(part: string): boolean;
  /** Inflated bytes of a part (any case). Throws ReadError; `damaged_workbook` when there is no such part. */
  stream(part: string): AsyncGenerator<Buffer>;
  close(): void;
}

/** Part names are compared without regard to case and slashes (ECMA-376 part 2, 6.2.2.3; some writers use backslashes). */
export function partKey(name: string): string {
  return partName(name).toLowerCase();
}

function partName(name: string): string {
  return name.replaceAll('\\', '/').replace(/^\/+/, '');
}

/** Opens an archive and reads its directory. Names of entries never become names of files, so they need no check. */
export async function openZip(path: string, limits: Limits, warnings: WarningSink): Promise<Zip> {
  const file = await openArchive(path);
  const entries = new Map<string, Entry>();
  const names: string[] = [];
  try {
    if (file.entryCount > limits.zipEntries) throw tooManyParts(limits);
    for await (const entry of file.eachEntry()) {
      const name = partName(entryName(entry));
      if (name === '' || name.endsWith('/')) continue;
      const key = name.toLowerCase();
      // the last one counts, as in other readers that go by the directory
      if (entries.has(key))
        warnings.add('part_repeated', `The workbook contains the part ${name} twice; the last one was read.`);
      else names.push(name);
      entries.set(key, entry);
      if (names.length > limits.zipEntries) throw tooManyParts(limits);
    }
  } catch (error) {
    file.close();
    throw error instanceof ReadError ? error : new ReadError('damaged_zip');
  }
  const budget = { left: limits.inflatedBytes };
  return {
    names,
    has: (part) => entries.has(partKey(part)),
    stream: (part) => {
      const entry = entries.get(partKey(part));
      if (!entry) throw new ReadError('damaged_workbook', { detail: `the part ${part} is missing` });
      return inflate(file, entry, partName(entryName(entry)), limits, budget, warnings);
    },
    close: () => file.close(),
  };
}

async function openArchive(path: string): Promise<ZipFile> {
  const options = { lazyEntries: true, autoClose: false, decodeStrings: false, validateEntrySizes: false } as const;
  try {
    return await yauzl.openPromise(path, options);
  } catch {
    const end = await endOfArchive(path);
    if (end === undefined) throw new ReadError('damaged_zip');
    return await yauzl.fromRandomAccessReaderPromise(new FilePart(path), end, options).catch(() => {
      throw new ReadError('damaged_zip');
    });
  }
}

class FilePart extends yauzl.RandomAccessReader {
  private readonly path: string;
  constructor(path: string) {
    super();
    this.path = path;
  }
  override _readStreamForRange(start: number, end: number): Readable {
    return createReadStream(this.path, { start, end: end - 1 });
  }
}

/** Where the directory of an archive ends that has other bytes behind it, such as zeros of a disk or a line end of a mail. */
async function endOfArchive(path: string): Promise<number | undefined> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const length = Math.min(size, LOOK_BACK);
    const { buffer } = await file.read(Buffer.alloc(length), 0, length, size - length);
    for (let at = buffer.lastIndexOf(END_MARK); at >= 0; at = at > 0 ? buffer.lastIndexOf(END_MARK, at - 1) : -1) {
      if (at + 22 > length) continue;
      const end = at + 22 + buffer.readUInt16LE(at + 20);
      if (end <= length) return size - length + end;
    }
    return undefined;
  } finally {
    await file.close();
  }
}

function tooManyParts(limits: Limits): ReadError {
  return new ReadError('too_many_parts', { limit: formatCount(limits.zipEntries) });
}

/** With decodeStrings off yauzl gives bytes; names of parts are ASCII, anything else only has to stay distinct. */
function entryName(entry: Entry): string {
  const raw: unknown = entry.fileName;
  return Buffer.isBuffer(raw) ? raw.toString('utf8') : String(raw);
}

async function* inflate(
  file: ZipFile,
  entry: Entry,
  name: string,
  limits: Limits,
  budget: { left: number },
  warnings: WarningSink,
): AsyncGenerator<Buffer> {
  if (entry.generalPurposeBitFlag & 1) throw new ReadError('encrypted');
  if (entry.compressionMethod !== STORED && entry.compressionMethod !== DEFLATED) {
    throw new ReadError('unsupported_compression');
  }
  let source: Readable | undefined;
  let output: Readable;
  let inflated = 0;
  let checksum = 0;
  try {
    source = await file.openReadStreamPromise(entry, { decodeFileData: false });
    output = source;
    if (entry.compressionMethod === DEFLATED) {
      const inflater = createInflateRaw({ chunkSize: 64 * 1024 });
      source.on('error', (error) => inflater.destroy(error));
      output = source.pipe(inflater);
    }
    for await (const chunk of output as AsyncIterable<Buffer>) {
      inflated += chunk.length;
      budget.left -= chunk.length;
      if (budget.left < 0) throw inflatesTooMuch(limits.inflatedBytes);
      if (inflated > limits.ratioFromBytes && inflated > limits.ratio * Math.max(1, entry.compressedSize)) {
        throw inflatesTooMuch(limits.ratioFromBytes);
      }
      checksum = crc32(chunk, checksum);
      yield chunk;
    }
  } catch (error) {
    if (error instanceof ReadError) throw error;
    if (isStreamError(error)) throw new ReadError('damaged_zip');
    throw error;
  } finally {
    source?.destroy();
  }
  if (checksum !== entry.crc32 || inflated !== entry.uncompressedSize) {
    warnings.add(
      'part_checksum',
      `The part ${name} of the workbook does not match its checksum. Check the values, or save the file again in Excel.`,
    );
  }
}

function inflatesTooMuch(bytes: number): ReadError {
  return new ReadError('inflates_too_much', { limit: formatBytes(bytes) });
}

/** zlib errors carry a code like Z_DATA_ERROR, yauzl throws plain errors about sizes and signatures. */
function isStreamError(error: unknown): boolean {
  const { code = '', message } = error as NodeJS.ErrnoException;
  return code.startsWith('Z_') || code.startsWith('ERR_STREAM') || /file header|file bounds|EOF|offset/i.test(message);
}
