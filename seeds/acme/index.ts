import type { Book } from '../book.ts';
import type { TenantFacts } from '../people.ts';
import { tellTenant } from '../tell/tenant.ts';
import { addTrash } from '../tell/trash.ts';
import { ACME_CONTENT } from './content.ts';
import { tellDaily } from './daily.ts';

/** Watches over the temperature of goods on their way: sensors, gateways and the people who install them. */
export const ACME: TenantFacts = {
  slug: 'acme',
  name: 'Acme Cold Chain',
  time_zone: 'Europe/Berlin',
  locale: 'en-GB',
  currency: 'EUR',
  seed: 20_240,
};

/** The busy tenant: a year of work. */
export function tellAcme(book: Book): void {
  const parties = tellTenant(book, ACME_CONTENT);
  tellDaily(book, parties);
  addTrash(book, parties);
}
