import { randomBytes } from 'node:crypto';
import { hash, verify } from '@node-rs/argon2';

/** OWASP's minimum for argon2id: 19 MiB, two passes, one lane; about 6 ms here. Argon2id is the library's default. */
const COST = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };
const PRESENT = `$argon2id$v=19$m=${COST.memoryCost},t=${COST.timeCost},p=${COST.parallelism}$`;

/** Longest password accepted, in characters; all of them count. */
export const PASSWORD_MOST = 128;
export const PASSWORD_LEAST = 12;

/** How many hashes one sign-in checks at a time, whether the account has one, three or none. */
const BATCH = 3;

/** The same letters typed on a Mac and on Windows are the same password. */
const normal = (password: string): string => password.normalize('NFC');

/** A hash to store, in PHC form. */
export const hashPassword = (password: string): Promise<string> => hash(normal(password), COST);

/** Was it made with another cost than today's? Then it is replaced at the next sign-in. */
export const isOutdated = (stored: string): boolean => !stored.startsWith(PRESENT);

let dummy: Promise<string> | undefined;

/**
 * Which of the stored hashes belong to the password, in their order. Always works in batches of three, padded with the
 * hash of a random text, so that the time says nothing about how many accounts there are, or whether there is one.
 */
export async function matchPasswords(stored: readonly string[], password: string): Promise<boolean[]> {
  dummy ??= hashPassword(randomBytes(24).toString('base64'));
  const filler = await dummy;
  const padded = [...stored];
  while (padded.length === 0 || padded.length % BATCH) padded.push(filler);
  const matches: boolean[] = [];
  for (let i = 0; i < padded.length; i += BATCH) {
    const batch = padded.slice(i, i + BATCH).map((one) => verify(one, normal(password)).catch(() => false));
    matches.push(...(await Promise.all(batch)));
  }
  return matches.slice(0, stored.length);
}

/** Beginnings of the passwords that everybody tries first; longer lists repeat them with a year behind. */
const COMMON =
  /^(password|passw0rd|qwerty|qwertz|azerty|letmein|welcome|admin|iloveyou|abc|111|123|000|changeme|secret)/;

/**
 * Why a password is not accepted, in words; null when it is.
 * @param about names a guesser would try: person, e-mail, company
 */
export function passwordProblem(password: string, about: readonly string[] = []): string | null {
  const letters = [...normal(password)];
  if (letters.length < PASSWORD_LEAST) return `Use at least ${PASSWORD_LEAST} characters; a few words do well.`;
  if (letters.length > PASSWORD_MOST) return `Use at most ${PASSWORD_MOST} characters.`;
  const lower = password.toLowerCase();
  if (new Set(letters).size < 5) return 'This repeats a few characters. Use a few different words.';
  const left = lower.replace(COMMON, '').replace(/[^\p{L}]/gu, '');
  if (COMMON.test(lower) && left.length < 6) return 'This is among the first passwords anybody tries. Use other words.';
  const names = about.flatMap((text) => text.toLowerCase().split(/[^\p{L}\p{N}]+/u)).filter((word) => word.length > 3);
  const without = names.reduce((text, word) => text.replaceAll(word, ''), lower);
  if (without.length < PASSWORD_LEAST / 2) return 'This is mostly your own or your company’s name. Use other words.';
  return null;
}
