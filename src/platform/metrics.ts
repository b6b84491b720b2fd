import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

/** Prometheus metrics of one process. */
export function createMetrics() {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  return {
    registry,
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
    streams: new Gauge({ name: 'rapport_event_streams', help: 'Event streams open in this process', registers }),
    pool: new Gauge({
      name: 'rapport_database_connections',
      help: 'Connections of the database pools',
      labelNames: ['pool', 'state'],
      registers,
    }),
  };
}

export type Metrics = ReturnType<typeof createMetrics>;
