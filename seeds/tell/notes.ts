import { add, type Book, type Entry, person, since } from '../book.ts';
import { fill } from '../text.ts';
import type { Content } from './content.ts';
import { ownerAt, type Party } from './customers.ts';
import { words } from './talks.ts';

/** Notes on customers whose story is not told in full, on projects and on leads. */
export function addNotes(
  book: Book,
  content: Content,
  parties: readonly Party[],
  projects: readonly Entry[],
  leads: readonly Entry[],
): void {
  const { random, calendar } = book;
  for (const party of parties) {
    if (party.story) continue;
    const many =
      party.company.size >= 4 ? 3 : party.company.size >= 2 ? random.between(1, 2) : Number(random.chance(0.55));
    for (const text of random.shuffle(content.customerNotes).slice(0, many)) {
      const ago = random.between(0, Math.min(party.plan.age - 1, 380));
      const by = random.weighted({ csm: party.csm ? 5 : 0, owner: 4, support: 2 } as const);
      const author =
        by === 'support' ? person(book, 'support') : by === 'csm' ? party.csm! : ownerAt(content, party, ago);
      const body = fill(random, text, words(party, party.contacts[0]));
      add(book, 'note', author, since(book, party.entry, calendar.ago(ago)), { body, customer_id: party.entry.id });
    }
  }
  for (const project of projects) {
    if (project.row.status === 'pending' || random.chance(0.55)) continue;
    const owner = [...book.people.values()].find((one) => one.id === project.row.owner_id)!;
    const ago = random.between(
      calendar.since(project.touched),
      calendar.since(Date.parse(String(project.row.created_at))),
    );
    const about = { customer_id: project.row.customer_id, project_id: project.id };
    add(book, 'note', owner, since(book, project, calendar.ago(ago)), {
      body: random.pick(content.projectNotes),
      ...about,
    });
  }
  for (const lead of leads) {
    if (random.chance(0.68)) continue;
    const owner = [...book.people.values()].find((one) => one.id === lead.row.assigned_to)!;
    const values = { first: String(lead.row.name).split(' ')[0]! };
    const body = fill(random, random.pick(content.leadNotes), values);
    add(book, 'note', owner, Math.min(lead.touched + 600_000, calendar.now - 60_000), { body, lead_id: lead.id });
  }
}
