import type { Random } from './random.ts';

const LATIN: Readonly<Record<string, string>> = Object.fromEntries(
  [
    ...'łl øo đd ßss æae œoe ðd þth αa βv γg δd εe ζz ηi θth ιi κk λl μm νn ξx οo πp ρr σs ςs τt υy φf χch ψps ωo'.matchAll(
      /(\S)(\S+)/g,
    ),
  ].map(([, letter = '', latin = '']) => [letter, latin]),
);
const LEGAL =
  /(?<![\p{L}\p{N}])(s\.[àa]\.?r\.l|s\.r\.[ol]|s\.p\.a|s\.a|sp\. z o\.o|e\.k|α\.ε|a\/s|b\.v|n\.v|g?gmbh|mbh|ag|kg|se|asa|as|aps|ab|oy|sa|sàrl|snc|ltd|llc|kft|lda|eg)(?![\p{L}\p{N}])\.?/giu;

/** Plain letters and digits, as an address has them: 'Łódź' -> 'lodz'. */
export const plain = (text: string): string =>
  text
    .toLowerCase()
    .replace(/[’']/g, '')
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .replaceAll('ου', 'ou')
    .replace(/[^\x20-\x7e]/gu, (letter) => LATIN[letter] ?? ' ');

/** 'Nordlicht Pharma GmbH' -> 'nordlicht-pharma.example'; nobody can be reached at .example. */
export const domainOf = (company: string): string =>
  `${plain(company.replace(LEGAL, ' '))
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 30)
    .replace(/-+$/, '')}.example`;

/** 'Dr. Anke Petersen' -> 'anke.petersen' */
export const mailbox = (name: string): string =>
  plain(name.replace(/^((prof|dr|dipl)\.?[- ]?(ing|h\. ?c)?\.? ?)+/i, ''))
    .replace(/[^a-z0-9]+/g, '.')
    .replace(/^\.+|\.+$/g, '')
    .slice(0, 40);

/**
 * Fills a text: {name} with its value, [this|that] with one of them by chance, so that the same conversation is never
 * worded twice alike.
 */
export const fill = (random: Random, text: string, values: Readonly<Record<string, string>>): string =>
  text
    .replace(/\[([^[\]]+)\]/g, (_, options: string) => random.pick(options.split('|')))
    .replace(/\{(\w+)\}/g, (_, name: string) => values[name] ?? name);
