// The listening socket of a process: it answers before there is anything to serve, and it goes away without a lost request.
import http from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** How long open requests may take to finish when the process stops, in ms. */
export const DRAIN = 10_000;

export interface WebServer {
  url: string;
  /** From now on requests go to the application. */
  serve(app: http.RequestListener): void;
  /**
   * Goes on serving for `notice` ms, during which every answer closes its connection and readiness already says no; then
   * takes no new connection, lets open requests finish for ten seconds at most, and closes what is left.
   * @param last called between the two, to end what would never finish by itself
   */
  stop(notice: number, last: () => void): Promise<void>;
}

/**
 * Listens at once, so that whoever asks how the process is gets an answer while it still waits for others.
 * @param waiting what it waits for, for people
 * @throws Error when the port is taken
 */
export async function openWebServer(
  { host, port }: { host: string; port: number },
  waiting: () => string,
): Promise<WebServer> {
  let application: http.RequestListener = starting(waiting);
  let stopping = false;
  const open = new Set<http.ServerResponse>();
  const server = http.createServer((req, res) => {
    if (stopping) res.shouldKeepAlive = false;
    open.add(res);
    res.once('close', () => open.delete(res));
    application(req, res);
  });
  server.requestTimeout = 120_000;
  server.headersTimeout = 20_000;
  server.keepAliveTimeout = 65_000;
  server.maxHeadersCount = 100;
  const unused = unusedSockets(server);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, host }, resolve);
  });
  return {
    url: urlOf(server, host),
    serve: (app) => {
      application = app;
    },
    stop: async (notice, last) => {
      stopping = true;
      for (const res of open) res.shouldKeepAlive = false;
      await sleep(notice);
      last();
      await drain(server, unused);
    },
  };
}

function urlOf(server: http.Server, host: string): string {
  const { port } = server.address() as AddressInfo;
  const name = host.includes(':') ? `[${host}]` : host;
  return `http://${name === '0.0.0.0' || name === '[::]' ? '127.0.0.1' : name}:${port}`;
}

/** Answers while there is no application yet: alive, but not ready. */
function starting(waiting: () => string): http.RequestListener {
  return (req, res) => {
    const alive = req.url === '/healthz';
    res.writeHead(alive ? 200 : 503, {
      'Content-Type': 'text/plain; charset=utf-8',
      'Cache-Control': 'no-store',
      ...(!alive && { 'Retry-After': '5' }),
    });
    const told = req.url === '/readyz' ? waiting() : 'Rapport is starting. Try again in a moment.';
    res.end(`${alive ? 'ok' : told}\n`);
  };
}

/** Connections on which nothing was asked yet: browsers open some in advance, and Node does not count them as idle. */
function unusedSockets(server: http.Server): Set<Socket> {
  const unused = new Set<Socket>();
  server.on('connection', (socket) => {
    unused.add(socket);
    socket.once('close', () => unused.delete(socket));
  });
  server.on('request', (req) => unused.delete(req.socket));
  return unused;
}

function drain(server: http.Server, unused: ReadonlySet<Socket>): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => server.closeAllConnections(), DRAIN);
    // A connection whose request has just finished would be kept for the next one, which nobody will answer.
    const idle = setInterval(() => {
      server.closeIdleConnections();
      for (const socket of unused) socket.destroy();
    }, 50);
    server.close(() => {
      clearTimeout(timer);
      clearInterval(idle);
      resolve();
    });
  });
}
