import knexFactory from 'knex';
import type pg from 'pg';

/**
 * Builds SQL only; a statement goes to the connection it was given. Knex' own way to send one (waiting lists, events,
 * time-outs) is passed over: it costs about as much as a small statement, and its errors quote the values that were bound.
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
