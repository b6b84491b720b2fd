// Zip archives written as they come: nothing of an entry is kept, so archives of any length need little memory.
import type { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { crc32, createDeflateRaw } from 'node:zlib';

export interface ZipEntry {
  name: string;
  /** pieces of UTF-8 text, at most 4 GB together */
  content: AsyncIterable<string> | Iterable<string>;
}

/** Sizes behind the content (bit 3), names in UTF-8 (bit 11). */
const FLAGS = 0x0808;
const DEFLATED = 8;
/** Entries carry no time: 1 January 1980, the oldest that the format knows. */
const DATE = 0x0021;
const MOST = 0xffff_ffff;
/** Better levels make a sheet a tenth smaller and take twice as long. */
const LEVEL = 3;

interface Written {
  name: Buffer;
  offset: number;
  crc: number;
  size: number;
  packed: number;
}

/**
 * Writes the entries one after the other, each asked for when the one before is written, and ends `out`. Waits while `out`
 * is slow; when it is closed early the content's generators are ended too.
 * When anything fails, `out` is destroyed.
 * @throws what the content throws, and Error when `out` is closed early or a limit of the format is reached
 */
export const writeZip = (out: Writable, entries: AsyncIterable<ZipEntry> | Iterable<ZipEntry>): Promise<void> =>
  // A pipeline destroys `out` when it fails: half an archive must not look like a whole one.
  pipeline(archive(entries), out);

async function* archive(entries: AsyncIterable<ZipEntry> | Iterable<ZipEntry>): AsyncGenerator<Buffer> {
  const written: Written[] = [];
  let offset = 0;
  for await (const { name, content } of entries) {
    const entry: Written = { name: Buffer.from(name), offset, crc: 0, size: 0, packed: 0 };
    yield localHead(entry);
    for await (const piece of deflated(entry, content)) {
      entry.packed += piece.length;
      yield piece;
    }
    yield descriptor(entry);
    offset = behind(entry);
    if (entry.size > MOST || offset > MOST) throw new Error(`${name} is too large for a zip archive`);
    written.push(entry);
  }
  yield directory(written);
}

/** The content, packed; its size and checksum are noted in the entry. */
function deflated(entry: Written, content: ZipEntry['content']): AsyncIterable<Buffer> {
  async function* plain() {
    for await (const text of content) {
      const piece = Buffer.from(text);
      entry.crc = crc32(piece, entry.crc);
      entry.size += piece.length;
      yield piece;
    }
  }
  const packed = createDeflateRaw({ level: LEVEL, chunkSize: 1 << 16 });
  // What fails destroys `packed`, so whoever reads that learns of it.
  pipeline(plain(), packed).catch(() => {});
  return packed;
}

const numbers = (...fields: [value: number, bytes: 2 | 4][]): Buffer => {
  const buffer = Buffer.alloc(fields.reduce((sum, [, bytes]) => sum + bytes, 0));
  let at = 0;
  for (const [value, bytes] of fields) at = buffer.writeUIntLE(value, at, bytes);
  return buffer;
};

/** What an entry's local and central head have in common: version, flags, method, time, date, checksum, sizes, name. */
const common = ({ name, crc, size, packed }: Written): [number, 2 | 4][] => [
  [20, 2],
  [FLAGS, 2],
  [DEFLATED, 2],
  [0, 2],
  [DATE, 2],
  [crc, 4],
  [packed, 4],
  [size, 4],
  [name.length, 2],
  [0, 2],
];

const localHead = (entry: Written): Buffer => Buffer.concat([numbers([0x04034b50, 4], ...common(entry)), entry.name]);

const descriptor = ({ crc, packed, size }: Written): Buffer =>
  numbers([0x08074b50, 4], [crc, 4], [packed, 4], [size, 4]);

/** Where what follows an entry begins. */
const behind = ({ name, offset, packed }: Written): number => offset + 30 + name.length + packed + 16;

function directory(written: readonly Written[]): Buffer {
  const last = written.at(-1);
  const offset = last ? behind(last) : 0;
  const heads = written.map((entry) =>
    Buffer.concat([
      numbers([0x02014b50, 4], [20, 2], ...common(entry), [0, 2], [0, 2], [0, 2], [0, 4], [entry.offset, 4]),
      entry.name,
    ]),
  );
  const size = heads.reduce((sum, head) => sum + head.length, 0);
  const count = written.length;
  const end = numbers([0x06054b50, 4], [0, 2], [0, 2], [count, 2], [count, 2], [size, 4], [offset, 4], [0, 2]);
  return Buffer.concat([...heads, end]);
}
