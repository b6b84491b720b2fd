/**
 * The quick scanner for plain rows and texts against the full parser, which is right: whatever stands in a part, both
 * give the same elements, the same warnings and the same refusal, wherever the pieces of the part end.
 */
import fc from 'fast-check';
import { ReadError } from '#src/modules/imports/reader/errors.ts';
import { type Limits, limitsWith } from '#src/modules/imports/reader/limits.ts';
import { scanXml, type XmlHandler } from '#src/modules/imports/reader/xml.ts';
import { scanPlain } from '#src/modules/imports/reader/xml_plain.ts';
import { MAIN } from '../../../helpers/workbooks.ts';
import { mutated, mutation } from './mutations.ts';

const SEED = 20261122;
const SHEET = ['sheetData', 'row'] as const;
const TEXTS = ['sst', 'si'] as const;

type Event = ['<', string, Record<string, string>] | ['>', string] | ['text', string];
interface Told {
  events: Event[];
  warnings: string[];
  refusal?: string;
}

/** What the parser says about a part that comes in these pieces, with the quick scanner or without. */
async function told(pieces: Buffer[], plain: readonly [string, string] | undefined, limits: Limits): Promise<Told> {
  const events: Event[] = [];
  const warnings: string[] = [];
  const within: string[] = [];
  const handler: XmlHandler = {
    open: (name, attributes) => {
      within.push(name);
      events.push(['<', name, { ...attributes }]);
    },
    close: (name) => {
      within.pop();
      events.push(['>', name]);
    },
    text: (text) => {
      const last = events.at(-1);
      // texts come in pieces; between items there is nothing but layout, which the scanner passes over
      if (last?.[0] === 'text') last[1] += text;
      else if (!['sheetData', 'sst'].includes(within.at(-1) ?? '') || text.trim() !== '') events.push(['text', text]);
    },
  };
  if (plain) Object.assign(handler, { plain });
  const sink = { add: (code: string, message: string) => warnings.push(`${code}: ${message}`) };
  async function* chunks() {
    yield* pieces;
  }
  try {
    await scanXml(chunks(), 'part', handler, limits, sink);
  } catch (error) {
    if (!(error instanceof ReadError)) throw error;
    // what came before a refusal is thrown away
    return { events: [], warnings: [], refusal: `${error.code}: ${error.message}` };
  }
  return { events, warnings: warnings.sort() };
}

async function expectSame(xml: Buffer, plain: readonly [string, string], ends: number[], limits = limitsWith()) {
  const cuts = [...new Set(ends.map((end) => end % (xml.length + 1)))].sort((a, b) => a - b);
  const pieces = [0, ...cuts].map((from, i) => xml.subarray(from, cuts[i] ?? xml.length));
  expect(await told(pieces, plain, limits)).toEqual(await told([xml], undefined, limits));
}

const text = fc.constantFrom(
  ...['1', '44000.5', 'Ann', 'Müller & Söhne', '🎉', '', ' ', '\n', '\r\n', '\r', '\t', '\u0001', '\0', '\u007f', '\u0085', '\u2028'],
  ...['&amp;', '&lt;', '&gt;&quot;&apos;', '&#65;', '&#x1F389;', '&#0;', '&#xD800;', '&#xFFFF;', '&nbsp;', '&constructor;', '&', '&amp', '&;', '&quotx', '&ampl;'],
  ...[']]>', ']]&gt;', ']]', '>', '<![CDATA[a<b]]>', '<![CDATA[]]]]>', '<![CDATA[', '<!-- x -->', '<!--</row>-->', '<!--<row>-->', '<!-- -- -->'],
  ...['<!--</row><row r="3"><c r="A3"><v>1</v></c></row>-->', '<!--</si><si><t>x</t></si>-->'],
  ...['<?go on?>', '<?x </row>?>', '\ufffd', '\ufffe', '\uffff', '_x000D_', '<', '</', '<!', '<1/>', 'x'.repeat(300)],
); // biome-ignore format: one list
const attribute = fc.constantFrom(
  ...[' r="A1"', ' r="2"', ' t="s"', ' t="inlineStr"', ' s="1"', ' xml:space="preserve"', ' spans="1:5"', '  r = "B2"', "\n r='B2'"],
  ...[' r="a\nb"', ' r="a\tb"', ' r="a\rb"', ' r="A1" r="A2"', ' r="A1"r="A2"', ' r', ' r=A1', ' 1r="x"', ' _r="x"', ' é="x"', ' :="x"'],
  ...[' r="&amp;"', ' r="&#65;"', ' r="&x;"', ' r="<"', ' r=">"', ' r="/>"', ' r="</row>"', " r='\">'", ' r="\u0001"', ' __proto__="x"'],
  ...[` xmlns="${MAIN}"`, ' xmlns="urn:other"', ' xmlns:a="urn:other"', ` xmlns:x="${MAIN}"`, ' a:r="1"', ' ', ' /', ' "', ' ='],
); // biome-ignore format: one list
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
const some = (arbitrary: fc.Arbitrary<string>, usual: string) =>
  fc.oneof({ weight: 25, arbitrary: fc.constant(usual) }, { ...unusual, arbitrary });

/** An element as a workbook has it, with one thing in a few as it has not. */
function element(name: string, attributes: string, content: fc.Arbitrary<string>): fc.Arbitrary<string> {
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
    .tuple(some(spelled(name), name), some(attribute, attributes), content, some(closing, `</${name}>`), fc.nat(20))
    .map(([opened, said, inner, closed, empty]) =>
      empty === 0
        ? `<${opened}${said}/>`
        : `<${opened}${said}>${inner}${closed === `</${name}>` ? `</${opened}>` : closed}`,
    );
}

const value = some(text, '17');
const cell = fc.oneof(
  element('c', ' r="A1" s="1"', element('v', '', value)),
  element('c', ' r="B1" t="s"', element('v', '', value)),
  element('c', ' r="C1" t="inlineStr"', element('is', '', element('t', ' xml:space="preserve"', value))),
  element(
    'c',
    ' r="D1" t="str"',
    fc.tuple(element('f', '', value), element('v', '', value)).map((two) => two.join('')),
  ),
);
const list = (one: fc.Arbitrary<string>, most: number, between: string) =>
  fc
    .array(fc.tuple(one, some(text, between)), { maxLength: most })
    .map((items) => items.map((item) => item.join('')).join(''));
const row = element('row', ' r="1"', list(cell, 3, ''));
const shared = element(
  'si',
  '',
  fc.oneof(element('t', '', value), list(element('r', '', element('t', '', value)), 2, '')),
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

function part(container: string, item: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const data = element(container, '', list(item, 5, '\n'));
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
  ['sheets', SHEET, part('sheetData', row)],
  ['tables of texts', TEXTS, part('sst', shared)],
])(
  'the quick scanner and the full parser agree on odd and damaged %s',
  async (_name, plain, parts) => {
    const property = fc.asyncProperty(parts, mutations, ends, async (xml, changes, cuts) => {
      const damaged = changes.reduce((done, one) => mutated(done, one), xml);
      await expectSame(Buffer.from(damaged), plain, cuts);
    });
    await fc.assert(property, { numRuns: 4000, seed: SEED });
  },
  120_000,
);

const ONE = '<row r="1"><c r="A1"><v>1</v></c></row>';
const sheet = (rows: string, before = '') =>
  `<?xml version="1.0"?><worksheet xmlns="${MAIN}">${before}<sheetData>${rows}</sheetData></worksheet>`;

test.each([
  ['plain rows', sheet(`${ONE}\n ${ONE}\r\n<row/><row r="9"><c/></row>`)],
  ['a comment that hides a row behind a row that ends oddly', sheet(`<row></row ><!-- </row>${ONE}-->${ONE}`)],
  ['two rows where one seems to be', sheet(`<row a=">"/><row a="/>"/>${ONE}`)],
  ['rows in a row', sheet(`<row><row r="1"></row></row>${ONE}`)],
  ['a row that never ends', sheet(`${ONE}<row r="2"><c r="A2"><v>2</v></c>${ONE}`).replace(/<.sheetData.*/, '')],
  ['elements that end in the wrong order', sheet(`${ONE}<row><c><v>1</c></v></row>`)],
  ['ends without a beginning', sheet(`${ONE}</c></row>${ONE}`)],
  ['a second list of rows', sheet(`${ONE}</sheetData>${ONE}<sheetData>${ONE}`)],
  ['rows behind the list', sheet(`${ONE}</sheetData>${ONE}<sheetData/>`)],
  ['a list in a list', sheet(`${ONE}<sheetData>${ONE}</sheetData>${ONE}`)],
  [
    'a list that seems to begin earlier',
    sheet(ONE, '<!--<sheetData>--><![CDATA[<sheetData>]]><x a=">"><sheetDataX/></x>'),
  ],
  [
    'a list with a prefix, and an attribute that looks like one without',
    `<x:worksheet xmlns:x="${MAIN}"><x:sheetData a="<sheetData">${ONE}</x:sheetData></x:worksheet>`,
  ],
  ['rows of another program', sheet(`${ONE}<row xmlns="urn:other"><c r="A1"><v>2</v></c></row>${ONE}`)],
  ['a list of another program', sheet(ONE).replace('<sheetData>', '<sheetData xmlns="urn:other">')],
  ['line ends of XML 1.1', sheet('<row><c><v>a\u0085b\u2028c</v></c></row>').replace('"1.0"', '"1.1"')],
  [
    'a list deep inside',
    `${`<a xmlns="${MAIN}">`.repeat(55)}<sheetData><row>${'<b>'.repeat(9)}${'</b>'.repeat(9)}</row></sheetData>${'</a>'.repeat(55)}`,
  ],
  ['a row deeper than any program writes', sheet(`<row>${'<a>'.repeat(20)}${'</a>'.repeat(20)}</row>${ONE}`)],
  [
    'many attributes, one twice',
    sheet(`<row ${Array.from({ length: 40 }, (_, i) => `a${i}="1"`).join(' ')} a3="2"/>${ONE}`),
  ],
  ['characters that XML does not have', sheet(`${ONE}<row><c><v>\ufffe</v></c></row>${ONE}`)],
  ['a text that ends with the part', sheet(`${ONE}<row><c><v>&am`).replace(/<.sheetData.*/, '')],
])('%s: the same wherever the pieces end', async (_name, xml) => {
  const part = Buffer.from(xml);
  const expected = await told([part], undefined, limitsWith());
  for (let end = 0; end <= part.length; end++) {
    expect(await told([part.subarray(0, end), part.subarray(end)], SHEET, limitsWith())).toEqual(expected);
  }
  const bytes = Array.from(part, (byte) => Buffer.of(byte));
  expect(await told(bytes, SHEET, limitsWith())).toEqual(expected);
});

test('a text over the limit is refused, and a row over it that has none is read, wherever the pieces end', async () => {
  const limits = limitsWith({ xmlTokenCharacters: 100 });
  const filled = fc
    .tuple(fc.nat(105), fc.nat(12))
    .map(([length, cells]) => `<row><c><v>${'x'.repeat(length)}</v></c>${'<c><v>1</v></c>'.repeat(cells)}</row>`);
  const rows = fc.array(filled, { maxLength: 6 });
  const property = fc.asyncProperty(rows, ends, (list, cuts) =>
    expectSame(Buffer.from(sheet(list.join(''))), SHEET, cuts, limits),
  );
  await fc.assert(property, { numRuns: 1000, seed: SEED });
  const refused = await told([Buffer.from(sheet(`<row><c><v>${'x'.repeat(101)}</v></c></row>`))], SHEET, limits);
  expect(refused.refusal).toMatch('text_too_long');
});

test('what is usual in workbooks goes the quick way, what is not goes the other', () => {
  const quick = (item: string) => {
    const events: unknown[] = [];
    const keep = (...event: unknown[]) => events.push(event);
    const taken = scanPlain(item, 0, item.length, { open: keep, close: keep, text: keep });
    expect(taken || events.length === 0).toBe(true);
    return taken;
  };
  for (const usual of [
    ONE,
    '<row r="2" spans="1:3" s="1" customFormat="1" ht="15" x14ac:dyDescent="0.25"/>',
    '<row><c r="A1" t="inlineStr"><is><t xml:space="preserve"> Müller &amp; Söhne\n🎉 </t></is></c></row>',
    '<row><c r="A1" t="str"><f t="shared" ref="A1:A9" si="0">B1&amp;"x"</f><v>x</v></c></row>',
    '<si><r><rPr><b/><sz val="11"/></rPr><t>Rag</t></r><r><t>ged</t></r></si>',
  ]) {
    expect(quick(usual)).toBe(true);
  }
  for (const unusual of [
    '<x:row/>',
    '<row xmlns="x"/>',
    "<row r='1'/>",
    '<row><!----></row>',
    '<si><t>&#65;</t></si>',
    '<si><t>\r</t></si>',
  ]) {
    expect(quick(unusual)).toBe(false);
  }
});
