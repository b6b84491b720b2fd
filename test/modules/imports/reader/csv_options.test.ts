/** What a person may choose instead of what was detected, and how the choice is told. */
import iconv from 'iconv-lite';
import {
  CSV_DELIMITERS,
  CSV_ENCODINGS,
  CSV_QUOTES,
  choiceOf,
  describeDialect,
  optionsOf,
  readCsvOptions,
} from '#src/modules/imports/reader/csv_options.ts';
import { inspectFile, type ReadOptions } from '#src/modules/imports/reader/run.ts';
import { readHere, testFolder, texts } from '../../../helpers/workbooks.ts';

const put = testFolder();

async function inspect(content: string | Buffer, csv?: ReadOptions['csv']) {
  const options: ReadOptions = { name: 'a.csv' };
  if (csv) options.csv = csv;
  const { dialect, sheets, warnings } = await inspectFile(await put('a.csv', content), options);
  return {
    dialect: dialect!,
    rows: sheets[0]!.rows.map((row) => row.cells.map((cell) => cell.text)),
    codes: warnings.map(({ code }) => code),
  };
}

test('a choice replaces the detection, the rest is still detected, and both are told', async () => {
  const text = iconv.encode("Név;Cím\nErdős;'Fő út; 1'\n", 'windows-1250');
  const guessed = await inspect(text);
  expect(describeDialect(guessed.dialect)).toMatchObject({ delimiter: 'Semicolon  ;' });
  const chosen = await inspect(text, { encoding: 'windows-1250', quote: 'single' });
  expect(chosen.rows[1]).toEqual(['Erdős', 'Fő út; 1']);
  expect(optionsOf(chosen.dialect)).toEqual({ encoding: 'windows-1250', delimiter: 'semicolon', quote: 'single' });
  expect(chosen.codes).toEqual([]);
  const comma = await inspect('a;b, c\n1;2, 3\n', { delimiter: 'comma', quote: 'none' });
  expect(comma.rows).toEqual([
    ['a;b', 'c'],
    ['1;2', '3'],
  ]);
  expect(optionsOf(comma.dialect)).toMatchObject({ delimiter: 'comma', quote: 'none' });
});

test('a chosen separator wins over the sep= line, which is still no row', async () => {
  expect((await inspect('sep=;\na|b;c\n', { delimiter: 'pipe' })).rows).toEqual([['a', 'b;c']]);
});

test('every option reads every kind of bytes without failing', async () => {
  const paths = await Promise.all(
    [
      Buffer.from('Müller;Köln\n"a";\'b\'\n'),
      iconv.encode('Müller;Köln\n', 'utf-16', { addBOM: true }),
      Buffer.from(Array.from({ length: 512 }, (_, i) => (i * 7 + 3) % 256)),
      Buffer.from([0xff]),
    ].map((content) => put('a.csv', content)),
  );
  const choices = [
    ...CSV_ENCODINGS.map(({ value }) => ({ encoding: value })),
    ...CSV_DELIMITERS.flatMap(({ value }) => CSV_QUOTES.map((quote) => ({ delimiter: value, quote: quote.value }))),
  ];
  for (const path of paths) {
    for (const options of choices) {
      const file = await readHere(path, 'a.csv', { csv: choiceOf(options) }).catch((error) => error);
      // bytes of a text in no character set may be refused, in words
      if (file instanceof Error) expect(file).toMatchObject({ code: 'not_a_list' });
      else expect(file.dialect).toBeDefined();
    }
  }
});

test('a character set that cannot be right is read as chosen and pointed at', async () => {
  const utf8 = 'Name\nMüller\n';
  expect(await inspect(utf8, { encoding: 'windows-1252' })).toMatchObject({
    rows: [['Name'], ['MÃ¼ller']],
    codes: ['encoding_doubtful'],
  });
  expect((await inspect('Name\nMiller\n', { encoding: 'utf-16' })).codes).toContain('encoding_doubtful');
  expect((await inspect('Name\nMiller\n', { encoding: 'iso-8859-7' })).codes).toEqual([]);
  const latin = await put('a.csv', iconv.encode(utf8, 'windows-1252'));
  const wrong = await readHere(latin, 'a.csv', { csv: choiceOf({ encoding: 'utf-8' }) });
  expect(texts(wrong)).toEqual([['Name'], ['M\ufffdller']]);
  expect(wrong.warnings).toMatchObject([{ code: 'bytes_unreadable', row: 2 }]);
});

test.each(['utf-16le', 'utf-16be', 'utf-32le', 'utf-32be'])('the byte order of %s is found', async (encoding) => {
  for (const addBOM of [true, false]) {
    const family = encoding.slice(0, 6);
    const { rows, dialect } = await inspect(iconv.encode('Name;Ort\nAnn;Köln\n', encoding, { addBOM }), {
      encoding: family,
    });
    expect(rows[0]).toEqual(['Name', 'Ort']);
    expect(optionsOf(dialect).encoding).toBe(family);
  }
});

test('values of a form are checked, empty ones mean detection', async () => {
  expect(readCsvOptions({ encoding: '', delimiter: undefined, other: 'x' })).toEqual({});
  expect(readCsvOptions({ encoding: 'gb18030', delimiter: 'tab', quote: 'none' })).toEqual({
    encoding: 'gb18030',
    delimiter: 'tab',
    quote: 'none',
  });
  for (const bad of [{ encoding: 'klingon' }, { delimiter: '__proto__' }, { quote: ['double'] }, { delimiter: ',' }])
    expect(() => readCsvOptions(bad)).toThrow('cannot be read with this setting');
  await expect(inspect('a\n', { encoding: 'klingon' })).rejects.toMatchObject({ code: 'bad_option' });
  const values = [...CSV_ENCODINGS, ...CSV_DELIMITERS, ...CSV_QUOTES].map(({ value }) => value);
  expect(new Set(values).size).toBe(values.length);
  for (const { value } of CSV_ENCODINGS) expect(iconv.encodingExists(value)).toBe(true);
});
