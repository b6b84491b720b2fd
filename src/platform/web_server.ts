// The listening socket of a process: it answers before there is anything to serve, and it goes away without a lost request.
import { readFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** How long open requests may take to finish when the process stops, in ms. */
export const DRAIN = 10_000;

/** Open files that are kept for others than clients, such as Redis and uploads, beside two for a connection of the pool. */
const KEPT = 64;

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
 * Listens at once, so that whoever asks how the process is gets an answer while it still waits for others. Of the files
 * that the process may have open, clients get what the database and others leave: who comes beyond that is not let in.
 * @param waiting what it waits for, for people
 * @throws Error when the port is taken
 */
export async function openWebServer(
  { host, port, database_pool }: { host: string; port: number; database_pool: number },
  waiting: () => string,
): Promise<WebServer> {
  let application: http.RequestListener = starting(waiting);
  let stopping = false;
  const open = new Set<http.ServerResponse>();
  const server = http.createServer((req, res) => {
    if (stopping || clients.all.size > most / 2) res.shouldKeepAlive = false; // who waits for a place gets it sooner
    open.add(res);
    res.once('close', () => open.delete(res));
    application(req, res);
  });
  server.requestTimeout = 120_000;
  server.headersTimeout = 20_000;
  server.keepAliveTimeout = 65_000;
  server.maxHeadersCount = 100;
  const most = roomForClients(2 * database_pool + KEPT);
  server.maxConnections = most;
  const clients = clientsOf(server);
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
      await drain(server, clients.unused);
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

interface Clients {
  all: ReadonlySet<Socket>;
  /** Nothing was asked on them yet: browsers open some in advance, and Node does not count them as idle. */
  unused: ReadonlySet<Socket>;
}

function clientsOf(server: http.Server): Clients {
  const [all, unused] = [new Set<Socket>(), new Set<Socket>()];
  server.on('connection', (socket) => {
    for (const set of [all, unused]) set.add(socket);
    socket.once('close', () => {
      for (const set of [all, unused]) set.delete(socket);
    });
  });
  server.on('request', (req) => unused.delete(req.socket));
  return { all, unused };
}

/** How many connections the limit of open files allows beside `kept` others, and half of it at least. */
function roomForClients(kept: number): number {
  const limit = Number(/^Max open files +(\d+)/m.exec(textOf('/proc/self/limits'))?.[1] ?? Number.POSITIVE_INFINITY);
  return Math.max(limit - kept, limit / 2);
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return ''; // only Linux tells
  }
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
