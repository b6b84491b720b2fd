// More clients than the process may have open files: RE-14. Some are not let in; who is in is served, and nothing breaks.
import { readdirSync } from 'node:fs';
import net from 'node:net';
import { sharedDatabase, useFaultGround } from './ground.ts';
import { Person } from './people.ts';
import { type Running, until } from './process.ts';

/** How many files and connections the process may have open. */
const LIMIT = 256;
const CLIENTS = 1_000;
/** `npm run test:faults` does it oftener. */
const ROUNDS = process.env.FAULTS_KILLS ? 5 : 1;

const ground = useFaultGround(sharedDatabase);

const openFiles = (pid: number): number => readdirSync(`/proc/${pid}/fd`).length;

interface Client {
  socket: net.Socket;
  /** Statuses that it was told. */
  heard: number[];
  closed: boolean;
}

/** Somebody who connects, asks for a page and keeps the connection, as browsers do. */
function connect(product: Running, cookie: string): Client {
  const socket = net.connect(Number(new URL(product.url).port), '127.0.0.1');
  const client: Client = { socket, heard: [], closed: false };
  socket.on('error', () => {});
  socket.on('close', () => {
    client.closed = true;
  });
  socket.setEncoding('latin1').on('data', (text: string) => {
    for (const [, status] of text.matchAll(/^HTTP\/1\.1 (\d+)/gm)) client.heard.push(Number(status));
  });
  socket.write(`GET /customers HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: ${cookie}\r\n\r\n`);
  return client;
}

test(
  'of a thousand clients at once those for whom there is room are served, and it goes on as before',
  async () => {
    const product = await ground.start({ ROLE: 'web' }, { before: `ulimit -n ${LIMIT}` });
    await product.ready();
    const person = new Person(product.url);
    await person.signIn(ground.acme.users.admin);
    const before = openFiles(product.pid);
    let most = 0;
    for (let round = 0; round < ROUNDS; round += 1) {
      const crowd = Array.from({ length: CLIENTS }, () => connect(product, person.cookie));
      await until(
        'everybody to be answered or sent away',
        () => {
          most = Math.max(most, openFiles(product.pid));
          return crowd.every(({ closed, heard }) => closed || heard.length);
        },
        60_000,
      );
      // Connections are not kept while there is little room: so others get in, although nobody of the crowd has left.
      expect((await new Person(product.url).signIn(ground.acme.users.manager)).status).toBe(303);
      for (const { socket } of crowd) socket.destroy();
      const answers = crowd.flatMap(({ heard }) => heard);
      expect(answers.filter((status) => status === 200).length).toBeGreaterThan(20);
      expect(answers.filter((status) => ![200, 503].includes(status))).toEqual([]);
    }
    expect(most).toBeLessThan(LIMIT);
    expect((await person.send('/customers')).status).toBe(200);
    expect((await ground.upload(product.url, 'Name\nSomebody')).status).toBe(202);
    await until('files to be closed', () => openFiles(product.pid) < before + 20); // and the pool may have grown
    expect(product.faults()).toEqual([]);
    expect(await product.end()).toBe(0);
  },
  60_000 * (ROUNDS + 1),
);
