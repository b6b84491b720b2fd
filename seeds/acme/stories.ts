import type { Story } from '../tell/story.ts';
import { MORE_STORIES } from './more_stories.ts';

/** A renewal that may be lost: the largest customer, sensors that fell silent, somebody new who reviews every supplier. */
const RENEWAL_AT_RISK: Story = {
  company: 'Nordlicht Pharma GmbH',
  plan: {
    state: 'active',
    mood: 'troubled',
    age: 722,
    signed: 696,
    renews_in: 34,
    owner: 'sales',
    csm: 'csm',
    imported: false,
    arr: 384_000,
    growth: 7,
    events: [
      [112, 'csm', { health: 'yellow' }],
      [41, 'csm', { health: 'red' }],
      [
        40,
        'csm',
        {
          description:
            'Vaccines and insulin for the north of Germany, five halls in Hamburg-Moorfleet. Renewal at risk since the failure in hall 3; decision lies with Dr. Petersen. Save plan: two gateways per hall, a named technician, a call every week.',
        },
      ],
    ],
    tags: ['key account', 'new management', 'GDP audit'],
    description: 'Vaccines and insulin for the north of Germany, five halls in Hamburg-Moorfleet.',
  },
  contacts: [
    'Dr. Anke Petersen | Head of logistics',
    'Holger Böhm | Quality manager',
    'Yasemin Öztürk | Purchasing',
    'Malte Dierksen | Warehouse manager',
    'Sabine Grünewald | Responsible person GDP',
  ],
  talks: [
    '168 csm > meeting 2: Quarterly review | Quiet quarter: six alarms, all answered in time. Mr Böhm wants a second gateway per hall “some day”. Offered it, he preferred to wait for the new budget. | positive',
    '121 support < call 2: Forty sensors silent for 95 minutes | Hall 3 lost its gateway at 14:10, the power supply had died. 40 sensors without readings while two lorries were unloaded. Goods were checked by hand, nothing lost. Mr Böhm is furious. | negative',
    '120 support > email 2: First explanation and what we do today | Power supply swapped by courier, readings back since 09:00. Promised a written analysis within a week. | neutral',
    '112 csm > meeting 2: What happened in hall 3 | Showed the course of events. One gateway per hall is one too few, and we knew that from the review. He asked why we had not insisted. Fair question. | negative',
    '96 field > visit 4: Checked all power supplies | Two of five power supplies were close to dying as well. All exchanged, the old ones go to the laboratory. Mr Dierksen helped, good mood in the hall, bad mood in the office. | neutral',
    '88 csm > email 2: Written analysis | Five pages, with the cost of a second gateway per hall, which we would bear. No answer yet. | no_answer',
    '63 csm < email 1: Introduction of the new head of logistics | Dr. Anke Petersen took over on the first of the month and reviews every supplier above 100,000. Asks for contract, service reports and a contact above me. | neutral',
    '57 sales > meeting 1: First meeting with Dr. Petersen | An hour, well prepared. She has two questions: can it happen again, and what does the competition cost. No sympathy, but no prejudice either. | neutral',
    '41 csm < call 3: A cheaper offer is on the table | Ms Öztürk says another supplier is 18 % below us and the renewal is open. She was asked to compare by the end of the quarter. Told Marek at once. | negative',
    '38 manager = meeting 0: Nordlicht: what we do now | Sofia, Clara, Florian and Samir at one table. Everybody named one thing we should have done earlier; the list became the save plan. | neutral',
    '34 manager > call 1: Offer of a save plan | Took responsibility for the delay. She accepts a plan if it starts before the signature, not after it. | neutral',
    '26 sales > meeting 1: Save plan agreed | Two gateways per hall at our expense, Florian as named technician, a call every week. She brings it to the board; we bring availability in numbers. | positive',
    '15 field > visit 4: Second gateways in halls 1 to 3 | Mounted and tested with the power cut on purpose: take-over in eleven seconds, no reading lost. Mr Dierksen filmed it for his boss. | positive',
    '6 csm > call 1: Weekly call | Two weeks without a gap. She asked for the numbers on one page, “no adjectives”. Board meets this week. | positive',
    '1 csm > email 1: Availability on one page | 99.98 % since the second gateways, 11 s longest gap. She confirmed receipt within ten minutes. Decision meeting is set. | neutral | 1',
    '-3 sales > meeting 1: Renewal meeting in Hamburg | With Dr. Petersen and Ms Öztürk. Bring: three-year offer, price frozen, exit clause after twelve months, video of the take-over test.',
  ],
  notes: [
    '112 csm: Lesson for all of us: when a review says “second gateway some day”, we write an offer the same week.',
    '56 sales: Dr. Petersen comes from a hospital group that ran on our competitor. She knows their weak points too. Do not talk badly of them, she will do that herself.',
    '40 manager: If this one goes, more than a tenth of our recurring revenue goes with it. Everybody asked for anything by Nordlicht says yes first and calls me afterwards.',
    '14 field: Halls 4 and 5 need a lifting platform, ordered for next week. Mr Dierksen clears the aisles.',
    '2 csm: She laughed on the phone today. First time.',
  ],
  projects: [
    {
      name: 'Second gateway in every hall',
      type: 'Installation',
      owner: 'field',
      age: 25,
      value: 0,
      budget: 21_500,
      start: -17,
      end: 9,
      description: 'Part of the save plan, at our expense. Halls 1 to 3 done, 4 and 5 wait for the lifting platform.',
      tags: ['key account'],
      events: [
        [17, 'field', { status: 'active' }],
        [15, 'field', { completion: 60, actual_cost: '12840.00' }],
      ],
      notes: [
        '15 field: Take-over test: power cut at 10:02:11, second gateway answers at 10:02:22. Repeat it in every hall, with the customer watching.',
      ],
    },
    {
      name: 'GDP qualification Hamburg',
      type: 'Validation',
      owner: 'csm',
      age: 610,
      value: 148_000,
      budget: 96_000,
      start: -590,
      end: -500,
      description: 'All five halls, 212 sensors, passed by the authority at the first attempt.',
      events: [
        [588, 'csm', { status: 'active' }],
        [540, 'csm', { completion: 55, actual_cost: '50120.00' }],
        [503, 'csm', { status: 'completed', completion: 100, actual_cost: '93460.00' }],
      ],
      notes: [
        '503 csm: Inspector asked for one thing only: the readings of the power cut test. Took us forty seconds.',
      ],
    },
  ],
};

/** A project that overran: six halls, wet concrete, a budget that was made for dry walls. */
const OVERRUN: Story = {
  company: 'Łódzkie Centrum Dystrybucji',
  plan: {
    state: 'active',
    mood: 'troubled',
    age: 432,
    signed: 405,
    owner: 'emil.kowalczyk',
    csm: 'nadia.ferrari',
    imported: false,
    arr: 112_000,
    growth: 4,
    events: [[58, 'nadia.ferrari', { health: 'yellow' }]],
    tags: ['multi-site', 'deep freeze'],
    description: 'Distribution centre for three supermarket chains, six halls, the largest at −24 °C.',
  },
  contacts: [
    'Małgorzata Szymańska | Managing director',
    'Grzegorz Kamiński | Warehouse manager',
    'Paweł Nowak | IT manager',
    'Joanna Wójcik | Accounts payable',
  ],
  talks: [
    '214 emil.kowalczyk > meeting 1: Order for halls A to F | Signed at the table. Ms Szymańska wants all halls before the ice cream season. | positive',
    '188 aylin.demir > visit 2: Start in hall A | 34 sensors, two gateways, three days as planned. Mr Kamiński gave us a forklift and coffee. | positive',
    '151 aylin.demir > visit 2: Hall C: no signal through the new wall | The wall between C and D is 60 cm of wet concrete, not on the plan. Three repeaters more, cable has to go over the roof. | negative',
    '149 nadia.ferrari > call 1: Delay of three weeks | Told Ms Szymańska before she heard it from the hall. Not happy, but thankful for the call. | neutral',
    '104 aylin.demir > visit 2: Roof closed because of wind | Two days on site for nothing. Scaffold is rented by the week. | negative',
    '58 nadia.ferrari < call 1: Who pays for the repeaters? | She has our offer before her: “fixed price”. The plan was theirs and wrong, the offer was ours and fixed. Promised an answer by Friday. | negative',
    '56 nadia.ferrari = call 0: Before the talk about money | With Marek and Aylin: what is ours (repeaters, scaffold), what is theirs (the plan, the second roof access). | neutral',
    '55 manager > meeting 1: Shared cost agreed | We bear the repeaters and the scaffold, they bear the second roof access. In return a second year on the service plan. | positive',
    '23 aylin.demir > visit 2: Halls D and E accepted | Without remarks. Only F is left, the deep-freeze hall, from the inside at −24 °C. | positive',
    '5 nadia.ferrari > call 2: Date for hall F | Agreed: they empty the hall for one night. Mr Kamiński is on our side since he sees alarms on his phone. | positive | 6',
  ],
  notes: [
    '150 aylin.demir: Next time: measure the signal through every wall before the offer, not after it. One day of work would have saved us five weeks.',
    '54 manager: Overrun is about 17,000. Taken into the review of all fixed price offers; from now on a site survey comes first.',
    '5 nadia.ferrari: Warm feet needed for hall F. Aylin has ordered suits.',
  ],
  projects: [
    {
      name: 'Cold store rollout, halls A to F',
      type: 'Rollout',
      owner: 'aylin.demir',
      age: 213,
      value: 96_000,
      budget: 64_000,
      start: -190,
      end: -74,
      description: '204 sensors in six halls. Over budget since the wall between C and D; end moved twice.',
      tags: ['deep freeze', 'multi-site'],
      events: [
        [188, 'aylin.demir', { status: 'active' }],
        [160, 'aylin.demir', { completion: 35, actual_cost: '21900.00' }],
        [149, 'nadia.ferrari', { end_date: '@-50' }],
        [103, 'aylin.demir', { completion: 50, actual_cost: '52350.00' }],
        [100, 'nadia.ferrari', { end_date: '@-16' }],
        [54, 'manager', { end_date: '@12', actual_cost: '71800.00' }],
        [23, 'aylin.demir', { completion: 85, actual_cost: '81300.00' }],
      ],
      notes: [
        '151 aylin.demir: Wall C/D: 60 cm, wet, reinforced. −104 dBm on the other side. Nothing gets through.',
        '103 aylin.demir: Wind above 60 km/h, roof closed by their safety officer. Rightly so.',
        '23 aylin.demir: D and E done. 170 of 204 sensors are live.',
      ],
    },
  ],
};

/** From a stand at a fair to the second largest contract, in eleven weeks. */
const LEAD_TO_CUSTOMER: Story = {
  company: 'Helvetia Biologics AG',
  plan: {
    state: 'active',
    mood: 'healthy',
    age: 27,
    signed: 26,
    owner: 'sales',
    csm: 'csm',
    imported: false,
    arr: 298_000,
    growth: 3,
    events: [],
    tags: ['key account', 'trade fair'],
    description:
      'Antibodies and cell cultures at −80 °C, three buildings in Zürich-Altstetten. Began as a talk at a stand.',
  },
  contacts: [
    'Dr. Franziska Rüegg | Head of supply chain',
    'Andreas Gysin | Quality manager',
    'Thorsten Zbinden | IT manager',
    'Heike Aebischer | Purchasing',
  ],
  lead: {
    ago: 104,
    source: 'Trade Show',
    value: 240_000,
    contacted: 102,
    qualified: 83,
    tags: ['trade fair', 'deep freeze'],
    talks: [
      '104 sales > meeting 0: Talk at our stand in Basel | Dr. Rüegg stopped because of the −80 °C probe. They lost a freezer in spring: cells worth 1.1 million. Card, photo of her floor plan, promise to call in two days. | positive',
      '102 sales > call 0: Called back, as promised | She had not expected that anybody really would. Three buildings, 140 freezers, paper lists. Wants to see it run, not slides. | positive',
      '90 csm > meeting 0: Demonstration with two of their freezers | Sent two sensors ahead, they saw their own readings on the screen. Mr Gysin from quality asked good and hard questions. | positive',
      '83 sales > meeting 0: Budget and decision | Budget is there since the loss. Decides: Dr. Rüegg with IT and quality. IT wants single sign-on and data in Switzerland or the EU. | positive',
      '64 sales > email 0: Offer and security answers | 38 answered questions on security, offer for 160 sensors. | neutral',
      '47 sales > call 0: One open question | Only the delivery time is open. Can do in four weeks if signed by the end of the month. | positive',
    ],
    notes: [
      '83 sales: She asked what we do badly. Told her about the wall in Łódź. I believe that was the moment she decided.',
    ],
  },
  talks: [
    '26 sales > meeting 1: Contract signed | In Zürich, with cake. 160 sensors, all packages, three years. | positive',
    '21 csm > meeting 1: Kick-off | Roles, dates, floor plans. First building is live before the end of next month, freezers with the oldest compressors first. | positive',
    '12 support > email 3: Single sign-on connected | Mr Zbinden had it running in twenty minutes; four of us watched and did not need to help. | positive',
    '8 field > visit 2: First building: 52 freezers | 52 probes in two days. One freezer reports −71 °C and says −80 °C on its display; quality is looking into it and delighted. | positive',
    '2 csm > call 1: After the first week | 31 users, 29 have signed in. She sends the freezer story to the board. | positive | 5',
  ],
  notes: [
    '26 sales: Thank-you to Clara for the two sensors sent ahead. Let us always do that.',
    '8 field: Freezer 3-17 is warmer than its display by nine degrees. They did not know.',
    '1 csm: Ask for a reference in three months, not before.',
  ],
  projects: [
    {
      name: 'Pilot and rollout Zürich, buildings 1 to 3',
      type: 'Rollout',
      owner: 'field',
      age: 24,
      value: 84_000,
      budget: 58_000,
      start: -20,
      end: 46,
      description: '160 probes for −80 °C in three buildings, oldest freezers first.',
      tags: ['deep freeze'],
      events: [
        [20, 'field', { status: 'active' }],
        [8, 'field', { completion: 35, actual_cost: '17250.00' }],
      ],
      notes: ['8 field: Building 1 complete. Lift in building 2 takes 300 kg only, plan two trips.'],
    },
  ],
};

export const ACME_STORIES: readonly Story[] = [RENEWAL_AT_RISK, OVERRUN, LEAD_TO_CUSTOMER, ...MORE_STORIES];
