import type { Book } from '../book.ts';
import type { TenantFacts } from '../people.ts';
import { tellTenant } from '../tell/tenant.ts';
import { addTrash } from '../tell/trash.ts';
import { GLOBEX_CONTENT } from './content.ts';

/** Cools buildings on the other side of the ocean, and happens to know some of the same companies. */
export const GLOBEX: TenantFacts = {
  slug: 'globex',
  name: 'Globex Climate',
  time_zone: 'America/New_York',
  locale: 'en-US',
  currency: 'USD',
  seed: 77_001,
};

/** The tenant with the look-alike data. */
export function tellGlobex(book: Book): void {
  addTrash(book, tellTenant(book, GLOBEX_CONTENT));
}
