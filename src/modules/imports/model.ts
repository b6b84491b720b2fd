import { z } from 'zod';
import type { Change } from '#src/kernel/audit.ts';
import type { Row } from '#src/kernel/tenant_db.ts';
import type { CsvOptions } from './reader/csv_options.ts';
import { MATCH_KEYS } from './targets.ts';

/** What people and programs are told, as docs/contract says. */
export type State =
  | 'uploaded'
  | 'reading'
  | 'mapping'
  | 'planned'
  | 'committing'
  | 'committed'
  | 'undoing'
  | 'undone'
  | 'failed';

/** What the worker does about it. */
export type Task = 'inspect' | 'stage' | 'plan' | 'commit' | 'undo';

export type Plan = 'create' | 'update' | 'unchanged' | 'skip' | 'error';
export type Result = 'created' | 'updated' | 'unchanged' | 'failed';

/** A sheet with its first rows, for choosing it and its header row. */
export interface SheetPreview {
  index: number;
  name: string;
  hidden: boolean;
  rows: { number: number; cells: string[] }[];
}

/** What stands in a column below the header. */
export interface ColumnInfo {
  /** from 0 */
  index: number;
  header: string;
  /** the first three that are not blank */
  samples: string[];
  filled: number;
  /** how many of `filled` look like what */
  looks: { email: number; phone: number; url: number; date: number; number: number };
  /** every different text with how often it comes; null when there are too many to list */
  values: [text: string, count: number][] | null;
  /** days and months: 'dmy' or 'mdy' when a value decides it, 'either' when none does, '' when there are no such dates */
  day_order: '' | 'dmy' | 'mdy' | 'either';
}

export const ColumnMapping = z.strictObject({
  column: z.int().min(0).max(16_383),
  /** '' : do not import */
  field: z.string().max(100),
  /** text of the file -> value of a choice, '' for "leave empty" */
  values: z
    .array(z.tuple([z.string().max(500), z.string().max(200)]))
    .max(200)
    .optional(),
  day_order: z.enum(['dmy', 'mdy']).optional(),
  /** what it may overwrite: nothing said, always; only what is empty; never, so that new records alone get it */
  when: z.enum(['empty', 'never']).optional(),
});
export type ColumnMapping = z.infer<typeof ColumnMapping>;

export const Choices = z.strictObject({
  mode: z.enum(['create', 'update', 'both']),
  match: z.array(z.enum(MATCH_KEYS)),
  blank: z.enum(['keep', 'clear']),
  /** field -> text as a form would send it, for columns the file does not have */
  defaults: z.record(z.string(), z.string().max(200)),
});
export type Choices = z.infer<typeof Choices>;

export const PLAIN_CHOICES: Choices = { mode: 'both', match: [...MATCH_KEYS], blank: 'keep', defaults: {} };

/** What a program wants done without being asked again. */
export interface Wishes {
  sheet?: string | number | undefined;
  header_row?: number | undefined;
  mapping?: Record<string, string> | undefined;
  /** header -> what its column may overwrite */
  overwrite?: Record<string, 'always' | 'empty' | 'never'> | undefined;
  choices?: Partial<Choices> | undefined;
  commit?: boolean | undefined;
}

export interface Counts {
  rows: number;
  created: number;
  updated: number;
  unchanged: number;
  skipped: number;
  failed: number;
}

export interface Import extends Counts {
  id: string;
  entity: string;
  state: State;
  task: Task | null;
  run: number;
  attempts: number;
  heartbeat_at: string | null;
  done: number;
  total: number;
  file_name: string;
  file_bytes: string;
  file_key: string;
  file_format: 'xlsx' | 'csv' | null;
  /** what the person chose for a text file, and in words what was detected in it */
  dialect: CsvOptions & { found?: Record<keyof CsvOptions, string> };
  sheets: SheetPreview[];
  sheet: number | null;
  header_row: number | null;
  columns: ColumnInfo[];
  notes: string[];
  mapping: ColumnMapping[] | null;
  /**
   * Empty until the mapping stands; `wishes` of a program are kept beside them. `like`: whose mapping of an earlier file
   * with these columns is proposed. `recognised`: the file is an export of another kind than was chosen for it.
   */
  choices: Partial<Choices> & { wishes?: Wishes; like?: { at: string; who: string }; recognised?: boolean };
  error: string | null;
  /** how often the rows were moved: 1 written, 2 undone, 3 written again …; odd is forward */
  move: number;
  /** rows whose record was edited after the plan and that wait for a second look; part of `failed` */
  review: number;
  committed_at: string | null;
  undone_at: string | null;
  /** when file and rows were removed, having served their time */
  purged_at: string | null;
  corrects: string | null;
  created_at: string;
  created_by: string;
  version: number;
}

/** One problem of a row: column from 0, or -1 for the row as a whole. */
export type Problem = [column: number, message: string];

export interface PlannedRow {
  row_number: number;
  plan: Plan;
  title: string;
  /** the record it changes or resembles; for create the id that it will have */
  record_id: string | null;
  /** version of that record when the plan was made; null for create */
  record_version: number | null;
  problems: Problem[];
  /** of an update: field -> {old, new} */
  changes: Record<string, Change>;
  /** of a create: everything the record will hold that is not empty */
  after: Row | null;
}

/** What a row writes besides its own record. */
export interface PlannedPart extends PlannedRow {
  part: number;
  entity: string;
  plan: 'create' | 'update';
}

/** What an undo, or the undo of that, left as it was. */
export interface Kept {
  fields: string[];
  /** nothing at all was done to the record */
  left: boolean;
  why: string;
}

/** 0 -> 'A', 26 -> 'AA' */
export function letter(index: number): string {
  let rest = index;
  let name = '';
  do {
    name = String.fromCharCode(65 + (rest % 26)) + name;
    rest = Math.floor(rest / 26) - 1;
  } while (rest >= 0);
  return name;
}

/** The identity that every import keeps: no row of the file is unaccounted for. @throws Error */
export function assertAccounted(counts: Counts): void {
  const sum = counts.created + counts.updated + counts.unchanged + counts.skipped + counts.failed;
  if (sum !== counts.rows) throw new Error(`an import of ${counts.rows} rows accounts for ${sum}`);
}
