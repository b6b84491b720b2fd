// `npm run bench -- COMMAND`: how quick the product is on this machine, beside the least the same work could take.
import { benchImport } from './import.ts';
import { benchPages } from './pages.ts';
import { benchReports } from './reports.ts';
import { benchUsers } from './users.ts';

const COMMANDS: Record<string, { usage: string; run(args: string[]): Promise<void> }> = {
  pages: { usage: '[pages] [--quick] [--customers N] [--tenants N] [--only PAGE] [--write]', run: benchPages },
  import: { usage: 'import [--rows N] [--million] [--write]', run: benchImport },
  users: { usage: 'users [--users N] [--minutes N] [--quick] [--write]', run: benchUsers },
  reports: { usage: 'reports [--quick] [--customers N] [--tenants N] [--only SLUG] [--write]', run: benchReports },
};

const given = process.argv.slice(2);
const [name = '', ...args] = !given[0] || given[0].startsWith('--') ? ['pages', ...given] : given;
const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
if (command) await command.run(args);
else {
  const known = Object.values(COMMANDS).map(({ usage }) => `npm run bench -- ${usage}`);
  console.error(`usage: ${known.join('\n       ')}`);
  process.exitCode = 2;
}
