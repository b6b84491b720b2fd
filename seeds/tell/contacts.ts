import { add, type Book, type Entry } from '../book.ts';
import type { Colleague } from '../people.ts';
import { fullName, phoneNumber, placeOf } from '../places.ts';
import { openRandom } from '../random.ts';
import { mailbox } from '../text.ts';
import type { Content } from './content.ts';
import { ownerAt, type Party } from './customers.ts';

const MINUTE = 60_000;

/** The people at a customer; told ones first, then as many as a company of that size has. */
export function addContacts(book: Book, content: Content, party: Party, by: Colleague): Entry[] {
  const { company, plan, story } = party;
  // The same people for every tenant that knows the company: their addresses coincide, their records must not.
  const same = openRandom(company.number * 7);
  const domain = String(party.entry.row.email).split('@')[1];
  const told = (story?.contacts ?? []).map((line) => line.split(' | '));
  const isPerson = party.entry.row.type === 'person';
  const many = Math.max(told.length, company.size <= 1 ? 1 + Number(same.chance(0.25)) : company.size);
  const names = new Set<string>();
  while (names.size < many) {
    names.add(told[names.size]?.[0] ?? (isPerson && !names.size ? company.name : fullName(same, company.country)));
  }
  return [...names].map((name, i) => {
    const small = company.size <= 1 && i === 0 ? (isPerson ? null : 'Managing director') : same.pick(content.titles);
    const phone = phoneNumber(same, placeOf(company.country).phone);
    const mobile = phoneNumber(same, placeOf(company.country).mobile);
    const later = i === 0 ? 0 : book.random.between(0, Math.min(plan.age, 300));
    const at = i === 0 ? book.calendar.ago(plan.age, 17) : book.calendar.ago(Math.max(0, plan.age - later), 17);
    return add(
      book,
      'contact',
      i === 0 ? by : ownerAt(content, party, plan.age - later),
      Math.max(at, party.entry.touched + MINUTE),
      {
        name,
        customer_id: party.entry.id,
        job_title: told[i]?.[1] ?? small,
        email: `${mailbox(name)}@${domain}`,
        phone,
        mobile: same.chance(0.6) ? mobile : null,
        is_primary: i === 0,
        owner_id: party.owner.id,
        external_id: same.chance(0.4) ? `KP-${company.number * 10 + i}` : null,
      },
      {
        via: plan.imported && later === 0 ? 'import' : 'web',
        tags: i === 0 && book.random.chance(0.06) ? ['champion'] : [],
      },
    );
  });
}
