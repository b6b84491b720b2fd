/** Points: 72 to an inch. */
export const SIZES = { a4: [595.28, 841.89], letter: [612, 792] } as const;
export type Size = keyof typeof SIZES;

/** Paper of a locale: Letter in North America and where it is customary, else A4. */
const LETTER = new Set(['US', 'CA', 'MX', 'PH', 'CL', 'CO', 'VE', 'CR', 'GT', 'PA', 'DO', 'PR', 'SV', 'NI', 'BO']);
export const customaryPaper = (locale: string): Size =>
  LETTER.has(new Intl.Locale(locale).region ?? '') ? 'letter' : 'a4';
