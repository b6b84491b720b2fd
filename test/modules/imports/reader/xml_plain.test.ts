/**
 * The quick way for plain rows and texts against the full parser, which is right: whatever stands in a part, both give
 * the same rows and texts, the same warnings and the same refusal, wherever the pieces of the part end.
 */
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { ReadError } from '#src/modules/imports/reader/errors.ts';
import { type Limits, limitsWith } from '#src/modules/imports/reader/limits.ts';
import type { Output, WireEvent } from '#src/modules/imports/reader/output.ts';
import { plainRow } from '#src/modules/imports/reader/row_plain.ts';
import { SharedStrings, textsInto } from '#src/modules/imports/reader/shared_strings.ts';
import { SheetReader } from '#src/modules/imports/reader/sheet.ts';
import { Styles } from '#src/modules/imports/reader/styles.ts';
import { type Warning, Warnings } from '#src/modules/imports/reader/warnings.ts';
import { scanXml, type XmlHandler } from '#src/modules/imports/reader/xml.ts';
import { MAIN } from '../../../helpers/workbooks.ts';
import { wholeNumber } from '../random.ts';
import { mutated, mutation } from './mutations.ts';

const SEED = 20261122;
/** `npm run test:faults` tries more. */
const RUNS = wholeNumber('FUZZ_RUNS', 200);
type Part = 'sheet' | 'texts';
const LIMITS = limitsWith({ cellCharacters: 250 });

interface Told {
  found: unknown[];
  warnings: unknown[];
  refusal?: string;
}

/** What a part that comes in these pieces is read as, with the quick way or without. */
async function told(part: Part, pieces: Buffer[], quick: boolean, limits: Limits): Promise<Told> {
  const found: unknown[] = [];
  const warnings: Warning[] = [];
  const sink = new Warnings((warning) => warnings.push(warning));
  const strings = new SharedStrings(limits);
  const output = { emit: (event: WireEvent) => found.push(event), drained: () => undefined };
  const reader = part === 'sheet' ? sheetReader(output, sink, limits) : undefined;
  const handler: XmlHandler = reader ?? textsInto(strings, limits, sink);
  if (!quick) Object.assign(handler, { plain: undefined });
  async function* chunks() {
    yield* pieces;
  }
  try {
    await scanXml(chunks(), 'part', handler, limits, sink);
  } catch (error) {
    if (!(error instanceof ReadError)) throw error;
    // what came before a refusal is thrown away
    return { found: [], warnings: [], refusal: `${error.code}: ${error.message}` };
  }
  reader?.finish();
  for (let i = 0; i < strings.count; i++) found.push(strings.get(i));
  sink.close();
  return { found, warnings: warnings.map((warning) => JSON.stringify(warning)).sort() };
}

/** The table of texts that the sheets refer to; they only read it. */
const strings = new SharedStrings(LIMITS);
for (const text of ['Ann', 'Bob', 'Müller']) strings.add(text);

function sheetReader(output: Output, warnings: Warnings, limits: Limits): SheetReader {
  const styles = new Styles(false);
  for (const id of [0, 14, 49, 4]) styles.addStyle(id);
  const context = { strings, styles, date1904: false, cellCharacters: limits.cellCharacters, warnings };
  const sheet = { index: 0, name: 'Customers', hidden: false, part: 'part' };
  return new SheetReader(sheet, context, limits, output, { cells: limits.cells });
}

async function expectSame(part: Part, xml: Buffer, ends: number[], limits = LIMITS) {
  const cuts = [...new Set(ends.map((end) => end % (xml.length + 1)))].sort((a, b) => a - b);
  const pieces = [0, ...cuts].map((from, i) => xml.subarray(from, cuts[i] ?? xml.length));
  expectEqual(await told(part, pieces, true, limits), await told(part, [xml], false, limits));
}

/** Thousands of times the same is not worth an assertion each, which takes longer than the reading. */
function expectEqual(got: Told, wanted: Told): void {
  if (!isDeepStrictEqual(got, wanted)) expect(got).toStrictEqual(wanted);
}

const TEXTS = [
  ...['1', '44000.5', 'Ann', 'Müller & Söhne', '🎉', '', ' ', '\n', '\r\n', '\r', '\t', '\u0001', '\0', '\u007f', '\u0085', '\u2028'],
  ...['&amp;', '&lt;', '&gt;&quot;&apos;', '&#65;', '&#x1F389;', '&#0;', '&#xD800;', '&#xFFFF;', '&nbsp;', '&constructor;', '&', '&amp', '&;', '&quotx', '&ampl;'],
  ...[']]>', ']]&gt;', ']]', '>', '<![CDATA[a<b]]>', '<![CDATA[]]]]>', '<![CDATA[', '<!-- x -->', '<!--</row>-->', '<!--<row>-->', '<!-- -- -->'],
  ...['<!--</row><row r="3"><c r="A3"><v>1</v></c></row>-->', '<!--</si><si><t>x</t></si>-->'],
  ...['0', '44000', '1e3', '-0.5', '99', 'TRUE', '#N/A', '2021-02-03', ' 7 ', '123456789012345678', '_x0041_', '_x0000_', 'x'.repeat(251)],
  ...['<?go on?>', '<?x </row>?>', '\ufffd', '\ufffe', '\uffff', '_x000D_', '<', '</', '<!', '<1/>', 'x'.repeat(300)],
]; // biome-ignore format: one list
const ATTRIBUTES = [
  ...[' r="A1"', ' r="2"', ' t="s"', ' t="inlineStr"', ' s="1"', ' xml:space="preserve"', ' spans="1:5"', '  r = "B2"', "\n r='B2'"],
  ...[' r="a\nb"', ' r="a\tb"', ' r="a\rb"', ' r="A1" r="A2"', ' r="A1"r="A2"', ' r', ' r=A1', ' 1r="x"', ' _r="x"', ' é="x"', ' :="x"'],
  ...[' r="&amp;"', ' r="&#65;"', ' r="&x;"', ' r="<"', ' r=">"', ' r="/>"', ' r="</row>"', " r='\">'", ' r="\u0001"', ' __proto__="x"'],
  ...[' t="s" r="A1"', ' r="$A$1"', ' r="R1C1"', ' r="XFE1"', ' r="XFD1"', ' r="AAAA1"', ' r="a1"', ' r="A"', ' r="7"', ' r=""', ' r="B2" s=""'],
  ...[' r="A1" s="99"', ' r="A1" s="x"', ' r="A1" t=""', ' r="A1" t="x"', ' r="C1" cm="1"', ' r="0"', ' r="01"', ' r="1.0"', ' r="99999999"', ' r="1e1"'],
  ...[' r="1" hidden="1"', ' r="1" ht="0"', ' r="1" hidden="1" hidden="0"', ` r="1" xmlns="${MAIN}"`, ' s="1" r="A1" s="1"', ' r="A1" s="1" r="A1"'],
  ...[` xmlns="${MAIN}"`, ' xmlns="urn:other"', ' xmlns:a="urn:other"', ` xmlns:x="${MAIN}"`, ' a:r="1"', ' ', ' /', ' "', ' ='],
]; // biome-ignore format: one list
const text = fc.constantFrom(...TEXTS);
const attribute = fc.constantFrom(...ATTRIBUTES);
const spelled = (name: string) =>
  fc.oneof(
    { weight: 12, arbitrary: fc.constant(name) },
    fc.constantFrom(
      `x:${name}`,
      `a:${name}`,
      `${name}x`,
      `${name}1`,
      `${name}-a`,
      name.toUpperCase(),
      `é${name}`,
      'row',
      'si',
      '',
    ),
  );
const unusual = { weight: 1, depthSize: 'small' } as const;
const some = (arbitrary: fc.Arbitrary<string>, common: string) =>
  fc.oneof({ weight: 25, arbitrary: fc.constant(common) }, { ...unusual, arbitrary });

/** An element as a workbook has it, with one thing in a few as it has not. */
function element(name: string, attributes: fc.Arbitrary<string>, content: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const closing = fc.constantFrom(
    '',
    `</${name} >`,
    `</${name}\n>`,
    '</x:row>',
    '</row>',
    `</${name}></${name}>`,
    `</${name}`,
    '</>',
  );
  return fc
    .tuple(
      some(spelled(name), name),
      fc.oneof({ weight: 25, arbitrary: attributes }, { ...unusual, arbitrary: attribute }),
      content,
      some(closing, `</${name}>`),
      fc.nat(20),
    )
    .map(([opened, said, inner, closed, empty]) =>
      empty === 0
        ? `<${opened}${said}/>`
        : `<${opened}${said}>${inner}${closed === `</${name}>` ? `</${opened}>` : closed}`,
    );
}

const value = some(text, '1');
const usual = (...attributes: string[]) => fc.constantFrom(...attributes);
const letters = fc.constantFrom('A', 'B', 'C', 'D', 'AA');
const cellOf = (attributes: string, content: fc.Arbitrary<string>) =>
  letters.chain((column) =>
    element('c', usual(` r="${column}1"${attributes}`, ` r="${column}1" s="1"${attributes}`), content),
  );
const cell = fc.oneof(
  cellOf('', element('v', usual(''), value)),
  cellOf(' t="s"', element('v', usual(''), value)),
  cellOf(' t="b"', element('v', usual(''), value)),
  cellOf(' t="inlineStr"', element('is', usual(''), element('t', usual('', ' xml:space="preserve"'), value))),
  cellOf(
    ' t="str"',
    fc
      .tuple(element('f', usual('', ' t="shared" si="0"'), value), element('v', usual(''), value))
      .map((two) => two.join('')),
  ),
);
const list = (one: fc.Arbitrary<string>, most: number, between: string) =>
  fc
    .array(fc.tuple(one, some(text, between)), { maxLength: most })
    .map((items) => items.map((item) => item.join('')).join(''));
const row = fc
  .nat(9)
  .chain((number) =>
    element(
      'row',
      usual(` r="${number}"`, ` r="${number}"`, ` r="${number}" spans="1:3" x14ac:dyDescent="0.25"`, ''),
      list(cell, 3, ''),
    ),
  );
const run = element('t', usual('', ' xml:space="preserve"'), value);
const aid = usual(
  '',
  '',
  '<phoneticPr fontId="1"/>',
  '<phoneticPr fontId="1" type="noConversion" x="1"/>',
  '<rPh sb="0" eb="1"><t>x</t></rPh>',
);
const shared = element(
  'si',
  usual(''),
  fc.oneof(
    fc.tuple(run, aid).map((two) => two.join('')),
    list(element('r', usual(''), run), 2, ''),
  ),
);

const start = fc.constantFrom(
  '<?xml version="1.0" encoding="UTF-8"?>\n',
  '',
  '\ufeff',
  '<?xml version="1.1"?>',
  '<!--<sheetData><row>-->',
);
const around = fc.constantFrom(
  '',
  '\n',
  '<cols><col min="1" max="2" hidden="1"/></cols>',
  '<!-- </sheetData> -->',
  'stray',
  '<row r="9"/>',
  '<x/>',
  '<sheetDataX a=">"/>',
);
const root = fc.constantFrom(
  ['worksheet', ` xmlns="${MAIN}" xmlns:x="${MAIN}" xmlns:a="urn:other"`],
  ['worksheet', ` xmlns="${MAIN}" xmlns:x="${MAIN}" xmlns:a="urn:other"`],
  ['x:worksheet', ` xmlns:x="${MAIN}"`],
  ['worksheet', ''],
  ['worksheet', ' xmlns="urn:other"'],
);

function xmlPart(container: string, item: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const data = element(container, usual(''), list(item, 5, '\n'));
  return fc
    .tuple(
      start,
      root,
      some(around, ''),
      fc.oneof({ weight: 9, arbitrary: data }, list(data, 3, '')),
      some(around, ''),
      some(fc.constantFrom('', ' ', '</x>', '\u0001', '<b/>'), '\n'),
    )
    .map(
      ([head, [name, spaces], before, rows, after, tail]) =>
        `${head}<${name}${spaces}>${before}${rows}${after}</${name}>${tail}`,
    );
}

const ends = fc.array(fc.nat(5000), { maxLength: 12 });
const mutations = fc.oneof({ weight: 2, arbitrary: fc.constant([]) }, fc.array(mutation, { maxLength: 3 }));

test.each([
  ['sheets', 'sheet', xmlPart('sheetData', row)],
  ['tables of texts', 'texts', xmlPart('sst', shared)],
] as const)(
  'the quick way and the full parser agree on odd and damaged %s',
  async (_name, part, parts) => {
    const property = fc.asyncProperty(parts, mutations, ends, async (xml, changes, cuts) => {
      const damaged = changes.reduce((done, one) => mutated(done, one), xml);
      await expectSame(part, Buffer.from(damaged), cuts);
    });
    await fc.assert(property, { numRuns: 4 * RUNS, seed: SEED });
  },
  120_000,
);

const ONE = '<row r="1"><c r="A1"><v>1</v></c></row>';
const TWO = '<row r="2"><c r="B2" s="1" t="str"><f>A1&amp;"x"</f><v>x</v></c></row>';
const sheet = (rows: string, before = '') =>
  `<?xml version="1.0"?><worksheet xmlns="${MAIN}">${before}<sheetData>${rows}</sheetData></worksheet>`;

test.each([
  [
    'plain rows',
    sheet(`${ONE}\n ${TWO}\r\n<row r="3"/><row r="9"><c r="A9"/><c r="B9" t="inlineStr"><is><t>é</t></is></c></row>`),
  ],
  [
    'a comment that hides a row behind a row that ends oddly',
    sheet(`${ONE}<row r="2"></row ><!-- </row>${TWO}-->${TWO}`),
  ],
  ['two rows where one seems to be', sheet(`<row r="1" a=">"/><row r="2" a="/>"/>${TWO}`)],
  ['rows in a row', sheet(`<row r="1">${TWO}</row>${TWO}`)],
  ['a row that never ends', sheet(`${ONE}<row r="2"><c r="A2"><v>2</v></c>${TWO}`).replace(/<.sheetData.*/, '')],
  ['elements that end in the wrong order', sheet(`${ONE}<row r="2"><c r="A2"><v>1</c></v></row>`)],
  ['ends without a beginning', sheet(`${ONE}</c></row>${TWO}`)],
  ['a second list of rows', sheet(`${ONE}</sheetData>${TWO}<sheetData>${TWO}`)],
  ['rows behind the list', sheet(`${ONE}</sheetData>${TWO}<sheetData/>`)],
  ['a list in a list', sheet(`${ONE}<sheetData>${TWO}</sheetData>${TWO}`)],
  [
    'a list that seems to begin earlier',
    sheet(ONE, '<!--<sheetData>--><![CDATA[<sheetData>]]><x a=">"><sheetDataX/></x>'),
  ],
  [
    'a list with a prefix, and an attribute that looks like one without',
    `<x:worksheet xmlns:x="${MAIN}"><x:sheetData a="<sheetData">${ONE}</x:sheetData></x:worksheet>`,
  ],
  ['rows of another program', sheet(`${ONE}<row r="2" xmlns="urn:other"><c r="A1"><v>2</v></c></row>${TWO}`)],
  ['a list of another program', sheet(ONE).replace('<sheetData>', '<sheetData xmlns="urn:other">')],
  [
    'line ends of XML 1.1',
    sheet('<row r="1"><c r="A1" t="str"><v>a\u0085b\u2028c</v></c></row>').replace('"1.0"', '"1.1"'),
  ],
  [
    'a list deep inside',
    `<a xmlns="${MAIN}">${'<a>'.repeat(59)}<sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>x</t></is></c></row></sheetData>${'</a>'.repeat(60)}`,
  ],
  [
    'an attribute twice',
    sheet(`${ONE}<row r="2" ${Array.from({ length: 40 }, (_, i) => `a${i}="1"`).join(' ')} a3="2"/>${TWO}`),
  ],
  ['characters that XML does not have', sheet(`${ONE}<row r="2"><c r="A2" t="str"><v>\ufffe</v></c></row>${TWO}`)],
  ['a text that ends with the part', sheet(`${ONE}<row r="2"><c r="A2" t="str"><v>&am`).replace(/<.sheetData.*/, '')],
  ['the same row again and again', sheet(`${ONE}${TWO}${ONE.replace('<v>1', '<v>one')}${TWO}`)],
  [
    'cells in the wrong order',
    sheet('<row r="1"><c r="C1"><v>3</v></c><c r="A1"><v>1</v></c><c r="A1"><v>2</v></c></row>'),
  ],
])('%s: the same wherever the pieces end', async (_name, xml) => {
  const bytes = Buffer.from(xml);
  const expected = await told('sheet', [bytes], false, LIMITS);
  for (let end = 0; end <= bytes.length; end++) {
    expectEqual(await told('sheet', [bytes.subarray(0, end), bytes.subarray(end)], true, LIMITS), expected);
  }
  const single = Array.from(bytes, (byte) => Buffer.of(byte));
  expect(await told('sheet', single, true, LIMITS)).toEqual(expected);
});

test('each odd text and attribute means the same at each place', async () => {
  const row =
    '<row r="2"@><c r="A2" s="1"@><v@>1</v></c>#<c r="B2" t="str"><f@>#</f><v>#</v></c><c r="C2" t="inlineStr"><is>#<t@>#</t></is></c></row>#';
  const item = '<si@>#<t@>#</t></si>#';
  const put = (template: string, mark: string, place: number, piece: string) => {
    const parts = template.split(mark);
    return (parts.slice(0, place).join('') + piece + parts.slice(place).join('')).replaceAll(/[@#]/g, '');
  };
  const odd = (template: string) =>
    [['#', TEXTS] as const, ['@', ATTRIBUTES] as const].flatMap(([mark, pieces]) =>
      pieces.flatMap((piece) =>
        template
          .split(mark)
          .slice(1)
          .map((_, i) => put(template, mark, i + 1, piece)),
      ),
    );
  for (const one of odd(row)) await expectSame('sheet', Buffer.from(sheet(ONE + one + TWO)), []);
  for (const one of odd(item)) {
    await expectSame('texts', Buffer.from(`<sst xmlns="${MAIN}"><si><t>a</t></si>${one}<si><t>z</t></si></sst>`), []);
  }
});

test('a text over the limit is refused, and a row over it that has none is read, wherever the pieces end', async () => {
  const limits = limitsWith({ xmlTokenCharacters: 100 });
  const filled = fc
    .tuple(fc.nat(105), fc.nat(12))
    .map(
      ([length, cells]) =>
        `<row r="1"><c r="A1" t="str"><v>${'x'.repeat(length)}</v></c>${'<c r="B1"><v>1</v></c>'.repeat(cells)}</row>`,
    );
  const rows = fc.array(filled, { maxLength: 6 });
  const property = fc.asyncProperty(rows, ends, (list, cuts) =>
    expectSame('sheet', Buffer.from(sheet(list.join(''))), cuts, limits),
  );
  await fc.assert(property, { numRuns: 2 * RUNS, seed: SEED });
  const refused = await told(
    'sheet',
    [Buffer.from(sheet(`<row r="1"><c r="A1"><v>${'x'.repeat(101)}</v></c></row>`))],
    true,
    limits,
  );
  expect(refused.refusal).toMatch('text_too_long');
});

test.each([
  ONE,
  TWO,
  '<row r="2" spans="1:3" s="1" customFormat="1" ht="15" x14ac:dyDescent="0.25"/>',
  '<row r="3"><c r="A3" s="1"/><c r="AB3" t="s"><v>0</v></c><c r="AC3" cm="1"><f t="shared" ref="A1:A9" si="0"/><v>2</v></c></row>',
  '<row r="4"><c r="A4" t="inlineStr"><is><t xml:space="preserve"> Müller &amp; Söhne\n🎉 </t></is></c></row>',
])('what is usual in workbooks goes the quick way: %s', (row) => {
  expect(plainRow(`${ONE}${row}${TWO}`, ONE.length)?.end).toBe(ONE.length + row.length);
  expect(plainRow(row.slice(0, -1), 0)).toBeUndefined();
});
