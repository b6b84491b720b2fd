/** Which character set a text file is in. */
import iconv from 'iconv-lite';
import { readHere, testFolder, texts, warningCodes } from '../../../helpers/workbooks.ts';

const put = testFolder();
const TEXT = 'Name;Ort\r\nMüller;Köln\r\nJosé Núñez;Málaga\r\nFrançois;Orléans\r\n';

async function read(content: Buffer, encoding?: string) {
  return readHere(await put('a.csv', content), 'a.csv', encoding === undefined ? {} : { csv: { encoding } });
}

const mark = (text: string) => `\ufeff${text}`;

test.each([
  ['utf-8', iconv.encode(TEXT, 'utf8'), []],
  ['utf-8', iconv.encode(mark(TEXT), 'utf8'), []],
  ['utf-16le', iconv.encode(TEXT, 'utf-16le'), []],
  ['utf-16le', iconv.encode(mark(TEXT), 'utf-16le'), []],
  ['utf-16be', iconv.encode(TEXT, 'utf-16be'), []],
  ['utf-16be', iconv.encode(mark(TEXT), 'utf-16be'), []],
  ['utf-32le', iconv.encode(TEXT, 'utf-32le'), []],
  ['utf-32le', iconv.encode(mark(TEXT), 'utf-32le'), []],
  ['utf-32be', iconv.encode(TEXT, 'utf-32be'), []],
  ['utf-32be', iconv.encode(mark(TEXT), 'utf-32be'), []],
  ['windows-1252', iconv.encode(TEXT, 'windows-1252'), ['encoding_guessed']],
  ['macintosh', iconv.encode(TEXT, 'macintosh'), ['encoding_guessed']],
  ['cp850', iconv.encode(TEXT, 'cp850'), ['encoding_guessed']],
])('%s %#', async (encoding, content, warnings) => {
  const file = await read(content);
  expect(file.dialect?.encoding).toBe(encoding);
  expect(texts(file)).toEqual([
    ['Name', 'Ort'],
    ['Müller', 'Köln'],
    ['José Núñez', 'Málaga'],
    ['François', 'Orléans'],
  ]);
  expect(warningCodes(file)).toEqual(warnings);
});

test.each([
  ['windows-1250', 'Imię;Miasto\nŁukasz Wójcik;Łódź\nŻaneta;Gdańsk\n'],
  ['windows-1250', 'Jméno;Město\nŠárka Dvořáková;Příbram\nJiří;České Budějovice\n'],
  [
    'windows-1250',
    'Név;Cím;Város\nKovács János;Petőfi út 3;Győr\nSzűcs Éva;Fő utca 5;Érd\nTóth Ödön;Kossuth tér 1;Pécs\n',
  ],
  [
    'windows-1250',
    'Nume;Oraș\nȘtefan Ionescu;București\nIoana Pătrașcu;Târgu Mureș\n'.replaceAll('ș', 'ş').replaceAll('Ș', 'Ş'),
  ],
  ['windows-1252', 'Nome;Cidade\nJoão Simões;São Paulo\nConceição Guimarães;Maceió\n'],
  ['windows-1252', 'Nombre;Ciudad\nPeña Núñez;Logroño\nÁngel Ibáñez;Málaga\n'],
  ['windows-1252', 'Nom;Ville\nBenoît Châtelet;Août\nHélène Lefèvre;Besançon\nLoïc Crûs;Nîmes\n'],
  ['windows-1252', 'Name;Stadt\nSimões;Köln\nMüller;Düsseldorf\n'],
  ['windows-1252', 'Navn;By\nSøren Ærø;Åbo\nBjørn;Tromsø\n'],
  ['windows-1251', 'Имя;Город\nИван Петров;Москва\nООО Ромашка;Казань\n'],
  ['koi8-r', 'Имя;Город\nИван Петров;Москва\nООО Ромашка;Казань\n'],
  ['windows-1253', 'Όνομα;Πόλη\nΓιώργος Παπαδόπουλος;Αθήνα\n'],
  ['windows-1254', 'Ad;Şehir\nAyşe Yıldız;İstanbul\nIşık Çağlar;Eskişehir\n'],
  ['windows-1255', 'שם;עיר\nדוד כהן;תל אביב\n'],
  ['windows-1256', 'الاسم;المدينة\nمحمد علي;القاهرة\n'],
  ['windows-1257', 'Vardas;Miestas\nŽygimantas Jančiauskas;Šiauliai\nĄžuolas;Kaunas\n'],
  ['shift_jis', '名前;住所\n田中太郎;東京都\nスズキ;オオサカ\n株式会社さくら;北海道\n'],
  ['euc-jp', '名前;住所\n田中太郎;東京都\nスズキ;オオサカ\n株式会社さくら;北海道\n'],
  ['gb18030', '姓名;公司\n张伟;北京有限公司\n王芳;上海市中山路\n'],
  ['big5', '姓名;公司\n陳大文;台北市中山路有限公司\n'],
  ['euc-kr', '이름;회사\n김철수;서울특별시\n주식회사 한국;부산\n'],
])('%s is guessed', async (encoding, text) => {
  const file = await read(iconv.encode(text, encoding));
  expect(file.dialect?.encoding).toBe(encoding);
  expect(texts(file)).toEqual(
    text
      .trim()
      .split('\n')
      .map((line) => line.split(';')),
  );
});

test('the person can choose another one', async () => {
  const content = iconv.encode('Όνομα;Πόλη\nΓιώργος;Αθήνα\n', 'iso-8859-7');
  expect(texts(await read(content, 'ISO-8859-7'))[1]).toEqual(['Γιώργος', 'Αθήνα']);
  expect(texts(await read(iconv.encode(mark(TEXT), 'utf8'), 'utf8'))[0]).toEqual(['Name', 'Ort']);
  await expect(read(content, 'klingon')).rejects.toMatchObject({ code: 'unknown_encoding' });
  await expect(read(content, '__proto__')).rejects.toMatchObject({ code: 'unknown_encoding' });
});

test('a wrong byte far down does not turn the whole file around', async () => {
  const rows = Array.from({ length: 50_000 }, (_, i) => `Müller ${i};Köln`).join('\n');
  const content = Buffer.concat([Buffer.from(`${rows}\n`), iconv.encode('Jürgen;Fürth\n', 'windows-1252')]);
  const file = await read(content);
  expect(file.dialect?.encoding).toBe('utf-8');
  expect(texts(file)[49_999]).toEqual(['Müller 49999', 'Köln']);
  expect(texts(file)[50_000]).toEqual(['Jürgen', 'Fürth']);
  expect(warningCodes(file)).toEqual(['bytes_unreadable']);
});

test('plain letters are UTF-8 and say nothing', async () => {
  const file = await read(Buffer.from('a,b\n1,2\n'));
  expect(file.dialect?.encoding).toBe('utf-8');
  expect(file.warnings).toEqual([]);
});

test('characters that the file itself has lost are pointed at', async () => {
  const file = await read(Buffer.from('Name\nM\ufffdller\n'));
  expect(file.warnings).toMatchObject([{ code: 'bytes_unreadable', row: 2, message: expect.stringContaining('lost') }]);
});

test('characters of several bytes stay whole wherever a piece of the file ends', async () => {
  for (const [shift, encoding] of [
    ['', 'utf8'],
    ['a', 'utf8'],
    ['ab', 'utf8'],
    ['abc', 'utf8'],
    ['', 'utf-16le'],
    ['a', 'utf-16be'],
    ['a', 'utf-32le'],
  ] as const) {
    const cells = Array.from({ length: 300 }, () => '🎉ü'.repeat(250));
    const file = await read(iconv.encode(`${shift};${cells.join('\n;')}\n`, encoding, { addBOM: true }));
    expect(file.sheets[0]?.rows.every((row) => row.cells[1]?.text === cells[0])).toBe(true);
  }
});
