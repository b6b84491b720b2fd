import { distribute, NotReady, planDistribution } from '../distribution.ts';
import { type Call, type Command, Failure } from './command.ts';
import { withDatabase } from './database.ts';

async function run(call: Call): Promise<void> {
  if (!call.given('run')) {
    await withDatabase(call.env, async (pools) => {
      const plan = await planDistribution(pools.platform);
      call.print('begin;');
      for (const statement of plan.statements) call.print(`${statement};`);
      call.print('commit;');
      call.note(`local: ${plan.local.join(', ')}`);
      call.note(`triggers to try first: ${plan.triggers.join(', ')}`);
      call.note('Nothing changed. With --run this is done (docs/scaling.md).');
    });
    return;
  }
  const url = call.env.MIGRATION_DATABASE_URL ?? call.env.DATABASE_URL;
  if (!url) throw new Failure('Set MIGRATION_DATABASE_URL to the coordinator, as superuser.');
  const rows = await distribute(url).catch((error) => {
    throw error instanceof NotReady ? new Failure(error.message) : error;
  });
  call.print(`${rows} rows are distributed by tenant.`);
}

export const DISTRIBUTE_COMMANDS: readonly Command[] = [
  {
    words: 'distribute',
    does: 'Shows how the tables are spread over several machines with Citus; does it with --run.',
    options: { run: { help: 'do it, in the database of MIGRATION_DATABASE_URL or DATABASE_URL' } },
    run: { kind: 'plain', work: run },
  },
];
