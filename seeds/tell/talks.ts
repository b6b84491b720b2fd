import { add, type Book, type Entry, person, since } from '../book.ts';
import type { Colleague } from '../people.ts';
import { fill } from '../text.ts';
import type { Content, Thread, Voice } from './content.ts';
import { ownerAt, type Party } from './customers.ts';

const MINUTE = 60_000;
const YEAR = 365;
const CHANNELS: Readonly<Record<string, readonly string[]>> = {
  meeting: ['video', 'video', 'in_person'],
  call: ['phone'],
  email: ['email'],
  visit: ['in_person'],
};
/** A follow-up is open when the conversation ended within so many days. */
const FRESH = 24;

interface Said {
  by: Colleague;
  at: number;
  type: string;
  direction: string;
  subject: string;
  body: string;
  outcome: string | null;
  follow_up: string | null;
}

/** Writes down one interaction, a little after it happened. */
export function say(book: Book, said: Said, about: Record<string, string | null>): void {
  const { by, at, follow_up, ...rest } = said;
  const written = Math.min(at + book.clockwork.between(4, 50) * MINUTE, book.calendar.now - MINUTE);
  add(book, 'interaction', by, written, {
    ...rest,
    channel: book.clockwork.pick(CHANNELS[said.type] ?? ['phone']),
    occurred_at: new Date(at).toISOString(),
    next_follow_up: follow_up,
    owner_id: by.id,
    ...about,
  });
}

/** What a text may speak of. */
export const words = (party: Party, contact: Entry | undefined): Record<string, string> => {
  const name = String(contact?.row.name ?? party.company.name);
  const given = name.replace(/^((Prof|Dr|Contessa)\.? )+/, '').split(' ');
  const familyFirst = party.company.country === 'Vietnam' || party.company.country === 'Hungary';
  return {
    contact: name,
    first: (familyFirst ? given.slice(1).join(' ') : given[0]) ?? name,
    city: party.company.city,
    company: party.company.name,
    industry: party.company.industry.toLowerCase(),
  };
};

function speaker(book: Book, content: Content, party: Party, voice: Voice, ago: number): Colleague {
  if (voice === 'support') return person(book, 'support');
  if (voice === 'field') return technician(book, content, ago);
  return voice === 'csm' && party.csm ? party.csm : ownerAt(content, party, ago);
}

/** A technician who was with us then. */
export function technician(book: Book, content: Content, ago: number): Colleague {
  const present = content.field.map((key) => person(book, key)).filter((one) => one.joined > ago);
  return present.length ? book.random.pick(present) : person(book, content.field[0]!);
}

/** The conversations of the last year with everybody whose story is not told in full. */
export function addTalks(book: Book, content: Content, parties: readonly Party[]): void {
  for (const party of parties) {
    if (party.story) continue;
    const used = new Set<Thread>();
    const { plan, company } = party;
    const many = plan.state === 'new' ? 1 : Math.max(1, company.size);
    if (plan.state === 'inactive')
      hold(book, content, party, choose(book, content, ['gone'], used), leftAgo(book, party));
    if (plan.mood === 'troubled')
      hold(book, content, party, choose(book, content, ['troubled'], used), book.random.between(1, 40));
    for (let i = used.size; i < many; i += 1) {
      const kinds: Thread['suits'][] =
        plan.state === 'prospect'
          ? ['prospect']
          : plan.mood === 'healthy' && plan.state === 'active'
            ? ['any', 'healthy']
            : ['any'];
      const oldest = plan.state === 'inactive' ? leftAgo(book, party) + 40 : 0;
      const newest = Math.min(plan.age, YEAR) - 35;
      hold(
        book,
        content,
        party,
        choose(book, content, kinds, used),
        Math.max(0, book.random.between(oldest, Math.max(oldest, newest))),
      );
    }
  }
}

/** Meetings and visits of the coming weeks. */
export function addPlanned(book: Book, content: Content, parties: readonly Party[]): void {
  const { random, calendar } = book;
  for (const party of parties) {
    if (party.story || party.plan.state !== 'active' || party.company.size < 3 || random.chance(0.66)) continue;
    const [type, subject, body] = random.pick(content.planned);
    const by = speaker(book, content, party, type === 'visit' ? 'field' : 'csm', 0);
    const [contact] = party.contacts;
    add(book, 'interaction', by, calendar.ago(random.between(0, 9)), {
      type,
      subject,
      body: fill(random, body, words(party, contact)),
      channel: type === 'visit' ? 'in_person' : type === 'call' ? 'phone' : 'video',
      direction: 'outbound',
      occurred_at: new Date(calendar.ahead(random.between(1, 24))).toISOString(),
      owner_id: by.id,
      customer_id: party.entry.id,
      contact_id: contact!.id,
    });
  }
}

const leftAgo = (book: Book, party: Party): number => book.calendar.since(party.entry.touched);

function choose(book: Book, content: Content, kinds: readonly Thread['suits'][], used: Set<Thread>): Thread | null {
  const fitting = content.threads.filter((thread) => kinds.includes(thread.suits) && !used.has(thread));
  if (!fitting.length) return null;
  const chosen = book.random.pick(fitting);
  used.add(chosen);
  return chosen;
}

/** One conversation whose last exchange was so many days ago. */
function hold(book: Book, content: Content, party: Party, thread: Thread | null, ended: number): void {
  if (!thread) return;
  const { random, calendar } = book;
  const length = thread.steps.reduce((sum, step) => sum + step.after, 0);
  let ago = Math.min(ended + length, party.plan.age - 1);
  const contact = random.chance(0.7) ? party.contacts[0] : random.pick(party.contacts);
  const by = speaker(book, content, party, thread.voice, ago);
  const values = words(party, contact);
  const about = { customer_id: party.entry.id, contact_id: contact?.id ?? null };
  for (const [i, step] of thread.steps.entries()) {
    ago = Math.max(0, ago - step.after);
    const present = by.left !== undefined && ago <= content.handover!.ago ? party.owner : by;
    const last = i === thread.steps.length - 1;
    say(
      book,
      {
        by: step.voice ? speaker(book, content, party, step.voice, ago) : present,
        at: since(book, party.entry, calendar.ago(ago)),
        type: step.type,
        direction: step.direction,
        subject: fill(random, step.subject, values),
        body: fill(random, step.body, values),
        outcome: step.outcome,
        follow_up: last && party.plan.state !== 'inactive' ? followUp(book, ago, step.outcome) : null,
      },
      about,
    );
  }
}

/** Soon after a fresh conversation; some of the older ones were forgotten, more often when it went badly. */
export function followUp(book: Book, ago: number, outcome: string): string | null {
  const { random, calendar } = book;
  const good = outcome === 'positive';
  if (ago <= FRESH && random.chance(good ? 0.35 : 0.75)) return calendar.day(random.between(1, 21));
  if (ago > 8 && ago < 70 && random.chance(good ? 0.05 : 0.3))
    return calendar.day(-random.between(1, Math.min(ago - 1, 30)));
  return null;
}
