import { CHECK_COMMANDS } from './check.ts';
import type { Command } from './command.ts';
import { DELETE_COMMANDS } from './delete.ts';
import { DISTRIBUTE_COMMANDS } from './distribute.ts';
import { EXPLAIN_COMMANDS } from './explain.ts';
import { EXPORT_COMMANDS } from './export.ts';
import { IMPORT_COMMANDS } from './imports.ts';
import { RESTORE_COMMANDS } from './restore.ts';
import { TENANT_COMMANDS } from './tenants.ts';
import { TOKEN_COMMANDS } from './tokens.ts';
import { USER_COMMANDS } from './users.ts';

/** Everything the operator's tool can do, in the order of its help. */
export const COMMANDS: readonly Command[] = [
  ...TENANT_COMMANDS,
  ...EXPORT_COMMANDS,
  ...DELETE_COMMANDS,
  ...RESTORE_COMMANDS,
  ...USER_COMMANDS,
  ...TOKEN_COMMANDS,
  ...IMPORT_COMMANDS,
  ...CHECK_COMMANDS,
  ...EXPLAIN_COMMANDS,
  ...DISTRIBUTE_COMMANDS,
];
