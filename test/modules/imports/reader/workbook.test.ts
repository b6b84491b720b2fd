/** Finding the sheets and rows of a workbook, however it was put together. */
import {
  MAIN,
  type RawWorkbook,
  readHere,
  relationships,
  sheetFile,
  testFolder,
  texts,
  warningCodes,
  workbookFile,
  workbookParts,
  zipOf,
} from '../../../helpers/workbooks.ts';

const put = testFolder();
const ROW = '<row r="1"><c r="A1" t="s"><v>0</v></c></row>';
const cell = (text: string) => `<row r="1"><c r="A1" t="inlineStr"><is><t>${text}</t></is></c></row>`;

async function read(content: Buffer, options: Parameters<typeof readHere>[2] = {}) {
  return readHere(await put('a.xlsx', content), 'a.xlsx', options);
}

/** The parts of a workbook with one sheet that says "hello", changed and zipped. */
async function readChanged(change: (parts: Map<string, string | Buffer>) => void, book: Partial<RawWorkbook> = {}) {
  const parts = workbookParts({ sheets: [{ name: 'Customers', rows: ROW }], strings: ['hello'], ...book });
  change(parts);
  return read(zipOf([...parts].map(([name, data]) => ({ name, data }))));
}

function renameAll(parts: Map<string, string | Buffer>, to: (name: string) => string) {
  for (const name of [...parts.keys()]) rename(parts, name, to(name));
}

function rename(parts: Map<string, string | Buffer>, from: string, to: string) {
  const part = parts.get(from) ?? '';
  parts.delete(from);
  parts.set(to, part);
}

describe('sheets', () => {
  test('come in the order of the tabs, hidden ones marked', async () => {
    const file = await read(
      workbookFile({
        sheets: [
          { name: 'Notes', rows: cell('n'), state: 'hidden' },
          { name: 'Customers', rows: cell('c') },
          { name: 'Secrets', rows: cell('s'), state: 'veryHidden' },
        ],
      }),
    );
    expect(file.listed).toEqual([
      { index: 0, name: 'Notes', hidden: true },
      { index: 1, name: 'Customers', hidden: false },
      { index: 2, name: 'Secrets', hidden: true },
    ]);
    expect(file.sheets.map((sheet) => sheet.rows[0]?.cells[0]?.text)).toEqual(['n', 'c', 's']);
  });

  test('are found by relationship, not by the name of their part', async () => {
    const relations = relationships([
      ['rId1', 'worksheet', 'worksheets/sheet2.xml'],
      ['rId2', 'worksheet', 'worksheets/sheet1.xml'],
    ]);
    const file = await read(
      workbookFile({
        sheets: [
          { name: 'First', rows: cell('in part 1') },
          { name: 'Second', rows: cell('in part 2') },
        ],
        parts: { 'xl/_rels/workbook.xml.rels': relations },
      }),
    );
    expect(texts(file, 0)).toEqual([['in part 2']]);
    expect(texts(file, 1)).toEqual([['in part 1']]);
  });

  test('that are charts are passed over', async () => {
    const relations = relationships([
      ['rId1', 'chartsheet', 'chartsheets/sheet1.xml'],
      ['rId2', 'worksheet', 'worksheets/sheet2.xml'],
    ]);
    const file = await read(
      workbookFile({
        sheets: [{ name: 'Chart' }, { name: 'Customers', rows: cell('x') }],
        parts: { 'xl/_rels/workbook.xml.rels': relations },
      }),
    );
    expect(file.listed).toEqual([{ index: 0, name: 'Customers', hidden: false }]);
  });

  test('whose part is missing are listed, empty, with a warning', async () => {
    const file = await read(
      workbookFile({
        sheets: [{ name: 'Gone' }, { name: 'Here', rows: cell('x') }],
        parts: { 'xl/worksheets/sheet1.xml': null },
      }),
    );
    expect(file.sheets.map((sheet) => sheet.rows.length)).toEqual([0, 1]);
    expect(file.warnings).toMatchObject([{ code: 'sheet_missing', sheet: 'Gone' }]);
  });

  test('can be chosen by index or name', async () => {
    const content = workbookFile({
      sheets: [
        { name: 'A', rows: cell('a') },
        { name: 'B', rows: cell('b') },
      ],
    });
    expect((await read(content, { sheets: ['B'] })).sheets.map((sheet) => sheet.name)).toEqual(['B']);
    expect((await read(content, { sheets: [0] })).sheets.map((sheet) => sheet.name)).toEqual(['A']);
    await expect(read(content, { sheets: ['C'] })).rejects.toMatchObject({ code: 'no_such_sheet' });
  });

  test('with escapes and marks in their names', async () => {
    const file = await read(workbookFile({ sheets: [{ name: 'R&D <é> _x0041_', rows: cell('x') }] }));
    expect(file.listed[0]?.name).toBe('R&D <é> A');
  });
});

describe('packages as other programs write them', () => {
  test('the sheet stands before the texts it refers to, the workbook last', async () => {
    const file = await readChanged((parts) => {
      for (const name of ['xl/sharedStrings.xml', 'xl/workbook.xml']) rename(parts, name, name);
    });
    expect(texts(file)).toEqual([['hello']]);
  });

  test.each<[string, (parts: Map<string, string | Buffer>) => void]>([
    ['no [Content_Types].xml', (parts) => parts.delete('[Content_Types].xml')],
    ['no package relationships', (parts) => parts.delete('_rels/.rels')],
    ['no workbook relationships', (parts) => parts.delete('xl/_rels/workbook.xml.rels')],
    ['no styles', (parts) => parts.delete('xl/styles.xml')],
    ['backslashes in names', (parts) => renameAll(parts, (name) => name.replaceAll('/', '\\'))],
    ['names in capitals', (parts) => renameAll(parts, (name) => name.toUpperCase())],
    ['absolute names', (parts) => renameAll(parts, (name) => `/${name}`)],
    [
      'absolute targets',
      (parts) =>
        parts.set(
          'xl/_rels/workbook.xml.rels',
          relationships([
            ['rId1', 'worksheet', '/xl/worksheets/sheet1.xml'],
            ['t', 'sharedStrings', '/xl/sharedStrings.xml'],
          ]),
        ),
    ],
    [
      'backslashes in targets',
      (parts) =>
        parts.set(
          'xl/_rels/workbook.xml.rels',
          relationships([
            ['rId1', 'worksheet', 'worksheets\\sheet1.xml'],
            ['t', 'sharedStrings', '\\xl\\sharedStrings.xml'],
          ]),
        ),
    ],
    [
      'other folders and names',
      (parts) => {
        rename(parts, 'xl/workbook.xml', 'office/book.xml');
        rename(parts, 'xl/worksheets/sheet1.xml', 'data/list one.xml');
        rename(parts, 'xl/sharedStrings.xml', 'office/texts.bin');
        parts.set('_rels/.rels', relationships([['a', 'officeDocument', 'office/book.xml']]));
        parts.delete('xl/_rels/workbook.xml.rels');
        parts.set(
          'office/_rels/book.xml.rels',
          relationships([
            ['rId1', 'worksheet', '../data/list%20one.xml'],
            ['t', 'sharedStrings', 'texts.bin'],
          ]),
        );
      },
    ],
  ])('%s', async (_name, change) => {
    expect(texts(await readChanged(change))).toEqual([['hello']]);
  });

  test('an empty list of sheets falls back to the parts there are', async () => {
    const file = await readChanged((parts) =>
      parts.set('xl/workbook.xml', `<workbook xmlns="${MAIN}"><sheets/></workbook>`),
    );
    expect(file.listed).toEqual([{ index: 0, name: 'Sheet1', hidden: false }]);
    expect(texts(file)).toEqual([['hello']]);
  });

  test('prefixed names, strict namespaces, none at all', async () => {
    const strict = 'http://purl.oclc.org/ooxml/spreadsheetml/main';
    for (const [open, prefix] of [
      [`xmlns:x="${MAIN}"`, 'x:'],
      [`xmlns="${strict}"`, ''],
      [`xmlns:ss="${strict}"`, 'ss:'],
      ['', ''],
    ] as const) {
      const p = prefix;
      const xml = `<${p}worksheet ${open}><${p}sheetData><${p}row r="1"><${p}c r="A1" t="inlineStr"><${p}is><${p}t>x</${p}t></${p}is></${p}c></${p}row></${p}sheetData></${p}worksheet>`;
      const book = `<${p}workbook ${open} xmlns:rel="http://purl.oclc.org/ooxml/officeDocument/relationships"><${p}sheets><${p}sheet name="S" sheetId="1" rel:id="rId1"/></${p}sheets></${p}workbook>`;
      const file = await read(workbookFile({ sheets: [{ name: 'S', xml }], parts: { 'xl/workbook.xml': book } }));
      expect([open, texts(file), file.listed[0]?.name]).toEqual([open, [['x']], 'S']);
    }
  });

  test('elements of foreign namespaces are no cells', async () => {
    const rows = '<row r="1"><c r="A1"><v>1</v></c><z:c xmlns:z="urn:other" r="B1"><z:v>2</z:v></z:c></row>';
    expect(texts(await read(sheetFile(rows)))).toEqual([['1']]);
  });

  test.each([
    ['UTF-16, little end first, with mark', (text: string) => Buffer.from(`\ufeff${text}`, 'utf16le')],
    ['UTF-16, little end first', (text: string) => Buffer.from(text, 'utf16le')],
    ['UTF-16, big end first, with mark', (text: string) => Buffer.from(`\ufeff${text}`, 'utf16le').swap16()],
    ['UTF-16, big end first', (text: string) => Buffer.from(text, 'utf16le').swap16()],
    ['UTF-8 with mark', (text: string) => Buffer.from(`\ufeff${text}`)],
    ['Latin-1', (text: string) => Buffer.from(text.replace('UTF-16', 'ISO-8859-1').replace('🎉', ''), 'latin1')],
  ])('parts in %s', async (name, encode) => {
    const xml = `<?xml version="1.0" encoding="UTF-16"?><worksheet xmlns="${MAIN}"><sheetData>${cell('Müller 🎉')}</sheetData></worksheet>`;
    const changed = name.startsWith('UTF-8') ? xml.replace('UTF-16', 'UTF-8') : xml;
    const file = await read(workbookFile({ sheets: [{ name: 'S', xml: encode(changed) }] }));
    expect(texts(file)).toEqual([[name === 'Latin-1' ? 'Müller ' : 'Müller 🎉']]);
  });

  test('characters of four bytes stay whole wherever a chunk ends', async () => {
    const long = '🎉'.repeat(20_000);
    for (const shift of ['', 'a', 'ab', 'abc']) {
      const file = await read(sheetFile(cell(shift + long)));
      expect(file.sheets[0]?.rows[0]?.cells[0]?.text).toBe(shift + long);
      expect(file.warnings).toEqual([]);
    }
  });

  test('a control character in an attribute does not lose the file', async () => {
    const file = await read(sheetFile(`${cell('a')}<row r="2" spans="1\u0001"><c r="A2"><v>2</v></c></row>`));
    expect(texts(file)).toEqual([['a'], ['2']]);
    expect(warningCodes(file)).toEqual(['xml_repaired']);
  });

  test('a part stored twice is said aloud, the last one counts', async () => {
    const parts = [...workbookParts({ sheets: [{ name: 'S', rows: cell('first') }] })].map(([name, data]) => ({
      name,
      data,
    }));
    const again =
      workbookParts({ sheets: [{ name: 'S', rows: cell('second') }] }).get('xl/worksheets/sheet1.xml') ?? '';
    const file = await read(zipOf([...parts, { name: 'XL/worksheets/Sheet1.xml', data: again }]));
    expect(texts(file)).toEqual([['second']]);
    expect(warningCodes(file)).toEqual(['part_repeated']);
  });

  test('a part that does not match its checksum is said aloud', async () => {
    const parts = [...workbookParts({ sheets: [{ name: 'S', rows: cell('x') }] })].map(([name, data]) => ({
      name,
      data,
      ...(name.includes('sheet1') && { claimedCrc: 1 }),
    }));
    expect(warningCodes(await read(zipOf(parts)))).toEqual(['part_checksum']);
  });

  test.each([100, 100_000])('%d bytes behind the archive are passed over', async (length) => {
    const file = await read(Buffer.concat([sheetFile(cell('x')), Buffer.alloc(length)]));
    expect(texts(file)).toEqual([['x']]);
  });

  test('bytes that are no characters are said aloud', async () => {
    const xml = `<worksheet xmlns="${MAIN}"><sheetData>${cell('M\u00fcller')}</sheetData></worksheet>`;
    const file = await read(workbookFile({ sheets: [{ name: 'A', xml: Buffer.from(xml, 'latin1') }] }));
    expect(texts(file)).toEqual([['M\ufffdller']]);
    expect(warningCodes(file)).toEqual(['bytes_unreadable']);
  });

  test('properties of later versions do not change the epoch', async () => {
    const file = await readChanged(
      (parts) => {
        const extension =
          '<extLst><ext xmlns:x15="http://schemas.microsoft.com/office/spreadsheetml/2010/11/main"><x15:workbookPr chartTrackingRefBase="1"/></ext></extLst>';
        const workbook = String(parts.get('xl/workbook.xml')).replace('</workbook>', `${extension}</workbook>`);
        parts.set('xl/workbook.xml', workbook);
      },
      {
        sheets: [{ name: 'A', rows: '<row r="1"><c r="A1" s="1"><v>42768</v></c></row>' }],
        formats: ['yyyy-mm-dd'],
        date1904: '1',
      },
    );
    expect(texts(file)).toEqual([['2021-02-03']]);
  });

  test('stored instead of deflated', async () => {
    const parts = [...workbookParts({ sheets: [{ name: 'S', rows: cell('x') }] })].map(([name, data]) => ({
      name,
      data,
      method: 0,
    }));
    expect(texts(await read(zipOf(parts)))).toEqual([['x']]);
  });
});

describe('rows', () => {
  test('keep their numbers; rows without content are left out', async () => {
    const file = await read(
      sheetFile(
        '<row r="2"><c r="B2"><v>1</v></c></row><row r="3"><c r="A3"/></row><row r="9" hidden="1"><c r="A9"><v>2</v></c></row>',
      ),
    );
    expect(file.sheets[0]?.rows.map((row) => [row.number, row.hidden, row.cells.map((one) => one.text)])).toEqual([
      [2, false, ['', '1']],
      [9, true, ['2']],
    ]);
    expect(file.sheets[0]?.lastRow).toBe(9);
  });

  test('and cells without references follow each other', async () => {
    const file = await read(
      sheetFile(
        '<row><c><v>1</v></c><c><v>2</v></c></row><row><c r="C2"><v>3</v></c><c><v>4</v></c></row><row r="7"><c><v>5</v></c></row><row><c><v>6</v></c></row>',
      ),
    );
    expect(file.sheets[0]?.rows.map((row) => [row.number, row.cells.map((one) => one.text)])).toEqual([
      [1, ['1', '2']],
      [2, ['', '', '3', '4']],
      [7, ['5']],
      [8, ['6']],
    ]);
  });

  test('without a number take that of their cells', async () => {
    const file = await read(sheetFile('<row><c r="A5"><v>1</v></c></row><row><c r="A6"><v>2</v></c></row>'));
    expect(file.sheets[0]?.rows.map((row) => row.number)).toEqual([5, 6]);
  });

  test('always have rising numbers', async () => {
    const file = await read(
      sheetFile(
        '<row r="3"><c r="A3"><v>1</v></c></row><row r="3"><c r="A3"><v>2</v></c></row><row r="1"><c r="A1"><v>3</v></c></row>',
      ),
    );
    expect(file.sheets[0]?.rows.map((row) => [row.number, row.cells[0]?.text])).toEqual([
      [3, '1'],
      [4, '2'],
      [5, '3'],
    ]);
    expect(warningCodes(file)).toEqual(['row_repeated', 'row_repeated']);
  });

  test('with references of another kind count their cells', async () => {
    const file = await read(sheetFile('<row r="1"><c r="R1C1"><v>1</v></c><c r="R1C2"><v>2</v></c></row>'));
    expect(texts(file)).toEqual([['1', '2']]);
  });

  test('with cells out of order or twice in one place', async () => {
    const file = await read(
      sheetFile('<row r="1"><c r="C1"><v>3</v></c><c r="A1"><v>1</v></c><c r="C1"><v>4</v></c></row>'),
    );
    expect(texts(file)).toEqual([['1', '', '4']]);
    expect(warningCodes(file)).toEqual(['cell_repeated']);
  });

  test('only the first rows of each sheet when asked', async () => {
    const rows = Array.from({ length: 2000 }, (_, i) => `<row r="${i + 1}"><c><v>${i}</v></c></row>`).join('');
    const file = await read(
      workbookFile({
        sheets: [
          { name: 'A', rows },
          { name: 'B', rows },
        ],
      }),
      { rowsPerSheet: 3 },
    );
    expect(file.sheets.map((sheet) => sheet.rows.length)).toEqual([3, 3]);
  });

  test('hidden columns and merges are told', async () => {
    const file = await read(
      workbookFile({
        sheets: [
          {
            name: 'S',
            before:
              '<cols><col min="2" max="3" hidden="1"/><col min="4" max="4"/><col min="9" max="2000000000" hidden="true"/></cols>',
            rows: '<row r="1"><c r="A1"><v>1</v></c><c r="B1"/></row>',
            after: '<mergeCells><mergeCell ref="A1:B1"/></mergeCells>',
          },
        ],
      }),
    );
    expect(file.sheets[0]).toMatchObject({
      hiddenColumns: [
        [1, 2],
        [8, 16383],
      ],
      merges: ['A1:B1'],
    });
    expect(texts(file)).toEqual([['1']]);
  });
});
