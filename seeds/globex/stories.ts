import { ACME_STORIES } from '../acme/stories.ts';
import type { Story } from '../tell/story.ts';

/** The same people at the same company, with quite another story: what one tenant knows, the other must never see. */
const peopleAt = (company: string): readonly string[] =>
  ACME_STORIES.find((story) => story.company === company)?.contacts ?? [];

const quiet = (
  company: string,
  plan: Partial<Story['plan']>,
  talks: readonly string[],
  notes: readonly string[],
): Story => ({
  company,
  plan: { mood: 'healthy', imported: false, growth: 3, events: [], tags: [], ...plan },
  contacts: peopleAt(company),
  talks,
  notes,
  projects: [],
});

export const GLOBEX_STORIES: readonly Story[] = [
  quiet(
    'Nordlicht Pharma GmbH',
    {
      state: 'active',
      age: 210,
      signed: 190,
      owner: 'sales',
      csm: 'csm',
      arr: 38_000,
      description: 'Office wing of the Hamburg site. Perfectly happy.',
    },
    [
      '120 csm > call 1: Office wing is comfortable | Dr. Petersen has no complaints at all. | positive',
      '18 csm > meeting 2: Renewal is a formality | Mr Böhm will sign as soon as the papers arrive. | positive | 9',
    ],
    ['18 csm: Easiest renewal of the year.'],
  ),
  quiet(
    'Helvetia Biologics AG',
    {
      state: 'prospect',
      age: 44,
      signed: null,
      owner: 'luke.adeyemi',
      csm: null,
      arr: 0,
      description: 'Asked for a bid on the clean rooms, then went quiet.',
    },
    [
      '43 luke.adeyemi < email 1: Request for a bid | Clean rooms in building 2, decision in two months. | neutral',
      '20 luke.adeyemi > call 1: No answer | Left a message with the assistant. | no_answer | 4',
    ],
    [],
  ),
  quiet(
    'Αιγαίο Φαρμακευτική Α.Ε.',
    {
      state: 'inactive',
      age: 300,
      signed: 280,
      left: 35,
      owner: 'sales',
      csm: 'csm',
      arr: 21_000,
      description: 'Office lease ended, contract with it.',
    },
    ['40 sales < email 1: Lease ends | They move out at the end of the month. | negative'],
    ['35 sales: No hard feelings. They may call from the new building.'],
  ),
];
