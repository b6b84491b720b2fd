import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import zlib from 'node:zlib';
import type { Request, RequestHandler, Response } from 'express';
import { iconCss, svgDataUri } from '#src/platform/icons.ts';
import { classesInTemplate, trimCss } from '#src/platform/trim_css.ts';

/** Addresses a page frame needs; see `Assets.page`. */
export interface PageAssets {
  css: string[];
  js: string[];
  /** Tiny and blocking: marks that JavaScript works and restores the sidebar before the first paint. */
  boot: string;
  font: string;
  /** Loaded by app.js on pages that have a chart. */
  chart: string;
  favicon: string;
  /** Changes with any file; a page of an older version reloads whole on its next navigation. */
  version: string;
}

export interface Assets {
  /** '/a/app.Xy….css' for 'app.css'. @throws Error for a name that does not exist. */
  url(name: string): string;
  /** Value for an `integrity` attribute. */
  integrity(name: string): string;
  page(): PageAssets;
  /** Answers GET and HEAD below /a/ from memory; everything else goes on. Mount it without a path. */
  handler: RequestHandler;
}

type Encoding = 'br' | 'zstd' | 'gzip';

interface File {
  url: string;
  body: Buffer;
  type: string;
  integrity: string;
  /** Compressed on first use, then kept. Fonts have none: they are compressed already. */
  encoded: Map<Encoding, Promise<Buffer>> | null;
}

const PREFIX = '/a/';
const ROOT = path.join(import.meta.dirname, '../..');
const TYPES: Record<string, string> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml; charset=utf-8',
  '.woff2': 'font/woff2',
};
const { BROTLI_PARAM_QUALITY, ZSTD_c_compressionLevel } = zlib.constants;
const COMPRESS: Record<Encoding, (body: Buffer) => Promise<Buffer>> = {
  br: (body) => promisify(zlib.brotliCompress)(body, { params: { [BROTLI_PARAM_QUALITY]: 11 } }),
  zstd: (body) => promisify(zlib.zstdCompress)(body, { params: { [ZSTD_c_compressionLevel]: 19 } }),
  gzip: (body) => promisify(zlib.gzip)(body, { level: 9 }),
};

/**
 * Reads every browser file once, from node_modules and public/, names it by its content and serves it from memory.
 * With `reload` (development) the files are read again when public/ or views/ changed.
 */
export function loadAssets({ reload = false }: { reload?: boolean } = {}): Assets {
  let files = readAll();
  let page: PageAssets | null = null;
  const byUrl = new Map<string, File>();
  const publish = () => {
    for (const file of files.values()) byUrl.set(file.url, file);
  };
  let stamp = reload ? newestChange() : 0;
  const get = (name: string) => {
    const file = files.get(name);
    if (!file) throw new Error(`No asset ${name}`);
    return file;
  };
  publish();
  return {
    url: (name) => get(name).url,
    integrity: (name) => get(name).integrity,
    page: () => {
      if (reload && newestChange() !== stamp) {
        stamp = newestChange();
        files = readAll();
        publish();
        page = null;
      }
      page ??= pageAssets((name) => get(name).url);
      return page;
    },
    handler: (req, res, next) => {
      if (!req.path.startsWith(PREFIX) || (req.method !== 'GET' && req.method !== 'HEAD')) return next();
      const file = byUrl.get(req.path);
      if (file) return send(file, req, res);
      res.status(404).type('text').set('Cache-Control', 'no-store').send('No such file\n');
    },
  };
}

function pageAssets(url: (name: string) => string): PageAssets {
  const css = url('app.css');
  // Ours listens before htmx begins: that opens streams as soon as it is there, and the first word is said only once.
  const js = [url('app.js'), url('htmx.js')];
  const version = createHash('sha256')
    .update([css, ...js].join())
    .digest('base64url')
    .slice(0, 8);
  return {
    css: [css],
    js,
    boot: url('boot.js'),
    font: url('inter-latin.woff2'),
    chart: url('chart.js'),
    favicon: url('favicon.svg'),
    version,
  };
}

async function send(file: File, req: Request, res: Response): Promise<void> {
  const encoding = file.encoded && accepted(String(req.headers['accept-encoding'] ?? ''));
  const body = encoding ? await encode(file, encoding) : file.body;
  res.set({
    'Cache-Control': 'public, max-age=31536000, immutable',
    'Content-Type': file.type,
    'Content-Length': String(body.length),
    'Cross-Origin-Resource-Policy': 'same-origin',
    'X-Content-Type-Options': 'nosniff',
    Vary: 'Accept-Encoding',
  });
  if (encoding) res.set('Content-Encoding', encoding);
  res.end(req.method === 'HEAD' ? undefined : body);
}

/** The smallest encoding the browser takes; `q=0` is a refusal. */
function accepted(header: string): Encoding | null {
  const offers = header
    .toLowerCase()
    .split(',')
    .map((offer) => offer.trim().split(/\s*;\s*q=/))
    .filter(([, quality]) => quality === undefined || Number(quality) > 0)
    .map(([name]) => name);
  return (['br', 'zstd', 'gzip'] as const).find((name) => offers.includes(name)) ?? null;
}

function encode(file: File, encoding: Encoding): Promise<Buffer> {
  const known = file.encoded?.get(encoding);
  if (known) return known;
  const made = COMPRESS[encoding](file.body);
  file.encoded?.set(encoding, made);
  return made;
}

/** Parts of the typeface; a browser loads those whose letters stand on the page. 1-tokens.css says which have which. */
const FONTS = ['latin', 'latin-ext', 'greek', 'cyrillic'] as const;

function readAll(): Map<string, File> {
  const vendored = (name: string) => readFileSync(path.join(ROOT, 'node_modules', name));
  const own = (name: string) => readFileSync(path.join(ROOT, 'public', name));
  const files = new Map<string, File>();
  const add = (name: string, body: Buffer | string) => {
    const file = describe(name, Buffer.from(body as Buffer));
    files.set(name, file);
    return file.url;
  };
  const fonts = Object.fromEntries(
    FONTS.map((part) => [
      part,
      add(`inter-${part}.woff2`, vendored(`@fontsource-variable/inter/files/inter-${part}-wght-normal.woff2`)),
    ]),
  );
  add('favicon.svg', own('favicon.svg'));
  add('boot.js', own('boot.js'));
  add('app.js', own('app.js'));
  add(
    'htmx.js',
    ['htmx.min.js', 'ext/hx-preload.min.js', 'ext/hx-sse.min.js']
      .map((n) => vendored(`htmx.org/dist/${n}`))
      .join(';\n'),
  );
  add('chart.js', vendored('chart.js/dist/chart.umd.min.js'));
  add('app.css', styleSheet(String(vendored('@tabler/core/dist/css/tabler.min.css')), ownStyles(), fonts));
  return files;
}

function describe(name: string, body: Buffer): File {
  const extension = path.extname(name);
  const hash = createHash('sha256').update(body).digest('base64url').slice(0, 12);
  return {
    url: `${PREFIX}${name.slice(0, -extension.length)}.${hash}${extension}`,
    body,
    type: TYPES[extension] ?? 'application/octet-stream',
    integrity: `sha384-${createHash('sha384').update(body).digest('base64')}`,
    encoded: extension === '.woff2' ? null : new Map(),
  };
}

/** Tabler cut down to the classes our pages name, in a layer below, so that our own rules always win. */
function styleSheet(tabler: string, ours: string, fonts: Record<string, string>): string {
  const own = ours
    .replace(/url\(font:([\w-]+)\)/g, (_, name: string) => `url(${fonts[name]})`)
    .replace('/* icons */', () => `${iconCss()}\n.i-logo{--icon:url("${logo()}")}`)
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/\n\s*/g, '\n');
  return `@layer tabler{${trimCss(tabler, usedClasses(), own)}}\n${own}`;
}

/** public/css/*.css in the order of their names. */
function ownStyles(): string {
  const dir = path.join(ROOT, 'public/css');
  return readdirSync(dir)
    .sort()
    .map((name) => readFileSync(path.join(dir, name), 'utf8'))
    .join('\n');
}

function logo(): string {
  return svgDataUri(readFileSync(path.join(ROOT, 'public/logo.svg'), 'utf8'));
}

function usedClasses(): Set<string> {
  const used = templates().flatMap((file) => classesInTemplate(readFileSync(file, 'utf8')));
  return new Set(used);
}

function templates(): string[] {
  const dir = path.join(ROOT, 'views');
  const names = readdirSync(dir, { recursive: true }) as string[];
  return names.filter((name) => name.endsWith('.ejs')).map((name) => path.join(dir, name));
}

function newestChange(): number {
  const names = readdirSync(path.join(ROOT, 'public'), { recursive: true }) as string[];
  const own = names.map((name) => path.join(ROOT, 'public', name));
  return Math.max(...[...own, ...templates()].map((file) => statSync(file).mtimeMs));
}
