import type { Command } from './command.ts';

/** Commands by their first word, in the order of the help; loading all of them takes longer than most of them work. */
const LOADERS: Readonly<Record<string, () => Promise<readonly Command[]>>> = {
  tenant: async () => [
    ...(await import('./tenants.ts')).TENANT_COMMANDS,
    ...(await import('./export.ts')).EXPORT_COMMANDS,
    ...(await import('./delete.ts')).DELETE_COMMANDS,
    ...(await import('./restore.ts')).RESTORE_COMMANDS,
  ],
  user: async () => (await import('./users.ts')).USER_COMMANDS,
  token: async () => (await import('./tokens.ts')).TOKEN_COMMANDS,
  import: async () => (await import('./imports.ts')).IMPORT_COMMANDS,
  check: async () => (await import('./check.ts')).CHECK_COMMANDS,
  explain: async () => (await import('./explain.ts')).EXPLAIN_COMMANDS,
  distribute: async () => (await import('./distribute.ts')).DISTRIBUTE_COMMANDS,
};

/** What the operator's tool can do that begins with a word; everything, in the order of its help, when nothing does. */
export async function commandsFor(word = ''): Promise<readonly Command[]> {
  if (Object.hasOwn(LOADERS, word)) return LOADERS[word]!();
  return (await Promise.all(Object.values(LOADERS).map((load) => load()))).flat();
}
