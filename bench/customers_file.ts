// Lists of customers as companies send them: 12 columns, every row another customer, the same rows for the same seed.
import { createWriteStream } from 'node:fs';
import { type ExportCell, type ExportColumn, writeCsv, writeXlsx } from '../src/kernel/export.ts';

const SEED = 20_261_121;
const BATCH = 1_000;
const FIRST_RENEWAL = Date.UTC(2027, 0, 1);
const DAY_MS = 86_400_000;

const COLUMNS: ExportColumn[] = [
  { label: 'External id', excel: 'text', width: 14 },
  { label: 'Name', excel: 'text', width: 36 },
  { label: 'E-mail', excel: 'text', width: 36 },
  { label: 'Phone', excel: 'text', width: 20 },
  { label: 'Street', excel: 'text', width: 26 },
  { label: 'Postal code', excel: 'text', width: 10 },
  { label: 'City', excel: 'text', width: 16 },
  { label: 'Country', excel: 'text', width: 16 },
  { label: 'Status', excel: 'text', width: 10 },
  { label: 'Industry', excel: 'text', width: 16 },
  { label: 'ARR', excel: 'money', width: 14 },
  { label: 'Renewal date', excel: 'date', width: 12 },
];

const FIRST = [
  'Alder',
  'Birch',
  'Cedar',
  'Nord',
  'Süd',
  'Blue',
  'Grün',
  'Royal',
  'Rapid',
  'Clear',
  'Old Town',
  'Zürcher',
];
const SECOND = ['Foods', 'Logistics', 'Pharma', 'Textil', 'Metall', 'Software', 'Energy', 'Papier', 'Optics', 'Bau'];
const FORM = ['GmbH', 'AG', 'Ltd', 'S.A.', 'Sp. z o.o.', '& Co. KG', 'B.V.', 'Oy'];
const STREETS = [
  'Hauptstraße',
  'High Street',
  'Rue de la Paix',
  'Lindenallee',
  'ul. Długa',
  'Kirchweg',
  'Market Square',
];
const PLACES = [
  ['Berlin', 'Germany', '+49 30', 10_115],
  ['Jena', 'Germany', '+49 3641', 7_743],
  ['München', 'Germany', '+49 89', 80_331],
  ['Wien', 'Austria', '+43 1', 1_010],
  ['Zürich', 'Switzerland', '+41 44', 8_001],
  ['Kraków', 'Poland', '+48 12', 30_001],
  ['Lyon', 'France', '+33 4', 69_001],
] as const;
const STATUSES = ['New', 'Prospect', 'Active', 'Active', 'Active', 'Inactive'];
const INDUSTRIES = ['Retail', 'Food', 'Pharma', 'Manufacturing', 'Software', 'Energy', 'Public sector'];

/** Numbers from 0 to 1, the same ones for the same seed (mulberry32). */
function randoms(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

async function* customers(count: number): AsyncGenerator<ExportCell[][]> {
  const random = randoms(SEED);
  const below = (most: number) => Math.floor(random() * most);
  const one = <T>(from: readonly T[]): T => from[below(from.length)]!;
  for (let start = 1; start <= count; start += BATCH) {
    yield Array.from({ length: Math.min(BATCH, count - start + 1) }, (_, at) => {
      const number = start + at;
      const [city, country, prefix, code] = one(PLACES);
      const [first, second] = [one(FIRST), one(SECOND)];
      const domain = `${first}-${second}-${number}`.toLowerCase().replace(/[^a-z0-9-]/g, '');
      return [
        `C-${String(number).padStart(7, '0')}`,
        `${first} ${second} ${number} ${one(FORM)}`,
        `${one(['info', 'office', 'einkauf', 'hello'])}@${domain}.example`,
        `${prefix} ${1_000_000 + number}`,
        `${one(STREETS)} ${1 + below(200)}`,
        String(code + below(80)).padStart(5, '0'),
        city,
        country,
        one(STATUSES),
        one(INDUSTRIES),
        below(20_000_000) / 100,
        new Date(FIRST_RENEWAL + below(700) * DAY_MS),
      ];
    });
  }
}

/** Writes a list of so many customers. @param file its name says whether it becomes a workbook or a text */
export async function writeCustomers(file: string, count: number): Promise<void> {
  const write = file.endsWith('.xlsx') ? writeXlsx : writeCsv;
  await write({ title: 'Customers', columns: COLUMNS, rows: customers(count) }, createWriteStream(file));
}
