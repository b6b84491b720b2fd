// `npm run cli -- …`: the operator's tool. Says one clear line and ends with 2 when it was called wrongly, with 1 when it failed.

import { explainFailure, UsageError } from './cli/command.ts';
import { COMMANDS } from './cli/commands.ts';
import { runCommand } from './cli/run.ts';

try {
  await runCommand(COMMANDS, process.argv.slice(2), process.env);
} catch (error) {
  console.error(explainFailure(error));
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
