import type { Knex } from 'knex';
import type pg from 'pg';
import { knex } from '#src/platform/builder.ts';
import { commitBehind } from '#src/platform/postgres.ts';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const NAME = /^[a-z][a-z0-9_]{0,62}$/;

export type Row = Record<string, unknown>;
/** Column -> value, or a list of values. Empty, null and undefined are refused: they would widen the statement. */
export type Where = Record<string, string | number | boolean | readonly (string | number)[]>;
export type Query = Knex.QueryBuilder;
export type Sql = Knex.Raw;

function name(value: string): string {
  if (!NAME.test(value)) throw new Error(`not a table or column name: ${value}`);
  return value;
}

/**
 * The tenant-scoped door to the data: one open transaction whose row-level security knows the tenant, and query builders
 * whose scope stands inside FROM, where no `orWhere` and no join can widen it.
 * It cannot exist without a tenant; only `withTenant` makes one.
 */
export class TenantDb {
  readonly tenant_id: string;
  readonly #client: pg.PoolClient;

  constructor(tenantId: string, client: pg.PoolClient) {
    if (!UUID.test(tenantId)) throw new Error('a tenant id is required');
    this.tenant_id = tenantId;
    this.#client = client;
  }

  /** The tenant's rows of a table, for FROM and JOIN. */
  table(table: string, alias = table): Sql {
    return knex.raw(`(select * from ${name(table)} where tenant_id = ?) as ${name(alias)}`, [this.tenant_id]);
  }

  /** A select on the tenant's rows of a table. @param label name of the statement in the slow log */
  from(table: string, alias = table, label = table): Query {
    return this.fromSql(this.table(table, alias), label);
  }

  /** A select from a sub-query or a set-returning expression; its tables must come from `table()`. */
  fromSql(source: Sql | Query, label = 'sub-query'): Query {
    return knex
      .queryBuilder()
      .comment(label)
      .from(source as never)
      .connection(this.#client) as unknown as Query;
  }

  /** A constant piece of SQL with bound values, for expressions inside a query. Never put user text into `text`. */
  sql(text: string, values: readonly unknown[] = []): Sql {
    return knex.raw(text, values as never);
  }

  /** Runs a constant statement whose tables carry `tenant_id = :tenant` themselves; `:tenant` is bound for you. */
  async run(text: string, values: Record<string, unknown> = {}): Promise<Row[]> {
    const result = (await knex
      .raw(text, { ...values, tenant: this.tenant_id } as never)
      .connection(this.#client as never)) as { rows: Row[] };
    return result.rows;
  }

  /**
   * Inserts rows as this tenant, whatever `tenant_id` they carry.
   * @param returning columns; where they are named, the statement is planned once a connection
   * @returns the rows as stored
   */
  async insert(table: string, rows: Row | readonly Row[], returning: string | readonly string[] = '*'): Promise<Row[]> {
    const list = Array.isArray(rows) ? rows : [rows];
    if (!list.length) return [];
    return (await knex(name(table))
      .insert(list.map((row) => ({ ...row, tenant_id: this.tenant_id })))
      .returning(returning as string)
      .connection(this.#client as never)) as Row[];
  }

  /** Inserts a row unless its unique key is taken. @returns the row, or null when it was there already */
  async insertOnce(table: string, row: Row): Promise<Row | null> {
    const rows = (await knex(name(table))
      .insert({ ...row, tenant_id: this.tenant_id })
      .onConflict()
      .ignore()
      .returning('*')
      .connection(this.#client as never)) as Row[];
    return rows[0] ?? null;
  }

  /** Changes the tenant's rows that match. @returns the rows as stored */
  async update(table: string, where: Where, patch: Row): Promise<Row[]> {
    const { tenant_id: _never, ...values } = patch;
    return (await this.#matching(table, where)
      .update(values)
      .returning('*')
      .connection(this.#client as never)) as Row[];
  }

  /** Deletes the tenant's rows that match, for good. @returns how many */
  async remove(table: string, where: Where): Promise<number> {
    return (await this.#matching(table, where)
      .delete()
      .connection(this.#client as never)) as number;
  }

  #matching(table: string, where: Where): Query {
    const query = knex(name(table)).where('tenant_id', this.tenant_id);
    const keys = Object.keys(where);
    if (!keys.length) throw new Error(`a condition is required to change ${table}`);
    for (const key of keys) {
      const value = where[key];
      if (value === null || value === undefined) throw new Error(`${table}.${key} must have a value`);
      if (Array.isArray(value)) query.whereIn(name(key), value as string[]);
      else query.where(name(key), value as string);
    }
    return query;
  }
}

/** How often a transaction that lost to another one is begun. */
export const TRIES = 3;

const RETRY = new Set(['40001', '40P01']);

/**
 * What begins a transaction of one tenant, in one round trip: parameters would need one of their own, and the id is checked,
 * so it may stand in the text. SET LOCAL rather than set_config(): a distributed database passes only the former on to where
 * the rows are (docs/scaling.md).
 * @returns the rows of `opening`, a statement without values that travels along
 * @throws Error when the tenant id is not one
 */
async function begin(client: pg.ClientBase, tenantId: string, how: string, opening: string): Promise<Row[]> {
  const answers = await client.query(`${how}; set local app.tenant_id = '${tenantId}'${opening && `; ${opening}`}`);
  return opening ? (answers as unknown as pg.QueryResult[]).at(-1)!.rows : [];
}

async function connect(pool: pg.Pool, tenantId: string): Promise<pg.PoolClient> {
  if (!UUID.test(tenantId)) throw new Error('a tenant id is required');
  return pool.connect();
}

/** @returns why the connection cannot be used any more */
const rollBack = (client: pg.ClientBase): Promise<Error | undefined> =>
  client.query('rollback').then(
    () => undefined,
    (failure: Error) => failure,
  );

/**
 * Runs `work` in one transaction of one tenant. Commits when it returns, rolls back when it throws. Deadlocks and
 * serialisation failures are tried again, so `work` must touch nothing but the database.
 * @param opening see `begin`; `work` gets its rows
 * @throws what `work` throws; Error when the tenant id is not one
 */
export async function withTenant<T>(
  pool: pg.Pool,
  tenantId: string,
  work: (db: TenantDb, opened: Row[]) => Promise<T>,
  tries = TRIES,
  opening = '',
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    const client = await connect(pool, tenantId);
    let broken: Error | undefined;
    try {
      const opened = await begin(client, tenantId, 'begin', opening);
      const result = await work(new TenantDb(tenantId, client), opened);
      const { command } = await client.query('commit');
      // A statement that failed and was swallowed turns COMMIT into ROLLBACK; saying "saved" then would be a lie.
      if (command !== 'COMMIT') throw new Error('the transaction was rolled back');
      return result;
    } catch (error) {
      broken = await rollBack(client);
      if (attempt < tries && RETRY.has((error as { code?: string }).code ?? '')) continue;
      throw error;
    } finally {
      client.release(broken);
    }
  }
}

/** PostgreSQL's code for a statement that writes where nothing may. */
export const READ_ONLY = '25006';

/**
 * Runs `work` in one transaction of one tenant that cannot write. What `work` asks for before it waits for `opened` leaves
 * together with BEGIN; and nothing hangs on COMMIT, so the connection is free at once and COMMIT leaves with the next BEGIN if
 * somebody waits for it (decision 0012).
 * @param opening see `begin`
 * @throws what `work` throws, with the code READ_ONLY when that was writing; Error when the tenant id is not one
 */
export async function readTenant<T>(
  pool: pg.Pool,
  tenantId: string,
  work: (db: TenantDb, opened: Promise<Row[]>) => Promise<T>,
  opening = '',
): Promise<T> {
  const client = await connect(pool, tenantId);
  let broken: Error | undefined;
  try {
    const opened = begin(client, tenantId, 'begin read only', opening);
    const [result] = await Promise.all([work(new TenantDb(tenantId, client), opened), opened]);
    commitBehind(client);
    return result;
  } catch (error) {
    broken = await rollBack(client);
    throw error;
  } finally {
    client.release(broken);
  }
}

/**
 * Reads at the same time as the caller does, in a transaction of its own, while a connection is idle; else in the caller's,
 * behind what it asked for: nobody waits for a connection while holding one.
 */
export function alongside<T>(pool: pg.Pool, db: TenantDb, read: (db: TenantDb) => Promise<T>): Promise<T> {
  return pool.idleCount > pool.waitingCount ? readTenant(pool, db.tenant_id, read) : read(db);
}
