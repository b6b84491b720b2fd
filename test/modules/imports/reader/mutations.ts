/** Damage of every kind, done at random: to the XML inside a workbook, to the archive, to a text file. */
import fc from 'fast-check';
import { type RawWorkbook, workbookFile, workbookParts, zipOf } from '../../../helpers/workbooks.ts';

const BOOK: RawWorkbook = {
  sheets: [
    {
      name: 'Customers',
      before: '<dimension ref="A1:E9"/><cols><col min="2" max="3" width="9" hidden="1"/></cols>',
      rows: Array.from(
        { length: 30 },
        (_, i) =>
          `<row r="${i + 1}" spans="1:5"><c r="A${i + 1}" t="s"><v>${i % 3}</v></c><c r="B${i + 1}" s="${i % 4}"><v>${44_000 + i}</v></c>` +
          `<c r="C${i + 1}" t="inlineStr"><is><r><t xml:space="preserve">Rag </t></r><r><t>ed ${i}</t></r></is></c>` +
          `<c r="D${i + 1}" t="b"><v>${i % 2}</v></c><c r="E${i + 1}" t="str"><f>A${i + 1}&amp;"x"</f><v>x</v></c></row>`,
      ).join(''),
      after: '<mergeCells count="1"><mergeCell ref="A1:B1"/></mergeCells>',
    },
    { name: 'Notes', rows: '<row r="3"><c r="B3" t="d"><v>2021-02-03</v></c></row>', state: 'hidden' },
  ],
  strings: ['Ann', '<r><t>Bob</t></r><rPh sb="0" eb="1"><t>x</t></rPh>', 'a_x000D_b'],
  formats: ['yyyy-mm-dd', '[h]:mm', '#,##0.00;[Red]-#,##0.00;"none";@'],
};

const CSV = Array.from(
  { length: 40 },
  (_, i) => `${i},"Müller ${i}, Köln","say ""hi""",2024-01-${10 + (i % 20)},4.9E+11,${i % 3 ? "O'Neill" : ''}`,
).join('\r\n');

export interface Mutation {
  kind: 'cut' | 'delete' | 'double' | 'swap' | 'number' | 'insert' | 'repeat';
  /** Places in the text, 0 to 1. */
  at: number;
  to: number;
  length: number;
  piece: string;
}

const PIECES = [
  '\0', '<', '>', '&', '"', "'", '/>', ']]>', '<![CDATA[', '<!--', '-->', '<?', '&#0;', '&#xD800;', '&#99999999;', '&lt;',
  'r="XFD1048577"', 'r="A0"', 't="s"', 't="e"', 's="-1"', 'xmlns="x"', 'xmlns:a=""', '<a:c/>', '</row>', '<row r="-5">', '<c>', '</c>',
  '\ufeff', '\ufffd', '\ud83d', '🎉', '\r', '\n', '\u2028', ',', ';', '\t', ',,,,', '"",', '\\"', 'sep=;\n', ' ', '\u00a0', '١٢٣', 'e', '_x', '_x0000_', '%',
]; // biome-ignore format: one list
const NUMBERS = [
  '0',
  '-1',
  '1e308',
  '1e999',
  '99999999999999999999',
  '4294967296',
  '2147483648',
  'NaN',
  '0x7f',
  '1.5',
  '',
  '-0',
];

export const mutation: fc.Arbitrary<Mutation> = fc.record({
  kind: fc.constantFrom('cut', 'delete', 'double', 'swap', 'number', 'insert', 'repeat'),
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  to: fc.double({ min: 0, max: 1, noNaN: true }),
  length: fc.oneof({ weight: 3, arbitrary: fc.nat(12) }, fc.nat(400)),
  piece: fc.constantFrom(...PIECES, ...NUMBERS),
});

export function mutated(text: string, { kind, at, to, length, piece }: Mutation): string {
  const start = Math.floor(at * text.length);
  const other = Math.floor(to * text.length);
  const slice = text.slice(start, start + length);
  switch (kind) {
    case 'cut':
      return text.slice(0, Math.max(start, Math.floor(text.length / 4)));
    case 'delete':
      return text.slice(0, start) + text.slice(start + length);
    case 'double':
      return text.slice(0, other) + slice + text.slice(other);
    case 'swap': {
      const values = [...text.matchAll(/"[^"<>]*"/g)];
      const [one, two] = [values[Math.floor(at * values.length)], values[Math.floor(to * values.length)]];
      if (!one || !two || one.index >= two.index) return text;
      const between = text.slice(one.index + one[0].length, two.index);
      return text.slice(0, one.index) + two[0] + between + one[0] + text.slice(two.index + two[0].length);
    }
    case 'number': {
      const numbers = [...text.matchAll(/\d+/g)];
      const found = numbers[Math.floor(at * numbers.length)];
      if (!found) return text;
      const value = NUMBERS[Math.floor(to * NUMBERS.length)] ?? '0';
      return text.slice(0, found.index) + value + text.slice(found.index + found[0].length);
    }
    case 'insert':
      return text.slice(0, start) + piece + text.slice(start);
    case 'repeat':
      return text.slice(0, start) + (slice || piece).repeat(3000) + text.slice(start);
  }
}

const PARTS = [...workbookParts(BOOK)];
const mutations = fc.array(mutation, { minLength: 1, maxLength: 4 });

/** A workbook with one of its parts damaged. */
export const damagedPart: fc.Arbitrary<Buffer> = fc.tuple(fc.nat(PARTS.length - 1), mutations).map(([part, list]) =>
  zipOf(
    PARTS.map(([name, data], i) => ({
      name,
      data: i === part ? list.reduce((text, one) => mutated(text, one), String(data)) : data,
    })),
  ),
);

const bytes = fc.array(fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(255)), {
  minLength: 1,
  maxLength: 30,
});

/** A workbook whose archive has other bytes in some places, and may be cut. */
export const damagedArchive: fc.Arbitrary<Buffer> = fc
  .tuple(
    bytes,
    fc.oneof({ weight: 4, arbitrary: fc.constant(1) }, fc.double({ min: 0.3, max: 1, noNaN: true })),
    fc.boolean(),
  )
  .map(([changes, cut, atTheEnd]) => {
    const file = workbookFile(BOOK);
    // the directory at the end is small and matters most
    const from = atTheEnd ? file.length - 600 : 0;
    for (const [at, byte] of changes) file[from + Math.floor(at * (file.length - from - 1))] = byte;
    return file.subarray(0, Math.floor(cut * file.length));
  });

/** A text file with damage to its characters, and other bytes in some places. */
export const damagedText: fc.Arbitrary<Buffer> = fc
  .tuple(mutations, fc.option(bytes), fc.constantFrom('utf8' as const, 'latin1' as const, 'utf16le' as const))
  .map(([list, changes, encoding]) => {
    const text = list.reduce((done, one) => mutated(done, one), CSV);
    const file = Buffer.from(text, encoding);
    for (const [at, byte] of changes ?? []) if (file.length > 0) file[Math.floor(at * (file.length - 1))] = byte;
    return file;
  });
