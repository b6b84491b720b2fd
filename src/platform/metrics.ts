import { AggregatorRegistry, Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { isFork, metricsOfAll } from './cluster.ts';
import type { EventStreams } from './event_streams.ts';
import type { Pools } from './postgres.ts';

/** Prometheus metrics of this process; those of its siblings are added on the page. */
export function createMetrics(pools: Pick<Pools, 'app' | 'platform'>, events: Pick<EventStreams, 'count'>) {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  if (isFork) {
    AggregatorRegistry.setRegistries(registry);
    new AggregatorRegistry(); // listens for the primary's question
  }
  return {
    type: registry.contentType,
    /** Prometheus' page: all processes that one primary started together, or this one alone. */
    page: async (): Promise<string> => (await metricsOfAll()) ?? (await registry.metrics()),
    requests: new Histogram({
      name: 'rapport_request_seconds',
      help: 'Time from request to the end of the answer',
      labelNames: ['method', 'route', 'status'],
      buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5],
      registers,
    }),
    sign_ins: new Counter({
      name: 'rapport_sign_ins_total',
      help: 'Tries to sign in by method and outcome',
      labelNames: ['method', 'outcome'],
      registers,
    }),
    jobs: new Histogram({
      name: 'rapport_job_seconds',
      help: 'Time a background job took',
      labelNames: ['task', 'outcome'],
      buckets: [0.01, 0.1, 1, 10, 60, 600],
      registers,
    }),
    streams: new Gauge({
      name: 'rapport_event_streams',
      help: 'Event streams that are open',
      registers,
      collect() {
        this.set(events.count());
      },
    }),
    pool: new Gauge({
      name: 'rapport_database_connections',
      help: 'Connections of the database pools',
      labelNames: ['pool', 'state'],
      registers,
      collect() {
        for (const name of ['app', 'platform'] as const) {
          this.labels(name, 'open').set(pools[name].totalCount);
          this.labels(name, 'idle').set(pools[name].idleCount);
          this.labels(name, 'waiting').set(pools[name].waitingCount);
        }
      },
    }),
  };
}

export type Metrics = ReturnType<typeof createMetrics>;
