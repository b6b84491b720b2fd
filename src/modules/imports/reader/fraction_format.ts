/** Number formats with a fraction: `# ?/?`, `# ??/??`, `# ?/8`. */
import type { FormatToken } from './format_parse.ts';

/** The text of a number that is not negative, or undefined when the tokens are no fraction that Excel knows. */
export function formatFraction(tokens: FormatToken[], value: number): string | undefined {
  const slashAt = tokens.findIndex((token) => token.type === 'slash');
  const before = tokens.slice(0, slashAt);
  const behind = tokens.slice(slashAt + 1);
  const fixed = /^\d+/.exec(behind.map((token) => ('text' in token ? token.text : '')).join(''))?.[0];
  const places = behind.filter((token) => token.type === 'digit').length;
  if (!before.some((token) => token.type === 'digit')) return undefined;
  // the whole part stands apart from the numerator: "# ?/?"; without it the fraction is improper: "?/?"
  const numeratorFrom = before.findLastIndex((token) => token.type !== 'digit') + 1;
  const wholeTokens = before.slice(0, numeratorFrom);
  const mixed = wholeTokens.some((token) => token.type === 'digit');
  const whole = mixed ? Math.floor(value) : 0;
  const denominatorFixed = fixed && Number(fixed) > 0 ? Number(fixed) : undefined;
  let [numerator, denominator] =
    denominatorFixed === undefined
      ? nearestFraction(value - whole, 10 ** Math.min(Math.max(1, places), 5) - 1)
      : [Math.round((value - whole) * denominatorFixed), denominatorFixed];
  let shownWhole = whole;
  if (mixed && numerator === denominator) {
    shownWhole++;
    numerator = 0;
  }
  const literals = (list: FormatToken[]) => list.map((token) => (token.type === 'literal' ? token.text : '')).join('');
  const lead = mixed ? (shownWhole > 0 || numerator === 0 ? String(shownWhole) : '') : '';
  const space = mixed ? ' ' : literals(wholeTokens);
  const numeratorWidth = before.length - numeratorFrom;
  const width = Math.max(1, places || (fixed?.length ?? 1));
  if (mixed && numerator === 0) return lead + ' '.repeat(1 + numeratorWidth + 1 + width);
  const tail = fixed ? '' : literals(behind);
  return `${lead}${space}${String(numerator).padStart(numeratorWidth)}/${String(denominator).padEnd(width)}${tail}`;
}

/** The fraction nearest to `value` whose denominator is at most `limit` (Stern and Brocot). */
function nearestFraction(value: number, limit: number): [numerator: number, denominator: number] {
  const base = Math.floor(value);
  const rest = value - base;
  let best: [number, number] = [0, 1];
  let error = rest;
  // continued fraction with its intermediate steps
  let [previousN, previousD, n, d] = [1, 0, 0, 1];
  let x = rest;
  for (let step = 0; step < 40 && x > 1e-12; step++) {
    const inverse = 1 / x;
    const whole = Math.floor(inverse);
    for (let k = Math.max(1, Math.ceil(whole / 2)); k <= whole; k++) {
      const nextD = k * d + previousD;
      if (nextD > limit) break;
      const nextN = k * n + previousN;
      const nextError = Math.abs(rest - nextN / nextD);
      if (nextError < error) [best, error] = [[nextN, nextD], nextError];
    }
    const [nextN, nextD] = [whole * n + previousN, whole * d + previousD];
    if (nextD > limit) break;
    [previousN, previousD, n, d] = [n, d, nextN, nextD];
    x = inverse - whole;
  }
  return [best[0] + base * best[1], best[1]];
}
