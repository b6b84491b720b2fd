import { type Logger, type LoggerOptions, pino } from 'pino';

export type { Logger };

/** Paths whose values never reach the log, at any depth that we log. */
const SECRETS = ['password', 'secret', 'token', 'authorization', 'cookie', '_csrf', 'client_secret', 'code_verifier'];

/** Bytes that wait while they cannot be written; what comes beyond is lost. */
const MOST_UNWRITTEN = 1024 * 1024;

/** One JSON line an entry on standard output; control characters are escaped by JSON, long texts cut. */
export function createLog(level: string): Logger {
  const output = pino.destination({ dest: 1, sync: true, maxLength: MOST_UNWRITTEN });
  output.on('error', () => {}); // a full disk loses lines, and nothing else
  const settings: LoggerOptions = {
    level,
    redact: { paths: SECRETS.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]), censor: '[removed]' },
    formatters: { level: (label) => ({ level: label }) },
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    serializers: {
      err: (error: Error & { code?: string }) => ({
        type: error?.name,
        message: String(error?.message ?? error).slice(0, 500),
        code: error?.code,
        stack: error?.stack?.slice(0, 4_000),
      }),
    },
  };
  return pino(settings, output);
}
