import { add, type Book, change, type Entry } from '../book.ts';
import type { Colleague } from '../people.ts';
import { fill } from '../text.ts';
import type { Content } from './content.ts';
import { euros, ownerAt, type Party, skewed } from './customers.ts';
import { technician } from './talks.ts';

/** What a project of a customer of that size is worth. */
const VALUES: readonly (readonly [number, number])[] = [
  [480, 2_400],
  [1_900, 9_500],
  [7_500, 32_000],
  [24_000, 92_000],
  [80_000, 260_000],
];
/** How many projects a customer of that size has had, on average. */
const MANY = [0.25, 0.7, 1.5, 2.4, 3];

/** Projects of everybody whose story is not told in full. */
export function addProjects(book: Book, content: Content, parties: readonly Party[]): Entry[] {
  const made: Entry[] = [];
  for (const party of parties) {
    const { plan, company } = party;
    if (party.story || plan.signed === null || company.size === 0) continue;
    const average = MANY[company.size - 1]!;
    const many = Math.floor(average) + Number(book.random.chance(average % 1));
    const names = new Set<string>();
    for (let i = 0; i < many; i += 1) {
      const type = book.random.pick(Object.keys(content.projects));
      const name = fill(book.random, book.random.pick(content.projects[type]!), { city: company.city });
      if (names.has(name)) continue;
      names.add(name);
      made.push(project(book, content, party, type, name));
    }
  }
  return made;
}

/** One project, begun somewhere between the contract and two months from now. */
function project(book: Book, content: Content, party: Party, type: string, name: string): Entry {
  const { random, calendar } = book;
  const { company, plan } = party;
  const value = skewed(book, VALUES[company.size - 1]!);
  const budget = Math.round((value * random.between(58, 78)) / 1_000) * 10;
  const length = random.between(12, 40 + company.size * 25);
  const entered = Math.max(1, random.between(0, Math.min(plan.signed!, random.chance(0.08) ? 40 : 420)));
  const start = entered - random.between(2, 30);
  const end = start - length;
  const owner = leader(book, content, party, entered);
  const entry = add(
    book,
    'project',
    ownerAt(content, party, entered),
    calendar.ago(entered),
    {
      name,
      customer_id: party.entry.id,
      status: 'pending',
      type,
      value: euros(value),
      budget: euros(budget),
      currency: book.tenant.currency,
      start_date: calendar.day(-start),
      end_date: calendar.day(-end),
      completion: 0,
      owner_id: owner.id,
    },
    { tags: random.chance(0.15) ? [random.pick(content.tags)] : [] },
  );
  progress(book, entry, owner, { start, end, budget, gone: plan.state === 'inactive' });
  return entry;
}

/** How far it has come by today, in a few steps as its owner wrote them. */
function progress(
  book: Book,
  entry: Entry,
  owner: Colleague,
  at: { start: number; end: number; budget: number; gone: boolean },
): void {
  const { random, calendar } = book;
  const cost = (part: number) => euros((at.budget * part * random.between(84, 112)) / 100);
  if (random.chance(at.gone ? 0.6 : 0.08)) {
    const when = Math.max(1, at.start - random.between(0, 20));
    const begun = at.start > 20;
    change(book, entry, owner, calendar.ago(when), {
      status: 'cancelled',
      ...(begun && { actual_cost: cost(0.2), completion: 15 }),
    });
    return;
  }
  if (at.start < 0) return;
  change(book, entry, owner, calendar.ago(at.start), { status: 'active' });
  const length = Math.max(1, at.start - at.end);
  for (const part of [0.25, 0.5, 0.8]) {
    const when = Math.round(at.start - length * part);
    if (when <= 0 || random.chance(0.3)) continue;
    change(book, entry, owner, calendar.ago(when), { completion: Math.round(part * 20) * 5, actual_cost: cost(part) });
  }
  const late = at.end < 60 && random.chance(0.3);
  if (at.end > 0 && !late)
    change(book, entry, owner, calendar.ago(at.end), { status: 'completed', completion: 100, actual_cost: cost(1) });
}

function leader(book: Book, content: Content, party: Party, ago: number): Colleague {
  const role = book.random.weighted({ field: 45, csm: party.csm ? 30 : 0, owner: 25 } as const);
  if (role === 'field') return technician(book, content, ago);
  return role === 'csm' && party.csm ? party.csm : party.owner;
}
