import { add, type Book, person } from '../book.ts';
import { addAccounts } from './accounts.ts';
import type { Content } from './content.ts';
import { addCustomers, type Party } from './customers.ts';
import { addLeads } from './leads.ts';
import { addNotes } from './notes.ts';
import { addProjects } from './projects.ts';
import { tellStories } from './stories.ts';
import { addPlanned, addTalks } from './talks.ts';
import { addTasks } from './tasks.ts';

const TAGS_MADE = 400;

/** Everything that happened at a tenant, in the order in which chapters need each other. */
export function tellTenant(book: Book, content: Content): Party[] {
  const manager = person(book, 'manager');
  for (const name of content.tags) add(book, 'tag', manager, book.calendar.ago(TAGS_MADE, 9), { name });
  const parties = addCustomers(book, content);
  addAccounts(book, content, parties);
  const projects = addProjects(book, content, parties);
  const leads = addLeads(book, content, parties);
  addTalks(book, content, parties);
  addPlanned(book, content, parties);
  addNotes(book, content, parties, projects, leads);
  tellStories(book, parties);
  addTasks(book, content, parties, projects, leads);
  return parties;
}
