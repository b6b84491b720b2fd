import { ACME_COMPANIES } from './acme_companies.ts';
import { add, type Book, person } from './book.ts';
import type { TenantFacts } from './people.ts';

/** Watches over the temperature of goods on their way: sensors, gateways and the people who install them. */
export const ACME: TenantFacts = {
  slug: 'acme',
  name: 'Acme Cold Chain',
  time_zone: 'Europe/Berlin',
  locale: 'en-GB',
  currency: 'EUR',
  seed: 20_240,
};

export function tellAcme(book: Book): void {
  const owners = ['sales', 'csm', 'field', 'emil.kowalczyk', 'nadia.ferrari'].map((key) => person(book, key));
  for (const [name, industry, city, country] of ACME_COMPANIES) {
    const owner = book.random.pick(owners);
    add(book, 'customer', owner, book.calendar.ago(book.random.between(20, 600)), {
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
