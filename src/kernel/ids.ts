import { randomFillSync } from 'node:crypto';

/** Random bytes for many ids at once: one call of the system costs as much as a hundred ids. */
const pool = Buffer.alloc(16 * 256);
let at = pool.length;

/** A time-ordered UUID (RFC 9562, version 7), as new_id() makes them in the database. */
export function newId(): string {
  if (at === pool.length) {
    randomFillSync(pool);
    at = 0;
  }
  const bytes = pool.subarray(at, at + 16);
  at += 16;
  bytes.writeUIntBE(Date.now(), 0, 6);
  bytes[6] = (bytes[6]! & 0x0f) | 0x70;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
