/** Bytes of a text file to characters: which encoding it is in, and decoding it piece by piece. */
import { isUtf8 } from 'node:buffer';
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import iconv from 'iconv-lite';
import { guessCharset } from './csv_charset.ts';
import { ReadError } from './errors.ts';

export interface EncodingFinding {
  encoding: string;
  /** Length of the byte order mark. */
  skip: number;
  /** No mark and no proof: worth a look by the user. */
  guessed: boolean;
  /** Bytes that are not UTF-8 in a file that otherwise is; they are read as Windows-1252. */
  strayBytes: boolean;
  /** What the bytes prove instead of the encoding that the user chose. */
  contradicts?: string;
}

const CHUNK_BYTES = 256 * 1024;
/** At most this much text around bytes above 127 is kept for the guess. */
const SAMPLE_BYTES = 64 * 1024;

const MARKS: [bytes: number[], encoding: string][] = [
  [[0xff, 0xfe, 0, 0], 'utf-32le'],
  [[0, 0, 0xfe, 0xff], 'utf-32be'],
  [[0xef, 0xbb, 0xbf], 'utf-8'],
  [[0xff, 0xfe], 'utf-16le'],
  [[0xfe, 0xff], 'utf-16be'],
];

/** Finds the encoding: byte order mark, zero bytes, UTF-8 by its strict pattern over the whole file, then a guess. */
export async function detectEncoding(path: string): Promise<EncodingFinding> {
  const head = await readHead(path, SAMPLE_BYTES);
  const mark = markOf(head);
  if (mark) {
    const { encoding, length } = mark;
    const strayBytes = encoding === 'utf-8' && !(await scanUtf8(path, length)).pure;
    return { encoding, skip: length, guessed: false, strayBytes };
  }
  const wide = wideEncoding(head);
  if (wide) return { encoding: wide, skip: 0, guessed: false, strayBytes: false };
  const scan = await scanUtf8(path, 0);
  if (scan.pure) return { encoding: 'utf-8', skip: 0, guessed: false, strayBytes: false };
  // a file put together from two sources: UTF-8 sequences are far too regular to arise by chance
  if (scan.sequences >= 4 && scan.stray * 4 < scan.sequences) {
    return { encoding: 'utf-8', skip: 0, guessed: true, strayBytes: true };
  }
  return { encoding: guessCharset(scan.sample), skip: 0, guessed: true, strayBytes: false };
}

/** What a user chose, even where the bytes prove it wrong. "utf-16" and "utf-32" leave the byte order to the file. */
export async function chosenEncoding(path: string, name: string): Promise<EncodingFinding> {
  const chosen = knownEncoding(name);
  const head = await readHead(path, SAMPLE_BYTES);
  const mark = markOf(head);
  const wide = mark?.encoding ?? wideEncoding(head);
  const isFamily = chosen === 'utf-16' || chosen === 'utf-32';
  const encoding = !isFamily ? chosen : wide?.startsWith(chosen) ? wide : `${chosen}le`;
  const finding = { encoding, skip: mark?.encoding === encoding ? mark.length : 0, guessed: false, strayBytes: false };
  if (wide !== undefined) return wide === encoding ? finding : { ...finding, contradicts: wide };
  const { pure, sequences } = await scanUtf8(path, 0);
  const isAscii = pure && sequences === 0;
  const proven = isAscii ? encoding.startsWith('utf-16') || encoding.startsWith('utf-32') : pure;
  return proven && encoding !== 'utf-8' ? { ...finding, contradicts: 'utf-8' } : finding;
}

/** The canonical name of an encoding, or a ReadError. */
function knownEncoding(name: string): string {
  const key = name.trim().toLowerCase();
  if (key === '' || !iconv.encodingExists(key))
    throw new ReadError('unknown_encoding', { detail: `"${name.slice(0, 40)}"` });
  const compact = key.replace(/[^a-z0-9]/g, '');
  const same: Record<string, string> = {
    utf8: 'utf-8',
    utf16le: 'utf-16le',
    ucs2: 'utf-16le',
    utf16: 'utf-16',
    utf32: 'utf-32',
    utf16be: 'utf-16be',
    utf32le: 'utf-32le',
    utf32be: 'utf-32be',
    cp1252: 'windows-1252',
    ascii: 'windows-1252',
  };
  return same[compact] ?? key;
}

function markOf(head: Buffer): { encoding: string; length: number } | undefined {
  const mark = MARKS.find(([bytes]) => bytes.every((byte, at) => head[at] === byte));
  return mark && { encoding: mark[1], length: mark[0].length };
}

/** The text of the file in pieces. */
export async function* decodeFile(path: string, finding: EncodingFinding): AsyncGenerator<string> {
  const decode = decoderFor(finding);
  for await (const chunk of createReadStream(path, { start: finding.skip, highWaterMark: CHUNK_BYTES })) {
    const text = decode(chunk as Buffer, false);
    if (text !== '') yield text;
  }
  const rest = decode(Buffer.alloc(0), true);
  if (rest !== '') yield rest;
}

type Decode = (bytes: Buffer, last: boolean) => string;

function decoderFor({ encoding, strayBytes }: EncodingFinding): Decode {
  if (encoding === 'utf-8' && strayBytes) return mixedDecoder();
  if (encoding === 'utf-8') {
    const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
    return (bytes, last) => decoder.decode(bytes, { stream: !last });
  }
  const decoder = iconv.getDecoder(encoding, { stripBOM: false });
  return (bytes, last) => (last ? (decoder.end() ?? '') : decoder.write(bytes));
}

/** UTF-8 in which other bytes are read as Windows-1252, so that "Müller" survives in either form. */
function mixedDecoder(): Decode {
  let carry: Buffer = Buffer.alloc(0);
  return (bytes, last) => {
    const all = carry.length > 0 ? Buffer.concat([carry, bytes]) : bytes;
    const end = last ? all.length : all.length - incompleteTail(all);
    carry = Buffer.from(all.subarray(end));
    let text = '';
    let from = 0;
    for (let at = 0; at < end; ) {
      const length = (all[at] as number) < 0x80 ? 1 : sequenceLength(all, at, end);
      if (length > 0) at += length;
      else {
        text += all.toString('utf8', from, at) + iconv.decode(all.subarray(at, at + 1), 'windows-1252');
        from = ++at;
      }
    }
    return text + all.toString('utf8', from, end);
  };
}

interface Utf8Scan {
  pure: boolean;
  /** Valid sequences of several bytes, and bytes that belong to none. */
  sequences: number;
  stray: number;
  sample: Buffer;
}

async function scanUtf8(path: string, start: number): Promise<Utf8Scan> {
  const scan: Utf8Scan = { pure: true, sequences: 0, stray: 0, sample: Buffer.alloc(0) };
  const samples: Buffer[] = [];
  let sampled = 0;
  let carry: Buffer = Buffer.alloc(0);
  const look = (bytes: Buffer) => {
    if (isUtf8(bytes)) {
      scan.sequences += countSequences(bytes);
      return;
    }
    scan.pure = false;
    let lastSampled = 0;
    for (let at = 0; at < bytes.length; ) {
      if ((bytes[at] as number) < 0x80) {
        at++;
        continue;
      }
      const length = sequenceLength(bytes, at, bytes.length);
      if (length > 0) scan.sequences++;
      else scan.stray++;
      if (sampled < SAMPLE_BYTES && at >= lastSampled) {
        const piece = bytes.subarray(Math.max(lastSampled, at - 20), at + 20);
        lastSampled = at + 20;
        samples.push(piece);
        sampled += piece.length;
      }
      at += Math.max(1, length);
    }
  };
  for await (const chunk of createReadStream(path, { start, highWaterMark: CHUNK_BYTES })) {
    const all: Buffer = carry.length > 0 ? Buffer.concat([carry, chunk as Buffer]) : (chunk as Buffer);
    const tail = incompleteTail(all);
    look(all.subarray(0, all.length - tail));
    carry = Buffer.from(all.subarray(all.length - tail));
  }
  look(carry);
  scan.sample = Buffer.concat(samples);
  return scan;
}

/** Sequences in bytes known to be UTF-8: their continuation bytes stand behind a lead byte each. */
function countSequences(bytes: Buffer): number {
  let count = 0;
  for (let at = 0; at < bytes.length; at++) if ((bytes[at] as number) >= 0xc2) count++;
  return count;
}

/** Length of a valid UTF-8 sequence of two to four bytes at `at`, or 0 (Unicode 16, table 3-7). */
function sequenceLength(bytes: Buffer, at: number, end: number): number {
  const lead = bytes[at] as number;
  const length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || at + length > end) return 0;
  return isUtf8(bytes.subarray(at, at + length)) ? length : 0;
}

/** Bytes at the end that may be the start of a sequence which the next chunk completes. */
function incompleteTail(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] as number;
    if (byte < 0x80) return 0;
    if (byte >= 0xc2) return (byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2) > back ? back : 0;
  }
  return 0;
}

/** UTF-16 and UTF-32 without mark: Latin letters, digits and separators leave zero bytes at fixed places. */
function wideEncoding(head: Buffer): string | undefined {
  const length = head.length - (head.length % 4);
  if (head.length < 2) return undefined;
  const zeros = [0, 0, 0, 0];
  for (let at = 0; at < head.length; at++) if (head[at] === 0) zeros[at % 4] = (zeros[at % 4] ?? 0) + 1;
  const quarter = Math.max(1, head.length / 4);
  const share = zeros.map((count) => count / quarter) as [number, number, number, number];
  if (length >= 4 && share[2] > 0.9 && share[3] > 0.9 && share[1] > 0.7 && share[0] < 0.1) return 'utf-32le';
  if (length >= 4 && share[0] > 0.9 && share[1] > 0.9 && share[2] > 0.7 && share[3] < 0.1) return 'utf-32be';
  const even = (share[0] + share[2]) / 2;
  const odd = (share[1] + share[3]) / 2;
  // a list in another script has few zero bytes, but its line ends and separators have them all on one side
  if (odd > 0.02 && even < odd / 20 && zerosFollowAscii(head, 1)) return 'utf-16le';
  if (even > 0.02 && odd < even / 20 && zerosFollowAscii(head, 0)) return 'utf-16be';
  return undefined;
}

/** Whether nearly all line ends are two bytes wide; stray zero bytes in an ordinary file are not. */
function zerosFollowAscii(head: Buffer, zeroAt: 0 | 1): boolean {
  let wide = 0;
  let seen = 0;
  for (let at = 0; at + 1 < head.length; at += 2) {
    const low = head[at + 1 - zeroAt] as number;
    const high = head[at + zeroAt] as number;
    if (low !== 10 && low !== 13 && low !== 44 && low !== 59 && low !== 9 && low !== 32) continue;
    seen++;
    if (high === 0) wide++;
  }
  return seen === 0 ? head.length < 64 : wide / seen > 0.8;
}

async function readHead(path: string, length: number): Promise<Buffer> {
  const file = await open(path, 'r');
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(length), 0, length, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}
