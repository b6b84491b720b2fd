// `npm run bench -- import`: a list of customers in, the same list again, out again, and back as it was, over HTTP alone.
import { openAsBlob } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { stopOnSignals } from '../src/platform/parent.ts';
import { writeCustomers } from './customers_file.ts';
import { type Downloaded, download, fillUp } from './downloads.ts';
import { type CopyFloor, copyFloors, type ReaderFloor, readAlone } from './floors.ts';
import { type BenchTenant, type Ground, openGround } from './ground.ts';
import { type Line, machine, megabytes, milliseconds, percentile, seconds, tableOf, writeDown } from './result.ts';
import { cpuOf, forgetPeak, peakOf, watchChildren } from './watched.ts';

/** For 100,000 rows of 12 columns on 2 cores. */
const TARGET = {
  csv: '<= 60 s',
  xlsx: '<= 120 s',
  plan: '<= 12 s',
  commit: '<= 10 s',
  undo: '<= 10 s',
  pages: '<= 3 times',
  export: '<= 10 s',
  memory: 'flat',
} as const;
const POLL_MS = 100;
const PATIENCE_MS = 30 * 60_000;
/** One person who clicks quickly. */
const PAGE_PAUSE_MS = 50;

type Format = 'csv' | 'xlsx';

/** An import as /api/v1 tells it, as far as we look. */
interface Told {
  id: string;
  state: string;
  error?: string;
  rows: number;
  created: number;
  unchanged: number;
}

/** Everything that one format's run measured; seconds and bytes. */
interface Run {
  format: Format;
  reader: ReaderFloor;
  plan: number;
  commit: number;
  /** the same file once more, of which every row is unchanged: to its plan, and its commit */
  again: number;
  nothing: number;
  undo: number | null;
  webPeak: number;
  workerPeak: number;
  childPeak: number;
  workerCpu: number;
  idle: number[];
  busy: number[];
  copy: CopyFloor;
  workbook: Downloaded | null;
}

/** @throws Error when an import does not end as it must: then its times mean nothing */
export async function benchImport(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      rows: { type: 'string', default: '100000' },
      million: { type: 'boolean', default: false },
      write: { type: 'boolean', default: false },
    },
  });
  const rows = Number(values.rows);
  if (!Number.isInteger(rows) || rows < 1) throw new Error('--rows takes a whole number');
  const ground = await openGround();
  stopOnSignals(ground.stop);
  try {
    const [server] = await ground.sql<{ server_version: string }>('show server_version');
    const about = `${machine(server!.server_version)}\n${rows} rows of 12 columns; targets are for 100000`;
    console.log(`${about}\n`);
    const lines: Line[] = [];
    for (const format of ['csv', 'xlsx'] as const) lines.push(...linesOf(await oneFormat(ground, format, rows)));
    if (values.million) lines.push(...(await longExport(ground, rows * 10)));
    const table = tableOf(lines);
    console.log(table);
    if (values.write) writeDown('bench import', `${about.replace('\n', '  \n')}\n\n${table}`);
  } finally {
    await ground.stop();
  }
}

async function oneFormat(ground: Ground, format: Format, rows: number): Promise<Run> {
  const { web, worker } = ground;
  const tenant = await ground.tenant(`bench-${format}`);
  const file = path.join(ground.folder, `customers.${format}`);
  await writeCustomers(file, rows);
  const reader = await readAlone(file);
  for (const { pid } of [web, worker]) forgetPeak(pid);
  const cpu = cpuOf(worker.pid);
  const children = watchChildren(worker.pid);
  const [plan, planned] = await timed(`${format}: plan`, () => planFile(ground, tenant, file));
  const childPeak = children();
  // Once with somebody who looks at lists meanwhile, and once without: then it is the commit alone.
  const pages = format === 'xlsx' ? watchPages(ground, tenant) : null;
  const [commit, committed] = await timed(`${format}: commit`, () => commitImport(ground, tenant, planned));
  const busy = (await pages?.()) ?? [];
  await expectCounts(ground, committed, { rows, created: rows });
  const [webPeak, workerPeak, workerCpu] = [peakOf(web.pid), peakOf(worker.pid), cpuOf(worker.pid) - cpu];
  const [again, second] = await timed(`${format}: plan again`, () => planFile(ground, tenant, file));
  const [nothing, unchanged] = await timed(`${format}: commit again`, () => commitImport(ground, tenant, second));
  await expectCounts(ground, unchanged, { rows, unchanged: rows });
  await sleep(1_000);
  const idlePages = watchPages(ground, tenant);
  await sleep(Math.min(5_000, rows));
  const idle = await idlePages();
  const copy = await copyFloors(ground, tenant.id);
  const workbook = format === 'csv' ? await download(ground, tenant, '/customers.xlsx?scope=all', rows) : null;
  const undo = await undoImport(ground, tenant, committed);
  const peaks = { webPeak, workerPeak, childPeak, workerCpu };
  return { format, reader, plan, commit, again, nothing, undo, ...peaks, idle, busy, copy, workbook };
}

/** @param what said when it is done, since a run takes minutes */
async function timed<T>(what: string, work: () => Promise<T>): Promise<[seconds: number, result: T]> {
  const begin = performance.now();
  const result = await work();
  const took = (performance.now() - begin) / 1000;
  console.error(`${what} ${seconds(took)}`);
  return [took, result];
}

/** Speaks to /api/v1 as the tenant's administrator. @returns the import it tells about; null when there is no such address */
async function api(ground: Ground, tenant: BenchTenant, at: string, body?: FormData | null): Promise<Told | null> {
  const answer = await fetch(`${ground.url}/api/v1/imports${at}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { authorization: `Bearer ${tenant.token}` },
    body: body ?? null,
  });
  if (answer.status === 404) return null;
  if (!answer.ok) throw new Error(`/api/v1/imports${at}: ${answer.status} ${await answer.text()}`);
  return ((await answer.json()) as { data: Told }).data;
}

/** Waits until the import has come so far. @throws Error when it fails */
async function until(ground: Ground, tenant: BenchTenant, id: string, state: string): Promise<Told> {
  const deadline = Date.now() + PATIENCE_MS;
  while (Date.now() < deadline) {
    const told = (await api(ground, tenant, `/${id}`))!;
    if (told.state === state) return told;
    if (told.state === 'failed') throw new Error(`the import failed: ${told.error}`);
    await sleep(POLL_MS);
  }
  throw new Error(`the import was not ${state} in time`);
}

async function planFile(ground: Ground, tenant: BenchTenant, file: string): Promise<Told> {
  const form = new FormData();
  form.set('entity', 'customers');
  form.set('options', '{}');
  form.set('file', await openAsBlob(file), path.basename(file));
  const { id } = (await api(ground, tenant, '', form))!;
  return until(ground, tenant, id, 'planned');
}

async function commitImport(ground: Ground, tenant: BenchTenant, { id }: Told): Promise<Told> {
  await api(ground, tenant, `/${id}/commit`, null);
  return until(ground, tenant, id, 'committed');
}

/** @returns seconds; null when this product cannot undo an import */
async function undoImport(ground: Ground, tenant: BenchTenant, { id }: Told): Promise<number | null> {
  const [took, undone] = await timed('undo', async () => {
    const begun = await api(ground, tenant, `/${id}/undo`, null);
    return begun && until(ground, tenant, id, 'undone');
  });
  return undone && took;
}

/** @throws Error with what the rows that failed say */
async function expectCounts(ground: Ground, told: Told, expected: Partial<Told>): Promise<void> {
  const wrong = Object.entries(expected).filter(([key, value]) => told[key as keyof Told] !== value);
  if (!wrong.length) return;
  const reasons = await ground.sql(
    `select plan, result, problems, count(*)::integer as rows from import_plan where import_id = $1
     group by 1, 2, 3 order by 4 desc limit 5`,
    [told.id],
  );
  const said = JSON.stringify({ expected, told, reasons }, null, 2);
  throw new Error(`the import did not end as it must: ${said}\n${ground.worker.faults().join('\n')}`);
}

/** Opens the list of customers again and again. @returns stop, which gives the milliseconds that each page took */
function watchPages(ground: Ground, tenant: BenchTenant): () => Promise<number[]> {
  const took: number[] = [];
  let on = true;
  const loop = async () => {
    do {
      const begin = performance.now();
      const answer = await fetch(`${ground.url}/customers`, { headers: { cookie: tenant.cookie } });
      await answer.arrayBuffer();
      if (!answer.ok) throw new Error(`/customers: ${answer.status}`);
      took.push(performance.now() - begin);
      await sleep(PAGE_PAUSE_MS);
    } while (on);
    return took;
  };
  const looping = loop();
  looping.catch(() => {}); // heard of when it is stopped
  return () => {
    on = false;
    return looping;
  };
}

function linesOf(run: Run): Line[] {
  const { format, reader, copy, workbook } = run;
  const line = (what: string, measured: string, target = '', floor?: [what: string, times: number]): Line => ({
    what: `${format}: ${what}`,
    target,
    measured,
    floor: floor?.[0] ?? '',
    ratio: floor ? floor[1].toFixed(1) : '',
  });
  const against = (took: number, name: string, least: number): [string, number] => [
    `${name} ${seconds(least)}`,
    took / least,
  ];
  const total = run.plan + run.commit;
  const [idle, busy] = [percentile(run.idle, 0.95), percentile(run.busy, 0.95)];
  return [
    line(
      'file to plan',
      seconds(run.plan),
      format === 'csv' ? TARGET.plan : '',
      against(run.plan, 'reader alone', reader.seconds),
    ),
    line(
      'commit',
      seconds(run.commit),
      format === 'csv' ? TARGET.commit : '',
      against(run.commit, 'COPY, all indexes', copy.indexed),
    ),
    line('file to records', seconds(total), TARGET[format], against(total, 'both', reader.seconds + copy.indexed)),
    line('the same file again, to plan', seconds(run.again), '', against(run.again, 'reader alone', reader.seconds)),
    line('the same file again, commit of nothing', seconds(run.nothing)),
    line('undo', run.undo === null ? 'not built' : seconds(run.undo), TARGET.undo),
    line('reader alone, processor', seconds(reader.cpu)),
    line('worker, processor', seconds(run.workerCpu)),
    line('COPY without indexes', seconds(copy.bare)),
    line('peak of web', megabytes(run.webPeak)),
    line('peak of worker', megabytes(run.workerPeak)),
    line('peak of the reading process', megabytes(run.childPeak), '', [
      `reader alone ${megabytes(reader.peak)}`,
      run.childPeak / reader.peak,
    ]),
    ...(run.busy.length
      ? [
          line(`list page while committing, p50 of ${run.busy.length}`, milliseconds(percentile(run.busy, 0.5))),
          line('list page while committing, p95', milliseconds(busy), TARGET.pages, [
            `idle p95 ${milliseconds(idle)}`,
            busy / idle,
          ]),
        ]
      : []),
    ...(workbook ? exportLines('export to .xlsx', TARGET.export, workbook, copy) : []),
  ];
}

function exportLines(what: string, target: string, found: Downloaded, copy: CopyFloor): Line[] {
  const line = (name: string, measured: string, wanted = ''): Line => ({
    what: `${what}${name}`,
    target: wanted,
    measured,
    floor: '',
    ratio: '',
  });
  return [
    {
      ...line('', seconds(found.seconds), target),
      floor: `COPY to a .csv ${seconds(copy.out)}`,
      ratio: (found.seconds / copy.out).toFixed(1),
    },
    line(', processor of web', seconds(found.cpu)),
    line(', size', megabytes(found.bytes)),
    line(', peak of web', megabytes(found.peak)),
    ...(found.memory.length
      ? [line(', memory of web at 25, 50, 75, 100 %', found.memory.map(megabytes).join(', '), TARGET.memory)]
      : []),
  ];
}

/** A list ten times as long, made by SQL, to .csv. */
async function longExport(ground: Ground, rows: number): Promise<Line[]> {
  const tenant = await ground.tenant('bench-long');
  await fillUp(ground, tenant, rows);
  const copy = await copyFloors(ground, tenant.id);
  const found = await download(ground, tenant, '/customers.csv?scope=all', rows);
  return exportLines(`export of ${rows} to .csv`, '', found, copy);
}
