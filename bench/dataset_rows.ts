// The rows of the large data set as statements: PostgreSQL makes them itself, so nothing travels. Every value follows from the
// number of its row, so that a reference is computed instead of looked up and the same options give the same rows.
import { PLACES } from '../seeds/places.ts';

export interface TenantSize {
  /** 1 is the large one */
  number: number;
  id: string;
  slug: string;
  currency: string;
  customers: number;
}

/** People of a tenant by number; who owns what is decided by these numbers below. */
const PEOPLE = [
  ...Array(2).fill('admin'),
  ...Array(4).fill('manager'),
  ...Array(18).fill('sales'),
  ...Array(8).fill('csm'),
  ...Array(4).fill('support'),
  ...Array(2).fill('field_tech'),
  ...Array(2).fill('read_only'),
] as string[];
const ADMIN = 1;
/** A salesperson who owns this many customers and what hangs on them, and one who owns half of everything. */
const FEW = 7;
const FEW_CUSTOMERS = 50;
const HALF = 8;

export const emailOf = (slug: string, person: number): string => `p${person}@${slug}.example`;
/** Whom reports and lists are asked for. */
export const READERS = { admin: ADMIN, half: HALF, few: FEW } as const;

/** Customers and contacts, leads, projects and tasks came over four years, conversations over two. */
const DAYS = { customer: 1461, talk: 730 };
/** How many there are for each customer. */
const PER_CUSTOMER = { contacts: 1, leads: 0.5, projects: 0.5, interactions: 2, tasks: 0.4 };
/** Contacts belong to the first so many of the customers, the others have none. */
const WITH_CONTACTS = 0.6;
const CURRENCIES = ['USD', 'GBP', 'CHF', 'PLN'];

const words = (text: string): string[] => text.split(', ');
const places = Object.values(PLACES);
const GIVEN = [...new Set(places.flatMap(({ women, men }) => [...women, ...men]))];
const FAMILY = [...new Set(places.flatMap(({ families }) => families.flatMap((one) => one.split('|'))))];
const STREETS = [...new Set(places.flatMap(({ streets }) => streets))];
const HEAD = words(
  'Al, Ar, Bel, Bran, Cal, Cor, Dal, Del, El, Er, Fal, Fen, Gal, Gren, Hal, Har, Il, Is, Jor, Kal, Kem, Kor, Lam, Lor, Mar, Mer, Nor, Nov, Ol, Or, Pal, Per, Quin, Ral, Rin, Sal, Sem, Sol, Tar, Tel, Ul, Ur, Val, Ver, Wal, Win, Xan, Yor, Zan, Zel',
);
const TAIL = words(
  'a, aco, adis, ago, anta, aris, axo, bera, bio, cera, dana, dex, dora, ena, eo, era, eta, fera, fin, gera, ia, ico, ida, ino, ira, ix, kon, lana, lia, lux, mara, mio, nara, neo, nova, ona, ora, oxo, pera, plan, ris, rona, sana, tec, tera, tis, ura, vana, vita, zon',
);
const BRANCH = words(
  'Foods, Logistics, Pharma, Textil, Metall, Software, Energy, Papier, Optics, Bau, Trading, Kühltechnik, Media, Systems, Consulting, Labs, Hotels, Farms, Marine, Rail, Solar, Robotics, Chemie, Print, Glas, Holz, Motors, Aviation, Clinics, Security',
);
const FORM = words('GmbH, AG, Ltd, S.A., Sp. z o.o., & Co. KG, B.V., Oy, AB, s.r.o., SE, ApS');
const INDUSTRY = words(
  'Retail, Food, Pharma, Manufacturing, Software, Energy, Public sector, Transport, Construction, Health, Finance, Education',
);
const TOWNS = words(
  'Berlin|Germany, Hamburg|Germany, München|Germany, Jena|Germany, Köln|Germany, Leipzig|Germany, Wien|Austria, Graz|Austria, Zürich|Switzerland, Genève|Switzerland, Kraków|Poland, Łódź|Poland, Lyon|France, Nantes|France, Malmö|Sweden, Porto|Portugal, Brno|Czechia, Utrecht|Netherlands, Leeds|United Kingdom, Cork|Ireland',
);
const JOBS = words(
  'Head of Purchasing, Managing Director, Site Manager, IT Lead, Controller, Quality Manager, Plant Manager, Assistant, Buyer, Head of Sales, Warehouse Lead, Project Lead',
);
const SOURCES = words(
  'Website, Website, Website, Referral, Referral, Cold Call, Email Campaign, Social Media, Trade Show, Trade Show, Advertisement, Partner, Other',
);
const KINDS = words(
  'Rollout, Migration, Pilot, Audit, Integration, Renewal, Training, Retrofit, Expansion, Maintenance, Assessment, Relocation',
);
const THINGS = words(
  'cold store, packing line, web shop, invoicing, warehouse, fleet, laboratory, data centre, branch offices, call centre, spare parts, sensors, energy supply, documents, service desk, production hall',
);
const TOPICS = words(
  'Quarterly review, Offer discussed, Question about an invoice, Delivery delayed, Demo, Renewal, Complaint, Follow-up, Contract signed, Price list asked for, Visit on site, Introduction, Training planned, Escalation, Feedback, Budget talks',
);
const SAID = words(
  'They liked the new version but want to see it with their own data, The budget for this year is used up, Delivery was two days late and nobody had told them, They asked for an offer with three years of service, The new director wants to meet us first, Spare parts are needed before the holidays, They compare us with a competitor who is cheaper, The pilot went well and the second site should follow, Nobody answered on the number that we have, They need a copy of the last invoice, The contract ends next summer and should be renewed, Training for eight people was agreed upon',
);
const NEXT = words(
  'We call again next week, An offer goes out by Friday, Nothing to do for us, Support looks into it, They come back to us after the holidays, The date will be confirmed by e-mail, Their buyer signs on Monday, We send the documents again',
);
const DOES = words(
  'Call, Write to, Prepare the offer for, Visit, Send documents to, Check the invoice of, Plan training with',
);

const texts = (list: readonly string[]) =>
  `'{${list.map((one) => `"${one.replaceAll("'", "''")}"`).join(',')}}'::text[]`;
/** One of the list by chance; a value that stands in it twice comes twice as often. @param share SQL, 0 to 1 without 1 */
const one = (list: readonly string[], share: string) =>
  `(${texts(list)})[1 + floor(${share} * ${list.length})::integer]`;
/** As often as its weight says, in hundredths; what is left is null. */
const weighted = (weights: Record<string, number>, share: string) => {
  let sum = 0;
  const cases = Object.entries(weights).map(([name, weight]) => {
    sum += weight;
    return `when ${share} < ${sum / 100} then '${name}'`;
  });
  return `case ${cases.join(' ')} end`;
};
/** Amounts of which most are small. */
const amount = (least: number, times: number, share: string) =>
  `round((${least} * power(${times}, ${share}))::numeric, 2)`;
/** Shares c0, c1 … of a row, each a chance of its own. */
const chances = (from: number, count: number) =>
  Array.from({ length: count }, (_, k) => `bench.chance(${from + k}, i) as c${k}`).join(', ');

/** What the statements below have in common; it goes when the set is built. */
export const HELPERS = `
  create schema bench;
  create function bench.chance(seed integer, i bigint) returns float8 language sql immutable parallel safe
    return (hashint8extended(i, seed) & 2147483647)::float8 / 2147483648;
  -- Time-ordered ids like new_id(), of the time at which the record came.
  create function bench.id(seed integer, i bigint, at timestamptz) returns uuid language sql stable strict parallel safe
    return (lpad(to_hex((extract(epoch from at) * 1000)::bigint), 12, '0') || '7' || lpad(to_hex(seed % 4096), 3, '0') || '8'
      || right(lpad(to_hex(hashint8extended(i, seed)), 16, '0'), 15))::uuid;`;

/** Numbers that make chances and ids of one tenant and table its own. */
const SEED = { person: 1, customer: 10, contact: 30, lead: 40, project: 60, interaction: 80, task: 110, tag: 130 };

/** Statements that fill one tenant, in order. @param until the instant at which the set ends, as ISO text */
export function tenantStatements(tenant: TenantSize, until: string, passwordHash: string): string[] {
  const n = tenant.customers;
  const seed = (name: keyof typeof SEED) => tenant.number * 200 + SEED[name];
  const count = (name: keyof typeof PER_CUSTOMER) => Math.max(1, Math.round(n * PER_CUSTOMER[name]));
  const end = `'${until}'::timestamptz`;
  const start = `(${end} - interval '${DAYS.customer + 30} days')`;
  /** The i-th of so many that came evenly over so many days. */
  const born = (i: string, of: number, days = DAYS.customer) =>
    `(${end} - interval '${days} days' * (1 - (${i} - 0.5) / ${of}))`;
  const person = (k: string) => `bench.id(${seed('person')}, ${k}, ${start})`;
  const id = (name: keyof typeof SEED, i: string, of: number, days = DAYS.customer) =>
    `bench.id(${seed(name)}, ${i}, ${born(i, of, days)})`;
  const customerId = (i: string) => id('customer', i, n);
  const step = Math.max(1, Math.floor(n / FEW_CUSTOMERS));
  /** Number of the person who looks after the i-th customer: 5 % have nobody. */
  const owner = (i: string) => {
    const share = `bench.chance(${seed('customer') + 19}, ${i})`;
    return `case when ${i} % ${step} = 0 and ${i} <= ${FEW_CUSTOMERS * step} then ${FEW} when ${share} < 0.5 then ${HALF}
      when ${share} < 0.95 then ${HALF + 1} + floor((${share} - 0.5) / 0.45 * 24)::integer end`;
  };
  /** Mostly whoever looks after the customer, else somebody by chance. */
  const colleague = (ci: string, share: string) =>
    `case when ${share} < 0.85 then ${owner(ci)} when ${share} < 0.925 then ${HALF}
     else ${HALF + 1} + floor((${share} - 0.925) / 0.075 * 28)::integer end`;
  /** Entered by whoever owns it, or by the administrator for everybody. */
  const author = (k: string, share: string) =>
    person(`case when ${share} < 0.6 then coalesce(${k}, ${ADMIN}) else ${ADMIN} end`);
  /** Number of a parent that was there already when the i-th of so many came. @param skew above 1: rather an old one */
  const existing = (parents: number, of: number, days: number, share: string, skew: number) =>
    `greatest(1, floor(power(${share}, ${skew}) * ${parents} * (1 - ${days / DAYS.customer} * (1 - (i - 0.5) / ${of}))))::bigint`;
  const someCustomer = (of: number, days: number, share: string) => existing(n, of, days, share, 1.3);
  const currency = (share: string) =>
    `case when ${share} < 0.95 then '${tenant.currency}' else ${one(CURRENCIES, `((${share} - 0.95) / 0.05)`)} end`;
  const trashed = (share: string, part: number) =>
    `case when ${share} < ${part} then born + (${end} - born) * (${share} / ${part}) end`;
  const changed = (share: string) => `born + (${end} - born) * ${share} * ${share}`;
  const brand = (a: string, b: string) => `${one(HEAD, a)} || ${one(TAIL, b)}`;
  const RECORD = 'tenant_id, id, created_at, created_by, updated_at, updated_by, version, deleted_at';
  const record = (name: keyof typeof SEED, k: string, [a, b, c]: [string, string, string], gone: number) =>
    `'${tenant.id}', bench.id(${seed(name)}, i, born), born, ${author(k, a)}, ${changed(b)}, ${person(`coalesce(${k}, ${ADMIN})`)},
     1 + floor(${b} * 4)::integer, ${trashed(c, gone)}`;
  /** Rows with their number, their birth and their chances; `more` may use these. */
  const rows = (name: keyof typeof SEED, of: number, chance: number, more = '', days = DAYS.customer) => `
    (select x.*${more && `, ${more}`} from (
      select i, ${born('i', of, days)} as born, ${chances(seed(name), chance)} from generate_series(1, ${of}::bigint) i offset 0) x
    offset 0) y`;
  const talks = { of: count('interactions'), days: DAYS.talk };
  const [leads, projects, tasks] = [count('leads'), count('projects'), count('tasks')];

  return [
    `insert into tenants (id, slug, name, time_zone, currency, created_at) values
       ('${tenant.id}', '${tenant.slug}', 'Bench ${tenant.number}', 'Europe/Berlin', '${tenant.currency}', ${start})`,

    `insert into users (tenant_id, id, email, name, role, password_hash, created_at)
     select '${tenant.id}', ${person('k')}, 'p' || k || '@${tenant.slug}.example',
       ${one(GIVEN, `bench.chance(${seed('person') + 1}, k)`)} || ' ' || ${one(FAMILY, `bench.chance(${seed('person') + 2}, k)`)},
       (${texts(PEOPLE)})[k], '${passwordHash}', ${start}
     from generate_series(1, ${PEOPLE.length}) k`,

    `with team as (insert into teams (tenant_id, name) select '${tenant.id}', 'Team ' || g from generate_series(0, 3) g returning id, name)
     insert into team_members (tenant_id, team_id, user_id)
     select '${tenant.id}', team.id, ${person('k')} from generate_series(${FEW}, 32) k join team on team.name = 'Team ' || k % 4`,

    `insert into tags (tenant_id, id, name, created_by, created_at)
     select '${tenant.id}', bench.id(${seed('tag')}, i, ${start}), (${texts(KINDS)})[i], ${person(String(ADMIN))}, ${start}
     from generate_series(1, ${KINDS.length}) i`,

    `insert into customers (${RECORD}, name, type, segment, industry, status, owner_id, csm_id, health, adoption_stage, arr,
       lifetime_value, currency, renewal_date, products_owned, external_id, email, phone, street, postal_code, city, country)
     select ${record('customer', 'k', ['c0', 'c1', 'c2'], 0.02)},
       brand || ' ' || ${one(BRANCH, 'c3')} || ' ' || ${one(FORM, 'c4')}, 'company',
       ${weighted({ enterprise: 5, mid_market: 25, small_business: 40, public_sector: 10, individual: 5 }, 'c5')},
       ${one(INDUSTRY, 'c6')}, ${weighted({ active: 55, prospect: 18, new: 10, inactive: 17.1 }, 'c7')}, ${person('k')},
       ${person(`25 + floor(c8 * 8)::integer`)}, ${weighted({ green: 50, yellow: 20, red: 8 }, 'c9')},
       ${weighted({ onboarding: 10, adoption: 20, value_realization: 15, expansion: 8, renewal: 7 }, 'c10')},
       case when c7 < 0.55 then ${amount(400, 400, 'c11')} end, case when c7 < 0.55 then ${amount(900, 900, 'c11')} end,
       ${currency('c12')}, case when c7 < 0.55 then (${end})::date + floor(c13 * 700)::integer - 60 end,
       case when c14 < 0.3 then array[${one(THINGS, 'c3')}] else '{}' end, 'C-' || lpad(i::text, 7, '0'),
       'info@' || lower(brand) || '-' || i || '.example', '+4930' || 10000000 + i, ${one(STREETS, 'c4')} || ' ' || 1 + floor(c5 * 200),
       lpad(floor(c6 * 100000)::text, 5, '0'), split_part(town, '|', 1), split_part(town, '|', 2)
     from ${rows('customer', n, 17, `${owner('i')} as k, ${brand('c15', 'c16')} as brand, ${one(TOWNS, 'c8')} as town`)}`,

    `insert into customer_tags (tenant_id, customer_id, tag_id)
     select '${tenant.id}', ${customerId('i')}, bench.id(${seed('tag')}, 1 + i % ${KINDS.length}, ${start})
     from generate_series(1, ${n}::bigint, 5) i`,

    // One or two for each customer that has any, in the order of the customers.
    `insert into contacts (${RECORD}, name, customer_id, job_title, email, phone, is_primary, owner_id)
     select ${record('contact', 'k', ['c0', 'c1', 'c2'], 0.02)}, ${one(GIVEN, 'c3')} || ' ' || ${one(FAMILY, 'c4')}, ${customerId('ci')},
       ${one(JOBS, 'c5')}, 'p' || i || '@' || lower(${brand('c3', 'c4')}) || '.example', '+4989' || 10000000 + i,
       ci <> ceil((i - 1) * ${WITH_CONTACTS}), ${person('k')}
     from (select *, ${owner('ci')} as k from ${rows('contact', count('contacts'), 6, `least(${n}, ceil(i * ${WITH_CONTACTS}))::bigint as ci`)} offset 0) z`,

    `insert into leads (${RECORD}, name, company, email, phone, status, source, priority, estimated_value, currency, assigned_to,
       customer_id, converted_at, external_id)
     select ${record('lead', 'k', ['c0', 'c1', 'c2'], 0.03)}, ${one(GIVEN, 'c3')} || ' ' || ${one(FAMILY, 'c4')},
       ${brand('c4', 'c5')} || ' ' || ${one(BRANCH, 'c3')}, 'l' || i || '@' || lower(${brand('c4', 'c5')}) || '.example',
       '+4940' || 10000000 + i, status, case when c6 < 0.95 then ${one(SOURCES, 'c6 / 0.95')} end,
       ${weighted({ low: 20, medium: 50, high: 22, urgent: 8.1 }, 'c7')}, case when c8 < 0.85 then ${amount(500, 300, 'c8 / 0.85')} end,
       ${currency('c9')}, ${person('k')}, ${customerId('became')}, case when became is not null then done end, 'L-' || i
     from (select *, case when status = 'converted' then
         least(${n}, greatest(1, ceil(${n} * (1 - extract(epoch from ${end} - done) / ${DAYS.customer * 86_400})))::bigint) end as became
       from ${rows('lead', leads, 13, `${owner('(i * 2)')} as k, ${weighted({ converted: 20, lost: 32, qualified: 15, contacted: 18, new: 15.1 }, 'c10')} as status, least(born + interval '90 days' * c11, ${end}) as done`)} offset 0) z`,

    `insert into projects (${RECORD}, name, customer_id, status, type, value, budget, actual_cost, currency, start_date, end_date,
       completion, owner_id)
     select ${record('project', 'k', ['c0', 'c1', 'c2'], 0.02)}, kind || ' ' || ${one(THINGS, 'c4')} || ' ' || extract(year from born),
       ${customerId('ci')}, status, kind, value, round(value * (0.5 + c5 / 2)::numeric, 2),
       case when status <> 'pending' then round(value * (0.3 + c6 / 2)::numeric, 2) end, ${currency('c7')}, starts,
       case when c9 < 0.9 then starts + 14 + floor(c10 * 280)::integer end,
       case status when 'completed' then 100 when 'active' then floor(c6 * 99) else 0 end, ${person('k')}
     from (select *, ${colleague('ci', 'c12')} as k,
         case when c13 < i * 0.55 / ${projects} then ${weighted({ active: 55, pending: 45.1 }, 'c14')}
           else ${weighted({ completed: 72, cancelled: 20, active: 8.1 }, 'c14')} end as status
       from ${rows('project', projects, 16, `${someCustomer(projects, DAYS.customer, 'c11')} as ci, ${one(KINDS, 'c3')} as kind, case when c8 < 0.93 then ${amount(600, 250, 'c8 / 0.93')} end as value, (born + interval '30 days' * c15)::date as starts`)} offset 0) z`,

    // Most are about a customer, every tenth about a lead. Of what is long past little is still to be followed up.
    `insert into interactions (${RECORD}, subject, type, channel, direction, customer_id, contact_id, lead_id, occurred_at, outcome, body,
       next_follow_up, owner_id)
     select ${record('interaction', 'k', ['c0', 'c1', 'c2'], 0.01)}, ${one(TOPICS, 'c3')} || ', ' || ${one(THINGS, 'c4')}, kind,
       case kind when 'call' then 'phone' when 'email' then 'email' when 'visit' then 'in_person' else ${weighted({ video: 60, in_person: 40.1 }, 'c5')} end,
       ${weighted({ outbound: 55, inbound: 40, internal: 5.1 }, 'c6')}, case when li is null then ${customerId('ci')} end,
       case when li is null and c7 < 0.5 and ci <= ${Math.floor(n * WITH_CONTACTS)} then ${id('contact', `(floor((ci - 1) / ${WITH_CONTACTS})::bigint + 1)`, count('contacts'))} end,
       ${id('lead', 'li', leads)}, born - interval '2 hours' * c8, ${weighted({ positive: 35, neutral: 35, negative: 10, no_answer: 12 }, 'c9')},
       case when c10 < 0.6 then ${one(SAID, 'c11')} || '. ' || ${one(NEXT, 'c12')} || '.' end,
       case when c13 < case when i > ${talks.of} * 0.88 then 0.4 else 0.07 end then born::date + 2 + floor(c5 * 40)::integer end, ${person('k')}
     from (select *, ${colleague('ci', 'c14')} as k, ${weighted({ call: 40, email: 35, meeting: 18, visit: 7.1 }, 'c17')} as kind
       from ${rows('interaction', talks.of, 18, `${someCustomer(talks.of, talks.days, 'c15')} as ci, case when c16 < 0.1 then ${existing(leads, talks.of, talks.days, 'c15', 0.4)} end as li`, talks.days)} offset 0) z`,

    `insert into tasks (${RECORD}, title, status, priority, due_date, assigned_to, customer_id, completed_at)
     select ${record('task', 'k', ['c0', 'c1', 'c2'], 0.02)}, ${one(DOES, 'c3')} || ' ' || ${brand('c4', 'c5')}, status,
       ${weighted({ low: 20, medium: 50, high: 22, urgent: 8.1 }, 'c6')}, case when c7 < 0.85 then born::date + floor(c8 * 45)::integer end,
       ${person('k')}, ${customerId('ci')}, case when status = 'done' then least(born + interval '30 days' * c9, ${end}) end
     from (select *, coalesce(${owner('ci')}, ${ADMIN}) as k,
         case when i < ${tasks} * 0.94 then ${weighted({ done: 85, cancelled: 9, open: 6.1 }, 'c10')}
           else ${weighted({ open: 70, in_progress: 18, done: 12.1 }, 'c10')} end as status
       from ${rows('task', tasks, 12, `${someCustomer(tasks, DAYS.customer, 'c11')} as ci`)} offset 0) z`,

    // The trail of imported records begins with them; that of conversations and tasks is left out.
    ...[
      ['customer', 'customers'],
      ['lead', 'leads'],
      ['project', 'projects'],
    ].map(
      ([entity, table]) =>
        `insert into audit_log (tenant_id, id, at, actor_id, actor_name, via, verb, entity, record_id, record_title, version, initial)
         select r.tenant_id, r.id, r.created_at, r.created_by, u.name, 'import', 'imported', '${entity}', r.id, r.name, 1,
           jsonb_build_object('name', r.name, 'status', r.status, 'currency', r.currency)
         from ${table} r join users u on u.tenant_id = r.tenant_id and u.id = r.created_by where r.tenant_id = '${tenant.id}'`,
    ),
  ];
}

/** Tables with as many rows as customers and more; their references and indexes are checked and built when they are full. */
export const LARGE = [
  'customers',
  'customer_tags',
  'contacts',
  'leads',
  'projects',
  'interactions',
  'tasks',
  'audit_log',
] as const;
