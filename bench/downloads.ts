// Whole lists taken along, with the web process under observation.
import type { BenchTenant, Ground } from './ground.ts';
import { cpuOf, forgetPeak, memoryOf, peakOf } from './watched.ts';

export interface Downloaded {
  seconds: number;
  bytes: number;
  /** seconds of processor time of the web process */
  cpu: number;
  /** most memory of the web process, in bytes */
  peak: number;
  /** its memory when a quarter, a half, three quarters and all of the rows had come; of texts only */
  memory: number[];
}

const LINE_FEED = 10;

function linesIn(part: Uint8Array): number {
  let count = 0;
  for (let at = part.indexOf(LINE_FEED); at >= 0; at = part.indexOf(LINE_FEED, at + 1)) count += 1;
  return count;
}

/** Downloads a list and keeps nothing of it. @param rows how many it has @throws Error when a .csv has other ones */
export async function download(ground: Ground, tenant: BenchTenant, at: string, rows: number): Promise<Downloaded> {
  const { pid } = ground.web;
  const isText = at.includes('.csv');
  forgetPeak(pid);
  const [cpu, begin] = [cpuOf(pid), performance.now()];
  const answer = await fetch(ground.url + at, { headers: { cookie: tenant.cookie } });
  if (!answer.ok || !answer.body) throw new Error(`${at}: ${answer.status}`);
  let [bytes, lines] = [0, -1]; // the first line names the columns
  const memory: number[] = [];
  for await (const part of answer.body as AsyncIterable<Uint8Array>) {
    bytes += part.length;
    if (!isText) continue;
    lines += linesIn(part);
    while (memory.length < 4 && lines >= (rows * (memory.length + 1)) / 4) memory.push(memoryOf(pid));
  }
  if (isText && lines !== rows) throw new Error(`${at}: ${lines} rows instead of ${rows}`);
  return {
    seconds: (performance.now() - begin) / 1000,
    bytes,
    cpu: cpuOf(pid) - cpu,
    peak: peakOf(pid),
    memory,
  };
}

/** Gives a tenant so many customers, past the product: only the way out is measured. */
export async function fillUp(ground: Ground, tenant: BenchTenant, rows: number): Promise<void> {
  await ground.sql(
    `insert into customers (tenant_id, created_by, owner_id, external_id, name, email, phone, street, postal_code, city,
       country, status, industry, arr, currency, renewal_date)
     select $1, $2, $2, 'C-' || i, 'Customer ' || i || ' ' || md5(i::text), 'info@' || md5(i::text) || '.example',
       '+49 30 ' || 1000000 + i, 'Street ' || i % 200, lpad((i % 100000)::text, 5, '0'),
       (array['Berlin', 'Jena', 'München'])[1 + i % 3], 'Germany', 'active', (array['Retail', 'Food'])[1 + i % 2],
       (i % 20000000)::numeric / 100, 'EUR', date '2027-01-01' + i % 700
     from generate_series(1, $3::int) i`,
    [tenant.id, tenant.user_id, rows],
  );
  await ground.sql('vacuum analyze customers');
}
