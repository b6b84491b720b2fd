import { type Book, person } from '../book.ts';
import type { Party } from '../tell/customers.ts';
import { say } from '../tell/talks.ts';
import { fill } from '../text.ts';

const DAYS = 320;
const CALLER = 'Bergland Frischdienst GmbH';

/** What the dispatch desk and support tell each other in the morning. */
const MORNINGS: readonly (readonly [subject: string, body: string, outcome: string])[] = [
  [
    'Morning check: all vans cold',
    'All [58|59|60] vans between 2 and 4 °C at [05:40|05:50|06:05]. Nothing to do.',
    'positive',
  ],
  [
    'Morning check: all vans cold',
    '[57|60] of 60 on the road, the others in the workshop. No alarm during the night.',
    'positive',
  ],
  [
    'Morning check: van [7|12|23|31|48] late into the cold',
    'Loading door stood open, 7.2 °C for nine minutes, back at 4 °C before departure. Goods fine.',
    'neutral',
  ],
  [
    'Morning check: sensor of van [5|19|36|52] asleep',
    'No reading since [02:10|03:30]. Driver pressed the button, back at once. Battery at [31|24] %, noted for the workshop.',
    'neutral',
  ],
  [
    'Morning check: van [9|27|44] stays in',
    'Cooling unit does not start. Tour moved to the spare van, sensor moved along.',
    'negative',
  ],
  ['Morning check: test alarm', 'Weekly test alarm answered after [25|40|55] seconds.', 'positive'],
];

/** The customer whose page must stay quick with hundreds of interactions on it. */
export function tellDaily(book: Book, parties: readonly Party[]): void {
  const party = parties.find(({ company }) => company.name === CALLER)!;
  const support = person(book, 'support');
  for (let ago = DAYS; ago > 0; ago -= 1) {
    const day = new Date(`${book.calendar.day(-ago)}T12:00:00Z`).getUTCDay();
    if (day === 0 || day === 6) continue;
    const kind = day === 5 ? 5 : book.clockwork.weighted({ 0: 40, 1: 40, 2: 8, 3: 8, 4: 4 } as Record<string, number>);
    const [subject, body, outcome] = MORNINGS[Number(kind)]!;
    const text = (words: string) => fill(book.clockwork, words, {});
    const said = {
      type: 'call',
      direction: 'inbound',
      subject: text(subject),
      body: text(body),
      outcome,
      follow_up: null,
    };
    const about = { customer_id: party.entry.id, contact_id: party.contacts[0]!.id };
    say(book, { ...said, by: support, at: book.calendar.ago(ago, 7) }, about);
  }
}
