// Cells as companies write them, each with what a record has to hold once it is imported. The rules are told here anew and
// by example, so that a mistake of the product is not repeated by its test.
import type { Random } from './random.ts';

/** Number formats of the workbooks; style n + 1 has the n-th. */
export const FORMATS = ['yyyy-mm-dd', 'dd.mm.yyyy', 'd. mmmm yyyy', '00000', '#,##0.00 "€"'];
const DATE_STYLES = [1, 2, 3];
const POSTAL_STYLE = 4;
const MONEY_STYLE = 5;

export interface Cell {
  /** what a text file says */
  text: string;
  /** what a workbook says instead of that text: what stands behind `<c r="A1"` */
  xml?: string;
  /** what the record holds then; lists in the order of the alphabet, with commas. Undefined: nothing stands here. */
  stored?: string;
  /** nothing that can be imported into this field */
  wrong?: true;
}

/** What a cell may depend on. */
export interface Place {
  random: Random;
  workbook: boolean;
  /** workbooks of old Macs count days from 1904 */
  from1904: boolean;
  /** how this list writes 03/25/2027 */
  order: 'dmy' | 'mdy';
  /** in this row alone, letters and digits */
  token: string;
  /** the same as a number */
  number: number;
  /** colleagues: what lists call them -> id */
  people: ReadonlyMap<string, string>;
}

export interface Column {
  field: string;
  headers: readonly string[];
  cell(place: Place): Cell;
}

const WORDS = [
  'Müller',
  'Cafe\u0301 Noir',
  '株式会社',
  'שלום בע״מ',
  'شركة النور',
  '👩‍🚀 Rockets',
  'O’Neil & Sons',
  'A "B" <C>',
  '=SUM(A1)',
  '+Plus',
  '@home',
  '-minus',
  "D'Arcy",
  'a;b,c|d',
  'İstanbul',
  'zero\u200bwidth',
  'tab\there',
  'null',
  'TRUE',
  '007',
  '1e5',
  '\ud835\udd38stral',
  'ﬁne',
  'ŁÓDŹ',
];

const SPACES = ['', '', '', ' ', '  ', '\u00a0', '\u2003'];

/** One line of text as people leave it: blanks around it, two where one is meant, a line break. */
function sloppy(random: Random, text: string): string {
  const inner = random.maybe(0.1) ? text.replace(' ', random.one(['  ', '\n', '\u00a0 '])) : text;
  return random.one(SPACES) + inner + random.one(SPACES);
}

/** One line, one blank at a time, characters composed. */
const tidy = (text: string): string => text.normalize('NFC').replace(/\s+/g, ' ').trim();

const text = (most: number, make: (place: Place) => string) => (place: Place) => {
  const { random } = place;
  const typed = sloppy(random, make(place));
  if (random.maybe(0.02)) return { text: `${'y'.repeat(most)}${place.token}`, wrong: true } as const;
  return { text: typed, stored: tidy(typed) };
};

const words = ({ random }: Place): string => random.some(WORDS, 1 + random.below(3)).join(' ');
const plainText = (most: number) => text(most, (place) => words(place).slice(0, most).toWellFormed());

/** One of what is written and what it means. */
const meaning =
  (known: readonly (readonly [text: string, stored: string])[], wrong: readonly string[]) => (place: Place) => {
    const { random } = place;
    if (random.maybe(0.03)) return { text: random.one(wrong), wrong: true } as const;
    const [said, stored] = random.one(known);
    return { text: said, stored };
  };

const numberXml = (value: string, style = 0) => `${style ? ` s="${style}"` : ''}><v>${value}</v></c>`;

function amount({ random, workbook }: Place): Cell {
  if (random.maybe(0.03)) return { text: random.one(['n/a', '-5', '12,34,56', 'viel']), wrong: true };
  const cents = random.below(100_000_000);
  const stored = (cents / 100).toFixed(2);
  const [whole, fraction] = stored.split('.') as [string, string];
  if (workbook && random.maybe(0.6))
    return { text: stored, stored, xml: numberXml(String(cents / 100), random.one([0, MONEY_STYLE])) };
  const grouped = (mark: string) => whole.replace(/(?<=\d)(?=(\d{3})+$)/g, mark);
  const written = [`${whole}.${fraction}`, `${grouped(',')}.${fraction}`, `${grouped("'")}.${fraction}`, `€ ${stored}`];
  // 12,34 says what it means; 123,456 would not.
  return { text: random.one([...written, `${grouped('.')},${fraction}`, `${grouped(' ')},${fraction} EUR`]), stored };
}

const DAY_MS = 86_400_000;
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

function day({ random, workbook, from1904, order }: Place): Cell {
  if (random.maybe(0.03)) return { text: random.one(['soon', '2027-02-30', 'Q3', '2027-13-01']), wrong: true };
  const at = new Date(Date.UTC(1995, 0, 1) + random.below(16_000) * DAY_MS);
  const iso = at.toISOString().slice(0, 10);
  if (workbook && random.maybe(0.5)) {
    const serial = at.getTime() / DAY_MS + 25_569 - (from1904 ? 1_462 : 0);
    return { text: iso, stored: iso, xml: numberXml(String(serial), random.one(DATE_STYLES)) };
  }
  if (workbook && random.maybe(0.2)) return { text: iso, stored: iso, xml: ` t="d" s="1"><v>${iso}</v></c>` };
  const [year, month, date] = iso.split('-').map(Number) as [number, number, number];
  const two = (n: number) => String(n).padStart(2, '0');
  const forms = [
    iso,
    `${date}.${month}.${year}`,
    `${date} ${MONTHS[month - 1]} ${year}`,
    `${MONTHS[month - 1]} ${date}, ${year}`,
  ];
  if (date > 12) forms.push(order === 'dmy' ? `${date}/${two(month)}/${year}` : `${two(month)}/${date}/${year}`);
  return { text: random.one(forms), stored: iso };
}

function address({ random, token }: Place, who: string): Cell {
  const plain = `${who}.${token}@list.example`;
  return { text: random.one([plain, ` ${plain.toUpperCase()}`, `mailto:${plain}`, `${plain}\u00a0`]), stored: plain };
}

function mail(place: Place, who: string): Cell {
  const { random } = place;
  return random.maybe(0.03)
    ? { text: random.one(['nobody', 'a b@c.example', 'x@nodot', '@']), wrong: true }
    : address(place, who);
}

function phone({ random, workbook, number }: Place): Cell {
  if (random.maybe(0.03)) return { text: random.one(['call me!', 'none']), wrong: true };
  if (workbook && random.maybe(0.3))
    return { text: String(number), stored: String(number), xml: numberXml(String(number)) };
  const typed = random.one([`030 ${number}`, `(089) ${number}/12`, `0${number}`]);
  return { text: typed, stored: typed };
}

function postal({ random, workbook }: Place): Cell {
  const digits = String(random.below(100_000)).padStart(5, '0');
  const xml = workbook && random.maybe(0.5) ? numberXml(String(Number(digits)), POSTAL_STYLE) : undefined;
  return { text: digits, stored: digits, ...(xml && { xml }) };
}

function key({ random, workbook, token, number }: Place): Cell {
  if (workbook && random.maybe(0.2))
    return { text: String(number), stored: String(number), xml: numberXml(String(number)) };
  const id = random.one([`K-${token}`, `${token}/ü`, `№${token}`]);
  return { text: random.maybe(0.2) ? ` ${id} ` : id, stored: id };
}

function several({ random }: Place): Cell {
  const items = random.some(['VIP', 'North', 'Süd', 'Ω mega', 'long tail', '2026'], 1 + random.below(3));
  return { text: items.join(random.one([', ', ';', ' ,'])), stored: [...items].sort().join(',') };
}

function prose(place: Place): Cell {
  const lines = Array.from({ length: 1 + place.random.below(3) }, () => words(place));
  const typed = lines.join('\n');
  return { text: typed, stored: typed.normalize('NFC').trim() };
}

const site = meaning(
  [
    ['example.com', 'https://example.com'],
    ['https://www.example.com/a/b?c=d', 'https://www.example.com/a/b?c=d'],
    ['http://shop.example.org/', 'http://shop.example.org'],
  ],
  ['not a site', 'javascript:alert(1)', 'ftp://example.com/x'],
);

function person({ random, people }: Place): Cell {
  if (random.maybe(0.03)) return { text: 'Nobody Here', wrong: true };
  const [said, id] = random.one([...people]);
  return { text: said, stored: id };
}

/** The columns that lists are made of. `name` and the keys come first. */
export const COLUMNS: readonly Column[] = [
  {
    field: 'name',
    headers: [
      'Name',
      'Company',
      'Firma',
      'Kundenname',
      'Raison sociale',
      'Nazwa firmy',
      'Customer name',
      'Bedrijfsnaam',
    ],
    cell: text(200, (place) => `${words(place)} ${place.token}${place.random.maybe(0.05) ? 'ö'.repeat(100) : ''}`),
  },
  {
    field: 'external_id',
    headers: ['External id', 'Kundennummer', 'Customer ID', 'KdNr', 'Numéro client', 'Codice cliente'],
    cell: key,
  },
  {
    field: 'email',
    headers: ['E-mail', 'Email', 'E-Mail-Adresse', 'Courriel', 'Correo electrónico', 'Adres e-mail'],
    cell: (place) => mail(place, 'office'),
  },
  { field: 'phone', headers: ['Phone', 'Telefon', 'Téléphone no', 'Rufnummer', 'Telefono'], cell: phone },
  { field: 'website', headers: ['Website', 'Homepage', 'Site web', 'Strona www'], cell: site },
  { field: 'street', headers: ['Street', 'Straße', 'Address', 'Rue', 'Ulica'], cell: plainText(200) },
  { field: 'postal_code', headers: ['Postal code', 'PLZ', 'ZIP', 'Code postal', 'Kod pocztowy'], cell: postal },
  { field: 'city', headers: ['City', 'Ort', 'Ville', 'Ciudad', 'Miasto', 'Città'], cell: plainText(100) },
  { field: 'country', headers: ['Country', 'Land', 'Pays', 'País', 'Kraj'], cell: plainText(100) },
  { field: 'industry', headers: ['Industry', 'Branche', 'Secteur', 'Settore', 'Branża'], cell: plainText(100) },
  { field: 'description', headers: ['Description', 'Notes', 'Bemerkungen', 'Commentaire', 'Uwagi'], cell: prose },
  {
    field: 'status',
    headers: ['Status', 'Customer status', 'Statut', 'Estado'],
    cell: meaning(
      [
        ['Active', 'active'],
        ['AKTIV ', 'active'],
        ['actif', 'active'],
        ['Inaktiv', 'inactive'],
        [' inactive', 'inactive'],
        ['Prospect', 'prospect'],
        ['Interessent', 'prospect'],
        ['neu', 'new'],
      ],
      ['Perhaps', '7'],
    ),
  },
  {
    field: 'health',
    headers: ['Health', 'Ampel', 'Health status'],
    cell: meaning(
      [
        ['Green', 'green'],
        ['grün', 'green'],
        ['ROT', 'red'],
        ['amber', 'yellow'],
      ],
      ['purple'],
    ),
  },
  {
    field: 'segment',
    headers: ['Segment', 'Tier', 'Größe'],
    cell: meaning(
      [
        ['Enterprise', 'enterprise'],
        ['mid market', 'mid_market'],
        ['Mittelstand', 'mid_market'],
        ['KMU', 'small_business'],
      ],
      ['huge'],
    ),
  },
  { field: 'arr', headers: ['ARR', 'Annual revenue', 'Jahresumsatz'], cell: amount },
  { field: 'lifetime_value', headers: ['Lifetime value', 'LTV', 'CLV'], cell: amount },
  { field: 'renewal_date', headers: ['Renewal date', 'Contract end', 'Vertragsende', 'Verlängerung'], cell: day },
  { field: 'owner_id', headers: ['Owner', 'Betreuer', 'Account manager', 'Responsable', 'Opiekun'], cell: person },
  { field: 'tags', headers: ['Tags', 'Schlagworte', 'Categories', 'Étiquettes'], cell: several },
  { field: 'products_owned', headers: ['Products owned', 'Products', 'Produkte'], cell: several },
  {
    field: 'contact.name',
    headers: ['Contact', 'Ansprechpartner', 'Contact person', 'Contact name'],
    cell: text(200, (place) => `Anna ${words(place)} ${place.token}`),
  },
  {
    field: 'contact.email',
    headers: ['Contact e-mail', 'E-Mail Ansprechpartner', 'Contact email'],
    cell: (place) => mail(place, 'anna'),
  },
];

/** A cell that holds nothing: none at all, or blanks. */
export const blankCell = (random: Random): Cell => ({ text: random.one(['', '', '', ' ', '\u00a0', '\t']) });

/** A cell of a workbook that shows an error, or a formula that was never worked out. */
export const errorCell = (random: Random): Cell => ({
  text: '',
  wrong: true,
  xml: random.one([' t="e"><v>#N/A</v></c>', ' t="e"><f>1/0</f><v>#DIV/0!</v></c>', '><f>Sheet9!A1</f></c>']),
});
