// The least that the same work could take here: reading the file and doing nothing with it, COPY into the same table.
import { readFile } from '../src/modules/imports/reader/run.ts';
import type { Ground } from './ground.ts';

/** Others may disturb one; the quickest is nearest to what is possible. */
const TRIES = 3;

export interface ReaderFloor {
  rows: number;
  seconds: number;
  cpu: number;
  peak: number;
}

/** Reads a file in the reader's child process under its limits and throws the rows away. @throws ReadError */
export async function readAlone(file: string): Promise<ReaderFloor> {
  const begin = performance.now();
  let floor: ReaderFloor | undefined;
  for await (const event of readFile(file)) {
    if (event.type !== 'end') continue;
    const { rows, cpuSeconds, peakBytes } = event.stats;
    floor = { rows, seconds: (performance.now() - begin) / 1000, cpu: cpuSeconds, peak: peakBytes };
  }
  return floor!;
}

export interface CopyFloor {
  /** into a table with all indexes and constraints of `customers` */
  indexed: number;
  /** into a table with nothing but its columns */
  bare: number;
  /** out of `customers` into a file as CSV */
  out: number;
}

/** Seconds that COPY takes for a tenant's customers, from and to a file of the server, so that no client is in the way. */
export async function copyFloors(ground: Ground, tenantId: string): Promise<CopyFloor> {
  const { sql } = ground;
  const timed = async (text: string, before = 'select') => {
    const tries: number[] = [];
    for (let i = 0; i < TRIES; i += 1) {
      await sql(before);
      const begin = performance.now();
      await sql(text);
      tries.push((performance.now() - begin) / 1000);
    }
    return Math.min(...tries);
  };
  const [found] = await sql<{ columns: string }>(
    `select string_agg(quote_ident(column_name), ', ' order by ordinal_position) as columns
     from information_schema.columns where table_name = 'customers' and is_generated = 'NEVER'`,
  );
  const [folder] = await sql<{ data_directory: string }>('show data_directory');
  const file = `'${folder!.data_directory}/bench.copy'`;
  const { columns } = found!;
  const rows = `(select ${columns} from customers where tenant_id = '${tenantId}')`;
  const out = await timed(`copy ${rows} to ${file} (format csv)`);
  await sql('create table bench_indexed (like customers including all)');
  await sql(`create table bench_bare as select ${columns} from customers limit 0`);
  const indexed = await timed(`copy bench_indexed (${columns}) from ${file} (format csv)`, 'truncate bench_indexed');
  const bare = await timed(`copy bench_bare (${columns}) from ${file} (format csv)`, 'truncate bench_bare');
  await sql('drop table bench_indexed, bench_bare');
  return { indexed, bare, out };
}
