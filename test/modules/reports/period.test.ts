// Presets and comparisons, with the clock held.
import { DateTime } from 'luxon';
import { change, changeText, fromHundredths, hundredths } from '../../../src/modules/reports/amounts.ts';
import { daysText, PRESET_NAMES, precedingDays, readPeriod } from '../../../src/modules/reports/period.ts';

const tenant = (time_zone: string) => ({ tenant: { time_zone, locale: 'en-GB' } }) as never;
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
    'this-year': { from: '2026-01-01', to: '2026-11-21' },
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

test('changes in words, rounded to a tenth of a per cent without floats', () => {
  const words = (now: string, before: string) =>
    changeText(change(hundredths(now), hundredths(before)), 'the 30 days before', { locale: 'en-GB' });
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
