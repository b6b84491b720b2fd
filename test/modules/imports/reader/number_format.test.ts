import { SSF } from '@e965/xlsx';
import { compileFormat } from '#src/modules/imports/reader/number_format.ts';

const show = (code: string, value: number, date1904 = false) => compileFormat(code, date1904).number(value);

describe('numbers', () => {
  test.each([
    ['General', 0, '0'],
    ['General', -0, '0'],
    ['General', 1 / 3, '0.333333333'],
    ['General', -1 / 3, '-0.333333333'],
    ['General', 0.1 + 0.2, '0.3'],
    ['General', 123456789.123, '123456789.1'],
    ['General', 0.00001234567, '1.23457E-05'],
    ['General', 0.00001, '0.00001'],
    ['General', 4915112345678, '4915112345678'], // Excel: 4.91511E+12
    ['General', 1e15, '1E+15'],
    ['General" units"', 5, '5 units'],
    ['00000', 6083, '06083'],
    ['00000', -6083, '-06083'],
    ['00000-0000', 123456789, '12345-6789'],
    ['(000) 000-0000', 4155551234, '(415) 555-1234'],
    ['[<=9999999]###-####;(###) ###-####', 5551234, '555-1234'],
    ['[<=9999999]###-####;(###) ###-####', 4155551234, '(415) 555-1234'],
    ['[=50]000', 50, '050'],
    ['[=50]000', 51, '51'],
    ['[=50]000;[=60]0000', 51, '########'],
    ['[>=100]0.0;[<0]"minus "0;0', -5, 'minus 5'],
    ['0.00', 2.675, '2.68'], // the binary value is below the half
    ['0', 0.5, '1'],
    ['0', -0.5, '-1'],
    ['0', 99.5, '100'],
    ['0.00', 0.999, '1.00'],
    ['0.00', 0.001, '0.00'],
    ['#.##', 0, '.'],
    ['#', 0, ''],
    ['0%', 0, '0%'],
    ['0%', 0.05, '5%'],
    ['0.0%', 0.12345, '12.3%'],
    ['#,##0', 1234567, '1,234,567'],
    ['#,##0.00', -1234.5, '-1,234.50'],
    ['0,000', 5, '0,005'],
    ['0.0,', 12345, '12.3'],
    ['0.0,,"M"', 12345678, '12.3M'],
    ['#,##0.00 [$€-407]', 1234.5, '1,234.50 €'],
    ['[$€-2] #,##0.00', 1234.5, '€ 1,234.50'],
    ['[$-409]0.00', 1.5, '1.50'],
    ['"$"#,##0_);[Red]\\("$"#,##0\\)', -1234, '($1,234)'],
    ['_("$"* #,##0.00_);_("$"* \\(#,##0.00\\);_("$"* "-"??_);_(@_)', 1234.5, ' $1,234.50 '],
    ['_("$"* #,##0.00_);_("$"* \\(#,##0.00\\);_("$"* "-"??_);_(@_)', 0, ' $-   '],
    ['0.00E+00', 12345, '1.23E+04'],
    ['0.00E+00', 0, '0.00E+00'],
    ['0E+0', 99.9, '1E+2'],
    ['##0.0E+0', 12345, '12.3E+3'],
    ['# ?/?', 1.5, '1 1/2'],
    ['# ??/??', 3.75, '3  3/4 '],
    ['# ?/8', 0.625, ' 5/8'],
    ['# ?/?', 2, '2    '],
    ['?/?', 1.5, '3/2'],
    ['0;-0;;@', 0, ''],
    [';;;', 12, ''],
    ['0" Stück"', 3, '3 Stück'],
    ['0.00\\ "EUR"', 3, '3.00 EUR'],
    ['@', 12, '12'],
    ['[Red]0', 7, '7'],
    ['[Color 12]0', 7, '7'],
    ['[DBNum1][$-804]0', 7, '7'],
    ['', 7, ''],
    ['0"', 7, '7'],
    ['[', 7, '['],
  ])('%s of %d is %s', (code, value, text) => {
    expect(show(code, value)).toMatchObject({ kind: 'number', text });
  });

  test.each([
    [0.05, '0.05'],
    [0.1 + 0.2, '0.3'],
    [-1234.5, '-1234.5'],
    [1e21, '1000000000000000000000'],
    [1.5e-7, '0.00000015'],
    [123456789012345680, '123456789012346000'],
  ])('the value of %d is %s, whatever the format', (number, value) => {
    expect(show('0%', number).value).toBe(value);
    expect(show('General', number).value).toBe(value);
  });
});

describe('dates', () => {
  test.each([
    ['m/d/yy', 44230, '2/3/21', 'date', '2021-02-03'],
    ['dd.mm.yyyy', 44230, '03.02.2021', 'date', '2021-02-03'],
    ['yyyy-mm-dd', 60, '1900-02-29', 'date', '1900-02-29'],
    ['yyyy-mm-dd', 59, '1900-02-28', 'date', '1900-02-28'],
    ['yyyy-mm-dd', 61, '1900-03-01', 'date', '1900-03-01'],
    ['yyyy-mm-dd', 1, '1900-01-01', 'date', '1900-01-01'],
    ['dddd', 1, 'Sunday', 'date', '1900-01-01'],
    ['dddd', 44230, 'Wednesday', 'date', '2021-02-03'],
    ['d-mmm-yy', 44230, '3-Feb-21', 'date', '2021-02-03'],
    ['mmmmm', 44230, 'F', 'date', '2021-02-03'],
    ['[$-407]d. mmmm yyyy', 44256, '1. März 2021', 'date', '2021-03-01'],
    ['[$-40C]d mmmm yyyy', 44409, '1 août 2021', 'date', '2021-08-01'],
    ['[$-F800]dddd, mmmm dd, yyyy', 44230, 'Wednesday, February 3, 2021', 'date', '2021-02-03'],
    ['yyyy"年"m"月"d"日"', 44230, '2021年2月3日', 'date', '2021-02-03'],
    ['bbbb', 44230, '2564', 'date', '2021-02-03'],
    ['m/d/yy h:mm', 44230.5, '2/3/21 12:00', 'datetime', '2021-02-03T12:00:00'],
    ['[$-409]m/d/yy h:mm AM/PM;@', 44230.75, '2/3/21 6:00 PM', 'datetime', '2021-02-03T18:00:00'],
    ['yyyy-mm-dd hh:mm:ss.000', 44230.123456, '2021-02-03 02:57:46.598', 'datetime', '2021-02-03T02:57:46.598'],
    ['h:mm', 1.0416666, '1:00', 'time', '01:00:00'], // 0:59:59.994
    ['h:mm', 0.999, '23:58', 'time', '23:58:33.600'],
    ['h:mm AM/PM', 0, '12:00 AM', 'time', '00:00:00'],
    ['hh:mm:ss A/P', 0.5, '12:00:00 P', 'time', '12:00:00'],
    ['mm:ss.0', 0.0007, '01:00.5', 'time', '00:01:00.480'],
    ['[h]:mm', 1.5, '36:00', 'duration', 'PT36H'],
    ['[h]:mm:ss', 0.0423611111, '1:01:00', 'duration', 'PT1H1M'],
    ['[mm]:ss', 0.0423611111, '61:00', 'duration', 'PT1H1M'],
    ['[ss].00', 0.0001, '08.64', 'duration', 'PT8.64S'],
    ['[h]:mm', -0.5, '-12:00', 'duration', '-PT12H'],
    ['[h]:mm', 0, '0:00', 'duration', 'PT0S'],
    ['General;[h]:mm', -0.5, '12:00', 'duration', '-PT12H'],
  ])('%s of %d is %s', (code, value, text, kind, canonical) => {
    expect(show(code, value)).toMatchObject({ text, kind, value: canonical });
  });

  test('the 1904 system starts four years and a day later', () => {
    expect(show('yyyy-mm-dd', 0, true)).toMatchObject({ kind: 'date', value: '1904-01-01' });
    expect(show('yyyy-mm-dd', 42768, true)).toMatchObject({ value: '2021-02-03' });
  });

  test.each([-1, 2958466, 1e10])('%d is no date: a number that says so', (value) => {
    expect(show('yyyy-mm-dd', value)).toMatchObject({ kind: 'number', value: String(value), outOfRange: true });
  });

  test('a number that only the other section calls a date stays a number', () => {
    expect(show('0;yyyy', 5)).toMatchObject({ kind: 'number', text: '5' });
  });
});

describe('texts', () => {
  test.each([
    ['General', 'x', 'x'],
    ['0.00', 'x', 'x'],
    ['0;-0;0;"Mr. "@', 'x', 'Mr. x'],
    ['@" !"', 'x', 'x !'],
    [';;;', 'x', ''],
  ])('%s of %s is %s', (code, value, text) => {
    expect(compileFormat(code, false).text(value)).toBe(text);
  });
});

/** The same numbers in the formats people use, as an independent implementation shows them. */
test('agrees with SheetJS where that one is right', () => {
  const codes = [
    '0',
    '0.00',
    '#,##0',
    '#,##0.00',
    '0%',
    '0.00%',
    '0.00E+00',
    '# ?/?',
    '000',
    '+0;-0;0',
    '#,##0;[Red]-#,##0',
  ];
  const dates = [
    'm/d/yy',
    'd-mmm-yy',
    'yyyy-mm-dd',
    'h:mm:ss',
    'mm:ss.0',
    '[h]:mm:ss',
    'mmmm d, yyyy',
    'yyyy-mm-dd hh:mm:ss',
  ];
  const numbers = [0, 1, -1, 0.25, -2.25, 1234.56, -98765.43, 1e9, 0.04];
  const serials = [0.5, 1, 59, 60, 61, 25569, 36526.25, 44000.123, 45678.9];
  for (const code of codes)
    for (const value of numbers)
      expect([code, value, show(code, value).text]).toEqual([code, value, SSF.format(code, value)]);
  for (const code of dates)
    for (const value of serials)
      expect([code, value, show(code, value).text]).toEqual([code, value, SSF.format(code, value)]);
});
