import { lookup as resolve } from 'node:dns/promises';
import http from 'node:http';
import https from 'node:https';
import type { LookupFunction } from 'node:net';
import { BlockList, isIP, isIPv4 } from 'node:net';

/** Longest a call may take from name look-up to the last byte, in ms. */
const DEADLINE = 5_000;
/** Largest answer read, in bytes. */
const MOST_BYTES = 512 * 1024;

/** Why a call did not happen or did not end; `message` is fit for the person who typed the address. */
export class OutboundError extends Error {
  readonly reason: 'address' | 'time' | 'size' | 'redirect' | 'unreachable' | 'encoding';

  constructor(reason: OutboundError['reason'], message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'OutboundError';
    this.reason = reason;
  }
}

export interface Call {
  method?: 'GET' | 'POST';
  headers?: Record<string, string>;
  body?: string;
  /** ms; at most the house's own deadline */
  deadline?: number;
  signal?: AbortSignal;
}

export interface Answer {
  status: number;
  type: string;
  body: Buffer;
}

const INSIDE_V4 = new BlockList();
for (const [net, bits] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
] as const)
  INSIDE_V4.addSubnet(net, bits, 'ipv4');

/** Only what is handed out to the internet counts; mapped, translated and tunnelled IPv4 lie outside or are taken out. */
const GLOBAL_V6 = new BlockList();
GLOBAL_V6.addSubnet('2000::', 3, 'ipv6');
const INSIDE_V6 = new BlockList();
for (const [net, bits] of [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
] as const)
  INSIDE_V6.addSubnet(net, bits, 'ipv6');

/** Does an address lead somewhere that is not the public internet? Anything that is no address does. */
export function isInside(address: string): boolean {
  if (isIPv4(address)) return INSIDE_V4.check(address, 'ipv4');
  if (isIP(address) !== 6 || address.includes('%')) return true;
  return !GLOBAL_V6.check(address, 'ipv6') || INSIDE_V6.check(address, 'ipv6');
}

interface Found {
  address: string;
  family: number;
}

async function addressesOf(host: string): Promise<Found[]> {
  const literal = host.replace(/^\[|\]$/g, '');
  if (isIP(literal)) return [{ address: literal, family: isIP(literal) }];
  try {
    return await resolve(host, { all: true, verbatim: true });
  } catch (error) {
    throw new OutboundError('unreachable', `The name ${host} is not known in the DNS.`, error);
  }
}

/** https to the public internet; with `allowInside` also to private addresses, and to those over plain http. */
function checkTarget(url: URL, found: readonly Found[], allowInside: boolean): void {
  const inside = found.some((f) => isInside(f.address));
  if (!found.length || (inside && !allowInside))
    throw new OutboundError('address', `${url.hostname} is an address inside a private network, which is not called.`);
  const plainInside = url.protocol === 'http:' && allowInside && found.every((f) => isInside(f.address));
  if (url.protocol !== 'https:' && !plainInside)
    throw new OutboundError('address', `The address must begin with https:// (${url.protocol}//${url.hostname}).`);
  if (url.username || url.password) throw new OutboundError('address', 'The address must not contain a password.');
}

function send(url: URL, call: Call, found: readonly Found[], signal: AbortSignal): Promise<Answer> {
  // The addresses that were checked are the ones that are called: a second look-up could give another answer.
  const pinned: LookupFunction = (_host, options, done) => {
    if (options.all) done(null, [...found]);
    else done(null, found[0]!.address, found[0]!.family);
  };
  const { request } = url.protocol === 'https:' ? https : http;
  return new Promise((fulfil, reject) => {
    const headers = {
      'user-agent': 'Rapport',
      'accept-encoding': 'identity',
      ...call.headers,
      ...(call.body === undefined ? {} : { 'content-length': String(Buffer.byteLength(call.body)) }),
    };
    const options = {
      method: call.method ?? 'GET',
      headers,
      lookup: pinned,
      agent: false,
      signal,
      maxHeaderSize: 16_384,
    };
    const outgoing = request(url, options, (incoming) => {
      const status = incoming.statusCode ?? 0;
      const stop = (error: OutboundError) => {
        incoming.destroy();
        reject(error);
      };
      if (status >= 300 && status < 400)
        return stop(new OutboundError('redirect', `${url.hostname} redirects elsewhere, which is not followed.`));
      if (!/^(identity)?$/i.test(incoming.headers['content-encoding'] ?? ''))
        return stop(new OutboundError('encoding', `${url.hostname} sent a compressed answer that was not asked for.`));
      const chunks: Buffer[] = [];
      let size = 0;
      incoming.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size > MOST_BYTES) stop(new OutboundError('size', `The answer of ${url.hostname} is too large.`));
        else chunks.push(chunk);
      });
      incoming.on('error', reject);
      incoming.on('end', () =>
        fulfil({ status, type: String(incoming.headers['content-type'] ?? ''), body: Buffer.concat(chunks) }),
      );
    });
    outgoing.on('error', reject);
    outgoing.end(call.body);
  });
}

/**
 * The one way out: no other code calls an address that somebody typed. https only, every address of the name checked and
 * pinned, redirects refused, time and size bounded.
 * @param allowInside config.sso_allow_private: private networks too, for a provider on one's own premises
 * @throws OutboundError with a reason in words
 */
export async function callOut(address: string, call: Call, allowInside: boolean): Promise<Answer> {
  if (!URL.canParse(address)) throw new OutboundError('address', 'This is not an address. It begins with https://');
  const url = new URL(address);
  const deadline = AbortSignal.timeout(Math.min(call.deadline ?? DEADLINE, DEADLINE));
  const signal = call.signal ? AbortSignal.any([deadline, call.signal]) : deadline;
  const late = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
  const work = async () => {
    const found = await addressesOf(url.hostname);
    checkTarget(url, found, allowInside);
    return send(url, call, found, signal);
  };
  try {
    return await Promise.race([work(), late]);
  } catch (error) {
    if (error instanceof OutboundError) throw error;
    if (signal.aborted)
      throw new OutboundError('time', `${url.hostname} did not answer within ${DEADLINE / 1_000} seconds.`, error);
    const { code = '', message = '' } = error as { code?: string; message?: string };
    throw new OutboundError('unreachable', `${url.hostname} could not be reached (${code || message}).`, error);
  }
}
