// Series that stand beside each other in a chart are told apart by everybody: also with a colour vision deficiency, in both themes.
// Simulation: Machado, Oliveira and Fernandes 2009, severity 1; difference: CIE76 in CIELAB (D65).
import { readFileSync } from 'node:fs';

type Triple = [number, number, number];

const SIGHT: Record<string, Triple[]> = {
  'full colour vision': [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  protanopia: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deuteranopia: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  tritanopia: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
};
const XYZ: Triple[] = [
  [0.4124564, 0.3575761, 0.1804375],
  [0.2126729, 0.7151522, 0.072175],
  [0.0193339, 0.119192, 0.9503041],
];
const WHITE: Triple = [0.95047, 1, 1.08883];
/** A difference of 2.3 is just seen side by side; a legend is looked up across the page. */
const LEAST = 10;
/** Most series of one chart. */
const SERIES = 4;

const css = readFileSync('public/css/8-hand.css', 'utf8');
const colours = (theme: 0 | 1): string[] =>
  [1, 2, 3, 4].map((at) => {
    const found = new RegExp(`\\.ink-${at} \\{\\s*color: light-dark\\((#\\w{6}), (#\\w{6})\\)`).exec(css);
    return found![theme + 1]!;
  });

const times = (matrix: readonly Triple[], v: Triple): Triple =>
  matrix.map((row) => row[0] * v[0] + row[1] * v[1] + row[2] * v[2]) as Triple;
const linear = (hex: string): Triple =>
  [1, 3, 5].map((at) => {
    const share = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  }) as Triple;

function lab(hex: string, sight: readonly Triple[]): Triple {
  const seen = times(sight, linear(hex)).map((share) => Math.min(1, Math.max(0, share))) as Triple;
  const [x, y, z] = times(XYZ, seen).map((value, at) => {
    const share = value / WHITE[at]!;
    return share > 216 / 24389 ? Math.cbrt(share) : (share * 24389) / 27 / 116 + 16 / 116;
  }) as Triple;
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

const difference = (a: Triple, b: Triple): number => Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);

test('white and black are a hundred apart, so the measure is right', () => {
  const full = SIGHT['full colour vision']!;
  expect(difference(lab('#ffffff', full), lab('#000000', full))).toBeCloseTo(100, 1);
  // Red and green of equal lightness are what deuteranopia makes alike.
  expect(difference(lab('#c04040', SIGHT.deuteranopia!), lab('#687a30', SIGHT.deuteranopia!))).toBeLessThan(LEAST);
});

test.each(Object.keys(SIGHT).flatMap((name) => [[name, 'light', 0] as const, [name, 'dark', 1] as const]))(
  'the series of a chart are told apart with %s in the %s theme',
  (name, _theme, at) => {
    const series = colours(at).map((hex) => lab(hex, SIGHT[name]!));
    expect(series).toHaveLength(SERIES);
    for (const [i, one] of series.entries())
      for (const [j, other] of series.slice(0, i).entries())
        expect([`${j + 1} and ${i + 1}`, difference(one, other) >= LEAST]).toEqual([`${j + 1} and ${i + 1}`, true]);
  },
);
