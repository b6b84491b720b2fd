/** The size of a contract decides what a customer pays: 5 a few, 1 most, 0 nothing (yet). */
export type Size = 0 | 1 | 2 | 3 | 4 | 5;
export interface Company {
  name: string;
  industry: string;
  city: string;
  country: string;
  size: Size;
  /** Other systems number it so; both tenants know some companies by the same number. */
  number: number;
}

const NUMBER_STEP = 13;

/** 'name | city | country | size' lines under their industries. @param first number of the first company */
export function companiesOf(lines: Readonly<Record<string, string>>, first: number): Company[] {
  const all = Object.entries(lines).flatMap(([industry, text]) =>
    text
      .trim()
      .split('\n')
      .map((line) => ({ industry, parts: line.split('|').map((part) => part.trim()) })),
  );
  return all.map(({ industry, parts: [name = '', city = '', country = '', size] }, i) => ({
    name,
    industry,
    city,
    country,
    size: Number(size) as Size,
    number: first + i * NUMBER_STEP,
  }));
}
