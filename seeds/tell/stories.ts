import { add, type Book, change, person } from '../book.ts';
import { euros, type Party } from './customers.ts';
import { dated, readNote, readTalk, type StoryLead, type StoryProject } from './story.ts';
import { say } from './talks.ts';

/** The customers whose story is told in full: what was said, noted and built. */
export function tellStories(book: Book, parties: readonly Party[]): void {
  for (const party of parties) {
    const { story } = party;
    if (!story) continue;
    const customer = { customer_id: party.entry.id };
    if (story.lead) tellLead(book, party, story.lead);
    for (const line of story.talks) tellTalk(book, party, line, customer);
    for (const line of story.notes) tellNote(book, line, customer);
    for (const project of story.projects) tellProject(book, party, project);
  }
}

/** A day that lies ahead is planned, not past. */
const at = (book: Book, ago: number): number => (ago >= 0 ? book.calendar.ago(ago) : book.calendar.ahead(-ago));

function tellProject(book: Book, party: Party, told: StoryProject): void {
  const { calendar } = book;
  const owner = person(book, told.owner);
  const about = { customer_id: party.entry.id };
  const entry = add(
    book,
    'project',
    party.owner,
    calendar.ago(told.age),
    {
      ...about,
      name: told.name,
      type: told.type,
      status: 'pending',
      value: euros(told.value),
      budget: euros(told.budget),
      currency: book.tenant.currency,
      start_date: calendar.day(told.start),
      end_date: calendar.day(told.end),
      completion: 0,
      owner_id: owner.id,
      description: told.description,
    },
    { tags: told.tags ?? [] },
  );
  for (const [ago, by, patch] of told.events)
    change(book, entry, person(book, by), calendar.ago(ago), dated(calendar, patch));
  for (const line of told.notes) tellNote(book, line, { ...about, project_id: entry.id });
}

/** How it began, up to the day on which the lead became this customer. */
function tellLead(book: Book, party: Party, told: StoryLead): void {
  const { calendar } = book;
  const { owner, entry: customer } = party;
  const { name, email, phone } = party.contacts[0]!.row;
  const values = {
    name,
    email,
    phone,
    company: party.company.name,
    source: told.source,
    status: 'new',
    priority: 'high',
  };
  const money = { estimated_value: euros(told.value), currency: book.tenant.currency };
  const lead = add(
    book,
    'lead',
    owner,
    calendar.ago(told.ago),
    { ...values, ...money, assigned_to: owner.id },
    { tags: told.tags },
  );
  change(book, lead, owner, calendar.ago(told.contacted), { status: 'contacted' });
  change(book, lead, owner, calendar.ago(told.qualified), { status: 'qualified', priority: 'urgent' });
  const at = Date.parse(String(customer.row.created_at)) + 1_000;
  const patch = { status: 'converted', customer_id: customer.id, converted_at: new Date(at).toISOString() };
  change(book, lead, owner, at, patch, 'converted');
  for (const line of told.talks) tellTalk(book, party, line, { lead_id: lead.id });
  for (const line of told.notes) tellNote(book, line, { lead_id: lead.id });
}

function tellTalk(book: Book, party: Party, line: string, about: Record<string, string>): void {
  const { ago, by, contact, follow_up, ...said } = readTalk(line);
  const follow = follow_up === null ? null : book.calendar.day(follow_up);
  // Contacts were added with the customer, so a lead has none yet.
  const contact_id = contact && about.customer_id ? party.contacts[contact - 1]!.id : null;
  say(book, { ...said, by: person(book, by), at: at(book, ago), follow_up: follow }, { ...about, contact_id });
}

function tellNote(book: Book, line: string, about: Record<string, string>): void {
  const { ago, by, body } = readNote(line);
  add(book, 'note', person(book, by), book.calendar.ago(ago), { body, ...about });
}
