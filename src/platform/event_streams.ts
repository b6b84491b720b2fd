import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Live } from './live.ts';

/** Streams one session may hold open in this process; a browser itself has six connections at most over HTTP/1.1. */
export const MOST_STREAMS = 6;
/** A reader that is so many bytes behind has gone away without a word. */
const MOST_BEHIND = 64 * 1024;

export interface Viewer {
  tenant: string;
  session: string;
}

export interface EventStreams {
  /**
   * Answers with server-sent events until the viewer leaves: one event a topic at once, as the page may be older than the
   * stream, and one after each announcement. An event is named after the kind of its topic and carries the topic; the page
   * then asks for what changed, under its own rights. Nothing of the database is held meanwhile.
   * @param mayStay asked at every heartbeat; false, or a failure, ends the stream for good (event `closed`)
   */
  open(
    req: IncomingMessage,
    res: ServerResponse,
    viewer: Viewer,
    topics: readonly string[],
    mayStay: () => Promise<boolean>,
  ): void;
  /** How many are open. */
  count(): number;
  /** Ends all of them; browsers then connect to another process. */
  close(): void;
}

/** @param beat how often a sign of life is sent and the viewer's rights are asked for again, in ms */
export function openEventStreams(live: Pick<Live, 'subscribe'>, beat: number): EventStreams {
  /** The streams of a session, oldest first. */
  const bySession = new Map<string, Set<(final: string) => void>>();
  let stopping = false;

  const open: EventStreams['open'] = (req, res, viewer, topics, mayStay) => {
    res.writeHead(200, {
      'Content-Type': 'text/event-stream; charset=utf-8',
      // no-transform: a proxy that compresses would hold events back until its buffer is full.
      'Cache-Control': 'private, no-store, no-transform',
      'X-Accel-Buffering': 'no',
    });
    if (stopping || res.destroyed || req.method === 'HEAD') return void res.end();

    const send = (topic: string) => {
      if (res.writableLength > MOST_BEHIND) res.destroy();
      else res.write(`event: ${topic.split(':')[0]}\ndata: ${topic}\n\n`);
    };
    const unsubscribe = topics.map((topic) => live.subscribe(viewer.tenant, topic, () => send(topic)));
    const timer = setInterval(() => {
      res.write(':\n\n');
      mayStay().then(
        (stays) => stays || end(CLOSED),
        () => end(CLOSED),
      );
    }, beat);
    const mine = bySession.get(viewer.session) ?? new Set();
    const end = (final: string) => {
      if (!mine.delete(end)) return;
      if (!mine.size && bySession.get(viewer.session) === mine) bySession.delete(viewer.session);
      clearInterval(timer);
      for (const stop of unsubscribe) stop();
      res.end(final);
    };
    bySession.set(viewer.session, mine.add(end));
    res.on('close', () => end(''));
    if (mine.size > MOST_STREAMS) [...mine][0]!(CLOSED);
    for (const topic of topics) send(topic);
  };

  return {
    open,
    count: () => [...bySession.values()].reduce((sum, streams) => sum + streams.size, 0),
    close: () => {
      stopping = true;
      for (const end of [...bySession.values()].flatMap((streams) => [...streams])) end('');
    },
  };
}

/** Tells the page not to connect again. */
const CLOSED = 'event: closed\ndata:\n\n';
