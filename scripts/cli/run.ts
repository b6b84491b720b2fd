import { parseArgs } from 'node:util';
import { type Call, type Command, UsageError } from './command.ts';
import { withDatabase } from './database.ts';

const WIDTH = 26;

/** Finds the command in what was typed, checks its options and runs it. @throws UsageError, Failure */
export async function runCommand(
  commands: readonly Command[],
  typed: readonly string[],
  env: Record<string, string | undefined>,
): Promise<void> {
  const firstOption = typed.findIndex((word) => word.startsWith('-'));
  const words = firstOption === -1 ? typed : typed.slice(0, firstOption);
  const command = commands.find((one) => one.words.split(' ').every((word, i) => words[i] === word));
  const wantsHelp = typed.includes('--help') || typed.includes('-h');
  if (wantsHelp || !typed.length) {
    console.log(command ? helpOf(command) : help(commands, words[0]));
    return;
  }
  if (!command) throw new UsageError(`unknown command: ${words.slice(0, 2).join(' ') || typed[0]}`);
  const call = readCall(command, typed.slice(command.words.split(' ').length), env);
  const { run } = command;
  if (run.kind === 'plain') await run.work(call);
  else await withDatabase(env, (pools) => run.work(call, pools));
}

function readCall(command: Command, args: readonly string[], env: Record<string, string | undefined>): Call {
  const options = Object.fromEntries(
    Object.entries(command.options).map(([name, { value }]) => [
      name,
      { type: value ? ('string' as const) : ('boolean' as const) },
    ]),
  );
  const { values, positionals } = parse(command, args, options);
  const takes = command.takes ?? [];
  if (positionals.length > takes.length)
    throw new UsageError(`${command.words}: what is ${positionals[takes.length]}?`);
  if (positionals.length < takes.length)
    throw new UsageError(`${command.words}: ${takes[positionals.length]} is missing`);
  for (const [name, option] of Object.entries(command.options)) {
    values[name] ??= option.initial;
    if (option.required && !values[name])
      throw new UsageError(`${command.words}: --${name} ${option.value} is missing`);
  }
  return {
    option: (name) => String(values[name] ?? ''),
    maybe: (name) => (typeof values[name] === 'string' ? values[name] : null),
    given: (name) => values[name] !== undefined && values[name] !== false,
    taken: positionals,
    env,
    print: (line) => console.log(line),
    note: (line) => console.error(line),
  };
}

function parse(command: Command, args: readonly string[], options: Record<string, { type: 'string' | 'boolean' }>) {
  try {
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
    return { values: { ...values } as Record<string, string | boolean | undefined>, positionals };
  } catch (error) {
    const { message } = error as Error;
    throw new UsageError(`${command.words}: ${(message.split(/\.\s/)[0] ?? message).split('\n')[0]}`);
  }
}

/** Every command, or those that begin with a word, a line each. */
function help(commands: readonly Command[], word?: string): string {
  const some = commands.filter((command) => command.words.split(' ')[0] === word);
  const lines = (some.length ? some : commands).map((command) => `  ${titleOf(command).padEnd(WIDTH)} ${command.does}`);
  return [
    'npm run cli -- COMMAND [--option VALUE …]',
    '',
    ...lines,
    '',
    'npm run cli -- COMMAND --help shows the options of one.',
    'The database is the one of DATABASE_URL; without it the embedded one of DATA_DIR (.data), as npm run demo uses it.',
  ].join('\n');
}

const titleOf = (command: Command): string => [command.words, ...(command.takes ?? [])].join(' ');

function helpOf(command: Command): string {
  const options = Object.entries(command.options).map(([name, option]) => {
    const left = `  --${name}${option.value ? ` ${option.value}` : ''}`;
    const extra = option.initial ? ` (${option.initial})` : option.required ? '' : ' (optional)';
    return `${left.padEnd(WIDTH + 2)} ${option.help}${extra}`;
  });
  return [`npm run cli -- ${titleOf(command)}`, `  ${command.does}`, '', ...options].join('\n').trimEnd();
}
