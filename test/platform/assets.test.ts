import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { get, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import zlib from 'node:zlib';
import express from 'express';
import request from 'supertest';
import { type Assets, loadAssets } from '#src/platform/assets.ts';
import { ICONS } from '#src/platform/icons.ts';
import { classesInTemplate, trimCss } from '#src/platform/trim_css.ts';

const ROOT = path.join(import.meta.dirname, '../..');
let assets: Assets;
let app: express.Express;

beforeAll(() => {
  assets = loadAssets();
  app = express();
  app.use(assets.handler);
});

/** An answer as it travels; supertest would unpack it. */
async function travel(url: string, accept: string): Promise<{ encoding: string | undefined; body: Buffer }> {
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const asked = get({ port, path: url, headers: { 'Accept-Encoding': accept } });
  const [answer] = (await once(asked, 'response')) as [IncomingMessage];
  const body = Buffer.concat(await answer.toArray());
  server.close();
  return { encoding: answer.headers['content-encoding'], body };
}

describe('assets', () => {
  test('addresses carry a hash of the content and are the same in every process', () => {
    const again = loadAssets();
    expect(assets.page()).toEqual(again.page());
    for (const url of [...assets.page().css, ...assets.page().js])
      expect(url).toMatch(/^\/a\/\w+\.[\w-]{12}\.(css|js)$/);
  });

  test('are immutable and typed, and say that encodings differ', async () => {
    const answer = await request(app).get(assets.url('app.js')).expect(200);
    expect(answer.headers).toMatchObject({
      'cache-control': 'public, max-age=31536000, immutable',
      'content-type': 'text/javascript; charset=utf-8',
      'x-content-type-options': 'nosniff',
      vary: 'Accept-Encoding',
    });
    expect(assets.integrity('app.js')).toMatch(/^sha384-/);
  });

  test.each([
    ['br, gzip', 'br', zlib.brotliDecompressSync],
    ['gzip, zstd', 'zstd', zlib.zstdDecompressSync],
    ['gzip', 'gzip', zlib.gunzipSync],
    ['br;q=0, gzip;q=0.5', 'gzip', zlib.gunzipSync],
  ])('Accept-Encoding %s gets %s', async (accept, encoding, decode) => {
    const packed = await travel(assets.url('app.css'), accept);
    const plain = await travel(assets.url('app.css'), 'identity');
    expect(packed.encoding).toBe(encoding);
    expect(plain.encoding).toBeUndefined();
    expect(decode(packed.body).equals(plain.body)).toBe(true);
  });

  test('HEAD has the length and no body; fonts are not compressed again', async () => {
    const answer = await request(app).head(assets.url('inter-latin.woff2')).set('Accept-Encoding', 'br').expect(200);
    expect(Number(answer.headers['content-length'])).toBeGreaterThan(10_000);
    expect(answer.headers['content-encoding']).toBeUndefined();
  });

  test('an unknown file is 404 and not kept', async () => {
    const answer = await request(app).get('/a/app.css').expect(404);
    expect(answer.headers['cache-control']).toBe('no-store');
    await request(app).get('/a/../package.json').expect(404);
  });

  test('a first visit stays under 250 kB in all', async () => {
    const { css, js, boot, font, favicon } = assets.page();
    let total = 0;
    for (const url of [
      ...css,
      ...js,
      boot,
      font,
      ...['latin-ext', 'greek', 'cyrillic'].map((part) => assets.url(`inter-${part}.woff2`)),
      favicon,
    ]) {
      const answer = await request(app).head(url).set('Accept-Encoding', 'br');
      total += Number(answer.headers['content-length']);
    }
    expect(total).toBeLessThan(250_000);
  });
});

describe('the style sheet', () => {
  const body = async () => (await request(app).get(assets.url('app.css'))).text;

  test('has every icon that templates and code name', async () => {
    const css = await body();
    const names = new Set<string>();
    for (const [dir, pattern] of [
      ['views', /\bi-([a-z][a-z0-9-]*)/g],
      ['src', /\bicon: '([a-z][a-z0-9-]*)'/g],
    ] as const) {
      for (const file of readdirSync(path.join(ROOT, dir), { recursive: true }) as string[]) {
        if (!/\.(ejs|ts)$/.test(file)) continue;
        for (const match of readFileSync(path.join(ROOT, dir, file), 'utf8').matchAll(pattern))
          names.add(match[1] as string);
      }
    }
    const known = new Set<string>([...ICONS, 'logo']);
    expect([...names].filter((name) => !known.has(name))).toEqual([]);
    expect(css).toContain('.i-logo{--icon:url("data:image/svg+xml,');
  });

  test('loads nothing from elsewhere', async () => {
    const urls = (await body()).match(/url\((?!"?(?:data:|\/a\/))[^)]{0,60}/g) ?? [];
    expect(urls).toEqual([]);
  });
});

describe('trimCss', () => {
  const used = new Set(['btn', 'card']);

  test.each([
    ['.btn{a:b}.other{a:b}', '.btn{a:b}'],
    ['.btn,.other{a:b}', '.btn{a:b}'],
    ['.btn.other{a:b}.btn:not(.other){a:b}', '.btn:not(.other){a:b}'],
    ['@media print{.other{a:b}}@media print{.card{a:b}}', '@media print{.card{a:b}}'],
    ['.btn{background:url("data:x;}{")}', '.btn{background:url("data:x;}{")}'],
    [
      ':root{--used:1px;--chain:var(--used);--unused:2px}.btn{a:var(--chain)}',
      ':root{--used:1px;--chain:var(--used)}.btn{a:var(--chain)}',
    ],
    [
      '@keyframes spin{from{a:b}}@keyframes gone{from{a:b}}.btn{animation:spin 1s}',
      '@keyframes spin{from{a:b}}.btn{animation:spin 1s}',
    ],
    ['/* } */a{b:c}', 'a{b:c}'],
  ])('%s', (css, expected) => expect(trimCss(css, used, '')).toBe(expected));

  test('keeps what the style sheet after it refers to', () => {
    expect(trimCss(':root{--x:1px}', used, 'a{b:var(--x)}')).toBe(':root{--x:1px}');
  });

  test('finds classes in templates around their code', () => {
    expect(classesInTemplate(`<p class="a<% if (it.x) { %> b<% } %> c-<%= it.y %>">`)).toEqual(['a', 'b', 'c-']);
  });
});
