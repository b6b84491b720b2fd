// Presets and comparisons, with the clock held.
import { DateTime } from 'luxon';
import { change, changeText, fromHundredths, hundredths } from '../../../src/modules/reports/amounts.ts';
import { average } from '../../../src/modules/reports/grouped.ts';
import {
  calendarText,
  daysText,
  monthsOf,
  PRESET_NAMES,
  precedingDays,
  presetLabel,
  readPeriod,
} from '../../../src/modules/reports/period.ts';
import { percent } from '../../../src/modules/reports/value.ts';

const tenant = (time_zone: string, fiscal_year_start = 1) =>
  ({ tenant: { time_zone, locale: 'en-GB', fiscal_year_start } }) as never;
const at = (iso: string) => DateTime.fromISO(iso, { zone: 'utc' });
const days = (query: object, now: string, zone = 'Europe/Berlin') =>
  readPeriod(tenant(zone), query as never, at(now)).days;

test('presets at an ordinary day', () => {
  const now = '2026-11-21T10:00:00Z';
  const found = Object.fromEntries(PRESET_NAMES.map((period) => [period, days({ period }, now)]));
  expect(found).toEqual({
    'this-month': { from: '2026-11-01', to: '2026-11-21' },
    'last-month': { from: '2026-10-01', to: '2026-10-31' },
    'this-quarter': { from: '2026-10-01', to: '2026-11-21' },
    'last-quarter': { from: '2026-07-01', to: '2026-09-30' },
    'this-year': { from: '2026-01-01', to: '2026-11-21' },
    'last-year': { from: '2025-01-01', to: '2025-12-31' },
    'last-12-months': { from: '2025-11-22', to: '2026-11-21' },
    'all-time': null,
  });
  expect(days({}, now)).toEqual({ from: '2025-11-22', to: '2026-11-21' });
});

test('today is the day of the company and not of the server', () => {
  expect(days({ period: 'this-month' }, '2026-12-31T23:30:00Z')).toEqual({ from: '2027-01-01', to: '2027-01-01' });
  expect(days({ period: 'this-month' }, '2026-12-31T23:30:00Z', 'America/New_York')).toEqual({
    from: '2026-12-01',
    to: '2026-12-31',
  });
  expect(days({ period: 'last-month' }, '2026-12-31T23:30:00Z', 'Pacific/Kiritimati')).toEqual({
    from: '2026-12-01',
    to: '2026-12-31',
  });
});

test('months of different lengths and the leap day', () => {
  expect(days({ period: 'last-month' }, '2026-03-31T10:00:00Z')).toEqual({ from: '2026-02-01', to: '2026-02-28' });
  expect(days({}, '2028-02-29T10:00:00Z')).toEqual({ from: '2027-03-01', to: '2028-02-29' });
});

test('one end alone: the other is today, or 12 months earlier', () => {
  expect(days({ from: '2026-11-01' }, '2026-11-21T10:00:00Z')).toEqual({ from: '2026-11-01', to: '2026-11-21' });
  expect(days({ to: '2025-12-31' }, '2026-11-21T10:00:00Z')).toEqual({ from: '2025-01-01', to: '2025-12-31' });
});

test('the period before has as many days and ends the day before', () => {
  expect(precedingDays({ from: '2026-11-01', to: '2026-11-21' })).toEqual({ from: '2026-10-11', to: '2026-10-31' });
  expect(precedingDays({ from: '2026-03-29', to: '2026-03-29' })).toEqual({ from: '2026-03-28', to: '2026-03-28' });
  expect(precedingDays({ from: '0001-01-01', to: '0001-01-02' })).toBeNull();
});

test('quarters and years are those of the fiscal calendar', () => {
  const of = (period: string, now: string, first: number) =>
    readPeriod(tenant('Europe/Berlin', first), { period } as never, at(now)).days;
  expect(of('this-year', '2026-03-31T10:00:00Z', 4)).toEqual({ from: '2025-04-01', to: '2026-03-31' });
  expect(of('this-year', '2026-04-01T10:00:00Z', 4)).toEqual({ from: '2026-04-01', to: '2026-04-01' });
  expect(of('last-year', '2026-04-01T10:00:00Z', 4)).toEqual({ from: '2025-04-01', to: '2026-03-31' });
  expect(of('this-quarter', '2026-01-31T10:00:00Z', 2)).toEqual({ from: '2025-11-01', to: '2026-01-31' });
  expect(of('last-quarter', '2026-02-01T10:00:00Z', 2)).toEqual({ from: '2025-11-01', to: '2026-01-31' });
  expect(presetLabel('this-year', { fiscal_year_start: 4 })).toBe('This fiscal year');
  expect(presetLabel('this-year', { fiscal_year_start: 1 })).toBe('This year');
  expect(presetLabel('this-month', { fiscal_year_start: 4 })).toBe('This month');
  expect(calendarText({ fiscal_year_start: 4, locale: 'en-GB' })).toContain('begins in April');
});

test('the days to compare with: as many right before, the same a year earlier, or none', () => {
  const before = (compare: string) =>
    readPeriod(tenant('Europe/Berlin'), { from: '2028-02-29', to: '2028-03-01', compare } as never).before;
  expect(before('')).toEqual({ from: '2028-02-27', to: '2028-02-28' });
  expect(before('preceding')).toEqual({ from: '2028-02-27', to: '2028-02-28' });
  expect(before('year')).toEqual({ from: '2027-02-28', to: '2027-03-01' });
  expect(before('none')).toBeNull();
  expect(() => before('yesterday')).toThrow('There is no compare "yesterday". Use one of: preceding, year, none.');
});

test('the months of some days, each with the days that lie inside', () => {
  expect(monthsOf({ from: '2026-01-31', to: '2026-03-01' })).toEqual([
    { month: '2026-01', days: { from: '2026-01-31', to: '2026-01-31' } },
    { month: '2026-02', days: { from: '2026-02-01', to: '2026-02-28' } },
    { month: '2026-03', days: { from: '2026-03-01', to: '2026-03-01' } },
  ]);
});

test('percentages have two decimals, rounded half up, and there is none of nothing', () => {
  expect(percent(1, 3)).toBe('33.33');
  expect(percent(2, 3)).toBe('66.67');
  expect(percent(1, 8)).toBe('12.50');
  expect(percent(1, 20_000)).toBe('0.01'); // 0.005
  expect(percent(7, 7)).toBe('100.00');
  expect(percent(0, 7)).toBe('0.00');
  expect(percent(0, 0)).toBeNull();
});

test('means are rounded half up to hundredths, and there is none of nothing', () => {
  expect(average({ count: 3, value: 1000n })).toBe('3.33');
  expect(average({ count: 2, value: 1001n })).toBe('5.01'); // 5.005
  expect(average({ count: 0, value: 0n })).toBeNull();
});

test('changes in words, rounded to a tenth of a per cent without floats', () => {
  const words = (now: string, before: string) =>
    changeText(change(hundredths(now), hundredths(before)), 'in the 30 days before', { locale: 'en-GB' });
  expect(words('112.35', '100')).toBe('12.4 % more than in the 30 days before'); // 12.35 rounds up
  expect(words('50', '200')).toBe('75 % less than in the 30 days before');
  expect(words('7', '7')).toBe('as much as in the 30 days before');
  expect(words('7', '0')).toBe('none in the 30 days before');
  expect(words('0', '7')).toBe('100 % less than in the 30 days before');
});

test('hundredths are exact both ways', () => {
  for (const text of ['0.00', '0.01', '-0.05', '9999999999999.99', '99999999999999999999.01'])
    expect(fromHundredths(hundredths(text))).toBe(text);
  expect(hundredths('12')).toBe(1200n);
  expect(hundredths('12.5')).toBe(1250n);
});

test('a period in words', () => {
  expect(daysText({ from: '2025-11-22', to: '2026-11-21' }, { locale: 'en-GB' })).toBe('22 Nov 2025 – 21 Nov 2026');
  expect(daysText({ from: '2026-11-21', to: '2026-11-21' }, { locale: 'en-GB' })).toBe('21 Nov 2026');
  expect(daysText(null, { locale: 'en-GB' })).toBe('All time');
});
