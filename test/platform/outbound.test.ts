// The one way out: what it refuses to call and how much it reads. OI-07, SR of the catalogue.
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { callOut, isInside } from '../../src/platform/outbound.ts';

describe('addresses', () => {
  test.each([
    ...['0.0.0.0', '10.1.2.3', '100.64.0.1', '127.0.0.1', '127.255.255.254', '169.254.169.254', '172.16.0.1'],
    ...['172.31.255.255', '192.0.0.1', '192.168.1.1', '198.18.0.1', '224.0.0.1', '240.0.0.1', '255.255.255.255'],
    ...['::', '::1', '::ffff:127.0.0.1', '::ffff:8.8.8.8', '64:ff9b::a9fe:a9fe', 'fc00::1', 'fd12::1', 'fe80::1'],
    ...[
      'fe80::1%eth0',
      'ff02::1',
      '2001::1',
      '2001:db8::1',
      '2002:7f00:1::',
      '3fff::1',
      'fec0::1',
      'not an address',
      '',
    ],
  ])('%s is inside', (address) => expect(isInside(address)).toBe(true));

  test.each(['8.8.8.8', '1.1.1.1', '172.32.0.1', '100.128.0.1', '2606:4700::1111', '2a00:1450:4001::1'])(
    '%s is outside',
    (address) => expect(isInside(address)).toBe(false),
  );

  test.each([
    ...['https://127.0.0.1/', 'https://127.1/', 'https://2130706433/', 'https://0x7f000001/', 'https://0177.0.0.1/'],
    ...['https://[::1]/', 'https://[::ffff:127.0.0.1]/', 'https://[::ffff:7f00:1]/', 'https://localhost/'],
    ...['https://169.254.169.254/latest/meta-data', 'https://[fd00:ec2::254]/', 'https://10.0.0.1:8443/'],
    ...['http://8.8.8.8/', 'file:///etc/passwd', 'ftp://8.8.8.8/', 'gopher://8.8.8.8/', 'javascript:alert(1)', ''],
    ...['https://user:pass@8.8.8.8/', '//8.8.8.8/', 'https://'],
  ])('%j is not called', async (address) => {
    await expect(callOut(address, {}, false)).rejects.toMatchObject({ name: 'OutboundError', reason: 'address' });
  });

  test.each(['http://8.8.8.8/', 'file:///etc/passwd', 'http://user:pass@127.0.0.1/'])(
    '%j is not called even where private networks may be',
    async (address) => {
      await expect(callOut(address, {}, true)).rejects.toMatchObject({ reason: 'address' });
    },
  );
});

describe('answers', () => {
  let server: http.Server;
  let base: string;
  const pages: Record<string, http.RequestListener> = {
    '/fine': (_req, res) => res.end('fine'),
    '/moved': (_req, res) => res.writeHead(302, { location: 'https://example.com/' }).end(),
    '/packed': (_req, res) => res.writeHead(200, { 'content-encoding': 'gzip' }).end('x'),
    '/huge': (_req, res) => {
      const timer = setInterval(() => res.write('x'.repeat(256 * 1024)), 1);
      res.on('close', () => clearInterval(timer));
    },
    '/endless': (_req, res) => {
      const timer = setInterval(() => res.write('x'), 50);
      res.on('close', () => clearInterval(timer));
    },
    '/silent': () => {},
    '/cut': (_req, res) => {
      res.writeHead(200, { 'content-length': '100' });
      res.write('only this', () => res.destroy());
    },
    '/echo': (req, res) => req.pipe(res.writeHead(200, { 'x-sent': String(req.headers['content-length']) })),
  };

  beforeAll(async () => {
    server = http.createServer((req, res) => (pages[req.url!] ?? ((_q, s) => s.writeHead(404).end()))(req, res));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  test('an answer is read whole, also by name', async () => {
    expect((await callOut(`${base}/fine`, {}, true)).body.toString()).toBe('fine');
    expect((await callOut(`${base.replace('127.0.0.1', 'localhost')}/fine`, {}, true)).status).toBe(200);
    const sent = await callOut(`${base}/echo`, { method: 'POST', body: 'grüße' }, true);
    expect(sent.body.toString()).toBe('grüße');
  });

  test.each([
    ['/moved', 'redirect'],
    ['/packed', 'encoding'],
    ['/huge', 'size'],
    ['/endless', 'time'],
    ['/silent', 'time'],
    ['/cut', 'unreachable'],
  ])('%s ends with a reason: %s', async (path, reason) => {
    const started = performance.now();
    await expect(callOut(base + path, { deadline: 700 }, true)).rejects.toMatchObject({ reason });
    expect(performance.now() - started).toBeLessThan(3_000);
  });

  test('nobody there, and a name nobody has, are said so', async () => {
    await expect(callOut('http://127.0.0.1:1/', {}, true)).rejects.toMatchObject({ reason: 'unreachable' });
    await expect(callOut('https://no-such-name.invalid/', {}, false)).rejects.toMatchObject({ reason: 'unreachable' });
  });
});
