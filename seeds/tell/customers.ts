import type { Row } from '#src/kernel/tenant_db.ts';
import { add, type Book, change, type Entry, person } from '../book.ts';
import type { Colleague } from '../people.ts';
import { address, phoneNumber, placeOf } from '../places.ts';
import { openRandom } from '../random.ts';
import { domainOf } from '../text.ts';
import type { Company } from './company.ts';
import { addContacts } from './contacts.ts';
import type { Content } from './content.ts';
import { dated, type Plan, type Story } from './story.ts';

/** A customer with everything that the other chapters need to know about it. */
export interface Party {
  company: Company;
  plan: Plan;
  story: Story | null;
  entry: Entry;
  contacts: Entry[];
  owner: Colleague;
  /** whose it was before that colleague left */
  before: Colleague | null;
  csm: Colleague | null;
}

/** Who owned it so many days ago. */
export const ownerAt = (content: Content, party: Party, ago: number): Colleague =>
  party.before && ago > content.handover!.ago ? party.before : party.owner;

const YEAR = 365;
/** Days before a renewal at which people start to speak of it. */
const NOTICE = 75;
/** So many days behind its date a troubled renewal may still be open. */
const OVERDUE = 21;

export const euros = (amount: number): string => `${Math.round(amount)}.00`;

/** Amounts crowd at the low end: few big ones, many small. */
export const skewed = (book: Book, [least, most]: readonly [number, number]): number => {
  const amount = least + (most - least) * book.random.next() ** 2.2;
  const step = amount > 20_000 ? 500 : amount > 3_000 ? 100 : 20;
  return Math.round(amount / step) * step;
};

/** Every customer, with its contacts and its changes over time. */
export function addCustomers(book: Book, content: Content): Party[] {
  const stories = new Map(content.stories.map((story) => [story.company, story]));
  return content.companies.map((company) => {
    const story = stories.get(company.name) ?? null;
    const plan = { ...chance(book, content, company), ...story?.plan };
    const owner = person(book, plan.owner);
    const csm = plan.csm ? person(book, plan.csm) : null;
    const handed = handedOver(book, content, plan);
    const first = handed ?? owner;
    const by = plan.imported ? person(book, 'manager') : first;
    const values = profile(book, content, company, plan);
    const at = book.calendar.ago(plan.age, plan.imported ? 10 : undefined);
    const entry = add(
      book,
      'customer',
      by,
      at,
      {
        ...values,
        owner_id: first.id,
        status: plan.imported ? 'active' : plan.age > 60 || plan.state === 'prospect' ? 'prospect' : 'new',
      },
      { tags: plan.tags, via: plan.imported ? 'import' : 'web' },
    );
    const party: Party = { company, plan, story, entry, contacts: [], owner, before: handed, csm };
    if (handed) plan.events = [...plan.events, [content.handover!.ago, 'manager', { owner_id: owner.id }]];
    party.contacts = addContacts(book, content, party, by);
    for (const [ago, who, patch] of [...history(book, content, party), ...plan.events].sort((a, b) => b[0] - a[0])) {
      const actor = who === owner.key ? ownerAt(content, party, ago) : person(book, who);
      change(book, entry, actor, book.calendar.ago(ago), dated(book.calendar, patch));
    }
    return party;
  });
}

/** What chance makes of a company of this size. */
function chance(book: Book, content: Content, company: Company): Plan {
  const { random } = book;
  const owner =
    company.size >= 3 ? random.weighted({ ...content.owners, field: 0, admin: 0 }) : random.weighted(content.owners);
  const state =
    company.size === 0
      ? 'prospect'
      : random.weighted({ active: 84, new: 7, inactive: company.size < 4 ? 8 : 0 } as const);
  const csm = company.size >= 2 && state !== 'prospect' ? random.weighted(content.csms) : null;
  // Nobody works before the first day.
  const most = Math.min(person(book, owner).joined - 5, csm ? person(book, csm).joined - 5 : 840, 840);
  const age =
    state === 'new'
      ? random.between(3, 38)
      : state === 'prospect'
        ? random.between(8, Math.min(most, 240))
        : random.between(95, most);
  const imported = state === 'active' && age > 560;
  const troubled = state === 'active' && random.chance(0.26);
  const signed =
    state === 'prospect' ? null : Math.max(1, age - (imported ? 0 : state === 'new' ? 2 : random.between(12, 60)));
  const tags = random.chance(0.34) ? [random.pick(content.tags)] : [];
  return {
    state,
    mood: troubled ? 'troubled' : 'healthy',
    age,
    signed,
    owner,
    csm,
    imported,
    arr: company.size ? skewed(book, content.arr[company.size - 1]!) : 0,
    growth: random.pick([0, 3, 3, 4, 8, 20]),
    // A few are so unhappy that the date has passed without a signature.
    renews_in:
      troubled && (signed ?? 0) > YEAR + OVERDUE && random.chance(0.4) ? -random.between(2, OVERDUE - 3) : null,
    left: null,
    events: [],
    tags,
    description: random.chance(0.5) ? random.pick(content.descriptions) : null,
  };
}

/** Who looked after it before its owner did. */
function handedOver(book: Book, content: Content, plan: Plan): Colleague | null {
  const { handover } = content;
  if (!handover || plan.owner !== handover.to || plan.age < 150) return null;
  return person(book, handover.from);
}

/** What does not change: who and where they are. The same company looks the same to every tenant. */
function profile(book: Book, content: Content, company: Company, plan: Plan): Row {
  const same = openRandom(company.number);
  const isPerson = company.industry === 'Private';
  const domain = isPerson ? 'post.example' : domainOf(company.name);
  const mailbox = isPerson
    ? domainOf(company.name).replace('.example', '')
    : same.pick(['info', 'mail', 'office', 'hello']);
  const segment = isPerson
    ? 'individual'
    : company.industry === 'Hospitals'
      ? 'public_sector'
      : company.size >= 4
        ? 'enterprise'
        : company.size === 3
          ? 'mid_market'
          : 'small_business';
  return {
    name: company.name,
    type: isPerson ? 'person' : 'company',
    segment,
    industry: isPerson ? null : company.industry,
    csm_id: plan.csm ? person(book, plan.csm).id : null,
    currency: book.tenant.currency,
    products_owned: [],
    external_id: same.chance(0.88) ? `KD-${company.number}` : null,
    email: `${mailbox}@${domain}`,
    phone: phoneNumber(same, placeOf(company.country).phone),
    website: isPerson ? null : `https://www.${domain}`,
    ...address(same, company.country),
    city: company.city,
    country: company.country,
    description: plan.description,
    ...(plan.imported && contract(content, company, plan)),
  };
}

const contract = (content: Content, company: Company, plan: Plan): Row => ({
  arr: euros(plan.arr),
  lifetime_value: euros(plan.arr),
  health: 'green',
  adoption_stage: 'onboarding',
  products_owned: content.products[company.size - 1] ?? [],
});

/** Signing, growing into it, renewing every year, worrying, leaving: the changes of a customer's life. */
function history(book: Book, content: Content, party: Party): Plan['events'] {
  const { plan } = party;
  if (plan.signed === null) return [];
  const { random, calendar } = book;
  const lead = party.csm?.key ?? party.owner.key;
  const owner = party.owner.key;
  const { signed } = plan;
  const left =
    plan.state === 'inactive' ? (plan.left ?? random.between(20, Math.max(21, Math.min(200, signed - 30)))) : 0;
  const events: [number, string, Row][] = [];
  let due =
    plan.renews_in === null ? signed - YEAR : Math.ceil((signed + plan.renews_in) / YEAR - 1) * YEAR - plan.renews_in;
  const start = { arr: euros(plan.arr), lifetime_value: euros(plan.arr), renewal_date: calendar.day(-due) };
  const products = content.products[party.company.size - 1];
  events.push([
    signed,
    owner,
    {
      ...start,
      status: plan.state === 'new' ? 'new' : 'active',
      health: 'green',
      adoption_stage: 'onboarding',
      ...(products && { products_owned: products }),
    },
  ]);
  let [arr, total] = [plan.arr, plan.arr];
  for (; due > left && !(plan.mood === 'troubled' && due < OVERDUE); due -= YEAR) {
    arr = Math.round((arr * (100 + plan.growth)) / 1_000) * 10;
    total += arr;
    events.push([
      due + random.between(2, 24),
      owner,
      { arr: euros(arr), lifetime_value: euros(total), renewal_date: calendar.day(YEAR - due) },
    ]);
  }
  const stages: [number, string][] = [
    [signed - random.between(40, 75), 'adoption'],
    [signed - random.between(150, 220), plan.growth >= 20 ? 'expansion' : 'value_realization'],
  ];
  if (due > -NOTICE && plan.state === 'active') stages.push([Math.max(1, due + NOTICE), 'renewal']);
  for (const [ago, adoption_stage] of stages) if (ago > left && ago > 0) events.push([ago, lead, { adoption_stage }]);
  if (plan.state === 'inactive') {
    events.push([left + random.between(5, 15), lead, { health: 'red' }]);
    events.push([
      left,
      owner,
      { status: 'inactive', arr: '0.00', health: null, adoption_stage: null, renewal_date: null },
    ]);
  } else if (!party.story && plan.state === 'active') events.push(...moods(book, plan, lead));
  return events;
}

/** Worse lately, or worse once and well again. */
function moods(book: Book, plan: Plan, lead: string): [number, string, Row][] {
  const { random } = book;
  const recent = Math.min(80, plan.signed! - 20);
  if (recent < 12) return [];
  if (plan.mood === 'troubled') {
    const yellow = random.between(10, recent);
    const worse = random.chance(0.32)
      ? [[random.between(2, yellow - 4), lead, { health: 'red' }] as [number, string, Row]]
      : [];
    return [[yellow, lead, { health: 'yellow' }], ...worse];
  }
  if (plan.signed! < 260 || random.chance(0.7)) return [];
  const dip = random.between(120, 240);
  return [
    [dip, lead, { health: 'yellow' }],
    [dip - random.between(20, 60), lead, { health: 'green' }],
  ];
}
