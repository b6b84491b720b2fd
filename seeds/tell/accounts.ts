import { add, type Book, change } from '../book.ts';
import { openRandom } from '../random.ts';
import type { Content } from './content.ts';
import { euros, ownerAt, type Party } from './customers.ts';

const NAMES = {
  subscription: 'Subscription',
  service: 'Service contract',
  credit: 'Credit account',
  project: 'Project account',
};

/** Numbered accounts: of every larger customer one, of the largest several. */
export function addAccounts(book: Book, content: Content, parties: readonly Party[]): void {
  const { random, calendar } = book;
  for (const party of parties) {
    const { company, plan } = party;
    const same = openRandom(company.number * 3);
    const many = company.size >= 4 ? 2 : company.size === 3 ? 1 : company.size === 2 ? Number(same.chance(0.45)) : 0;
    if (plan.signed === null) continue;
    for (let i = 0; i < many; i += 1) {
      const type = i === 0 ? 'subscription' : same.weighted({ service: 5, credit: 2, project: 2 } as const);
      const ago = Math.max(1, plan.signed - i * random.between(0, 20));
      const balance = type === 'credit' ? -random.between(200, 4_000) : random.between(0, 60) * 85;
      const entry = add(book, 'account', ownerAt(content, party, ago), calendar.ago(ago), {
        name: `${NAMES[type]} ${company.name}`.slice(0, 120).trim(),
        account_number: `AC-${20_000 + company.number * 10 + i}`,
        customer_id: party.entry.id,
        type,
        status: 'active',
        opened_on: calendar.day(-ago),
        balance: random.chance(0.2) ? '0.00' : euros(balance),
        currency: book.tenant.currency,
        owner_id: party.owner.id,
      });
      if (plan.state === 'inactive') {
        const closed = Math.max(1, calendar.since(party.entry.touched));
        change(book, entry, party.owner, calendar.ago(closed), {
          status: 'closed',
          closed_on: calendar.day(-closed),
          balance: '0.00',
        });
      } else if (plan.mood === 'troubled' && random.chance(0.2)) {
        change(book, entry, party.owner, calendar.ago(random.between(1, 20)), { status: 'suspended' });
      }
    }
  }
}
