// The operator imports while no worker runs: the command does the work itself, and takes it back.
import type { TestTenant } from '../helpers/fixture.ts';
import { useGround } from '../modules/imports/ground.ts';
import { cliOf, fileOf } from './ground.ts';

const SLOW = 120_000;
const ROWS = 2_500;
const ground = useGround();

const run = (...args: string[]) => cliOf(ground.app, ...args);
async function count(tenant: TestTenant, where: string): Promise<number> {
  const found = `select 1 from customers where tenant_id = $1 and name like 'Alone %' and ${where}`;
  return (await ground.sql(found, [tenant.id])).length;
}

test(
  'a file is imported, what became of each row is said, and the import is taken back',
  async () => {
    const { acme, globex } = ground;
    const rows = Array.from({ length: ROWS }, (_, i) => `Alone ${i};${i ? `c${i}@alone.example` : 'nonsense'}`);
    const list = fileOf(ground.app, 'list.csv', `Name;E-mail\n${rows.join('\n')}\n`);
    const done = await run('import', 'run', '--tenant', 'acme', list);
    expect(done).toMatchObject({
      code: 3,
      out: `${ROWS} rows = ${ROWS - 1} created + 0 updated + 0 unchanged + 0 skipped + 1 failed`,
      err: expect.stringContaining('No worker has taken it up, so it is done here.'),
    });
    expect([await count(acme, 'true'), await count(globex, 'true')]).toEqual([ROWS - 1, 0]);

    const id = /\/imports\/([0-9a-f-]{36})\/errors\.xlsx/.exec(done.err)![1]!;
    const elsewhere = await run('import', 'undo', '--tenant', 'globex', id);
    expect([elsewhere.code, elsewhere.out]).toEqual([1, '']);
    const forbidden = await run('import', 'undo', '--tenant', 'acme', '--email', acme.users.read_only.email, id);
    expect([forbidden.code, forbidden.err]).toEqual([1, expect.stringMatching(/Your role does not allow this/)]);
    expect(await count(acme, 'deleted_at is null')).toBe(ROWS - 1);

    const undone = await run('import', 'undo', '--tenant', 'acme', id);
    expect(undone).toMatchObject({ code: 0, out: expect.stringMatching(/^The import of list\.csv is undone\./) });
    expect(await count(acme, 'deleted_at is null')).toBe(0);
    // a worker that comes later finds nothing left to do
    expect(await ground.sql('select state, task from imports where id = $1', [id])).toEqual([
      { state: 'undone', task: null },
    ]);
  },
  SLOW,
);
