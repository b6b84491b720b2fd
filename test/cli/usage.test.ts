// What the operator's tool says when it is called without, or wrongly: one line and exit code 2, with no database at hand.
import { cli } from './ground.ts';

const NO_DATABASE = { DATABASE_URL: '', DATA_DIR: '/nonexistent' };
const run = (...args: string[]) => cli(args, NO_DATABASE);

test('the help names every command that is there, and no other', async () => {
  const { code, out } = await run('--help');
  expect(code).toBe(0);
  const words = [...out.matchAll(/^ {2}((?:[a-z]+ )?[a-z]+)(?: [A-Z]+)? {2,}/gm)].map((match) => match[1]);
  expect(words).toEqual([
    'tenant create',
    'tenant suspend',
    'tenant resume',
    'tenant export',
    'tenant delete',
    'tenant restore',
    'user invite',
    'user deactivate',
    'token create',
    'import run',
    'import undo',
    'check',
    'explain',
    'distribute',
  ]);
  expect((await run()).out).toBe(out);
});

test('the help of one command names its options', async () => {
  const { code, out } = await run('token', 'create', '--help');
  expect(code).toBe(0);
  for (const option of ['--tenant', '--email', '--name', '--scopes', '--days']) expect(out).toContain(option);
});

test.each([
  ['an unknown command', ['frobnicate'], 'unknown command: frobnicate'],
  ['half a command', ['tenant'], 'unknown command: tenant'],
  ['an unknown option', ['tenant', 'suspend', '--tenat', 'acme'], "tenant suspend: Unknown option '--tenat'"],
  ['a missing option', ['user', 'deactivate', '--tenant', 'acme'], 'user deactivate: --email ADDRESS is missing'],
  ['a missing word', ['explain'], 'explain: ENTITY is missing'],
  ['a word too many', ['explain', 'lead', 'deal'], 'explain: what is deal?'],
  ['an option without its value', ['tenant', 'suspend', '--tenant'], "tenant suspend: Option '--tenant <value>'"],
])('%s is one line and exit code 2', async (_, args, message) => {
  const { code, out, err } = await cli(args, NO_DATABASE);
  expect([code, out]).toEqual([2, '']);
  expect(err.split('\n')).toHaveLength(1);
  expect(err).toContain(message);
});

test('without a database it says what to do', async () => {
  const { code, err } = await run('tenant', 'suspend', '--tenant', 'acme');
  expect([code, err]).toEqual([1, expect.stringMatching(/^There is no database .*DATABASE_URL.*npm run demo/)]);
});

test('a database that does not answer is one line', async () => {
  const env = { DATABASE_URL: 'postgres://nobody@127.0.0.1:9/none' };
  const { code, err } = await cli(['tenant', 'suspend', '--tenant', 'acme'], env);
  expect(code).toBe(1);
  expect(err.split('\n')).toHaveLength(1);
});

test('explain prints fields, filters, sorts and who may do what, by the name or the address of an entity', async () => {
  const { code, out } = await run('explain', 'lead');
  expect(code).toBe(0);
  expect(out).toMatch(/^Lead \(lead\): table leads/);
  expect(out).toMatch(/^ {2}status +Status +choice: new, contacted, qualified, lost, converted/m);
  expect(out).toMatch(/^ {2}sales +own +yes +yes +yes +yes/m);
  expect(out).toMatch(/^ {2}support +– +–/m);
  expect(out).toContain('Sorts: name, estimated_value, last_contact_at, created_at, updated_at');
  expect((await run('explain', 'leads')).out).toBe(out);
  const unknown = await run('explain', 'unicorn');
  expect([unknown.code, unknown.err]).toEqual([1, expect.stringContaining('There is no entity unicorn')]);
});
