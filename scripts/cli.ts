// `npm run cli -- …`: the operator's tool. Says one clear line and ends with 2 when it was called wrongly, with 1 when it failed.

import { explainFailure, UsageError } from './cli/command.ts';
import { commandsFor } from './cli/commands.ts';
import { runCommand } from './cli/run.ts';

try {
  const typed = process.argv.slice(2);
  await runCommand(await commandsFor(typed[0]), typed, process.env);
} catch (error) {
  console.error(explainFailure(error));
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
