// What must have become of a generated list, worked out from the list alone.
import type { Import } from '../../../src/modules/imports/model.ts';
import type { GeneratedList, Line } from './generated_lists.ts';
import type { Ground } from './ground.ts';

/** What became of a row, and the records it is about as they are now. */
interface Row {
  plan: string;
  problems: [number, string][];
  /** it only adds a contact to the customer of an earlier row */
  carries: boolean;
  record: Record<string, string | null> | null;
  contact: Record<string, string | null> | null;
}

/** The rows that say anything, in the order of the file. */
const rowsOf = ({ sql }: Ground, id: string): Promise<Row[]> =>
  sql<Row>(
    `select p.plan, p.problems, p.changes = '{}' as carries,
       (select to_jsonb(c) || jsonb_build_object('arr', c.arr::text, 'lifetime_value', c.lifetime_value::text,
          'products_owned', (select string_agg(v, ',' order by v collate "C") from unnest(c.products_owned) v),
          'tags', (select string_agg(t.name, ',' order by t.name collate "C") from customer_tags ct
             join tags t on t.id = ct.tag_id where ct.customer_id = c.id))
        from customers c where c.id = p.record_id) as record,
       (select jsonb_build_object('contact.name', c.name, 'contact.email', c.email) from import_plan q
          join contacts c on c.id = q.record_id
        where q.import_id = p.import_id and q.row_number = p.row_number and q.part > 0 and q.plan = 'create') as contact
     from import_plan p where p.import_id = $1 and p.part = 0 order by p.row_number`,
    [id],
  );

/** A sentence that a person can do something with. */
const READABLE = /^[A-Z“"\d].{10,}[.…]$/su;
const NOT_FOR_PEOPLE = /undefined|\bNaN\b|\[object|violates|\bat \w+ \(|fault on our side/;

/** @returns the text when it is none that a person can do something with */
export const unreadable = (text: string | null): string | null =>
  text && READABLE.test(text) && !NOT_FOR_PEOPLE.test(text) ? null : `unreadable: ${text}`;

export interface Judgement {
  complaints: string[];
  /** every column was taken for what it was meant to be, or left out */
  understood: boolean;
  /** fields that the file fills */
  mapped: ReadonlySet<string>;
}

/** Compares a finished import, and the records it wrote, with its list. */
export async function complaints(at: Ground, list: GeneratedList, done: Import): Promise<Judgement> {
  const lines = (done.mapping ?? []).filter(({ field }) => field);
  const mapped = new Set(lines.map(({ field }) => field));
  const ruled = new Set(lines.filter(({ when }) => when).map(({ field }) => field));
  const understood =
    done.header_row === list.header_row && lines.every(({ column, field }) => list.meant[column] === field);
  const rows = await rowsOf(at, done.id);
  const found: string[] = rows.flatMap(({ problems }) =>
    problems.flatMap(([, text]) => unreadable(text.charAt(0).toUpperCase() + text.slice(1)) ?? []),
  );
  if (rows.length !== list.lines.length) found.push(`${rows.length} rows, not ${list.lines.length}`);
  else if (understood)
    for (const [index, line] of list.lines.entries()) {
      const row = rows[index]!;
      const say = (text: string) => found.push(`row ${index + 1}, ${line.kind}, ${row.plan}: ${text}`);
      const plans = plansOf(line, list, mapped);
      if (!plans.includes(row.plan))
        say(`not ${plans.join(' or ')} ${JSON.stringify([[...line.cells], row.problems])}`);
      else for (const text of recordComplaints(line, row, list, mapped, ruled)) say(text);
    }
  return { complaints: found, understood, mapped };
}

const KNOWN = ['update', 'unchanged', 'skip', 'error'];

/** What a row may be planned to do, as far as the row alone decides it. */
function plansOf(line: Line, list: GeneratedList, mapped: ReadonlySet<string>): string[] {
  if (line.kind === 'header') return ['skip'];
  const cells = [...line.cells].filter(([field]) => mapped.has(field));
  const wrong = cells.flatMap(([field, cell]) => (cell.wrong ? [field] : []));
  // A row that is left out brings no contact either, so that a wrong one does not matter.
  if (wrong.length) return wrong.every((field) => field.startsWith('contact.')) ? ['error', 'skip'] : ['error'];
  const id = mapped.has('external_id') ? line.cells.get('external_id')?.stored : undefined;
  if (line.kind === 'known' && id?.toLowerCase().startsWith('known-')) return KNOWN;
  if (line.kind !== 'new') return ['create', ...KNOWN];
  if (list.options.mode === 'update') return ['skip'];
  return [line.cells.get('name')?.stored ? 'create' : 'error'];
}

/** What a new customer is besides what its row says. */
const INITIAL: Record<string, string> = { status: 'new' };

function recordComplaints(
  line: Line,
  row: Row,
  list: GeneratedList,
  mapped: ReadonlySet<string>,
  ruled: ReadonlySet<string>,
): string[] {
  const found: string[] = [];
  const made = row.plan === 'create';
  if (!made && !(row.plan === 'update' && !row.carries)) return [];
  const compare = (field: string, is: string | null | undefined, must: string | null) => {
    if ((is ?? null) !== must) found.push(`${field} is ${JSON.stringify(is)}, not ${JSON.stringify(must)}`);
  };
  if (!row.record) return ['there is no such record'];
  for (const [field, { stored }] of line.cells) {
    if (!mapped.has(field)) continue;
    if (field.startsWith('contact.')) {
      if (made && stored !== undefined) compare(field, row.contact?.[field], stored);
    } else if (stored !== undefined) {
      if (made || !ruled.has(field)) compare(field, row.record[field], stored);
    } else if (made) compare(field, row.record[field], list.options.defaults?.[field] ?? INITIAL[field] ?? null);
  }
  return found;
}
