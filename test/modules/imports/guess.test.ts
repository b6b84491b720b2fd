// What the columns of a list are taken for, before a person looks at them.
import { entityNamed } from '../../../src/kernel/entity.ts';
import { guessMapping } from '../../../src/modules/imports/guess.ts';
import { guessHeaderRow, nameColumns } from '../../../src/modules/imports/headers.ts';
import { ColumnGatherer } from '../../../src/modules/imports/inspect_columns.ts';
import { letter } from '../../../src/modules/imports/model.ts';
import { stageCell } from '../../../src/modules/imports/staged_cells.ts';
import '../../../src/modules/index.ts';

const gather = (header: string[], rows: string[][]) => {
  const gatherer = new ColumnGatherer(300);
  for (const row of rows) gatherer.add(row.map((text) => text || null));
  return gatherer.finish(nameColumns(header, header.length));
};
const guess = (entity: string, header: string[], ...rows: string[][]) => {
  const columns = gather(header, rows.length ? rows : [header.map((_, i) => `x${i}`)]);
  return Object.fromEntries(
    guessMapping(entityNamed(entity), columns).flatMap(({ column, field }) => (field ? [[header[column], field]] : [])),
  );
};

const sheet = (...rows: string[][]) => ({
  index: 0,
  name: 'S',
  hidden: false,
  rows: rows.flatMap((cells, i) => (cells.some(Boolean) ? [{ number: i + 1, cells }] : [])),
});

test.each([
  [
    'English',
    ['Company Name', 'Email Address', 'Phone Number', 'Zip', 'Town', 'Account Manager'],
    ['name', 'email', 'phone', 'postal_code', 'city', 'owner_id'],
  ],
  [
    'German',
    ['Firma', 'E-Mail', 'Telefon', 'PLZ', 'Ort', 'Straße'],
    ['name', 'email', 'phone', 'postal_code', 'city', 'street'],
  ],
  [
    'French',
    ['Société', 'Courriel', 'Téléphone', 'Code postal', 'Ville', 'Pays'],
    ['name', 'email', 'phone', 'postal_code', 'city', 'country'],
  ],
  [
    'Spanish',
    ['Empresa', 'Correo electrónico', 'Teléfono', 'Código postal', 'Ciudad', 'País'],
    ['name', 'email', 'phone', 'postal_code', 'city', 'country'],
  ],
  [
    'Italian',
    ['Ragione sociale', 'E-mail', 'Telefono', 'CAP', 'Città', 'Sito web'],
    ['name', 'email', 'phone', 'postal_code', 'city', 'website'],
  ],
  [
    'Polish',
    ['Nazwa firmy', 'Adres e-mail', 'Telefon', 'Kod pocztowy', 'Miasto', 'Ulica'],
    ['name', 'email', 'phone', 'postal_code', 'city', 'street'],
  ],
])('%s headers of a customer list', (_language, header, fields) => {
  const row = [
    'Acme',
    'a@b.example',
    '+49 30 123456',
    '10115',
    'Berlin',
    _language === 'Italian' ? 'acme.example' : 'Anna Novak',
  ];
  expect(guess('customer', header, row, row)).toEqual(Object.fromEntries(header.map((h, i) => [h, fields[i]])));
});

test('contacts have parts of a name and a company', () => {
  expect(
    guess(
      'contact',
      ['Vorname', 'Nachname', 'Firma', 'Handy', 'Position'],
      ['Ada', 'Lovelace', 'Acme', '+49 170 1234567', 'CEO'],
    ),
  ).toEqual({
    Vorname: 'first_name',
    Nachname: 'last_name',
    Firma: 'customer_id',
    Handy: 'mobile',
    Position: 'job_title',
  });
});

test.each([
  [
    'a contact and an account beside their customer',
    ['Company', 'E-mail', 'Contact name', 'Contact e-mail', 'Contact phone', 'Account no'],
    ['name', 'email', 'contact.name', 'contact.email', 'contact.phone', 'account.account_number'],
    ['Acme', 'info@acme.example', 'Ada Lovelace', 'ada@acme.example', '+49 30 123456', 'A-17'],
  ],
  [
    'several contacts, counted before or behind the word',
    ['Kunde', 'Ansprechpartner', 'E-Mail Ansprechpartner', 'Contact 2 name', 'Second contact e-mail', '3rd contact'],
    ['name', 'contact.name', 'contact.email', 'contact2.name', 'contact2.email', 'contact3.name'],
    ['Acme', 'Ada Lovelace', 'ada@acme.example', 'Grace Hopper', 'grace@acme.example', 'Jean Bartik'],
  ],
  [
    'a header that comes twice',
    ['Name', 'Contact', 'Contact', 'Contact phone'],
    ['name', 'contact.name', 'contact2.name', 'contact.phone'],
    ['Acme', 'Ada Lovelace', 'Grace Hopper', '+49 30 123456'],
  ],
  [
    'parts of a person in a list of companies',
    ['Company name', 'First name', 'Last name', 'Job title', 'Mobile'],
    ['name', 'contact.first_name', 'contact.last_name', 'contact.job_title', 'contact.mobile'],
    ['Acme', 'Ada', 'Lovelace', 'CEO', '+49 170 1234567'],
  ],
  [
    'customers that are called accounts',
    ['Account Name', 'Account Number', 'Account Owner', 'Account E-mail'],
    ['name', 'external_id', 'owner_id', 'email'],
    ['Acme', '4711', 'Anna Novak', 'info@acme.example'],
  ],
  [
    'what the customer has itself, and what nobody could be named by',
    ['Company', 'Account manager', 'Job title', 'Last contact', 'Account balance', 'Other'],
    ['name', 'owner_id', '', '', '', 'email'],
    ['Acme', 'Anna Novak', 'CEO', '2026-03-01', '12.50', 'info@acme.example'],
  ],
])('a customer list with %s', (_what, header, fields, row) => {
  const columns = gather(header, [row, row, row]);
  expect(guessMapping(entityNamed('customer'), columns).map(({ field }) => field)).toEqual(fields);
});

const CUSTOMER_NUMBERS = [
  ['English', 'Customer no.|Customer Nr|Cust no|Cust. ID|Client no|Client Number|Client code'],
  ['German', 'Kundennr|Kundennr.|Kunden-Nr.|Kunden Nr|Kunde-Nr.|Kd.-Nr.|KdNr|Kundennummer'],
  ['French', 'N° client|Nº client|No client|Num. client|N° de client|Numéro de client|Code client'],
  ['Spanish', 'N.º cliente|Nº de cliente|Núm. cliente|Cód. cliente|Código de cliente'],
  ['Italian', 'N. cliente|Numero cliente|Cod. cliente|Codice cliente'],
  ['Polish', 'Nr klienta|Numer klienta|Kod klienta|ID klienta'],
  ['Dutch', 'Klantnr.|Klant-nr|Klantnummer|Klantcode'],
].flatMap(([language, headers]) => headers!.split('|').map((header) => [header, language!] as const));

test.each(CUSTOMER_NUMBERS)('“%s” (%s) is the number of a customer, spelt out or in short', (header) => {
  expect(guess('customer', ['Name', header], ['Acme', '4711'])).toEqual({ Name: 'name', [header]: 'external_id' });
});

test.each(['Client no', 'Nr klienta'])('“%s” in a list of contacts is no number of the contact', (header) => {
  const { [header]: field, ...others } = guess('contact', ['Name', header], ['Ada Lovelace', '4711']);
  expect(others).toEqual({ Name: 'name' });
  expect(field).not.toBe('external_id');
});

test('a second address that no header explains makes no contact', () => {
  const row = ['Acme', 'info@acme.example', 'post@acme.example'];
  expect(guess('customer', ['Company', 'E-mail', 'Sonst'], row, row, row)).toEqual({
    Company: 'name',
    'E-mail': 'email',
  });
});

test('an export is mapped by its own names alone, whatever its cells hold, and nothing else names records', () => {
  const header = ['Name', 'E-mail', 'Renewal date', 'Klient', 'Rapport id', 'Rapport version'];
  const odd = ['x@y.example', 'no address', 'soon', 'Acme', 'not an id', '?'];
  expect(guess('customer', header, odd, odd, odd)).toEqual({
    Name: 'name',
    'E-mail': 'email',
    'Renewal date': 'renewal_date',
    'Rapport id': '@id',
    'Rapport version': '@version',
  });
  expect(guess('customer', ['Name', 'Rapport version'], ['Acme', '3'])).toEqual({ Name: 'name' });
});

test('what stands in a column outweighs what it is called', () => {
  const rows = [
    ['Yes', '01/31/13', 'x@y.example', 'https://a.example'],
    ['No', '02/01/16', 'z@y.example', 'b.example'],
    ['No', '02/01/16', 'w@y.example', 'www.c.example'],
  ];
  expect(guess('customer', ['Website', 'Email Address', 'Kontaktweg', 'Auftritt'], ...rows)).toEqual({
    Kontaktweg: 'email',
    Auftritt: 'website',
  });
});

test('each field is guessed once, and choices by their values', () => {
  const columns = gather(
    ['Name', 'Company', 'Status', 'Typ'],
    [
      ['A', 'B', 'Kunde', 'Firma'],
      ['C', 'D', 'Interessent', 'privat'],
      ['E', 'F', 'Neu', 'Firma'],
    ],
  );
  const mapping = guessMapping(entityNamed('customer'), columns);
  expect(mapping[0]!.field).toBe('name');
  expect(mapping.filter((line) => line.field === 'name')).toHaveLength(1);
  expect(mapping[2]).toMatchObject({
    field: 'status',
    values: [
      ['Kunde', 'active'],
      ['Interessent', 'prospect'],
      ['Neu', 'new'],
    ],
  });
  expect(mapping[3]).toMatchObject({
    field: 'type',
    values: [
      ['Firma', 'company'],
      ['privat', 'person'],
    ],
  });
});

test('the header row is found below titles, and missed when there is none', () => {
  expect(guessHeaderRow(sheet(['Name', 'City'], ['Acme', 'Ulm']))).toBe(1);
  expect(
    guessHeaderRow(
      sheet(['Customers 2026', '', ''], ['', '', ''], ['Name', 'City', 'Phone'], ['Acme', 'Ulm', '123456']),
    ),
  ).toBe(3);
  expect(guessHeaderRow(sheet(['Acme', 'a@b.example', '+49 30 12345'], ['Beta', 'c@d.example', '+49 30 54321']))).toBe(
    0,
  );
  expect(guessHeaderRow(sheet(['Kolumne', 'Zweite', 'Dritte'], ['1', '2', '3']))).toBe(1);
  expect(guessHeaderRow(sheet(['Name'], ['Acme']))).toBe(1);
});

test('the order of day and month is decided by the values or asked', () => {
  const order = (...dates: string[]) =>
    gather(
      ['D'],
      dates.map((d) => [d]),
    )[0]!.day_order;
  expect(order('03/04/2026', '13/04/2026')).toBe('dmy');
  expect(order('03/04/2026', '03/14/2026')).toBe('mdy');
  expect(order('03/04/2026', '05/06/2026')).toBe('either');
  expect(order('2026-04-03')).toBe('');
});

test('columns are told apart and named', () => {
  expect(nameColumns(['A', ' a ', '', '__proto__', 'x'.repeat(300)], 6)).toEqual([
    'A',
    'a (2)',
    'Column C',
    '__proto__',
    'x'.repeat(100),
    'Column F',
  ]);
  expect([0, 25, 26, 701, 702, 16_383].map(letter)).toEqual(['A', 'Z', 'AA', 'ZZ', 'AAA', 'XFD']);
});

test('the apostrophe that our export put in front is taken away, and only that one', () => {
  const text = (t: string, isCsv = true) => stageCell({ kind: 'text', text: t, value: t }, isCsv);
  expect(text("'=1+1")).toBe('=1+1');
  expect(text("''quoted")).toBe("'quoted");
  expect(text("'t Hooft")).toBe("'t Hooft");
  expect(text("'=1+1", false)).toBe("'=1+1");
  expect(text('a\u0000b\ud800')).toBe('ab\ufffd');
});
