// The session store by itself, on both servers: expiry by idleness, hashed keys, few writes.
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import express from 'express';
import pg from 'pg';
import { createClient } from 'redis';
import request from 'supertest';
import { readConfig } from '../../src/config.ts';
import { createLog } from '../../src/platform/log.ts';
import { openPools, type Pools } from '../../src/platform/postgres.ts';
import { openRedis, type Redis } from '../../src/platform/redis.ts';
import { openSessions, type Sessions, storeKey } from '../../src/platform/sessions.ts';
import { createTestDatabase, type TestDatabase } from '../helpers/database.ts';
import { freshRedis } from '../helpers/servers.ts';

const IDLE = 2_000;

describe.each([
  ['PostgreSQL', false],
  ['Redis', true],
])('in %s', (_name, inRedis) => {
  let database: TestDatabase;
  let pools: Pools;
  let redis: Redis | null = null;
  let redisUrl = '';
  let sessions: Sessions;
  let server: http.Server;
  let base: string;

  beforeAll(async () => {
    database = await createTestDatabase();
    const config = readConfig({ RAPPORT_MODE: 'test', DATABASE_URL: database.runtimeUrl });
    const log = createLog('silent');
    pools = openPools(database.runtimeUrl, log, 3);
    if (inRedis) {
      redisUrl = await freshRedis();
      redis = await openRedis(redisUrl, log);
    }
    sessions = openSessions({ ...config, session_idle_ms: IDLE }, pools, redis, log);
    const app = express();
    app.use(sessions.middleware);
    app.get('/start', (req, res) => {
      Object.assign(req.session, { n: 1 });
      req.session.save(() => res.json({ sid: req.sessionID }));
    });
    app.get('/look', (req, res) => void res.json({ n: (req.session as { n?: number }).n ?? null }));
    server = http.createServer(app);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await sessions.close();
    redis?.destroy();
    await pools.end();
    await database.drop();
  });

  /** Keys in the store. */
  async function keys(): Promise<string[]> {
    if (inRedis) {
      const client = await createClient({ url: redisUrl }).connect();
      const found = await client.keys('session:*');
      await client.close();
      return found.map((key) => key.slice('session:'.length));
    }
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    const { rows } = await client.query('select sid from http_sessions');
    await client.end();
    return rows.map((row) => row.sid);
  }

  const look = async (agent: ReturnType<typeof request.agent>) => (await agent.get('/look')).body.n;

  test('looking creates nothing; a session lies under the hash of its id', async () => {
    await request(base).get('/look');
    expect(await keys()).toEqual([]);
    const agent = request.agent(base);
    const { sid } = (await agent.get('/start')).body;
    expect(sid).toMatch(/^[\w-]{32}$/);
    expect(await keys()).toEqual([storeKey(sid)]);
  });

  test('use keeps it alive, idleness ends it', async () => {
    const agent = request.agent(base);
    await agent.get('/start');
    for (let i = 0; i < 4; i += 1) {
      await sleep(IDLE / 2.5);
      expect(await look(agent)).toBe(1);
    }
    const cookie = (await agent.get('/look')).headers['set-cookie']![0]!.split(';')[0]!;
    await sleep(IDLE + 1_500);
    expect((await request(base).get('/look').set('Cookie', cookie)).body.n).toBeNull();
  }, 20_000);

  test('destroyed by its key, its cookie stands for nobody', async () => {
    const agent = request.agent(base);
    const { sid } = (await agent.get('/start')).body;
    await sessions.destroy(storeKey(sid));
    expect(await look(agent)).toBeNull();
  });

  test('a cookie that was not signed here, or changed, is no session', async () => {
    const agent = request.agent(base);
    const answer = await agent.get('/start');
    const cookie = answer.headers['set-cookie']![0]!.split(';')[0]!;
    const changed = [
      cookie.slice(0, -3),
      `rapport=s%3A${answer.body.sid}.`,
      `rapport=${answer.body.sid}`,
      'rapport=s%3A.',
    ];
    for (const forged of changed) expect((await request(base).get('/look').set('Cookie', forged)).body.n).toBeNull();
  });
});
