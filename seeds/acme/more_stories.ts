import type { Story } from '../tell/story.ts';

/** An escalation that was turned around and became a reference. */
const TURNED_AROUND: Story = {
  company: 'Αιγαίο Φαρμακευτική Α.Ε.',
  plan: {
    state: 'active',
    mood: 'healthy',
    age: 520,
    signed: 498,
    owner: 'sales',
    csm: 'nadia.ferrari',
    imported: false,
    arr: 92_000,
    growth: 3,
    events: [
      [206, 'nadia.ferrari', { health: 'red' }],
      [171, 'nadia.ferrari', { health: 'yellow' }],
      [118, 'nadia.ferrari', { health: 'green' }],
      [62, 'nadia.ferrari', { adoption_stage: 'expansion' }],
      [46, 'sales', { arr: '124000.00' }],
    ],
    tags: ['reference', 'night watch', 'expansion'],
    description:
      'Vaccines for the islands, by ship and small plane. Reference since the escalation was solved; second site in Θεσσαλονίκη is live.',
  },
  contacts: [
    'Ελένη Παπαδοπούλου | Managing director',
    'Νίκος Βλάχος | Quality manager',
    'Κατερίνα Οικονόμου | Head of logistics',
    'Δημήτρης Νικολαΐδης | IT manager',
  ],
  talks: [
    '207 support < call 2: Alarm never arrived on Saturday | Cold room 2 at 11.4 °C for three hours, nobody was called. 1,900 vaccine doses blocked until the laboratory decides. | negative',
    '206 nadia.ferrari < email 1: Escalation to the management | Ms Papadopoulou writes to our managing director: answer by Monday or they terminate. Copy to the health authority. | negative',
    '205 manager > call 1: Answered within the hour | Cause not known yet and said so. Somebody of us flies to Athens tomorrow. | neutral',
    '204 nadia.ferrari > visit 1: In Athens | Alarm went to a phone number that had left the company. Our list had no owner. Sat with Mr Vlachos until the evening and built a new call chain with three levels. | neutral',
    '198 support > email 2: Weekly test alarm | From now on a test alarm every Friday at 16:00, answered by a person, logged. Doses released by the laboratory. | positive',
    '171 nadia.ferrari > call 2: Four test alarms, four answers | Slowest took 90 seconds. Mr Vlachos says the team now trusts the phone again. | positive',
    '118 nadia.ferrari > meeting 1: Review with the management | “You came when it hurt.” Management agrees to be named as a reference. | positive',
    '80 nadia.ferrari < call 3: Second site in Thessaloniki? | Ms Oikonomou plans a second depot and asks whether we can start in four weeks. Yes. | positive',
    '46 sales > meeting 1: Second site signed | 32,000 more a year. No discount asked for, none given. | positive',
    '9 nadia.ferrari > call 1: Reference call for Helvetia went well | Ms Papadopoulou spoke with Dr. Rüegg for half an hour. Send flowers. | positive | 12',
  ],
  notes: [
    '204 nadia.ferrari: What went wrong is not technical: a phone list without an owner. Every customer gets a named owner of the list and a test alarm.',
    '118 manager: From red to reference in three months. Nadia tells the story at the next team day.',
    '10 nadia.ferrari: Name day of Ελένη is in May, she values that more than Christmas.',
  ],
  projects: [
    {
      name: 'Second depot Θεσσαλονίκη',
      type: 'Installation',
      owner: 'field',
      age: 44,
      value: 38_000,
      budget: 25_000,
      start: -36,
      end: -8,
      description: 'Same set-up as Athens, with the new call chain from day one.',
      tags: ['expansion'],
      events: [
        [36, 'field', { status: 'active' }],
        [22, 'field', { completion: 60, actual_cost: '14200.00' }],
        [8, 'field', { status: 'completed', completion: 100, actual_cost: '23950.00' }],
      ],
      notes: ['8 field: Done two days early. Test alarm answered after 40 seconds.'],
    },
  ],
};

/** One pharmacy that grew to five sites, a step at a time. */
const EXPANSION: Story = {
  company: 'Øresundshospitalets Apotek',
  plan: {
    state: 'active',
    mood: 'healthy',
    age: 610,
    signed: 590,
    owner: 'sales',
    csm: 'csm',
    imported: false,
    arr: 42_000,
    growth: 0,
    events: [
      [402, 'sales', { arr: '61000.00' }],
      [288, 'csm', { adoption_stage: 'expansion' }],
      [286, 'sales', { arr: '96000.00' }],
      [149, 'sales', { arr: '131000.00' }],
      [22, 'sales', { arr: '168000.00', lifetime_value: '312000.00' }],
    ],
    tags: ['reference', 'expansion', 'multi-site'],
    description:
      'Hospital pharmacy, from one site to five in under two years. Every step was asked for by the people who use it.',
  },
  contacts: [
    'Maja Kjær | Head of logistics',
    'Søren Østergaard | Quality manager',
    'Birthe Mortensen | Purchasing',
    'Lasse Bøgh | IT manager',
  ],
  talks: [
    '300 csm < call 1: The ward on the third floor wants it too | Ms Kjær: the nurses saw it in the pharmacy and asked why they still write lists. | positive',
    '286 sales > meeting 3: Three more sites | Framework contract: price per sensor falls with every site, so that nobody has to negotiate again. | positive',
    '149 sales > email 3: Fourth site | Ordered by e-mail, one line. That is how it should be. | positive',
    '40 csm > meeting 2: Yearly review | 1.2 million readings, 23 alarms, no loss. Mr Østergaard shows our report to the other hospitals of the region. | positive',
    '22 sales > meeting 1: Fifth site, and a question | The blood bank joins. They ask about humidity; passed to product management. | positive',
    '4 csm < email 2: Two hospitals of the region would like to visit | Can they come and see it? Of course; proposed two dates. | positive | 4',
  ],
  notes: [
    '22 sales: Two more hospitals in the region are possible. Do not push: let Ms Kjær invite them.',
    '4 csm: Visitors are decision makers from Roskilde and Malmö. Prepare leads for both.',
  ],
  projects: [
    {
      name: 'Blood bank, fifth site',
      type: 'Installation',
      owner: 'aylin.demir',
      age: 21,
      value: 44_000,
      budget: 30_500,
      start: -10,
      end: 24,
      description: 'Sixty probes between 2 and 6 °C, plus platelets at 22 °C on the shaker.',
      events: [
        [10, 'aylin.demir', { status: 'active' }],
        [3, 'aylin.demir', { completion: 30, actual_cost: '9700.00' }],
      ],
      notes: [],
    },
  ],
};

/** Everything looks green, and nobody has spoken with them for months. */
const SILENT: Story = {
  company: 'Clínica Santa Lucía',
  plan: {
    state: 'active',
    mood: 'healthy',
    age: 322,
    signed: 307,
    owner: 'emil.kowalczyk',
    csm: 'csm',
    imported: false,
    arr: 54_000,
    growth: 0,
    events: [],
    tags: [],
    description: 'Private hospital with its own pharmacy. Pays on time, never calls.',
  },
  contacts: ['Lucía Ibáñez | Quality manager', 'Joaquín Peña | Facility manager', 'Nuria Fernández | Purchasing'],
  talks: [
    '290 csm > meeting 1: Kick-off | Well prepared, plan agreed. Ms Ibáñez knows what she wants. | positive',
    '240 aylin.demir > visit 2: Installed 46 sensors | In one day, Mr Peña had drilled every hole before. | positive',
    '131 csm > call 1: Check-in | All well. She would like a comparison with other hospitals, promised for the next month. | positive | -101',
  ],
  notes: ['131 csm: Promised: anonymous comparison with other hospitals of their size.'],
  projects: [],
};

/** Left, for a reason one can still do something about. */
const GONE: Story = {
  company: 'Blumen Bärwald',
  plan: {
    state: 'inactive',
    mood: 'healthy',
    age: 500,
    signed: 470,
    left: 62,
    owner: 'emil.kowalczyk',
    csm: 'nadia.ferrari',
    imported: false,
    arr: 14_400,
    growth: 3,
    events: [],
    tags: ['price sensitive', 'champion left'],
    description: 'Flower exporter. Left after our contact had gone; open for a talk before the next season.',
  },
  contacts: ['Sanne Hoekstra | Managing director', 'Joost Visser | Transport planner'],
  talks: [
    '128 nadia.ferrari > call 2: Mr Visser leaves the company | He was the one who looked at the data every day. No successor named. | neutral',
    '97 nadia.ferrari > email 1: Offer of a training for the successor | No reaction. | no_answer',
    '70 emil.kowalczyk < email 1: Notice of termination | “We do not use it.” In due time, friendly. | negative',
    '66 emil.kowalczyk > call 1: Why | Nobody opened it after Mr Visser had left. Price was not the reason, though she says so. | negative',
    '20 emil.kowalczyk > email 1: See you before the next season | She may call us when the new planner has settled in. | neutral | 48',
  ],
  notes: ['66 emil.kowalczyk: We lost them the day Joost left, not the day they wrote. Ask for two users everywhere.'],
  projects: [],
};

/** A new customer eight thousand kilometres away. */
const FAR_AWAY: Story = {
  company: 'Hải Sản Sông Hàn',
  plan: {
    state: 'active',
    mood: 'healthy',
    age: 88,
    signed: 63,
    owner: 'both',
    csm: 'nadia.ferrari',
    imported: false,
    arr: 36_000,
    growth: 3,
    events: [],
    tags: ['deep freeze', 'trade fair'],
    description:
      'Shrimp and squid from Đà Nẵng to Hamburg and Rotterdam, four weeks at sea at −20 °C. Calls only before ten in the morning.',
  },
  contacts: ['Nguyễn Thu Hà | Export manager', 'Trần Quang Huy | Quality manager', 'Lê Minh Đức | Managing director'],
  talks: [
    '86 both < email 1: Temperature in the container, all the way | Buyers in Hamburg refuse loads without an unbroken record. Can you do 28 days without network? Yes: the sensor keeps 60 days. | positive',
    '63 both > meeting 3: Signed by video at 7 in the morning | Mr Đức showed us the harbour from his office. Ten containers to begin with. | positive',
    '40 nadia.ferrari > meeting 1: Training at 8 o’clock, 14 o’clock theirs | Six people, two languages, one interpreter. Sent the guide in Vietnamese. | positive',
    '31 support < email 2: First container loaded | Picture of the sensor between the boxes. It reports in Singapore next, then in Hamburg. | positive',
    '3 support < email 2: First container arrived in Hamburg | 28 days, no gap, never above −18.6 °C. Buyer accepted without opening a single box. | positive',
    '2 nadia.ferrari > call 1: They want forty more | Ms Hà calls it the calmest voyage of the year. Jordan prepares the offer. | positive | 2',
  ],
  notes: [
    '60 nadia.ferrari: Names: family name first. Ms Hà, Mr Huy, Mr Đức.',
    '3 support: Readings of the first voyage are attached to the report as an example. Ask before showing it to others.',
  ],
  projects: [
    {
      name: 'Pilot with ten containers Đà Nẵng – Hamburg',
      type: 'Pilot',
      owner: 'both',
      age: 62,
      value: 12_500,
      budget: 8_200,
      start: -45,
      end: 20,
      description: 'Ten containers, four weeks at sea each. First one arrived without a gap.',
      events: [
        [45, 'both', { status: 'active' }],
        [3, 'both', { completion: 70, actual_cost: '5480.00' }],
      ],
      notes: [],
    },
  ],
};

/** Perhaps the same company twice. */
const TWICE: Story = {
  company: 'Gelateria F.lli Bruni snc',
  plan: {
    state: 'active',
    mood: 'healthy',
    age: 19,
    signed: 17,
    owner: 'both',
    csm: null,
    imported: false,
    arr: 1_140,
    growth: 0,
    events: [],
    tags: [],
    description: null,
  },
  contacts: ['Lorenzo Bruni | Managing director'],
  talks: [
    '17 both < call 1: Ordered by phone | Two sensors for the counter in Bologna. Says he is a customer already, but not under this name. | positive',
  ],
  notes: [
    '17 both: Same people as Gelato Fratelli Bruni? Address differs by one street. Clear up before the next invoice.',
  ],
  projects: [],
};

/** Calls every morning; see daily.ts. */
const DAILY: Story = {
  company: 'Bergland Frischdienst GmbH',
  plan: {
    state: 'active',
    mood: 'healthy',
    age: 466,
    signed: 440,
    owner: 'sales',
    csm: 'csm',
    imported: false,
    arr: 86_000,
    growth: 4,
    events: [
      [250, 'csm', { health: 'yellow' }],
      [190, 'csm', { health: 'green' }],
    ],
    tags: ['key account', 'night watch'],
    description:
      'Delivers to 900 restaurants before seven in the morning. Their dispatch desk and our support speak every working day.',
  },
  contacts: [
    'Uwe Köhler | Transport planner',
    'Jana Löffler | Head of logistics',
    'Volker Zeller | Managing director',
    'Mareike Jäger | Quality manager',
  ],
  talks: [
    '251 csm < call 2: Vans come back warmer than they leave | 14 of 60 vans gain four degrees on the tour. Ms Löffler suspects our sensors, we suspect the seals. | negative',
    '236 field > visit 2: Eleven seals, three sensors | Measured all 14 vans: eleven worn seals, three of our sensors too close to the door. Both mended. | positive',
    '190 csm > meeting 3: Numbers after the repair | Complaints of restaurants down by 70 %. Mr Zeller: “You told us about your three. That is why I believe you the eleven.” | positive',
    '44 sales > meeting 2: Next year’s fleet | 22 electric vans in spring, sensors from the start. Offer until the end of the month. | positive | 8',
  ],
  notes: ['190 csm: Do not lose the daily call when Samir is away: deputy is Nadia.'],
  projects: [],
};

export const MORE_STORIES: readonly Story[] = [TURNED_AROUND, EXPANSION, SILENT, GONE, FAR_AWAY, TWICE, DAILY];
