/**
 * What one file may cost. Every limit is counted while reading, never taken from a header the file wrote about itself.
 * A broken limit refuses the whole file with a ReadError: nothing is cut silently.
 */
export interface Limits {
  /** Size of the uploaded file in bytes. */
  fileBytes: number;
  /** Bytes of all parts of a workbook after inflating. */
  inflatedBytes: number;
  /** Inflated / packed bytes of one part; only looked at above `ratioFromBytes`, honest sheets reach 70. */
  ratio: number;
  ratioFromBytes: number;
  /** Entries in the zip archive. */
  zipEntries: number;
  /** Row numbers and rows of one sheet; the default is Excel's own maximum. */
  rows: number;
  /** Columns of one row; the default is Excel's own maximum (XFD). */
  columns: number;
  /** Cells of the whole file, counting the blanks in front of a filled cell. */
  cells: number;
  /** Characters of one cell. A longer one is cut, with a warning that names its row (Excel's own maximum is 32,767). */
  cellCharacters: number;
  /** Characters of one XML tag or one run of text. */
  xmlTokenCharacters: number;
  /** Nesting of XML elements. */
  xmlDepth: number;
  /** UTF-8 bytes of all shared strings. */
  sharedStringBytes: number;
  /** Seconds that the parent waits for the child, without the time the consumer takes for itself. */
  seconds: number;
  /** Seconds of processor time of the child. */
  cpuSeconds: number;
  /** Heap of the child (V8 old space) in megabytes. */
  heapMegabytes: number;
  /** Resident memory at which the parent ends the child (where the system tells it, i.e. Linux), in megabytes. */
  residentMegabytes: number;
}

const MB = 1024 * 1024;

export const DEFAULT_LIMITS: Readonly<Limits> = Object.freeze({
  fileBytes: 100 * MB,
  inflatedBytes: 768 * MB,
  ratio: 100,
  ratioFromBytes: 10 * MB,
  zipEntries: 2000,
  rows: 1_048_576,
  columns: 16_384,
  cells: 50_000_000,
  cellCharacters: 100_000,
  xmlTokenCharacters: 1_000_000,
  xmlDepth: 64,
  sharedStringBytes: 96 * MB,
  seconds: 60,
  cpuSeconds: 60,
  heapMegabytes: 256,
  residentMegabytes: 400,
});

/** The defaults with some of them replaced; unknown keys and values that are not positive numbers are refused. */
export function limitsWith(changes: Partial<Limits> = {}): Limits {
  const limits: Limits = { ...DEFAULT_LIMITS };
  for (const [key, value] of Object.entries(changes)) {
    if (value === undefined) continue;
    if (!Object.hasOwn(DEFAULT_LIMITS, key)) throw new TypeError(`no such limit: ${key}`);
    if (typeof value !== 'number' || !(value > 0)) throw new TypeError(`limit ${key} must be a positive number`);
    limits[key as keyof Limits] = value;
  }
  return limits;
}

/** Where Linux tells a process about itself. */
export const OWN_STATUS = '/proc/self/status';
