/** Recognises the East Asian sets that use two bytes a character, by where their frequent characters lie. */

interface WideSet {
  name: string;
  /** Ranges of first bytes that hold nearly all characters of ordinary texts. */
  leads: [number, number][];
  /** Ranges of first bytes that exist at all, and of second bytes. */
  allLeads: [number, number][];
  trails: [number, number][];
  /** Single bytes above 127 that are characters of their own. */
  singles: [number, number][];
}

const SETS: readonly WideSet[] = [
  {
    name: 'shift_jis',
    leads: [
      [0x82, 0x83],
      [0x88, 0x97],
    ],
    allLeads: [
      [0x81, 0x9f],
      [0xe0, 0xfc],
    ],
    trails: [
      [0x40, 0x7e],
      [0x80, 0xfc],
    ],
    singles: [[0xa1, 0xdf]],
  },
  {
    name: 'euc-jp',
    leads: [
      [0xa4, 0xa5],
      [0xb0, 0xcf],
    ],
    allLeads: [[0xa1, 0xfe]],
    trails: [[0xa1, 0xfe]],
    singles: [],
  },
  { name: 'euc-kr', leads: [[0xb0, 0xc8]], allLeads: [[0xa1, 0xfe]], trails: [[0xa1, 0xfe]], singles: [] },
  {
    name: 'gb18030',
    leads: [[0xb0, 0xd7]],
    allLeads: [[0x81, 0xfe]],
    trails: [
      [0x40, 0x7e],
      [0x80, 0xfe],
    ],
    singles: [],
  },
  {
    name: 'big5',
    leads: [[0xa4, 0xc6]],
    allLeads: [[0xa1, 0xf9]],
    trails: [
      [0x40, 0x7e],
      [0xa1, 0xfe],
    ],
    singles: [],
  },
];

/** Share of characters outside the frequent ranges that still counts as ordinary text. */
const RARE_SHARE = 0.12;
const MIN_PAIRS = 4;

/** The name of the set, or undefined when the text is in none of them. */
export function guessEastAsian(sample: Buffer): string | undefined {
  let best: { name: string; likelihood: number } | undefined;
  for (const set of SETS) {
    const likelihood = rate(sample, set);
    if (likelihood === undefined) continue;
    if (!best || likelihood > best.likelihood) best = { name: set.name, likelihood };
  }
  return best?.name;
}

/** Mean log likelihood of the first bytes, undefined when the bytes do not fit the set. */
function rate(sample: Buffer, set: WideSet): number | undefined {
  let pairs = 0;
  let inRange = 0;
  let inRun = 0;
  let broken = 0;
  let singles = 0;
  let previousEnd = -1;
  for (let at = 0; at < sample.length; at++) {
    const lead = sample[at] as number;
    if (lead < 0x80) continue;
    const trail = sample[at + 1] ?? 0;
    if (within(set.allLeads, lead) && within(set.trails, trail)) {
      pairs++;
      if (within(set.leads, lead)) inRange++;
      if (previousEnd === at) inRun++;
      previousEnd = at + 2;
      at++;
    } else if (within(set.singles, lead)) singles++;
    else broken++;
  }
  if (pairs < MIN_PAIRS || broken > pairs * 0.03 || singles > pairs / 4) return undefined;
  const share = inRange / pairs;
  // accented letters of Western words stand alone; these characters follow each other
  if (share < 1 - RARE_SHARE || inRun / pairs < 0.4) return undefined;
  const width = set.leads.reduce((sum, [from, to]) => sum + to - from + 1, 0);
  return share * -Math.log(width) + (1 - share) * -8;
}

function within(ranges: [number, number][], byte: number): boolean {
  return ranges.some(([from, to]) => byte >= from && byte <= to);
}
