/**
 * What every template is given. Templates place, presenters decide: whatever stands here is final text, a flag or an
 * address; no template formats a date, checks a permission or knows a field type. All values are escaped on output.
 */

import type { PageAssets } from '#src/platform/assets.ts';

/** Colour words of LOOK.md; a tone never comes without a word beside it. */
export type Tone = 'neutral' | 'accent' | 'green' | 'amber' | 'red';

/** One value as a person reads it, in a table cell, a fact or a tile. */
export interface Cell {
  /** text: plain; link: href; badge: tone; number, date: tabular numerals; number is right-aligned; list: badges of `items`; long: keeps line breaks. */
  kind: 'text' | 'link' | 'badge' | 'number' | 'date' | 'list' | 'long' | 'empty';
  text: string;
  /** The exact or unabbreviated value, shown on hover (`title`). */
  title: string;
  href: string;
  tone: Tone;
  items: string[];
}

export interface Link {
  label: string;
  href: string;
  icon: string;
}

/** A button that posts: carries its own hidden fields besides `_csrf`. */
export interface Action {
  label: string;
  action: string;
  icon: string;
  tone: Tone;
  hidden: Hidden[];
}

/** Every form's hidden fields; the presenter puts `_csrf` among them, templates only print them. */
export interface Hidden {
  name: string;
  value: string;
}

export interface NavItem extends Link {
  current: boolean;
}

export interface NavSection {
  /** Work, Sales, Success, Support, Insight, Admin */
  label: string;
  items: NavItem[];
}

/** A line after something was done; `undo` posts. */
export interface Notice {
  tone: Tone;
  text: string;
  undo: Action | null;
}

/** _layout.ejs: the frame around a page for people who are signed in. */
export interface LayoutView {
  title: string;
  body: string;
  csrf: string;
  nonce: string;
  /** data-bs-theme: 'light', 'dark', or '' to follow the system. */
  theme: string;
  locale: string;
  assets: PageAssets;
  sections: NavSection[];
  create: Link[];
  search: { action: string; q: string; shown: boolean };
  tenant: { name: string; initials: string };
  person: { name: string; email: string; initials: string; role: string };
  can_switch: boolean;
  /** The person's menu: own sessions, switch company, … */
  menu: readonly Link[];
  notice: Notice | null;
}

/** _bare.ejs: the frame for sign-in, errors for strangers, print. */
export interface BareView {
  title: string;
  body: string;
  csrf: string;
  nonce: string;
  theme: string;
  locale: string;
  assets: PageAssets;
}

export interface Option {
  value: string;
  label: string;
  selected: boolean;
}

/** One control of a form. `id` is unique on the page; errors are tied by aria-describedby. */
export interface InputView {
  id: string;
  name: string;
  label: string;
  /** ref: text input with type-ahead from `lookup` plus hidden `<name>__id`; tags: text input, comma separated, with type-ahead. */
  control:
    | 'text'
    | 'textarea'
    | 'email'
    | 'tel'
    | 'url'
    | 'number'
    | 'date'
    | 'datetime-local'
    | 'checkbox'
    | 'select'
    | 'ref'
    | 'tags';
  value: string;
  /** ref only: the id that belongs to `value`. */
  ref_id: string;
  lookup: string;
  checked: boolean;
  options: Option[];
  required: boolean;
  help: string;
  error: string;
  max: number;
  step: string;
  autocomplete: string;
  autofocus: boolean;
}

export interface FormView {
  /** entity url, e.g. '/customers'; '' where there is none. */
  base: string;
  heading: string;
  action: string;
  submit: string;
  cancel: string;
  hidden: Hidden[];
  errors: { id: string; label: string; message: string }[];
  inputs: InputView[];
}

export interface ListColumn {
  name: string;
  label: string;
  numeric: boolean;
  /** '' when the column cannot be sorted. */
  sort_href: string;
  sorted: '' | 'ascending' | 'descending';
}

export interface ListRow {
  id: string;
  href: string;
  edit_href: string;
  /** First cell is the name and the link; `subtitle` is its second line. */
  title: string;
  subtitle: string;
  /** `label` is the column's, for phones, where rows stand as cards */
  cells: { label: string; shown: Cell }[];
}

export interface FilterView {
  name: string;
  label: string;
  control: 'select' | 'text' | 'date_range' | 'ref';
  value: string;
  /** date_range: name__from, name__to */
  from: string;
  to: string;
  options: readonly Option[];
  active: boolean;
}

/** entity/list.ejs; its swappable part is _entity/table.ejs in `<section id="list">`. */
export interface ListView {
  noun: string;
  noun_one: string;
  base: string;
  /** Address of the list in its present state. */
  here: string;
  q: string;
  searchable: boolean;
  search_label: string;
  filters: FilterView[];
  /** those behind "More filters" */
  more_filters: FilterView[];
  /** State the filter form must keep (sort, limit, scope). */
  keep: Hidden[];
  chips: { label: string; value: string; remove_href: string }[];
  clear_href: string;
  scopes: { label: string; href: string; current: boolean }[];
  /** The first column is the title; a row's `cells` are the others. */
  columns: ListColumn[];
  rows: ListRow[];
  pager: {
    /** '25 shown', '1–25 of 312', '1–25 of 10,000+' */
    label: string;
    prev_href: string;
    next_href: string;
    /** Fetches the capped count lazily into #count; '' when the total is known already. */
    count_href: string;
    /** Set when the count is capped: gives the exact one. */
    exact_href: string;
    total: string;
    sizes: { label: string; href: string; current: boolean }[];
  };
  new_href: string;
  import_href: string;
  trash_href: string;
  export_xlsx: string;
  export_csv: string;
  is_trash: boolean;
  /** Trash: each row's button posts to `<action_prefix><id>/restoration`, e.g. prefix '/customers/'. */
  restore: { action_prefix: string; hidden: Hidden[] } | null;
  empty: { title: string; text: string; action: Link | null };
}

export interface Fact {
  name: string;
  label: string;
  cell: Cell;
  /** Opens the inline editor for this fact (fragment with JavaScript, the edit page's anchor without); '' when it may not be edited. */
  edit_href: string;
}

export interface TimelineItem {
  id: string;
  kind: 'note' | 'interaction' | 'change' | 'project' | 'task';
  icon: string;
  /** 'Anna Novak changed Status from New to Active' */
  heading: string;
  href: string;
  body: string;
  lines: { label: string; old: string; new: string }[];
  who: string;
  when: string;
  when_exact: string;
}

export interface RelatedView {
  id: string;
  label: string;
  count: string;
  columns: { label: string; numeric: boolean }[];
  rows: ListRow[];
  all_href: string;
  /** of the form to add one; '' when the reader may not */
  add_href: string;
  add_label: string;
  empty: string;
}

/** entity/show.ejs */
export interface RecordView {
  noun: string;
  noun_one: string;
  base: string;
  id: string;
  version: string;
  title: string;
  subtitle: string;
  initials: string;
  badges: { label: string; text: string; tone: Tone }[];
  previous_href: string;
  next_href: string;
  edit_href: string;
  trash: Action | null;
  restore: Action | null;
  actions: Action[];
  trashed_text: string;
  facts: Fact[];
  composers: FormView[];
  timeline: TimelineItem[];
  timeline_more_href: string;
  related: RelatedView[];
}

/** _entity/fact_edit.ejs: one fact being edited in place. */
export interface FactEditView {
  action: string;
  cancel: string;
  hidden: Hidden[];
  input: InputView;
}

/** entity/conflict.ejs: two people edited; nothing is overwritten silently. */
export interface ConflictView {
  heading: string;
  text: string;
  action: string;
  cancel: string;
  hidden: Hidden[];
  rows: {
    name: string;
    label: string;
    original: Cell;
    theirs: Cell;
    yours: Cell;
    /** Both sides changed it to different things: the person must look. */
    clash: boolean;
    choice: 'yours' | 'theirs';
    yours_value: string;
    theirs_value: string;
  }[];
}

export interface ErrorView {
  status: number;
  heading: string;
  text: string;
  request_id: string;
  action: Link | null;
}

/** Kernel's views; a module adds its own by declaration merging: `declare module '#src/kernel/views.ts' { interface Views { … } }`. */
export interface Views {
  _layout: LayoutView;
  _bare: BareView;
  '_entity/list': ListView;
  '_entity/table': ListView;
  '_entity/count': ListView['pager'];
  '_entity/show': RecordView;
  '_entity/timeline': { items: TimelineItem[]; more_href: string };
  '_entity/form': FormView;
  '_entity/fact': Fact;
  '_entity/fact_edit': FactEditView;
  '_entity/conflict': ConflictView;
  '_entity/related': RelatedView;
  '_field/input': InputView;
  '_field/cell': Cell;
  '_part/error': ErrorView;
  '_part/notice': Notice;
  '_part/action': Action;
  '_part/head': BareView | LayoutView;
  '_part/nav': LayoutView;
  '_part/topbar': LayoutView;
  '_part/filter': FilterView;
  '_part/option': Option;
  '_part/pager': ListView['pager'];
  '_part/form': FormView;
  '_part/composers': { forms: FormView[] };
  '_field/control': InputView;
  '_field/attributes': InputView;
}
