/** Text files: separators, quotes, line ends, and what is done about broken ones. */
import type { CsvChoice } from '#src/modules/imports/reader/csv_options.ts';
import { readHere, testFolder, texts, warningCodes } from '../../../helpers/workbooks.ts';

const put = testFolder();

async function read(content: string | Buffer, csv?: CsvChoice) {
  return readHere(await put('a.csv', content), 'a.csv', csv ? { csv } : {});
}

describe('separators are found', () => {
  test.each([
    [',', 'name,city\nAnn,Bonn\nBob,Rome\n'],
    [';', 'name;amount\nAnn;1,5\nBob;2,75\n'],
    ['\t', 'name\tcity\nAnn, Dr.\tBonn\nBob\tRome\n'],
    ['|', 'name|city|note\nAnn|Bonn|a,b,c\nBob|Rome|d\n'],
    [':', 'name:city\nAnn:Bonn\nBob:Rome\n'],
    [',', 'time,place\n10:30:00,Rome\n11:45:10,Bonn\n'],
    [',', 'first,last,address\nAnn,Lee,"1; 2; 3"\nBob,Ray,"4; 5; 6"\n'],
    [';', '"Name";"Strasse, Nr."\n"Ann";"Hauptstr. 1, Hof"\n"Bob";"Ring 2, EG"\n'],
    [',', 'name\nAnn\nBob Miller\n'], // one column: nothing separates
    [';', 'Customer report, as of today\n\nname;city;phone\nAnn;Bonn;1\nBob;Rome;2\nEve;Oslo;3\n'],
    [',', 'id,note\n1,"a|b|c"\n2,"d|e|f"\n'],
    [',', 'name,url\nAnn,https://a.example/x?y=1\nBob,https://b.example:8080/\n'],
    ['^', 'name^city\nAnn^Bonn\nBob^Rome\n'],
    ['\u001f', 'name\u001fcity\nAnn\u001fBonn\n'],
  ])('%j', async (delimiter, text) => {
    expect((await read(text)).dialect?.delimiter).toBe(delimiter);
  });

  test('a sep= line decides and is no row', async () => {
    for (const line of ['sep=|', '"sep=|"', 'SEP=|']) {
      const file = await read(`${line}\r\nname|a;b\r\nAnn|c;d\r\n`);
      expect(file.dialect?.delimiter).toBe('|');
      expect(file.sheets[0]?.rows.map((row) => [row.number, row.cells[0]?.text])).toEqual([
        [1, 'name'],
        [2, 'Ann'],
      ]);
    }
  });

  test('each detection can be overruled', async () => {
    const text = "a,b;'c,d'\n1,2;'3,4'\n";
    expect(texts(await read(text, { delimiter: ',', quote: '' }))).toEqual([
      ['a', "b;'c", "d'"],
      ['1', "2;'3", "4'"],
    ]);
    expect(texts(await read(text, { delimiter: ';', quote: "'" }))).toEqual([
      ['a,b', 'c,d'],
      ['1,2', '3,4'],
    ]);
    expect(texts(await read('a::b\n1::2\n', { delimiter: '::' }))).toEqual([
      ['a', 'b'],
      ['1', '2'],
    ]);
  });
});

describe('quotes', () => {
  test.each<[string, string, string[][]]>([
    [
      'doubled',
      'a,b\n1,"say ""hi"", ok"\n',
      [
        ['a', 'b'],
        ['1', 'say "hi", ok'],
      ],
    ],
    [
      'with a backslash',
      'a,b\n1,"say \\"hi\\", ok"\n2,"C:\\\\x"\n',
      [
        ['a', 'b'],
        ['1', 'say "hi", ok'],
        ['2', 'C:\\x'],
      ],
    ],
    [
      'a path is no escape',
      'a,b\n1,"C:\\new\\"\n2,"D:\\"\n',
      [
        ['a', 'b'],
        ['1', 'C:\\new\\'],
        ['2', 'D:\\'],
      ],
    ],
    [
      'single',
      "a;b\n'x;y';'it''s'\n'z';'w'\n",
      [
        ['a', 'b'],
        ['x;y', "it's"],
        ['z', 'w'],
      ],
    ],
    [
      'apostrophes are none',
      "name,note\nO'Brien,it's\nD'Arcy,'n\n",
      [
        ['name', 'note'],
        ["O'Brien", "it's"],
        ["D'Arcy", "'n"],
      ],
    ],
    [
      'line breaks inside',
      'a,b\n"1\r\n2","x\ny"\n',
      [
        ['a', 'b'],
        ['1\r\n2', 'x\ny'],
      ],
    ],
    [
      'blanks before and behind',
      'a, "b, c" ,d\n1, "2, 3" ,4\n',
      [
        ['a', 'b, c', 'd'],
        ['1', '2, 3', '4'],
      ],
    ],
    [
      'empty ones',
      'a,b,c\n"","",x\n"",1,""\n',
      [
        ['a', 'b', 'c'],
        ['', '', 'x'],
        ['', '1', ''],
      ],
    ],
    [
      'inch marks',
      'size,n\n5" pipe,1\n7" pipe,2\n',
      [
        ['size', 'n'],
        ['5" pipe', '1'],
        ['7" pipe', '2'],
      ],
    ],
    [
      'a quote in the middle',
      'name,city\n"The "best" shop",Bonn\n"x",Rome\n',
      [
        ['name', 'city'],
        ['The "best" shop', 'Bonn'],
        ['x', 'Rome'],
      ],
    ],
    [
      'text behind the quote',
      'a,b,c\n"x"y,"p","q"\n"1","2","3"\n',
      [
        ['a', 'b', 'c'],
        ['xy', 'p', 'q'],
        ['1', '2', '3'],
      ],
    ],
  ])('%s', async (_name, text, rows) => {
    expect(texts(await read(text))).toEqual(rows);
  });

  test('one that is never closed costs only its own line; where others are not quoted it is kept', async () => {
    const file = await read('name,city\nAnn,"Bonn\nBob,Rome\nEve,"Oslo"\nDan,Riga\n');
    expect(texts(file)).toEqual([
      ['name', 'city'],
      ['Ann', '"Bonn'],
      ['Bob', 'Rome'],
      ['Eve', 'Oslo'],
      ['Dan', 'Riga'],
    ]);
    expect(file.warnings).toMatchObject([{ code: 'quote_unclosed', row: 2 }]);
    expect(texts(await read('name,city\nAnn,"Bonn\nBob,"Rome"\nEve,"Oslo"\nDan,"Riga"\n'))[1]).toEqual(['Ann', 'Bonn']);
  });

  test('one that is never closed, near the start of a long file', async () => {
    const rows = Array.from({ length: 50_000 }, (_, i) => `customer ${i},city ${i}`);
    const file = await read(`name,city\nAnn,"Bonn\n${rows.join('\n')}\n`);
    expect(file.sheets[0]?.rows).toHaveLength(50_002);
    expect(warningCodes(file)).toEqual(['quote_unclosed']);
  });

  test('one that is never closed in a file of ten megabytes', async () => {
    const file = await read(`name,city\nAnn,"Bonn\n${'customer,city of his\n'.repeat(500_000)}`);
    expect(file.sheets[0]?.rows).toHaveLength(500_002);
    expect(warningCodes(file)).toEqual(['quote_unclosed']);
  });

  test.each([
    ['quotes that open before every line end', 'a,b,c\n', '"x" "y" "z\n'],
    ['quotes left open in every value', '"a","b","c"\n', '"1,"2,"3\n'],
    ['quotes far from any separator', 'x,y\n', 'a"b\n'],
    ['an escape far away', '"\\"",y\n', '"a",b\n'],
  ])('%s take no longer than others', async (_name, head, line) => {
    const started = performance.now();
    const file = await read(head + line.repeat(100_000) + head);
    expect(file.sheets[0]?.rows).toHaveLength(100_002);
    expect(performance.now() - started).toBeLessThan(5000);
  });

  test('the last line without line end, with and without quotes', async () => {
    expect(texts(await read('a,b\n1,"2"'))).toEqual([
      ['a', 'b'],
      ['1', '2'],
    ]);
    expect(texts(await read('a,b\n1,'))).toEqual([
      ['a', 'b'],
      ['1', ''],
    ]);
    expect(texts(await read('a,"b"\n1,"2'))).toEqual([
      ['a', 'b'],
      ['1', '"2'],
    ]);
  });
});

describe('what others would lose', () => {
  const head = 'id,name,note';
  test.each<[string, string, string[]]>([
    ['a closing quote forgotten in the last field', '2,Ann,"good, or not', ['2', 'Ann', 'good, or not']],
    ['an opening quote too many at the start', '"2,Ann,"good, or not"', ['"2', 'Ann', 'good, or not']],
    ['an opening quote too many in the middle', '2,"Ann,"good, or not"', ['2', '"Ann', 'good, or not']],
    ['an opening quote forgotten', '2,Ann,good, or not"', ['2', 'Ann', 'good, or not']],
    ['both, in a row with too few separators', '2,Ann"good, or not"', ['2', 'Ann', 'good, or not']],
    ['another quotation mark', "2,Ann,'good, or not'", ['2', 'Ann', 'good, or not']],
    ['another separator', '2;Ann;"good, or not"', ['2', 'Ann', 'good, or not']],
    ['an opening quote in the last field', '2,Ann,"good', ['2', 'Ann', 'good']],
  ])('%s', async (_name, line, row) => {
    const file = await read(`${head}\n1,Bob,"x, y"\n${line}\n3,Eve,"p, q"\n4,Dan,"r, s"\n`);
    expect(texts(file)).toEqual([
      head.split(','),
      ['1', 'Bob', 'x, y'],
      row,
      ['3', 'Eve', 'p, q'],
      ['4', 'Dan', 'r, s'],
    ]);
    expect(file.warnings).toMatchObject([{ row: 3 }]);
  });

  test('quotes inside quotes in every row', async () => {
    const file = await read('name,note\n"The "best" shop, Bonn",1\n"The "old" one, Rome",2\n');
    expect(texts(file)).toEqual([
      ['name', 'note'],
      ['The "best" shop, Bonn', '1'],
      ['The "old" one, Rome', '2'],
    ]);
  });

  test.each([
    [', ', 'name, city, n\nAnn, Bonn, 1\n"Lee, Bob", Rome, 2\n'],
    [' ; ', 'name ; city ; n\nAnn ; Bonn ; 1\n"Lee, Bob" ; Rome ; 2\n'],
    ['||', 'name||city||n\nAnn||Bonn||1\n"Lee, Bob"||Rome||2\n'],
  ])('separator %j', async (delimiter, text) => {
    const file = await read(text);
    expect(file.dialect?.delimiter).toBe(delimiter);
    expect(texts(file)).toEqual([
      ['name', 'city', 'n'],
      ['Ann', 'Bonn', '1'],
      ['Lee, Bob', 'Rome', '2'],
    ]);
  });

  test.each(['Full name\nAnn Lee\nBob Ray\n', '10:30\n11:45\n12:00\n', 'Address\nMain St 5, Berlin\nRing 2, Bonn\n'])(
    'one column: %j',
    async (text) => {
      expect(texts(await read(text))).toEqual(
        text
          .trim()
          .split('\n')
          .map((line) => [line]),
      );
    },
  );
});

describe('lines', () => {
  test.each([
    ['LF', '\n'],
    ['CR LF', '\r\n'],
    ['CR', '\r'],
    ['CR CR LF', '\r\r\n'],
  ])('%s', async (_name, end) => {
    const file = await read(`a,b${end}1,2${end}${end}3,4${end}`);
    expect(file.sheets[0]?.rows.map((row) => [row.number, ...row.cells.map((cell) => cell.text)])).toEqual([
      [1, 'a', 'b'],
      [2, '1', '2'],
      [4, '3', '4'],
    ]);
  });

  test('mixed ends', async () => {
    expect(texts(await read('a,b\r\n1,2\n3,4\r5,6\r\n'))).toEqual([
      ['a', 'b'],
      ['1', '2'],
      ['3', '4'],
      ['5', '6'],
    ]);
  });

  test('ragged rows keep all their values and are said aloud, a title is not', async () => {
    const file = await read('List\na,b,c\n1,2,3\n4\n5,6,7,8\n9,10,11\n');
    expect(texts(file).slice(2)).toEqual([['1', '2', '3'], ['4'], ['5', '6', '7', '8'], ['9', '10', '11']]);
    expect(file.warnings).toMatchObject([
      { code: 'ragged_rows', row: 4 },
      { code: 'ragged_rows', row: 5 },
    ]);
  });

  test('equal and strange headers are all there', async () => {
    const file = await read('name,name,,__proto__,constructor, name \n1,2,3,4,5,6\n');
    expect(texts(file)[0]).toEqual(['name', 'name', '', '__proto__', 'constructor', ' name ']);
  });

  test('zero bytes and the end mark of DOS are left out', async () => {
    const file = await read('a,b\n1\0,2\n\x1a');
    expect(texts(file)).toEqual([
      ['a', 'b'],
      ['1', '2'],
    ]);
    expect(warningCodes(file)).toEqual(['characters_removed']);
  });

  test('a smuggled line break makes one row, not two', async () => {
    const file = await read('name,role\n"Ann\r\nadmin@x,owner",user\nBob,user\n');
    expect(texts(file)).toEqual([
      ['name', 'role'],
      ['Ann\r\nadmin@x,owner', 'user'],
      ['Bob', 'user'],
    ]);
  });

  test('a line of two megabytes is one cell, cut aloud', async () => {
    const file = await read(`a,b\n1,${'x'.repeat(2_000_000)}\n3,4\n`);
    expect(file.sheets[0]?.rows.map((row) => row.cells[1]?.text.length)).toEqual([1, 100_000, 1]);
    expect(file.warnings).toMatchObject([{ code: 'cell_cut', row: 2 }]);
  });

  test('numbers that Excel has shortened are pointed at', async () => {
    const file = await read('name,phone\nAnn,4.91512E+11\nBob,"4,91512E+11"\nEve,12E3\n');
    expect(file.warnings.map((warning) => [warning.code, warning.row])).toEqual([
      ['scientific_number', 2],
      ['scientific_number', 3],
    ]);
  });

  test('quoted fields across pieces of the file', async () => {
    const rows = Array.from({ length: 30_000 }, (_, i) => [`n${i}`, `line 1 of ${i}\nline "2", ü🎉`, `${i}`]);
    const text = rows.map((row) => row.map((cell) => `"${cell.replaceAll('"', '""')}"`).join(',')).join('\r\n');
    expect(texts(await read(text))).toEqual(rows);
  });
});

describe('limits', () => {
  test('of rows and columns refuse the file', async () => {
    const path = await put('a.csv', 'a,b,c\n1,2,3\n4,5,6\n');
    await expect(readHere(path, 'a.csv', { limits: { rows: 2 } })).rejects.toMatchObject({ code: 'too_many_rows' });
    await expect(readHere(path, 'a.csv', { limits: { columns: 2 } })).rejects.toMatchObject({
      code: 'too_many_columns',
      details: { row: 1 },
    });
    await expect(readHere(path, 'a.csv', { limits: { cells: 8 } })).rejects.toMatchObject({ code: 'too_many_cells' });
    await expect(readHere(path, 'a.csv', { limits: { fileBytes: 10 } })).rejects.toMatchObject({
      code: 'file_too_large',
    });
  });

  test('exactly reached are fine', async () => {
    const path = await put('a.csv', 'a,b,c\n1,2,3\n');
    expect(texts(await readHere(path, 'a.csv', { limits: { rows: 2, columns: 3, cells: 6 } }))).toHaveLength(2);
  });

  test('a preview stops early', async () => {
    const path = await put('a.csv', 'a,b\n'.repeat(500_000));
    const file = await readHere(path, 'a.csv', { rowsPerSheet: 5 });
    expect(file.sheets[0]?.rows).toHaveLength(5);
  });
});
