// A TCP proxy on a fixed port of 127.0.0.1, between the product and a server it needs: slow, silent, cut or shut at will.
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from './servers.ts';

export interface Gate {
  port: number;
  /** Leads new connections to this port. */
  lead(port: number): void;
  /** Every piece of data arrives so much later, each way, in ms. */
  delay(ms: number): void;
  /** Nothing passes and nothing is refused, as on a cut cable; what was sent arrives when it ends. */
  silence(on: boolean): void;
  /** Nobody listens any more, and all connections are cut. */
  shut(): Promise<void>;
  open(): Promise<void>;
}

export async function openGate(target: number): Promise<Gate> {
  const port = await freePort();
  const sockets = new Set<net.Socket>();
  let [to, late] = [target, 0];
  let quiet: { over: Promise<void>; end: () => void } | null = null;

  const pass = (from: net.Socket, into: net.Socket) => {
    let before = Promise.resolve();
    const then = (work: () => void) => {
      const due = Date.now() + late;
      before = before.then(async () => {
        await quiet?.over;
        if (due > Date.now()) await sleep(due - Date.now());
        work();
      });
    };
    sockets.add(from);
    from.setNoDelay(true);
    from.on('data', (chunk) => then(() => into.write(chunk)));
    from.on('end', () => then(() => into.end()));
    from.on('error', () => into.destroy());
    from.on('close', () => {
      sockets.delete(from);
      then(() => into.destroy());
    });
  };
  const server = net.createServer({ allowHalfOpen: true }, (caller) => {
    const called = net.connect({ port: to, host: '127.0.0.1', allowHalfOpen: true });
    pass(caller, called);
    pass(called, caller);
  });
  const gate: Gate = {
    port,
    lead: (next) => {
      to = next;
    },
    delay: (ms) => {
      late = ms;
    },
    silence: (on) => {
      quiet?.end();
      const { promise: over, resolve: end } = Promise.withResolvers<void>();
      quiet = on ? { over, end } : null;
    },
    shut: async () => {
      gate.silence(false);
      const closed = new Promise<unknown>((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
    open: () =>
      new Promise((resolve, reject) => {
        server.once('error', reject);
        server.listen(port, '127.0.0.1', () => {
          server.off('error', reject);
          resolve();
        });
      }),
  };
  await gate.open();
  return gate;
}
