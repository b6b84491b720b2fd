// The stories without a database: whenever the demo is started, they are the same and make sense.
import { type Book, openBook } from '../../seeds/book.ts';
import { STORIES } from '../../seeds/index.ts';
import { openRandom } from '../../seeds/random.ts';
import { fill, mailbox, plain } from '../../seeds/text.ts';

/** A dozen moments over more than a year: weekdays and Sundays, mornings and nights, both changes of the clocks. */
const MOMENTS = Array.from({ length: 12 }, (_, i) => Date.parse('2026-11-21T10:23:00Z') + i * 33.77 * 86_400_000);

const told = STORIES.flatMap(({ facts, tell }) =>
  MOMENTS.map((now) => {
    const book = openBook(facts, now);
    tell(book);
    return book;
  }),
);
const label = (book: Book) => `${book.tenant.slug} at ${new Date(book.calendar.now).toISOString()}`;

test('nobody acts before joining, after leaving or in the future', () => {
  const odd = told.flatMap((book) => {
    const people = new Map([...book.people.values()].map((one) => [one.id, one]));
    return book.trail.flatMap((line) => {
      const { key, joined, left } = people.get(String(line.actor_id))!;
      const at = Date.parse(String(line.at));
      const here =
        at >= book.calendar.ago(joined, 7) - 3_600_000 && (left === undefined || at <= book.calendar.ago(left, 18));
      return here && at <= book.calendar.now ? [] : [`${label(book)}: ${key} ${line.verb} ${line.record_title}`];
    });
  });
  expect(odd.slice(0, 5)).toEqual([]);
});

test('whatever day it is, the same people have the same customers, leads and projects in the same state', () => {
  const outcome = (book: Book) =>
    book.entries
      .filter((entry) => ['customer', 'lead', 'project', 'contact', 'account', 'task'].includes(entry.kind))
      .map(({ kind, row }) =>
        [kind, row.name ?? row.title, row.email, row.status, row.health, row.arr, row.value, row.completion].join('|'),
      )
      .join('\n');
  for (const { facts } of STORIES) {
    const outcomes = told.filter((book) => book.tenant === facts).map(outcome);
    expect(new Set(outcomes).size).toBe(1);
  }
});

test('changes stand in their order, and nothing lies ahead but what is planned', () => {
  for (const book of told) {
    for (const { row, kind } of book.entries) {
      expect(String(row.created_at) <= String(row.updated_at)).toBe(true);
      if (kind === 'interaction' && Date.parse(String(row.occurred_at)) > book.calendar.now)
        expect(row.outcome ?? null).toBeNull();
    }
  }
});

test('names of every country become addresses that can be typed', () => {
  expect(plain('Łódź Zürich Đà Nẵng Ελλάδα Ørsted')).toBe('lodz zurich da nang ellada orsted');
  expect(mailbox('Dr. Anke Petersen')).toBe('anke.petersen');
  expect(mailbox('Niamh O’Connor')).toBe('niamh.oconnor');
  for (const book of told.filter((one) => one.calendar.now === MOMENTS[0])) {
    const addresses = book.entries.map((entry) => entry.row.email).filter((email) => email !== undefined);
    expect(
      addresses.filter((email) => !/^[a-z0-9][a-z0-9.-]*@[a-z0-9][a-z0-9-]*\.example$/.test(String(email))),
    ).toEqual([]);
  }
});

test('texts are filled in completely', () => {
  expect(fill(openRandom(1), '{first} has [two] sites', { first: 'Ann' })).toBe('Ann has two sites');
  const open = told[0]!.entries
    .flatMap(({ row }) => [row.subject, row.body, row.name, row.description])
    .filter((text) => /[[\]{}]/.test(String(text ?? '')));
  expect(open).toEqual([]);
});
