import type { Row } from '#src/kernel/tenant_db.ts';
import { add, type Book, change, type Entry, person, since } from '../book.ts';
import type { Colleague } from '../people.ts';
import { openRandom, type Random } from '../random.ts';
import { fill } from '../text.ts';
import type { Content } from './content.ts';
import type { Party } from './customers.ts';
import { words } from './talks.ts';

type Fate = 'open' | 'in_progress' | 'done' | 'cancelled';

/** What everybody has on their list: days from today on which it is due, at least and at most, and what became of it. */
const LIST: readonly (readonly [due: readonly [number, number] | null, fate: Fate])[] = [
  [[-9, -3], 'in_progress'],
  [[-2, -1], 'open'],
  [[0, 0], 'open'],
  [[0, 0], 'in_progress'],
  [[1, 2], 'open'],
  [[3, 7], 'open'],
  [[9, 40], 'open'],
  [null, 'open'],
  [[-5, 3], 'done'],
  [[-20, -6], 'done'],
  [[-60, -21], 'done'],
  [null, 'done'],
  [[-30, 10], 'cancelled'],
];
const PRIORITIES = { low: 18, medium: 52, high: 22, urgent: 8 };
const OLDEST = 70;

/** What a task can hang on. */
interface Subject {
  kind: 'customer' | 'project' | 'lead';
  entry: Entry;
  about: Record<string, unknown>;
  values: Record<string, string>;
}

interface Told {
  who: Colleague;
  /** who wrote it down */
  by: Colleague;
  fate: Fate;
  due: readonly [number, number] | null;
  tags: readonly string[];
}

/** The lists of everybody who works: their customers, leads and projects, and what has nothing to do with any. */
export function addTasks(
  book: Book,
  content: Content,
  parties: readonly Party[],
  projects: readonly Entry[],
  leads: readonly Entry[],
): void {
  // Chance of its own: what was told before stays as it was.
  const random = openRandom(book.tenant.seed + 2);
  const manager = person(book, 'manager');
  for (const who of book.people.values()) {
    if (who.left !== undefined || who.role === 'read_only') continue;
    const subjects = subjectsOf(who, parties, projects, leads);
    for (const [due, fate] of LIST) {
      const subject = subjects.length && random.chance(0.78) ? random.pick(subjects) : null;
      const [title = '', description] = fill(
        random,
        random.pick(content.tasks[subject?.kind ?? 'plain']),
        subject?.values ?? {},
      ).split(' | ');
      const given = {
        title,
        description,
        status: 'open',
        priority: random.weighted(PRIORITIES),
        due_date: due && book.calendar.day(random.between(...due)),
        assigned_to: who.id,
        ...subject?.about,
      };
      const by = random.chance(0.2) ? manager : who;
      const tags = random.chance(0.12) ? [random.pick(content.tags)] : [];
      tellTask(book, random, subject, given, { who, by, fate, due, tags });
    }
  }
}

function tellTask(
  book: Book,
  random: Random,
  subject: Subject | null,
  given: Row,
  { who, by, fate, due, tags }: Told,
): void {
  const { calendar } = book;
  const made = Math.min(OLDEST, random.between(4, 12) - Math.min(0, due?.[0] ?? -20));
  const at = subject ? since(book, subject.entry, calendar.ago(made)) : calendar.ago(made);
  const task = add(book, 'task', by, at, given, { tags });
  if (fate === 'open') return;
  if (fate === 'in_progress' || random.chance(0.3))
    change(book, task, who, calendar.ago(made - random.between(1, 3)), { status: 'in_progress' });
  if (fate === 'in_progress') return;
  change(book, task, who, calendar.ago(Math.max(0, made - random.between(3, 12))), { status: fate });
  // As the table does it: the instant at which the status said so.
  if (fate === 'done') task.row.completed_at = task.row.updated_at;
}

/** What somebody looks after: customers that are customers, projects that go on, leads that may still come to something. */
function subjectsOf(
  who: Colleague,
  parties: readonly Party[],
  projects: readonly Entry[],
  leads: readonly Entry[],
): Subject[] {
  const byId = new Map(parties.map((party) => [party.entry.id, party]));
  const mine = parties.filter(
    ({ owner, csm, plan }) =>
      plan.state !== 'inactive' && (owner === who || csm === who || who.role === 'support' || who.role === 'admin'),
  );
  const going = projects.filter(
    ({ row }) => row.owner_id === who.id && (row.status === 'active' || row.status === 'pending'),
  );
  const open = leads.filter(
    ({ row }) => row.assigned_to === who.id && !row.deleted_at && row.status !== 'converted' && row.status !== 'lost',
  );
  return [
    ...mine.map(
      (party): Subject => ({
        kind: 'customer',
        entry: party.entry,
        about: { customer_id: party.entry.id },
        values: words(party, party.contacts[0]),
      }),
    ),
    ...going.map((entry): Subject => {
      const party = byId.get(String(entry.row.customer_id))!;
      const values = { ...words(party, party.contacts[0]), project: String(entry.row.name) };
      return { kind: 'project', entry, about: { customer_id: party.entry.id, project_id: entry.id }, values };
    }),
    ...open.map((entry): Subject => {
      const name = String(entry.row.name);
      const values = { first: name.split(' ')[0]!, company: String(entry.row.company ?? name) };
      return { kind: 'lead', entry, about: { lead_id: entry.id }, values };
    }),
  ];
}
