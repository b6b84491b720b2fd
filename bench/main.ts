// `npm run bench -- COMMAND`: how quick the product is on this machine, beside the least the same work could take.
import { benchImport } from './import.ts';
import { benchReports } from './reports.ts';

const COMMANDS: Record<string, { usage: string; run(args: string[]): Promise<void> }> = {
  import: { usage: 'import [--rows N] [--million] [--write]', run: benchImport },
  reports: { usage: 'reports [--quick] [--customers N] [--tenants N] [--only SLUG] [--write]', run: benchReports },
};

const [name = '', ...args] = process.argv.slice(2);
const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
if (command) await command.run(args);
else {
  const known = Object.values(COMMANDS).map(({ usage }) => `npm run bench -- ${usage}`);
  console.error(`usage: ${known.join('\n       ')}`);
  process.exitCode = 2;
}
