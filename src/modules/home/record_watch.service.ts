import type pg from 'pg';
import { type TenantDb, withTenant } from '#src/kernel/tenant_db.ts';
import type { Live } from '#src/platform/live.ts';
import type { Logger } from '#src/platform/log.ts';

/**
 * How far back, in seconds: a line gets its time-ordered id when it is written and can be seen once its transaction ends,
 * and no request or piece of an import takes longer.
 */
const WINDOW = 60;
/** Lines looked at: more at once are a flood, in which nobody looks at each. */
const MOST = 500;

const KIND = 'records';

/** What is announced when records of these kinds were changed. @param entities names, separated by commas */
export const recordTopic = (entities: string): string => `${KIND}:${entities}`;

interface Line {
  id: string;
  entity: string;
}

/** Smallest (0) or largest (f) id of a moment so many seconds ago; of the statement's own time, which an index can be asked for. */
const idOf = (secs: string, fill: '0' | 'f') =>
  `(lpad(to_hex(floor(extract(epoch from statement_timestamp() - make_interval(secs => ${secs})) * 1000)::bigint), 12, '0')
    || repeat('${fill}', 20))::uuid`;

/** The newest lines of the trail about changes, but for those of the last `skip` seconds: one range of the primary key. */
export const NEWEST = `select id, entity from audit_log
  where tenant_id = :tenant and verb not in ('exported', 'configured', 'signed_in', 'signed_out')
    and id > ${idOf(String(WINDOW), '0')} and id <= ${idOf(':skip::float8', 'f')}
  order by id desc limit ${MOST}`;

const newest = async (db: TenantDb, skip: number): Promise<Line[]> =>
  (await db.run(`/* dashboard.watch */ ${NEWEST}`, { skip })) as unknown as Line[];

/** One company, as long as somebody listens. */
class Watch {
  readonly listeners = new Map<string, Set<() => void>>();
  readonly #look: (skip: number) => Promise<Line[]>;
  readonly #log: Logger;
  readonly #every: number;
  #known: Set<string> | null = null;
  #flooded = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(look: (skip: number) => Promise<Line[]>, log: Logger, every: number) {
    this.#look = look;
    this.#log = log;
    this.#every = every;
    void this.#ask();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.listeners.clear();
  }

  async #ask(): Promise<void> {
    try {
      // The page was drawn shortly before anybody began to listen: what is as young as that counts as news.
      const lines = await this.#look(this.#known ? 0 : this.#every / 1_000);
      if (this.#known) this.#tell(lines, this.#known);
      this.#known = new Set(lines.map(({ id }) => id));
    } catch (error) {
      this.#log.warn({ err: error }, 'cannot look for changed records');
    }
    if (!this.listeners.size) return;
    this.#timer = setTimeout(() => void this.#ask(), this.#every);
    this.#timer.unref();
  }

  #tell(lines: readonly Line[], known: ReadonlySet<string>): void {
    const fresh = lines.filter(({ id }) => !known.has(id));
    const flood = lines.length === MOST;
    // After a flood everybody looks once more: lines may have been overlooked in it.
    const everything = (flood && fresh.length > 0) || (this.#flooded && !flood);
    this.#flooded = flood;
    const changed = new Set(fresh.map(({ entity }) => entity));
    for (const [topic, listeners] of this.listeners) {
      const counts = topic.slice(KIND.length + 1).split(',');
      if (everything || counts.some((entity) => changed.has(entity))) for (const listener of listeners) listener();
    }
  }
}

/**
 * Announces changed records without every write having to announce itself: commits that notify wait for each other, and an
 * import writes a hundred thousand. Asks the audit trail instead, for each company of which somebody looks on in this
 * process, and not at all while nobody does.
 * @param every how often the trail of a company is looked at while somebody listens, in ms
 * @returns `live`, which also knows the topics of `recordTopic`
 */
export function withRecords(live: Live, pool: pg.Pool, log: Logger, every: number): Pick<Live, 'subscribe'> {
  const watches = new Map<string, Watch>();
  return {
    subscribe(tenant, topic, listener) {
      if (!topic.startsWith(`${KIND}:`)) return live.subscribe(tenant, topic, listener);
      const look = (skip: number) => withTenant(pool, tenant, (db) => newest(db, skip), 1);
      const watch = watches.get(tenant) ?? new Watch(look, log, every);
      watches.set(tenant, watch);
      const set = watch.listeners.get(topic) ?? new Set();
      watch.listeners.set(topic, set.add(listener));
      return () => {
        set.delete(listener);
        if (!set.size && watch.listeners.get(topic) === set) watch.listeners.delete(topic);
        if (watch.listeners.size || watches.get(tenant) !== watch) return;
        watch.stop();
        watches.delete(tenant);
      };
    },
  };
}
