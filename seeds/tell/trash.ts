import { add, type Book, type Entry, person, trash } from '../book.ts';
import type { Party } from './customers.ts';

/** What people entered by mistake, or twice, and threw away: something to restore. */
export function addTrash(book: Book, parties: readonly Party[]): void {
  const { calendar, tenant } = book;
  const sales = person(book, 'sales');
  const manager = person(book, 'manager');
  const mistakes: [string, string, number][] = [
    ['Test customer please ignore', 'sales', 33],
    ['asdf', 'both', 21],
    [`${parties[0]!.company.name} (copy)`, 'sales', 12],
    [`${parties[5]!.company.name} – entered twice`, 'csm', 6],
  ];
  for (const [name, by, ago] of mistakes) {
    const who = person(book, by);
    const values = {
      name,
      type: 'company',
      status: 'new',
      owner_id: who.id,
      currency: tenant.currency,
      products_owned: [],
    };
    trash(book, add(book, 'customer', who, calendar.ago(ago), values), who, calendar.ago(Math.max(0, ago - 2)));
  }
  const live = (kind: Entry['kind']) => book.entries.filter((entry) => entry.kind === kind && !entry.row.deleted_at);
  const second = live('contact').filter((entry) => !entry.row.is_primary && entry.row.owner_id === sales.id);
  for (const entry of second.slice(0, 3)) trash(book, entry, sales, calendar.ago(book.random.between(1, 25)));
  for (const entry of live('note').slice(10, 13)) trash(book, entry, manager, calendar.ago(book.random.between(1, 25)));
  for (const entry of live('task').slice(5, 7)) trash(book, entry, manager, calendar.ago(1));
  const cancelled = live('project').filter((entry) => entry.row.status === 'cancelled');
  for (const entry of cancelled.slice(0, 2)) trash(book, entry, manager, calendar.ago(book.random.between(1, 25)));
}
