// The least that a page of a list could cost with these libraries: Express, a session in Redis, one prepared statement, EJS. No
// tenant, no rights, no frame, no filters. Started as a process of its own by bench/pages.ts.
import { RedisStore } from 'connect-redis';
// @ts-expect-error EJS ships no types
import ejs from 'ejs';
import express from 'express';
import session from 'express-session';
import pg from 'pg';
import { createClient } from 'redis';
import { LIST_COLUMNS, LIST_SQL } from './bare_sql.ts';

declare module 'express-session' {
  interface SessionData {
    user?: string;
  }
}

const PAGE = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Customers</title></head><body><h1>Customers</h1><p><%= it.user %></p>
<table><thead><tr><% for (const name of it.columns) { %><th scope="col"><%= name %></th><% } %></tr></thead><tbody>
<% for (const row of it.rows) { %><tr><th scope="row"><a href="/customers/<%= row.id %>" title="<%= row.name %>"><%= row.name %></a></th>
<% for (const name of it.columns) { %><td class="c-<%= name %>" data-label="<%= name %>"><span title="<%= row[name] %>"><%= row[name] %></span></td><% } %></tr><% } %>
</tbody></table></body></html>`;

const { BARE_DATABASE_URL: database, BARE_REDIS_URL: redisUrl, BARE_TENANT: tenant, PORT: port } = process.env;
const pool = new pg.Pool({ connectionString: database, max: 10 });
const redis = createClient({ url: redisUrl! });
await redis.connect();
const render = ejs.compile(PAGE, { strict: true, localsName: 'it', _with: false });
const app = express();
app.set('etag', false);
app.use(
  session({
    store: new RedisStore({ client: redis, prefix: 'bare:' }),
    secret: 'bare',
    resave: false,
    saveUninitialized: false,
  }),
);
app.get('/sign-in', (req, res) => {
  req.session.user = 'Bare';
  res.send('signed in');
});
app.get('/customers', async (req, res) => {
  const { rows } = await pool.query({ name: 'list', text: LIST_SQL, values: [tenant] });
  res.type('html').send(render({ rows, columns: LIST_COLUMNS, user: req.session.user }));
});
app.listen(Number(port), '127.0.0.1', () => console.log('ready bare'));
process.on('SIGTERM', () => process.exit(0));
