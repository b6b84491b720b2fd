// Load on one address over loopback, and what it cost: time by the clock, processor time of the server and of PostgreSQL.
// @ts-expect-error autocannon ships no types
import autocannon from 'autocannon';
import { percentile } from './result.ts';
import { cpuOf, familyCpuOf } from './watched.ts';

type Headers = Record<string, string>;

export interface Load {
  url: string;
  /** several take turns */
  headers: Headers | readonly Headers[];
  connections: number;
  seconds: number;
  /** sent as JSON, to make something each time; without it a page is asked for */
  body?: unknown;
}

/** Whose processor time is looked at. */
export interface Served {
  web: number;
  /** the server's first process; its backends are counted with it */
  postgres: number;
}

export interface Loaded {
  p50: number;
  p95: number;
  p99: number;
  /** answers a second */
  rate: number;
  /** milliseconds of processor time an answer */
  web_cpu: number;
  postgres_cpu: number;
}

type Instance = PromiseLike<{ errors: number; timeouts: number; non2xx: number }> & {
  on(name: 'response', heard: (client: unknown, status: number, bytes: number, ms: number) => void): void;
};

/** Asks for one address over and over. @throws Error when an answer was anything but a page, or what was made */
export async function load({ url, headers, connections, seconds, body }: Load, served: Served): Promise<Loaded> {
  const expected = body ? 201 : 200;
  const sent = body ? { method: 'POST', body: JSON.stringify(body) } : {};
  const requests = [headers].flat().map((each) => ({
    ...sent,
    headers: body ? { ...each, 'content-type': 'application/json' } : each,
  }));
  const took: number[] = [];
  const statuses = new Map<number, number>();
  const [web, postgres, begin] = [cpuOf(served.web), familyCpuOf(served.postgres), performance.now()];
  const running = autocannon({ url, connections, duration: seconds, requests }) as Instance;
  running.on('response', (_client, status, _bytes, ms) => {
    took.push(ms);
    if (status !== expected) statuses.set(status, (statuses.get(status) ?? 0) + 1);
  });
  const { errors, timeouts } = await running;
  const elapsed = (performance.now() - begin) / 1000;
  if (errors || timeouts || statuses.size || !took.length) {
    const other = [...statuses].map(([status, times]) => `${times} x ${status}`).join(', ');
    throw new Error(`${url}: ${took.length} answers, ${errors} errors, ${timeouts} time-outs, ${other}`);
  }
  const each = (used: number) => (used * 1000) / took.length;
  return {
    ...percentiles(took),
    rate: took.length / elapsed,
    web_cpu: each(cpuOf(served.web) - web),
    postgres_cpu: each(familyCpuOf(served.postgres) - postgres),
  };
}

export const percentiles = (took: readonly number[]): Pick<Loaded, 'p50' | 'p95' | 'p99'> => ({
  p50: percentile(took, 0.5),
  p95: percentile(took, 0.95),
  p99: percentile(took, 0.99),
});
