import { ACME_COMPANIES } from '../acme/companies.ts';
import { companiesOf } from '../tell/company.ts';
import { type Content, thread } from '../tell/content.ts';
import { GLOBEX_STORIES } from './stories.ts';

/** Known to both tenants: the same names, people, addresses, numbers; nothing else may be the same. */
const SHARED = ACME_COMPANIES.filter((_, i) => i < 3 || i % 6 === 0);
const OWN_FIRST = 50_011;

const OWN = companiesOf(
  {
    'Data centers': `
      Hudson Valley Colocation | Poughkeepsie | United States | 5
      Blue Ridge Hosting | Roanoke | United States | 3`,
    'Office buildings': `
      One Mercer Plaza LLC | New York | United States | 4
      Lakefront Towers | Chicago | United States | 3
      Old Mill Lofts | Lowell | United States | 1`,
    Schools: `
      Springfield School District | Springfield | United States | 3
      St. Anne’s Academy | Hartford | United States | 1`,
    Hotels: `
      Grand Biscayne Hotel | Miami | United States | 3
      Harbor Inn & Suites | Portland | United States | 1
      Mesa Verde Lodge | Durango | United States | 0`,
    Hospitals: `
      Saint Brendan Medical Center | Boston | United States | 4
      Riverside Urgent Care | Albany | United States | 1`,
    Breweries: `
      Three Rivers Brewing | Pittsburgh | United States | 2
      Dry Creek Cider House | Yakima | United States | 0`,
  },
  OWN_FIRST,
);

const THREADS = [
  thread(
    'csm',
    'healthy',
    '0 > call: Spring start-up went fine | {first} says all chillers came up on the first try. Energy is down [six|nine|eleven] percent against last year. | positive',
    '20 > meeting: Mid-season review | Filters at 60 percent, no alarms. Talked about the second roof unit for next year. | positive',
  ),
  thread('csm', 'any', '0 > call: Check-in | Nothing to report, which {first} says is the best report. | positive'),
  thread(
    'csm',
    'troubled',
    '0 < call: Third floor is too warm again | {first} has had complaints for a week. Unit [RTU-2|RTU-4] short-cycles. | negative',
    '2 > field visit: Replaced the contactor | Contactor was welded shut, replaced. Set points had been overridden by hand, reset and locked. | neutral',
    '9 > call: Still not convinced | {first} wants to see two weeks without a complaint before talking renewal. | neutral',
  ),
  thread(
    'support',
    'any',
    '0 < email: Thermostat shows dashes | Walked {first} through the reset. Back online in five minutes. | positive',
  ),
  thread(
    'field',
    'any',
    '0 > visit: Quarterly maintenance | Belts, filters, coils. One belt replaced. Signed by {first}. | positive',
  ),
  thread(
    'owner',
    'healthy',
    '0 > meeting: Retrofit of the old units | {first} has budget for two units this year and two next year. | positive',
    '6 > email: Retrofit quote | Quote sent with the utility rebate already taken off. | neutral',
  ),
  thread(
    'owner',
    'any',
    '0 > call: Introduced the new rates | Labor goes up three percent in January. No surprise for {first}. | neutral',
  ),
  thread(
    'owner',
    'prospect',
    '0 > call: First talk | {first} has two bids on the table already. Ours has to be in by Friday. | neutral',
    '3 > email: Bid submitted | Bid with a maintenance plan for five years. | neutral',
  ),
  thread(
    'owner',
    'gone',
    '0 < email: Contract not renewed | Building was sold, the new owner has an in-house crew. | negative',
  ),
];

const LEAD_THREADS = [
  thread(
    'owner',
    'any',
    '0 > call: Returned the web inquiry | {first} runs two buildings, both units past their life. Wants a walk-through. | positive',
    '5 > visit: Walk-through | Took readings on the roof. Quote due next week. | positive',
  ),
  thread('owner', 'any', '0 > call: Left a voicemail | No answer at {company}. | no_answer'),
];

/** What Globex Climate sells: cooling for buildings, and the crews who keep it running. */
export const GLOBEX_CONTENT: Content = {
  companies: [...SHARED, ...OWN],
  threads: THREADS,
  leadThreads: LEAD_THREADS,
  planned: [
    ['visit', 'Fall shutdown', 'Drain the towers, check the belts.'],
    ['call', 'Budget call for next year', '{first} needs numbers for two units.'],
  ],
  customerNotes: [
    'Roof access only with the super; call the day before.',
    '{first} approves anything under $5,000 alone.',
    'Asks for the rebate paperwork every time. Attach it to the quote.',
    'Union crew only.',
    'Two units still on R-22. Retrofit is a matter of time.',
    'Prefers text messages. Never leaves a voicemail.',
  ],
  projectNotes: [
    'Crane booked for Saturday, street permit is in.',
    'Old curb does not fit, adapter ordered.',
    'Commissioned and balanced. Customer signed off.',
  ],
  leadNotes: [
    'Came through the utility’s rebate list.',
    'Ready to move, wants three references.',
    'Budget is next fiscal year.',
  ],
  tasks: {
    customer: [
      'Quote for {company}: [two|three] more units | {first} wants the rebate already taken off.',
      'Call {first} about the service window',
      'Send {company} the insurance certificate | The building office asks for it every year.',
      'Get roof access for the visit to {city}',
      'Walk {first} through the energy report',
    ],
    project: [
      'Order the crane for {project}',
      'Pull the street permit for {project}',
      'Schedule the final inspection of {project} | {first} has to be there.',
    ],
    lead: ['Bid for {company}', 'Walk-through with {first}', 'Send {company} three references'],
    plain: ['Turn in mileage', 'Renew the refrigerant license', 'Restock filters in the van', 'Update the rate sheet'],
  },
  products: [
    ['Care Basic'],
    ['Care Plus'],
    ['Care Plus', 'Remote Monitoring'],
    ['Care Premium', 'Remote Monitoring'],
    ['Care Premium', 'Remote Monitoring', 'Energy Desk'],
  ],
  arr: [
    [1_200, 4_800],
    [6_000, 18_000],
    [24_000, 60_000],
    [75_000, 150_000],
    [210_000, 320_000],
  ],
  projects: {
    Retrofit: ['Chiller retrofit', 'Rooftop unit replacement'],
    Maintenance: ['Spring start-up', 'Duct cleaning {city}'],
    Controls: ['Building controls upgrade', 'Thermostat rollout'],
  },
  titles: ['Facilities manager', 'Property manager', 'Chief engineer', 'Purchasing', 'Office manager'],
  tags: ['key account', 'rebate', 'union site', 'R-22', 'champion', 'trade fair'],
  descriptions: [
    'Four rooftop units, two of them on their last summer.',
    'Pays net 15 and expects the same speed from us.',
    'Sister company of an existing customer.',
  ],
  prospects: {
    'United States': ['Realty', 'Dental', 'Fitness', 'Brewing', 'Foods', 'Storage', 'Motors', 'Printing'],
  },
  owners: { sales: 38, 'luke.adeyemi': 30, both: 8, csm: 5, manager: 4, admin: 3, field: 8 },
  csms: { csm: 60, 'priya.raman': 40 },
  field: ['field', 'ruth.kessler'],
  sellers: ['sales', 'luke.adeyemi'],
  leads: 24,
  converted: 4,
  stories: GLOBEX_STORIES,
  handover: null,
};
