/** Files that are something else: each is recognised by its content and refused with what to do. */
import { READ_ERRORS, ReadError } from '#src/modules/imports/reader/errors.ts';
import {
  readHere,
  sheetFile,
  testFolder,
  texts,
  warningCodes,
  workbookFile,
  zipOf,
} from '../../../helpers/workbooks.ts';

const put = testFolder();
const OLE = Buffer.from('d0cf11e0a1b11ae1', 'hex');
const ole = (name: string) => Buffer.concat([OLE, Buffer.alloc(1500), Buffer.from(name, 'utf16le'), Buffer.alloc(500)]);
const zip = (...names: string[]) => zipOf(names.map((name) => ({ name, data: 'x' })));

async function refusal(name: string, content: string | Buffer): Promise<ReadError> {
  const path = await put(name, content);
  try {
    await readHere(path, name);
  } catch (error) {
    if (error instanceof ReadError) return error;
    throw error;
  }
  throw new Error(`${name} was read`);
}

test.each<[string, string, string | Buffer]>([
  ['empty_file', 'a.xlsx', ''],
  ['empty_file', 'a.csv', '\ufeff'],
  ['empty_file', 'a.csv', '\r\n  \r\n'],
  ['encrypted', 'a.xlsx', ole('EncryptedPackage')],
  ['encrypted', 'a.xlsx', zipOf([{ name: 'xl/workbook.xml', data: 'x', flags: 1 }])],
  ['old_excel', 'a.xlsx', ole('Workbook\0')],
  ['old_excel', 'a.xls', ole('Book\0')],
  ['old_excel', 'a.xls', Buffer.from('0904060000001000', 'hex')],
  ['other_office', 'a.xlsx', ole('WordDocument')],
  ['other_office', 'a.xlsx', zip('[Content_Types].xml', 'word/document.xml')],
  ['other_office', 'a.csv', '{\\rtf1\\ansi hello}'],
  ['binary_excel', 'a.xlsx', zip('[Content_Types].xml', 'xl/workbook.bin')],
  ['opendocument', 'a.xlsx', zip('mimetype', 'content.xml', 'styles.xml')],
  ['numbers', 'a.xlsx', zip('Index/Document.iwa', 'Metadata/Properties.plist')],
  ['zip_archive', 'a.zip', zip('customers.csv')],
  ['zip_archive', 'a.xlsx', Buffer.from('1f8b0800', 'hex')],
  ['html', 'a.xls', '<html><body><table><tr><td>1</td></tr></table></body></html>'],
  ['html', 'a.xlsx', '\ufeff<!DOCTYPE html>\n<html lang="en">'],
  ['html', 'a.xls', Buffer.from('\ufeff<table border="1"><tr>', 'utf16le')],
  [
    'xml_spreadsheet',
    'a.xls',
    '<?xml version="1.0"?>\n<?mso-application progid="Excel.Sheet"?>\n<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet">',
  ],
  ['not_a_list', 'a.csv', '<?xml version="1.0"?><customers/>'],
  ['html', 'a.xls', 'MIME-Version: 1.0\r\nContent-Type: multipart/related\r\n\r\n<html>'],
  ['damaged_zip', 'a.xlsx', Buffer.concat([Buffer.from('\r\n'), zip('xl/workbook.xml')])],
  ['pdf', 'a.xlsx', '%PDF-1.7\n'],
  ['json_file', 'a.csv', '[{"name": "Ann"}]'],
  ['json_file', 'a.csv', '{\n  "customers": []\n}'],
  ['not_a_list', 'a.csv', Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex')],
  ['not_a_list', 'a.csv', Buffer.from(Array.from({ length: 5000 }, (_, i) => (i * 7919 + ((i * i) >> 3)) % 256))],
  ['damaged_zip', 'a.xlsx', sheetFile('<row r="1"><c r="A1"><v>1</v></c></row>').subarray(0, 900)],
  ['damaged_zip', 'a.xlsx', 'PK\x03\x04 and then nothing'],
  ['damaged_workbook', 'a.xlsx', sheetFile('<row r="1"><c r="A1"><v>1</v></row>')],
  ['damaged_workbook', 'a.xlsx', sheetFile('', { parts: { 'xl/workbook.xml': '<workbook><sheets>' } })],
  ['damaged_workbook', 'a.xlsx', sheetFile('', { parts: { 'xl/workbook.xml': '' } })],
  ['damaged_workbook', 'a.xlsx', zip('[Content_Types].xml')],
  ['no_sheets', 'a.xlsx', workbookFile({ sheets: [] })],
  ['unsupported_compression', 'a.xlsx', zipOf([{ name: 'xl/workbook.xml', data: 'x', method: 14 }])],
])('%s: %s (%#)', async (code, name, content) => {
  const error = await refusal(name, content);
  expect(error.code).toBe(code);
  expect(error.message).not.toMatch(/[{}]|undefined/);
});

test('a file that is not there', async () => {
  await expect(readHere('/nowhere/a.xlsx', 'a.xlsx')).rejects.toMatchObject({ code: 'not_found' });
});

test('text with the name of a workbook is read, and said', async () => {
  const file = await readHere(await put('a.xlsx', 'name;city\nAnn;Bonn\n'), 'a.xlsx');
  expect(texts(file)).toEqual([
    ['name', 'city'],
    ['Ann', 'Bonn'],
  ]);
  expect(warningCodes(file)).toEqual(['is_csv']);
});

test('a workbook with the name of a text file is read, and said', async () => {
  const file = await readHere(await put('a.csv', sheetFile('<row r="1"><c r="A1"><v>1</v></c></row>')), 'a.csv');
  expect(texts(file)).toEqual([['1']]);
  expect(warningCodes(file)).toEqual(['is_workbook']);
});

test('every message says what to do', () => {
  for (const [code, message] of Object.entries(READ_ERRORS)) {
    expect([code, message]).toEqual([code, expect.stringMatching(/^[A-Z].{15,}\.$/)]);
  }
});
