/** What the pages of an import are given. As in src/kernel/views.ts, all is final text. */

import type { Action, Cell, FormView, Hidden, InputView, Link, ListView, Option, Tone } from '#src/kernel/views.ts';

/** A step of a wizard; `href` is '' where one cannot go yet. */
export interface Step {
  label: string;
  href: string;
  state: 'done' | 'current' | 'ahead';
}

/** Head of every page of one import. */
export interface ImportHead {
  heading: string;
  /** 'customers-2026.xlsx · sheet Clients · 412 rows' */
  subtitle: string;
  steps: Step[];
}

/** imports/index.ejs */
export interface ImportsView {
  new_href: string;
  rows: {
    href: string;
    file: string;
    /** 'Customers' */
    kind: string;
    who: string;
    when: string;
    when_exact: string;
    state: Cell;
    /** 'by Anna Novak', of what was undone */
    state_note: string;
    counts: string;
  }[];
  pager: ListView['pager'];
}

/** imports/new.ejs; a plain multipart form with `_csrf` first, then `entity` and `file`. */
export interface ImportNewView {
  action: string;
  hidden: Hidden[];
  error: string;
  /** Kinds that any list can add and change, then those of which an edited export can be brought back. */
  kinds: { label: string; options: Option[] }[];
  kinds_note: string;
  /** '.xlsx,.csv' */
  accept: string;
  /** 'Excel (.xlsx) or CSV, up to 50 MB, 200,000 rows and 300 columns. …' */
  limits: string;
  cancel: string;
}

export interface MappingColumn {
  /** Form field that carries the chosen target; the options include 'Do not import'. */
  name: string;
  id: string;
  /** 'C' and 'Klient' */
  letter: string;
  header: string;
  samples: string[];
  /** What a column of our own export says, which nobody can choose: 'tells which customer the row is'; '' for all others. */
  fixed: string;
  /** Targets, in groups; the first group has no name. */
  groups: { label: string; options: Option[] }[];
  /** What the column may overwrite; null where there is nothing to overwrite. */
  when: { id: string; name: string; options: Option[] } | null;
  /** Why this was guessed, or what is wrong with it. */
  note: string;
  error: string;
  /** Further choices of this column: order of day and month, values of a list. */
  details: InputView[];
  details_label: string;
  /** Something among them has to be said. */
  details_open: boolean;
}

/** imports/source.ejs: which of several sheets holds the list. */
export interface ImportSourceView {
  head: ImportHead;
  action: string;
  hidden: Hidden[];
  error: string;
  sheets: {
    id: string;
    value: string;
    label: string;
    note: string;
    checked: boolean;
    rows: FirstRowsView['rows'];
  }[];
}

/** _import/first_rows.ejs: the beginning of a file as it is read, and the row of it that names the columns. */
export interface FirstRowsView {
  header: InputView;
  label: string;
  rows: {
    number: string;
    state: 'header' | 'above' | 'row';
    /** 'names the columns', 'left out'; '' for rows of the list */
    note: string;
    cells: string[];
  }[];
  notes: { tone: Tone; text: string }[];
  error: string;
}

/** _import/reading.ejs: how a file is read. Its form previews by GET; the button that has it read again posts with the token. */
export interface ReadingView {
  heading: string;
  /** 'Unicode (UTF-8) · separated by semicolon · columns named in row 2'; '' while nothing could be read */
  said: string;
  open: boolean;
  action: string;
  preview_href: string;
  csrf: string;
  hidden: Hidden[];
  inputs: InputView[];
  first_rows: FirstRowsView;
}

/** imports/preview.ejs: what the mapping page shows in place, as a page of its own for browsers without JavaScript. */
export interface ImportPreviewView {
  head: ImportHead;
  reading: ReadingView;
  back_href: string;
}

/** imports/failed.ejs: why nothing was imported, and what to do. */
export interface ImportFailedView {
  head: ImportHead;
  message: string;
  new_href: string;
  /** Another sheet, header row or character set may do; null when the file leaves nothing to choose. */
  reading: ReadingView | null;
}

/** imports/mapping.ejs */
export interface MappingView {
  head: ImportHead;
  action: string;
  hidden: Hidden[];
  errors: FormView['errors'];
  /** Warnings of the reader. */
  notes: { tone: Tone; text: string }[];
  reading: ReadingView | null;
  /** 'Matched as on 3 March by Anna Novak for the same columns.', and the way to the guess. */
  like: { text: string; action: Action } | null;
  columns: MappingColumn[];
  /** Mode, match keys, blank cells. */
  choices: InputView[];
  /** Values for fields the file does not have. */
  defaults: InputView[];
  submit: string;
  cancel: Action | null;
}

/** A figure with its name; `current` while it filters the table below. */
export interface CountTile {
  id: string;
  label: string;
  count: string;
  href: string;
  current: boolean;
  tone: Tone;
}

/** imports/plan.ejs: five tiles over a table in which old is struck through and new stands beside it. */
export interface PlanView {
  head: ImportHead;
  /** 'Customer' */
  noun: string;
  tiles: CountTile[];
  notes: { tone: Tone; text: string }[];
  columns: string[];
  rows: {
    id: string;
    /** Row in the file, as Excel counts. */
    number: string;
    title: string;
    /** The customer it will change, or a look-alike; '' for none. */
    href: string;
    /** Where its error is mended; '' when there is none, or no way to. */
    edit_href: string;
    /** It is the next one to mend. */
    next: boolean;
    outcome: Cell;
    /** One for each of `columns`, named by `label`; `changed` shows `old` struck through before `text`, `wrong` is at fault. */
    cells: { label: string; text: string; old: string; state: 'plain' | 'changed' | 'wrong' }[];
    /** What the row writes besides: fields without a column here, contacts, an account. */
    lines: { label: string; old: string; text: string }[];
    /** What is wrong or why it is left out; '' when there is nothing to say. */
    message: string;
  }[];
  empty: string;
  pager: ListView['pager'];
  errors_href: string;
  back: Link;
  /** 'Import 412 customers' */
  commit: Action | null;
  /** Why there is nothing to commit. */
  commit_note: string;
}

/** imports/row.ejs, or _import/row_form.ejs in the place of the row: its cells, to be corrected. */
export interface ImportRowView {
  id: string;
  head: ImportHead;
  /** columns of the table */
  span: number;
  /** What is wrong with the row as a whole, until something is sent; '' for nothing. */
  message: string;
  form: FormView;
}

/** imports/progress.ejs; `_import/bar` is fetched again from poll_href, when told to and every few seconds, until the answer redirects. */
export interface ProgressView {
  head: ImportHead;
  /** 0-100 */
  percent: number;
  text: string;
  poll_href: string;
  /** sends `import` whenever there may be news */
  events_href: string;
  note: string;
}

/** imports/result.ejs */
export interface ResultView {
  head: ImportHead;
  tiles: CountTile[];
  /** '412 rows in the file = 300 created + 80 updated + 20 unchanged + 7 skipped + 5 failed' */
  sum: string;
  notes: { tone: Tone; text: string }[];
  /** Rows that were not written because something changed after the plan. */
  review: { text: string; link: Link } | null;
  facts: { label: string; cell: Cell }[];
  mapping: { header: string; target: string }[];
  errors_href: string;
  list: Link | null;
  /** Takes the import back, or brings it back. */
  undo: Action | null;
  /** 'Possible until 21 December. Moves 300 customers to the trash …' */
  undo_text: string;
  /** Records that the last undo, or the undo of that, left different. */
  kept: { heading: string; rows: { number: string; record: Cell; why: string }[]; more: Link | null } | null;
}

declare module '#src/kernel/views.ts' {
  interface Views {
    'imports/index': ImportsView;
    'imports/new': ImportNewView;
    'imports/source': ImportSourceView;
    'imports/failed': ImportFailedView;
    'imports/preview': ImportPreviewView;
    'imports/mapping': MappingView;
    'imports/plan': PlanView;
    'imports/row': ImportRowView;
    'imports/progress': ProgressView;
    'imports/result': ResultView;
    '_import/head': ImportHead;
    '_import/tiles': { tiles: CountTile[] };
    '_import/column': MappingColumn;
    '_import/reading': ReadingView;
    '_import/first_rows': FirstRowsView;
    '_import/line': FirstRowsView['rows'][number];
    '_import/bar': ProgressView;
    '_import/row': PlanView['rows'][number];
    '_import/row_form': ImportRowView;
    '_import/change': { old: string; text: string };
  }
}
