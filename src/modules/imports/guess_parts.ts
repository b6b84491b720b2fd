import { isNamePart, PARTS, type Part, splitTarget } from './targets.ts';

/** The person at a customer, as lists call them; with `plain`'s spelling. */
const PERSON =
  /\b(?:contact person|person of contact|kontaktperson|ansprechperson|ansprechpartner(?:in|s)?|persona de contacto|personne de contact|osob[ay] kontaktow(?:a|ej)|contactpersoon|interlocuteur|referente|contacts?|kontakt|contacto|contatto)\b/;
const ACCOUNT = /\baccount\b/;
/** Which of several; only right before or behind the word: the 2 of "Contact phone 2" counts phones. */
const NUMBERS: readonly [number: number, words: string][] = [
  [2, '2|2nd|second|secondary|zweiter|deuxieme|segundo|secondo|drugi|tweede'],
  [3, '3|3rd|third|dritter|troisieme|tercer|terzo|trzeci|derde'],
  [1, '1|1st|first|primary|main|principal|erster|haupt|premier|primer|primo|glowny|eerste'],
];
const JOINTS = /\b(?:of|the|de|du|del|della|des|der|d|van|s)\b/g;

/** What a header says about something that hangs on the row's customer. */
export interface PartLabel {
  part: Part;
  /** what of it: 'e mail'; '' when the header names the thing itself */
  rest: string;
}

/**
 * Reads "Contact 2 e-mail", "E-Mail Ansprechpartner", "Account no".
 * @param name as `plain` writes it
 * @param repeat how often this very header came before, plus one: the second "Contact" is the second contact
 * @returns null when it speaks of neither a contact nor an account
 */
export function partLabel(name: string, repeat: number): PartLabel | null {
  const text = name
    .replace(/(\p{L})(\d)/gu, '$1 $2')
    .replaceAll(JOINTS, ' ')
    .replace(/\s+/g, ' ')
    .trim();
  const person = PERSON.exec(text);
  const found = person ?? ACCOUNT.exec(text);
  if (!found) return null;
  const before = text.slice(0, found.index).trim();
  const behind = text.slice(found.index + found[0].length).trim();
  if (!person) return { part: partOf('account'), rest: `${before} ${behind}`.trim() };
  for (const [number, words] of NUMBERS) {
    const [head, tail] = [new RegExp(`(?:^| )(?:${words})$`), new RegExp(`^(?:${words})(?= |$)`)];
    if (!head.test(before) && !tail.test(behind)) continue;
    const rest = `${before.replace(head, '')} ${behind.replace(tail, '')}`.trim();
    return { part: partOf(number === 1 ? 'contact' : `contact${number}`), rest };
  }
  const part = repeat > 1 && repeat <= 3 ? `contact${repeat}` : 'contact';
  return { part: partOf(part), rest: `${before} ${behind}`.trim() };
}

const partOf = (name: string): Part => PARTS.find((part) => part.name === name)!;

/** Fields that a person has and a customer has not: a customer's list that has them speaks of its contact. */
export const PERSONAL = ['first_name', 'last_name', 'job_title', 'mobile'] as const;

/** One of these has to be known of a part, or every row would be told that its name is missing. */
const KNOWN_BY: Record<Part['entity'], readonly string[]> = {
  contact: ['name', 'first_name', 'last_name', 'email', 'phone'],
  account: ['account_number'],
};

/** Parts of a mapping that nothing names. @param used targets */
export function namelessParts(used: Iterable<string>): Part[] {
  const fields = new Map<Part, string[]>();
  for (const target of used) {
    const { part, field } = splitTarget(target);
    if (part) fields.set(part, [...(fields.get(part) ?? []), field]);
  }
  return [...fields].flatMap(([part, names]) =>
    names.some((name) => KNOWN_BY[part.entity].includes(name)) ? [] : [part],
  );
}

/** Names that are mapped whole and in parts at once, which would contradict each other: prefix of each. */
export function doubledNames(used: ReadonlySet<string>, title: string): string[] {
  return ['', ...PARTS.map(({ name }) => `${name}.`)].filter(
    (prefix) =>
      used.has(prefix + title) &&
      [...used].some((target) => target.startsWith(prefix) && isNamePart(target.slice(prefix.length))),
  );
}
