// Numbers, amounts, dates and times: what people type, spreadsheets show and programs send, and how it is shown again.
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { DateTime } from 'luxon';
import { formatDate, formatInstant, isDate, readDate } from '../../src/kernel/fields/dates.ts';
import type { Field, Value } from '../../src/kernel/fields/field.ts';
import { f } from '../../src/kernel/fields/index.ts';
import { formatMoney, readNumber, roundDecimal } from '../../src/kernel/fields/numbers.ts';

const berlin = { locale: 'en-GB', time_zone: 'Europe/Berlin', currency: 'EUR' };

/** What a field makes of a typed text: its value, or 'wrong'. */
const typed = (field: Field, text: string, locale = berlin): Value | 'wrong' => {
  const parsed = field.fromText(text, locale);
  return parsed.ok ? parsed.value : 'wrong';
};
/** What a field makes of a program's value: the stored value, or 'wrong'. */
const sent = (field: Field, value: unknown): Value | 'wrong' => {
  const parsed = field.schema.safeParse(value);
  return parsed.success ? (parsed.data as Value) : 'wrong';
};

test.each([
  ['1234.5', 'en-GB', '1234.5'],
  ['1,234.50', 'en-GB', '1234.50'],
  ['1.234,50', 'en-GB', '1234.50'],
  ['1,234', 'en-GB', '1234'],
  ['1.234', 'en-GB', '1.234'],
  ['1.234', 'de-DE', '1234'],
  ['1,234', 'de-DE', '1.234'],
  ['1.234,5', 'de-DE', '1234.5'],
  ['1.234.567,89', 'de-DE', '1234567.89'],
  ['1 234,50', 'fr-FR', '1234.50'],
  ['1\u202f234,50', 'fr-FR', '1234.50'],
  ['1\u00a0234,50', 'pl-PL', '1234.50'],
  ["1'234.50", 'de-CH', '1234.50'],
  ['1’234.50', 'de-CH', '1234.50'],
  ['€ 1.234,50', 'de-DE', '1234.50'],
  ['1.234,50 €', 'de-DE', '1234.50'],
  ['1 234,50 zł', 'pl-PL', '1234.50'],
  ['CHF 12.30', 'de-CH', '12.30'],
  ['-5', 'en-GB', '-5'],
  ['5-', 'en-GB', '-5'],
  ['−5', 'en-GB', '-5'],
  ['(5.00)', 'en-GB', '-5.00'],
  ['+5', 'en-GB', '5'],
  ['.5', 'en-GB', '0.5'],
  ['1,2,3', 'en-GB', null],
  ['1.2.3', 'de-DE', null],
  ['1,23,456', 'en-GB', null],
  ['12e3', 'en-GB', null],
  ['0x10', 'en-GB', null],
  ['1 2 apples', 'en-GB', null],
  ['--5', 'en-GB', null],
  ['', 'en-GB', null],
  ['-', 'en-GB', null],
  ['١٢', 'en-GB', null],
  ['Infinity', 'en-GB', null],
  ['NaN', 'en-GB', null],
])('the number %j written in %s is %j', (text, locale, expected) => {
  expect(readNumber(text, locale)).toBe(expected);
});

test('amounts are rounded in decimal, away from zero, and stay exact', () => {
  expect([roundDecimal('1.005', 2), roundDecimal('-1.005', 2), roundDecimal('2.675', 2)]).toEqual([
    '1.01',
    '-1.01',
    '2.68',
  ]);
  expect([roundDecimal('-0.001', 2), roundDecimal('0.5', 0), roundDecimal('9999999999999.99', 2)]).toEqual([
    '0.00',
    '1',
    '9999999999999.99',
  ]);
  const money = f.money();
  expect([sent(money, 0.1 + 0.2), sent(money, '1.005'), sent(money, 1.005), sent(money, '0.30')]).toEqual([
    '0.30',
    '1.01',
    '1.01',
    '0.30',
  ]);
  for (const value of [
    -1,
    '-0.01',
    1e14,
    '10000000000000',
    1e21,
    Number.NaN,
    '1e3',
    '0x10',
    ' 1',
    '1,5',
    true,
    [1],
    null,
  ])
    expect(`${JSON.stringify(value)} ${sent(money, value)}`).toBe(`${JSON.stringify(value)} wrong`);
  expect([typed(money, '1.005'), typed(money, '-1'), typed(money, '12 %')]).toEqual(['1.01', 'wrong', '12.00']);
  expect([sent(f.number({ max: 100, min: 0 }), 100), sent(f.number({ max: 100, min: 0 }), 101)]).toEqual([
    100,
    'wrong',
  ]);
});

test.each([
  ['2026-04-03', 'en-GB', '2026-04-03'],
  ['03/04/2026', 'en-GB', '2026-04-03'],
  ['03/04/2026', 'en-US', '2026-03-04'],
  ['3.4.2026', 'de-DE', '2026-04-03'],
  ['3.4.2026', 'en-US', '2026-04-03'],
  ['3 Apr 2026', 'en-GB', '2026-04-03'],
  ['April 3, 2026', 'en-US', '2026-04-03'],
  ['2026/4/3', 'ja-JP', '2026-04-03'],
  ['2026-04-03T00:00:00Z', 'en-GB', '2026-04-03'],
  ['29.02.2024', 'de-DE', '2024-02-29'],
  ['29.02.2023', 'de-DE', null],
  ['31/02/2024', 'en-GB', null],
  ['2026-13-01', 'en-GB', null],
  ['0000-01-01', 'en-GB', null],
  ['1 Jan 0000', 'en-GB', null],
  ['0001-01-01', 'en-GB', '0001-01-01'],
  ['9999-12-31', 'en-GB', '9999-12-31'],
  ['10000-01-01', 'en-GB', null],
  ['2038-01-19', 'en-GB', '2038-01-19'],
  ['now()', 'en-GB', null],
  ['today', 'en-GB', null],
  ['infinity', 'en-GB', null],
  ['45000', 'en-GB', null],
])('the date %j written in %s is %j', (text, locale, expected) => {
  expect(readDate(text, locale)).toBe(expected);
});

test('programs send dates and times in ISO form that exist and that the database can hold', () => {
  for (const day of ['2024-02-29', '0001-01-01', '9999-12-31']) expect(sent(f.date(), day)).toBe(day);
  for (const day of ['2023-02-29', '0000-01-01', '2026-4-3', '2026-04-03T00:00:00Z', '10000-01-01', 20260403, null])
    expect(`${day} ${sent(f.date(), day)}`).toBe(`${day} wrong`);
  expect(isDate('2026-02-30')).toBe(false);
  const timestamp = f.timestamp();
  for (const time of ['2026-03-29T00:30:00Z', '2026-03-29T02:30:00.123+02:00', '1969-12-31T23:59:59Z'])
    expect(sent(timestamp, time)).toBe(time);
  for (const time of [
    '2026-03-29',
    '2026-02-30T00:00:00Z',
    '0000-01-01T00:00:00Z',
    '9999-12-31T23:59:59-12:00',
    'now',
    0,
  ])
    expect(`${time} ${sent(timestamp, time)}`).toBe(`${time} wrong`);
  const newYork = { ...berlin, time_zone: 'America/New_York' };
  expect(typed(timestamp, '9999-12-31 23:59', newYork)).toBe('wrong');
});

test.each([
  ['2026-03-28 02:30', '2026-03-28T01:30:00.000Z', 'an ordinary night'],
  ['2026-03-29 01:59', '2026-03-29T00:59:00.000Z', 'before the clocks go forward'],
  ['2026-03-29 02:30', '2026-03-29T01:30:00.000Z', 'an hour that does not exist: the clock reads 03:30'],
  ['2026-10-25 02:30', '2026-10-25T00:30:00.000Z', 'an hour that comes twice: the first'],
  ['2026-10-25 03:30', '2026-10-25T02:30:00.000Z', 'after the clocks went back'],
  ['2026-06-01', '2026-05-31T22:00:00.000Z', 'a day alone begins at midnight of the zone'],
  ['3 Apr 2026', '2026-04-02T22:00:00.000Z', 'a day in words'],
])('%s in Berlin is %s: %s', (text, expected) => {
  expect(typed(f.timestamp(), text)).toBe(expected);
});

test('amounts and dates are written as each locale writes them, and what a form shows it can read back', () => {
  const plain = (text: string) => text.replace(/[\u00a0\u202f]/g, ' ').replaceAll('’', "'");
  expect(
    ['en-GB', 'de-DE', 'fr-FR', 'pl-PL', 'de-CH'].map((locale) => plain(formatMoney('1234567.5', 'EUR', { locale }))),
  ).toEqual(['€1,234,567.50', '1.234.567,50 €', '1 234 567,50 €', '1 234 567,50 €', "EUR 1'234'567.50"]);
  expect(formatMoney('9999999999999.99', 'EUR', { locale: 'en-GB' })).toBe('€9,999,999,999,999.99');
  expect(['en-GB', 'en-US', 'de-DE'].map((locale) => formatDate('2026-04-03', { locale }))).toEqual([
    '3 Apr 2026',
    'Apr 3, 2026',
    '03.04.2026',
  ]);
  for (const locale of ['en-GB', 'en-US', 'de-DE', 'fr-FR', 'pl-PL', 'de-CH', 'tr-TR', 'hi-IN']) {
    const there = { ...berlin, locale };
    for (const amount of ['0.00', '0.05', '1234.50', '1000.00', '9999999999999.00'])
      expect(`${locale} ${typed(f.money(), f.money().toText(amount, there), there)}`).toBe(`${locale} ${amount}`);
    expect(typed(f.date(), f.date().toText('2026-04-03', there), there)).toBe('2026-04-03');
    const shown = f.timestamp().toText('2026-03-29 00:30:00+00', there);
    expect(typed(f.timestamp(), shown, there)).toBe('2026-03-29T00:30:00.000Z');
  }
  const now = DateTime.fromISO('2026-04-03T12:00:00Z') as DateTime<true>;
  expect(formatInstant('2026-04-03 11:59:30.5+00', berlin, now)[0]).toBe('just now');
  expect(formatInstant('2026-04-03 10:00:00+00', berlin, now)).toEqual(['2 hours ago', '3 Apr 2026, 12:00 CEST']);
  expect(formatInstant('2025-12-31 23:30:00+00', berlin, now)).toEqual(['1 Jan 2026', '1 Jan 2026, 00:30 CET']);
});

test('nothing depends on the zone of the machine', async () => {
  const script = `
    import { formatDate, formatInstant, readDate, timestamp } from '${path.resolve('src/kernel/fields/dates.ts')}';
    import { exportCell } from '${path.resolve('src/kernel/export.ts')}';
    import { f } from '${path.resolve('src/kernel/fields/index.ts')}';
    const locale = { locale: 'en-GB', time_zone: 'Europe/Berlin', currency: 'EUR' };
    console.log(JSON.stringify([
      readDate('3 Apr 2026', 'en-GB'), readDate('03/04/2026', 'en-GB'), formatDate('2026-04-03', locale),
      formatInstant('2024-12-31 23:30:00+00', locale), timestamp().fromText('2026-03-29 02:30', locale),
      timestamp().toText('2026-03-29 00:30:00+00', locale),
      exportCell(f.date(), '2026-04-03', new Map(), { tenant: locale }),
      exportCell(f.timestamp(), '2026-04-02 22:30:00+00', new Map(), { tenant: locale }),
    ]));`;
  const options = ['--disable-warning=ExperimentalWarning', '--input-type=module-typescript', '-e', script];
  const run = async (TZ: string) =>
    (await promisify(execFile)(process.execPath, options, { env: { ...process.env, TZ, NODE_OPTIONS: '' } })).stdout;
  const answers = await Promise.all(['UTC', 'America/New_York', 'Asia/Kolkata', 'Pacific/Apia'].map(run));
  expect(new Set(answers).size).toBe(1);
  expect(JSON.parse(answers[0]!)).toEqual([
    '2026-04-03',
    '2026-04-03',
    '3 Apr 2026',
    ['1 Jan 2025', '1 Jan 2025, 00:30 CET'],
    { ok: true, value: '2026-03-29T01:30:00.000Z' },
    '2026-03-29T01:30',
    '2026-04-03T00:00:00.000Z',
    '2026-04-03T00:30:00.000Z',
  ]);
});
