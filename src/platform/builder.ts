import knexFactory from 'knex';
import type pg from 'pg';

/**
 * Builds SQL only; a statement goes to the connection it was given. Knex' own way to send one (waiting lists, events,
 * time-outs) is passed over: its errors quote the values that were bound, and it costs a tenth of a small statement.
 */
export const knex = knexFactory({ client: 'pg' });

/** What can be sent: a query or a piece of SQL. */
interface Built {
  toSQL(): { toNative(): { sql: string; bindings: readonly unknown[] } };
  _connection: pg.ClientBase;
}

knex.client.runner = (builder: Built) => ({
  async run(): Promise<unknown> {
    const built = builder.toSQL();
    const { sql: text, bindings } = built.toNative();
    const response = await builder._connection.query({ text, values: bindings as unknown[] });
    return knex.client.processResponse({ ...built, response });
  },
});
