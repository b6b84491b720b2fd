// No room left: for uploads, for the log. RE-13, RE-18. Where mounting is allowed the disk is really full, else the process
// may write no larger files, which the system refuses in the same way.
import { findViolations } from '../helpers/invariants.ts';
import { sharedDatabase, useFaultGround } from './ground.ts';
import { Person } from './people.ts';
import { filesIn, smallDisk } from './small_disk.ts';

const ground = useFaultGround(sharedDatabase);

const ROOM = 1024 * 1024;

const upload = (url: string, bytes: number): Promise<Response> =>
  ground.upload(url, `Name,City\n${'Somebody,Ulm\n'.repeat(bytes / 13)}`);

test('a file for which there is no room is refused with what to do, leaves nothing behind, and others go on', async () => {
  const disk = smallDisk(ROOM);
  try {
    const before = disk.real ? ':' : `ulimit -f ${ROOM / 512}`;
    const product = await ground.start({ ROLE: 'web', DATA_DIR: disk.folder }, { before });
    await product.ready();
    for (let i = 0; i < 3; i += 1) {
      const answer = await upload(product.url, 3 * ROOM);
      const told = (await answer.json()) as { error: string };
      expect([answer.status, told.error]).toEqual([
        507,
        'There is no room left to keep this, so nothing was saved. Tell whoever runs Rapport.',
      ]);
    }
    expect(filesIn(disk.folder)).toEqual([]);
    expect(await ground.sql('select from imports')).toEqual([]);
    expect((await upload(product.url, ROOM / 4)).status).toBe(202);
    expect(filesIn(disk.folder)).toHaveLength(1);
    expect(product.alive()).toBe(true);
    expect(await findViolations(ground.postgres.url())).toEqual([]);
    expect(await product.end()).toBe(0);
  } finally {
    disk.end();
  }
}, 60_000);

test.each([
  ['is full', '/dev/full'],
  ['was closed', '&-'],
])(
  'a log that %s loses lines, and nothing else',
  async (_, output) => {
    const product = await ground.start({ ROLE: 'web', LOG_LEVEL: 'info' }, { output });
    const person = new Person(product.url);
    for (let i = 0; i < 600 && product.alive(); i += 1) {
      const status = await person.send('/readyz').then(
        (answer) => answer.status,
        () => 0,
      );
      if (status === 200) break;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect((await person.signIn(ground.acme.users.admin)).status).toBe(303);
    for (let i = 0; i < 20; i += 1) expect((await person.send('/customers')).status).toBe(200);
    expect(product.alive()).toBe(true);
    expect(await product.end()).toBe(0);
  },
  60_000,
);

test('a log that nobody reads any more, because the reader ended, loses lines, and nothing else', async () => {
  const product = await ground.start({ ROLE: 'web', LOG_LEVEL: 'info' });
  await product.ready();
  product.deaf();
  const person = new Person(product.url);
  expect((await person.signIn(ground.acme.users.admin)).status).toBe(303);
  for (let i = 0; i < 20; i += 1) expect((await person.send('/customers')).status).toBe(200);
  expect(await product.end()).toBe(0);
}, 60_000);
