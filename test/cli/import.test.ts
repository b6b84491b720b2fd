// A file imported by the operator: the same path, rights and accounts as in the browser, through a worker that runs.
import path from 'node:path';
import { useGround } from '../modules/imports/ground.ts';
import { cliOf, fileOf } from './ground.ts';

const SLOW = 120_000;
const ground = useGround({ ROLE: 'all' });

const run = (...args: string[]) => cliOf(ground.app, 'import', 'run', '--tenant', 'acme', ...args);
const file = (name: string, text: string) => fileOf(ground.app, name, text);
const customers = (name: string) =>
  ground.sql('select name, created_by from customers where tenant_id = $1 and name like $2 order by 1', [
    ground.acme.id,
    name,
  ]);

test(
  'a file is planned without being written, then imported on behalf of the person named, and every row is accounted for',
  async () => {
    const list = file(
      'list.csv',
      'Name;E-mail\nCli One;one@cli.example\nCli Two;nonsense\nCli Three;three@cli.example\n',
    );
    const planned = await run('--plan', list);
    expect(planned).toMatchObject({
      code: 3,
      out: '3 rows = 2 created + 0 updated + 0 unchanged + 0 skipped + 1 failed',
      err: expect.stringMatching(/Nothing is written yet\. The plan: \/imports\/[0-9a-f-]{36}/),
    });
    expect(await customers('Cli %')).toEqual([]);
    const done = await run('--email', ground.acme.users.manager.email.toUpperCase(), list);
    expect(done).toMatchObject({ code: 3, out: planned.out, err: expect.stringMatching(/\/errors\.xlsx/) });
    expect(await customers('Cli %')).toEqual([
      { name: 'Cli One', created_by: ground.acme.users.manager.id },
      { name: 'Cli Three', created_by: ground.acme.users.manager.id },
    ]);
    const again = await run('--options', '{"match": ["email"]}', list);
    expect(again.out).toBe('3 rows = 0 created + 0 updated + 2 unchanged + 0 skipped + 1 failed');
  },
  SLOW,
);

test(
  'what cannot be imported says why in one line, and keeps no file',
  async () => {
    const folder = ground.app.platform.config.data_dir;
    const list = file('plain.csv', 'Name\nNobody\n');
    const refused: [string[], RegExp][] = [
      [[path.join(folder, 'none.csv')], /^There is no file .*none\.csv\.$/],
      [[folder], /^There is no file/],
      [['--email', 'nobody@acme.example', list], /^There is nobody with nobody@acme\.example in acme\.$/],
      [['--email', ground.acme.users.read_only.email, list], /^Your role does not allow this/],
      [['--entity', 'unicorns', list], /Choose what is in the file/],
      [['--options', '[]', list], /^Options are a JSON object/],
      [['--options-file', path.join(folder, 'none.json'), list], /^There is no file .*none\.json\.$/],
      [[file('towns.csv', 'Town\nParis\n')], /^Choose the column that holds the name\. The columns are “Town”/],
      [['--options', '{"mapping": {"Name": "nmae"}}', list], /There is no field “nmae”/],
      [[file('letter.csv', '%PDF-1.7\n%âãÏÓ\n')], /This is a PDF document/],
    ];
    for (const [args, why] of refused) {
      const { code, out, err } = await run(...args);
      expect([args.at(-1), code, out]).toEqual([args.at(-1), 1, '']);
      expect(err.split('\n').at(-1)).toMatch(why);
    }
    const kept = `select file_name from imports where tenant_id = $1 and file_name = 'plain.csv'`;
    expect(await ground.sql(kept, [ground.acme.id])).toEqual([]);
  },
  SLOW,
);

test(
  'options stand in a file, too, and not in two places',
  async () => {
    const options = file('options.json', '{"mapping": {"Firm": "name"}, "defaults": {"status": "active"}}\n');
    const list = file('firms.csv', 'Firm\nCli Options\n');
    expect(await run('--options-file', options, list)).toMatchObject({
      code: 0,
      out: '1 rows = 1 created + 0 updated + 0 unchanged + 0 skipped + 0 failed',
    });
    const twice = await run('--options-file', options, '--options', '{}', list);
    expect(twice).toMatchObject({ code: 2, out: '', err: expect.stringMatching(/^import run: .* not both/) });
  },
  SLOW,
);
