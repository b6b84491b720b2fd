// Server-sent events as a browser reads them.

export interface SentEvent {
  event: string;
  data: string;
}

export interface EventReader {
  status: number;
  headers: Headers;
  /** Everything heard so far; comments (signs of life) are counted apart. */
  heard: SentEvent[];
  beats(): number;
  /** The next event that was not waited for yet. @throws Error after ten seconds without one, or when the stream ends */
  next(): Promise<SentEvent>;
  /** Settles when the server ends the stream. */
  ended: Promise<void>;
  stop(): void;
}

const PATIENCE = 10_000;

/** Opens a stream with a session's cookie. */
export async function openEvents(url: string, cookie: string): Promise<EventReader> {
  const stopping = new AbortController();
  const answer = await fetch(url, { headers: { cookie }, redirect: 'manual', signal: stopping.signal });
  const heard: SentEvent[] = [];
  let beats = 0;
  let taken = 0;
  let wake = () => {};
  let over = false;
  const read = async () => {
    let rest = '';
    for await (const chunk of answer.body!.pipeThrough(new TextDecoderStream())) {
      const blocks = (rest + chunk).split('\n\n');
      rest = blocks.pop()!;
      for (const block of blocks) {
        const fields = Object.fromEntries(block.split('\n').map((line) => line.split(/: ?(.*)/s).slice(0, 2)));
        if (block.startsWith(':')) beats += 1;
        else heard.push({ event: fields.event ?? '', data: fields.data ?? '' });
      }
      wake();
    }
  };
  const ended = read()
    .catch((error: Error) => {
      if (error.name !== 'AbortError') throw error;
    })
    .finally(() => {
      over = true;
      wake();
    });
  ended.catch(() => {});
  return {
    status: answer.status,
    headers: answer.headers,
    heard,
    beats: () => beats,
    next: async () => {
      const until = Date.now() + PATIENCE;
      while (taken >= heard.length) {
        if (over || Date.now() >= until) throw new Error(`no event came; heard ${JSON.stringify(heard)}`);
        await new Promise<void>((resolve) => {
          wake = resolve;
          setTimeout(resolve, 100);
        });
      }
      taken += 1;
      return heard[taken - 1]!;
    },
    ended,
    stop: () => stopping.abort(),
  };
}

/** The session's cookie, as the answer to a sign-in sets it. */
export const cookieOf = (answer: { headers: Record<string, unknown> }): string =>
  ((answer.headers['set-cookie'] ?? []) as string[]).map((line) => line.split(';')[0]).join('; ');
