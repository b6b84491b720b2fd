/**
 * Guesses the character set of a text that is not Unicode, from the bytes around its accented letters. Only a guess: the
 * reader says so aloud, and the person can choose another.
 */
import iconv from 'iconv-lite';
import { guessEastAsian } from './csv_charset_wide.ts';

interface Candidate {
  name: string;
  /** Frequent letters of the languages written with this set, and rarer ones. */
  frequent: RegExp;
  rare: RegExp;
  script: 'latin' | 'other';
  /** Accented letters of single languages: a list is mostly in one of them, and then few others occur. */
  languages?: readonly string[];
}

const WESTERN = /[äöüßÄÖÜéèàçñíóúáãâêôõûøåæ]/u;
const WESTERN_RARE = /[ëïîùìòÿœÅÆØÉÀÇÑÁÍÓÚÊÔÂÃÕÈË¿¡°§–—’“”„…·ªº«»]/u;
const WESTERN_LANGUAGES = [
  'äöüß',
  'éèêëàâîïôöûùüçœ',
  'áéíóúñü',
  'áâãàçéêíóôõúü',
  'àèéìòù',
  'åäöæøé',
  'éëïöüè',
  'áðéíóúýþæö',
];
const CENTRAL_LANGUAGES = ['áéíóöőúüű', 'ąćęłńóśźż', 'áčďéěíňóřšťúůýž', 'áäčďéíĺľňóôŕšťúýž', 'ăâîșțşţ', 'čćđšž'];
const CENTRAL = /[ąćęłńóśźżŁŚŻáčďéěíňřšťúůýžČŘŠŽőűăâîșțşţđäöü]/u;
const CENTRAL_RARE = /[ĄĆĘŃÓŹÁĎÉĚÍŇŤÚŮÝŐŰĂÂÎȘȚŞŢĐÄÖÜß–—’“”„…]/u;
const CYRILLIC = /[а-яА-ЯёіїєґІЇЄҐ№]/u;
const GREEK = /[α-ωά-ώΑ-ΩΆΈΉΊΌΎΏϊϋΐΰ]/u;
const NONE = /(?!)/;

/** Of two that read a text equally well the first is taken, so the more usual ones come first. */
const CANDIDATES: readonly Candidate[] = [
  { name: 'windows-1252', frequent: WESTERN, rare: WESTERN_RARE, script: 'latin', languages: WESTERN_LANGUAGES },
  { name: 'windows-1250', frequent: CENTRAL, rare: CENTRAL_RARE, script: 'latin', languages: CENTRAL_LANGUAGES },
  { name: 'iso-8859-2', frequent: CENTRAL, rare: CENTRAL_RARE, script: 'latin', languages: CENTRAL_LANGUAGES },
  { name: 'windows-1254', frequent: /[ğıİşŞçÇöÖüÜ]/u, rare: /[Ğâîû–’“”]/u, script: 'latin' },
  { name: 'windows-1257', frequent: /[ąčęėįšųūžŠŽČāēģīķļņõäöü]/u, rare: /[ĄĘĖĮŲŪĀĒĢĪĶĻŅÕÄÖÜ„“–]/u, script: 'latin' },
  { name: 'macintosh', frequent: WESTERN, rare: WESTERN_RARE, script: 'latin', languages: WESTERN_LANGUAGES },
  { name: 'cp850', frequent: WESTERN, rare: WESTERN_RARE, script: 'latin', languages: WESTERN_LANGUAGES },
  { name: 'windows-1255', frequent: /[א-ת]/u, rare: NONE, script: 'other' },
  { name: 'windows-1251', frequent: CYRILLIC, rare: NONE, script: 'other' },
  { name: 'koi8-r', frequent: CYRILLIC, rare: NONE, script: 'other' },
  { name: 'cp866', frequent: CYRILLIC, rare: NONE, script: 'other' },
  { name: 'windows-1253', frequent: GREEK, rare: NONE, script: 'other' },
  { name: 'iso-8859-7', frequent: GREEK, rare: NONE, script: 'other' },
  { name: 'windows-1256', frequent: /[ء-يپچژگ]/u, rare: NONE, script: 'other' },
  { name: 'windows-874', frequent: /[ก-๎]/u, rare: NONE, script: 'other' },
];

/** How much better than Windows-1252 another set has to score, per character beyond ASCII. */
const MARGIN = 0.15;
/** What it is worth when all letters belong to one language. */
const ONE_LANGUAGE = 1.5;

/** The name of the character set, as iconv-lite knows it. */
export function guessCharset(sample: Buffer): string {
  const eastAsian = guessEastAsian(sample);
  if (eastAsian) return eastAsian;
  let best = { name: 'windows-1252', score: Number.NEGATIVE_INFINITY };
  const western = iconv.decode(sample, 'windows-1252');
  for (const candidate of CANDIDATES) {
    const isWestern = candidate.name === 'windows-1252';
    const malus = isWestern ? 0 : MARGIN;
    const text = isWestern ? western : iconv.decode(sample, candidate.name);
    if (!isWestern && text === western) continue;
    const score = rate(text, candidate) + ONE_LANGUAGE * languageShare(text, candidate) - malus;
    if (score > best.score) best = { name: candidate.name, score };
  }
  return best.name;
}

/** Share of the letters beyond ASCII that belong to the language which explains most of them. */
function languageShare(text: string, { languages, frequent }: Candidate): number {
  const letters = Array.from(text.toLowerCase()).filter((letter) => letter > '\x7f' && LETTER.test(letter));
  if (letters.length === 0) return 0;
  const share = (belongs: (letter: string) => boolean) => letters.filter(belongs).length / letters.length;
  if (!languages) return share((letter) => frequent.test(letter));
  return Math.max(...languages.map((alphabet) => share((letter) => alphabet.includes(letter))));
}

const LETTER = /\p{L}/u;
const UPPER = /\p{Lu}/u;
const LOWER = /\p{Ll}/u;
const ASCII_LETTER = /[A-Za-z]/;
const THAI_MARK = /[ะัาำิ-ฺๅ-๎]/u;

/** Mean plausibility of the characters beyond ASCII, about -4 to 1. */
function rate(text: string, candidate: Candidate): number {
  const characters = Array.from(text);
  let sum = 0;
  let count = 0;
  characters.forEach((character, at) => {
    if (character <= '\x7f') return;
    count++;
    sum += plausibility(character, characters[at - 1] ?? ' ', characters[at + 1] ?? ' ', candidate);
  });
  return count === 0 ? -4 : sum / count;
}

function plausibility(character: string, before: string, after: string, candidate: Candidate): number {
  const { frequent, rare, script } = candidate;
  const code = character.codePointAt(0) ?? 0;
  if (code === 0xfffd || (code >= 0x80 && code < 0xa0) || (code >= 0xe000 && code < 0xf900)) return -4;
  if (character === '€' || character === '£') return /[\s\d]/.test(before) || /[\s\d]/.test(after) ? 1 : -0.5;
  // a vowel sign needs its consonant
  if (THAI_MARK.test(character)) return /[ก-๎]/u.test(before) ? 1 : -2;
  if (!LETTER.test(character)) {
    if (rare.test(character)) return 0.3;
    // box drawings, fractions, superscripts in the middle of a word
    return LETTER.test(before) && LETTER.test(after) ? -2 : LETTER.test(before) || LETTER.test(after) ? -0.8 : -0.2;
  }
  let score = frequent.test(character) ? 1 : rare.test(character) ? 0.6 : -0.4;
  // a capital does not follow a small letter inside a word
  if (UPPER.test(character) && LOWER.test(before)) score -= 1.5;
  if (script === 'other' && (ASCII_LETTER.test(before) || ASCII_LETTER.test(after))) score -= 1.5;
  // the same byte: Portuguese writes it before e (Simões), Hungarian nearly everywhere else (Erdős)
  if (/õ/i.test(character) && LETTER.test(before) && !/e/i.test(after)) score -= 1.5;
  if (/ő/i.test(character) && /e/i.test(after)) score -= 1.5;
  // Western words have single accented letters: a run of them is another script in disguise
  if (script === 'latin' && isAccented(before) && isAccented(after)) score -= 1.2;
  return score;
}

function isAccented(character: string): boolean {
  return character > '\x7f' && LETTER.test(character);
}
