import type { Row, TenantDb } from '#src/kernel/tenant_db.ts';
import { type Calendar, openCalendar } from './calendar.ts';
import { type Colleague, peopleOf, type TenantFacts } from './people.ts';
import { openRandom, type Random } from './random.ts';

/** Kind of record -> its table, the field that names it and the fields that start with a value, as its entity says. */
const KINDS = {
  tag: { table: 'tags', title: 'name' },
  customer: { table: 'customers', title: 'name' },
  contact: { table: 'contacts', title: 'name' },
  account: { table: 'accounts', title: 'name' },
  lead: { table: 'leads', title: 'name' },
  project: { table: 'projects', title: 'name' },
  interaction: { table: 'interactions', title: 'subject' },
  note: { table: 'notes', title: 'body' },
  task: { table: 'tasks', title: 'title' },
} as const;
export type Kind = keyof typeof KINDS;

/** A record as it stands after everything that happened to it so far. */
export interface Entry {
  kind: Kind;
  id: string;
  row: Row;
  tags: string[];
  /** when it was last changed */
  touched: number;
}

/**
 * What will have happened in a tenant. Records are added, changed and trashed here as people would have done it, each
 * with its line in the audit trail and its version; `write` then stores the outcome in a few statements.
 */
export interface Book {
  tenant: TenantFacts;
  random: Random;
  clockwork: Random;
  calendar: Calendar;
  people: ReadonlyMap<string, Colleague>;
  entries: Entry[];
  trail: Row[];
}

const MINUTE = 60_000;
/** When people begin on their first day, and end on their last. */
export const FIRST_HOUR = 7;
export const LAST_HOUR = 18;
const CHUNK = 500;

/**
 * An empty book. Times and ids have a chance of their own: how many of them are drawn depends on the hour and the weekday,
 * and what people do must not, or the demo would look different tomorrow.
 */
export function openBook(tenant: TenantFacts, now: number): Book {
  const clockwork = openRandom(tenant.seed + 1);
  const book: Book = {
    tenant,
    random: openRandom(tenant.seed),
    clockwork,
    calendar: openCalendar(now, tenant.time_zone, clockwork),
    people: new Map(),
    entries: [],
    trail: [],
  };
  const people = peopleOf(tenant.slug, (joined) => idAt(book, book.calendar.ago(joined, FIRST_HOUR)));
  book.people = new Map(people.map((one) => [one.key, one]));
  return book;
}

/** The colleague with this name before the @. */
export function person(book: Book, key: string): Colleague {
  const found = book.people.get(key);
  if (!found) throw new Error(`nobody is called ${key} in ${book.tenant.slug}`);
  return found;
}

/** A UUIDv7 of that instant: lists and the trail order by id. */
export function idAt(book: Book, at: number): string {
  const { between } = book.clockwork;
  const part = (digits: number) =>
    between(0, 16 ** digits - 1)
      .toString(16)
      .padStart(digits, '0');
  const time = at.toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7${part(3)}-${between(8, 11).toString(16)}${part(3)}-${part(6)}${part(6)}`;
}

const iso = (at: number) => new Date(at).toISOString();

interface Given {
  tags?: readonly string[];
  via?: 'web' | 'import';
}

/** Somebody adds a record. Empty values are left out, as a form would. */
export function add(book: Book, kind: Kind, by: Colleague, at: number, given: Row, more: Given = {}): Entry {
  const values = Object.fromEntries(Object.entries(given).filter(([, v]) => v !== null && v !== undefined));
  const tags = [...(more.tags ?? [])];
  const entry: Entry = { kind, id: idAt(book, at), row: values, tags, touched: at };
  const changes = Object.fromEntries(
    Object.entries(tags.length ? { ...values, tags } : values).map(([name, v]) => [name, { old: null, new: v }]),
  );
  entry.row = {
    id: entry.id,
    ...values,
    version: 1,
    created_at: iso(at),
    created_by: by.id,
    updated_at: iso(at),
    updated_by: by.id,
    deleted_at: null,
  };
  book.entries.push(entry);
  tell(book, entry, by, at, 'created', changes, more.via);
  return entry;
}

/** Somebody changes a record, at the earliest a minute after its last change. What is the same already is left out. */
export function change(book: Book, entry: Entry, by: Colleague, at: number, patch: Row, verb = 'updated'): void {
  const changes = Object.fromEntries(
    Object.entries(patch)
      .filter(([name, v]) => JSON.stringify(entry.row[name] ?? null) !== JSON.stringify(v))
      .map(([name, v]) => [name, { old: entry.row[name] ?? null, new: v }]),
  );
  if (!Object.keys(changes).length) return;
  Object.assign(entry.row, patch);
  step(book, entry, by, at, verb, changes);
}

/** That time, unless the record did not exist yet: then soon after it was made. */
export const since = (book: Book, entry: Entry, at: number): number =>
  Math.min(Math.max(at, Date.parse(String(entry.row.created_at)) + 9 * MINUTE), book.calendar.now - MINUTE);

/** Somebody moves a record to the trash. */
export function trash(book: Book, entry: Entry, by: Colleague, at: number): void {
  const when = step(book, entry, by, at, 'trashed', {});
  entry.row.deleted_at = iso(when);
}

function step(book: Book, entry: Entry, by: Colleague, at: number, verb: string, changes: Row): number {
  const when = Math.min(Math.max(at, entry.touched + MINUTE), book.calendar.now);
  entry.touched = when;
  Object.assign(entry.row, {
    version: (entry.row.version as number) + 1,
    updated_at: iso(when),
    updated_by: by.id,
  });
  tell(book, entry, by, when, verb, changes);
  return when;
}

function tell(book: Book, entry: Entry, by: Colleague, at: number, verb: string, changes: Row, via = 'web'): void {
  book.trail.push({
    id: idAt(book, at),
    at: iso(at),
    actor_id: by.id,
    actor_name: by.name,
    via,
    verb,
    entity: entry.kind,
    record_id: entry.id,
    record_title: String(entry.row[KINDS[entry.kind].title]).slice(0, 200),
    version: entry.row.version,
    changes: JSON.stringify(changes),
  });
}

/** Stores everything, what is referred to before what refers to it. */
export async function write(book: Book, db: TenantDb): Promise<void> {
  for (const kind of Object.keys(KINDS) as Kind[]) {
    await insert(
      db,
      KINDS[kind].table,
      book.entries.filter((entry) => entry.kind === kind).map((entry) => entry.row),
    );
  }
  const tagIds = new Map(book.entries.filter((e) => e.kind === 'tag').map((e) => [e.row.name, e.id]));
  for (const kind of ['customer', 'contact', 'lead', 'project', 'task'] as const) {
    const tagged = book.entries.filter((entry) => entry.kind === kind && entry.tags.length);
    await insert(
      db,
      `${kind}_tags`,
      tagged.flatMap((entry) => entry.tags.map((name) => ({ [`${kind}_id`]: entry.id, tag_id: tagIds.get(name) }))),
    );
  }
  await insert(db, 'audit_log', book.trail);
}

async function insert(db: TenantDb, table: string, rows: readonly Row[]): Promise<void> {
  for (let i = 0; i < rows.length; i += CHUNK) await db.insert(table, rows.slice(i, i + CHUNK));
}
