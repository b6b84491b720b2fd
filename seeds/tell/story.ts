import type { Row } from '#src/kernel/tenant_db.ts';
import type { Calendar } from '../calendar.ts';

/** How a customer's time with us went, where chance should not decide. Days are counted back from today. */
export interface Plan {
  state: 'active' | 'new' | 'prospect' | 'inactive';
  mood: 'healthy' | 'troubled';
  /** since it was entered */
  age: number;
  /** since the contract; null without one */
  signed: number | null;
  owner: string;
  csm: string | null;
  imported: boolean;
  /** a year, when the contract began */
  arr: number;
  /** the yearly increase at a renewal, in per cent */
  growth: number;
  /** days until the next renewal, when it is not a year's multiple after signing */
  renews_in: number | null;
  /** since it left us, when it did */
  left: number | null;
  /** what else was changed: days ago, by whom, to what; '@12' is the day in 12 days */
  events: readonly (readonly [ago: number, by: string, patch: Row])[];
  tags: readonly string[];
  description: string | null;
}

/**
 * A customer whose story is told in full. Talks are lines such as "12 csm < call 1: Subject | What was said | negative | 5": 12 days
 * ago the first contact called, to be followed up in 5 days. A day ahead (-3) is planned.
 */
export interface Story {
  /** name of the company */
  company: string;
  plan: Partial<Plan>;
  /** name | job title; the first is the primary contact */
  contacts: readonly string[];
  talks: readonly string[];
  /** "12 csm: text" */
  notes: readonly string[];
  projects: readonly StoryProject[];
  /** how it began, when it began as a lead */
  lead?: StoryLead;
}

export interface StoryLead {
  /** since it was entered */
  ago: number;
  source: string;
  value: number;
  contacted: number;
  qualified: number;
  talks: readonly string[];
  notes: readonly string[];
  tags: readonly string[];
}

export interface StoryProject {
  name: string;
  type: string;
  owner: string;
  /** since it was entered */
  age: number;
  value: number;
  budget: number;
  /** days from today */
  start: number;
  end: number;
  description: string;
  events: Plan['events'];
  notes: readonly string[];
  tags?: readonly string[];
}

/** Puts days in the place of '@12' and '@-30'. */
export const dated = (calendar: Calendar, patch: Row): Row =>
  Object.fromEntries(
    Object.entries(patch).map(([name, v]) => {
      const found = typeof v === 'string' ? /^@(-?\d+)$/.exec(v) : null;
      return [name, found ? calendar.day(Number(found[1])) : v];
    }),
  );

export interface Talk {
  ago: number;
  by: string;
  direction: string;
  type: string;
  /** from 1; 0 for nobody */
  contact: number;
  subject: string;
  body: string;
  outcome: string | null;
  follow_up: number | null;
}

/** Who began: they, we, or only we spoke. */
const DIRECTIONS: Readonly<Record<string, string>> = { '<': 'inbound', '>': 'outbound', '=': 'internal' };

const TALK =
  /^(-?\d+) ([\w.]+) ([<>=]) (\w+) (\d): ([^|]+) \| ([^|]+?)(?: \| (positive|neutral|negative|no_answer))?(?: \| (-?\d+))?$/s;

/** @throws Error quoting a line that is not in the form that `Story` shows */
export function readTalk(line: string): Talk {
  const found = TALK.exec(line);
  if (!found) throw new Error(`not a talk: ${line}`);
  const [, ago, by, arrow, type, contact, subject, body, outcome, follow] = found;
  return {
    ago: Number(ago),
    by: by!,
    direction: DIRECTIONS[arrow!]!,
    type: type!,
    contact: Number(contact),
    subject: subject!,
    body: body!,
    outcome: outcome ?? null,
    follow_up: follow === undefined ? null : Number(follow),
  };
}

/** @throws Error quoting a line that is not "12 csm: text" */
export function readNote(line: string): { ago: number; by: string; body: string } {
  const found = /^(\d+) ([\w.]+): (.+)$/s.exec(line);
  if (!found) throw new Error(`not a note: ${line}`);
  return { ago: Number(found[1]), by: found[2]!, body: found[3]! };
}
