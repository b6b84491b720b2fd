import { z } from 'zod';

/** The demo's secret is public, so production refuses it. */
export const DEMO_SECRET = 'rapport-demo-secret-not-for-production-use';

const MB = 1024 * 1024;
const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

const port = z.coerce.number().int().min(0).max(65_535);
const flag = z.enum(['true', 'false', '1', '0', '']).transform((v) => v === 'true' || v === '1');

const Environment = z.object({
  RAPPORT_MODE: z.enum(['production', 'demo', 'test']).default('production'),
  PORT: port.default(3000),
  HOST: z.string().default('127.0.0.1'),
  ROLE: z.enum(['web', 'worker', 'all']).default('all'),
  /** Processes that answer requests and share the port; beside them one that works on jobs, where the role says so. */
  WEB_CONCURRENCY: z.coerce.number().int().min(1).max(64).default(1),
  /** Said by the primary process to those it starts while others serve; nobody else says it. */
  RAPPORT_REPLACES: flag.default(false),
  /** How long the start waits for PostgreSQL, the schema and Redis. */
  START_SECONDS: z.coerce.number().int().min(0).max(3_600).optional(),
  /** Between "not ready" and closing the port, for whoever distributes requests to look away. */
  STOP_NOTICE_SECONDS: z.coerce.number().min(0).max(60).optional(),
  DATABASE_URL: z
    .string()
    .regex(/^postgres(ql)?:\/\//, 'must begin with postgres://')
    .optional(),
  DATABASE_POOL: z.coerce.number().int().min(2).max(100).default(10),
  REDIS_URL: z
    .string()
    .regex(/^rediss?:\/\//, 'must begin with redis://')
    .optional(),
  SESSION_SECRET: z.string().optional(),
  BASE_URL: z.string().optional(),
  TRUST_PROXY: z.string().default('loopback, linklocal, uniquelocal'),
  METRICS_TOKEN: z.string().min(16).optional(),
  DATA_DIR: z.string().default('.data'),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'silent']).default('info'),
  SESSION_IDLE_MINUTES: z.coerce.number().int().min(5).max(43_200).default(720),
  SESSION_DAYS: z.coerce.number().int().min(1).max(90).default(14),
  /** Lets an identity provider live on a private address; never needed on the internet. */
  SSO_ALLOW_PRIVATE: flag.default(false),
  /** Sign of life of an event stream; below the idle limit of every proxy on the way. */
  LIVE_HEARTBEAT_SECONDS: z.coerce.number().int().min(1).max(300).default(20),
  /** Between two looks for what colleagues changed; each is one statement a company. */
  LIVE_LOOK_SECONDS: z.coerce.number().min(0.1).max(60).default(3),
  UPLOAD_MB: z.coerce.number().int().min(1).max(1_000).default(50),
  IMPORT_ROWS: z.coerce.number().int().min(1).max(1_000_000).default(200_000),
  IMPORT_COLUMNS: z.coerce.number().int().min(1).max(2_000).default(300),
  /** What one file may take of the machine while it is read: unpacked, in seconds, in memory. */
  IMPORT_UNPACKED_MB: z.coerce.number().int().min(1).max(16_000).default(768),
  IMPORT_SECONDS: z.coerce.number().int().min(1).max(3_600).default(60),
  IMPORT_MEMORY_MB: z.coerce.number().int().min(8).max(8_000).default(256),
  /** What one company may keep, and have worked on at a time. */
  IMPORT_FILES: z.coerce.number().int().min(1).default(2_000),
  IMPORT_FILES_MB: z.coerce.number().int().min(1).default(10_000),
  IMPORTS_AT_ONCE: z.coerce.number().int().min(1).default(20),
  /** An import can be undone for 30 days, and needs its rows for that. */
  IMPORT_KEEP_DAYS: z.coerce.number().int().min(31).max(3_650).default(90),
});

export interface Config {
  mode: 'production' | 'demo' | 'test';
  port: number;
  host: string;
  role: 'web' | 'worker' | 'all';
  web_concurrency: number;
  /** others answer on the same port while this process starts: what it cannot serve yet, they can */
  replaces: boolean;
  start_ms: number;
  stop_notice_ms: number;
  database_url: string;
  database_pool: number;
  /** null: sessions and rate limits live in PostgreSQL */
  redis_url: string | null;
  session_secret: string;
  /** where people reach the product, without a trailing slash; '' until the port is known (demo, tests) */
  base_url: string;
  /** __Host- cookie, HSTS: the base URL is https */
  secure: boolean;
  trust_proxy: string;
  metrics_token: string | null;
  data_dir: string;
  log_level: string;
  session_idle_ms: number;
  session_absolute_ms: number;
  sso_allow_private: boolean;
  live_heartbeat_ms: number;
  live_look_ms: number;
  upload_bytes: number;
  import_rows: number;
  import_columns: number;
  /** what reading one file may cost */
  import_cost: { unpacked_bytes: number; seconds: number; memory_mb: number };
  /** what one tenant may keep and have worked on */
  import_quota: { files: number; bytes: number; at_once: number };
  import_keep_days: number;
}

/** What the process was started with; the only place that looks. */
export const processEnvironment = (): Record<string, string | undefined> => process.env;

/** Why the process does not start, a line each. */
export class ConfigError extends Error {
  constructor(problems: readonly string[]) {
    super(`Rapport cannot start:\n${problems.map((p) => `  - ${p}`).join('\n')}`);
    this.name = 'ConfigError';
  }
}

function productionProblems(env: z.infer<typeof Environment>): string[] {
  const problems: string[] = [];
  for (const name of ['DATABASE_URL', 'REDIS_URL', 'SESSION_SECRET', 'BASE_URL'] as const) {
    if (!env[name]) problems.push(`${name} is not set.`);
  }
  if (env.SESSION_SECRET === DEMO_SECRET) problems.push("SESSION_SECRET is the demo's, which everybody knows.");
  else if (env.SESSION_SECRET && env.SESSION_SECRET.length < 32)
    problems.push('SESSION_SECRET needs at least 32 characters, for instance from: openssl rand -base64 48');
  else if (env.SESSION_SECRET && new Set(env.SESSION_SECRET).size < 8)
    problems.push(
      'SESSION_SECRET repeats a few characters; take random ones, for instance from: openssl rand -base64 48',
    );
  if (env.BASE_URL) {
    const url = URL.canParse(env.BASE_URL) ? new URL(env.BASE_URL) : null;
    if (!url || !/^https?:$/.test(url.protocol))
      problems.push('BASE_URL must be an address such as https://crm.example.com');
    else if (url.protocol === 'http:' && !LOOPBACK.test(url.hostname))
      problems.push(
        'BASE_URL must be https: over http anyone on the way can read the session. (http is fine on loopback.)',
      );
  }
  return problems;
}

/**
 * Reads the environment once, before anything listens. No other file looks at process.env.
 * @throws ConfigError naming every problem at once
 */
export function readConfig(environment: Record<string, string | undefined>): Config {
  const given = Object.fromEntries(Object.entries(environment).filter(([, v]) => v !== undefined && v !== ''));
  const parsed = Environment.safeParse(given);
  if (!parsed.success) {
    throw new ConfigError(parsed.error.issues.map((i) => `${i.path.join('.')}: ${i.message}`));
  }
  const env = parsed.data;
  const problems = env.RAPPORT_MODE === 'production' ? productionProblems(env) : [];
  if (!env.DATABASE_URL && !problems.length) problems.push('DATABASE_URL is not set.');
  if (problems.length) throw new ConfigError(problems);
  const base = (env.BASE_URL ?? '').replace(/\/+$/, '');
  return {
    mode: env.RAPPORT_MODE,
    port: env.PORT,
    host: env.HOST,
    role: env.ROLE,
    web_concurrency: env.WEB_CONCURRENCY,
    replaces: env.RAPPORT_REPLACES,
    start_ms: (env.START_SECONDS ?? (env.RAPPORT_MODE === 'production' ? 60 : 10)) * 1_000,
    stop_notice_ms: (env.STOP_NOTICE_SECONDS ?? (env.RAPPORT_MODE === 'production' ? 3 : 0)) * 1_000,
    database_url: env.DATABASE_URL!,
    database_pool: env.DATABASE_POOL,
    redis_url: env.REDIS_URL ?? null,
    session_secret: env.SESSION_SECRET ?? DEMO_SECRET,
    base_url: base,
    secure: base.startsWith('https://'),
    trust_proxy: env.TRUST_PROXY,
    metrics_token: env.METRICS_TOKEN ?? null,
    data_dir: env.DATA_DIR,
    log_level: env.LOG_LEVEL,
    session_idle_ms: env.SESSION_IDLE_MINUTES * 60_000,
    session_absolute_ms: env.SESSION_DAYS * 86_400_000,
    sso_allow_private: env.SSO_ALLOW_PRIVATE || env.RAPPORT_MODE !== 'production',
    live_heartbeat_ms: env.LIVE_HEARTBEAT_SECONDS * 1_000,
    live_look_ms: env.LIVE_LOOK_SECONDS * 1_000,
    upload_bytes: env.UPLOAD_MB * MB,
    import_rows: env.IMPORT_ROWS,
    import_columns: env.IMPORT_COLUMNS,
    import_cost: {
      unpacked_bytes: env.IMPORT_UNPACKED_MB * MB,
      seconds: env.IMPORT_SECONDS,
      memory_mb: env.IMPORT_MEMORY_MB,
    },
    import_quota: { files: env.IMPORT_FILES, bytes: env.IMPORT_FILES_MB * MB, at_once: env.IMPORTS_AT_ONCE },
    import_keep_days: env.IMPORT_KEEP_DAYS,
  };
}
