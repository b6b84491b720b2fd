import type { Company } from './company.ts';
import type { Story } from './story.ts';

export type Outcome = 'positive' | 'neutral' | 'negative' | 'no_answer';
/** Who speaks for us: the owner of the record, its customer success manager, support or a field technician. */
export type Voice = 'owner' | 'csm' | 'support' | 'field';
type Way = 'meeting' | 'call' | 'email' | 'visit';

/** One exchange of a conversation. `[a|b]` and `{first}` in its texts are filled in (text.ts). */
export interface Step {
  /** days since the step before */
  after: number;
  type: Way;
  direction: 'inbound' | 'outbound';
  subject: string;
  body: string;
  outcome: Outcome;
  /** another voice than the conversation's */
  voice?: Voice;
}

/** A conversation of a few exchanges that answer each other. */
export interface Thread {
  voice: Voice;
  /** which customers have it */
  suits: 'any' | 'healthy' | 'troubled' | 'prospect' | 'gone';
  steps: readonly Step[];
}

/** "3 < call: Subject | What was said | positive": three days later they called; > is us. A voice may stand before the way. */
export function thread(voice: Voice, suits: Thread['suits'], ...lines: readonly string[]): Thread {
  const steps = lines.map((line): Step => {
    const found = /^(\d+) ([<>]) (?:(owner|csm|support|field) )?(\w+): (.+?) \| (.+) \| (\w+)$/s.exec(line);
    if (!found) throw new Error(`not a step of a conversation: ${line}`);
    const [, after, arrow, other, type, subject, body, outcome] = found as unknown as string[];
    return {
      after: Number(after),
      type: type as Way,
      direction: arrow === '<' ? 'inbound' : 'outbound',
      subject: subject!,
      body: body!,
      outcome: outcome as Outcome,
      ...(other && { voice: other as Voice }),
    };
  });
  return { voice, suits, steps };
}

/** What a tenant's people sell, say and write; the same machinery (tell/*.ts) makes a year of it. */
export interface Content {
  companies: readonly Company[];
  threads: readonly Thread[];
  leadThreads: readonly Thread[];
  /** what lies ahead with larger customers: way, subject, agenda */
  planned: readonly (readonly [type: Way, subject: string, body: string])[];
  customerNotes: readonly string[];
  projectNotes: readonly string[];
  leadNotes: readonly string[];
  /** what people have to do about a customer, a project or a lead, or about none: "title | what else there is to know" */
  tasks: Readonly<Record<'customer' | 'project' | 'lead' | 'plain', readonly string[]>>;
  /** by size of the contract, from 1 to 5 */
  products: readonly (readonly string[])[];
  /** least and most a year, by size from 1 to 5 */
  arr: readonly (readonly [number, number])[];
  /** kind of project -> names, {city} filled in */
  projects: Readonly<Record<string, readonly string[]>>;
  titles: readonly string[];
  tags: readonly string[];
  /** half a sentence about a customer, for its description */
  descriptions: readonly string[];
  /** kinds of business that leads come from, by country; their names end with a family's */
  prospects: Readonly<Record<string, readonly string[]>>;
  /** who looks after customers, by how much they have: keys of colleagues */
  owners: Readonly<Record<string, number>>;
  csms: Readonly<Record<string, number>>;
  field: readonly string[];
  /** whom a new lead goes to */
  sellers: readonly string[];
  /** how many leads, and how many of them became customers */
  leads: number;
  converted: number;
  /** told in full; the rest is made up around them */
  stories: readonly Story[];
  /** left, and their customers went to somebody else */
  handover: { from: string; to: string; ago: number } | null;
}
