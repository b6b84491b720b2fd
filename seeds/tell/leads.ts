import { add, type Book, change, type Entry, person, trash } from '../book.ts';
import type { Colleague } from '../people.ts';
import { fullName, phoneNumber, placeOf } from '../places.ts';
import { domainOf, fill, mailbox } from '../text.ts';
import type { Content } from './content.ts';
import { euros, ownerAt, type Party, skewed } from './customers.ts';
import { followUp, say } from './talks.ts';

const SOURCES = {
  Website: 30,
  Referral: 19,
  'Trade Show': 16,
  'Email Campaign': 11,
  'Cold Call': 10,
  Partner: 6,
  'Social Media': 5,
  Advertisement: 4,
  Other: 2,
};
/** Where the ones that became customers came from. */
const GOOD_SOURCES = { Referral: 34, 'Trade Show': 24, Website: 22, Partner: 14, 'Email Campaign': 6 };
const PRIORITIES = { low: 22, medium: 48, high: 23, urgent: 7 };
const VALUES: readonly (readonly [number, number])[] = [
  [900, 5_000],
  [4_000, 24_000],
  [18_000, 96_000],
];

interface Prospect {
  name: string;
  company: string;
  country: string;
}

/** Leads in every status: the ones that became customers first, then as many as the tenant has. */
export function addLeads(book: Book, content: Content, parties: readonly Party[]): Entry[] {
  const origins = parties.filter(
    ({ plan, story, company }) =>
      (plan.state === 'active' || plan.state === 'new') &&
      !plan.imported &&
      !story &&
      company.size > 0 &&
      plan.age < 330,
  );
  const won = book.random
    .shuffle(origins)
    .slice(0, content.converted)
    .map((party) => converted(book, content, party));
  const companies = new Set<string>();
  while (companies.size < content.leads - won.length) {
    const country = book.random.pick(Object.keys(content.prospects));
    const family = book.random.pick(placeOf(country).families).split('|')[0]!;
    const kind = book.random.pick(content.prospects[country]!);
    companies.add(
      `${country}:${country === 'United Kingdom' || country === 'United States' ? `${family} ${kind}` : `${kind} ${family}`}`,
    );
  }
  const others = [...companies].map((key, i) => {
    const [country = '', company = ''] = key.split(':');
    return stranger(book, content, { name: fullName(book.random, country), company, country }, i);
  });
  return [...won, ...others];
}

function enter(
  book: Book,
  by: Colleague,
  ago: number,
  prospect: Prospect,
  source: string,
  value: number,
  owner: Colleague,
  tags: string[],
): Entry {
  const { random, calendar } = book;
  return add(
    book,
    'lead',
    by,
    calendar.ago(ago),
    {
      name: prospect.name,
      company: prospect.company,
      email: `${mailbox(prospect.name)}@${domainOf(prospect.company)}`,
      phone: random.chance(0.8) ? phoneNumber(random, placeOf(prospect.country).phone) : null,
      status: 'new',
      source,
      priority: random.weighted(PRIORITIES),
      estimated_value: random.chance(0.9) ? euros(value) : null,
      currency: book.tenant.currency,
      assigned_to: owner.id,
    },
    { tags },
  );
}

/** A customer that was a lead first: it became one on the day it was entered. */
function converted(book: Book, content: Content, party: Party): Entry {
  const { random, calendar } = book;
  const { age } = party.plan;
  const owner = ownerAt(content, party, age);
  const before = Math.max(5, Math.min(random.between(9, 74), owner.joined - age - 4));
  const prospect = {
    name: String(party.contacts[0]!.row.name),
    company: party.company.name,
    country: party.company.country,
  };
  const entry = enter(book, owner, age + before, prospect, random.weighted(GOOD_SOURCES), party.plan.arr, owner, []);
  change(book, entry, owner, calendar.ago(age + before - random.between(1, 3)), { status: 'contacted' });
  change(book, entry, owner, calendar.ago(age + Math.ceil(before / 3)), { status: 'qualified' });
  const at = Math.max(Date.parse(String(party.entry.row.created_at)) + 1_000, entry.touched + 60_000);
  const patch = { status: 'converted', customer_id: party.entry.id, converted_at: new Date(at).toISOString() };
  change(book, entry, owner, at, patch, 'converted');
  return entry;
}

/** Somebody who is no customer, or not yet. */
function stranger(book: Book, content: Content, prospect: Prospect, index: number): Entry {
  const { random, calendar } = book;
  const status = random.weighted({ new: 25, contacted: 30, qualified: 22, lost: 23 } as const);
  const ago =
    status === 'new' ? random.between(0, 24) : status === 'lost' ? random.between(45, 360) : random.between(6, 150);
  const owner = random.weighted(content.owners);
  const seller = person(book, status === 'new' || owner === 'field' ? random.pick(content.sellers) : owner);
  const assigned = seller.joined > ago ? seller : person(book, 'sales');
  const value = skewed(book, VALUES[random.weighted({ 0: 55, 1: 33, 2: 12 }) as unknown as number]!);
  const source = random.weighted(SOURCES);
  const tags = source === 'Trade Show' ? ['trade fair'] : [];
  const entry = enter(book, assigned, ago, prospect, source, value, assigned, tags);
  const first = Math.max(0, ago - random.between(1, 6));
  if (status !== 'new') {
    change(book, entry, assigned, calendar.ago(first), { status: 'contacted' });
    talk(book, content, entry, prospect, assigned, first);
  }
  const second = Math.max(0, first - random.between(3, 20));
  if (status === 'qualified') change(book, entry, assigned, calendar.ago(second), { status: 'qualified' });
  if (status === 'lost') change(book, entry, assigned, calendar.ago(Math.max(2, second - 15)), { status: 'lost' });
  if (index % 40 === 39) trash(book, entry, assigned, calendar.ago(random.between(0, second)));
  return entry;
}

function talk(book: Book, content: Content, entry: Entry, prospect: Prospect, by: Colleague, began: number): void {
  const { random, calendar } = book;
  if (random.chance(0.35)) return;
  const { steps } = random.pick(content.leadThreads);
  let ago = began;
  const values = { first: prospect.name.split(' ')[0]!, company: prospect.company };
  for (const [i, step] of steps.entries()) {
    ago -= step.after;
    if (ago < 0) return;
    const open = entry.row.status !== 'lost' && (i === steps.length - 1 || ago < steps[i + 1]!.after);
    const { type, direction, outcome } = step;
    const subject = fill(random, step.subject, values);
    const body = fill(random, step.body, values);
    const follow_up = open ? followUp(book, ago, outcome) : null;
    say(book, { by, at: calendar.ago(ago), type, direction, subject, body, outcome, follow_up }, { lead_id: entry.id });
  }
}
