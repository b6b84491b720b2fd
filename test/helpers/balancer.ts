// What stands before several processes in production: shares requests out among those that say they are ready.
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';

/** How often the processes are asked, in ms. */
const EVERY = 100;

export interface Balancer {
  url: string;
  /** Addresses that are ready as far as it knows. */
  ready(): string[];
  stop(): Promise<void>;
}

/** Tries no request twice: what fails is seen as a 502. */
export async function openBalancer(backends: readonly string[]): Promise<Balancer> {
  const agent = new http.Agent({ keepAlive: true });
  const ready = new Set<string>();
  const look = async (backend: string) => {
    const answer = await fetch(`${backend}/readyz`).catch(() => null);
    if (answer?.status === 200) ready.add(backend);
    else ready.delete(backend);
    await answer?.text();
  };
  const timer = setInterval(() => void Promise.all(backends.map(look)), EVERY);
  await Promise.all(backends.map(look));
  let turn = 0;
  const server = http.createServer((req, res) => {
    turn += 1;
    const list = [...ready];
    const target = list[turn % list.length];
    const fail = (why: unknown) => void (res.headersSent ? res.destroy() : res.writeHead(502).end(`502 ${why}`));
    if (!target) return fail('nobody is ready');
    const { connection: _, ...headers } = req.headers;
    const onward = http.request(target + req.url, { method: req.method!, headers, agent }, (answer) => {
      const { connection: __, 'keep-alive': ___, ...back } = answer.headers;
      res.writeHead(answer.statusCode!, back);
      answer.on('error', fail).pipe(res);
    });
    onward.on('error', fail);
    req.pipe(onward);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ready: () => [...ready],
    stop: async () => {
      clearInterval(timer);
      agent.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
