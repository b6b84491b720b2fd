// No room left for PostgreSQL: RE-13. What it cannot keep is refused with what to do; what it holds is read as before.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { useFaultGround } from '../ground.ts';
import { type Answer, Ledger, type Person } from '../people.ts';
import { startOwnPostgres } from '../postgres.ts';
import { type Running, until } from '../process.ts';
import { filesIn, smallDisk } from '../small_disk.ts';

/** Room for PostgreSQL with a company, for the log that it writes ahead, and for some work. */
const ROOM = 256 * 1024 * 1024;
const NO_ROOM = 'There is no room left to keep this, so nothing was saved. Tell whoever runs Rapport.';
/** Where nothing can be mounted: as PostgreSQL says that a table cannot grow, and nothing of ours knows the difference. */
const REFUSE = `
  create function refuse() returns trigger language plpgsql as $$ begin
    raise exception 'could not extend file: No space left on device' using errcode = '53100'; end $$;
  create trigger refuse before insert on audit_log for each row execute function refuse()`;

const disk = smallDisk(ROOM);
// Files of the log that were used up are kept for the next ones, so that the tables run out of room first.
const settings = ['max_wal_size=96MB', 'min_wal_size=96MB'];
const ground = useFaultGround(() => startOwnPostgres({ folder: disk.folder, settings }));
afterAll(() => disk.end());

let product: Running;
let people: Person[];
let pid: number;

beforeAll(async () => {
  product = await ground.start({ ROLE: 'all', DATABASE_POOL: '5' });
  await product.ready();
  pid = product.pid;
  people = await ground.people(product.url);
  for (let i = 0; i < 4; i += 1) await useUpLog();
  await ground.sql('checkpoint');
}, 60_000);

/** Whatever the disk is, from now on tables do not grow. */
const fill = async () => (disk.real ? disk.fill() : void (await ground.sql(REFUSE)));

async function makeRoom(): Promise<void> {
  disk.makeRoom();
  if (!disk.real) await ground.sql('drop trigger refuse on audit_log; drop function refuse()');
}

/** A file of the log, 16 MB, counts as written. */
const useUpLog = () => ground.sql(`select pg_logical_emit_message(true, 'used', 'up'), pg_switch_wal()`);

/** 507, or 503 from a server that has ended. */
const refused = (ledger: Ledger): Answer[] => ledger.answers.filter(({ status }) => status > 500);

/** Work goes on with the same process, and nothing that was acknowledged or refused is there otherwise. */
async function expectAllIsWell(ledger: Ledger): Promise<void> {
  const up = Date.now();
  await until('work to go on', () => ledger.answers.filter(({ status, at }) => status < 400 && at > up).length > 30);
  await ledger.finish();
  expect([product.alive(), product.pid]).toEqual([true, pid]);
  expect(ledger.failures).toEqual([]);
  expect(ledger.odd([507])).toEqual([]);
  await ground.keptEverything(ledger);
}

function add(name: string): Promise<Response> {
  const headers = { authorization: `Bearer ${ground.acme.users.admin.token}`, 'content-type': 'application/json' };
  return fetch(`${product.url}/api/v1/customers`, {
    method: 'POST',
    body: JSON.stringify({ name, currency: 'EUR' }),
    headers,
  });
}

/** What fits into the room that tables have already is still taken. @returns how often that was, and the refusal */
async function untilRefused(send: () => Promise<Response>): Promise<{ done: number; told: [number, unknown] }> {
  for (let done = 0; ; done += 1) {
    const answer = await send();
    const told = await answer.json();
    if (!answer.ok || done > 500) return { done, told: [answer.status, told] };
  }
}

test('tables that cannot grow: writing is refused with what to do, reading goes on, and all works when there is room', async () => {
  const reader = people.pop()!;
  const ledger = new Ledger();
  ledger.begin(people);
  await fill();
  await until('somebody to be refused', () => refused(ledger).length > 20);

  for (const path of [
    '/',
    '/customers',
    '/customers?q=Wish',
    `/customers/${ground.acme.records.customer}`,
    '/tasks',
    '/reports',
    '/reports/pipeline',
    '/imports',
  ])
    expect(`${path} ${(await reader.send(path)).status}`).toBe(`${path} 200`);
  expect((await fetch(`${product.url}/readyz`)).status).toBe(200);
  const program = await untilRefused(() => add(`By a program ${randomUUID()}`));
  const lists = await untilRefused(() => ground.upload(product.url, 'Name\nSomebody'));
  for (const { told } of [program, lists]) expect(told).toEqual([507, expect.objectContaining({ error: NO_ROOM })]);
  for (const { status, text } of refused(ledger))
    expect([status, text]).toEqual([507, expect.stringContaining(NO_ROOM)]);

  await makeRoom();
  await expectAllIsWell(ledger);
  expect((await ground.upload(product.url, 'Name\nSomebody')).status).toBe(202);
  expect(filesIn(ground.files)).toHaveLength(lists.done + 1);
  const [added] = await ground.sql(`select count(*)::int as n from customers where name like 'By a program%'`);
  expect(added).toEqual({ n: program.done });
  people.push(reader);
}, 60_000);

test('a log that cannot grow ends PostgreSQL; nobody is told anything wrong, and all works when it is started with room', async () => {
  const ledger = new Ledger();
  ledger.begin(people);
  await sleep(300);
  if (!disk.real) await ground.postgres.end('SIGKILL');
  await until('somebody to be turned away', async () => {
    disk.fill(); // it may get up again in the room of what it could not finish, and then takes no new connections
    await useUpLog().catch(() => {});
    return refused(ledger).length > 20;
  });
  disk.makeRoom();
  await ground.postgres.start();
  await expectAllIsWell(ledger);
}, 60_000);

test('a job whose end there is no room to write down runs again, and the process goes on', async () => {
  const jobs = () => ground.sql('select from graphile_worker.jobs');
  const SAYS = 'no room for the end of a job';
  await ground.sql(
    REFUSE.replace('insert on audit_log', 'delete on graphile_worker._private_jobs').replace('could not extend', SAYS),
  );
  await ground.sql(`select graphile_worker.add_job('upkeep', '{}')`);
  await until('it to fail', () => product.said().includes(SAYS), 30_000);
  await ground.sql('drop trigger refuse on graphile_worker._private_jobs; drop function refuse()');
  await until('it to be done', async () => (await jobs()).length === 0, 50_000);
  expect([product.alive(), product.pid]).toEqual([true, pid]);
}, 60_000);
