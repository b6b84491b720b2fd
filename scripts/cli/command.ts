import { readable } from '../../src/kernel/errors.ts';
import type { Pools } from '../../src/platform/postgres.ts';

export interface Option {
  /** what stands behind it in the help, such as SLUG; without: it is a switch */
  value?: string;
  required?: true;
  /** what it is when it is not given */
  initial?: string;
  help: string;
}

/** What a command is called with, checked against its options. */
export interface Call {
  option(name: string): string;
  /** an option that may be absent */
  maybe(name: string): string | null;
  given(name: string): boolean;
  /** what stands behind the words, in the order of `takes` */
  taken: readonly string[];
  env: Record<string, string | undefined>;
  /** result, for the person and for scripts: standard output */
  print(line: string): void;
  /** everything else: standard error */
  note(line: string): void;
}

export interface Command {
  /** as typed: 'tenant create' */
  words: string;
  does: string;
  options: Readonly<Record<string, Option>>;
  /** names of what stands behind the words, all of it required */
  takes?: readonly string[];
  run: Work;
}
export type Work =
  | { kind: 'plain'; work: (call: Call) => Promise<void> }
  | { kind: 'database'; work: (call: Call, pools: Pools) => Promise<void> };

/** Called wrongly: exit code 2. */
export class UsageError extends Error {}

/** Could not be done, for a reason the operator can act on: exit code 1. */
export class Failure extends Error {}

const UNDEFINED_TABLE = '42P01';

/** One line for what the operator can mend, everything for what is a fault of ours. */
export function explainFailure(error: unknown): string {
  if (error instanceof UsageError) return `${error.message} (npm run cli -- --help)`;
  if (error instanceof Failure) return error.message;
  if ((error as { code?: string }).code === UNDEFINED_TABLE) {
    return 'This database has no Rapport in it, or an older one: npm run migrate';
  }
  const known = readable(error);
  if (known) return Object.values(known.details).join(' ') || known.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
