import { ACME_COMPANIES } from './acme_companies.ts';
import { add, type Book, person } from './book.ts';
import type { TenantFacts } from './people.ts';

/** Cools buildings on the other side of the ocean, and happens to know some of the same customers. */
export const GLOBEX: TenantFacts = {
  slug: 'globex',
  name: 'Globex Climate',
  time_zone: 'America/New_York',
  locale: 'en-US',
  currency: 'USD',
  seed: 77_001,
};

export function tellGlobex(book: Book): void {
  const owners = ['sales', 'csm', 'field'].map((key) => person(book, key));
  for (const [name, industry, city, country] of ACME_COMPANIES.slice(0, 12)) {
    const owner = book.random.pick(owners);
    add(book, 'customer', owner, book.calendar.ago(book.random.between(20, 300)), {
      name,
      type: 'company',
      industry,
      city,
      country,
      status: 'active',
      owner_id: owner.id,
      currency: book.tenant.currency,
    });
  }
}
