/**
 * Takes a number format code apart (ECMA-376 part 1, 18.8.31). A code has up to four sections; each becomes a list of
 * tokens that number_format.ts and date_format.ts write out.
 */
export type FormatToken =
  | { type: 'literal'; text: string }
  | { type: 'digit'; text: '0' | '#' | '?' }
  | { type: 'point' }
  | { type: 'comma' }
  | { type: 'percent' }
  | { type: 'exponent'; plus: boolean }
  | { type: 'slash' }
  | { type: 'text' }
  | { type: 'general' }
  /** y m d h s, b (Buddhist year), a (weekday), M for minutes; in `elapsed` form [h] [m] [s] */
  | { type: 'date'; letter: string; length: number; elapsed: boolean }
  | { type: 'fraction_seconds'; length: number }
  | { type: 'half_day'; am: string; pm: string };

export interface FormatSection {
  tokens: FormatToken[];
  kind: 'general' | 'number' | 'date' | 'text';
  condition: { operator: string; value: number } | undefined;
  /** Windows locale id of `[$-409]`, e.g. 0x409; 0xf800 and 0xf400 are the system's long date and time. */
  locale: number | undefined;
}

const GENERAL = /^general/i;
const HALF_DAY = /^(am\/pm|a\/p|上午\/下午|오전\/오후|午前\/午後)/i;
const CONDITION = /^(<=|>=|<>|<|>|=)\s*(-?\d+(?:\.\d+)?(?:E[+-]?\d+)?)$/i;
const CURRENCY = /^\$([^-]*)(?:-([0-9a-f]+))?$/i;
const ELAPSED = /^(h+|m+|s+)$/i;

/** Never throws: what is not understood is taken literally, as other programs do. */
export function parseFormat(code: string): FormatSection[] {
  return splitSections(code).map(parseSection);
}

/** Splits at semicolons that are neither quoted, escaped nor in brackets. */
function splitSections(code: string): string[] {
  const sections: string[] = [];
  let start = 0;
  let quoted = false;
  let bracket = false;
  for (let i = 0; i < code.length; i++) {
    const c = code[i];
    if (quoted) quoted = c !== '"';
    else if (c === '"') quoted = true;
    else if (c === '\\' || c === '_' || c === '*') i++;
    else if (bracket) bracket = c !== ']';
    else if (c === '[') bracket = true;
    else if (c === ';') {
      sections.push(code.slice(start, i));
      start = i + 1;
    }
  }
  sections.push(code.slice(start));
  return sections.slice(0, 4);
}

function parseSection(code: string): FormatSection {
  const section: FormatSection = { tokens: [], kind: 'number', condition: undefined, locale: undefined };
  let i = 0;
  while (i < code.length) i += readToken(code, i, section);
  const { tokens } = section;
  if (tokens.some((token) => token.type === 'date' || token.type === 'half_day')) {
    section.kind = 'date';
    settleMinutes(tokens);
    settleDateLiterals(section);
  } else if (tokens.some((token) => token.type === 'general')) section.kind = 'general';
  else if (tokens.some((token) => token.type === 'text')) section.kind = 'text';
  return section;
}

/** Reads one token at `i` and gives how many characters it took. */
function readToken(code: string, i: number, section: FormatSection): number {
  const { tokens } = section;
  const c = code[i] as string;
  const rest = code.slice(i, i + 12);
  switch (c) {
    case '"': {
      const end = code.indexOf('"', i + 1);
      tokens.push({ type: 'literal', text: code.slice(i + 1, end < 0 ? code.length : end) });
      return end < 0 ? code.length - i : end + 1 - i;
    }
    case '\\':
      tokens.push({ type: 'literal', text: code[i + 1] ?? '' });
      return 2;
    case '_':
      tokens.push({ type: 'literal', text: ' ' }); // a blank as wide as the next character
      return 2;
    case '*':
      return 2; // fills the column with the next character; a text has no width
    case '[': {
      const end = code.indexOf(']', i);
      if (end < 0) break;
      readBracket(code.slice(i + 1, end), section);
      return end + 1 - i;
    }
    case '0':
    case '#':
    case '?':
      tokens.push({ type: 'digit', text: c });
      return 1;
    case '.': {
      const zeros = /^\.(0+)/.exec(code.slice(i));
      const before = tokens.findLast((token) => token.type !== 'literal');
      if (zeros && before?.type === 'date' && before.letter === 's') {
        tokens.push({ type: 'fraction_seconds', length: zeros[1]?.length ?? 1 });
        return zeros[0].length;
      }
      tokens.push({ type: 'point' });
      return 1;
    }
    case ',':
      tokens.push({ type: 'comma' });
      return 1;
    case '%':
      tokens.push({ type: 'percent' });
      return 1;
    case '/':
      tokens.push({ type: 'slash' });
      return 1;
    case '@':
      tokens.push({ type: 'text' });
      return 1;
  }
  const halfDay = HALF_DAY.exec(rest)?.[0];
  if (halfDay) {
    const [am = '', pm = ''] = halfDay.split('/');
    tokens.push({ type: 'half_day', am, pm });
    return halfDay.length;
  }
  if (GENERAL.test(rest)) {
    tokens.push({ type: 'general' });
    return 7;
  }
  if ((c === 'E' || c === 'e') && (code[i + 1] === '+' || code[i + 1] === '-')) {
    tokens.push({ type: 'exponent', plus: code[i + 1] === '+' });
    return 2;
  }
  const letters = /^(y+|m+|d+|h+|s+|b+|e+|aaaa?|g+)/i.exec(code.slice(i))?.[0];
  if (letters) {
    const letter = (letters[0] as string).toLowerCase();
    // an era mark has no text outside Japanese and Taiwanese Excel
    if (letter !== 'g') tokens.push({ type: 'date', letter, length: letters.length, elapsed: false });
    return letters.length;
  }
  tokens.push({ type: 'literal', text: c });
  return 1;
}

function readBracket(content: string, section: FormatSection): void {
  const elapsed = ELAPSED.exec(content)?.[0];
  if (elapsed) {
    const letter = (elapsed[0] as string).toLowerCase();
    section.tokens.push({ type: 'date', letter, length: elapsed.length, elapsed: true });
    return;
  }
  const condition = CONDITION.exec(content);
  if (condition) {
    section.condition = { operator: condition[1] as string, value: Number(condition[2]) };
    return;
  }
  const currency = CURRENCY.exec(content);
  if (currency) {
    if (currency[1]) section.tokens.push({ type: 'literal', text: currency[1] });
    if (currency[2]) section.locale = Number.parseInt(currency[2], 16);
  }
  // everything else is a colour or a digit shape ([Red], [DBNum1]), which has no text
}

/** `m` is a minute behind hours or in front of seconds, otherwise a month. */
function settleMinutes(tokens: FormatToken[]): void {
  const dates = tokens.filter((token) => token.type === 'date');
  dates.forEach((token, at) => {
    if (token.letter !== 'm' || token.elapsed || token.length > 2) return;
    if (dates[at - 1]?.letter === 'h' || dates[at + 1]?.letter === 's') token.letter = 'M';
  });
}

/** In a date the signs of numbers stand for themselves: d/m/yyyy, d.m.yyyy. */
function settleDateLiterals(section: FormatSection): void {
  const signs: Record<string, string> = { slash: '/', point: '.', comma: ',', percent: '%' };
  section.tokens = section.tokens.map((token) => {
    if (token.type === 'digit') return { type: 'literal', text: token.text };
    const sign = signs[token.type];
    return sign === undefined ? token : { type: 'literal', text: sign };
  });
}
